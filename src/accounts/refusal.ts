import type { App } from '../app.ts';
import { AccountNotReadyError, ProviderError } from '../errors.ts';
import { GmailError } from '../gmail/errors.ts';
import { markNeedsReauth, type Sender } from './mailbox-access.ts';

/**
 * What a caller is told when Gmail did not do, for an account, something that may be done twice. Where only a new consent
 * helps, the account is marked as in need of it.
 * @returns an `AccountNotReadyError` or a `ProviderError`; whatever is no `GmailError` comes back as it is.
 */
export async function refusalOf(app: App, account: Sender, error: unknown): Promise<unknown> {
  if (!(error instanceof GmailError)) return error;
  if (error.kind === 'reauth') {
    await markNeedsReauth(app.pool, account);
    const status = account.accountStatus === 'ACTIVE' ? 'NEEDS_REAUTH' : account.accountStatus;
    return new AccountNotReadyError(account.id, status);
  }
  return new ProviderError({ status: error.status ?? 0, reason: error.reason, retry: RETRY[error.kind] ?? 'NEVER' });
}

/** Done twice it is the same, so even an unknown outcome may be tried again. */
const RETRY: { readonly [Kind in GmailError['kind']]?: 'SAFE' | 'AFTER' } = {
  unreachable: 'SAFE',
  unknown: 'SAFE',
  'rate-limited': 'AFTER',
  'daily-limit': 'AFTER',
  unauthorized: 'AFTER',
  forbidden: 'AFTER',
};
