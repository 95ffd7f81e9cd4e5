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
/** So many messages in a row that are too old: the rest is older still. */
const ENOUGH_OLD = 20;
/** Pages that are counted for the estimate; what lies beyond is not told. */
const MAX_COUNTED_PAGES = 40;
/** Of the mailbox's labels, those that say nothing that is stored here. */
const UNCOUNTED_LABELS = new Set(['DRAFT', 'CHAT']);

/** Takes the cursor and begins to list. @param phase `RELIST` when there is something to compare with. */
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
    // A comparison that Gmail's memory has ended goes on as one, an import as one.
    const next = { phase, historyId, pageToken: null, since };
    await advance(app, tx, lease, next, ['listed_from = now()', 'last_synced_at = greatest(last_synced_at, now())']);
  });
}

/**
 * Goes on listing until it is done, `isWanted` says that there is something more urgent, or the time is over.
 * @throws {GmailError} @throws {LeaseLostError} @throws {NoUnitsError}
 */
export async function goOnListing(app: App, lease: Lease, options: SyncOptions): Promise<void> {
  const budget = createReadBudget(app, lease.mailbox, { ...options, purpose: 'listing' });
  if (lease.state.phase === 'IMPORT' && lease.state.estimated === null) {
    const estimated = await countMessages(app, lease, budget, options);
    await advance(app, app.pool, lease, { estimated });
  }
  while (performance.now() < options.until && lease.state.phase !== 'HISTORY') {
    options.signal.throwIfAborted();
    const { phase } = lease.state;
    const step = phase === 'LABELS' ? compareLabel : listPage;
    if ((await step(app, lease, budget, options)).again) return;
  }
}

/** How many messages the import is going to bring, drafts left out. */
async function countMessages(app: App, lease: Lease, budget: ReadBudget, { signal }: SyncOptions): Promise<number> {
  const since = Math.floor((lease.state.since?.getTime() ?? 0) / 1000);
  let count = 0;
  let pageToken: string | null = null;
  for (let pages = 0; pages < MAX_COUNTED_PAGES; pages++) {
    await budget.spend(UNITS.list);
    const list = { pageToken, limit: MAX_PAGE, query: `after:${since} -in:drafts` };
    const page = await app.gmail.listMessages(mailboxAccess(app, lease.mailbox), list, { signal });
    count += page.ids.length;
    pageToken = page.nextPageToken;
    if (pageToken === null) break;
  }
  return count;
}

type Step = (app: App, lease: Lease, budget: ReadBudget, options: SyncOptions) => Promise<{ readonly again: boolean }>;

/** One page: what is missing comes, and in a comparison what is there is noted. */
const listPage: Step = async (app, lease, budget, options) => {
  const { mailbox, state } = lease;
  const isComparison = state.phase === 'RELIST';
  await budget.spend(UNITS.list, isComparison ? 0 : PAGE.IMPORT * UNITS.get);
  const list = {
    pageToken: state.pageToken,
    limit: isComparison ? PAGE.RELIST : PAGE.IMPORT,
    includeSpamTrash: isComparison,
  };
  // Not a search, which may not know yet what has just come.
  const page = await app.gmail.listMessages(mailboxAccess(app, mailbox), list, options);
  const stored = await storedIds(app.pool, mailbox, page.ids);
  const missing = page.ids.filter((id) => !stored.has(id));
  const { count, isOld } = await importUntilOld(app, lease, missing, budget, options);
  const isLast = page.nextPageToken === null || (isOld && !isComparison);
  if (isComparison) {
    await noteListed(app, lease, page.ids);
    if (isLast) await removeUnlisted(app, lease, budget, options);
  }
  const next: Partial<SyncState> = isLast
    ? { phase: isComparison ? 'LABELS' : 'HISTORY', pageToken: null }
    : { pageToken: page.nextPageToken };
  const imported = isComparison ? {} : { imported: state.imported + stored.size + count };
  return advance(app, app.pool, lease, { ...next, ...imported });
};

/** @returns how many were stored, and whether the mailbox goes on with what is too old. */
async function importUntilOld(
  app: App,
  lease: Lease,
  messageIds: readonly string[],
  budget: ReadBudget,
  { signal }: SyncOptions,
): Promise<{ readonly count: number; readonly isOld: boolean }> {
  let count = 0;
  for (let at = 0; at < messageIds.length; at += ENOUGH_OLD) {
    const some = messageIds.slice(at, at + ENOUGH_OLD);
    const outcomes = await importAll(app, lease, some, { budget, since: lease.state.since, signal });
    count += outcomes.filter((outcome) => outcome === 'stored').length;
    if (outcomes.every((outcome) => outcome === 'too-old')) return { count, isOld: true };
  }
  return { count, isOld: false };
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
