/**
 * Reading a whole mailbox by its ids, newest first: the first import (IMPORT), and the comparison after Gmail has
 * forgotten the cursor (FULL_SYNC, then LABELS). The cursor is taken before the listing begins, so that changes made
 * meanwhile are in the history. The place in the listing is stored page by page, so that any run can continue from it.
 */
import { mailboxAccess } from '../accounts/mailbox-access.ts';
import type { App } from '../app.ts';
import { DAY_MS } from '../config/timing.ts';
import { sql } from '../db/statement.ts';
import { advance } from './advance.ts';
import { compareLabel } from './compare-labels.ts';
import { clearSeen } from './full-sync-ids.ts';
import { type FullSyncProgress, MAX_PAGE, PageTokenExpiredError } from './full-sync-step.ts';
import type { SyncOptions } from './incremental.ts';
import { isRerunRequested, type MailboxLease, underLease } from './lease.ts';
import { listPage } from './list-page.ts';
import { createReadQuota, PreemptedError, READ_UNITS, type ReadQuota } from './read-quota.ts';

/** Pages that are counted for `estimated`. Larger mailboxes are reported as this large. */
const MAX_COUNTED_PAGES = 40;

/** Takes the cursor and begins. @param phase `FULL_SYNC` when messages may be stored already. */
export async function startFullSync(
  app: App,
  lease: MailboxLease,
  phase: 'IMPORT' | 'FULL_SYNC',
  { signal }: SyncOptions,
): Promise<void> {
  const { historyId } = await app.gmail.getProfile(mailboxAccess(app, lease.mailbox), { signal });
  // The bound of the first import stays: with a later one, messages before it would count as deleted.
  const since = lease.state.since ?? new Date(app.now().getTime() - app.config.syncSinceDays * DAY_MS);
  await underLease(app, lease, async (tx) => {
    await clearSeen(tx, lease);
    const next = { phase, historyId, pageToken: null, since };
    await advance(app, tx, lease, next, [
      sql`full_sync_started_at = now()`,
      sql`last_synced_at = greatest(last_synced_at, now())`,
    ]);
  });
}

/**
 * Continues until the full sync is complete, a sync is requested, or the slice is over.
 * @param options.sliceMs from now on.
 * @throws {GmailError} @throws {LeaseLostError} @throws {ReadQuotaExhaustedError}
 */
export async function continueFullSync(
  app: App,
  lease: MailboxLease,
  progress: FullSyncProgress,
  { sliceMs, ...options }: SyncOptions & { readonly sliceMs: number },
): Promise<void> {
  const sliceEnd = Math.min(options.until, performance.now() + sliceMs);
  const givesWay = async () => performance.now() >= sliceEnd || (await isRerunRequested(app, lease));
  const quota = createReadQuota(app, lease.mailbox, { ...options, givesWay });
  while (performance.now() < sliceEnd && lease.state.phase !== 'INCREMENTAL') {
    options.signal.throwIfAborted();
    const { phase } = lease.state;
    try {
      if (phase === 'IMPORT' && lease.state.estimated === null) {
        const estimated = await countMessages(app, lease, quota, options);
        await advance(app, app.pool, lease, { estimated });
      }
      const step = phase === 'LABELS' ? compareLabel : listPage;
      if ((await step(app, lease, quota, { ...options, until: sliceEnd, progress })).rerunRequested) return;
    } catch (error) {
      if (error instanceof PreemptedError) return;
      if (!(error instanceof PageTokenExpiredError)) throw error;
      // From the beginning. Stored messages are skipped.
      await advance(app, app.pool, lease, { pageToken: null, ...(phase === 'IMPORT' ? { imported: 0 } : {}) });
      progress.page = null;
    }
  }
}

/** How many messages the import will store, at least. Drafts do not count. */
async function countMessages(
  app: App,
  lease: MailboxLease,
  quota: ReadQuota,
  { signal }: SyncOptions,
): Promise<number> {
  const since = Math.floor((lease.state.since?.getTime() ?? 0) / 1000);
  let count = 0;
  let pageToken: string | null = null;
  for (let pages = 0; pages < MAX_COUNTED_PAGES; pages++) {
    await quota.spend(READ_UNITS.list);
    const list = { pageToken, limit: MAX_PAGE, query: `after:${since} -in:drafts` };
    const page = await app.gmail.listMessages(mailboxAccess(app, lease.mailbox), list, { signal });
    count += page.ids.length;
    pageToken = page.nextPageToken;
    if (pageToken === null) break;
  }
  return count;
}
