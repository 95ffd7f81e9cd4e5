import { abortedBeforeCall } from './errors.ts';

/** Runs tasks of one account in the order they came, at most so many at once; accounts do not wait for each other. */
export type AccountLimiter = <T>(
  accountId: string,
  signal: AbortSignal | undefined,
  task: () => Promise<T>,
) => Promise<T>;

interface Lane {
  active: number;
  readonly waiting: (() => void)[];
}

/** Limits one process: Gmail's own limit is for the user, so processes share it, and its 429 stays the last word. */
export function createAccountLimiter(maxInFlight: number): AccountLimiter {
  const lanes = new Map<string, Lane>();

  return async (accountId, signal, task) => {
    if (signal?.aborted) throw abortedBeforeCall();
    const lane = lanes.get(accountId) ?? { active: 0, waiting: [] };
    lanes.set(accountId, lane);
    if (lane.active < maxInFlight) lane.active += 1;
    else await turn(lane, signal);
    try {
      return await task();
    } finally {
      const next = lane.waiting.shift();
      if (next) next();
      else lane.active -= 1;
      if (lane.active === 0) lanes.delete(accountId);
    }
  };
}

/** Waits for a place that somebody hands over. @throws {GmailError} `unreachable` when aborted first. */
function turn(lane: Lane, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const start = () => {
      signal?.removeEventListener('abort', giveUp);
      resolve();
    };
    const giveUp = () => {
      lane.waiting.splice(lane.waiting.indexOf(start), 1);
      reject(abortedBeforeCall());
    };
    lane.waiting.push(start);
    signal?.addEventListener('abort', giveUp, { once: true });
  });
}
