/**
 * Which outbound email an inbound message is about: answered by a person, given back or delayed by a mail system. Done
 * when the message is stored and, for what could not be told then, when the sent copy of an email is: the outcome is the
 * same in whatever order Gmail's messages come. What proves what is in docs/decisions/0014.
 */
import { v7 as uuidv7 } from 'uuid';
import { refreshContact } from '../context/contact.ts';
import type { Sql } from '../db/client.ts';
import { markNotSent, recordBounces } from '../inbox/bounces.ts';
import { recipientTerm } from '../email/search-terms.ts';
import { DeliveryNotice } from '../inbox/delivery-notice.ts';
import type { Mailbox } from './envelope.ts';

type MailboxRef = Pick<Mailbox, 'organizationId' | 'id'>;

/** A stored inbound message that is not known to be about an email. */
export interface Unattributed {
  readonly id: string;
  readonly conversationId: string;
  readonly threadId: string;
  readonly fromAddress: string;
  readonly sentAt: Date;
  /** The nearest first. */
  readonly namedIds: readonly string[];
  readonly notice: DeliveryNotice | null;
}

/** Google gives up after three days. */
const RECENT_MS = 5 * 86_400_000;
/** Between our clock, which dates a send, and Gmail's, which dates what comes in. */
const CLOCK_SKEW_MS = 120_000;

/** What has left, or may have. */
const LEFT = `status IN ('SENDING', 'UNCONFIRMED', 'SENT', 'BOUNCED')`;

/** When it left at the earliest: settling, which dates `sent_at` then, may have taken long. */
const LEFT_AT = `coalesce((SELECT max(s.at) FROM outbound_email_event s
  WHERE s.organization_id = e.organization_id AND s.outbound_email_id = e.id AND s.type = 'sending'), e.sent_at, e.updated_at)`;

export async function attribute(tx: Sql, mailbox: MailboxRef, message: Unattributed): Promise<void> {
  if (message.notice === null) await attributeReply(tx, mailbox, message);
  else await attributeNotice(tx, mailbox, message, message.notice);
}

const FIND_WAITING = {
  name: 'find-unattributed',
  text: `SELECT m.id, m.conversation_id AS "conversationId", v.provider_thread_id AS "threadId", m.from_address AS "fromAddress",
      m.sent_at AS "sentAt", m.named_ids AS "namedIds", m.delivery_notice AS notice
    FROM email_message m
    JOIN conversation v ON v.organization_id = m.organization_id AND v.id = m.conversation_id
    WHERE m.organization_id = $1 AND m.account_id = $2 AND m.direction = 'INBOUND' AND m.answers_email_id IS NULL
      AND (m.conversation_id = $3 OR m.named_ids && $4)
      AND (m.delivery_notice IS NOT NULL OR NOT m.is_automatic AND NOT m.labels && '{SPAM}')
    ORDER BY m.sent_at, m.id`,
};

/** What is known of the sent copy of an email. */
export interface SentCopy {
  readonly outboundEmailId: string;
  /** Null: it is in none. */
  readonly conversationId: string | null;
  readonly messageId: string | null;
}

/** The sent copy of an email was stored, or its sending is settled: what came in before may be about it. */
export async function attributeWaiting(tx: Sql, mailbox: MailboxRef, sent: SentCopy): Promise<void> {
  const ids = sent.messageId === null ? [sent.outboundEmailId] : [sent.messageId, sent.outboundEmailId];
  const { rows } = await tx.query<Omit<Unattributed, 'notice'> & { notice: unknown }>({
    ...FIND_WAITING,
    values: [mailbox.organizationId, mailbox.id, sent.conversationId, ids],
  });
  for (const { notice, ...message } of rows) {
    await attribute(tx, mailbox, { ...message, notice: notice === null ? null : DeliveryNotice.parse(notice) });
  }
}

/** Replies that were taken out of Spam: what is in it answers nothing, since nobody has looked at it. */
export async function attributeUnspammed(tx: Sql, mailbox: MailboxRef, messageIds: readonly string[]): Promise<void> {
  const { rows } = await tx.query<Omit<Unattributed, 'notice'>>(
    `SELECT m.id, m.conversation_id AS "conversationId", v.provider_thread_id AS "threadId", m.from_address AS "fromAddress",
       m.sent_at AS "sentAt", m.named_ids AS "namedIds"
     FROM email_message m
     JOIN conversation v ON v.organization_id = m.organization_id AND v.id = m.conversation_id
     WHERE m.organization_id = $1 AND m.account_id = $2 AND m.provider_message_id = ANY($3) AND m.direction = 'INBOUND'
       AND m.answers_email_id IS NULL AND NOT m.is_automatic AND NOT m.labels && '{SPAM}'
     ORDER BY m.sent_at, m.id`,
    [mailbox.organizationId, mailbox.id, messageIds],
  );
  for (const message of rows) await attributeReply(tx, mailbox, message);
}

const ATTRIBUTE_REPLY = {
  name: 'attribute-reply',
  text: `WITH named AS (
      SELECT outbound_email_id AS id FROM email_message
      WHERE organization_id = $1 AND account_id = $2 AND message_id = ANY($4) AND outbound_email_id IS NOT NULL
      ORDER BY array_position($4, message_id) LIMIT 1
    ), leaving AS (
      SELECT FROM outbound_email
      WHERE organization_id = $1 AND account_id = $2 AND coalesce(provider_thread_id, ticket_thread_id) = $6
        AND ${LEFT} AND read_back_at IS NULL AND message_id IS NULL AND cardinality($4::text[]) > 0
    ), before AS (
      SELECT outbound_email_id AS id FROM email_message
      WHERE organization_id = $1 AND conversation_id = $5 AND outbound_email_id IS NOT NULL AND sent_at <= $7
      ORDER BY sent_at DESC, id DESC LIMIT 1
    ), answered AS (
      SELECT id FROM named
      UNION ALL
      SELECT id FROM before WHERE NOT EXISTS (SELECT FROM named) AND NOT EXISTS (SELECT FROM leaving)
    ), reply AS (
      UPDATE email_message m SET answers_email_id = answered.id FROM answered
      WHERE m.organization_id = $1 AND m.id = $3 AND m.answers_email_id IS NULL
      RETURNING answered.id
    ), event AS (
      INSERT INTO outbound_email_event (organization_id, id, outbound_email_id, at, type, actor, detail)
      SELECT $1, $8, id, now(), 'replied', 'system', json_build_object('messageUid', $3::uuid, 'from', $9::text) FROM reply
    ), email AS (
      SELECT e.conversation_id, e.context_type, e.context_id FROM reply
      JOIN outbound_email e ON e.organization_id = $1 AND e.id = reply.id
    ), linked AS (
      INSERT INTO conversation_context (organization_id, conversation_id, context_type, context_id)
      SELECT $1, $5, context_type, context_id FROM email WHERE context_id IS NOT NULL AND conversation_id <> $5
      ON CONFLICT DO NOTHING RETURNING context_type, context_id
    ), answered_conversations AS (
      UPDATE conversation v SET has_reply = true FROM email
      WHERE v.organization_id = $1 AND v.id IN ($5, email.conversation_id) AND NOT v.has_reply
    )
    SELECT context_type AS type, context_id AS id FROM linked`,
};

/**
 * A person's message answers the email that it names; without one, the last that was sent in its thread before it. What
 * names a mail that is not known waits while an email of the thread is on its way: it may be that one.
 */
async function attributeReply(tx: Sql, mailbox: MailboxRef, message: Omit<Unattributed, 'notice'>): Promise<void> {
  const { organizationId } = mailbox;
  const { rows } = await tx.query<{ type: string; id: string }>({
    ...ATTRIBUTE_REPLY,
    values: [
      organizationId,
      mailbox.id,
      message.id,
      message.namedIds,
      message.conversationId,
      message.threadId,
      message.sentAt,
      uuidv7(),
      message.fromAddress,
    ],
  });
  for (const context of rows) await refreshContact(tx, organizationId, context);
}

async function attributeNotice(
  tx: Sql,
  mailbox: MailboxRef,
  message: Unattributed,
  notice: DeliveryNotice,
): Promise<void> {
  const { organizationId } = mailbox;
  const outboundEmailId = await findReported(tx, mailbox, message, notice);
  if (outboundEmailId === null) return;
  const notified = { organizationId, outboundEmailId, notificationId: message.id };
  if (notice.kind === 'SENDING_LIMIT') {
    const email = await markNotSent(tx, notified);
    if (email === null) return;
    const { contextType: type, contextId: id } = email;
    if (type !== null && id !== null) await refreshContact(tx, organizationId, { type, id });
  } else if (!(await recordBounces(tx, notified, notice.recipients, message.sentAt))) {
    // Its sending is not settled yet. Once it is, its sent copy is stored, and this is looked at again.
    return;
  }
  await tx.query('UPDATE email_message SET answers_email_id = $3 WHERE organization_id = $1 AND id = $2', [
    organizationId,
    message.id,
    outboundEmailId,
  ]);
}

/** The email that a notification is about, of this account. Null: it proves none. */
async function findReported(tx: Sql, mailbox: MailboxRef, message: Unattributed, notice: DeliveryNotice) {
  const own = [mailbox.organizationId, mailbox.id];
  const find = async (sql: string, values: readonly unknown[]): Promise<string | null> => {
    const { rows } = await tx.query<{ id: string }>(sql, [...own, ...values]);
    return rows[0]?.id ?? null;
  };
  if (notice.opId !== null) {
    // An id that is not one of this account's is somebody else's: nothing else is tried.
    return find(`SELECT id FROM outbound_email WHERE organization_id = $1 AND account_id = $2 AND id = $3`, [
      notice.opId,
    ]);
  }
  const named = await find(
    `SELECT outbound_email_id AS id FROM email_message
     WHERE organization_id = $1 AND account_id = $2 AND message_id = ANY($3) AND outbound_email_id IS NOT NULL
     ORDER BY array_position($3, message_id) LIMIT 1`,
    [message.namedIds],
  );
  if (named !== null) return named;

  // From here on whom it failed to reach must be whom the email went to. And what names a mail that is not ours is about
  // that mail, unless ours is not read back and its name is not known.
  const recipients = notice.recipients.flatMap(({ recipient, original }) =>
    original === null ? [recipient] : [recipient, original],
  );
  const terms = recipients.map(recipientTerm);
  const values = [terms, message.namedIds.length > 0, message.sentAt, notice.kind === 'SENDING_LIMIT'];
  const matches = `(NOT $4 OR e.message_id IS NULL)
    AND ($6 OR EXISTS (SELECT FROM outbound_email_search s WHERE s.organization_id = e.organization_id
      AND s.outbound_email_id = e.id AND s.terms && $3))
    AND ${LEFT_AT} <= $5::timestamptz + ${CLOCK_SKEW_MS} * interval '1 ms'`;
  const inThread = await find(
    `SELECT id FROM (
       SELECT e.id, ${LEFT_AT} AS at FROM outbound_email e
       WHERE e.organization_id = $1 AND e.account_id = $2 AND e.conversation_id = $7 AND ${LEFT} AND ${matches}
       UNION
       SELECT e.id, ${LEFT_AT} FROM outbound_email e
       WHERE e.organization_id = $1 AND e.account_id = $2 AND coalesce(e.provider_thread_id, e.ticket_thread_id) = $8
         AND ${LEFT} AND e.read_back_at IS NULL AND ${matches}
     ) e ORDER BY at DESC LIMIT 1`,
    [...values, message.conversationId, message.threadId],
  );
  // Whom it failed to reach is no secret: only Google itself is believed without more.
  if (inThread !== null || !notice.isGoogle || notice.kind === 'SENDING_LIMIT') return inThread;
  return find(
    `SELECT e.id FROM outbound_email_search s
     JOIN outbound_email e ON e.organization_id = s.organization_id AND e.id = s.outbound_email_id
     WHERE s.organization_id = $1 AND s.terms && $3 AND e.account_id = $2 AND ${LEFT} AND (NOT $4 OR e.message_id IS NULL)
       AND e.sent_at BETWEEN $5::timestamptz - ${RECENT_MS} * interval '1 ms' AND $5::timestamptz + ${CLOCK_SKEW_MS} * interval '1 ms'
       AND NOT EXISTS (SELECT FROM bounce b WHERE b.organization_id = e.organization_id AND b.outbound_email_id = e.id
         AND b.permanent AND 'to:' || lower(b.recipient) = ANY($3))
     ORDER BY e.sent_at DESC LIMIT 1`,
    values.slice(0, 3),
  );
}
