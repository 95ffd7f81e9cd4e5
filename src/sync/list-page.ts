/** The step of IMPORT and FULL_SYNC: lists one page of ids and imports the messages that are not stored. */
import { mailboxAccess } from '../accounts/mailbox-access.ts';
import type { App } from '../app.ts';
import { sql } from '../db/statement.ts';
import { removeMessages } from '../inbox/update-messages.ts';
import { advance, NO_ERROR } from './advance.ts';
import { clearSeen, IS_SEEN, recordSeen, recordSkipped, seenIds } from './full-sync-ids.ts';
import { type FullSyncProgress, listFrom, type OpenPage, type Step } from './full-sync-step.ts';
import { importAll, storedIds } from './import-messages.ts';
import type { SyncOptions } from './incremental.ts';
import { type MailboxLease, underLease } from './lease.ts';
import { READ_UNITS, type ReadQuota } from './read-quota.ts';
import type { SyncState } from './sync-state.ts';

/** Ids on a page. An import shows its progress page by page; a FULL_SYNC does little for each id. */
const PAGE = { IMPORT: 50, FULL_SYNC: 500 } as const;
/** How long a requested sync may wait for a step to end. */
const SLICE_MS = 1_000;
/** After this many messages in a row that are too old, the rest counts as too old. */
const ENOUGH_OLD = 20;
/** Messages that are missing from the listing are requested one by one, this many in a step. */
const MAX_REQUESTED = 50;
/** After this many messages of an import the tables are analyzed. */
const ANALYZED_AFTER = 500;

/** Imports what is missing of one page, as far as there is time. A FULL_SYNC also records which stored messages it saw. */
export const listPage: Step = async (app, lease, quota, options) => {
  const { state } = lease;
  const isComparison = state.phase === 'FULL_SYNC';
  const page = options.progress.page ?? (await openPage(app, lease, quota, options));
  options.progress.page = page;
  await importUntilOld(app, lease, page, quota, options);
  const isOld = restIsOld(options.progress);
  if (page.todo.length > 0 && !isOld) return advance(app, app.pool, lease, {});
  const isLast = page.nextPageToken === null || (isOld && !isComparison);
  if (isComparison) {
    await underLease(app, lease, (tx) => recordSeen(tx, lease, page.ids));
    if (isLast && !(await removeUnseen(app, lease, quota, options))) return advance(app, app.pool, lease, {});
  }
  options.progress.page = null;
  const next: Partial<SyncState> = isLast
    ? { phase: isComparison ? 'LABELS' : 'INCREMENTAL', pageToken: null }
    : { pageToken: page.nextPageToken };
  const imported = isComparison ? state.imported : state.imported + page.known + page.stored;
  if (state.imported < ANALYZED_AFTER && imported >= ANALYZED_AFTER) await analyzeMessages(app);
  const changes = { ...next, imported, failures: 0 };
  if (!isLast || isComparison) return advance(app, app.pool, lease, changes, NO_ERROR);
  return underLease(app, lease, async (tx) => {
    await clearSeen(tx, lease);
    return advance(app, tx, lease, changes, NO_ERROR);
  });
};

/**
 * Connections keep plans that were made while the tables were nearly empty, when any index would do. PostgreSQL makes new ones after an
 * ANALYZE, which autovacuum does up to a minute later, and the import would become slower and slower until then.
 */
async function analyzeMessages({ pool, logFailure }: App): Promise<void> {
  await pool
    .query('ANALYZE conversation, email_message, message_search, attachment')
    .catch((error: unknown) => logFailure(error, 'the tables of messages could not be analyzed'));
}

async function openPage(...[app, lease, quota, options]: Parameters<Step>): Promise<OpenPage> {
  const { mailbox, state } = lease;
  const limit = state.phase === 'FULL_SYNC' ? PAGE.FULL_SYNC : PAGE.IMPORT;
  await quota.spend(READ_UNITS.list, limit * READ_UNITS.get);
  // No search: its index can lag behind new messages.
  const list = { pageToken: state.pageToken, limit };
  const { ids, nextPageToken } = await listFrom(app, lease, list, options);
  const known = await storedIds(app.pool, mailbox, ids);
  const skipped = await seenIds(app.pool, mailbox, ids);
  const todo = restIsOld(options.progress) ? [] : ids.filter((id) => !known.has(id) && !skipped.has(id));
  return { ids, nextPageToken, known: known.size, todo, stored: 0 };
}

/** Gmail lists the newest first. */
function restIsOld({ oldInARow }: FullSyncProgress): boolean {
  return oldInARow >= ENOUGH_OLD;
}

/** Messages for which there is no time stay in `page.todo`. */
async function importUntilOld(
  app: App,
  lease: MailboxLease,
  page: OpenPage,
  quota: ReadQuota,
  { signal, until, progress }: Parameters<Step>[3],
): Promise<void> {
  const stopAt = Math.min(until, performance.now() + SLICE_MS);
  while (page.todo.length > 0 && performance.now() < stopAt && !restIsOld(progress)) {
    const some = page.todo.slice(0, PAGE.IMPORT);
    const { since } = lease.state;
    const { outcomes, failure } = await importAll(app, lease, some, { quota, since, signal, until: stopAt });
    await recordSkipped(app, lease, some, outcomes);
    if (failure !== null) throw failure.error;
    if (outcomes.every((outcome) => outcome === undefined)) return;
    page.todo = page.todo.filter((_id, index) => outcomes[index] === undefined);
    for (const outcome of outcomes) {
      if (outcome === 'too-old') progress.oldInARow++;
      if (outcome !== 'stored' && outcome !== 'incomplete') continue;
      page.stored++;
      progress.oldInARow = 0;
    }
  }
}

/**
 * Removes messages that were stored before the full sync and are not in its listing. Each is requested once more, because
 * a listing can miss a message.
 * @returns false when more are left.
 */
async function removeUnseen(
  app: App,
  lease: MailboxLease,
  quota: ReadQuota,
  { signal }: SyncOptions,
): Promise<boolean> {
  const { organizationId, id } = lease.mailbox;
  const { rows } = await app.pool.query<{ id: string }>(
    sql`SELECT provider_message_id AS id FROM email_message m
      WHERE organization_id = ${organizationId} AND account_id = ${id} AND deleted_at IS NULL
        AND created_at < ${lease.state.fullSyncStartedAt} AND NOT ${IS_SEEN} LIMIT ${MAX_REQUESTED}`,
  );
  for (const { id: messageId } of rows) {
    await quota.spend(READ_UNITS.get);
    const message = await app.gmail.getMessageHeaders(mailboxAccess(app, lease.mailbox), messageId, { signal });
    await underLease(app, lease, async (tx) => {
      if (message === null) await removeMessages(tx, lease.mailbox, [messageId]);
      else await recordSeen(tx, lease, [messageId]);
    });
  }
  return rows.length < MAX_REQUESTED;
}
