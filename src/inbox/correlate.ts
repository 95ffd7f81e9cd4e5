/**
 * Correlates inbound messages with outbound emails: a person's reply, or a delivery notice. It runs when a message is
 * stored and once more, for messages that are not correlated, when the sent copy of an email is stored. So the order of
 * Gmail's messages does not matter.
 */
import { v7 as uuidv7 } from 'uuid';
import { refreshContacts } from '../contexts/contact-state.ts';
import type { ContextRef } from '../contexts/kind.ts';
import { insertConversationLinks } from '../contexts/links.ts';
import type { Sql } from '../db/client.ts';
import type { AccountKey } from '../db/sender.ts';
import { type Fragment, sql, statement } from '../db/statement.ts';
import type { EmailRef } from '../jobs.ts';
import { markNotSent, recordBounces } from './bounces.ts';
import { DeliveryNotice } from './delivery-notice.ts';
import { failedRecipients } from './failed-recipients.ts';
import { findReported, LEFT, type Uncorrelated } from './reported-email.ts';

export async function correlate(tx: Sql, mailbox: AccountKey, message: Uncorrelated): Promise<void> {
  if (message.notice === null) await correlateReply(tx, mailbox, message);
  else await correlateNotice(tx, mailbox, message, message.notice);
}

/** A person's message, which answers an email. */
const IS_REPLY = sql`NOT m.is_automatic AND NOT m.labels && '{SPAM}'`;

/** Inbound messages that are not correlated, as `Uncorrelated`. */
const uncorrelated = ({ organizationId, id }: AccountKey, condition: Fragment) =>
  sql`SELECT m.id, m.conversation_id AS "conversationId", v.provider_thread_id AS "threadId",
      m.from_address AS "fromAddress", m.sent_at AS "sentAt", m.named_ids AS "namedIds", m.delivery_notice AS notice
    FROM email_message m
    JOIN conversation v ON v.organization_id = m.organization_id AND v.id = m.conversation_id
    WHERE m.organization_id = ${organizationId} AND m.account_id = ${id} AND m.direction = 'INBOUND'
      AND m.answers_email_id IS NULL AND ${condition}
    ORDER BY m.sent_at, m.id`;

export const selectUncorrelated = statement(
  'find-uncorrelated',
  ({ mailbox, conversationId, ids }: { mailbox: AccountKey; conversationId: string | null; ids: readonly string[] }) =>
    uncorrelated(
      mailbox,
      sql`(m.conversation_id = ${conversationId} OR m.named_ids && ${ids}) AND (m.delivery_notice IS NOT NULL OR ${IS_REPLY})`,
    ),
);

/** The sent copy of an email, as far as it is known. */
export interface SentCopy {
  readonly outboundEmailId: string;
  /** Null: it is in no conversation. */
  readonly conversationId: string | null;
  readonly messageId: string | null;
}

/** Correlates earlier messages with an email whose sent copy was stored, or whose sending was reconciled. */
export async function correlateEarlier(tx: Sql, mailbox: AccountKey, sent: SentCopy): Promise<void> {
  const ids = sent.messageId === null ? [sent.outboundEmailId] : [sent.messageId, sent.outboundEmailId];
  const { rows } = await tx.query<Reply & { notice: unknown }>(
    selectUncorrelated({ mailbox, conversationId: sent.conversationId, ids }),
  );
  for (const { notice, ...message } of rows) {
    await correlate(tx, mailbox, { ...message, notice: notice === null ? null : DeliveryNotice.parse(notice) });
  }
}

/** Replies that did not count when they were stored: they were in Spam, or a person says now that they are not automatic. */
export async function correlateReplies(tx: Sql, mailbox: AccountKey, messageIds: readonly string[]): Promise<void> {
  const { rows } = await tx.query<Reply>(
    uncorrelated(mailbox, sql`m.provider_message_id = ANY(${messageIds}) AND ${IS_REPLY}`),
  );
  for (const message of rows) await correlateReply(tx, mailbox, message);
}

type Reply = Omit<Uncorrelated, 'notice'>;

export const recordReply = statement(
  'correlate-reply',
  ({ mailbox, message }: { mailbox: AccountKey; message: Reply }) => sql`WITH named AS (
      SELECT outbound_email_id AS id FROM email_message
      WHERE organization_id = ${mailbox.organizationId} AND account_id = ${mailbox.id} AND message_id = ANY(${message.namedIds})
        AND outbound_email_id IS NOT NULL
      ORDER BY array_position(${message.namedIds}, message_id) LIMIT 1
    ), leaving AS (
      SELECT FROM outbound_email
      WHERE organization_id = ${mailbox.organizationId} AND account_id = ${mailbox.id}
        AND coalesce(provider_thread_id, gmail_draft_thread_id) = ${message.threadId}
        AND ${LEFT} AND sent_copy_fetched_at IS NULL AND message_id IS NULL AND cardinality(${message.namedIds}::text[]) > 0
    ), before AS (
      SELECT outbound_email_id AS id FROM email_message
      WHERE organization_id = ${mailbox.organizationId} AND conversation_id = ${message.conversationId}
        AND outbound_email_id IS NOT NULL AND sent_at <= ${message.sentAt}
      ORDER BY sent_at DESC, id DESC LIMIT 1
    ), answered AS (
      SELECT id FROM named
      UNION ALL
      SELECT id FROM before WHERE NOT EXISTS (SELECT FROM named) AND NOT EXISTS (SELECT FROM leaving)
    ), reply AS (
      UPDATE email_message m SET answers_email_id = answered.id FROM answered
      WHERE m.organization_id = ${mailbox.organizationId} AND m.id = ${message.id} AND m.answers_email_id IS NULL
      RETURNING answered.id
    ), event AS (
      INSERT INTO outbound_email_event (organization_id, id, outbound_email_id, at, type, actor, detail)
      SELECT ${mailbox.organizationId}, ${uuidv7()}, id, now(), 'REPLIED', 'system',
        json_build_object('messageUid', ${message.id}::uuid, 'from', ${message.fromAddress}::text)
      FROM reply
    ), email AS (
      SELECT e.organization_id, e.conversation_id, e.id FROM reply
      JOIN outbound_email e ON e.organization_id = ${mailbox.organizationId} AND e.id = reply.id
    ), linked AS (
      ${insertConversationLinks(sql`(
        SELECT organization_id, ${message.conversationId}::uuid AS conversation_id, id FROM email
        WHERE conversation_id <> ${message.conversationId})`)}
    ), answered_conversations AS (
      UPDATE conversation v SET has_reply = true FROM email
      -- Also one that has a reply: what would cancel an email of it waits for this transaction.
      WHERE v.organization_id = ${mailbox.organizationId} AND v.id IN (${message.conversationId}, email.conversation_id)
    )
    SELECT type, id FROM linked`,
);

/**
 * A person's message answers the email that it names, otherwise the last one sent before it in its thread. A message that
 * names an unknown mail waits while an email of the thread has no sent copy: it may name that one.
 */
async function correlateReply(tx: Sql, mailbox: AccountKey, message: Reply): Promise<void> {
  const { rows } = await tx.query<ContextRef>(recordReply({ mailbox, message }));
  await refreshContacts(tx, mailbox.organizationId, rows);
}

async function correlateNotice(
  tx: Sql,
  mailbox: AccountKey,
  message: Uncorrelated,
  notice: DeliveryNotice,
): Promise<void> {
  const { organizationId } = mailbox;
  const reported = await findReported(tx, mailbox, message, notice);
  if (reported === null) return;
  const { id: outboundEmailId, isReturned } = reported;
  const notified = { organizationId, outboundEmailId, notificationId: message.id };
  if (notice.kind === 'SENDING_LIMIT') {
    if (!(await markNotSent(tx, notified, message.sentAt))) return;
  } else {
    const recipients = failedRecipients(notice, await recipientsOf(tx, notified), isReturned);
    if (recipients.length === 0) return;
    // Before the email is known to be sent, the notice is kept. It is correlated once more when the sent copy is stored.
    if (!(await recordBounces(tx, notified, recipients, message.sentAt))) return;
  }
  await tx.query(
    sql`UPDATE email_message SET answers_email_id = ${outboundEmailId}
      WHERE organization_id = ${organizationId} AND id = ${message.id}`,
  );
}

async function recipientsOf(tx: Sql, { organizationId, outboundEmailId }: EmailRef): Promise<string[]> {
  const { rows } = await tx.query<{ recipients: string[] }>(
    sql`SELECT "to" || cc || bcc AS recipients FROM outbound_email
      WHERE organization_id = ${organizationId} AND id = ${outboundEmailId}`,
  );
  return rows[0]?.recipients ?? [];
}
