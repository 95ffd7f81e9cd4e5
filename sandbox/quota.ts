/** Gmail's limits, kept per mailbox. All of them are off until set. */
import { rateLimited, tooManyConcurrent, userRateLimited } from './errors.ts';
import type { Mailbox } from './mailbox.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const CONSUMER_DAILY_SENDS = 500;

export interface Limits {
  unitsPerMinute: number;
  dailySends: number;
  concurrentRequests: number;
}

interface Usage {
  /** Units by the time they were spent, oldest first, within the last minute. */
  readonly spent: { readonly at: number; readonly units: number }[];
  units: number;
  /** Times of the mails of the last 24 hours. */
  readonly sends: number[];
  inFlight: number;
}

export class Quota {
  readonly limits: Limits;
  readonly #usage = new Map<Mailbox, Usage>();

  constructor(limits: Limits) {
    this.limits = limits;
  }

  /** @returns what ends the request. @throws {GoogleError} 429 above the limit of concurrent requests. */
  enter(mailbox: Mailbox): () => void {
    const usage = this.#of(mailbox);
    if (usage.inFlight >= this.limits.concurrentRequests) throw tooManyConcurrent();
    usage.inFlight++;
    return () => {
      usage.inFlight--;
    };
  }

  /** @throws {GoogleError} 403 when the sliding minute holds too many units already; a refused call costs nothing. */
  spend(mailbox: Mailbox, units: number, now: number): void {
    if (this.limits.unitsPerMinute === Number.POSITIVE_INFINITY) return;
    const usage = this.#of(mailbox);
    const firstKept = usage.spent.findIndex(({ at }) => at > now - MINUTE_MS);
    for (const entry of usage.spent.splice(0, firstKept < 0 ? usage.spent.length : firstKept))
      usage.units -= entry.units;
    if (usage.units + units > this.limits.unitsPerMinute) throw rateLimited();
    usage.spent.push({ at: now, units });
    usage.units += units;
  }

  /** @throws {GoogleError} 429 "(Mail sending)" when the last 24 hours are full. */
  checkDailySends(mailbox: Mailbox, now: number): void {
    const { sends } = this.#of(mailbox);
    while (sends[0] !== undefined && sends[0] <= now - DAY_MS) sends.shift();
    const most = mailbox.spec.consumer ? CONSUMER_DAILY_SENDS : Number.POSITIVE_INFINITY;
    const { dailySends } = this.limits;
    const limit = dailySends === Number.POSITIVE_INFINITY ? dailySends : Math.min(dailySends, most);
    if (sends.length >= limit) throw userRateLimited(new Date((sends[0] ?? now) + DAY_MS), ' (Mail sending)');
  }

  countSend(mailbox: Mailbox, now: number): void {
    if (this.limits.dailySends !== Number.POSITIVE_INFINITY) this.#of(mailbox).sends.push(now);
  }

  #of(mailbox: Mailbox): Usage {
    let usage = this.#usage.get(mailbox);
    if (usage === undefined) {
      usage = { spent: [], units: 0, sends: [], inFlight: 0 };
      this.#usage.set(mailbox, usage);
    }
    return usage;
  }
}
