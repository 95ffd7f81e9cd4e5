import { inTransaction, type Pool, type Sql } from '../db/client.ts';
import { sql } from '../db/statement.ts';
import { NotFoundError } from '../errors.ts';
import { refreshContacts } from './contact-state.ts';
import type { ContextRef } from './kind.ts';
import { deleteUnfounded, insertConversationLink } from './links.ts';
import { type ContextInput, findContexts, requireContextName } from './references.ts';

interface ConversationLink {
  readonly organizationId: string;
  readonly conversationId: string;
  readonly context: ContextInput;
}

/**
 * Links a conversation to an entity. Replies that name no contexts then take it. Linking twice changes nothing.
 * @throws {InvalidInputError} for the form of the reference. @throws {NotFoundError} for the conversation or the entity.
 */
export async function linkConversation(pool: Pool, link: ConversationLink): Promise<void> {
  const { organizationId, conversationId } = link;
  await change(pool, link, async (tx, entity) => {
    const { rows } = await tx.query<ContextRef>(insertConversationLink(organizationId, conversationId, entity));
    return rows;
  });
}

/**
 * Removes the link between a conversation and an entity. Emails keep their own links, and a customer stays linked as long as
 * one of its invoices is. Unlinking twice changes nothing.
 * @throws {InvalidInputError} for the form of the reference. @throws {NotFoundError} for the conversation or the entity.
 */
export async function unlinkConversation(pool: Pool, link: ConversationLink): Promise<void> {
  const { organizationId, conversationId } = link;
  await change(pool, link, async (tx, { type, id }) => {
    await tx.query(
      sql`UPDATE conversation_context SET position = NULL
        WHERE organization_id = ${organizationId} AND conversation_id = ${conversationId} AND context_type = ${type}
          AND context_id = ${id}`,
    );
    const links = sql`l.organization_id = ${organizationId} AND l.conversation_id = ${conversationId}`;
    const { rows } = await tx.query<ContextRef>(deleteUnfounded('conversation_context', links));
    return rows;
  });
}

async function change(
  pool: Pool,
  { organizationId, conversationId, context: input }: ConversationLink,
  apply: (tx: Sql, context: ContextRef) => Promise<readonly ContextRef[]>,
): Promise<void> {
  const name = requireContextName(input, 'context');
  await inTransaction(pool, async (tx) => {
    // The conversation first, as everything does that stores a message in it.
    const { rowCount: conversations } = await tx.query(
      sql`SELECT FROM conversation WHERE organization_id = ${organizationId} AND id = ${conversationId} FOR NO KEY UPDATE`,
    );
    if (conversations === 0) throw new NotFoundError('Conversation', conversationId);
    const links = await findContexts(tx, organizationId, [name]);
    for (const context of links.filter(({ position }) => position !== null)) {
      await refreshContacts(tx, organizationId, await apply(tx, context));
    }
  });
}
