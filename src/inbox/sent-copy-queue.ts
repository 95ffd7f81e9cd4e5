/**
 * Reading back what this process has just sent, at once and in the background. A job of the queue for each would cost as
 * much as the sending: instead, what fails here, or is still to be done when the process stops, becomes a `read-back` job,
 * and what a dead process has left is found by `recover`.
 */
import type { App, SentEmail } from '../app.ts';
import { discardStrayTickets } from '../mail/stray-tickets.ts';
import { enqueueIn, job } from '../jobs.ts';
import { readBack, readSentCopy } from './fetch-sent-copy.ts';

/** What was sent is read back before the units that its slot has set aside are given to the next one. */
const CONCURRENCY = 16;
/** More than that are left to `recover`: a process that cannot keep up must not hoard. */
const MAX_WAITING = 10_000;
const RETRY_AFTER_MS = 1_000;

/** The `read-back` job. @throws {GmailError} */
export async function readBackAndTidy(app: App, ref: Omit<SentEmail, 'first'>): Promise<void> {
  await readBack(app, ref);
  await discardStrayTickets(app, ref);
}

export interface ReadBackQueue {
  add(sent: SentEmail): void;
  /** Waits for what is running; the rest becomes jobs. */
  drain(): Promise<void>;
}

export function createReadBackQueue(app: App): ReadBackQueue {
  const waiting: SentEmail[] = [];
  const running = new Set<Promise<void>>();
  let isDraining = false;

  async function enqueue({ organizationId, outboundEmailId }: SentEmail, delayMs: number): Promise<void> {
    // Should this fail too, `recover` finds it.
    await enqueueIn(app.pool, job('read-back', { organizationId, outboundEmailId }), delayMs).catch(() => undefined);
  }

  /** An email that took one attempt has left no draft behind. */
  function read({ first, ...ref }: SentEmail): Promise<void> {
    if (first === null) return readBackAndTidy(app, ref);
    return readSentCopy(app, first.account, first.providerMessageId, ref.outboundEmailId);
  }

  function start(sent: SentEmail): void {
    const task = read(sent)
      .catch(() => enqueue(sent, RETRY_AFTER_MS))
      .finally(() => {
        running.delete(task);
        const next = waiting.shift();
        if (next !== undefined) start(next);
      });
    running.add(task);
  }

  return {
    add(sent) {
      if (!isDraining && running.size < CONCURRENCY) start(sent);
      else if (waiting.length < MAX_WAITING) waiting.push(sent);
    },
    async drain() {
      isDraining = true;
      await Promise.all(waiting.splice(0).map((sent) => enqueue(sent, 0)));
      await Promise.all(running);
    },
  };
}
