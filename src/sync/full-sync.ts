/**
 * Going through a whole mailbox by its ids, newest first: the first import, and the comparison after Gmail has forgotten
 * the cursor (RELIST, then LABELS). The cursor is taken before the listing begins, so that what changes meanwhile is in
 * the history; the place in the listing is stored page by page, so that it goes on from there.
 */
import type { App } from '../app.ts';
import type { Sql } from '../db/client.ts';
import { GmailError } from '../gmail/errors.ts';
import type { GmailGateway, MessagePage } from '../gmail/gateway.ts';
import { mailboxAccess } from '../accounts/mailbox-access.ts';
import { relabelMessages, removeMessages } from '../inbox/update-messages.ts';
import type { SyncOptions } from './incremental.ts';
import { importAll, storedIds } from './import-messages.ts';
import { forgetListed, IS_LISTED, listedIds, noteListed, notePassedOver } from './listed.ts';
import { advance, isAskedFor, type Lease, NO_ERROR, type SyncState, underLease } from './sync-state.ts';
import { createReadBudget, GaveWayError, type ReadBudget, UNITS } from './read-quota.ts';

const DAY_MS = 86_400_000;
/** Ids on a page. An import shows its progress page by page; a comparison has little to do for each id. */
const PAGE = { IMPORT: 50, RELIST: 500 } as const;
const MAX_PAGE = 500;
/** Somebody who asks for what is new waits so long. */
const SLICE_MS = 1_000;
/** So many messages in a row that are too old: the rest is older still. */
const ENOUGH_OLD = 20;
/** Pages that are counted for the estimate; what lies beyond is not told. */
const MAX_COUNTED_PAGES = 40;
/** What seems deleted is asked for one by one, so many before the history is looked at again. */
const MAX_ASKED = 50;
/** Of the mailbox's labels, those that say nothing that is stored here. */
const UNCOUNTED_LABELS = new Set(['DRAFT', 'CHAT']);

/** A page whose ids are being gone through; kept by the run, so that it is listed once. */
interface OpenPage {
  readonly ids: readonly string[];
  readonly nextPageToken: string | null;
  /** Those that were stored already. */
  readonly known: number;
  /** Those that are still to be read. */
  todo: readonly string[];
  stored: number;
}

/** Where one run is in a listing. */
export interface Listing {
  page: OpenPage | null;
  /** So many messages before this place are too old, with none between them that is not. */
  oldInARow: number;
}

/** Takes the cursor and begins to list. @param phase `RELIST` when something may be stored to compare with. */
export async function beginListing(
  app: App,
  lease: Lease,
  phase: 'IMPORT' | 'RELIST',
  { signal }: SyncOptions,
): Promise<void> {
  const { historyId } = await app.gmail.getProfile(mailboxAccess(app, lease.mailbox), { signal });
  // The bound of the first import stays: a later one would let what it brought look deleted.
  const since = lease.state.since ?? new Date(app.now().getTime() - app.config.syncSinceDays * DAY_MS);
  await underLease(app, lease, async (tx) => {
    await forgetListed(tx, lease);
    const next = { phase, historyId, pageToken: null, since };
    await advance(app, tx, lease, next, ['listed_from = now()', 'last_synced_at = greatest(last_synced_at, now())']);
  });
}

/**
 * Goes on listing until it is done, somebody has asked for the history, or the slice is over.
 * @param options.sliceMs from now on.
 * @throws {GmailError} @throws {LeaseLostError} @throws {NoUnitsError}
 */
export async function goOnListing(
  app: App,
  lease: Lease,
  listing: Listing,
  { sliceMs, ...options }: SyncOptions & { readonly sliceMs: number },
): Promise<void> {
  const sliceEnd = Math.min(options.until, performance.now() + sliceMs);
  const givesWay = async () => performance.now() >= sliceEnd || (await isAskedFor(app, lease));
  const budget = createReadBudget(app, lease.mailbox, { ...options, givesWay });
  while (performance.now() < sliceEnd && lease.state.phase !== 'HISTORY') {
    options.signal.throwIfAborted();
    const { phase } = lease.state;
    try {
      if (phase === 'IMPORT' && lease.state.estimated === null) {
        const estimated = await countMessages(app, lease, budget, options);
        await advance(app, app.pool, lease, { estimated });
      }
      const step = phase === 'LABELS' ? compareLabel : listPage;
      if ((await step(app, lease, budget, { ...options, until: sliceEnd, listing })).again) return;
    } catch (error) {
      if (error instanceof GaveWayError) return;
      if (!(error instanceof PlaceLostError)) throw error;
      // From the beginning; what is stored is passed over.
      await advance(app, app.pool, lease, { pageToken: null, ...(phase === 'IMPORT' ? { imported: 0 } : {}) });
      listing.page = null;
    }
  }
}

/** How long Gmail knows its page tokens is not said; an account may have been disconnected for weeks. */
class PlaceLostError extends Error {
  override readonly name = 'PlaceLostError';
}

async function listFrom(
  app: App,
  { mailbox }: Lease,
  list: Parameters<GmailGateway['listMessages']>[1],
  { signal }: SyncOptions,
): Promise<MessagePage> {
  try {
    return await app.gmail.listMessages(mailboxAccess(app, mailbox), list, { signal });
  } catch (error) {
    const isRefused = error instanceof GmailError && (error.kind === 'rejected' || error.kind === 'not-found');
    throw isRefused && list.pageToken !== null ? new PlaceLostError() : error;
  }
}

/** How many messages the import is going to bring, drafts left out. */
async function countMessages(app: App, lease: Lease, budget: ReadBudget, { signal }: SyncOptions): Promise<number> {
  const since = Math.floor((lease.state.since?.getTime() ?? 0) / 1000);
  let count = 0;
  let pageToken: string | null = null;
  for (let pages = 0; pages < MAX_COUNTED_PAGES; pages++) {
    await budget.spend(UNITS.list);
    const list = { pageToken, limit: MAX_PAGE, query: `after:${since} -in:drafts`, includeSpamTrash: true };
    const page = await app.gmail.listMessages(mailboxAccess(app, lease.mailbox), list, { signal });
    count += page.ids.length;
    pageToken = page.nextPageToken;
    if (pageToken === null) break;
  }
  return count;
}

type Step = (
  app: App,
  lease: Lease,
  budget: ReadBudget,
  options: SyncOptions & { readonly listing: Listing },
) => Promise<{ readonly again: boolean }>;

/** One page, or as much of it as there is time for: what is missing comes, and in a comparison what is there is noted. */
const listPage: Step = async (app, lease, budget, options) => {
  const { state } = lease;
  const isComparison = state.phase === 'RELIST';
  const page = options.listing.page ?? (await openPage(app, lease, budget, options));
  options.listing.page = page;
  await importUntilOld(app, lease, page, budget, options);
  const isOld = restIsOld(options.listing);
  if (page.todo.length > 0 && !isOld) return advance(app, app.pool, lease, {});
  const isLast = page.nextPageToken === null || (isOld && !isComparison);
  if (isComparison) {
    await underLease(app, lease, (tx) => noteListed(tx, lease, page.ids));
    if (isLast && !(await removeUnlisted(app, lease, budget, options))) return advance(app, app.pool, lease, {});
  }
  options.listing.page = null;
  const next: Partial<SyncState> = isLast
    ? { phase: isComparison ? 'LABELS' : 'HISTORY', pageToken: null }
    : { pageToken: page.nextPageToken };
  const imported = isComparison ? {} : { imported: state.imported + page.known + page.stored };
  const changes = { ...next, ...imported, failures: 0 };
  if (!isLast || isComparison) return advance(app, app.pool, lease, changes, NO_ERROR);
  return underLease(app, lease, async (tx) => {
    await forgetListed(tx, lease);
    return advance(app, tx, lease, changes, NO_ERROR);
  });
};

async function openPage(...[app, lease, budget, options]: Parameters<Step>): Promise<OpenPage> {
  const { mailbox, state } = lease;
  const limit = state.phase === 'RELIST' ? PAGE.RELIST : PAGE.IMPORT;
  await budget.spend(UNITS.list, limit * UNITS.get);
  // Not a search, which may not know yet what has just come.
  const list = { pageToken: state.pageToken, limit, includeSpamTrash: true };
  const { ids, nextPageToken } = await listFrom(app, lease, list, options);
  const known = await storedIds(app.pool, mailbox, ids);
  const passedOver = await listedIds(app.pool, mailbox, ids);
  const todo = restIsOld(options.listing) ? [] : ids.filter((id) => !known.has(id) && !passedOver.has(id));
  return { ids, nextPageToken, known: known.size, todo, stored: 0 };
}

/** What comes from here on is too old to be read. */
function restIsOld({ oldInARow }: Listing): boolean {
  return oldInARow >= ENOUGH_OLD;
}

/** What there is no time for stays in `page.todo`. */
async function importUntilOld(
  app: App,
  lease: Lease,
  page: OpenPage,
  budget: ReadBudget,
  { signal, until, listing }: Parameters<Step>[3],
): Promise<void> {
  const stopAt = Math.min(until, performance.now() + SLICE_MS);
  while (page.todo.length > 0 && performance.now() < stopAt && !restIsOld(listing)) {
    const some = page.todo.slice(0, PAGE.IMPORT);
    const { since } = lease.state;
    const { outcomes, failure } = await importAll(app, lease, some, { budget, since, signal, until: stopAt });
    await notePassedOver(app, lease, some, outcomes);
    if (failure !== null) throw failure.error;
    if (outcomes.every((outcome) => outcome === undefined)) return;
    page.todo = page.todo.filter((_id, index) => outcomes[index] === undefined);
    for (const outcome of outcomes) {
      if (outcome === 'stored') page.stored++;
      if (outcome === 'too-old') listing.oldInARow++;
      else if (outcome === 'stored') listing.oldInARow = 0;
    }
  }
}

/**
 * What was stored before the listing and is not in it goes. Each is asked for once more: a listing may pass something over.
 * @returns false when there are more of them.
 */
async function removeUnlisted(app: App, lease: Lease, budget: ReadBudget, { signal }: SyncOptions): Promise<boolean> {
  const { organizationId, id } = lease.mailbox;
  const { rows } = await app.pool.query<{ id: string }>(
    `SELECT provider_message_id AS id FROM email_message m
     WHERE organization_id = $1 AND account_id = $2 AND deleted_at IS NULL AND created_at < $3 AND NOT ${IS_LISTED}
     LIMIT $4`,
    [organizationId, id, lease.state.listedFrom, MAX_ASKED],
  );
  for (const { id: messageId } of rows) {
    await budget.spend(UNITS.get);
    const message = await app.gmail.getMessageHeaders(mailboxAccess(app, lease.mailbox), messageId, { signal });
    await underLease(app, lease, async (tx) => {
      if (message === null) await removeMessages(tx, lease.mailbox, [messageId]);
      else await noteListed(tx, lease, [messageId]);
    });
  }
  return rows.length < MAX_ASKED;
}

/**
 * A page of one label, the next in their order. After its last page: who has the label and should not, and who should
 * and has not.
 */
const compareLabel: Step = async (app, lease, budget, options) => {
  const [place = '', token] = lease.state.pageToken?.split('\n') ?? [];
  let label: string | undefined = place;
  if (token === undefined) {
    await budget.spend(UNITS.labels);
    const labels = (await app.gmail.listLabels(mailboxAccess(app, lease.mailbox), options))
      .filter((id) => !UNCOUNTED_LABELS.has(id))
      .sort();
    label = labels.find((id) => id > place);
  }
  if (label === undefined) {
    return underLease(app, lease, async (tx) => {
      await forgetListed(tx, lease);
      return advance(app, tx, lease, { phase: 'HISTORY', pageToken: null, failures: 0 }, NO_ERROR);
    });
  }
  await budget.spend(UNITS.list);
  const list = { pageToken: token ?? null, limit: MAX_PAGE, labelId: label, includeSpamTrash: true };
  const { ids, nextPageToken } = await listFrom(app, lease, list, options);
  return underLease(app, lease, async (tx) => {
    if (token === undefined) await forgetListed(tx, lease);
    await noteListed(tx, lease, ids);
    if (nextPageToken === null) await applyLabel(tx, lease, label);
    const pageToken = nextPageToken === null ? label : `${label}\n${nextPageToken}`;
    return advance(app, tx, lease, { pageToken, failures: 0 }, NO_ERROR);
  });
};

/** What was stored before the listing has the label when it is in the list, and else has not. */
async function applyLabel(tx: Sql, { mailbox, state }: Lease, label: string): Promise<void> {
  const { rows } = await tx.query<{ messageId: string; has: boolean }>(
    `SELECT provider_message_id AS "messageId", $3 = ANY(labels) AS has FROM email_message m
     WHERE organization_id = $1 AND account_id = $2 AND deleted_at IS NULL AND created_at < $4
       AND ($3 = ANY(labels)) <> ${IS_LISTED}`,
    [mailbox.organizationId, mailbox.id, label, state.listedFrom],
  );
  const changes = rows.map(({ messageId, has }) => ({
    messageId,
    added: has ? [] : [label],
    removed: has ? [label] : [],
  }));
  await relabelMessages(tx, mailbox, changes);
}
