/**
 * Messages that are not stored whole although Gmail has them: Gmail cannot return them, or they cannot be stored. They do
 * not delay others: their ids are kept in `mailbox_sync`, whose error names their number, and they are requested again
 * every hour (retry-unreadable.ts).
 */
import type { App } from '../app.ts';
import { sql } from '../db/statement.ts';
import { LeaseLostError, type MailboxLease } from './lease.ts';

export const UNREADABLE_RETRY_MS = 3_600_000;
/** With more of them the fault is Gmail's or the database's, not that of single messages. */
const MAX_UNREADABLE = 100;

/**
 * Messages of a run are recorded concurrently, so their number is judged on the row that is written.
 * @returns false when there are too many; then it is not recorded. @throws {LeaseLostError}
 */
export async function recordUnreadable(app: App, lease: MailboxLease, messageId: string): Promise<boolean> {
  if (lease.state.unreadableIds.includes(messageId)) return true;
  const { organizationId, id } = lease.mailbox;
  const { rows } = await app.pool.query<{ unreadableIds: string[]; unreadableRetryAt: Date }>(
    sql`UPDATE mailbox_sync SET
        unreadable_ids = CASE WHEN cardinality(unreadable_ids) < ${MAX_UNREADABLE}
          THEN array_append(unreadable_ids, ${messageId}) ELSE unreadable_ids END,
        unreadable_retry_at = coalesce(unreadable_retry_at, now() + ${UNREADABLE_RETRY_MS} * interval '1 ms')
      WHERE organization_id = ${organizationId} AND account_id = ${id} AND lease_token = ${lease.token}
      RETURNING unreadable_ids AS "unreadableIds", unreadable_retry_at AS "unreadableRetryAt"`,
  );
  const [row] = rows;
  if (row === undefined) throw new LeaseLostError();
  // Responses may arrive in another order than the rows were written in.
  if (row.unreadableIds.length > lease.state.unreadableIds.length) lease.state = { ...lease.state, ...row };
  return row.unreadableIds.includes(messageId);
}
