/**
 * From a Gmail message to rows: the message, its conversation, and what both say about the contexts and the outbound
 * emails they belong to. One transaction; storing a message twice changes nothing the second time.
 */
import { v7 as uuidv7 } from 'uuid';
import { inTransaction, type Pool, type Sql } from '../db/client.ts';
import type { GmailMessage } from '../gmail/gateway.ts';
import {
  type Envelope,
  type Mailbox,
  MESSAGE_COLUMNS,
  messageTerms,
  messageValues,
  participantsOf,
  readEnvelope,
  storableText,
} from './envelope.ts';
import { storeInNewThread } from './store-sent-copy.ts';

/**
 * @param outboundEmailId the outbound email that it is the sent copy of; null for any other message.
 * @returns the message's id, also when it was stored before.
 */
export async function storeMessage(
  pool: Pool,
  mailbox: Mailbox,
  message: GmailMessage,
  outboundEmailId: string | null,
): Promise<string> {
  const envelope = readEnvelope(mailbox, message);
  if (outboundEmailId !== null) {
    const stored = await storeInNewThread(pool, mailbox, message, envelope, outboundEmailId);
    if (stored !== null) return stored;
  }
  return inTransaction(pool, async (tx) => {
    // The conversation's row is locked by this: messages of one thread are stored one after the other.
    const conversationId = await upsertConversation(tx, mailbox, message, envelope);
    const id = uuidv7();
    const { rowCount } = await insertMessage(tx, mailbox, message, envelope, { id, conversationId, outboundEmailId });
    if (rowCount === 0) return linkStored(tx, mailbox, message, outboundEmailId);
    await insertParts(tx, mailbox.organizationId, id, message, outboundEmailId);
    await countMessage(tx, mailbox, message, envelope, conversationId);
    if (outboundEmailId !== null) await linkOutboundEmail(tx, mailbox, envelope, conversationId, outboundEmailId);
    await noteContact(tx, mailbox, message, envelope, conversationId);
    return id;
  });
}

async function upsertConversation(tx: Sql, mailbox: Mailbox, message: GmailMessage, envelope: Envelope) {
  const { rows } = await tx.query<{ id: string }>(
    `INSERT INTO conversation (organization_id, id, account_id, provider_thread_id, subject, snippet, participants,
       is_read, has_reply, message_count, last_message_at)
     VALUES ($1, $2, $3, $4, $5, '', '{}', true, false, 0, $6)
     ON CONFLICT (organization_id, account_id, provider_thread_id) DO UPDATE SET message_count = conversation.message_count
     RETURNING id`,
    [mailbox.organizationId, uuidv7(), mailbox.id, message.threadId, envelope.subject, message.internalDate],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('an upsert returned no row');
  return row.id;
}

function insertMessage(
  tx: Sql,
  mailbox: Mailbox,
  message: GmailMessage,
  envelope: Envelope,
  ids: { readonly id: string; readonly conversationId: string; readonly outboundEmailId: string | null },
) {
  return tx.query(
    `INSERT INTO email_message (organization_id, id, conversation_id, account_id, outbound_email_id, ${MESSAGE_COLUMNS})
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
     ON CONFLICT (organization_id, account_id, provider_message_id) DO NOTHING`,
    [
      mailbox.organizationId,
      ids.id,
      ids.conversationId,
      mailbox.id,
      ids.outboundEmailId,
      ...messageValues(message, envelope),
    ],
  );
}

/** A message that a sync stored first is still the sent copy of its outbound email. */
async function linkStored(tx: Sql, mailbox: Mailbox, message: GmailMessage, outboundEmailId: string | null) {
  const { rows } = await tx.query<{ id: string; conversationId: string; messageId: string | null }>(
    `UPDATE email_message SET outbound_email_id = coalesce(outbound_email_id, $4)
     WHERE organization_id = $1 AND account_id = $2 AND provider_message_id = $3
     RETURNING id, conversation_id AS "conversationId", message_id AS "messageId"`,
    [mailbox.organizationId, mailbox.id, message.messageId, outboundEmailId],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('a message that was stored is gone');
  if (outboundEmailId !== null) await linkOutboundEmail(tx, mailbox, row, row.conversationId, outboundEmailId);
  return row.id;
}

/** The files of a message, by their place in it. Those of a sent copy are the outbound email's, whose bytes are here. */
async function insertParts(
  tx: Sql,
  organizationId: string,
  messageId: string,
  message: GmailMessage,
  outboundEmailId: string | null,
): Promise<void> {
  if (outboundEmailId !== null) {
    await tx.query(
      `INSERT INTO attachment (organization_id, id, message_id, position, filename, content_type, size, sha256, content_id)
       SELECT organization_id, gen_random_uuid(), $2, position, filename, content_type, size, sha256, content_id
       FROM attachment WHERE organization_id = $1 AND outbound_email_id = $3`,
      [organizationId, messageId, outboundEmailId],
    );
    return;
  }
  for (const [position, part] of message.parts.entries()) {
    await tx.query(
      `INSERT INTO attachment (organization_id, id, message_id, position, filename, content_type, size, content_id, part_id)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        organizationId,
        uuidv7(),
        messageId,
        position,
        storableText(part.filename),
        storableText(part.contentType),
        part.size,
        part.contentId === null ? null : storableText(part.contentId),
        part.partId,
      ],
    );
  }
}

/** What the conversation says of its messages, brought up to date by one more. */
async function countMessage(
  tx: Sql,
  mailbox: Mailbox,
  message: GmailMessage,
  envelope: Envelope,
  conversationId: string,
): Promise<void> {
  const { organizationId } = mailbox;
  const isAnswer = envelope.direction === 'INBOUND' && !envelope.isAutomatic;
  await tx.query(
    `UPDATE conversation v SET message_count = v.message_count + 1,
       participants = ARRAY(SELECT DISTINCT unnest(v.participants || $3::text[]) ORDER BY 1),
       is_read = v.is_read AND $4,
       subject = CASE WHEN $5 < first.at THEN $7 ELSE v.subject END,
       snippet = CASE WHEN $5 >= v.last_message_at OR v.message_count = 0 THEN $6 ELSE v.snippet END,
       last_message_at = greatest(v.last_message_at, $5),
       has_reply = v.has_reply OR ($8 AND EXISTS (
         SELECT FROM email_message m WHERE m.organization_id = $1 AND m.conversation_id = $2
           AND m.direction = 'OUTBOUND' AND m.sent_at <= $5))
     FROM (SELECT min(sent_at) AS at FROM email_message
       WHERE organization_id = $1 AND conversation_id = $2 AND provider_message_id <> $9) first
     WHERE v.organization_id = $1 AND v.id = $2`,
    [
      organizationId,
      conversationId,
      participantsOf(mailbox, envelope),
      !message.labels.includes('UNREAD'),
      message.internalDate,
      storableText(message.snippet),
      envelope.subject,
      isAnswer,
      message.messageId,
    ],
  );
  await tx.query(
    `INSERT INTO conversation_search AS s (organization_id, conversation_id, terms) VALUES ($1, $2, $3)
     ON CONFLICT (organization_id, conversation_id)
       DO UPDATE SET terms = ARRAY(SELECT DISTINCT unnest(s.terms || excluded.terms))`,
    [organizationId, conversationId, messageTerms(mailbox, message, envelope)],
  );
}

/** The outbound email learns its conversation and its real Message-ID; the conversation is about what the email is about. */
async function linkOutboundEmail(
  tx: Sql,
  { organizationId }: Mailbox,
  { messageId }: Pick<Envelope, 'messageId'>,
  conversationId: string,
  outboundEmailId: string,
): Promise<void> {
  await tx.query(
    `WITH email AS (
       UPDATE outbound_email SET conversation_id = $3, message_id = coalesce($4, message_id), read_back_at = now(),
         updated_at = now()
       WHERE organization_id = $1 AND id = $2 RETURNING organization_id, context_type, context_id
     )
     INSERT INTO conversation_context (organization_id, conversation_id, context_type, context_id)
     SELECT organization_id, $3, context_type, context_id FROM email WHERE context_id IS NOT NULL
     ON CONFLICT DO NOTHING`,
    [organizationId, outboundEmailId, conversationId, messageId],
  );
}

/** Something came in on a conversation: what it is about is no longer awaiting a reply. */
async function noteContact(
  tx: Sql,
  { organizationId }: Mailbox,
  { internalDate }: GmailMessage,
  { direction, isAutomatic }: Envelope,
  conversationId: string,
): Promise<void> {
  if (direction === 'OUTBOUND' || isAutomatic) return;
  await tx.query(
    `UPDATE context_entity c SET last_inbound_at = greatest(c.last_inbound_at, $3),
       awaiting_reply = c.awaiting_reply AND c.last_contacted_at > $3
     FROM conversation_context l
     WHERE l.organization_id = $1 AND l.conversation_id = $2
       AND c.organization_id = $1 AND c.type = l.context_type AND c.id = l.context_id`,
    [organizationId, conversationId, internalDate],
  );
}
