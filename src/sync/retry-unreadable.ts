import type { App } from '../app.ts';
import { GmailError } from '../gmail/errors.ts';
import { advance } from './advance.ts';
import { importMessage, isMiscomputed } from './import-message.ts';
import type { MailboxLease } from './lease.ts';
import type { ReadQuota } from './read-quota.ts';
import { UNREADABLE_RETRY_MS } from './unreadable.ts';

/**
 * Requests unreadable messages once more when they are due, and stores what Gmail returns now. An interrupted round is not
 * resumed: the next one, an hour later, begins with the messages that were not requested. So the sync ends, however many
 * there are.
 * @throws {GmailError} when it is not about them. @throws {LeaseLostError} @throws {ReadQuotaExhaustedError}
 */
export async function retryUnreadable(
  app: App,
  lease: MailboxLease,
  options: { readonly quota: ReadQuota; readonly signal: AbortSignal },
): Promise<void> {
  const { unreadableIds, unreadableRetryAt } = lease.state;
  if (unreadableRetryAt === null || unreadableRetryAt > app.now()) return;
  const inAnHour = () => new Date(app.now().getTime() + UNREADABLE_RETRY_MS);
  await advance(app, app.pool, lease, { unreadableRetryAt: inAnHour() });
  for (const messageId of unreadableIds) {
    if (performance.now() >= options.quota.until) return;
    const isStill = await isStillUnreadable(app, lease, messageId, options);
    const left = [...lease.state.unreadableIds.filter((id) => id !== messageId), ...(isStill ? [messageId] : [])];
    await advance(app, app.pool, lease, {
      unreadableIds: left,
      unreadableRetryAt: left.length === 0 ? null : inAnHour(),
    });
  }
}

async function isStillUnreadable(
  app: App,
  lease: MailboxLease,
  messageId: string,
  options: Parameters<typeof retryUnreadable>[2],
): Promise<boolean> {
  try {
    const outcome = await importMessage(app, lease, messageId, { ...options, ahead: 0, since: null });
    return outcome === 'unreadable' || outcome === 'incomplete';
  } catch (error) {
    const isIts = error instanceof GmailError ? ['unknown', 'forbidden'].includes(error.kind) : isMiscomputed(error);
    if (!isIts || options.signal.aborted) throw error;
    return true;
  }
}
