/**
 * Reading back what this process has just sent, at once and in the background. A job of the queue for each would cost as
 * much as the sending: instead, what fails here, or is still to be done when the process stops, becomes a `read-back` job,
 * and what a dead process has left is found by `recover`.
 */
import type { App } from '../app.ts';
import { discardStrayTickets } from '../mail/stray-tickets.ts';
import { enqueueIn, job } from '../queue.ts';
import { readBack } from './read-back.ts';

interface Ref {
  readonly organizationId: string;
  readonly outboundEmailId: string;
}

const CONCURRENCY = 4;
/** More than that are left to `recover`: a process that cannot keep up must not hoard. */
const MAX_WAITING = 10_000;
const RETRY_AFTER_MS = 1_000;

/** The `read-back` job, and what is done at once instead of it. @throws {GmailError} */
export async function readBackAndTidy(app: App, ref: Ref): Promise<void> {
  await readBack(app, ref);
  await discardStrayTickets(app, ref);
}

export interface ReadBackQueue {
  add(ref: Ref): void;
  /** Waits for what is running; the rest becomes jobs. */
  drain(): Promise<void>;
}

export function createReadBackQueue(app: App): ReadBackQueue {
  const waiting: Ref[] = [];
  const running = new Set<Promise<void>>();
  let isDraining = false;

  async function enqueue({ organizationId, outboundEmailId }: Ref, delayMs: number): Promise<void> {
    // Should this fail too, `recover` finds it.
    await enqueueIn(app.pool, job('read-back', { organizationId, outboundEmailId }), delayMs).catch(() => undefined);
  }

  function start(ref: Ref): void {
    const task = readBackAndTidy(app, ref)
      .catch(() => enqueue(ref, RETRY_AFTER_MS))
      .finally(() => {
        running.delete(task);
        const next = waiting.shift();
        if (next !== undefined) start(next);
      });
    running.add(task);
  }

  return {
    add(ref) {
      if (!isDraining && running.size < CONCURRENCY) start(ref);
      else if (waiting.length < MAX_WAITING) waiting.push(ref);
    },
    async drain() {
      isDraining = true;
      await Promise.all(waiting.splice(0).map((ref) => enqueue(ref, 0)));
      await Promise.all(running);
    },
  };
}
