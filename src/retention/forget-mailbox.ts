/**
 * Forgets an account: its consent ends, and what Epistle stored of its mailbox is deleted. The record of what was sent through it
 * stays, unless that is asked for too. It can be interrupted and repeated.
 */
import { NIL } from 'uuid';
import { endGrant, lockAccount, requireFinished, revokeGrant } from '../accounts/release-account.ts';
import type { App } from '../app.ts';
import { inTransaction, type Sql } from '../db/client.ts';
import type { AccountKey } from '../db/sender.ts';
import { type Fragment, sql } from '../db/statement.ts';
import { deleteIfEmpty } from '../inbox/update-messages.ts';
import { deleteFiles } from '../outbound/delete-files.ts';
import { deleteLockedDrafts } from '../outbound/drafts.ts';
import { ERASED_ADDRESS, eraseEmails, FINISHED } from './erase-emails.ts';

/** Rows that one transaction deletes, so that it holds its locks for some milliseconds. */
const BATCH = sql`200`;

/**
 * @param options.organization its name. Null: the organization that has the mailbox, or had it last.
 * @param options.sent whether to erase recipients, subjects, bodies and files of sent emails too.
 * @returns null when there is no such account. `revoked`: whether Google confirmed that the consent has ended. `emails`: sent ones whose
 * content was erased.
 * @throws {Error} as `requireFinished`.
 */
export async function forgetMailbox(
  app: App,
  email: string,
  { organization, sent }: { readonly organization: string | null; readonly sent: boolean },
) {
  const account = await inTransaction(app.pool, async (tx) => {
    const found = await lockAccount(tx, email, organization);
    if (found === null) return null;
    await requireFinished(tx, found);
    await endGrant(tx, found, 'The account was forgotten: its mailbox is no longer stored.', { release: true });
    await tx.query(
      sql`UPDATE email_account SET display_name = NULL, aliases = '{}', send_as = '[]'
        WHERE organization_id = ${found.organizationId} AND id = ${found.id}`,
    );
    return found;
  });
  if (account === null) return null;
  const revoked = await revokeGrant(app, account);
  const drafts = await repeated(app, (tx, after) => deleteDrafts(tx, account, after));
  const messages = await repeated(app, (tx, after) => deleteMessages(tx, account, after));
  await inTransaction(app.pool, (tx) => resetMailbox(tx, account));
  const emails = sent ? await repeated(app, (tx, after) => eraseSent(tx, account, after)) : 0;
  app.log.info({ accountId: account.id, revoked, messages, drafts, emails }, 'account forgotten');
  return { account, revoked, messages, drafts, emails };
}

interface Batch {
  /** The rows that were looked at, in the order of their ids. */
  readonly ids: readonly string[];
  readonly count: number;
}

/**
 * Runs `work` in transactions of its own until it finds nothing more.
 * @param work looks at rows whose ids are greater than `after`.
 * @returns the sum of its counts.
 */
async function repeated({ pool }: App, work: (tx: Sql, after: string) => Promise<Batch>): Promise<number> {
  let sum = 0;
  let after: string = NIL;
  for (;;) {
    const { ids, count } = await inTransaction(pool, (tx) => work(tx, after));
    const last = ids.at(-1);
    if (last === undefined) return sum;
    sum += count;
    after = last;
  }
}

async function idsOf(tx: Sql, select: Fragment): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(select);
  return rows.map(({ id }) => id);
}

async function deleteDrafts(tx: Sql, { organizationId, id: accountId }: AccountKey, after: string): Promise<Batch> {
  const ids = await idsOf(
    tx,
    sql`SELECT id FROM outbound_email WHERE organization_id = ${organizationId} AND account_id = ${accountId}
      AND status = 'DRAFT' AND id > ${after}::uuid ORDER BY id LIMIT ${BATCH} FOR UPDATE`,
  );
  await deleteLockedDrafts(tx, organizationId, ids);
  return { ids, count: ids.length };
}

/**
 * Deletes messages with their conversations. One that an email replies to stays without its content, also when it was deleted in Gmail
 * before. A conversation with emails stays without messages. Unlike a deletion in Gmail, this does not make an answered invoice await a
 * reply again.
 */
async function deleteMessages(tx: Sql, { organizationId, id: accountId }: AccountKey, after: string): Promise<Batch> {
  const conversations = await idsOf(
    tx,
    sql`SELECT id FROM conversation WHERE organization_id = ${organizationId} AND account_id = ${accountId}
      AND id > ${after}::uuid ORDER BY id LIMIT ${BATCH} FOR NO KEY UPDATE`,
  );
  const isOfThese = sql`organization_id = ${organizationId} AND conversation_id = ANY(${conversations})`;
  // Locked first: a reply that is being written is seen, and a later one no longer finds the message.
  const messages = await idsOf(
    tx,
    sql`SELECT id FROM email_message WHERE ${isOfThese} AND deleted_at IS NULL ORDER BY id FOR UPDATE`,
  );
  await deleteFiles(tx, organizationId, 'message_id', messages);
  await tx.query(sql`DELETE FROM message_search WHERE ${isOfThese}`);
  const isAnswered = sql`EXISTS (SELECT FROM outbound_email e
    WHERE e.organization_id = m.organization_id AND e.reply_to_message_id = m.id)`;
  await tx.query(
    sql`UPDATE email_message m SET deleted_at = coalesce(deleted_at, now()), content_erased_at = coalesce(content_erased_at, now()),
        labels = '{}', body_text = NULL, body_html = NULL, subject = '', snippet = '', from_address = ${ERASED_ADDRESS},
        from_name = NULL, "to" = '[]', cc = '[]', reply_to = '[]', delivery_notice = NULL, is_read = true
      WHERE ${isOfThese} AND ${isAnswered}`,
  );
  await tx.query(sql`DELETE FROM email_message m WHERE ${isOfThese} AND NOT ${isAnswered}`);
  const ofThese = sql`organization_id = ${organizationId} AND id = ANY(${conversations})`;
  await deleteIfEmpty(tx, organizationId, conversations);
  await tx.query(
    sql`UPDATE conversation SET message_count = 0, is_read = true, awaits_our_answer = false, subject = '', snippet = '', participants = '{}' WHERE ${ofThese}`,
  );
  return { ids: conversations, count: messages.length };
}

/** The mailbox is imported from the beginning, should the account be connected again. */
async function resetMailbox(tx: Sql, { organizationId, id }: AccountKey): Promise<void> {
  const ofAccount = sql`organization_id = ${organizationId} AND account_id = ${id}`;
  await tx.query(sql`DELETE FROM full_sync_message WHERE ${ofAccount}`);
  await tx.query(sql`DELETE FROM mailbox_sync WHERE ${ofAccount}`);
  await tx.query(sql`INSERT INTO mailbox_sync (organization_id, account_id) VALUES (${organizationId}, ${id})`);
}

/** Also those whose content was erased before: addresses of other people can still be in them and in their events. */
async function eraseSent(tx: Sql, { organizationId, id }: AccountKey, after: string): Promise<Batch> {
  const ids = await idsOf(
    tx,
    sql`SELECT id FROM outbound_email e WHERE organization_id = ${organizationId} AND account_id = ${id} AND ${FINISHED}
      AND id > ${after}::uuid ORDER BY id LIMIT ${BATCH}`,
  );
  return { ids, count: await eraseEmails(tx, organizationId, ids, () => true) };
}
