import type { Sql } from '../db/client.ts';
import type { ContextRef } from '../contexts/kind.ts';

/**
 * Counts anew when an entity was last written to and last heard from, by the conversations that are about it now: they
 * have changed, or what they were about.
 */
export async function refreshContact(sql: Sql, organizationId: string, { type, id }: ContextRef): Promise<void> {
  await sql.query({
    name: 'refresh-contact',
    text: `UPDATE context_entity c SET last_contacted_at = o.at, last_inbound_at = i.at,
        awaiting_reply = o.at IS NOT NULL AND (i.at IS NULL OR i.at < o.at)
      FROM (
        SELECT max(sent_at) AS at FROM outbound_email
        WHERE organization_id = $1 AND context_type = $2 AND context_id = $3 AND status IN ('SENT', 'BOUNCED')
      ) o, (
        SELECT max(m.sent_at) AS at FROM conversation_context l
        JOIN email_message m ON m.organization_id = l.organization_id AND m.conversation_id = l.conversation_id
        WHERE l.organization_id = $1 AND l.context_type = $2 AND l.context_id = $3
          AND m.direction = 'INBOUND' AND NOT m.is_automatic AND m.deleted_at IS NULL AND NOT m.labels && '{SPAM}'
      ) i
      WHERE c.organization_id = $1 AND c.type = $2 AND c.id = $3`,
    values: [organizationId, type, id],
  });
}
