/**
 * The row that says how far a mailbox has been read, and who reads it now. One process at a time holds its lease; what it
 * stores and how far it has come are written under the lease's token only, so that one that was taken for dead changes
 * nothing any more.
 */
import { v7 as uuidv7 } from 'uuid';
import type { MailboxSyncPhase } from '#generated/prisma/enums.ts';
import type { App } from '../app.ts';
import { inTransaction, type Sql } from '../db/client.ts';
import { prepared } from '../db/prepared.ts';
import { retryDeadlocks } from '../db/retry-deadlocks.ts';
import type { Sender } from '../accounts/mailbox-access.ts';
import { job } from '../jobs.ts';

export interface AccountRef {
  readonly organizationId: string;
  readonly accountId: string;
}

export interface SyncState {
  readonly phase: MailboxSyncPhase;
  /** Null: nothing was read yet. */
  readonly historyId: string | null;
  readonly pageToken: string | null;
  readonly since: Date | null;
  readonly listedFrom: Date | null;
  readonly imported: number;
  readonly estimated: number | null;
  /** Times in a row that it failed. */
  readonly failures: number;
  /** Messages that Gmail could not give in any form: what comes after them is not held up. */
  readonly unreadableIds: readonly string[];
  /** When these are asked for again. Null: there are none. */
  readonly unreadableRetryAt: Date | null;
}

/** A `SyncState` in `mailbox_sync s`. */
export const STATE_COLUMNS = `s.phase, s.history_id AS "historyId", s.page_token AS "pageToken", s.since, s.listed_from AS "listedFrom",
  s.imported, s.estimated, s.failures, s.unreadable_ids AS "unreadableIds", s.unreadable_retry_at AS "unreadableRetryAt"`;

/** A writer whose lease somebody else has. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
  constructor() {
    super('another process reads this mailbox now');
  }
}

/** Longer than a Gmail call may take with its repeats; a process that died ends its leases by its heartbeat. */
const LEASE_MARGIN_MS = 60_000;

/** The right to read a mailbox, with the state as this process has left it. */
export interface Lease {
  readonly mailbox: Sender;
  readonly token: string;
  state: SyncState;
}

function leaseMs({ config }: App): number {
  return config.gmailTimeoutMs + LEASE_MARGIN_MS;
}

/**
 * The look counted the mailbox as read. There is something to be brought, so it does not until that is here.
 * @param before see `Look`.
 * @returns null: somebody has it, and reads the history once more for us; or the grant has ended since we looked, and
 * nobody may.
 */
export async function claim(app: App, mailbox: Sender, before: Date | null): Promise<Lease | null> {
  const token = uuidv7();
  const { rows } = await app.pool.query<SyncState & { claimed: boolean }>({
    name: 'claim-mailbox',
    text: `UPDATE mailbox_sync s SET again = held.now,
        lease_token = CASE WHEN held.now THEN s.lease_token ELSE $3 END,
        lease_owner = CASE WHEN held.now THEN s.lease_owner ELSE $4 END,
        lease_expires_at = CASE WHEN held.now THEN s.lease_expires_at ELSE now() + $5 * interval '1 ms' END,
        last_synced_at = CASE WHEN held.now THEN s.last_synced_at ELSE least(s.last_synced_at, $7) END
      FROM (SELECT coalesce(lease_expires_at > now(), false) AS now FROM mailbox_sync
        WHERE organization_id = $1 AND account_id = $2 FOR NO KEY UPDATE) held, email_account a
      WHERE s.organization_id = $1 AND s.account_id = $2
        AND a.organization_id = $1 AND a.id = $2 AND a.status = 'ACTIVE' AND a.grant_id = $6
      RETURNING NOT held.now AS claimed, ${STATE_COLUMNS}`,
    values: [mailbox.organizationId, mailbox.id, token, app.processId, leaseMs(app), mailbox.grantId, before],
  });
  const [row] = rows;
  if (row === undefined || !row.claimed) return null;
  const { claimed: _, ...state } = row;
  return { mailbox, token, state };
}

const COLUMNS = {
  phase: 'phase',
  historyId: 'history_id',
  pageToken: 'page_token',
  since: 'since',
  listedFrom: 'listed_from',
  imported: 'imported',
  estimated: 'estimated',
  failures: 'failures',
  unreadableIds: 'unreadable_ids',
  unreadableRetryAt: 'unreadable_retry_at',
} as const satisfies Record<keyof SyncState, string>;

/** Assignments for `advance`, with `failures: 0`: nothing is wrong, but for messages that cannot be read. */
export const NO_ERROR = [
  "error_code = CASE WHEN unreadable_ids <> '{}' THEN 'unreadable' END",
  `error_message = CASE WHEN unreadable_ids <> '{}' THEN
    'Gmail could not give ' || cardinality(unreadable_ids) || ' of its messages; they are asked for again every hour.' END`,
  "failed_at = CASE WHEN unreadable_ids <> '{}' THEN now() END",
];

/**
 * Writes how far it has come, with what that covers when `sql` is a transaction, and extends the lease.
 * @param also assignments in SQL.
 * @returns whether the history was asked for since.
 * @throws {LeaseLostError}
 */
export async function advance(
  app: App,
  sql: Sql,
  lease: Lease,
  changes: Partial<SyncState>,
  also: readonly string[] = [],
): Promise<{ readonly again: boolean; readonly at: Date }> {
  const { organizationId, id } = lease.mailbox;
  const values: unknown[] = [organizationId, id, lease.token, leaseMs(app)];
  const assignments = Object.entries(changes).map(([name, value]) => {
    values.push(value);
    return `${columnOf(name)} = $${values.length}`;
  });
  const set = [...assignments, ...also, `lease_expires_at = now() + $4 * interval '1 ms'`];
  const { rows } = await sql.query<{ again: boolean; at: Date; listedFrom: Date | null }>(
    `UPDATE mailbox_sync SET ${set.join(', ')}
     WHERE organization_id = $1 AND account_id = $2 AND lease_token = $3
     RETURNING again, now() AS at, listed_from AS "listedFrom"`,
    values,
  );
  const [row] = rows;
  if (row === undefined) throw new LeaseLostError();
  const { again, at, listedFrom } = row;
  lease.state = { ...lease.state, ...changes, listedFrom };
  return { again, at };
}

/** Whether the history was asked for since it was last read. @throws {LeaseLostError} */
export async function isAskedFor(app: App, { mailbox, token }: Lease): Promise<boolean> {
  const { rows } = await app.pool.query<{ again: boolean }>({
    name: 'is-asked-for',
    text: 'SELECT again FROM mailbox_sync WHERE organization_id = $1 AND account_id = $2 AND lease_token = $3',
    values: [mailbox.organizationId, mailbox.id, token],
  });
  const [row] = rows;
  if (row === undefined) throw new LeaseLostError();
  return row.again;
}

function columnOf(name: string): string {
  const column = Object.entries(COLUMNS).find(([key]) => key === name)?.[1];
  if (column === undefined) throw new Error('no such column');
  return column;
}

/**
 * A transaction that nobody else's lease is in the way of: whoever takes the mailbox over waits for its end. It begins anew
 * after a deadlock: what is sent and what people mark meanwhile locks the same rows.
 * It may be lost when PostgreSQL dies before the next `advance`, which covers it and is not.
 * @throws {LeaseLostError}
 */
export function underLease<Result>(app: App, lease: Lease, work: (tx: Sql) => Promise<Result>): Promise<Result> {
  const transact = async (tx: Sql) => {
    const { rowCount } = await tx.query({
      name: 'under-lease',
      // Plans are made for the tables as they are: an import begins with empty ones.
      text: `SELECT set_config('synchronous_commit', 'off', true), set_config('plan_cache_mode', 'force_custom_plan', true)
        FROM mailbox_sync
        WHERE organization_id = $1 AND account_id = $2 AND lease_token = $3 FOR SHARE`,
      values: [lease.mailbox.organizationId, lease.mailbox.id, lease.token],
    });
    if (rowCount === 0) throw new LeaseLostError();
    return work(prepared(tx));
  };
  return retryDeadlocks(() => inTransaction(app.pool, transact));
}

/** Gives the lease back after a run that went well. False: the history was asked for meanwhile, so it is kept. */
export async function release(app: App, lease: Lease): Promise<boolean> {
  const { organizationId, id } = lease.mailbox;
  const { rowCount } = await app.pool.query(
    `UPDATE mailbox_sync SET lease_token = NULL, lease_owner = NULL, lease_expires_at = NULL
     WHERE organization_id = $1 AND account_id = $2 AND lease_token = $3 AND NOT again`,
    [organizationId, id, lease.token],
  );
  return rowCount === 1;
}

/**
 * Ends a run that is to go on later: gives the lease back, and has a `sync` job continue in `delayMs`.
 * @param failure what went wrong, for people; null when nothing did.
 * @param before see `Look`.
 */
export async function postpone(
  app: App,
  at: { readonly mailbox: Sender; readonly token: string | null },
  next: {
    readonly delayMs: number | null;
    readonly failure: { readonly code: string; readonly message: string } | null;
    readonly before: Date | null;
  },
): Promise<void> {
  const { organizationId, id: accountId } = at.mailbox;
  const { payload, key } = job('sync', { organizationId, accountId });
  await app.pool.query(
    `WITH ended AS (
       UPDATE mailbox_sync SET lease_token = NULL, lease_owner = NULL, lease_expires_at = NULL, again = false,
         next_run_at = now() + coalesce($4::float8, 0) * interval '1 ms',
         failures = CASE WHEN $5::text IS NULL THEN failures ELSE failures + 1 END,
         error_code = coalesce($5, error_code), error_message = coalesce($6, error_message),
         failed_at = CASE WHEN $5::text IS NULL THEN failed_at ELSE now() END,
         last_synced_at = CASE WHEN $3::uuid IS NULL THEN $7 ELSE last_synced_at END
       WHERE organization_id = $1 AND account_id = $2
         AND (lease_token = $3 OR $3::uuid IS NULL AND (lease_expires_at IS NULL OR lease_expires_at < now()))
       RETURNING 1
     )
     SELECT graphile_worker.add_job('sync', payload => $8::json, run_at => now() + $4::float8 * interval '1 ms',
       max_attempts => 25, job_key => $9) FROM ended WHERE $4::float8 IS NOT NULL`,
    [
      organizationId,
      accountId,
      at.token,
      next.delayMs,
      next.failure?.code ?? null,
      next.failure?.message ?? null,
      next.before,
      payload,
      key,
    ],
  );
}
