import { setTimeout as delay } from 'node:timers/promises';

export interface Repeating {
  /** Stops, and waits for the run that is under way. */
  stop(): Promise<void>;
}

/**
 * Runs `work` repeatedly. Each run starts `pauseMs` after the end of the previous one, the first one `pauseMs` from now.
 * @param work must not throw.
 */
export function repeat(pauseMs: number, work: () => Promise<void>): Repeating {
  const stopping = new AbortController();
  const { signal } = stopping;
  const running = (async () => {
    for (;;) {
      await delay(pauseMs, null, { signal }).catch(() => null);
      if (signal.aborted) return;
      await work();
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
