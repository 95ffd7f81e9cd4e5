import type { App } from '../app.ts';
import { mailboxAccess, SENDER_COLUMNS, type Sender } from '../accounts/mailbox-access.ts';

/** Drafts looked through: what was made within the last attempts. */
const RECENT_DRAFTS = 20;

/**
 * Deletes the tickets that an email has left in its owner's drafts: one whose making was not answered was made again.
 * Only an email that took more than one attempt can have any, and one that is SENT needs none.
 * @throws {GmailError}
 */
export async function discardStrayTickets(
  app: App,
  { organizationId, outboundEmailId }: { readonly organizationId: string; readonly outboundEmailId: string },
): Promise<void> {
  const { rows } = await app.pool.query<Sender>({
    name: 'find-stray-tickets',
    text: `SELECT ${SENDER_COLUMNS}
      FROM outbound_email e JOIN email_account a ON a.organization_id = e.organization_id AND a.id = e.account_id
      WHERE e.organization_id = $1 AND e.id = $2 AND e.status = 'SENT' AND e.attempts > 1`,
    values: [organizationId, outboundEmailId],
  });
  const [account] = rows;
  if (account === undefined) return;
  const mailbox = mailboxAccess(app, account);
  const drafts = await app.gmail.listDrafts(mailbox, RECENT_DRAFTS);
  const strays = drafts.filter(({ opId, labels }) => opId === outboundEmailId && !labels.includes('SENT'));
  for (const { draftId } of strays) await app.gmail.deleteDraft(mailbox, draftId);
}
