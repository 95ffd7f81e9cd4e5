import { mailboxAccess } from '../accounts/mailbox-access.ts';
import type { App } from '../app.ts';
import { GmailError } from '../gmail/errors.ts';
import type { GmailGateway, MessagePage } from '../gmail/gateway.ts';
import type { SyncOptions } from './incremental.ts';
import type { MailboxLease } from './lease.ts';
import type { ReadQuota } from './read-quota.ts';

/** The largest page that Gmail lists. */
export const MAX_PAGE = 500;

/** A listed page whose messages are being read. The run keeps it, so that it is listed once. */
export interface OpenPage {
  readonly ids: readonly string[];
  readonly nextPageToken: string | null;
  /** How many of them were stored before. */
  readonly known: number;
  /** The ids that are still to be read. */
  todo: readonly string[];
  /** How many were stored since the page was opened. */
  stored: number;
}

/** How far one run has come in a full sync. */
export interface FullSyncProgress {
  page: OpenPage | null;
  /** Consecutive messages before this place that are older than `since`. */
  oldInARow: number;
}

/** One piece of a full sync, short enough to be interrupted between pieces. */
export type Step = (
  app: App,
  lease: MailboxLease,
  quota: ReadQuota,
  options: SyncOptions & { readonly progress: FullSyncProgress },
) => Promise<{ readonly rerunRequested: boolean }>;

/**
 * Gmail refused a page token. It does not document how long they are valid, and an account may have been disconnected for
 * weeks.
 */
export class PageTokenExpiredError extends Error {
  override readonly name = 'PageTokenExpiredError';
}

/** @throws {PageTokenExpiredError} @throws {GmailError} */
export async function listFrom(
  app: App,
  { mailbox }: MailboxLease,
  list: Parameters<GmailGateway['listMessages']>[1],
  { signal }: SyncOptions,
): Promise<MessagePage> {
  try {
    return await app.gmail.listMessages(mailboxAccess(app, mailbox), list, { signal });
  } catch (error) {
    const isRefused = error instanceof GmailError && (error.kind === 'rejected' || error.kind === 'not-found');
    throw isRefused && list.pageToken !== null ? new PageTokenExpiredError() : error;
  }
}
