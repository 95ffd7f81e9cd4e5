import type { App } from '../app.ts';
import { inTransaction, type Sql } from '../db/client.ts';
import { retryDeadlocks } from '../db/retry-deadlocks.ts';
import { mailboxAccess, SENDER_COLUMNS, type Sender } from '../accounts/mailbox-access.ts';
import { attributeWaiting, type SentCopy } from '../sync/attribution.ts';
import { storeMessage } from './store-message.ts';

const FIND = {
  name: 'read-back-find',
  text: `SELECT e.provider_message_id AS "providerMessageId", ${SENDER_COLUMNS}, EXISTS (
      SELECT FROM email_message m WHERE m.organization_id = e.organization_id AND m.outbound_email_id = e.id
    ) AS "isStored"
    FROM outbound_email e JOIN email_account a ON a.organization_id = e.organization_id AND a.id = e.account_id
    WHERE e.organization_id = $1 AND e.id = $2 AND e.status IN ('SENT', 'BOUNCED')`,
};

/**
 * The sent copy as Gmail keeps it goes into its conversation, and with it the Message-ID that the
 * next reply refers to. Its failing never touches the SENT state.
 * @throws {GmailError}
 */
export async function readBack(
  app: App,
  { organizationId, outboundEmailId }: { readonly organizationId: string; readonly outboundEmailId: string },
): Promise<void> {
  const values = [organizationId, outboundEmailId];
  const { rows } = await app.pool.query<{ providerMessageId: string | null; isStored: boolean } & Sender>({
    ...FIND,
    values,
  });
  const [row] = rows;
  if (row === undefined) return;
  // A sync has stored it already, or nobody knows it: a person has said that it was sent.
  if (row.isStored || row.providerMessageId === null) await endReading(app, row, outboundEmailId);
  else await readSentCopy(app, row, row.providerMessageId, outboundEmailId);
}

/** The same for whoever knows already where it was sent from, and what Gmail calls it. @throws {GmailError} */
export async function readSentCopy(
  app: App,
  account: Sender,
  providerMessageId: string,
  outboundEmailId: string,
): Promise<void> {
  const message = await app.gmail.getMessage(mailboxAccess(app, account), providerMessageId);
  if (message !== null) await storeMessage(app.pool, account, message, outboundEmailId);
  // Deleted in Gmail since: there is nothing left to store.
  else await endReading(app, account, outboundEmailId);
}

/** The email counts as read back as far as it can be, and what came in before is looked at once more. */
async function endReading(app: App, account: Sender, outboundEmailId: string): Promise<void> {
  const end = async (tx: Sql): Promise<void> => {
    const sent = await lockSent(tx, account, outboundEmailId);
    if (sent === null) return;
    await tx.query(
      `UPDATE outbound_email SET read_back_at = $3, conversation_id = coalesce(conversation_id, $4)
       WHERE organization_id = $1 AND id = $2`,
      [account.organizationId, outboundEmailId, app.now(), sent.conversationId],
    );
    await attributeWaiting(tx, account, sent);
  };
  await retryDeadlocks(() => inTransaction(app.pool, end));
}

/**
 * Locks what whoever stores a message about the email locks, in the same order: its names, then its conversation. Either
 * that message is there by now, or it will find the email SENT. Null: it is not SENT.
 */
async function lockSent(tx: Sql, account: Sender, outboundEmailId: string): Promise<SentCopy | null> {
  const values = [account.organizationId, account.id, outboundEmailId];
  await tx.query(
    `SELECT lock_message_ids($2, ARRAY[e.message_id, e.id::text], true) FROM outbound_email e
     WHERE e.organization_id = $1 AND e.account_id = $2 AND e.id = $3`,
    values,
  );
  const conversations = await tx.query<{ id: string }>(
    `SELECT v.id FROM outbound_email e JOIN conversation v ON v.organization_id = e.organization_id
       AND v.account_id = e.account_id AND (v.id = e.conversation_id
         OR e.conversation_id IS NULL AND v.provider_thread_id = coalesce(e.provider_thread_id, e.ticket_thread_id))
     WHERE e.organization_id = $1 AND e.account_id = $2 AND e.id = $3 FOR NO KEY UPDATE OF v`,
    values,
  );
  const { rows } = await tx.query<{ messageId: string | null }>(
    `SELECT message_id AS "messageId" FROM outbound_email
     WHERE organization_id = $1 AND account_id = $2 AND id = $3 AND status IN ('SENT', 'BOUNCED') FOR NO KEY UPDATE`,
    values,
  );
  const [email] = rows;
  return email ? { ...email, outboundEmailId, conversationId: conversations.rows[0]?.id ?? null } : null;
}
