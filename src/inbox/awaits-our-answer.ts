import type { Sql } from '../db/client.ts';
import { sql } from '../db/statement.ts';

/** Of the conversation `v`: the last message that a person wrote is inbound. Trash, spam and deleted messages do not count. */
export const LAST_WRITTEN_IS_INBOUND = sql`coalesce((
    SELECT m.direction = 'INBOUND' FROM email_message m
    WHERE m.organization_id = v.organization_id AND m.conversation_id = v.id
      AND NOT m.is_automatic AND m.deleted_at IS NULL AND NOT m.labels && '{TRASH,SPAM}'
    ORDER BY m.sent_at DESC, m.provider_message_id DESC LIMIT 1
  ), false)`;

/** Recomputes whether a conversation awaits our answer, after one of its messages has changed. */
export async function refreshAwaitsOurAnswer(tx: Sql, organizationId: string, conversationId: string): Promise<void> {
  await tx.query(
    sql`UPDATE conversation v SET awaits_our_answer = ${LAST_WRITTEN_IS_INBOUND}
      WHERE v.organization_id = ${organizationId} AND v.id = ${conversationId}`,
  );
}
