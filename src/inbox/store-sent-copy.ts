import { v7 as uuidv7 } from 'uuid';
import type { Pool } from '../db/client.ts';
import type { GmailMessage } from '../gmail/gateway.ts';
import {
  type Envelope,
  type Mailbox,
  MESSAGE_COLUMNS,
  messageTerms,
  messageValues,
  participantsOf,
} from '../sync/envelope.ts';

const STORE_IN_NEW_THREAD = {
  name: 'store-in-new-thread',
  text: `WITH thread AS (
      INSERT INTO conversation (organization_id, id, account_id, provider_thread_id, subject, snippet, participants,
        is_read, has_reply, message_count, last_message_at)
      SELECT $1, $2, $4, $6, $15, $16, ARRAY(SELECT DISTINCT unnest($7::text[]) ORDER BY 1), $20, false, 1, $19
      WHERE EXISTS (
        SELECT FROM outbound_email WHERE organization_id = $1 AND account_id = $4 AND id = $5 AND provider_message_id = $8
      ) AND NOT is_awaited($1, $4, ARRAY[$22, $5::text])
      ON CONFLICT (organization_id, account_id, provider_thread_id) DO NOTHING
      RETURNING organization_id, id
    ), message AS (
      INSERT INTO email_message (organization_id, id, conversation_id, account_id, outbound_email_id, ${MESSAGE_COLUMNS})
      SELECT organization_id, $3, id, $4, $5, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28
      FROM thread
    ), files AS (
      INSERT INTO attachment (organization_id, id, message_id, position, filename, content_type, size, sha256, content_id)
      SELECT f.organization_id, gen_random_uuid(), $3, position, filename, content_type, size, sha256, content_id
      FROM thread JOIN attachment f ON f.organization_id = thread.organization_id AND f.outbound_email_id = $5
    ), search AS (
      INSERT INTO conversation_search (organization_id, conversation_id, terms)
      SELECT organization_id, id, $29::text[] FROM thread
    ), email AS (
      UPDATE outbound_email e SET conversation_id = thread.id, message_id = coalesce($22, e.message_id),
        read_back_at = now(), updated_at = now()
      FROM thread WHERE e.organization_id = thread.organization_id AND e.id = $5
      RETURNING e.organization_id, e.conversation_id, e.context_type, e.context_id
    ), context AS (
      INSERT INTO conversation_context (organization_id, conversation_id, context_type, context_id)
      SELECT organization_id, conversation_id, context_type, context_id FROM email WHERE context_id IS NOT NULL
    )
    SELECT set_config('synchronous_commit', 'off', true) FROM thread`,
};

/**
 * Stores the sent copy of an email that began a thread, as most do, with its conversation in one statement. It does not wait
 * for the disk: what a crash of the database should undo is read back again. What is in a conversation that is there
 * already, and what came in on it before, needs more care; see `storeMessage`.
 * @returns its id; null when nothing was stored.
 */
export async function storeInNewThread(
  pool: Pool,
  mailbox: Mailbox,
  message: GmailMessage,
  envelope: Envelope,
  outboundEmailId: string,
): Promise<string | null> {
  const id = uuidv7();
  const { rowCount } = await pool.query({
    ...STORE_IN_NEW_THREAD,
    values: [
      mailbox.organizationId,
      uuidv7(),
      id,
      mailbox.id,
      outboundEmailId,
      message.threadId,
      participantsOf(mailbox, envelope),
      ...messageValues(message, envelope),
      messageTerms(mailbox, message, envelope),
    ],
  });
  return rowCount === 1 ? id : null;
}
