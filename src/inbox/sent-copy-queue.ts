/**
 * Fetches the sent copies of emails that this process has just sent, at once and in the background. A job for each would cost as much as
 * the send. Instead, a failed fetch, and one that is waiting when the process stops, becomes a `fetch-sent-copy` job, and
 * `requeue-overdue` finds those of a dead process.
 */
import PQueue from 'p-queue';
import type { App, SentEmail } from '../app.ts';
import { enqueue } from '../jobs.ts';
import { deleteOrphanedDrafts } from '../outbound/orphaned-drafts.ts';
import { fetchKnownSentCopy, fetchSentCopy } from './fetch-sent-copy.ts';

/** A sent copy is fetched before the units that its permit reserved are granted to the next email. */
const CONCURRENCY = 16;
/** Further ones are left to `requeue-overdue`, so that the queue of a process that cannot keep up does not grow. */
const MAX_WAITING = 10_000;
const RETRY_AFTER_MS = 1_000;

/** The `fetch-sent-copy` job. @throws {GmailError} */
export async function fetchSentCopyAndTidy(app: App, ref: Omit<SentEmail, 'first'>): Promise<void> {
  await fetchSentCopy(app, ref);
  await deleteOrphanedDrafts(app, ref);
}

export function createSentCopyQueue(app: App) {
  const queue = new PQueue({ concurrency: CONCURRENCY });
  let isDraining = false;

  async function leaveToJob({ organizationId, outboundEmailId }: SentEmail, delayMs: number): Promise<void> {
    // If this fails too, `requeue-overdue` finds it.
    await enqueue(app.pool, 'fetch-sent-copy', { organizationId, outboundEmailId }, delayMs).catch(() => undefined);
  }

  /** An email that took one attempt has left no draft behind. One that was taken over is tidied up after by the other process. */
  function read({ first, ...ref }: SentEmail): Promise<void> {
    if (first === null) return fetchSentCopyAndTidy(app, ref);
    return fetchKnownSentCopy(app, first.account, first.providerMessageId, ref.outboundEmailId);
  }

  async function run(sent: SentEmail): Promise<void> {
    if (isDraining) await leaveToJob(sent, 0);
    else await read(sent).catch(() => leaveToJob(sent, RETRY_AFTER_MS));
  }

  return {
    add(sent: SentEmail): void {
      if (queue.size < MAX_WAITING) void queue.add(() => run(sent));
    },
    fetch: (sent: Omit<SentEmail, 'first'>) => fetchSentCopy(app, sent),
    /** Waits for running fetches. The waiting ones become jobs. */
    async drain() {
      isDraining = true;
      queue.concurrency = Number.POSITIVE_INFINITY;
      await queue.onIdle();
    },
  };
}
