/** The changes that Gmail lists after the cursor, and the cursor with them. */
import type { App } from '../app.ts';
import type { HistoryPage, MailboxChange } from '../gmail/gateway.ts';
import { mailboxAccess } from '../accounts/mailbox-access.ts';
import { type LabelChange, relabelMessages, removeMessages } from '../inbox/update-messages.ts';
import { importAll, storedIds } from './import-messages.ts';
import { advance, type Lease, NO_ERROR, underLease } from './sync-state.ts';
import { createReadBudget } from './read-quota.ts';
import { retryUnreadable } from './unreadable.ts';

export interface SyncOptions {
  readonly signal: AbortSignal;
  /** Milliseconds of `performance.now()`: the run ends by then, done or not. */
  readonly until: number;
}

/** A first page of changes, read before the lease was had. */
export interface KnownPage {
  /** The cursor from which it was read. */
  readonly historyId: string;
  /** Null: Gmail has forgotten the cursor. */
  readonly page: HistoryPage | null;
  readonly readAt: Date;
}

/**
 * Brings every change since the cursor, and what could not be read before. Each page is here before the cursor passes it:
 * what is interrupted is done again, and changes nothing the second time.
 * @param first the first page, when somebody has read it from where the cursor still is.
 * @returns false when Gmail has forgotten the cursor.
 * @throws {GmailError} @throws {LeaseLostError} @throws {NoUnitsError}
 */
export async function bringChanges(
  app: App,
  lease: Lease,
  first: KnownPage | null,
  options: SyncOptions,
): Promise<boolean> {
  const access = mailboxAccess(app, lease.mailbox);
  const budget = createReadBudget(app, lease.mailbox, { ...options, givesWay: null });
  // Who has asked since a page was read has not been served by it.
  const began = first?.readAt ?? (await advance(app, app.pool, lease, {}, ['again = false'])).at;
  for (let known = first; ; known = null) {
    const { historyId } = lease.state;
    if (historyId === null) throw new Error('there is no cursor to go on from');
    const page = known?.historyId === historyId ? known.page : await app.gmail.listHistory(access, historyId, options);
    if (page === null) return false;
    const { added, relabelled, deleted } = netChanges(page.changes);
    const stored = await storedIds(app.pool, lease.mailbox, added);
    const missing = added.filter((id) => !stored.has(id));
    const { failure } = await importAll(app, lease, missing, { ...options, budget, since: null, until: null });
    if (failure !== null) throw failure.error;
    const read = new Set(missing);
    await underLease(app, lease, async (tx) => {
      // What was read just now has later labels than this page.
      const older = relabelled.filter(({ messageId }) => !read.has(messageId));
      const changed = await relabelMessages(tx, lease.mailbox, older);
      const removed = await removeMessages(tx, lease.mailbox, deleted);
      const isNews = missing.length + changed + removed > 0;
      const news = isNews ? ['active_at = now()', 'next_run_at = now()'] : [];
      await advance(app, tx, lease, { historyId: page.historyId }, news);
    });
    if (!page.hasMore) break;
  }
  await retryUnreadable(app, lease, { ...options, budget });
  // While a listing goes on, it is the listing that fails or does not.
  const isAll = lease.state.phase === 'HISTORY';
  await advance(app, app.pool, lease, isAll ? { failures: 0 } : {}, [
    `last_synced_at = greatest(last_synced_at, timestamptz '${began.toISOString()}')`,
    'runs = runs + 1',
    ...(isAll ? NO_ERROR : []),
  ]);
  return true;
}

/** What a sequence of changes comes to, message by message. Drafts come and go with every edit, and are none of ours. */
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
      // A draft that has become something else under the same id: Gmail is said to give it another.
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
