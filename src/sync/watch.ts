/** Gmail publishes changes to Pub/Sub for seven days after each `watch` call. */

import { findMailbox, mailboxAccess, markNeedsReauth } from '../accounts/mailbox-access.ts';
import type { App } from '../app.ts';
import { sql } from '../db/statement.ts';
import { GmailError } from '../gmail/errors.ts';
import { type AccountRef, addJob } from '../jobs.ts';

/** The `watch` job. @throws {GmailError} */
export async function watchMailbox(app: App, { organizationId, accountId }: AccountRef): Promise<void> {
  const { push } = app.config;
  if (push === null) return;
  const mailbox = await findMailbox(app.pool, organizationId, accountId);
  if (mailbox?.accountStatus !== 'ACTIVE') return;
  try {
    const expiresAt = await app.gmail.watch(mailboxAccess(app, mailbox), push.topic);
    await app.pool.query(
      sql`UPDATE mailbox_sync SET watch_expires_at = ${expiresAt}
        WHERE organization_id = ${organizationId} AND account_id = ${accountId}`,
    );
  } catch (error) {
    if (!(error instanceof GmailError) || error.kind !== 'reauth') throw error;
    await markNeedsReauth(app, mailbox);
  }
}

/**
 * Every ten minutes, in one process: enqueues a `watch` job for every mailbox whose last watch is a day old. It replaces a
 * job that waits for a retry, and one that the queue gave up.
 */
export async function renewWatches(app: App): Promise<void> {
  if (app.config.push === null) return;
  await app.pool.query(
    sql`SELECT ${addJob('watch', { organizationId: sql`s.organization_id`, accountId: sql`s.account_id` })}
      FROM mailbox_sync s JOIN email_account a ON a.organization_id = s.organization_id AND a.id = s.account_id
      WHERE a.status = 'ACTIVE' AND coalesce(s.watch_expires_at < now() + interval '6 days', true)`,
  );
}
