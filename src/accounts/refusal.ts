import type { App } from '../app.ts';
import type { Sender } from '../db/sender.ts';
import { AccountNotReadyError, ProviderError } from '../errors.ts';
import { GmailError } from '../gmail/errors.ts';
import { markNeedsReauth } from './mailbox-access.ts';

/**
 * The error for the caller after Gmail failed at a call that may be repeated. If only a new consent helps, it marks the account
 * NEEDS_REAUTH.
 * @returns an `AccountNotReadyError` or a `ProviderError`; an error other than a `GmailError` is returned unchanged.
 */
export async function refusalOf(app: App, account: Sender, error: unknown): Promise<unknown> {
  if (!(error instanceof GmailError)) return error;
  if (error.kind === 'reauth') {
    await markNeedsReauth(app, account);
    const status = account.accountStatus === 'ACTIVE' ? 'NEEDS_REAUTH' : account.accountStatus;
    return new AccountNotReadyError(account.id, status);
  }
  return new ProviderError({ status: error.status ?? 0, reason: error.reason, retry: RETRY[error.kind] ?? 'NEVER' });
}

/** The call is idempotent, so it may be repeated even after an unknown outcome. */
const RETRY: { readonly [Kind in GmailError['kind']]?: 'SAFE' | 'AFTER' } = {
  unreachable: 'SAFE',
  unknown: 'SAFE',
  'rate-limited': 'AFTER',
  'daily-limit': 'AFTER',
  unauthorized: 'AFTER',
  forbidden: 'AFTER',
};
