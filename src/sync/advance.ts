import type { App } from '../app.ts';
import type { Sql } from '../db/client.ts';
import { columnOf, type Fragment, join, raw, sql } from '../db/statement.ts';
import { LeaseLostError, type MailboxLease, mailboxLeaseMs } from './lease.ts';
import type { SyncErrorCode, SyncState } from './sync-state.ts';

/** Assignments for `advance` with `failures: 0`: the only remaining error is that of unreadable messages. */
export const NO_ERROR = [
  sql`error_code = CASE WHEN unreadable_ids <> '{}' THEN ${'unreadable' satisfies SyncErrorCode} END`,
  sql`error_message = CASE WHEN unreadable_ids <> '{}' THEN
    cardinality(unreadable_ids) || ' of its messages could not be read or stored; they are requested again every hour.' END`,
  sql`failed_at = CASE WHEN unreadable_ids <> '{}' THEN now() END`,
];

/**
 * Writes the progress of a sync and extends its lease. When `connection` is a transaction, the progress commits with what
 * it covers.
 * @param also further assignments.
 * @returns whether a sync was requested since the history was last read.
 * @throws {LeaseLostError}
 */
export async function advance(
  app: App,
  connection: Sql,
  lease: MailboxLease,
  changes: Partial<SyncState>,
  also: readonly Fragment[] = [],
): Promise<{ readonly rerunRequested: boolean; readonly at: Date }> {
  const { organizationId, id } = lease.mailbox;
  const assignments = Object.entries(changes).map(([name, value]) => sql`${raw(columnOf(name))} = ${value}`);
  const { rows } = await connection.query<{ rerunRequested: boolean; at: Date; fullSyncStartedAt: Date | null }>(
    sql`UPDATE mailbox_sync
      SET ${join([...assignments, ...also, sql`lease_expires_at = now() + ${mailboxLeaseMs(app)} * interval '1 ms'`])}
      WHERE organization_id = ${organizationId} AND account_id = ${id} AND lease_token = ${lease.token}
      RETURNING rerun_requested AS "rerunRequested", now() AS at, full_sync_started_at AS "fullSyncStartedAt"`,
  );
  const [row] = rows;
  if (row === undefined) throw new LeaseLostError();
  const { rerunRequested, at, fullSyncStartedAt } = row;
  lease.state = { ...lease.state, ...changes, fullSyncStartedAt };
  return { rerunRequested, at };
}
