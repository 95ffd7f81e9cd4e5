import type { Sql } from '../db/client.ts';
import { sql, statement } from '../db/statement.ts';
import type { ContextRef } from './kind.ts';

export const recountContact = statement(
  'refresh-contact',
  ({ organizationId, type, id }: ContextRef & { readonly organizationId: string }) => sql`UPDATE context_entity c
    SET last_contacted_at = contacted_at, last_inbound_at = m.inbound_at,
      awaiting_reply = contacted_at IS NOT NULL AND (m.inbound_at IS NULL OR m.inbound_at < contacted_at)
    FROM (
      SELECT max(e.sent_at) AS at FROM outbound_email_context l
      JOIN outbound_email e ON e.organization_id = l.organization_id AND e.id = l.outbound_email_id
      WHERE l.organization_id = ${organizationId} AND l.context_type = ${type} AND l.context_id = ${id}
        AND e.status IN ('SENT', 'BOUNCED')
    ) e, (
      SELECT max(m.sent_at) FILTER (WHERE m.direction = 'INBOUND') AS inbound_at,
        max(m.sent_at) FILTER (WHERE m.direction = 'OUTBOUND' AND m.outbound_email_id IS NULL) AS by_hand_at
      FROM conversation_context l
      JOIN email_message m ON m.organization_id = l.organization_id AND m.conversation_id = l.conversation_id
      WHERE l.organization_id = ${organizationId} AND l.context_type = ${type} AND l.context_id = ${id}
        AND NOT m.is_automatic AND m.deleted_at IS NULL AND NOT m.labels && '{SPAM}'
    ) m, greatest(e.at, m.by_hand_at) AS contacted_at
    WHERE c.organization_id = ${organizationId} AND c.type = ${type} AND c.id = ${id}`,
);

/** Locks entities in the order in which everything locks them. */
export async function lockContacts(tx: Sql, organizationId: string, contexts: readonly ContextRef[]): Promise<void> {
  await tx.query(
    sql`SELECT FROM context_entity c
      JOIN unnest(${contexts.map(({ type }) => type)}::text[], ${contexts.map(({ id }) => id)}::uuid[]) l(type, id)
        ON c.organization_id = ${organizationId} AND c.type = l.type AND c.id = l.id
      ORDER BY c.type, c.id FOR NO KEY UPDATE OF c`,
  );
}

/**
 * Recomputes when entities were last contacted and last answered, after the emails or conversations about them have changed.
 * They are locked first, so that the counts include what was committed meanwhile.
 */
export async function refreshContacts(
  connection: Sql,
  organizationId: string,
  contexts: readonly ContextRef[],
): Promise<void> {
  if (contexts.length === 0) return;
  await lockContacts(connection, organizationId, contexts);
  for (const { type, id } of contexts) await connection.query(recountContact({ organizationId, type, id }));
}
