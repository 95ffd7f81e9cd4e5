/**
 * Stores a Gmail message in one transaction: the message, its conversation, and the state of the contexts and outbound
 * emails they belong to. Storing a message twice changes nothing, and the order of messages does not matter.
 */
import { v7 as uuidv7 } from 'uuid';
import { inTransaction, type Pool, type Sql } from '../db/client.ts';
import { onlyRow, sql, statement } from '../db/statement.ts';
import type { GmailMessage } from '../gmail/gateway.ts';
import { enqueue } from '../jobs.ts';
import { DAILY_LIMIT_PAUSE_MS } from '../outbound/failure-policy.ts';
import { correlate } from './correlate.ts';
import { insertMessage } from './insert-message.ts';
import { confirmSentCopy, linkOutboundEmail, linkStored } from './link-sent-copy.ts';
import type { Mailbox } from './parse-message.ts';
import { type PreparedMessage, prepareMessage } from './prepare-message.ts';
import { storeInNewThread } from './store-sent-copy.ts';
import { refreshContactsOf, refreshConversationsOf } from './update-messages.ts';

/**
 * @param outboundEmailId the outbound email whose sent copy this may be; null for any other message. A copy that Gmail
 * does not know by the email's id is stored like any other message.
 * @returns the id of the message, also when it was stored before.
 */
export async function storeMessage(
  pool: Pool,
  mailbox: Mailbox,
  message: GmailMessage,
  outboundEmailId: string | null,
): Promise<string> {
  const prepared = await prepareMessage(mailbox, message);
  if (outboundEmailId !== null) {
    const stored = await storeInNewThread(pool, mailbox, prepared, outboundEmailId);
    if (stored !== null) return stored;
  }
  return inTransaction(pool, (tx) => storeMessageIn(tx, mailbox, prepared, outboundEmailId));
}

/**
 * As `storeMessage`, in the caller's transaction. The caller stores one message in a transaction.
 * @param options.replaces a stored message is replaced in place; otherwise it stays as it is, unless it was deleted here.
 */
export async function storeMessageIn(
  tx: Sql,
  mailbox: Mailbox,
  received: PreparedMessage,
  claimedEmailId: string | null,
  { replaces = false } = {},
): Promise<string> {
  const { message, parsed } = received;
  // This locks the conversation, so that messages of a thread are stored one after the other. Before that it locks the ids
  // that the message names, so that a sent copy and the messages that name it wait for each other in any thread.
  const conversationId = await upsertConversation(tx, mailbox, received, claimedEmailId);
  const { outboundEmailId, isUnsent } = await confirmSentCopy(tx, mailbox, message, claimedEmailId);
  // What Gmail did not send does not count as a contact.
  const prepared = isUnsent ? { ...received, row: { ...received.row, isAutomatic: true } } : received;
  const newId = uuidv7();
  const ids = { newId, conversationId, outboundEmailId };
  const stored = await insertMessage(tx, { mailbox, prepared, ...ids, replaces });
  if (stored === null) return linkStored(tx, mailbox, message, { conversationId, outboundEmailId });
  const { id } = stored;
  const isNew = id === newId;
  if (outboundEmailId !== null) {
    await linkOutboundEmail(tx, mailbox, { conversationId, outboundEmailId, messageId: parsed.messageId, isNew });
  } else if (needsCorrelation(prepared)) {
    const { namedIds, notice } = parsed;
    const { threadId, internalDate: sentAt } = message;
    await correlate(tx, mailbox, {
      id,
      conversationId,
      threadId,
      fromAddress: parsed.from.address,
      sentAt,
      namedIds,
      notice,
    });
    if (notice?.kind === 'SENDING_LIMIT') await enqueuePause(tx, mailbox, sentAt);
  }
  if (stored.hides || !isNew) await refreshConversationsOf(tx, mailbox, id);
  if (!isNew) {
    await refreshContactsOf(tx, mailbox, [conversationId]);
    await expireAgain(tx, mailbox);
  }
  return id;
}

/** An old notice pauses nothing, and its job would take the place of that of a new one. */
async function enqueuePause(tx: Sql, { organizationId, id: accountId }: Mailbox, noticedAt: Date): Promise<void> {
  const { rowCount } = await tx.query(
    sql`SELECT WHERE ${noticedAt}::timestamptz + ${DAILY_LIMIT_PAUSE_MS} * interval '1 ms' > now()`,
  );
  if (rowCount === 1) await enqueue(tx, 'pause', { organizationId, accountId, noticedAt: noticedAt.toISOString() }, 0);
}

/** A message that was stored long ago can have content again. Retention, which has passed it, looks at all messages once more. */
async function expireAgain(tx: Sql, { organizationId }: Mailbox): Promise<void> {
  await tx.query(
    sql`UPDATE retention SET messages_until = NULL WHERE organization_id = ${organizationId} AND messages_until IS NOT NULL`,
  );
}

/** Automatic mail answers nothing, and mail in Spam not yet. A delivery notice counts even there. */
function needsCorrelation({ message, parsed }: PreparedMessage): boolean {
  const { direction, notice, isAutomatic } = parsed;
  return direction === 'INBOUND' && (notice !== null || (!isAutomatic && !message.labels.includes('SPAM')));
}

interface NewConversation {
  readonly mailbox: Mailbox;
  readonly threadId: string;
  readonly subject: string;
  readonly sentAt: Date;
  /** Message-IDs and op ids to lock before the conversation. */
  readonly names: readonly (string | null)[];
  readonly isCopy: boolean;
}

export const insertConversation = statement(
  'upsert-conversation',
  ({ mailbox, threadId, subject, sentAt, names, isCopy }: NewConversation) => sql`WITH locked AS MATERIALIZED (
      SELECT CASE WHEN cardinality(${names}::text[]) > 0 THEN lock_message_ids(${mailbox.id}, ${names}, ${isCopy}) END
    )
    INSERT INTO conversation (organization_id, id, account_id, provider_thread_id, subject, snippet, participants,
      is_read, has_reply, message_count, last_message_at)
    SELECT ${mailbox.organizationId}, ${uuidv7()}, ${mailbox.id}, ${threadId}, ${subject}, '', '{}', true, false, 0, ${sentAt}
    FROM locked
    ON CONFLICT (organization_id, account_id, provider_thread_id) DO UPDATE SET message_count = conversation.message_count
    RETURNING id`,
);

/** A message nearly always answers the first id that it names. Each locked id takes memory in PostgreSQL. */
const MAX_LOCKED_NAMES = 8;

async function upsertConversation(tx: Sql, mailbox: Mailbox, prepared: PreparedMessage, claimedEmailId: string | null) {
  const { message, parsed } = prepared;
  const isCopy = claimedEmailId !== null;
  const named = needsCorrelation(prepared) ? parsed.namedIds.slice(0, MAX_LOCKED_NAMES) : [];
  const names = isCopy ? [parsed.messageId, claimedEmailId] : named;
  const { threadId, internalDate: sentAt } = message;
  const insert = insertConversation({ mailbox, threadId, subject: parsed.subject, sentAt, names, isCopy });
  return onlyRow(await tx.query<{ id: string }>(insert)).id;
}
