/**
 * Reading a mailbox, top to bottom:
 *   poll              one statement and one Gmail call; nearly always nothing is new, and the run ends here
 *   claim             the lease: one process reads a mailbox at a time
 *   incremental sync  the changes since the cursor (incremental.ts)
 *   full sync         the first import, or the comparison after Gmail has forgotten the cursor (full-sync.ts). The history
 *                     is read in between, so that a long import does not delay new mail
 *   release           or a `sync` job that continues later
 * A run may be interrupted at any line. The next one continues from what is stored; repeating a step changes nothing.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { v7 as uuidv7 } from 'uuid';
import { findMailbox, mailboxAccess, markNeedsReauth } from '../accounts/mailbox-access.ts';
import type { App } from '../app.ts';
import { backoffMs } from '../config/timing.ts';
import { GmailError } from '../gmail/errors.ts';
import type { AccountRef } from '../jobs.ts';
import { continueFullSync, startFullSync } from './full-sync.ts';
import type { FullSyncProgress } from './full-sync-step.ts';
import { type PrefetchedPage, type SyncOptions, syncIncrementally } from './incremental.ts';
import { claim, LeaseLostError, type MailboxLease, postpone, release, type SyncRun } from './lease.ts';
import { type PolledMailbox, pollMailbox } from './poll.ts';
import { ReadQuotaExhaustedError } from './read-quota.ts';

/**
 * `current`: the mailbox is stored as it is now. `full-sync`: so are its changes, and a full sync must continue. `held`:
 * another process reads it, and will read the history once more. `later`: a `sync` job continues. `stopped`: the account
 * cannot be read.
 */
type SyncOutcome = 'current' | 'full-sync' | 'held' | 'later' | 'stopped';

/** How a run ended, and Gmail's error if there was one. */
export interface SyncResult {
  readonly outcome: SyncOutcome;
  readonly error: GmailError | null;
}

interface RunOptions {
  readonly signal: AbortSignal;
  /** False: only the incremental sync; the caller continues a full sync elsewhere. */
  readonly withFullSync: boolean;
}

/** How long a run may take, which is how long a job may hold its place among the others. */
const RUN_MS = 20_000;
/** How often the history is read during a full sync. */
const FULL_SYNC_SLICE_MS = 4_000;
/** Between readings that fail. */
const PAUSE = { firstMs: 5_000, maxMs: 900_000 };
/** After errors that time alone does not fix: a missing scope, an account without a mailbox. */
const PERMANENT_PAUSE_MS = 3_600_000;
/** How long, and how often, a run tries to give its lease back while the database is away. Then the lease has expired. */
const GIVE_BACK = { forMs: 120_000, everyMs: 500 };

/** Reads what is new in a mailbox. Null: there is no such account. */
export async function syncMailbox(app: App, ref: AccountRef, options: RunOptions): Promise<SyncResult | null> {
  const polled = await pollMailbox(app, ref);
  return polled && syncFrom(app, polled, options);
}

/** As `syncMailbox`, for a mailbox that was just polled. Gmail's errors are in the result, and are retried. */
export async function syncFrom(app: App, polled: PolledMailbox, options: RunOptions): Promise<SyncResult> {
  if (polled.mailbox.accountStatus !== 'ACTIVE') return ended('stopped');
  if (polled.isHeld) return ended('held');
  const { mailbox, before } = polled;
  const run = { signal: options.signal, until: performance.now() + RUN_MS };
  const token = uuidv7();
  let lease: MailboxLease | null = null;
  try {
    let first: PrefetchedPage | null = null;
    if (polled.phase === 'INCREMENTAL' && polled.historyId !== null) {
      const { historyId } = polled;
      const page = await app.gmail.listHistory(mailboxAccess(app, mailbox), historyId, run);
      const isNothing = page !== null && page.changes.length === 0 && !page.hasMore && page.historyId === historyId;
      const isRetryDue = polled.unreadableRetryAt !== null && polled.unreadableRetryAt <= polled.at;
      if (isNothing && polled.failures === 0 && !polled.isUnfinished && !isRetryDue) return ended('current');
      first = { historyId, page, readAt: polled.at };
    }
    lease = await claim(app, mailbox, token, before);
    if (lease === null) return ended('held');
    return await readMailbox(app, lease, first, { ...run, withFullSync: options.withFullSync });
  } catch (error) {
    if (error instanceof LeaseLostError) return ended('held');
    const failed = { mailbox, token, isClaimed: lease !== null, before };
    const end = () => endFailed(app, failed, polled.failures, error, options.signal);
    const result = await persistently(app, end, options.signal);
    if (result !== null) return result;
    app.logFailure(error, 'a mailbox could not be read', { accountId: mailbox.id });
    throw error;
  }
}

async function readMailbox(
  app: App,
  lease: MailboxLease,
  first: PrefetchedPage | null,
  options: SyncOptions & RunOptions,
): Promise<SyncResult> {
  const progress: FullSyncProgress = { page: null, oldInARow: 0 };
  for (let known = first; ; known = null) {
    if (lease.state.historyId === null) await startFullSync(app, lease, 'IMPORT', options);
    if (!(await syncIncrementally(app, lease, known, options))) {
      progress.page = null;
      progress.oldInARow = 0;
      await startFullSync(app, lease, 'FULL_SYNC', options);
      continue;
    }
    const isFullSync = lease.state.phase !== 'INCREMENTAL';
    if (isFullSync && options.withFullSync) {
      await continueFullSync(app, lease, progress, { ...options, sliceMs: FULL_SYNC_SLICE_MS });
    }
    const isLeft = lease.state.phase !== 'INCREMENTAL';
    if (isLeft && options.withFullSync && performance.now() < options.until) continue;
    // After a full sync the history is read once more: only then is the mailbox stored as it is now.
    if (isFullSync && !isLeft) continue;
    if (await release(app, lease)) return ended(isLeft ? 'full-sync' : 'current');
  }
}

function ended(outcome: SyncOutcome, error: GmailError | null = null): SyncResult {
  return { outcome, error };
}

/** Ends the run and its lease after a failure. Null: the failure is unexpected; the caller throws it. */
async function endFailed(
  app: App,
  run: SyncRun,
  failures: number,
  error: unknown,
  signal: AbortSignal,
): Promise<SyncResult | null> {
  const { mailbox } = run;
  if (signal.aborted || error instanceof ReadQuotaExhaustedError) {
    const delayMs = error instanceof ReadQuotaExhaustedError && !signal.aborted ? error.waitMs : 0;
    await postpone(app, run, { delayMs, failure: null });
    return ended('later');
  }
  if (!(error instanceof GmailError)) {
    const failure = { code: 'unexpected', message: 'Epistle could not store what it read. It will retry.' } as const;
    await postpone(app, run, { delayMs: backoffMs(failures, PAUSE), failure });
    return null;
  }
  const account = await findMailbox(app.pool, mailbox.organizationId, mailbox.id);
  if (account?.grantId !== mailbox.grantId) {
    // Disconnected meanwhile, or connected with another grant: the failure says nothing about the account as it is.
    await postpone(app, run, { delayMs: 0, failure: null });
    return ended('later');
  }
  // A call that reads names no thread.
  const code = error.kind === 'thread-not-found' ? 'not-found' : error.kind;
  const failure = { code, message: error.message };
  if (error.kind === 'reauth') {
    await markNeedsReauth(app, mailbox);
    await postpone(app, run, { delayMs: null, failure });
    return ended('stopped', error);
  }
  await postpone(app, run, { delayMs: pauseMs(app, error, failures), failure });
  return ended('later', error);
}

/** Retries until the lease is given back: until then no other process reads the mailbox, and no error is recorded. */
async function persistently<Result>(app: App, work: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
  const lastAt = performance.now() + GIVE_BACK.forMs;
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted || performance.now() > lastAt) throw error;
      if (tries === 1) app.logFailure(error, 'the lease of a mailbox cannot be given back yet');
      await delay(GIVE_BACK.everyMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

function pauseMs(app: App, { kind, retryAt }: GmailError, failures: number): number {
  if (kind === 'forbidden' || kind === 'unavailable') return PERMANENT_PAUSE_MS;
  const stated = retryAt === null ? 0 : retryAt.getTime() - app.now().getTime();
  return Math.max(stated, backoffMs(failures, PAUSE));
}
