/** Gmail's publishing of changes to Pub/Sub: it ends after seven days unless it is asked for again. */
import type { App } from '../app.ts';
import { GmailError } from '../gmail/errors.ts';
import { findMailbox, mailboxAccess, markNeedsReauth } from '../accounts/mailbox-access.ts';
import type { AccountRef } from './sync-state.ts';

/** The `watch` job: for seven days more. @throws {GmailError} */
export async function watchMailbox(app: App, { organizationId, accountId }: AccountRef): Promise<void> {
  const { push } = app.config;
  const mailbox = push && (await findMailbox(app.pool, organizationId, accountId));
  if (mailbox?.accountStatus !== 'ACTIVE') return;
  try {
    const expiresAt = await app.gmail.watch(mailboxAccess(app, mailbox), push?.topic ?? '');
    await app.pool.query(
      'UPDATE mailbox_sync SET watch_expires_at = $3 WHERE organization_id = $1 AND account_id = $2',
      [organizationId, accountId, expiresAt],
    );
  } catch (error) {
    if (!(error instanceof GmailError) || error.kind !== 'reauth') throw error;
    await markNeedsReauth(app.pool, mailbox);
  }
}

/**
 * The `renew-watches` job: a `watch` job for every mailbox whose last one is a day old. It takes the place of one that waits
 * to be tried again, and of one that the queue has given up.
 */
export async function renewWatches(app: App): Promise<void> {
  if (app.config.push === null) return;
  await app.pool.query(
    `SELECT graphile_worker.add_job('watch',
       payload => json_build_object('organizationId', s.organization_id, 'accountId', s.account_id),
       max_attempts => 25, job_key => 'watch:' || s.account_id)
     FROM mailbox_sync s JOIN email_account a ON a.organization_id = s.organization_id AND a.id = s.account_id
     WHERE a.status = 'ACTIVE' AND coalesce(s.watch_expires_at < now() + interval '6 days', true)`,
  );
}
