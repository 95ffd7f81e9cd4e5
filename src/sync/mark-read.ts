import type { App } from '../app.ts';
import { inTransaction } from '../db/client.ts';
import { AccountNotReadyError, NotFoundError, ProviderError } from '../errors.ts';
import { GmailError } from '../gmail/errors.ts';
import { requireActive } from '../mail/resolve.ts';
import { mailboxAccess, markNeedsReauth, SENDER_COLUMNS, type Sender } from '../mail/sender.ts';

interface StoredRef {
  readonly id: string;
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
    `SELECT id, provider_message_id AS "providerMessageId" FROM email_message
     WHERE organization_id = $1 AND conversation_id = $2 AND deleted_at IS NULL
     ORDER BY labels && '{TRASH,SPAM}', direction = 'INBOUND' DESC, sent_at DESC, id DESC LIMIT $3`,
    [organizationId, conversationId, read ? null : 1],
  );
  await changeInGmail(app, account, messages, read);
  await inTransaction(app.pool, async (tx) => {
    await tx.query('SELECT FROM conversation WHERE organization_id = $1 AND id = $2 FOR UPDATE', [
      organizationId,
      conversationId,
    ]);
    const ids = messages.map(({ id }) => id);
    await tx.query(
      `WITH changed AS (
         UPDATE email_message SET is_read = $4,
           labels = CASE WHEN $4 THEN array_remove(labels, 'UNREAD') ELSE array_append(array_remove(labels, 'UNREAD'), 'UNREAD') END
         WHERE organization_id = $1 AND conversation_id = $2 AND id = ANY($3)
       )
       UPDATE conversation SET is_read = $4 AND NOT EXISTS (
         SELECT FROM email_message WHERE organization_id = $1 AND conversation_id = $2 AND NOT is_read AND id <> ALL($3))
       WHERE organization_id = $1 AND id = $2`,
      [organizationId, conversationId, ids, read],
    );
  });
}

async function changeInGmail(app: App, account: Sender, messages: readonly StoredRef[], read: boolean): Promise<void> {
  const ids = messages.map(({ providerMessageId }) => providerMessageId);
  try {
    await app.gmail.modifyMessages(mailboxAccess(app, account), ids, { [read ? 'remove' : 'add']: ['UNREAD'] });
  } catch (error) {
    if (!(error instanceof GmailError)) throw error;
    if (error.kind === 'reauth') {
      await markNeedsReauth(app.pool, account);
      throw new AccountNotReadyError(account.id, 'NEEDS_REAUTH');
    }
    throw new ProviderError({ status: error.status ?? 0, reason: error.reason, retry: RETRY[error.kind] ?? 'NEVER' });
  }
}

/** Setting a label twice is the same, so even an unknown outcome may be tried again. */
const RETRY: { readonly [Kind in GmailError['kind']]?: 'SAFE' | 'AFTER' } = {
  unreachable: 'SAFE',
  unknown: 'SAFE',
  'rate-limited': 'AFTER',
  'daily-limit': 'AFTER',
  unauthorized: 'AFTER',
  forbidden: 'AFTER',
};
