/**
 * Messages that Gmail cannot give in any form, while it gives others. They hold nothing up: their ids are kept with the
 * mailbox, which says so in its error, and they are asked for again every hour.
 */
import type { App } from '../app.ts';
import { GmailError } from '../gmail/errors.ts';
import { importMessage } from './import-message.ts';
import { advance, type Lease, LeaseLostError } from './mailbox-sync.ts';
import type { ReadBudget } from './read-budget.ts';

const RETRY_MS = 3_600_000;

/** @throws {LeaseLostError} */
export async function noteUnreadable(app: App, lease: Lease, messageId: string): Promise<void> {
  const { organizationId, id } = lease.mailbox;
  const { rows } = await app.pool.query<{ unreadableIds: string[]; unreadableRetryAt: Date }>(
    `UPDATE mailbox_sync SET unreadable_ids = array_append(array_remove(unreadable_ids, $4), $4),
       unreadable_retry_at = coalesce(unreadable_retry_at, now() + $5 * interval '1 ms')
     WHERE organization_id = $1 AND account_id = $2 AND lease_token = $3
     RETURNING unreadable_ids AS "unreadableIds", unreadable_retry_at AS "unreadableRetryAt"`,
    [organizationId, id, lease.token, messageId, RETRY_MS],
  );
  const [row] = rows;
  if (row === undefined) throw new LeaseLostError();
  lease.state = { ...lease.state, ...row };
}

/**
 * Asks for them when it is time to; what Gmail gives now is stored.
 * @throws {GmailError} when it is not about them. @throws {LeaseLostError} @throws {NoUnitsError}
 */
export async function retryUnreadable(
  app: App,
  lease: Lease,
  options: { readonly budget: ReadBudget; readonly signal: AbortSignal },
): Promise<void> {
  const { unreadableIds, unreadableRetryAt } = lease.state;
  if (unreadableRetryAt === null || unreadableRetryAt > app.now()) return;
  const left: string[] = [];
  for (const messageId of unreadableIds) {
    try {
      const outcome = await importMessage(app, lease, messageId, { ...options, ahead: 0, since: null });
      if (outcome === 'unreadable') left.push(messageId);
    } catch (error) {
      const isIts = error instanceof GmailError && (error.kind === 'unknown' || error.kind === 'forbidden');
      if (!isIts || options.signal.aborted) throw error;
      left.push(messageId);
    }
  }
  const next = left.length === 0 ? null : new Date(app.now().getTime() + RETRY_MS);
  await advance(app, app.pool, lease, { unreadableIds: left, unreadableRetryAt: next });
}
