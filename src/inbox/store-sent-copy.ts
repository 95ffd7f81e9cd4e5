import { v7 as uuidv7 } from 'uuid';
import { insertConversationLinks } from '../contexts/links.ts';
import type { Pool } from '../db/client.ts';
import { raw, sql, statement } from '../db/statement.ts';
import { MESSAGE_COLUMNS, messageValues } from './message-row.ts';
import type { Mailbox } from './parse-message.ts';
import type { PreparedMessage } from './prepare-message.ts';

interface SentCopy {
  readonly id: string;
  readonly mailbox: Mailbox;
  readonly prepared: PreparedMessage;
  readonly outboundEmailId: string;
}

export const insertInNewThread = statement(
  'store-in-new-thread',
  ({ id, mailbox, prepared: { message, row, participants, terms }, outboundEmailId }: SentCopy) => sql`WITH thread AS (
      INSERT INTO conversation (organization_id, id, account_id, provider_thread_id, subject, snippet, participants,
        is_read, has_reply, message_count, last_message_at)
      SELECT e.organization_id, ${uuidv7()}, e.account_id, ${message.threadId}, ${row.subject}, ${row.snippet},
        ARRAY(SELECT DISTINCT unnest(${participants}::text[]) ORDER BY 1), ${row.isRead}, false, 1, ${row.sentAt}
      FROM outbound_email e
      WHERE e.organization_id = ${mailbox.organizationId} AND e.account_id = ${mailbox.id} AND e.id = ${outboundEmailId}
        AND e.provider_message_id = ${row.providerMessageId}
        AND NOT is_awaited(e.organization_id, e.account_id, ARRAY[${row.messageId}, e.id::text])
      ON CONFLICT (organization_id, account_id, provider_thread_id) DO NOTHING
      RETURNING organization_id, id, account_id
    ), message AS (
      INSERT INTO email_message (organization_id, id, conversation_id, account_id, outbound_email_id, ${raw(MESSAGE_COLUMNS)})
      SELECT organization_id, ${id}, id, account_id, ${outboundEmailId}, ${messageValues(row)} FROM thread
    ), files AS (
      INSERT INTO attachment (organization_id, id, message_id, position, filename, content_type, size, sha256, content_id)
      SELECT f.organization_id, gen_random_uuid(), ${id}, position, filename, content_type, size, sha256, content_id
      FROM thread JOIN attachment f
        ON f.organization_id = thread.organization_id AND f.outbound_email_id = ${outboundEmailId}
    ), search AS (
      INSERT INTO message_search (organization_id, message_id, conversation_id, terms)
      SELECT organization_id, ${id}, id, array_to_tsvector(${terms}) FROM thread
    ), email AS (
      UPDATE outbound_email e SET conversation_id = thread.id, message_id = coalesce(${row.messageId}, e.message_id),
        sent_copy_fetched_at = now(), updated_at = now()
      FROM thread WHERE e.organization_id = thread.organization_id AND e.id = ${outboundEmailId}
      RETURNING e.organization_id, e.conversation_id, e.id
    ), links AS (
      ${insertConversationLinks(sql`email`)}
    )
    SELECT set_config('synchronous_commit', 'off', true) FROM thread`,
);

/**
 * Stores the sent copy of an email that began a thread, as most do, with its conversation in one statement. It does not wait for the
 * disk: if a crash of the database undoes it, the copy is fetched again. A copy in an existing conversation, or one with earlier
 * replies, needs more care; see `storeMessage`.
 * @returns its id; null when nothing was stored.
 */
export async function storeInNewThread(
  pool: Pool,
  mailbox: Mailbox,
  prepared: PreparedMessage,
  outboundEmailId: string,
): Promise<string | null> {
  const id = uuidv7();
  const { rowCount } = await pool.query(insertInNewThread({ id, mailbox, prepared, outboundEmailId }));
  return rowCount === 1 ? id : null;
}
