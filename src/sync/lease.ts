/**
 * The lease of a mailbox: one process reads it at a time. Messages and progress are written under the lease's token only,
 * so that a process whose lease was taken over changes nothing.
 */
import type { App } from '../app.ts';
import { inTransaction, type Sql } from '../db/client.ts';
import type { Sender } from '../db/sender.ts';
import { sql, statement } from '../db/statement.ts';
import { ownKeyTest } from '../email/address.ts';
import type { Mailbox } from '../inbox/parse-message.ts';
import { addJob } from '../jobs.ts';
import { STATE_COLUMNS, type SyncErrorCode, type SyncState } from './sync-state.ts';

/** Another run holds the lease now. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
  constructor() {
    super('another process reads this mailbox now');
  }
}

/** Longer than a Gmail call with its retries. The leases of a dead process end with its heartbeat. */
const LEASE_MARGIN_MS = 60_000;

/** The right to read a mailbox, with the state that this process wrote last. */
export interface MailboxLease {
  readonly mailbox: Sender & Required<Pick<Mailbox, 'isOurs'>>;
  readonly token: string;
  state: SyncState;
}

export function mailboxLeaseMs({ config }: App): number {
  return config.gmailTimeoutMs + LEASE_MARGIN_MS;
}

export const claimMailbox = statement(
  'claim-mailbox',
  ({ mailbox, token, owner, mailboxLeaseMs, before }: MailboxClaim) => sql`WITH account AS MATERIALIZED (
      -- Locked before the row of its sync, as where a grant ends: a grant that is ending now is not the grant that is read with.
      SELECT FROM email_account WHERE organization_id = ${mailbox.organizationId} AND id = ${mailbox.id}
        AND status = 'ACTIVE' AND grant_id = ${mailbox.grantId} FOR SHARE
    )
    UPDATE mailbox_sync s SET rerun_requested = held.now,
      lease_token = CASE WHEN held.now THEN s.lease_token ELSE ${token} END,
      lease_owner = CASE WHEN held.now THEN s.lease_owner ELSE ${owner} END,
      lease_expires_at = CASE WHEN held.now THEN s.lease_expires_at ELSE now() + ${mailboxLeaseMs} * interval '1 ms' END,
      last_synced_at = CASE WHEN held.now THEN s.last_synced_at ELSE least(s.last_synced_at, ${before}) END,
      failures = CASE WHEN held.expired THEN s.failures + 1 ELSE s.failures END,
      error_code = CASE WHEN held.expired THEN ${'interrupted' satisfies SyncErrorCode} ELSE s.error_code END,
      error_message = CASE WHEN held.expired THEN 'The last sync was interrupted; it was started again.'
        ELSE s.error_message END,
      failed_at = CASE WHEN held.expired THEN now() ELSE s.failed_at END
    FROM (
      SELECT coalesce(lease_expires_at > now(), false) AS now, lease_expires_at <= now() AS expired FROM mailbox_sync
      WHERE organization_id = ${mailbox.organizationId} AND account_id = ${mailbox.id} AND EXISTS (SELECT FROM account)
      FOR NO KEY UPDATE
    ) held
    WHERE s.organization_id = ${mailbox.organizationId} AND s.account_id = ${mailbox.id}
    RETURNING NOT held.now AS claimed, ${STATE_COLUMNS}, ARRAY(
        SELECT unnest(email || aliases) FROM email_account
        WHERE organization_id = s.organization_id AND released_at IS NULL
      ) AS "ourAddresses"`,
);

interface MailboxClaim {
  readonly mailbox: Sender;
  readonly token: string;
  readonly owner: string;
  readonly mailboxLeaseMs: number;
  readonly before: Date | null;
}

/**
 * Takes the lease. The poll counted the mailbox as read; this takes that back until the changes are stored. An expired
 * lease means that a run was interrupted, which counts as a failure.
 * @param token of the new lease.
 * @param before see `PolledMailbox`.
 * @returns null when another run holds the lease, which was told to read the history once more, or when the grant has
 * ended since the poll.
 */
export async function claim(
  app: App,
  mailbox: Sender,
  token: string,
  before: Date | null,
): Promise<MailboxLease | null> {
  const { rows } = await app.pool.query<SyncState & { claimed: boolean; ourAddresses: string[] }>(
    claimMailbox({ mailbox, token, owner: app.processId, mailboxLeaseMs: mailboxLeaseMs(app), before }),
  );
  const [row] = rows;
  if (row === undefined || !row.claimed) return null;
  const { claimed: _, ourAddresses, ...state } = row;
  return { mailbox: { ...mailbox, isOurs: ownKeyTest(ourAddresses) }, token, state };
}

/** Whether a sync was requested since the history was last read. @throws {LeaseLostError} */
export async function isRerunRequested(app: App, { mailbox, token }: MailboxLease): Promise<boolean> {
  const { rows } = await app.pool.query<{ rerunRequested: boolean }>(
    sql`SELECT rerun_requested AS "rerunRequested" FROM mailbox_sync
      WHERE organization_id = ${mailbox.organizationId} AND account_id = ${mailbox.id} AND lease_token = ${token}`,
  );
  const [row] = rows;
  if (row === undefined) throw new LeaseLostError();
  return row.rerunRequested;
}

export const lockLease = statement(
  'under-lease',
  ({ mailbox, token }: MailboxLease) => sql`SELECT FROM mailbox_sync
    WHERE organization_id = ${mailbox.organizationId} AND account_id = ${mailbox.id} AND lease_token = ${token} FOR SHARE`,
);

/**
 * Runs `work` in a transaction that holds a share lock on our lease, so that a takeover waits for it. It commits to disk: progress
 * that outlives a crash of PostgreSQL must not count messages that did not.
 * @throws {LeaseLostError}
 */
export function underLease<Result>(app: App, lease: MailboxLease, work: (tx: Sql) => Promise<Result>): Promise<Result> {
  return inTransaction(app.pool, async (tx) => {
    const { rowCount } = await tx.query(lockLease(lease));
    if (rowCount === 0) throw new LeaseLostError();
    return work(tx);
  });
}

/** Gives the lease back after a successful run. @returns false when a sync was requested meanwhile: the lease is kept. */
export async function release(app: App, lease: MailboxLease): Promise<boolean> {
  const { organizationId, id } = lease.mailbox;
  const { rowCount } = await app.pool.query(
    sql`UPDATE mailbox_sync SET lease_token = NULL, lease_owner = NULL, lease_expires_at = NULL
      WHERE organization_id = ${organizationId} AND account_id = ${id} AND lease_token = ${lease.token} AND NOT rerun_requested`,
  );
  return rowCount === 1;
}

/** A run, and what it knows of its lease. */
export interface SyncRun {
  readonly mailbox: Sender;
  /** Of its lease. */
  readonly token: string;
  /** Whether the database confirmed the lease. When false it may still be held: the answer can be lost. */
  readonly isClaimed: boolean;
  /** See `PolledMailbox`. */
  readonly before: Date | null;
}

/**
 * Ends a run that continues later: gives the lease back, requests a rerun and enqueues a `sync` job. Safe to repeat.
 * @param next.delayMs until the job runs. Null: no job.
 * @param next.failure what went wrong, for people. Null: nothing.
 */
export async function postpone(
  app: App,
  { mailbox, token, isClaimed, before }: SyncRun,
  next: {
    readonly delayMs: number | null;
    readonly failure: { readonly code: SyncErrorCode; readonly message: string } | null;
  },
): Promise<void> {
  const { organizationId, id: accountId } = mailbox;
  const sync = addJob(
    'sync',
    { organizationId: sql`${organizationId}::uuid`, accountId: sql`${accountId}::uuid` },
    { runAt: sql`now() + ${next.delayMs}::float8 * interval '1 ms'` },
  );
  await app.pool.query(
    sql`WITH ended AS (
        UPDATE mailbox_sync SET lease_token = NULL, lease_owner = NULL, lease_expires_at = NULL, rerun_requested = true,
          next_run_at = now() + ${next.delayMs ?? 0}::float8 * interval '1 ms',
          failures = failures + ${next.failure === null ? 0 : 1},
          error_code = coalesce(${next.failure?.code}, error_code),
          error_message = coalesce(${next.failure?.message}, error_message),
          failed_at = CASE WHEN ${next.failure === null} THEN failed_at ELSE now() END,
          last_synced_at = CASE WHEN ${isClaimed} THEN last_synced_at ELSE ${before} END
        WHERE organization_id = ${organizationId} AND account_id = ${accountId}
          AND (lease_token = ${token} OR ${!isClaimed} AND (lease_expires_at IS NULL OR lease_expires_at < now()))
        RETURNING 1
      )
      SELECT ${sync} FROM ended WHERE ${next.delayMs !== null}`,
  );
}
