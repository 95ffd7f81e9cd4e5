import { EventEmitter, once } from 'node:events';
import type { ServerResponse } from 'node:http';
import PQueue from 'p-queue';

/** No memory became free in time. Nothing was read. */
export class BudgetExhaustedError extends Error {}

/** Longer than a burst of large emails, shorter than most clients wait. */
const MAX_WAIT_MS = 30_000;

/** A FIFO semaphore that counts bytes: the memory that large requests, or large answers, hold together. */
export class ByteBudget {
  readonly #bytes: number;
  readonly #maxWaitMs: number;
  readonly #line = new PQueue({ concurrency: 1 });
  readonly #freed = new EventEmitter();
  #free: number;

  constructor(bytes: number, maxWaitMs = MAX_WAIT_MS) {
    this.#bytes = bytes;
    this.#free = bytes;
    this.#maxWaitMs = maxWaitMs;
  }

  /**
   * Waits for `bytes`, which are held until they are released or `response` is closed. More than the whole budget counts as the
   * whole budget. Release a share before you wait for the next one: two responses that hold one and wait would wait for each other.
   * @returns releases them.
   * @throws {BudgetExhaustedError} after 30 s, or when the client goes away.
   */
  async hold(bytes: number, response: ServerResponse): Promise<() => void> {
    const share = Math.min(bytes, this.#bytes);
    const gone = new AbortController();
    const leave = () => gone.abort();
    if (response.closed) leave();
    response.once('close', leave);
    const signal = AbortSignal.any([gone.signal, AbortSignal.timeout(this.#maxWaitMs)]);
    const take = async () => {
      while (this.#free < share) await once(this.#freed, 'freed', { signal });
      return this.#take(share, response);
    };
    try {
      return await this.#line.add(take, { signal });
    } catch (error) {
      throw signal.aborted ? new BudgetExhaustedError() : error;
    } finally {
      response.off('close', leave);
    }
  }

  #take(share: number, response: ServerResponse): () => void {
    let held = share;
    this.#free -= held;
    const release = () => {
      response.off('close', release);
      this.#free += held;
      held = 0;
      this.#freed.emit('freed');
    };
    response.once('close', release);
    return release;
  }
}
