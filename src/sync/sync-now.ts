/** Asking for a mailbox to be read: at once and waited for, or by a job. */
import { setTimeout as delay } from 'node:timers/promises';
import type { App } from '../app.ts';
import { AccountNotReadyError, NotFoundError, SyncNotPossibleError } from '../errors.ts';
import { enqueueIn, job } from '../jobs.ts';
import type { AccountRef } from './sync-state.ts';
import { syncMailbox } from './sync.ts';

const WAIT_MS = 30_000;
const ASK_AGAIN_MS = 50;
/** Each attempt costs units, and there are none: that is why it is for later. */
const TRY_AGAIN_MS = 1_000;

/**
 * Reads what is new in a mailbox; afterwards everything that was in it when this was asked for is here, but for what a
 * first import has yet to bring.
 * @throws {NotFoundError} @throws {AccountNotReadyError}
 * @throws {SyncNotPossibleError} when Gmail cannot be read now, or somebody else's run takes longer than 30 s.
 */
export async function syncNow(app: App, ref: AccountRef): Promise<void> {
  const signal = AbortSignal.timeout(WAIT_MS);
  while (!signal.aborted) {
    const result = await syncMailbox(app, ref, { signal, withListing: false });
    if (result === null) throw new NotFoundError('EmailAccount', ref.accountId);
    const { outcome, error } = result;
    if (outcome === 'stopped') throw new AccountNotReadyError(ref.accountId, await statusOf(app, ref));
    if (error !== null) throw new SyncNotPossibleError(ref.accountId, error);
    if (outcome === 'listing') await enqueueIn(app.pool, job('sync', ref), 0);
    if (outcome === 'current' || outcome === 'listing') return;
    if (outcome === 'held' && (await isServed(app, ref, signal))) return;
    if (outcome === 'later') await delay(TRY_AGAIN_MS);
  }
  throw new SyncNotPossibleError(ref.accountId, { reason: 'busy', retryAt: null });
}

/**
 * Waits for whoever holds the lease, who was told to read the history once more. False: that one has ended, and whether
 * it has done so is not known.
 */
async function isServed(app: App, { organizationId, accountId }: AccountRef, signal: AbortSignal): Promise<boolean> {
  let begun: number | null = null;
  while (!signal.aborted) {
    const { rows } = await app.pool.query<{ again: boolean; held: boolean; runs: number }>(
      `SELECT again, coalesce(lease_expires_at > now(), false) AS held, runs
       FROM mailbox_sync WHERE organization_id = $1 AND account_id = $2`,
      [organizationId, accountId],
    );
    const [row] = rows;
    if (row === undefined || !row.held) return false;
    // It has begun to, so the next run that ends has begun since we asked.
    if (!row.again) begun ??= row.runs;
    if (begun !== null && row.runs > begun) return true;
    await delay(ASK_AGAIN_MS);
  }
  return false;
}

/**
 * The queue gives a job up after 25 errors, some days of them. Mailboxes that nobody polls would then not be read until
 * Gmail tells of another change, so that their job begins anew.
 */
export async function renewGivenUpSyncs(app: App): Promise<void> {
  const { rowCount } = await app.pool.query(
    `SELECT graphile_worker.add_job('sync',
       payload => json_build_object('organizationId', a.organization_id, 'accountId', a.id),
       max_attempts => 25, job_key => j.key)
     FROM graphile_worker.jobs j JOIN email_account a ON j.key = 'sync:' || a.id
     WHERE j.task_identifier = 'sync' AND j.attempts >= j.max_attempts AND j.locked_at IS NULL AND a.status = 'ACTIVE'`,
  );
  if (rowCount !== null && rowCount > 0) app.log.warn({ mailboxes: rowCount }, 'the queue had given up reading');
}

async function statusOf(app: App, { organizationId, accountId }: AccountRef): Promise<string> {
  const account = await app.db.emailAccount.findUniqueOrThrow({
    where: { organizationId_id: { organizationId, id: accountId } },
    select: { status: true },
  });
  return account.status;
}
