/**
 * From a Gmail message to rows: the message, its conversation, and what both say about the contexts and the outbound
 * emails they belong to. One transaction; storing a message twice changes nothing the second time, and the order in which
 * messages are stored changes nothing at all.
 */
import { v7 as uuidv7 } from 'uuid';
import { refreshContact } from '../context/contact.ts';
import { inTransaction, type Pool, type Sql } from '../db/client.ts';
import { retryDeadlocks } from '../db/retry-deadlocks.ts';
import type { GmailMessage, GmailPart } from '../gmail/gateway.ts';
import { enqueueIn, job } from '../jobs.ts';
import { attribute, attributeWaiting, type SentCopy } from '../sync/attribution.ts';
import { refreshConversationsOf } from './update-messages.ts';
import {
  type Envelope,
  type Mailbox,
  MESSAGE_COLUMNS,
  messageTerms,
  messageValues,
  participantsOf,
  readEnvelope,
  storableText,
} from '../sync/envelope.ts';
import { storeInNewThread } from './store-sent-copy.ts';

/**
 * @param outboundEmailId the outbound email that it is the sent copy of; null for any other message. A copy that is not
 * the one that Gmail answered with is stored as any other message.
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
  // Messages of two threads may be about each other's emails and meet in the middle.
  return retryDeadlocks(() =>
    inTransaction(pool, (tx) => storeMessageIn(tx, mailbox, message, outboundEmailId, envelope)),
  );
}

/**
 * As `storeMessage`, in the caller's transaction, which stores nothing else: it locks what belongs to the message, and
 * PostgreSQL may end it for a deadlock.
 */
export async function storeMessageIn(
  tx: Sql,
  mailbox: Mailbox,
  message: GmailMessage,
  claimedEmailId: string | null,
  envelope: Envelope = readEnvelope(mailbox, message),
): Promise<string> {
  // The conversation's row is locked by this: messages of one thread are stored one after the other. So are, before it,
  // the sent copy of an email and what names it, wherever that is.
  const conversationId = await upsertConversation(tx, mailbox, message, envelope, claimedEmailId);
  const outboundEmailId = await confirmSentCopy(tx, mailbox, message, claimedEmailId);
  const id = uuidv7();
  const inserted = await insertMessage(tx, mailbox, message, envelope, { id, conversationId, outboundEmailId });
  if (inserted === null) return linkStored(tx, mailbox, message, { conversationId, outboundEmailId });
  if (outboundEmailId !== null) {
    await linkOutboundEmail(tx, mailbox, {
      conversationId,
      outboundEmailId,
      messageId: envelope.messageId,
      isNew: true,
    });
  } else if (isToAttribute(message, envelope)) {
    const { namedIds, notice } = envelope;
    const { threadId, internalDate: sentAt } = message;
    await attribute(tx, mailbox, {
      id,
      conversationId,
      threadId,
      fromAddress: envelope.from.address,
      sentAt,
      namedIds,
      notice,
    });
    if (notice?.kind === 'SENDING_LIMIT') await pauseAccount(tx, mailbox, sentAt);
  }
  if (inserted.hides) await refreshConversationsOf(tx, mailbox, id);
  return id;
}

/** What a program wrote answers nothing, and what is in Spam not yet; a notification counts even there. */
function isToAttribute({ labels }: GmailMessage, { direction, notice, isAutomatic }: Envelope): boolean {
  return direction === 'INBOUND' && (notice !== null || (!isAutomatic && !labels.includes('SPAM')));
}

const UPSERT_CONVERSATION = {
  name: 'upsert-conversation',
  text: `WITH locked AS MATERIALIZED (SELECT CASE WHEN cardinality($7::text[]) > 0 THEN lock_message_ids($3, $7, $8) END)
     INSERT INTO conversation (organization_id, id, account_id, provider_thread_id, subject, snippet, participants,
       is_read, has_reply, message_count, last_message_at)
     SELECT $1, $2, $3, $4, $5, '', '{}', true, false, 0, $6 FROM locked
     ON CONFLICT (organization_id, account_id, provider_thread_id) DO UPDATE SET message_count = conversation.message_count
     RETURNING id`,
};

/** What a message answers is nearly always the first that it names; each name that is locked takes memory of PostgreSQL. */
const MAX_LOCKED_NAMES = 8;

async function upsertConversation(
  tx: Sql,
  mailbox: Mailbox,
  message: GmailMessage,
  envelope: Envelope,
  claimedEmailId: string | null,
) {
  const isCopy = claimedEmailId !== null;
  const named = isToAttribute(message, envelope) ? envelope.namedIds.slice(0, MAX_LOCKED_NAMES) : [];
  const names = isCopy ? [envelope.messageId, claimedEmailId] : named;
  const { rows } = await tx.query<{ id: string }>({
    ...UPSERT_CONVERSATION,
    values: [
      mailbox.organizationId,
      uuidv7(),
      mailbox.id,
      message.threadId,
      envelope.subject,
      message.internalDate,
      names,
      isCopy,
    ],
  });
  const [row] = rows;
  if (row === undefined) throw new Error('an upsert returned no row');
  return row.id;
}

/** A mail of ours can be in the mailbox twice: what Gmail accepted and did not send stays there, and was sent anew. */
async function confirmSentCopy(tx: Sql, mailbox: Mailbox, message: GmailMessage, outboundEmailId: string | null) {
  if (outboundEmailId === null) return null;
  const { rowCount } = await tx.query({
    name: 'confirm-sent-copy',
    text: `SELECT FROM outbound_email e WHERE e.organization_id = $1 AND e.account_id = $2 AND e.id = $3
        AND (e.provider_message_id = $4 OR e.provider_message_id IS NULL AND e.status IN ('SENDING', 'UNCONFIRMED', 'SENT'))
        AND NOT EXISTS (SELECT FROM email_message m WHERE m.organization_id = $1 AND m.outbound_email_id = $3
          AND m.provider_message_id <> $4)
      FOR NO KEY UPDATE`,
    values: [mailbox.organizationId, mailbox.id, outboundEmailId, message.messageId],
  });
  return rowCount === 1 ? outboundEmailId : null;
}

/** `$1` to `$25` as in `insertMessage`. What it says of other messages of the conversation it takes from before this one. */
const INSERT_MESSAGE = {
  name: 'insert-message',
  text: `WITH message AS (
      INSERT INTO email_message (organization_id, id, conversation_id, account_id, outbound_email_id, ${MESSAGE_COLUMNS})
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26)
      ON CONFLICT (organization_id, account_id, provider_message_id) DO NOTHING
      RETURNING organization_id, id
    ), files AS (
      INSERT INTO attachment (organization_id, id, message_id, position, filename, content_type, size, sha256, content_id, part_id)
      SELECT message.organization_id, gen_random_uuid(), message.id, f.position, f.filename, f.content_type, f.size, f.sha256,
        f.content_id, f.part_id
      FROM message, (
        SELECT position, filename, content_type, size, NULL AS sha256, content_id, part_id FROM jsonb_to_recordset($27)
          AS part(position integer, filename text, content_type text, size integer, content_id text, part_id text)
        WHERE $5 IS NULL
        UNION ALL
        SELECT position, filename, content_type, size, sha256, content_id, NULL FROM attachment
        WHERE organization_id = $1 AND outbound_email_id = $5
      ) f
    ), search AS (
      INSERT INTO conversation_search AS s (organization_id, conversation_id, terms)
      SELECT organization_id, $3, $28 FROM message
      ON CONFLICT (organization_id, conversation_id) DO UPDATE
        SET terms = ARRAY(SELECT DISTINCT unnest(s.terms || excluded.terms))
        WHERE NOT s.terms @> excluded.terms
    ), thread AS (
      UPDATE conversation v SET message_count = v.message_count + 1,
        participants = ARRAY(SELECT DISTINCT unnest(v.participants || $29::text[]) ORDER BY 1),
        is_read = v.is_read AND $18,
        subject = CASE WHEN ($17, $6) < (first.sent_at, first.provider_message_id) THEN $13 ELSE v.subject END,
        snippet = CASE WHEN ($17, $6) < (last.sent_at, last.provider_message_id) THEN v.snippet ELSE $14 END,
        last_message_at = greatest(v.last_message_at, $17),
        has_reply = v.has_reply OR CASE $7 WHEN 'OUTBOUND' THEN EXISTS (
            SELECT FROM email_message m WHERE m.organization_id = $1 AND m.conversation_id = $3
              AND m.direction = 'INBOUND' AND NOT m.is_automatic AND m.sent_at >= $17)
          ELSE NOT $23 AND EXISTS (
            SELECT FROM email_message m WHERE m.organization_id = $1 AND m.conversation_id = $3
              AND m.direction = 'OUTBOUND' AND m.sent_at <= $17) END
      FROM message
      LEFT JOIN LATERAL (SELECT sent_at, provider_message_id FROM email_message
        WHERE organization_id = $1 AND conversation_id = $3 ORDER BY sent_at, provider_message_id LIMIT 1) first ON true
      LEFT JOIN LATERAL (SELECT sent_at, provider_message_id FROM email_message
        WHERE organization_id = $1 AND conversation_id = $3 ORDER BY sent_at DESC, provider_message_id DESC LIMIT 1) last ON true
      WHERE v.organization_id = message.organization_id AND v.id = $3
    ), contact AS (
      UPDATE context_entity c SET last_inbound_at = greatest(c.last_inbound_at, $17),
        awaiting_reply = c.awaiting_reply AND c.last_contacted_at > $17
      FROM message JOIN conversation_context l ON l.organization_id = message.organization_id AND l.conversation_id = $3
      WHERE $7 = 'INBOUND' AND NOT $23 AND NOT $19::text[] && '{SPAM}'
        AND c.organization_id = l.organization_id AND c.type = l.context_type AND c.id = l.context_id
    )
    SELECT $19::text[] && '{TRASH,SPAM}' OR EXISTS (
        SELECT FROM email_message m WHERE m.organization_id = $1 AND m.conversation_id = $3
          AND (m.labels && '{TRASH,SPAM}' OR m.deleted_at IS NOT NULL)) AS hides
    FROM message`,
};

/**
 * The message, its files, and what its conversation and its contexts say of their messages, brought up to date by one more.
 * @returns null when it was stored before; `hides`: what its conversation says leaves out messages of it, this one perhaps.
 */
async function insertMessage(
  tx: Sql,
  mailbox: Mailbox,
  message: GmailMessage,
  envelope: Envelope,
  ids: { readonly id: string; readonly conversationId: string; readonly outboundEmailId: string | null },
): Promise<{ readonly hides: boolean } | null> {
  const { rows } = await tx.query<{ hides: boolean }>({
    ...INSERT_MESSAGE,
    values: [
      mailbox.organizationId,
      ids.id,
      ids.conversationId,
      mailbox.id,
      ids.outboundEmailId,
      ...messageValues(message, envelope),
      JSON.stringify(message.parts.map(fileOf)),
      messageTerms(mailbox, message, envelope),
      participantsOf(mailbox, envelope),
    ],
  });
  return rows[0] ?? null;
}

/** A file of a message, by its place in it. */
function fileOf({ filename, contentType, size, contentId, partId }: GmailPart, position: number) {
  return {
    position,
    filename: storableText(filename),
    content_type: storableText(contentType),
    size,
    content_id: contentId === null ? null : storableText(contentId),
    part_id: storableText(partId),
  };
}

/** A message that a sync stored first is still the sent copy of its outbound email. */
async function linkStored(
  tx: Sql,
  mailbox: Mailbox,
  message: GmailMessage,
  { conversationId, outboundEmailId }: { readonly conversationId: string; readonly outboundEmailId: string | null },
) {
  const { rows } = await tx.query<{ id: string; conversationId: string; messageId: string | null; isNew: boolean }>(
    `UPDATE email_message m SET outbound_email_id = coalesce(m.outbound_email_id, $4)
     FROM (SELECT id, outbound_email_id IS NULL AS is_new FROM email_message
       WHERE organization_id = $1 AND account_id = $2 AND provider_message_id = $3 FOR NO KEY UPDATE) before
     WHERE m.organization_id = $1 AND m.id = before.id
     RETURNING m.id, m.conversation_id AS "conversationId", m.message_id AS "messageId", before.is_new AS "isNew"`,
    [mailbox.organizationId, mailbox.id, message.messageId, outboundEmailId],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('a message that was stored is gone');
  if (outboundEmailId !== null) await linkOutboundEmail(tx, mailbox, { ...row, outboundEmailId });
  // It is in another thread now. Where it was stored it stays, and the conversation that was made for it goes.
  if (row.conversationId !== conversationId) {
    await tx.query(
      `DELETE FROM conversation v WHERE v.organization_id = $1 AND v.id = $2
         AND NOT EXISTS (SELECT FROM email_message m WHERE m.organization_id = $1 AND m.conversation_id = v.id)
         AND NOT EXISTS (SELECT FROM outbound_email e WHERE e.organization_id = $1 AND e.conversation_id = v.id)`,
      [mailbox.organizationId, conversationId],
    );
  }
  return row.id;
}

const LINK_OUTBOUND_EMAIL = {
  name: 'link-outbound-email',
  text: `WITH before AS MATERIALIZED (
      SELECT read_back_at FROM outbound_email WHERE organization_id = $1 AND id = $2 FOR NO KEY UPDATE
    ), email AS (
      UPDATE outbound_email e SET conversation_id = $3, message_id = coalesce($4, e.message_id),
        read_back_at = CASE WHEN e.status IN ('SENT', 'BOUNCED') THEN coalesce(e.read_back_at, now()) ELSE e.read_back_at END,
        updated_at = CASE WHEN e.read_back_at IS NULL THEN now() ELSE e.updated_at END
      FROM before WHERE e.organization_id = $1 AND e.id = $2
      RETURNING e.organization_id, e.context_type, e.context_id,
        before.read_back_at IS NULL OR e.provider_message_id IS NULL AS is_first
    )
    INSERT INTO conversation_context (organization_id, conversation_id, context_type, context_id)
    SELECT organization_id, $3, context_type, context_id FROM email WHERE context_id IS NOT NULL AND is_first AND $5
    ON CONFLICT DO NOTHING RETURNING context_type AS type, context_id AS id`,
};

/**
 * The outbound email learns its conversation and its real Message-ID; the conversation is about what the email is about.
 * What a person has unlinked since is not linked again by storing the copy again. While its sending is not settled it does
 * not count as read back: what came in before must be looked at once more when it is.
 */
async function linkOutboundEmail(
  tx: Sql,
  mailbox: Mailbox,
  sent: SentCopy & { readonly isNew: boolean },
): Promise<void> {
  const { organizationId } = mailbox;
  const { rows } = await tx.query<{ type: string; id: string }>({
    ...LINK_OUTBOUND_EMAIL,
    values: [organizationId, sent.outboundEmailId, sent.conversationId, sent.messageId, sent.isNew],
  });
  for (const context of rows) await refreshContact(tx, organizationId, context);
  await attributeWaiting(tx, mailbox, sent);
}

async function pauseAccount(tx: Sql, { organizationId, id: accountId }: Mailbox, noticedAt: Date): Promise<void> {
  await enqueueIn(tx, job('pause', { organizationId, accountId, noticedAt: noticedAt.toISOString() }), 0);
}
