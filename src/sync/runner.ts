/**
 * The mailboxes that this process reads on its own: those whose time it is to be looked at, and long listings, which
 * would keep a place among the jobs for too long.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { App } from '../app.ts';
import { describeError } from '../log.ts';
import { enqueueIn, job } from '../jobs.ts';
import { type Look, takeDue } from './look.ts';
import type { AccountRef } from './sync-state.ts';
import { type SyncResult, syncFrom, syncMailbox } from './sync.ts';

/** Mailboxes that are being looked at, at once. */
const MAX_LOOKS = 16;
/** Mailboxes that are being listed, at once. Most of the time they wait for quota units. */
const MAX_LISTINGS = 32;
const LATER_MS = 5_000;
/** However many jobs ask for it, a mailbox is not looked at more often for them. Well below what a person notices. */
const REST_MS = 250;
/** How late a mailbox may be looked at. */
const TICK_MS = 1_000;

export interface SyncRunner {
  /** The `sync` job. A listing goes on after it has returned. */
  sync(ref: AccountRef): Promise<void>;
  /** Looks at the mailboxes whose time it is, until it is stopped. */
  startPolling(): void;
  /** Begins nothing any more, and breaks off what is under way: what is stored stays, and somebody else goes on. */
  stop(): Promise<void>;
}

export function createSyncRunner(app: App): SyncRunner {
  const stopping = new AbortController();
  const { signal } = stopping;
  const looks = new Set<Promise<unknown>>();
  const listings = new Map<string, Promise<void>>();
  /** By account that was looked at just now: until that is over. */
  const rests = new Map<string, Promise<void>>();
  /** By account: the run that begins then. Every job that comes until it does is served by it. */
  const upcoming = new Map<string, Promise<void>>();
  let polling: Promise<void> = Promise.resolve();

  async function run(ref: AccountRef): Promise<void> {
    const { accountId } = ref;
    await rests.get(accountId);
    upcoming.delete(accountId);
    const rest = delay(REST_MS, undefined, { signal }).catch(() => undefined);
    rests.set(
      accountId,
      rest.finally(() => rests.delete(accountId)),
    );
    await afterwards(ref, await syncMailbox(app, ref, { signal, withListing: false }));
  }

  function afterwards(ref: AccountRef, result: SyncResult | null): Promise<void> | undefined {
    if (result?.outcome !== 'listing' || listings.has(ref.accountId)) return undefined;
    if (signal.aborted || listings.size >= MAX_LISTINGS) {
      return enqueueIn(app.pool, job('sync', ref), signal.aborted ? 0 : LATER_MS);
    }
    const listing = list(ref).finally(() => listings.delete(ref.accountId));
    listings.set(ref.accountId, listing);
    return undefined;
  }

  async function list({ organizationId, accountId }: AccountRef): Promise<void> {
    try {
      let result: SyncResult | null;
      do {
        result = await syncMailbox(app, { organizationId, accountId }, { signal, withListing: true });
      } while (result?.outcome === 'listing');
    } catch (error) {
      // It was told to the queue; should that have failed too, the lease ends by itself.
      app.log.warn({ error: describeError(error) }, 'a listing was broken off');
    }
  }

  async function lookFrom(look: Look): Promise<void> {
    const ref = { organizationId: look.mailbox.organizationId, accountId: look.mailbox.id };
    await afterwards(ref, await syncFrom(app, look, { signal, withListing: false }));
  }

  async function poll(): Promise<void> {
    while (!signal.aborted) {
      if ((await lookAtDue()) === 'all') await delay(TICK_MS, undefined, { signal }).catch(() => undefined);
      else if (looks.size === MAX_LOOKS) await Promise.race(looks);
    }
  }

  /** `some`: as many as there is room for; there may be more, and they have waited. */
  async function lookAtDue(): Promise<'all' | 'some'> {
    const free = MAX_LOOKS - looks.size;
    try {
      const due = await takeDue(app, free);
      for (const look of due) {
        const task = lookFrom(look)
          .catch((error: unknown) => app.log.warn({ error: describeError(error) }, 'a mailbox could not be read'))
          .finally(() => looks.delete(task));
        looks.add(task);
      }
      return due.length < free ? 'all' : 'some';
    } catch (error) {
      app.log.warn({ error: describeError(error) }, 'mailboxes could not be looked for');
      return 'all';
    }
  }

  return {
    sync(ref) {
      const known = upcoming.get(ref.accountId);
      if (known !== undefined) return known;
      const next = run(ref);
      if (rests.has(ref.accountId)) upcoming.set(ref.accountId, next);
      return next;
    },
    startPolling() {
      polling = poll();
    },
    async stop() {
      stopping.abort();
      await polling;
      await Promise.all([...looks, ...listings.values()]);
    },
  };
}
