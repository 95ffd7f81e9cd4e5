/** Gmail's quota units for reading one mailbox, had as slots of its pace; see `take_read_slots`. */
import { setTimeout as delay } from 'node:timers/promises';
import type { App } from '../app.ts';
import { takeReadSlots, UNITS_PER_SEND } from '../mail/quota.ts';

/** https://developers.google.com/workspace/gmail/api/reference/quota */
export const UNITS = { list: 5, get: 20, labels: 1 } as const;

/** Slots in a row. A few new messages need not wait for their turn, and an import leaves them that. */
const BURST = { changes: 10, listing: 6 } as const;

/** The next slot comes too late for this run: it goes on then. */
export class NoUnitsError extends Error {
  override readonly name = 'NoUnitsError';
  readonly waitMs: number;
  constructor(waitMs: number) {
    super('there are no quota units for reading now');
    this.waitMs = waitMs;
  }
}

export interface ReadBudget {
  /**
   * Resolves when so many units may be used; in the order of the calls.
   * @param ahead what will be asked for soon, so that it can be had with one statement.
   * @throws {NoUnitsError} when that would be too late.
   */
  spend(units: number, ahead?: number): Promise<void>;
}

/** @param options.until milliseconds of `performance.now()`; nobody waits longer. */
export function createReadBudget(
  app: App,
  account: { readonly organizationId: string; readonly id: string },
  options: { readonly purpose: keyof typeof BURST; readonly until: number; readonly signal: AbortSignal },
): ReadBudget {
  const burst = BURST[options.purpose];
  let credit = 0;
  let turn: Promise<void> = Promise.resolve();

  async function earn(units: number, ahead: number): Promise<void> {
    while (credit < units) {
      const wanted = Math.ceil((units + ahead - credit) / UNITS_PER_SEND);
      const { granted, waitMs } = await takeReadSlots(app, account, { wanted: Math.min(burst, wanted), burst });
      credit += granted * UNITS_PER_SEND;
      if (granted > 0) continue;
      if (performance.now() + waitMs > options.until) throw new NoUnitsError(waitMs);
      await delay(waitMs, undefined, { signal: options.signal });
    }
    credit -= units;
  }

  return {
    spend(units, ahead = 0) {
      turn = turn.catch(() => undefined).then(() => earn(units, ahead));
      return turn;
    },
  };
}
