import { mailboxAccess } from '../accounts/mailbox-access.ts';
import { refusalOf } from '../accounts/refusal.ts';
import type { App } from '../app.ts';
import { inTransaction } from '../db/client.ts';
import { SENDER_COLUMNS, type Sender } from '../db/sender.ts';
import { sql } from '../db/statement.ts';
import { NotFoundError } from '../errors.ts';
import { requireActive } from '../outbound/resolve.ts';
import { relabelMessages } from './update-messages.ts';

/**
 * Marks a conversation read, or its last received message unread, in Gmail and here. A message that came in meanwhile
 * stays unread. Repeating it changes nothing.
 * @throws {NotFoundError} @throws {AccountNotReadyError} @throws {ProviderError} when Gmail did not confirm it.
 */
export async function markConversationRead(
  app: App,
  organizationId: string,
  conversationId: string,
  read: boolean,
): Promise<void> {
  const { rows } = await app.pool.query<Sender>(
    sql`SELECT ${SENDER_COLUMNS} FROM conversation v
      JOIN email_account a ON a.organization_id = v.organization_id AND a.id = v.account_id
      WHERE v.organization_id = ${organizationId} AND v.id = ${conversationId}`,
  );
  const [account] = rows;
  if (account === undefined) throw new NotFoundError('Conversation', conversationId);
  requireActive(account);

  const { rows: messages } = await app.pool.query<{ providerMessageId: string }>(
    sql`SELECT provider_message_id AS "providerMessageId" FROM email_message
      WHERE organization_id = ${organizationId} AND conversation_id = ${conversationId} AND deleted_at IS NULL
      ORDER BY labels && '{TRASH,SPAM}', direction = 'INBOUND' DESC, sent_at DESC, id DESC LIMIT ${read ? null : 1}`,
  );
  const ids = messages.map(({ providerMessageId }) => providerMessageId);
  const change = { added: read ? [] : ['UNREAD'], removed: read ? ['UNREAD'] : [] };
  try {
    await app.gmail.modifyMessages(mailboxAccess(app, account), ids, { add: change.added, remove: change.removed });
  } catch (error) {
    throw await refusalOf(app, account, error);
  }
  const changes = ids.map((messageId) => ({ messageId, ...change }));
  await inTransaction(app.pool, (tx) => relabelMessages(tx, account, changes));
}
