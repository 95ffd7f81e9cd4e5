/** A lease: the right of one process to deliver or to reconcile an email, until it expires. */
import { setTimeout as delay } from 'node:timers/promises';
import { v7 as uuidv7 } from 'uuid';
import type { App } from '../app.ts';
import type { EmailRef } from '../jobs.ts';
import { rateLimitOf } from './rate-limit.ts';
import type { Lease } from './transition-parts.ts';

const GIVE_BACK_ATTEMPTS = 60;
const GIVE_BACK_PAUSE_MS = 1_000;

/** Longer than all calls of a delivery between two checks of its lease. */
export function leaseMs(app: App): number {
  return 3 * app.config.gmailTimeoutMs + 5_000;
}

/** A lease on an email, taken now, with what else every delivery begins with. */
export function newLease(app: App, { organizationId, outboundEmailId }: EmailRef) {
  const at = app.now();
  const lease: Lease = { organizationId, outboundEmailId, token: uuidv7(), owner: app.processId };
  return { lease, leaseExpiresAt: new Date(at.getTime() + leaseMs(app)), at, rateLimit: rateLimitOf(app.config) };
}

export type NewLease = ReturnType<typeof newLease>;

/** Releases a lease as soon as the database accepts it. If that fails for a minute, the lease expires by itself. */
export async function untilTaken(giveBack: () => Promise<unknown>): Promise<void> {
  for (const _attempt of Array.from({ length: GIVE_BACK_ATTEMPTS })) {
    try {
      await giveBack();
      return;
    } catch {
      await delay(GIVE_BACK_PAUSE_MS, null, { ref: false });
    }
  }
}
