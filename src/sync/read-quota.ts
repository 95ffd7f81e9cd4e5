/** Gmail's quota units for reading one mailbox, taken as permits of its rate limit; see `take_read_permits`. */
import { setTimeout as delay } from 'node:timers/promises';
import type { App } from '../app.ts';
import type { AccountKey } from '../db/sender.ts';
import { takeReadPermits, UNITS_PER_SEND } from '../outbound/rate-limit.ts';

/** https://developers.google.com/workspace/gmail/api/reference/quota */
export const READ_UNITS = { list: 5, get: 20, labels: 1 } as const;

/** Permits that may be taken at once. A full sync takes fewer, so that new messages seldom wait. */
const BURST = { incremental: 10, fullSync: 6 } as const;
/** How long units that a run was granted and has not used may be used by the next one: it is within the same minute. */
const CREDIT_MS = 5_000;
/** How often a waiting full sync checks whether something is more urgent. */
const PREEMPT_CHECK_MS = 500;

/** What the run needs next comes after its end: a permit, or its turn to read a large message. */
export class ReadQuotaExhaustedError extends Error {
  override readonly name = 'ReadQuotaExhaustedError';
  readonly waitMs: number;
  constructor(waitMs: number) {
    super('there is no time left for reading now');
    this.waitMs = waitMs;
  }
}

/** Something is more urgent than the full sync that waited here for units. */
export class PreemptedError extends Error {
  override readonly name = 'PreemptedError';
  constructor() {
    super('something is more urgent');
  }
}

/**
 * @param options.until milliseconds of `performance.now()`: no call waits longer.
 * @param options.givesWay of a full sync: whether something is more urgent now. Null for an incremental sync.
 */
export function createReadQuota(
  app: App,
  account: AccountKey,
  options: {
    readonly until: number;
    readonly signal: AbortSignal;
    readonly givesWay: (() => Promise<boolean>) | null;
  },
) {
  const { givesWay } = options;
  const urgent = givesWay === null;
  const burst = urgent ? BURST.incremental : BURST.fullSync;
  let isPreempted = false;
  let turn: Promise<void> = Promise.resolve();

  async function earn(units: number, ahead: number): Promise<void> {
    const kept = app.readCredits.get(account.id);
    let grantedAt = kept?.grantedAt ?? 0;
    let had = kept !== undefined && performance.now() - grantedAt <= CREDIT_MS ? kept.units : 0;
    while (had < units) {
      const wanted = Math.min(burst, Math.ceil((units + ahead - had) / UNITS_PER_SEND));
      const { granted, waitMs } = await takeReadPermits(app, account, { wanted, burst, urgent });
      if (granted === 0) {
        if (performance.now() + waitMs > options.until) throw new ReadQuotaExhaustedError(waitMs);
        await wait(waitMs);
      } else {
        had += granted * UNITS_PER_SEND;
        grantedAt = performance.now();
      }
    }
    app.readCredits.set(account.id, { units: had - units, grantedAt });
  }

  async function wait(ms: number): Promise<void> {
    const { signal } = options;
    const end = performance.now() + ms;
    for (let leftMs = ms; leftMs > 0; leftMs = end - performance.now()) {
      await delay(givesWay === null ? leftMs : Math.min(leftMs, PREEMPT_CHECK_MS), undefined, { signal });
      isPreempted = givesWay !== null && (await givesWay());
      if (isPreempted) throw new PreemptedError();
    }
  }

  return {
    /** When the run ends, in milliseconds of `performance.now()`. */
    until: options.until,
    /**
     * Resolves when this many units may be used, in the order of the calls.
     * @param ahead units that will be needed soon, so that one statement can take them together.
     * @throws {ReadQuotaExhaustedError} when the run ends before. @throws {PreemptedError} when something is more urgent.
     */
    spend(units: number, ahead = 0): Promise<void> {
      turn = turn
        .catch(() => undefined)
        .then(() => {
          if (isPreempted) throw new PreemptedError();
          return earn(units, ahead);
        });
      return turn;
    },
  };
}

export type ReadQuota = ReturnType<typeof createReadQuota>;
