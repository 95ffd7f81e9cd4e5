import { EventEmitter } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Logger, type Runner, type RunnerOptions, run, type TaskList, type WorkerEvents } from 'graphile-worker';
import type { App } from './app.ts';
import { sweepStates } from './accounts/oauth-state.ts';
import { startHeartbeat } from './heartbeat.ts';
import { describeError } from './log.ts';
import { pauseForLimit } from './inbox/bounces.ts';
import { deliverQueued } from './outbound/claim.ts';
import { grantWaiting } from './outbound/rate-limit.ts';
import { recover } from './outbound/requeue-overdue.ts';
import { sendScheduled } from './outbound/schedule.ts';
import { settle } from './outbound/reconcile.ts';
import { JOBS, RECOVER, RENEW_WATCHES } from './jobs.ts';
import { readBackAndTidy } from './inbox/sent-copy-queue.ts';
import { renewGivenUpSyncs } from './sync/sync-now.ts';
import { createSyncRunner, type SyncRunner } from './sync/runner.ts';
import { renewWatches, watchMailbox } from './sync/watch.ts';

const CONCURRENCY = 16;
/** So that thousands that are due at once do not each look for their job among all of them. */
const JOBS_FETCHED_AT_ONCE = 32;
/** How late a job may start that was not due when it was enqueued; the others start at once. */
const POLL_INTERVAL_MS = 1_000;
/** After the queue has lost the database for good, and while it is still away. */
const RESTART_DELAY_MS = 1_000;

export interface Worker {
  /** Starts no more jobs, and waits for those that are running. The heartbeat goes on: leases may still be held. */
  finishJobs(): Promise<void>;
  /** Finishes the jobs, then ends the heartbeat. */
  stop(): Promise<void>;
}

/** Runs the jobs of `queue.ts`, unless `WORKER` is off, and beats. */
export async function startWorker(app: App, { pollIntervalMs = POLL_INTERVAL_MS } = {}): Promise<Worker> {
  const syncs = createSyncRunner(app);
  const queue = app.config.worker === 'off' ? null : await keepRunning(app, syncs, pollIntervalMs);
  // Without jobs it still holds leases, which end with its heartbeat.
  const heartbeat = await startHeartbeat(app, queue?.poolId ?? (() => ''));
  if (queue !== null && app.config.syncInterval !== null) syncs.startPolling();
  let finished: Promise<void> | undefined;
  const finishJobs = () => {
    finished ??= Promise.all([syncs.stop(), queue?.stop()]).then(() => undefined);
    return finished;
  };
  return {
    finishJobs,
    async stop() {
      await finishJobs();
      await heartbeat.stop();
    },
  };
}

/** A runner gives up when it cannot tell the database what became of a job. Then another one takes its place. */
async function keepRunning(app: App, syncs: SyncRunner, pollIntervalMs: number) {
  let poolId = '';
  const stopping = new AbortController();
  const start = async () => {
    const events: WorkerEvents = new EventEmitter();
    events.on('pool:create', ({ workerPool }) => {
      poolId = workerPool.id;
    });
    watch(app, events);
    return run({ ...runnerOptions(app, syncs, pollIntervalMs), events });
  };
  let runner: Runner | null = await start();
  const supervising = (async () => {
    while (!stopping.signal.aborted) {
      const givenUp = poolId;
      await runner?.promise.catch((error: unknown) => {
        app.log.warn({ error: describeError(error) }, 'the job queue gave up; starting it again');
      });
      runner = null;
      await delay(RESTART_DELAY_MS, null, { signal: stopping.signal }).catch(() => null);
      if (stopping.signal.aborted) return;
      try {
        // What it held is nobody's any more.
        await app.pool.query('SELECT graphile_worker.force_unlock_workers(ARRAY[$1])', [givenUp]);
        runner = await start();
      } catch (error) {
        app.log.warn({ error: describeError(error) }, 'the job queue cannot start yet');
      }
    }
  })();
  return {
    poolId: () => poolId,
    async stop() {
      stopping.abort();
      // One that has just given up cannot be stopped.
      await runner?.stop().catch(() => undefined);
      await supervising;
    },
  };
}

function runnerOptions(app: App, syncs: SyncRunner, pollIntervalMs: number): RunnerOptions {
  const taskList: TaskList = {
    deliver: async (payload) => {
      const ref = JOBS.deliver.parse(payload);
      if (!(await sendScheduled(app, ref))) await deliverQueued(app, ref);
    },
    settle: (payload) => settle(app, JOBS.settle.parse(payload)),
    pace: (payload) => grantWaiting(app, JOBS.pace.parse(payload)),
    pause: (payload) => pauseForLimit(app, JOBS.pause.parse(payload)),
    [RECOVER]: async () => {
      await Promise.all([recover(app), renewGivenUpSyncs(app), sweepStates(app)]);
    },
    sync: (payload) => syncs.sync(JOBS.sync.parse(payload)),
    watch: (payload) => watchMailbox(app, JOBS.watch.parse(payload)),
    [RENEW_WATCHES]: () => renewWatches(app),
    'read-back': (payload) => readBackAndTidy(app, JOBS['read-back'].parse(payload)),
  };
  return {
    pgPool: app.pool,
    taskList,
    crontab: `* * * * * ${RECOVER}\n*/10 * * * * ${RENEW_WATCHES}`,
    concurrency: CONCURRENCY,
    pollInterval: pollIntervalMs,
    noHandleSignals: true,
    logger: new Logger(() => () => undefined),
    // Batched, because graphile-worker 0.18 does not await an unbatched one: a connection lost just then would be an
    // unhandled rejection, and end the process.
    preset: { worker: { failJobBatchDelay: 0, completeJobBatchDelay: 0, localQueue: { size: JOBS_FETCHED_AT_ONCE } } },
  };
}

/** A job's error may quote what it worked on: only what cannot is logged. The job itself is tried again. */
function watch(app: App, events: WorkerEvents): void {
  events.on('job:error', ({ job, error }) => {
    app.log.warn({ job: job.task_identifier, attempt: job.attempts, error: describeError(error) }, 'job failed');
  });
  events.on('worker:fatalError', ({ error }) => {
    app.log.error({ error: describeError(error) }, 'a worker stopped');
  });
}
