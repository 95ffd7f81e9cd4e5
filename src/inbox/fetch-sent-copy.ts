import { mailboxAccess } from '../accounts/mailbox-access.ts';
import type { App } from '../app.ts';
import { inTransaction, type Sql } from '../db/client.ts';
import { SENDER_COLUMNS, type Sender } from '../db/sender.ts';
import { sql } from '../db/statement.ts';
import { type GmailMessage, MAX_SMALL_MESSAGE_BYTES } from '../gmail/gateway.ts';
import type { EmailRef } from '../jobs.ts';
import { correlateEarlier, type SentCopy } from './correlate.ts';
import { storeMessage } from './store-message.ts';

/**
 * Stores the sent copy, as Gmail keeps it, in its conversation, with the Message-ID to which the next reply refers. A failure never
 * changes the state SENT.
 * @throws {GmailError}
 */
export async function fetchSentCopy(app: App, { organizationId, outboundEmailId }: EmailRef): Promise<void> {
  const { rows } = await app.pool.query<{ providerMessageId: string | null; isStored: boolean } & Sender>(
    sql`SELECT e.provider_message_id AS "providerMessageId", ${SENDER_COLUMNS}, EXISTS (
        SELECT FROM email_message m WHERE m.organization_id = e.organization_id AND m.outbound_email_id = e.id
      ) AS "isStored"
      FROM outbound_email e JOIN email_account a ON a.organization_id = e.organization_id AND a.id = e.account_id
      WHERE e.organization_id = ${organizationId} AND e.id = ${outboundEmailId} AND e.status IN ('SENT', 'BOUNCED')`,
  );
  const [row] = rows;
  if (row === undefined) return;
  // A sync has stored it before, or its id is unknown because a person resolved the email as SENT.
  if (row.isStored || row.providerMessageId === null) await finishFetching(app, row, outboundEmailId);
  else await fetchKnownSentCopy(app, row, row.providerMessageId, outboundEmailId);
}

/** The same for a caller that knows the account and Gmail's id of the message. @throws {GmailError} */
export async function fetchKnownSentCopy(
  app: App,
  account: Sender,
  providerMessageId: string,
  outboundEmailId: string,
): Promise<void> {
  const mailbox = mailboxAccess(app, account);
  const store = async (message: GmailMessage | null) => {
    if (message !== null) await storeMessage(app.pool, account, message, outboundEmailId);
    // It was deleted in Gmail meanwhile, so there is nothing to store.
    else await finishFetching(app, account, outboundEmailId);
  };
  const maxBytes = MAX_SMALL_MESSAGE_BYTES;
  const message = await app.gmail.getSmallMessage(mailbox, providerMessageId, { maxBytes });
  if (message !== 'large') await store(message);
  else await app.largeFetches(account.id, async () => store(await app.gmail.getMessage(mailbox, providerMessageId)));
}

/** Marks the sent copy as fetched as far as possible, and correlates messages that arrived before. */
async function finishFetching(app: App, account: Sender, outboundEmailId: string): Promise<void> {
  const end = async (tx: Sql): Promise<void> => {
    const sent = await lockSent(tx, account, outboundEmailId);
    if (sent === null) return;
    await tx.query(
      sql`UPDATE outbound_email
        SET sent_copy_fetched_at = ${app.now()}, conversation_id = coalesce(conversation_id, ${sent.conversationId})
        WHERE organization_id = ${account.organizationId} AND id = ${outboundEmailId}`,
    );
    await correlateEarlier(tx, account, sent);
  };
  await inTransaction(app.pool, end);
}

/**
 * Takes the locks of a transaction that stores a message about the email, in the same order: its names, then its conversation. Either that
 * message is stored by now, or its transaction will find the email SENT. Null: the email is not SENT.
 */
async function lockSent(tx: Sql, account: Sender, outboundEmailId: string): Promise<SentCopy | null> {
  const isEmail = sql`e.organization_id = ${account.organizationId} AND e.account_id = ${account.id} AND e.id = ${outboundEmailId}`;
  await tx.query(
    sql`SELECT lock_message_ids(e.account_id, ARRAY[e.message_id, e.id::text], true) FROM outbound_email e WHERE ${isEmail}`,
  );
  const conversations = await tx.query<{ id: string }>(
    sql`SELECT v.id FROM outbound_email e JOIN conversation v ON v.organization_id = e.organization_id
        AND v.account_id = e.account_id AND (v.id = e.conversation_id
          OR e.conversation_id IS NULL AND v.provider_thread_id = coalesce(e.provider_thread_id, e.gmail_draft_thread_id))
      WHERE ${isEmail} FOR NO KEY UPDATE OF v`,
  );
  const { rows } = await tx.query<{ messageId: string | null }>(
    sql`SELECT message_id AS "messageId" FROM outbound_email e
      WHERE ${isEmail} AND status IN ('SENT', 'BOUNCED') FOR NO KEY UPDATE`,
  );
  const [email] = rows;
  return email ? { ...email, outboundEmailId, conversationId: conversations.rows[0]?.id ?? null } : null;
}
