/** The step of LABELS: compares the labels of stored messages with Gmail, one label after the other. */
import { mailboxAccess } from '../accounts/mailbox-access.ts';
import type { Sql } from '../db/client.ts';
import { sql } from '../db/statement.ts';
import { relabelMessages } from '../inbox/update-messages.ts';
import { advance, NO_ERROR } from './advance.ts';
import { clearSeen, IS_SEEN, recordSeen } from './full-sync-ids.ts';
import { listFrom, MAX_PAGE, type Step } from './full-sync-step.ts';
import { type MailboxLease, underLease } from './lease.ts';
import { READ_UNITS } from './read-quota.ts';

/** Messages whose label one transaction changes. */
const BATCH = 500;
/** Labels of mail that is not stored. */
const IGNORED_LABELS = new Set(['DRAFT', 'CHAT']);

/**
 * Lists one page of the current label, or of the next one in alphabetical order. The last page corrects the labels, and sets the
 * cursor back to where it was at the first page: the listing is older than the history that was read in between.
 */
export const compareLabel: Step = async (app, lease, quota, options) => {
  const [place = '', token, cursor = lease.state.historyId] = lease.state.pageToken?.split('\n') ?? [];
  let label: string | undefined = place;
  if (token === undefined) {
    await quota.spend(READ_UNITS.labels);
    const labels = (await app.gmail.listLabels(mailboxAccess(app, lease.mailbox), options))
      .filter((id) => !IGNORED_LABELS.has(id))
      .sort();
    label = labels.find((id) => id > place);
  }
  if (label === undefined) {
    return underLease(app, lease, async (tx) => {
      await clearSeen(tx, lease);
      return advance(app, tx, lease, { phase: 'INCREMENTAL', pageToken: null, failures: 0 }, NO_ERROR);
    });
  }
  await quota.spend(READ_UNITS.list);
  const list = { pageToken: token ?? null, limit: MAX_PAGE, labelId: label };
  const { ids, nextPageToken } = await listFrom(app, lease, list, options);
  const next = nextPageToken === null ? null : `${label}\n${nextPageToken}\n${cursor}`;
  const progress = await underLease(app, lease, async (tx) => {
    if (token === undefined) await clearSeen(tx, lease);
    await recordSeen(tx, lease, ids);
    return next === null ? null : advance(app, tx, lease, { pageToken: next, failures: 0 }, NO_ERROR);
  });
  if (progress !== null) return progress;
  // An owner may have archived most of a mailbox: a transaction for each batch holds its locks for a moment.
  let hasMore = true;
  while (hasMore) {
    options.signal.throwIfAborted();
    hasMore = await underLease(app, lease, async (tx) => {
      // Extends the lease.
      await advance(app, tx, lease, {});
      return applyLabel(tx, lease, label);
    });
  }
  return underLease(app, lease, (tx) =>
    advance(app, tx, lease, { pageToken: label, historyId: cursor, failures: 0 }, NO_ERROR),
  );
};

/**
 * Stored messages get the label when they are in its listing, and lose it otherwise: as many as one transaction changes.
 * @returns whether there may be more.
 */
async function applyLabel(tx: Sql, { mailbox, state }: MailboxLease, label: string): Promise<boolean> {
  const { rows } = await tx.query<{ messageId: string; has: boolean }>(
    sql`SELECT provider_message_id AS "messageId", ${label} = ANY(labels) AS has FROM email_message m
      WHERE organization_id = ${mailbox.organizationId} AND account_id = ${mailbox.id} AND deleted_at IS NULL
        AND created_at < ${state.fullSyncStartedAt} AND (${label} = ANY(labels)) <> ${IS_SEEN}
      LIMIT ${BATCH}`,
  );
  const changes = rows.map(({ messageId, has }) => ({
    messageId,
    added: has ? [] : [label],
    removed: has ? [label] : [],
  }));
  await relabelMessages(tx, mailbox, changes);
  return rows.length === BATCH;
}
