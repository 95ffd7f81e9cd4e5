/**
 * Fetches of large messages and attachments. Until it is stored, each is in memory several times: as JSON, as base64, as bytes, as text.
 * A stranger may send many.
 */
import { createAccountQueues } from './account-queues.ts';

const AT_ONCE = 3;
const AT_ONCE_OF_ACCOUNT = 2;
const MAX_WAIT_MS = 60_000;

/**
 * Runs a fetch in its turn.
 * @param signal ends the wait for the turn, but not the fetch. Omitted: it waits for up to a minute.
 * @throws {GmailError} `unreachable` when it has waited in vain, and what `fetch` throws.
 */
export type LargeFetches = <T>(accountId: string, fetch: () => Promise<T>, signal?: AbortSignal) => Promise<T>;

/** An account that hangs leaves a place to the others. */
export function createLargeFetches(): LargeFetches {
  const ofAccount = createAccountQueues(AT_ONCE_OF_ACCOUNT);
  const ofAll = createAccountQueues(AT_ONCE);
  return (accountId, fetch, signal = AbortSignal.timeout(MAX_WAIT_MS)) =>
    ofAccount(accountId, signal, () => ofAll('', signal, fetch));
}
