/**
 * Fetches of large messages and attachments. Until it is stored, each is in memory several times: as JSON, as base64, as bytes, as text.
 * A stranger may send many.
 */
import { createAccountQueues } from './account-queues.ts';
import type { LargeFetches } from './gateway.ts';

const AT_ONCE = 3;
const AT_ONCE_OF_ACCOUNT = 2;
const MAX_WAIT_MS = 60_000;

/** An account that hangs leaves a place to the others. */
export function createLargeFetches(): LargeFetches {
  const ofAccount = createAccountQueues(AT_ONCE_OF_ACCOUNT);
  const ofAll = createAccountQueues(AT_ONCE);
  return (accountId, fetch, signal = AbortSignal.timeout(MAX_WAIT_MS)) =>
    ofAccount(accountId, signal, () => ofAll('', signal, fetch));
}
