import type { Sql } from '../db/client.ts';
import { raw, sql, statement } from '../db/statement.ts';
import { MESSAGE_COLUMNS, messageValues } from './message-row.ts';
import { MAX_PARTICIPANTS, type Mailbox } from './parse-message.ts';
import type { PreparedMessage } from './prepare-message.ts';

/** As `isAutomaticDecided` has it. */
const KEPT_DECISION =
  'CASE WHEN email_message.is_automatic_decided THEN email_message.is_automatic ELSE excluded.is_automatic END';
const REPLACED_COLUMNS = raw(
  MESSAGE_COLUMNS.split(/,\s*/)
    .map((name) => `${name} = ${name === 'is_automatic' ? KEPT_DECISION : `excluded.${name}`}`)
    .join(', '),
);

interface NewMessage {
  readonly mailbox: Mailbox;
  readonly prepared: PreparedMessage;
  readonly newId: string;
  readonly conversationId: string;
  readonly outboundEmailId: string | null;
  readonly replaces: boolean;
}

/** Subqueries on other messages of the conversation do not see the inserted one. */
export const insertWithEffects = statement(
  'insert-message',
  ({ mailbox, prepared, newId, conversationId, outboundEmailId, replaces }: NewMessage) => {
    const { row, files, terms, participants } = prepared;
    const { organizationId } = mailbox;
    const place = sql`(${row.sentAt}::timestamptz, ${row.providerMessageId})`;
    const others = sql`email_message WHERE organization_id = ${organizationId} AND conversation_id = ${conversationId}`;
    return sql`WITH message AS (
      INSERT INTO email_message (organization_id, id, conversation_id, account_id, outbound_email_id, ${raw(MESSAGE_COLUMNS)})
      VALUES (${organizationId}, ${newId}, ${conversationId}, ${mailbox.id}, ${outboundEmailId}, ${messageValues(row)})
      ON CONFLICT (organization_id, account_id, provider_message_id) DO UPDATE SET ${REPLACED_COLUMNS},
          deleted_at = NULL, content_erased_at = NULL
        WHERE email_message.conversation_id = excluded.conversation_id
          AND (email_message.deleted_at IS NOT NULL OR ${replaces} AND email_message.content_erased_at IS NULL)
      RETURNING organization_id, id, direction, is_automatic, labels
    ), files AS (
      INSERT INTO attachment (organization_id, id, message_id, position, filename, content_type, size, sha256, content_id, part_id)
      SELECT message.organization_id, gen_random_uuid(), message.id, f.position, f.filename, f.content_type, f.size, f.sha256,
        f.content_id, f.part_id
      FROM message, (
        SELECT position, filename, content_type, size, NULL AS sha256, content_id, part_id FROM jsonb_to_recordset(${files})
          AS part(position integer, filename text, content_type text, size integer, content_id text, part_id text)
        WHERE ${outboundEmailId === null}
        UNION ALL
        SELECT position, filename, content_type, size, sha256, content_id, NULL FROM attachment
        WHERE organization_id = ${organizationId} AND outbound_email_id = ${outboundEmailId}
      ) f
      WHERE NOT EXISTS (SELECT FROM attachment WHERE organization_id = ${organizationId} AND message_id = message.id)
    ), search AS (
      INSERT INTO message_search (organization_id, message_id, conversation_id, terms)
      SELECT organization_id, id, ${conversationId}, array_to_tsvector(${terms}) FROM message
      ON CONFLICT (organization_id, message_id) DO UPDATE SET terms = excluded.terms
    ), thread AS (
      UPDATE conversation v SET message_count = v.message_count + 1,
        participants = ARRAY(SELECT DISTINCT unnest(v.participants || ${participants}::text[]) ORDER BY 1 LIMIT ${raw(String(MAX_PARTICIPANTS))}),
        is_read = v.is_read AND ${row.isRead},
        subject = CASE WHEN ${place} < (first.sent_at, first.provider_message_id) THEN ${row.subject} ELSE v.subject END,
        snippet = CASE WHEN ${place} < (last.sent_at, last.provider_message_id) THEN v.snippet ELSE ${row.snippet} END,
        last_message_at = greatest(v.last_message_at, ${row.sentAt}),
        has_reply = v.has_reply OR NOT message.is_automatic AND CASE message.direction
          WHEN 'OUTBOUND' THEN EXISTS (
            SELECT FROM ${others} AND direction = 'INBOUND' AND NOT is_automatic AND sent_at >= ${row.sentAt})
          ELSE EXISTS (
            SELECT FROM ${others} AND direction = 'OUTBOUND' AND NOT is_automatic AND sent_at <= ${row.sentAt}) END,
        awaits_our_answer = CASE WHEN message.is_automatic OR message.labels && '{TRASH,SPAM}' OR EXISTS (
            SELECT FROM ${others} AND (sent_at, provider_message_id) > ${place}
              AND NOT is_automatic AND deleted_at IS NULL AND NOT labels && '{TRASH,SPAM}')
          THEN v.awaits_our_answer ELSE message.direction = 'INBOUND' END
      FROM message
      LEFT JOIN LATERAL (
        SELECT sent_at, provider_message_id FROM ${others} ORDER BY sent_at, provider_message_id LIMIT 1
      ) first ON true
      LEFT JOIN LATERAL (
        SELECT sent_at, provider_message_id FROM ${others} ORDER BY sent_at DESC, provider_message_id DESC LIMIT 1
      ) last ON true
      WHERE v.organization_id = message.organization_id AND v.id = ${conversationId}
    )
    SELECT id, labels && '{TRASH,SPAM}'
      OR EXISTS (SELECT FROM ${others} AND (labels && '{TRASH,SPAM}' OR deleted_at IS NOT NULL)) AS hides,
      CASE WHEN NOT is_automatic AND NOT labels && '{SPAM}' AND (direction = 'INBOUND' OR ${outboundEmailId === null}) THEN (
        -- The transition to SENT has counted what Epistle sent.
        SELECT note_contact(message.organization_id, array_agg(l.context_type), array_agg(l.context_id),
          CASE direction WHEN 'OUTBOUND' THEN ${row.sentAt}::timestamptz END, CASE direction WHEN 'INBOUND' THEN ${row.sentAt}::timestamptz END)
        FROM conversation_context l WHERE l.organization_id = message.organization_id AND l.conversation_id = ${conversationId}
      ) END
    FROM message`;
  },
);

/**
 * Inserts a message and its files, and updates what its conversation and contexts derive from their messages.
 * A message that was deleted here is in the mailbox again: it takes the new content.
 * @param message.replaces so does a stored message whose content was not erased, and it takes the files if it has none.
 * @returns null when the message was stored before and is not replaced. `id` is `newId`, or that of the replaced message.
 * `hides`: the conversation has messages in trash or spam, or deleted ones, which it must leave out.
 */
export async function insertMessage(
  tx: Sql,
  message: NewMessage,
): Promise<{ readonly id: string; readonly hides: boolean } | null> {
  const { rows } = await tx.query<{ id: string; hides: boolean }>(insertWithEffects(message));
  return rows[0] ?? null;
}
