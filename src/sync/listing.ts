/**
 * Going through a whole mailbox by its ids, newest first: the first import, and the comparison after Gmail has forgotten
 * the cursor (RELIST, then LABELS). The cursor is taken before the listing begins, so that what changes meanwhile is in
 * the history; the place in the listing is stored page by page, so that it goes on from there.
 */
import type { App } from '../app.ts';
import { mailboxAccess } from '../mail/sender.ts';
import { relabelMessages, removeMessages } from './change-message.ts';
import type { SyncOptions } from './changes.ts';
import { importAll, storedIds } from './import-many.ts';
import { advance, type Lease, type SyncState, underLease } from './mailbox-sync.ts';
import { createReadBudget, type ReadBudget, UNITS } from './read-budget.ts';

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
  /** What comes from here on is too old to be read. */
  isOld: boolean;
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
    const { organizationId, id } = lease.mailbox;
    await tx.query('DELETE FROM mailbox_listing WHERE organization_id = $1 AND account_id = $2', [organizationId, id]);
    const next = { phase, historyId, pageToken: null, since };
    await advance(app, tx, lease, next, ['listed_from = now()', 'last_synced_at = greatest(last_synced_at, now())']);
  });
}

/**
 * Goes on listing until it is done, `isWanted` says that there is something more urgent, or the time is over.
 * @throws {GmailError} @throws {LeaseLostError} @throws {NoUnitsError}
 */
export async function goOnListing(app: App, lease: Lease, listing: Listing, options: SyncOptions): Promise<void> {
  const budget = createReadBudget(app, lease.mailbox, { ...options, purpose: 'listing' });
  if (lease.state.phase === 'IMPORT' && lease.state.estimated === null) {
    const estimated = await countMessages(app, lease, budget, options);
    await advance(app, app.pool, lease, { estimated });
  }
  while (performance.now() < options.until && lease.state.phase !== 'HISTORY') {
    options.signal.throwIfAborted();
    const { phase } = lease.state;
    const step = phase === 'LABELS' ? compareLabel : listPage;
    if ((await step(app, lease, budget, { ...options, listing })).again) return;
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
  const { isOld } = options.listing;
  if (page.todo.length > 0 && !isOld) return advance(app, app.pool, lease, {});
  const isLast = page.nextPageToken === null || (isOld && !isComparison);
  if (isComparison) {
    await noteListed(app, lease, page.ids);
    if (isLast) await removeUnlisted(app, lease, budget, options);
  }
  options.listing.page = null;
  const next: Partial<SyncState> = isLast
    ? { phase: isComparison ? 'LABELS' : 'HISTORY', pageToken: null }
    : { pageToken: page.nextPageToken };
  const imported = isComparison ? {} : { imported: state.imported + page.known + page.stored };
  return advance(app, app.pool, lease, { ...next, ...imported });
};

async function openPage(...[app, lease, budget, options]: Parameters<Step>): Promise<OpenPage> {
  const { mailbox, state } = lease;
  const limit = state.phase === 'RELIST' ? PAGE.RELIST : PAGE.IMPORT;
  await budget.spend(UNITS.list, limit * UNITS.get);
  // Not a search, which may not know yet what has just come.
  const list = { pageToken: state.pageToken, limit, includeSpamTrash: true };
  const { ids, nextPageToken } = await app.gmail.listMessages(mailboxAccess(app, mailbox), list, options);
  const known = await storedIds(app.pool, mailbox, ids);
  const todo = options.listing.isOld ? [] : ids.filter((id) => !known.has(id));
  return { ids, nextPageToken, known: known.size, todo, stored: 0 };
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
  while (page.todo.length > 0 && performance.now() < stopAt && !listing.isOld) {
    const some = page.todo.slice(0, PAGE.IMPORT);
    const outcomes = await importAll(app, lease, some, { budget, since: lease.state.since, signal, until: stopAt });
    page.todo = page.todo.slice(outcomes.length);
    page.stored += outcomes.filter((outcome) => outcome === 'stored').length;
    const last = outcomes.slice(-ENOUGH_OLD);
    const isWhole = last.length === Math.min(ENOUGH_OLD, some.length);
    listing.isOld = isWhole && last.length > 0 && last.every((outcome) => outcome === 'too-old');
  }
}

async function noteListed(app: App, lease: Lease, messageIds: readonly string[]): Promise<void> {
  const { organizationId, id } = lease.mailbox;
  await underLease(app, lease, (tx) =>
    tx.query(
      `INSERT INTO mailbox_listing (organization_id, account_id, provider_message_id)
       SELECT $1, $2, id FROM unnest($3::text[]) id ON CONFLICT DO NOTHING`,
      [organizationId, id, messageIds],
    ),
  );
}

/** What was stored before the listing and is not in it. Each is asked for once more: a listing may pass something over. */
async function removeUnlisted(app: App, lease: Lease, budget: ReadBudget, { signal }: SyncOptions): Promise<void> {
  const { organizationId, id } = lease.mailbox;
  const { rows } = await app.pool.query<{ id: string }>(
    `SELECT provider_message_id AS id FROM email_message m
     WHERE organization_id = $1 AND account_id = $2 AND deleted_at IS NULL AND created_at < $3
       AND NOT EXISTS (SELECT FROM mailbox_listing l
         WHERE l.organization_id = $1 AND l.account_id = $2 AND l.provider_message_id = m.provider_message_id)`,
    [organizationId, id, lease.state.listedFrom],
  );
  for (const { id: messageId } of rows) {
    await budget.spend(UNITS.get);
    const message = await app.gmail.getMessageHeaders(mailboxAccess(app, lease.mailbox), messageId, { signal });
    if (message === null) await underLease(app, lease, (tx) => removeMessages(tx, lease.mailbox, [messageId]));
  }
}

/** One label, the next in their order: who has it and should not, and who should and has not. */
const compareLabel: Step = async (app, lease, budget, options) => {
  const { mailbox, state } = lease;
  const access = mailboxAccess(app, mailbox);
  await budget.spend(UNITS.labels);
  const labels = (await app.gmail.listLabels(access, options)).filter((id) => !UNCOUNTED_LABELS.has(id)).sort();
  const label = labels.find((id) => state.pageToken === null || id > state.pageToken);
  if (label === undefined) {
    return underLease(app, lease, async (tx) => {
      await tx.query('DELETE FROM mailbox_listing WHERE organization_id = $1 AND account_id = $2', [
        mailbox.organizationId,
        mailbox.id,
      ]);
      return advance(app, tx, lease, { phase: 'HISTORY', pageToken: null });
    });
  }
  const labelled: string[] = [];
  let pageToken: string | null = null;
  do {
    await budget.spend(UNITS.list);
    const list = { pageToken, limit: MAX_PAGE, labelId: label, includeSpamTrash: true };
    const page = await app.gmail.listMessages(access, list, options);
    labelled.push(...page.ids);
    pageToken = page.nextPageToken;
  } while (pageToken !== null);
  return underLease(app, lease, async (tx) => {
    const { rows } = await tx.query<{ messageId: string; has: boolean }>(
      `SELECT provider_message_id AS "messageId", $3 = ANY(labels) AS has FROM email_message
       WHERE organization_id = $1 AND account_id = $2 AND deleted_at IS NULL AND created_at < $5
         AND ($3 = ANY(labels)) <> (provider_message_id = ANY($4))`,
      [mailbox.organizationId, mailbox.id, label, labelled, state.listedFrom],
    );
    const changes = rows.map(({ messageId, has }) => ({
      messageId,
      added: has ? [] : [label],
      removed: has ? [label] : [],
    }));
    await relabelMessages(tx, mailbox, changes);
    return advance(app, tx, lease, { pageToken: label });
  });
};
