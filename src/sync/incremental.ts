/** Incremental sync: the changes that Gmail's history lists after the cursor. */

import { mailboxAccess } from '../accounts/mailbox-access.ts';
import type { App } from '../app.ts';
import { sql } from '../db/statement.ts';
import type { HistoryPage, MailboxChange } from '../gmail/gateway.ts';
import { type LabelChange, relabelMessages, removeMessages } from '../inbox/update-messages.ts';
import { advance, NO_ERROR } from './advance.ts';
import { clearSeen, recordSkipped, seenIds } from './full-sync-ids.ts';
import { importAll, storedIds } from './import-messages.ts';
import { type MailboxLease, underLease } from './lease.ts';
import { createReadQuota } from './read-quota.ts';
import { retryUnreadable } from './retry-unreadable.ts';

export interface SyncOptions {
  readonly signal: AbortSignal;
  /** Milliseconds of `performance.now()`: the run ends by then, complete or not. */
  readonly until: number;
}

/** A first page of changes, read before the lease was taken. */
export interface PrefetchedPage {
  /** The cursor from which it was read. */
  readonly historyId: string;
  /** Null: Gmail has forgotten the cursor. */
  readonly page: HistoryPage | null;
  readonly readAt: Date;
}

/**
 * Stores every change since the cursor, and requests unreadable messages again. The cursor passes a page only after the
 * page is stored, so an interrupted page is repeated, which changes nothing.
 * @param first the first page, if it was read already. It is used when the cursor has not moved since.
 * @returns false when Gmail has forgotten the cursor.
 * @throws {GmailError} @throws {LeaseLostError} @throws {ReadQuotaExhaustedError}
 */
export async function syncIncrementally(
  app: App,
  lease: MailboxLease,
  first: PrefetchedPage | null,
  options: SyncOptions,
): Promise<boolean> {
  const access = mailboxAccess(app, lease.mailbox);
  const quota = createReadQuota(app, lease.mailbox, { ...options, givesWay: null });
  // A page serves only the requests that came before it was read.
  const began = first?.readAt ?? (await advance(app, app.pool, lease, {}, [sql`rerun_requested = false`])).at;
  for (let known = first; ; known = null) {
    const { historyId } = lease.state;
    if (historyId === null) throw new Error('there is no cursor to continue from');
    const page = known?.historyId === historyId ? known.page : await app.gmail.listHistory(access, historyId, options);
    if (page === null) return false;
    const { added, relabelled, deleted } = netChanges(page.changes);
    const stored = await storedIds(app.pool, lease.mailbox, added);
    const absent = added.filter((id) => !stored.has(id));
    // During a full sync, these ids are the ones that it has seen, and some are only too old for it.
    const isAlone = lease.state.phase === 'INCREMENTAL';
    const skipped = isAlone ? await seenIds(app.pool, lease.mailbox, absent) : new Set<string>();
    const missing = absent.filter((id) => !skipped.has(id));
    const { outcomes, failure } = await importAll(app, lease, missing, { ...options, quota, since: null, until: null });
    if (failure !== null) {
      if (isAlone) await recordSkipped(app, lease, missing, outcomes);
      throw failure.error;
    }
    const read = new Set(missing);
    await underLease(app, lease, async (tx) => {
      // A message that was read just now has later labels than this page.
      const older = relabelled.filter(({ messageId }) => !read.has(messageId));
      const changed = await relabelMessages(tx, lease.mailbox, older);
      const removed = await removeMessages(tx, lease.mailbox, deleted);
      const isNews = missing.length + changed + removed > 0;
      const news = isNews ? [sql`active_at = now(), next_run_at = now()`] : [];
      if (skipped.size > 0) await clearSeen(tx, lease);
      await advance(app, tx, lease, { historyId: page.historyId }, news);
    });
    if (!page.hasMore) break;
  }
  await retryUnreadable(app, lease, { ...options, quota });
  // During a full sync, `failures` and the error are those of the full sync.
  const isAll = lease.state.phase === 'INCREMENTAL';
  await advance(app, app.pool, lease, isAll ? { failures: 0 } : {}, [
    sql`last_synced_at = greatest(last_synced_at, ${began})`,
    sql`runs = runs + 1`,
    ...(isAll ? NO_ERROR : []),
  ]);
  return true;
}

/** The net effect of a sequence of changes on each message. Drafts, which change with every edit, are left out. */
export function netChanges(changes: readonly MailboxChange[]): {
  readonly added: string[];
  readonly relabelled: LabelChange[];
  readonly deleted: string[];
} {
  const added = new Set<string>();
  const deleted = new Set<string>();
  const labels = new Map<string, Map<string, boolean>>();
  for (const change of changes) {
    const { messageId } = change;
    if (change.type === 'deleted') {
      deleted.add(messageId);
      added.delete(messageId);
      labels.delete(messageId);
    } else if (change.type === 'added') {
      deleted.delete(messageId);
      if (!change.labels.includes('DRAFT')) added.add(messageId);
    } else {
      // A draft that became a message under the same id. Gmail is documented to give it another id.
      if (change.removed.includes('DRAFT')) added.add(messageId);
      const present = labels.get(messageId) ?? new Map<string, boolean>();
      for (const label of change.removed) present.set(label, false);
      for (const label of change.added) present.set(label, true);
      labels.set(messageId, present);
    }
  }
  const relabelled = Array.from(labels, ([messageId, present]) => ({
    messageId,
    added: [...present].filter(([, is]) => is).map(([label]) => label),
    removed: [...present].filter(([, is]) => !is).map(([label]) => label),
  }));
  return { added: [...added], relabelled, deleted: [...deleted] };
}
