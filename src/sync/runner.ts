/** Polls the mailboxes that are due, and runs full syncs, which would hold a place among the jobs for too long. */
import { setTimeout as delay } from 'node:timers/promises';
import type { App } from '../app.ts';
import { type AccountRef, enqueue } from '../jobs.ts';
import { traced } from '../trace.ts';
import { type PolledMailbox, pollDueMailboxes } from './poll.ts';
import { type SyncResult, syncFrom, syncMailbox } from './sync.ts';

/** Polled mailboxes that are read at the same time. */
const MAX_RUNS = 16;
/** Full syncs at the same time. Most of the time they wait for quota units. */
const MAX_FULL_SYNCS = 32;
const LATER_MS = 5_000;
/** The least time between two `sync` jobs of a mailbox. Well below what a person notices. */
const REST_MS = 250;
/** How often due mailboxes are looked up. */
const TICK_MS = 1_000;

export function createSyncRunner(app: App) {
  const stopping = new AbortController();
  const { signal } = stopping;
  const runs = new Set<Promise<unknown>>();
  const fullSyncs = new Map<string, Promise<void>>();
  /** By account: the pause after its last `sync` job. */
  const rests = new Map<string, Promise<void>>();
  /** By account: the run that begins after that pause. It serves every job that arrives before. */
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
    await continueAfter(ref, await syncMailbox(app, ref, { signal, withFullSync: false }));
  }

  function continueAfter(ref: AccountRef, result: SyncResult | null): Promise<void> | undefined {
    if (result?.outcome !== 'full-sync' || fullSyncs.has(ref.accountId)) return undefined;
    if (signal.aborted || fullSyncs.size >= MAX_FULL_SYNCS) {
      return enqueue(app.pool, 'sync', ref, signal.aborted ? 0 : LATER_MS);
    }
    const fullSync = runFullSync(ref).finally(() => fullSyncs.delete(ref.accountId));
    fullSyncs.set(ref.accountId, fullSync);
    return undefined;
  }

  async function runFullSync({ organizationId, accountId }: AccountRef): Promise<void> {
    try {
      let result: SyncResult | null;
      do {
        result = await syncMailbox(app, { organizationId, accountId }, { signal, withFullSync: true });
      } while (result?.outcome === 'full-sync');
    } catch (error) {
      // A job continues it; if that could not be enqueued, the lease expires.
      app.logFailure(error, 'a full sync was interrupted', { organizationId, accountId });
    }
  }

  async function syncPolled(polled: PolledMailbox): Promise<void> {
    const ref = { organizationId: polled.mailbox.organizationId, accountId: polled.mailbox.id };
    await continueAfter(ref, await traced('sync', ref, () => syncFrom(app, polled, { signal, withFullSync: false })));
  }

  async function poll(): Promise<void> {
    while (!signal.aborted) {
      if ((await startDue()) === 'all') await delay(TICK_MS, undefined, { signal }).catch(() => undefined);
      else if (runs.size === MAX_RUNS) await Promise.race(runs);
    }
  }

  /** `some`: as many as there was room for; more may be due. */
  async function startDue(): Promise<'all' | 'some'> {
    const free = MAX_RUNS - runs.size;
    try {
      const due = await pollDueMailboxes(app, free);
      for (const polled of due) {
        const task = syncPolled(polled)
          .catch((error: unknown) =>
            app.logFailure(error, 'a mailbox could not be read', { accountId: polled.mailbox.id }),
          )
          .finally(() => runs.delete(task));
        runs.add(task);
      }
      return due.length < free ? 'all' : 'some';
    } catch (error) {
      app.logFailure(error, 'due mailboxes could not be polled');
      return 'all';
    }
  }

  return {
    /** The `sync` job. A full sync continues after it has returned. */
    sync(ref: AccountRef): Promise<void> {
      const known = upcoming.get(ref.accountId);
      if (known !== undefined) return known;
      const next = run(ref);
      if (rests.has(ref.accountId)) upcoming.set(ref.accountId, next);
      return next;
    },
    /** Polls due mailboxes until `stop`. */
    startPolling(): void {
      polling = poll();
    },
    /** Starts nothing new and interrupts running syncs. Another process continues from what is stored. */
    async stop(): Promise<void> {
      stopping.abort();
      await polling;
      await Promise.all([...runs, ...fullSyncs.values()]);
    },
  };
}

export type SyncRunner = ReturnType<typeof createSyncRunner>;
