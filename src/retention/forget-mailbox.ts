/**
 * Forgets an account: its consent ends, and what Epistle stored of its mailbox is deleted. The record of what was sent through it
 * stays, unless that is asked for too. It can be interrupted and repeated.
 */
import {
  type AccountKey,
  endGrant,
  lockAccount,
  type NamedAccount,
  requireFinished,
  revokeGrant,
} from '../accounts/release-account.ts';
import type { App } from '../app.ts';
import { inTransaction, type Sql } from '../db/client.ts';
import { type Fragment, sql } from '../db/statement.ts';
import { deleteIfEmpty } from '../inbox/update-messages.ts';
import { deleteFiles } from '../outbound/delete-files.ts';
import { eraseEmails, FINISHED } from './erase-emails.ts';

/** Rows that one transaction deletes, so that it holds its locks for some milliseconds. */
const BATCH = sql`200`;

export interface ForgottenAccount {
  readonly account: NamedAccount;
  /** Whether Google confirmed that the consent has ended. */
  readonly revoked: boolean;
  readonly messages: number;
  readonly drafts: number;
  /** Sent emails whose content was erased. */
  readonly emails: number;
}

/**
 * @param options.organization its name. Null: the organization that has the mailbox, or had it last.
 * @param options.sent whether to erase recipients, subjects, bodies and files of sent emails too.
 * @returns null when there is no such account.
 * @throws {AccountBusyError}
 */
export async function forgetMailbox(
  app: App,
  email: string,
  { organization, sent }: { readonly organization: string | null; readonly sent: boolean },
): Promise<ForgottenAccount | null> {
  const account = await inTransaction(app.pool, async (tx) => {
    const found = await lockAccount(tx, email, organization);
    if (found === null) return null;
    await requireFinished(tx, found);
    await endGrant(tx, found, 'It was forgotten: its mailbox is not stored any more.', { release: true });
    await tx.query(
      sql`UPDATE email_account SET display_name = NULL, aliases = '{}', send_as = '[]'
        WHERE organization_id = ${found.organizationId} AND id = ${found.id}`,
    );
    return found;
  });
  if (account === null) return null;
  const revoked = await revokeGrant(app, account);
  const drafts = await repeated(app, (tx) => deleteDrafts(tx, account));
  const messages = await repeated(app, (tx) => deleteMessages(tx, account));
  await inTransaction(app.pool, (tx) => resetMailbox(tx, account));
  const emails = sent ? await repeated(app, (tx) => eraseSent(tx, account)) : 0;
  app.log.info({ accountId: account.id, revoked, messages, drafts, emails }, 'account forgotten');
  return { account, revoked, messages, drafts, emails };
}

/** Runs `work` in transactions of its own until it finds nothing more. @returns the sum of its results. */
async function repeated({ pool }: App, work: (tx: Sql) => Promise<number>): Promise<number> {
  let sum = 0;
  for (;;) {
    const count = await inTransaction(pool, work);
    if (count === 0) return sum;
    sum += count;
  }
}

async function idsOf(tx: Sql, select: Fragment): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(select);
  return rows.map(({ id }) => id);
}

async function deleteDrafts(tx: Sql, { organizationId, id: accountId }: AccountKey): Promise<number> {
  const ids = await idsOf(
    tx,
    sql`SELECT id FROM outbound_email WHERE organization_id = ${organizationId} AND account_id = ${accountId}
      AND status = 'DRAFT' LIMIT ${BATCH} FOR UPDATE`,
  );
  await deleteFiles(tx, organizationId, 'outbound_email_id', ids);
  await tx.query(sql`DELETE FROM outbound_email WHERE organization_id = ${organizationId} AND id = ANY(${ids})`);
  return ids.length;
}

/**
 * Deletes messages with their conversations. One that an email replies to stays without its content, and a conversation with emails
 * stays without messages. Unlike a deletion in Gmail, this does not make an answered invoice await a reply again.
 */
async function deleteMessages(tx: Sql, { organizationId, id: accountId }: AccountKey): Promise<number> {
  const conversations = await idsOf(
    tx,
    sql`SELECT id FROM conversation v WHERE organization_id = ${organizationId} AND account_id = ${accountId} AND EXISTS (
        SELECT FROM email_message m WHERE m.organization_id = v.organization_id AND m.conversation_id = v.id
          AND m.deleted_at IS NULL)
      ORDER BY id LIMIT ${BATCH} FOR NO KEY UPDATE`,
  );
  const isOfThese = sql`organization_id = ${organizationId} AND conversation_id = ANY(${conversations})`;
  // Locked first: a reply that is being written is seen, and a later one no longer finds the message.
  const messages = await idsOf(
    tx,
    sql`SELECT id FROM email_message WHERE ${isOfThese} AND deleted_at IS NULL ORDER BY id FOR UPDATE`,
  );
  await deleteFiles(tx, organizationId, 'message_id', messages);
  await tx.query(sql`DELETE FROM message_search WHERE ${isOfThese}`);
  await tx.query(
    sql`UPDATE email_message m SET deleted_at = now(), content_erased_at = coalesce(content_erased_at, now()), labels = '{}',
        body_text = NULL, body_html = NULL, subject = '', snippet = '', from_name = NULL, "to" = '[]', cc = '[]',
        reply_to = '[]', delivery_notice = NULL, is_read = true
      WHERE ${isOfThese} AND EXISTS (SELECT FROM outbound_email e
        WHERE e.organization_id = m.organization_id AND e.reply_to_message_id = m.id)`,
  );
  await tx.query(sql`DELETE FROM email_message WHERE ${isOfThese} AND deleted_at IS NULL`);
  const ofThese = sql`organization_id = ${organizationId} AND id = ANY(${conversations})`;
  await deleteIfEmpty(tx, organizationId, conversations);
  await tx.query(
    sql`UPDATE conversation SET message_count = 0, is_read = true, subject = '', snippet = '', participants = '{}' WHERE ${ofThese}`,
  );
  return messages.length;
}

/** The mailbox is imported from the beginning, should the account be connected again. */
async function resetMailbox(tx: Sql, { organizationId, id }: AccountKey): Promise<void> {
  const ofAccount = sql`organization_id = ${organizationId} AND account_id = ${id}`;
  await tx.query(sql`DELETE FROM full_sync_message WHERE ${ofAccount}`);
  await tx.query(sql`DELETE FROM mailbox_sync WHERE ${ofAccount}`);
  await tx.query(sql`INSERT INTO mailbox_sync (organization_id, account_id) VALUES (${organizationId}, ${id})`);
}

async function eraseSent(tx: Sql, { organizationId, id }: AccountKey): Promise<number> {
  const ids = await idsOf(
    tx,
    sql`SELECT id FROM outbound_email e WHERE organization_id = ${organizationId} AND account_id = ${id} AND ${FINISHED}
      AND (subject <> '' OR content_erased_at IS NULL) LIMIT ${BATCH}`,
  );
  await eraseEmails(tx, organizationId, ids, () => true);
  return ids.length;
}
