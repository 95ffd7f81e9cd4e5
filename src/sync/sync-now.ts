/** Requests for a sync: one that the caller waits for, and jobs that the queue gave up. */
import { setTimeout as delay } from 'node:timers/promises';
import { findMailbox } from '../accounts/mailbox-access.ts';
import type { App } from '../app.ts';
import { sql } from '../db/statement.ts';
import { AccountNotReadyError, NotFoundError, SyncNotPossibleError } from '../errors.ts';
import { type AccountRef, addJob, enqueue } from '../jobs.ts';
import { syncMailbox } from './sync.ts';

const WAIT_MS = 30_000;
const CHECK_MS = 50;
/** An attempt costs quota units, which are used up when a run ends with `later`. */
const RETRY_MS = 1_000;

/**
 * Reads what is new in a mailbox. When it returns, everything that was in the mailbox at the time of the call is stored,
 * except for what a first import has not reached.
 * @throws {NotFoundError} @throws {AccountNotReadyError}
 * @throws {SyncNotPossibleError} when Gmail cannot be read now, or another run takes longer than 30 s.
 */
export async function syncNow(app: App, ref: AccountRef): Promise<void> {
  const signal = AbortSignal.timeout(WAIT_MS);
  while (!signal.aborted) {
    const result = await syncMailbox(app, ref, { signal, withFullSync: false });
    if (result === null) throw new NotFoundError('EmailAccount', ref.accountId);
    const { outcome, error } = result;
    if (outcome === 'stopped') {
      const account = await findMailbox(app.pool, ref.organizationId, ref.accountId);
      throw new AccountNotReadyError(ref.accountId, account?.accountStatus ?? 'DISCONNECTED');
    }
    if (error !== null) throw new SyncNotPossibleError(ref.accountId, error);
    if (outcome === 'full-sync') await enqueue(app.pool, 'sync', ref, 0);
    if (outcome === 'current' || outcome === 'full-sync') return;
    if (outcome === 'held' && (await isServed(app, ref, signal))) return;
    if (outcome === 'later') await delay(RETRY_MS);
  }
  throw new SyncNotPossibleError(ref.accountId, { reason: 'busy', retryAt: null });
}

/**
 * Waits for the run that holds the lease, which was told to read the history once more. False: it has ended, and whether
 * it did so is not known.
 */
async function isServed(app: App, { organizationId, accountId }: AccountRef, signal: AbortSignal): Promise<boolean> {
  let begun: number | null = null;
  while (!signal.aborted) {
    const { rows } = await app.pool.query<{ rerunRequested: boolean; held: boolean; runs: number }>(
      sql`SELECT rerun_requested AS "rerunRequested", coalesce(lease_expires_at > now(), false) AS held, runs
        FROM mailbox_sync WHERE organization_id = ${organizationId} AND account_id = ${accountId}`,
    );
    const [row] = rows;
    if (row === undefined || !row.held) return false;
    // The requested reading has begun, so the next one that ends began after the request.
    if (!row.rerunRequested) begun ??= row.runs;
    if (begun !== null && row.runs > begun) return true;
    await delay(CHECK_MS);
  }
  return false;
}

/**
 * Enqueues the `sync` jobs again that the queue gave up after 25 errors, which take some days. Otherwise, without polling,
 * their mailboxes would not be read until Gmail announces another change.
 */
export async function renewGivenUpSyncs(app: App): Promise<void> {
  const { rowCount } = await app.pool.query(
    sql`SELECT ${addJob('sync', { organizationId: sql`a.organization_id`, accountId: sql`a.id` })}
      FROM graphile_worker.jobs j JOIN email_account a ON j.key = 'sync:' || a.id
      WHERE j.task_identifier = 'sync' AND j.attempts >= j.max_attempts AND j.locked_at IS NULL AND a.status = 'ACTIVE'`,
  );
  if (rowCount !== null && rowCount > 0) app.log.warn({ mailboxes: rowCount }, 'the queue had given up reading');
}
