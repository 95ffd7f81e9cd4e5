import { inTransaction, type Pool, type Sql } from '../db/client.ts';
import { InvalidInputError, NotFoundError } from '../errors.ts';
import { refreshContact } from '../context/contact.ts';
import type { ContextRef } from './kind.ts';
import { contextKind, knownContextTypes } from './registry.ts';

/**
 * A conversation is about an entity from now on, and so are the replies in it that name none. Linking twice is the same.
 * @throws {InvalidInputError} for an unknown kind. @throws {NotFoundError} for the conversation or the entity.
 */
export async function linkConversation(
  pool: Pool,
  organizationId: string,
  conversationId: string,
  context: ContextRef,
): Promise<void> {
  await change(pool, organizationId, conversationId, context, (tx) =>
    tx.query(
      `INSERT INTO conversation_context (organization_id, conversation_id, context_type, context_id)
       VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
      [organizationId, conversationId, context.type, context.id],
    ),
  );
}

/**
 * A conversation is no longer about an entity; the emails that were sent about it still are. Unlinking twice is the same.
 * @throws {InvalidInputError} for an unknown kind. @throws {NotFoundError} for the conversation or the entity.
 */
export async function unlinkConversation(
  pool: Pool,
  organizationId: string,
  conversationId: string,
  context: ContextRef,
): Promise<void> {
  await change(pool, organizationId, conversationId, context, (tx) =>
    tx.query(
      `DELETE FROM conversation_context
       WHERE organization_id = $1 AND conversation_id = $2 AND context_type = $3 AND context_id = $4`,
      [organizationId, conversationId, context.type, context.id],
    ),
  );
}

async function change(
  pool: Pool,
  organizationId: string,
  conversationId: string,
  context: ContextRef,
  apply: (tx: Sql) => Promise<{ readonly rowCount: number | null }>,
): Promise<void> {
  const kind = contextKind(context.type);
  if (kind === undefined) {
    throw new InvalidInputError([{ path: 'context.type', message: `Must be one of ${knownContextTypes()}.` }]);
  }
  await inTransaction(pool, async (tx) => {
    // The conversation first, as everything does that stores a message in it.
    const { rowCount: conversations } = await tx.query(
      'SELECT FROM conversation WHERE organization_id = $1 AND id = $2 FOR UPDATE',
      [organizationId, conversationId],
    );
    if (conversations === 0) throw new NotFoundError('Conversation', conversationId);
    const { rowCount: entities } = await tx.query(
      'SELECT FROM context_entity WHERE organization_id = $1 AND type = $2 AND id = $3 FOR NO KEY UPDATE',
      [organizationId, context.type, context.id],
    );
    if (entities === 0) throw new NotFoundError(kind.typename, context.id);
    const { rowCount } = await apply(tx);
    if (rowCount !== 0) await refreshContact(tx, organizationId, context);
  });
}
