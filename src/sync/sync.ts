/**
 * Reading a mailbox, top to bottom:
 *   look      one statement and one Gmail call: nothing is new nearly always, and then that was all
 *   claim     the lease: one process reads a mailbox at a time
 *   changes   what the history says since the cursor (changes.ts)
 *   listing   the first import, newest first, or the comparison after Gmail has forgotten the cursor (listing.ts);
 *             the history is read in between, so that a long import delays nothing that comes in
 *   release   or, when it is to go on later, a `sync` job
 * Whatever is interrupted at any line is done again from what is stored, and changes nothing the second time.
 */
import type { App } from '../app.ts';
import { GmailError } from '../gmail/errors.ts';
import { describeError } from '../log.ts';
import { findMailbox, mailboxAccess, markNeedsReauth } from '../accounts/mailbox-access.ts';
import { bringChanges, type KnownPage, type SyncOptions } from './incremental.ts';
import { beginListing, goOnListing, type Listing } from './full-sync.ts';
import { type Look, lookAt } from './look.ts';
import { type AccountRef, claim, type Lease, LeaseLostError, postpone, release } from './sync-state.ts';
import { NoUnitsError } from './read-quota.ts';

/**
 * `current`: everything up to now is here. `listing`: so are the changes, and a listing is to go on. `held`: another
 * process reads it, and reads the history once more. `later`: a `sync` job goes on. `stopped`: the account cannot be read.
 */
export type SyncOutcome = 'current' | 'listing' | 'held' | 'later' | 'stopped';

/** How a run ended, and why when it went wrong. */
export interface SyncResult {
  readonly outcome: SyncOutcome;
  readonly error: GmailError | null;
}

export interface RunOptions {
  readonly signal: AbortSignal;
  /** False: the changes alone; a listing is left to somebody who has the time. */
  readonly withListing: boolean;
}

/** One run. A job may hold its place so long, and a process that is told to stop waits less. */
const RUN_MS = 20_000;
/** The history is read that often while a listing goes on. */
const LISTING_SLICE_MS = 4_000;
const BACKOFF_MS = { first: 5_000, most: 900_000 };
/** Nothing that time alone mends: a scope that is missing, a mailbox without mail. */
const PERMANENT_PAUSE_MS = 3_600_000;

/** Reads what is new in a mailbox. Null: there is no such account. */
export async function syncMailbox(app: App, ref: AccountRef, options: RunOptions): Promise<SyncResult | null> {
  const look = await lookAt(app, ref);
  return look && syncFrom(app, look, options);
}

/** As `syncMailbox`, for one that was looked at just now. Gmail's failures are in the result, and are tried again. */
export async function syncFrom(app: App, look: Look, options: RunOptions): Promise<SyncResult> {
  if (look.mailbox.accountStatus !== 'ACTIVE') return ended('stopped');
  if (look.isHeld) return ended('held');
  const run = { signal: options.signal, until: performance.now() + RUN_MS };
  let lease: Lease | null = null;
  try {
    let first: KnownPage | null = null;
    if (look.phase === 'HISTORY' && look.historyId !== null) {
      const { historyId } = look;
      const page = await app.gmail.listHistory(mailboxAccess(app, look.mailbox), historyId, run);
      const isNothing = page !== null && page.changes.length === 0 && !page.hasMore && page.historyId === historyId;
      const isRetryDue = look.unreadableRetryAt !== null && look.unreadableRetryAt <= look.at;
      if (isNothing && look.failures === 0 && !isRetryDue) return ended('current');
      first = { historyId, page, readAt: look.at };
    }
    lease = await claim(app, look.mailbox, look.before);
    if (lease === null) return ended('held');
    return await readMailbox(app, lease, first, { ...run, withListing: options.withListing });
  } catch (error) {
    return endFailed(app, look, lease, error, options.signal);
  }
}

async function readMailbox(
  app: App,
  lease: Lease,
  first: KnownPage | null,
  options: SyncOptions & RunOptions,
): Promise<SyncResult> {
  const listing: Listing = { page: null, oldInARow: 0 };
  for (let known = first; ; known = null) {
    if (lease.state.historyId === null) await beginListing(app, lease, 'IMPORT', options);
    if (!(await bringChanges(app, lease, known, options))) {
      listing.page = null;
      listing.oldInARow = 0;
      await beginListing(app, lease, 'RELIST', options);
      continue;
    }
    const isListing = lease.state.phase !== 'HISTORY';
    if (isListing && options.withListing) {
      await goOnListing(app, lease, listing, { ...options, sliceMs: LISTING_SLICE_MS });
    }
    const isLeft = lease.state.phase !== 'HISTORY';
    if (isLeft && options.withListing && performance.now() < options.until) continue;
    // A listing that has ended is followed by the history once more: that is when the mailbox is here as it is now.
    if (isListing && !isLeft) continue;
    if (await release(app, lease)) return ended(isLeft ? 'listing' : 'current');
  }
}

function ended(outcome: SyncOutcome, error: GmailError | null = null): SyncResult {
  return { outcome, error };
}

/** The run ends, and its lease. What happens next depends on what went wrong. */
async function endFailed(
  app: App,
  look: Look,
  lease: Lease | null,
  error: unknown,
  signal: AbortSignal,
): Promise<SyncResult> {
  if (error instanceof LeaseLostError) return ended('held');
  const at = { mailbox: look.mailbox, token: lease?.token ?? null };
  const { before } = look;
  if (signal.aborted || error instanceof NoUnitsError) {
    const delayMs = error instanceof NoUnitsError && !signal.aborted ? error.waitMs : 0;
    await postpone(app, at, { delayMs, failure: null, before });
    return ended('later');
  }
  if (!(error instanceof GmailError)) {
    app.log.warn({ error: describeError(error) }, 'a mailbox could not be read');
    const failure = { code: 'unexpected', message: 'Epistle could not store what it read; it tries again.' };
    await postpone(app, at, { delayMs: backoffMs(look.failures), failure, before });
    throw error;
  }
  const account = await findMailbox(app.pool, look.mailbox.organizationId, look.mailbox.id);
  if (account?.grantId !== look.mailbox.grantId) {
    // Disconnected meanwhile, or connected anew: the failure says nothing of the account as it is.
    await postpone(app, at, { delayMs: 0, failure: null, before });
    return ended('later');
  }
  const failure = { code: error.kind, message: error.message };
  if (error.kind === 'reauth') {
    await markNeedsReauth(app.pool, look.mailbox);
    await postpone(app, at, { delayMs: null, failure, before });
    return ended('stopped', error);
  }
  await postpone(app, at, { delayMs: pauseMs(app, error, look.failures), failure, before });
  return ended('later', error);
}

function pauseMs(app: App, { kind, retryAt }: GmailError, failures: number): number {
  if (kind === 'forbidden' || kind === 'unavailable') return PERMANENT_PAUSE_MS;
  const stated = retryAt === null ? 0 : retryAt.getTime() - app.now().getTime();
  return Math.max(stated, backoffMs(failures));
}

/** Truncated exponential, with jitter. */
function backoffMs(failures: number): number {
  return Math.min(BACKOFF_MS.first * 2 ** failures, BACKOFF_MS.most) * (0.75 + Math.random() / 2);
}
