import type { App } from '../app.ts';
import { mailboxAccess, SENDER_COLUMNS, type Sender } from '../mail/sender.ts';
import { storeMessage } from './store-message.ts';

const FIND = {
  name: 'read-back-find',
  text: `SELECT e.provider_message_id AS "providerMessageId", ${SENDER_COLUMNS}
    FROM outbound_email e JOIN email_account a ON a.organization_id = e.organization_id AND a.id = e.account_id
    WHERE e.organization_id = $1 AND e.id = $2 AND e.provider_message_id IS NOT NULL`,
};

/**
 * The sent copy as Gmail keeps it goes into its conversation, and with it the Message-ID that the
 * next reply refers to. Its failing never touches the SENT state.
 * @throws {GmailError}
 */
export async function readBack(
  app: App,
  { organizationId, outboundEmailId }: { readonly organizationId: string; readonly outboundEmailId: string },
): Promise<void> {
  const values = [organizationId, outboundEmailId];
  const { rows } = await app.pool.query<{ providerMessageId: string } & Sender>({ ...FIND, values });
  const [row] = rows;
  if (row !== undefined) await readSentCopy(app, row, row.providerMessageId, outboundEmailId);
}

/** The same for whoever knows already where it was sent from, and what Gmail calls it. @throws {GmailError} */
export async function readSentCopy(
  app: App,
  account: Sender,
  providerMessageId: string,
  outboundEmailId: string,
): Promise<void> {
  const message = await app.gmail.getMessage(mailboxAccess(app, account), providerMessageId);
  if (message !== null) {
    await storeMessage(app.pool, account, message, outboundEmailId);
    return;
  }
  // Deleted in Gmail since: there is nothing left to store.
  await app.pool.query('UPDATE outbound_email SET read_back_at = $3 WHERE organization_id = $1 AND id = $2', [
    account.organizationId,
    outboundEmailId,
    app.now(),
  ]);
}
