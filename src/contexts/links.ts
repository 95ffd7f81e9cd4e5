/**
 * Links connect an email or a conversation with its contexts: one row per entity, in `outbound_email_context` and
 * `conversation_context`. An email about an invoice is also linked to the customer of the invoice, by a link without a position. So the
 * lists and the contact state of a customer are read like those of any entity.
 */
import type { Sql } from '../db/client.ts';
import { type Fragment, raw, sql } from '../db/statement.ts';
import { refreshContacts } from './contact-state.ts';
import type { ContextRef } from './kind.ts';

export interface ContextLink extends ContextRef {
  /** From 0, the main one. Null: only linked because something that belongs to it is. */
  readonly position: number | null;
}

/**
 * Writes the links of the email in the relation `email`. Links that it has already stay as they are. What an entity belongs to is read
 * here once more, because it can have changed since `links` were found. (A change while the email's transaction is open is missed.)
 */
export function insertEmailLinks(links: readonly ContextLink[]): Fragment {
  const own = links.filter(({ position }) => position !== null);
  return sql`INSERT INTO outbound_email_context
      (organization_id, outbound_email_id, context_type, context_id, position, created_at)
    SELECT email.organization_id, email.id, l.type, l.id, l.position, email.created_at
    FROM email, unnest(${own.map(({ type }) => type)}::text[], ${own.map(({ id }) => id)}::uuid[],
      ${own.map(({ position }) => position)}::smallint[]) o(type, id, position)
    CROSS JOIN LATERAL (
      SELECT o.type, o.id, o.position
      UNION ALL
      SELECT parent_type, parent_id, NULL FROM context_entity
      WHERE organization_id = email.organization_id AND type = o.type AND id = o.id AND parent_id IS NOT NULL
    ) l
    ORDER BY l.position
    ON CONFLICT DO NOTHING`;
}

/** A link that follows from another one becomes one of its own. */
const ON_CONFLICT_OWN = sql`ON CONFLICT (organization_id, conversation_id, context_type, context_id) DO UPDATE
    SET position = excluded.position, created_at = excluded.created_at
    WHERE conversation_context.position IS NULL AND excluded.position IS NOT NULL
  RETURNING context_type AS type, context_id AS id`;

/**
 * Links conversations to what emails are about. It returns the entities that are new to them.
 * @param emails a relation with `organization_id`, `conversation_id` and `id`.
 */
export function insertConversationLinks(emails: Fragment): Fragment {
  return sql`INSERT INTO conversation_context (organization_id, conversation_id, context_type, context_id, position)
    SELECT e.organization_id, e.conversation_id, l.context_type, l.context_id, l.position
    FROM ${emails} e JOIN outbound_email_context l ON l.organization_id = e.organization_id AND l.outbound_email_id = e.id
    ${ON_CONFLICT_OWN}`;
}

/** Links a conversation to an entity and to what that belongs to. It returns the entities that are new to it. */
export function insertConversationLink(organizationId: string, conversationId: string, context: ContextRef): Fragment {
  return sql`WITH entity AS (
      SELECT type, id, parent_type, parent_id FROM context_entity
      WHERE organization_id = ${organizationId} AND type = ${context.type} AND id = ${context.id}
    )
    INSERT INTO conversation_context (organization_id, conversation_id, context_type, context_id, position)
    SELECT ${organizationId}::uuid, ${conversationId}::uuid, type, id, 0 FROM entity
    UNION ALL
    SELECT ${organizationId}::uuid, ${conversationId}::uuid, parent_type, parent_id, NULL FROM entity WHERE parent_id IS NOT NULL
    ${ON_CONFLICT_OWN}`;
}

/** A scalar subquery: the links of the conversation in the relation `v`, in the order in which replies take them. */
export const CONVERSATION_LINKS = sql`(SELECT coalesce(json_agg(json_build_object('type', context_type, 'id', context_id,
      'position', position) ORDER BY created_at, position, context_id), '[]')
    FROM conversation_context WHERE organization_id = v.organization_id AND conversation_id = v.id)`;

/** The links of a reply that names no contexts. */
export function inheritedLinks(links: readonly ContextLink[]): ContextLink[] {
  const own = links.filter(({ position }) => position !== null);
  return [
    ...own.map(({ type, id }, position) => ({ type, id, position })),
    ...links.filter(({ position }) => position === null),
  ];
}

/** Each table of links, by the column that names whose links they are. */
const OWNER = {
  outbound_email_context: raw('outbound_email_id'),
  conversation_context: raw('conversation_id'),
} as const;

type LinkTable = keyof typeof OWNER;

/**
 * Removes the links without position that no other link of the same email or conversation leads to.
 * @param where which links to look at; the table is `l`.
 */
export function deleteUnfounded(table: LinkTable, where: Fragment): Fragment {
  const owner = OWNER[table];
  return sql`DELETE FROM ${raw(table)} l WHERE ${where} AND l.position IS NULL AND NOT EXISTS (
      SELECT FROM ${raw(table)} o
      JOIN context_entity c ON c.organization_id = o.organization_id AND c.type = o.context_type AND c.id = o.context_id
      WHERE o.organization_id = l.organization_id AND o.${owner} = l.${owner} AND o.position IS NOT NULL
        AND c.parent_type = l.context_type AND c.parent_id = l.context_id)
    RETURNING context_type AS type, context_id AS id`;
}

/** An entity and what it belonged to and now belongs to. */
interface Move {
  readonly entity: ContextRef;
  readonly from: ContextRef;
  readonly to: ContextRef;
}

/** Moves entities to others to which they belong: their emails and conversations are then linked to those, and not to the former. */
export async function moveLinks(tx: Sql, organizationId: string, moves: readonly Move[]): Promise<void> {
  const moved = sql`unnest(${moves.map(({ entity }) => entity.type)}::text[], ${moves.map(({ entity }) => entity.id)}::uuid[],
    ${moves.map(({ to }) => to.type)}::text[], ${moves.map(({ to }) => to.id)}::uuid[]) m(type, id, to_type, to_id)`;
  const former = sql`l.organization_id = ${organizationId} AND (l.context_type, l.context_id) IN (
    SELECT * FROM unnest(${moves.map(({ from }) => from.type)}::text[], ${moves.map(({ from }) => from.id)}::uuid[]))`;
  const affected: ContextRef[] = [];
  for (const table of ['outbound_email_context', 'conversation_context'] as const) {
    const owner = OWNER[table];
    const { rows: linked } = await tx.query<ContextRef>(
      sql`INSERT INTO ${raw(table)} (organization_id, ${owner}, context_type, context_id, created_at)
        SELECT l.organization_id, l.${owner}, m.to_type, m.to_id, l.created_at FROM ${moved}
        JOIN ${raw(table)} l ON l.organization_id = ${organizationId} AND l.context_type = m.type AND l.context_id = m.id
          AND l.position IS NOT NULL
        ON CONFLICT DO NOTHING
        RETURNING context_type AS type, context_id AS id`,
    );
    const { rows: unlinked } = await tx.query<ContextRef>(deleteUnfounded(table, former));
    affected.push(...linked, ...unlinked);
  }
  const distinct = new Map(affected.map((entity) => [`${entity.type} ${entity.id}`, entity]));
  await refreshContacts(tx, organizationId, [...distinct.values()]);
}
