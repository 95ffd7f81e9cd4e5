import type { App } from '../app.ts';
import { inTransaction } from '../db/client.ts';
import { sql } from '../db/statement.ts';
import { NotFoundError } from '../errors.ts';
import { correlateReplies } from './correlate.ts';
import type { Mailbox } from './parse-message.ts';
import { lockConversations, refreshContactsOf, refreshConversationsOf } from './update-messages.ts';

interface Found extends Mailbox {
  readonly conversationId: string;
  readonly providerMessageId: string;
}

/**
 * A person says whether a message is automatic. What Epistle read from its headers no longer counts, also when it is stored
 * again. Replies and the contact state follow. Repeating it changes nothing.
 * @throws {NotFoundError}
 */
export async function markMessageAutomatic(
  { pool }: App,
  organizationId: string,
  messageId: string,
  automatic: boolean,
): Promise<void> {
  const { rows } = await pool.query<Found>(
    sql`SELECT a.organization_id AS "organizationId", a.id, a.email, a.aliases, m.conversation_id AS "conversationId",
        m.provider_message_id AS "providerMessageId"
      FROM email_message m
      JOIN email_account a ON a.organization_id = m.organization_id AND a.id = m.account_id
      WHERE m.organization_id = ${organizationId} AND m.id = ${messageId}`,
  );
  const [found] = rows;
  if (found === undefined) throw new NotFoundError('EmailMessage', messageId);
  const { conversationId, providerMessageId, ...mailbox } = found;
  await inTransaction(pool, async (tx) => {
    await lockConversations(tx, mailbox, [providerMessageId]);
    await tx.query(
      sql`UPDATE email_message SET is_automatic = ${automatic}, is_automatic_decided = true
          WHERE organization_id = ${organizationId} AND id = ${messageId}`,
    );
    if (!automatic) await correlateReplies(tx, mailbox, [providerMessageId]);
    await refreshConversationsOf(tx, mailbox, messageId);
    await refreshContactsOf(tx, mailbox, [conversationId]);
  });
}
