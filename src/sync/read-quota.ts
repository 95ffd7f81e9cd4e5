/** Gmail's quota units for reading one mailbox, had as slots of its pace; see `take_read_slots`. */
import { setTimeout as delay } from 'node:timers/promises';
import type { App } from '../app.ts';
import { takeReadSlots, UNITS_PER_SEND } from '../outbound/rate-limit.ts';

/** https://developers.google.com/workspace/gmail/api/reference/quota */
export const UNITS = { list: 5, get: 20, labels: 1 } as const;

/** Slots in a row. A few new messages need not wait for their turn, and an import leaves them that. */
const BURST = { changes: 10, listing: 6 } as const;
/** What a run has had and not used, the next one may use within so long: it still is of the same minute. */
const CREDIT_MS = 5_000;
/** How often it is asked whether to give way, while there is nothing to do but wait. */
const GIVE_WAY_MS = 500;

/** The next slot comes too late for this run: it goes on then. */
export class NoUnitsError extends Error {
  override readonly name = 'NoUnitsError';
  readonly waitMs: number;
  constructor(waitMs: number) {
    super('there are no quota units for reading now');
    this.waitMs = waitMs;
  }
}

/** Something is more urgent than what waited here for units. */
export class GaveWayError extends Error {
  override readonly name = 'GaveWayError';
  constructor() {
    super('something is more urgent');
  }
}

export interface ReadBudget {
  /**
   * Resolves when so many units may be used; in the order of the calls.
   * @param ahead what will be asked for soon, so that it can be had with one statement.
   * @throws {NoUnitsError} when that would be too late. @throws {GaveWayError} when something else is more urgent.
   */
  spend(units: number, ahead?: number): Promise<void>;
}

/**
 * @param options.until milliseconds of `performance.now()`; nobody waits longer.
 * @param options.givesWay of a listing: whether something is more urgent by now. Null: nothing is, as for changes.
 */
export function createReadBudget(
  app: App,
  account: { readonly organizationId: string; readonly id: string },
  options: {
    readonly until: number;
    readonly signal: AbortSignal;
    readonly givesWay: (() => Promise<boolean>) | null;
  },
): ReadBudget {
  const { givesWay } = options;
  const urgent = givesWay === null;
  const burst = urgent ? BURST.changes : BURST.listing;
  let gaveWay = false;
  let turn: Promise<void> = Promise.resolve();

  async function earn(units: number, ahead: number): Promise<void> {
    const kept = app.readCredits.get(account.id);
    const isOld = kept === undefined || performance.now() - kept.hadAt > CREDIT_MS;
    let { units: had, hadAt } = isOld ? { units: 0, hadAt: performance.now() } : kept;
    while (had < units) {
      const wanted = Math.min(burst, Math.ceil((units + ahead - had) / UNITS_PER_SEND));
      const { granted, waitMs } = await takeReadSlots(app, account, { wanted, burst, urgent });
      if (granted === 0) {
        if (performance.now() + waitMs > options.until) throw new NoUnitsError(waitMs);
        await wait(waitMs);
      } else {
        had += granted * UNITS_PER_SEND;
        hadAt = performance.now();
      }
    }
    app.readCredits.set(account.id, { units: had - units, hadAt });
  }

  async function wait(ms: number): Promise<void> {
    const { signal } = options;
    const end = performance.now() + ms;
    for (let leftMs = ms; leftMs > 0; leftMs = end - performance.now()) {
      await delay(givesWay === null ? leftMs : Math.min(leftMs, GIVE_WAY_MS), undefined, { signal });
      gaveWay = givesWay !== null && (await givesWay());
      if (gaveWay) throw new GaveWayError();
    }
  }

  return {
    spend(units, ahead = 0) {
      turn = turn
        .catch(() => undefined)
        .then(() => {
          if (gaveWay) throw new GaveWayError();
          return earn(units, ahead);
        });
      return turn;
    },
  };
}
