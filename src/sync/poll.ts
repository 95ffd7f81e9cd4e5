/**
 * Polling: one statement that reads the state of a mailbox. Nearly always nothing is new, so the same statement already
 * writes what follows then: the mailbox counts as read, and the time of the next poll.
 */

import type { App } from '../app.ts';
import { SENDER_COLUMNS, type Sender } from '../db/sender.ts';
import { type Fragment, sql, statement } from '../db/statement.ts';
import type { AccountRef } from '../jobs.ts';
import { STATE_COLUMNS, type SyncState } from './sync-state.ts';

/** An account with the state of its sync at the time of a poll. */
export interface PolledMailbox extends SyncState {
  readonly mailbox: Sender;
  /** Another run holds the lease. It was told to read the history once more. */
  readonly isHeld: boolean;
  /** A run was postponed or interrupted: there may be work that the history does not list. */
  readonly isUnfinished: boolean;
  /** `last_synced_at` before this poll, to be restored if the sync fails. */
  readonly before: Date | null;
  readonly at: Date;
}

/** A mailbox without changes for 40 times an interval is polled at that interval. */
const QUIET_SHARE = 40;
const DEFAULT_INTERVAL = { minMs: 15_000, maxMs: 300_000 };

type PolledRow = Sender & Omit<PolledMailbox, 'mailbox'>;

type Intervals = NonNullable<App['config']['syncInterval']>;

function pollStatement(condition: Fragment, { minMs, maxMs }: Intervals): Fragment {
  return sql`WITH seen AS (
      SELECT s.organization_id, s.account_id, s.last_synced_at AS before, coalesce(s.lease_expires_at > now(), false) AS held,
        greatest(s.active_at, (SELECT e.created_at FROM outbound_email e
          WHERE e.organization_id = s.organization_id AND e.account_id = s.account_id
          ORDER BY e.created_at DESC, e.id DESC LIMIT 1)) AS active_at
      FROM mailbox_sync s JOIN email_account a ON a.organization_id = s.organization_id AND a.id = s.account_id
      WHERE ${condition}
    )
    UPDATE mailbox_sync s SET rerun_requested = s.rerun_requested OR seen.held AND a.status = 'ACTIVE',
      last_synced_at = CASE WHEN seen.held OR s.phase <> 'INCREMENTAL' OR a.status <> 'ACTIVE' THEN s.last_synced_at ELSE now() END,
      next_run_at = now() + interval '1 ms'
        * least(${maxMs}, greatest(${minMs}, extract(epoch FROM now() - seen.active_at) * 1000 / ${QUIET_SHARE}))
    FROM seen, email_account a
    WHERE s.organization_id = seen.organization_id AND s.account_id = seen.account_id
      AND a.organization_id = s.organization_id AND a.id = s.account_id
    RETURNING ${SENDER_COLUMNS}, ${STATE_COLUMNS}, seen.held AS "isHeld",
      s.rerun_requested OR s.lease_token IS NOT NULL AS "isUnfinished", seen.before, now() AS at`;
}

export const pollOne = statement(
  'poll-mailbox',
  ({ organizationId, accountId, intervals }: AccountRef & { readonly intervals: Intervals }) =>
    pollStatement(
      sql`s.organization_id = ${organizationId} AND s.account_id = ${accountId} FOR NO KEY UPDATE OF s`,
      intervals,
    ),
);

export const pollDue = statement(
  'poll-due-mailboxes',
  ({ limit, intervals }: { readonly limit: number; readonly intervals: Intervals }) =>
    pollStatement(
      sql`s.next_run_at <= now() AND a.status = 'ACTIVE' AND (s.lease_expires_at IS NULL OR s.lease_expires_at < now())
        ORDER BY s.next_run_at LIMIT ${limit} FOR NO KEY UPDATE OF s SKIP LOCKED`,
      intervals,
    ),
);

function intervalsOf({ config }: App): Intervals {
  return config.syncInterval ?? DEFAULT_INTERVAL;
}

/** Null: no such account. */
export async function pollMailbox(app: App, { organizationId, accountId }: AccountRef): Promise<PolledMailbox | null> {
  const polled = pollOne({ organizationId, accountId, intervals: intervalsOf(app) });
  const { rows } = await app.pool.query<PolledRow>(polled);
  return rows[0] === undefined ? null : { ...rows[0], mailbox: rows[0] };
}

/** Polls mailboxes that are due, at most `limit`. No other process gets the same ones. */
export async function pollDueMailboxes(app: App, limit: number): Promise<PolledMailbox[]> {
  const { rows } = await app.pool.query<PolledRow>(pollDue({ limit, intervals: intervalsOf(app) }));
  return rows.map((row) => ({ ...row, mailbox: row }));
}
