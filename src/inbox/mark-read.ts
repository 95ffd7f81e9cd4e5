import type { App } from '../app.ts';
import { inTransaction } from '../db/client.ts';
import { retryDeadlocks } from '../db/retry-deadlocks.ts';
import { NotFoundError } from '../errors.ts';
import { refusalOf } from '../accounts/refusal.ts';
import { requireActive } from '../outbound/resolve.ts';
import { mailboxAccess, SENDER_COLUMNS, type Sender } from '../accounts/mailbox-access.ts';
import { relabelMessages } from './update-messages.ts';

interface StoredRef {
  readonly providerMessageId: string;
}

/**
 * Marks a conversation read, or its last received message unread, in Gmail and here. A message that came in meanwhile
 * stays unread. Doing it twice is the same.
 * @throws {NotFoundError} @throws {AccountNotReadyError} @throws {ProviderError} when Gmail did not do it: nothing has changed.
 */
export async function markConversationRead(
  app: App,
  organizationId: string,
  conversationId: string,
  read: boolean,
): Promise<void> {
  const { rows } = await app.pool.query<Sender>(
    `SELECT ${SENDER_COLUMNS} FROM conversation v
     JOIN email_account a ON a.organization_id = v.organization_id AND a.id = v.account_id
     WHERE v.organization_id = $1 AND v.id = $2`,
    [organizationId, conversationId],
  );
  const [account] = rows;
  if (account === undefined) throw new NotFoundError('Conversation', conversationId);
  requireActive(account);

  const { rows: messages } = await app.pool.query<StoredRef>(
    `SELECT provider_message_id AS "providerMessageId" FROM email_message
     WHERE organization_id = $1 AND conversation_id = $2 AND deleted_at IS NULL
     ORDER BY labels && '{TRASH,SPAM}', direction = 'INBOUND' DESC, sent_at DESC, id DESC LIMIT $3`,
    [organizationId, conversationId, read ? null : 1],
  );
  const ids = messages.map(({ providerMessageId }) => providerMessageId);
  const change = { added: read ? [] : ['UNREAD'], removed: read ? ['UNREAD'] : [] };
  try {
    await app.gmail.modifyMessages(mailboxAccess(app, account), ids, { add: change.added, remove: change.removed });
  } catch (error) {
    throw await refusalOf(app, account, error);
  }
  const changes = ids.map((messageId) => ({ messageId, ...change }));
  await retryDeadlocks(() => inTransaction(app.pool, (tx) => relabelMessages(tx, account, changes)));
}
