/**
 * Messages that Gmail cannot give in any form, while it gives others. They hold nothing up: their ids are kept with the
 * mailbox, which says so in its error, and they are asked for again every hour.
 */
import type { App } from '../app.ts';
import { GmailError } from '../gmail/errors.ts';
import { importMessage } from './import-message.ts';
import { advance, type Lease, LeaseLostError } from './sync-state.ts';
import type { ReadBudget } from './read-quota.ts';

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
 * Asks for them when it is time to; what Gmail gives now is stored. Where it is broken off it is over until the next time,
 * which begins with those that were not asked for: however many there are, reading the mailbox comes to an end.
 * @throws {GmailError} when it is not about them. @throws {LeaseLostError} @throws {NoUnitsError}
 */
export async function retryUnreadable(
  app: App,
  lease: Lease,
  options: { readonly budget: ReadBudget; readonly signal: AbortSignal },
): Promise<void> {
  const { unreadableIds, unreadableRetryAt } = lease.state;
  if (unreadableRetryAt === null || unreadableRetryAt > app.now()) return;
  const next = new Date(app.now().getTime() + RETRY_MS);
  await advance(app, app.pool, lease, { unreadableRetryAt: next });
  for (const messageId of unreadableIds) {
    const isStill = await isStillUnreadable(app, lease, messageId, options);
    const left = [...lease.state.unreadableIds.filter((id) => id !== messageId), ...(isStill ? [messageId] : [])];
    await advance(app, app.pool, lease, { unreadableIds: left, unreadableRetryAt: left.length === 0 ? null : next });
  }
}

async function isStillUnreadable(
  app: App,
  lease: Lease,
  messageId: string,
  options: Parameters<typeof retryUnreadable>[2],
): Promise<boolean> {
  try {
    return (await importMessage(app, lease, messageId, { ...options, ahead: 0, since: null })) === 'unreadable';
  } catch (error) {
    const isIts = error instanceof GmailError && (error.kind === 'unknown' || error.kind === 'forbidden');
    if (!isIts || options.signal.aborted) throw error;
    return true;
  }
}
