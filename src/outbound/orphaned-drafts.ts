import { mailboxAccess } from '../accounts/mailbox-access.ts';
import type { App } from '../app.ts';
import { SENDER_COLUMNS, type Sender } from '../db/sender.ts';
import { sql } from '../db/statement.ts';
import type { EmailRef } from '../jobs.ts';

/** How many of the newest drafts are read: those of the last attempts. */
const RECENT_DRAFTS = 20;

/**
 * Deletes the Gmail drafts that a SENT email has left behind. An attempt whose `drafts.create` got no answer leaves one, and the
 * next attempt creates another.
 * @throws {GmailError}
 */
export async function deleteOrphanedDrafts(app: App, email: EmailRef): Promise<void> {
  const { rows } = await app.pool.query<Sender>(
    sql`SELECT ${SENDER_COLUMNS}
      FROM outbound_email e JOIN email_account a ON a.organization_id = e.organization_id AND a.id = e.account_id
      WHERE e.organization_id = ${email.organizationId} AND e.id = ${email.outboundEmailId} AND e.status = 'SENT'
        AND e.attempts > 1`,
  );
  const [account] = rows;
  if (account === undefined) return;
  const mailbox = mailboxAccess(app, account);
  const drafts = await app.gmail.listDrafts(mailbox, RECENT_DRAFTS);
  const strays = drafts.filter(({ opId, labels }) => opId === email.outboundEmailId && !labels.includes('SENT'));
  for (const { draftId } of strays) await app.gmail.deleteDraft(mailbox, draftId);
}
