import PQueue from 'p-queue';
import { abortedBeforeCall } from './errors.ts';

/**
 * A FIFO semaphore per account: runs a limited number of its tasks at a time. Accounts do not wait for each other. A waiting task
 * can be aborted (`unreachable`); a running one ends by itself. It limits one process; Gmail's own limit is per user over all
 * processes, so its 429 still decides.
 */
export function createAccountQueues(maxInFlight: number) {
  const queues = new Map<string, PQueue>();

  function queueOf(accountId: string): PQueue {
    const known = queues.get(accountId);
    if (known !== undefined) return known;
    const queue = new PQueue({ concurrency: maxInFlight });
    queue.addEventListener('idle', () => queues.delete(accountId));
    queues.set(accountId, queue);
    return queue;
  }

  return async <T>(accountId: string, signal: AbortSignal | undefined, task: () => Promise<T>): Promise<T> => {
    if (signal?.aborted) throw abortedBeforeCall();
    const waiting = new AbortController();
    const giveUp = () => waiting.abort(abortedBeforeCall());
    signal?.addEventListener('abort', giveUp);
    const stopWaiting = () => signal?.removeEventListener('abort', giveUp);
    const run = () => {
      stopWaiting();
      return task();
    };
    return queueOf(accountId).add(run, { signal: waiting.signal }).finally(stopWaiting);
  };
}
