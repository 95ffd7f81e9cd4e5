import { EventEmitter, once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Logger, type RunnerOptions, run, type TaskList, type WorkerEvents } from 'graphile-worker';
import { sweepStates } from './accounts/oauth-state.ts';
import { refreshProfiles } from './accounts/send-as.ts';
import type { App } from './app.ts';
import { sql } from './db/statement.ts';
import { pauseForLimit } from './inbox/bounces.ts';
import { fetchSentCopyAndTidy } from './inbox/sent-copy-queue.ts';
import { JOBS, REQUEUE_OVERDUE_TASK } from './jobs.ts';
import { deliverQueued } from './outbound/claim.ts';
import { createEmailJobs } from './outbound/email-jobs.ts';
import { grantPermits } from './outbound/rate-limit.ts';
import { reconcile } from './outbound/reconcile.ts';
import { requeueOverdue } from './outbound/requeue-overdue.ts';
import { sendScheduled } from './outbound/schedule.ts';
import { startHeartbeat } from './outbound/takeover.ts';
import { deleteUnusedUploads } from './outbound/uploads.ts';
import { type PeriodicTask, runPeriodically } from './periodic.ts';
import { type Repeating, repeat } from './repeat.ts';
import { expireContent } from './retention/expire.ts';
import { createSyncRunner, type SyncRunner } from './sync/runner.ts';
import { renewGivenUpSyncs } from './sync/sync-now.ts';
import { renewWatches, watchMailbox } from './sync/watch.ts';
import { traced } from './trace.ts';

const CONCURRENCY = 16;
/** When thousands of jobs are due, workers do not search all of them for each single job. */
const JOBS_FETCHED_AT_ONCE = 32;
/** How late a job may start that was enqueued for a later time. Jobs that are due when enqueued start at once. */
const POLL_INTERVAL_MS = 1_000;
/** Pause before the queue is started again after it has lost the database. */
const RESTART_DELAY_MS = 1_000;

/** Starts the heartbeat and, unless `WORKER` is off, runs the jobs of `jobs.ts`. */
export async function startWorker(app: App, { pollIntervalMs = POLL_INTERVAL_MS } = {}) {
  const syncs = createSyncRunner(app);
  const queue = app.config.worker === 'off' ? null : await keepRunning(app, syncs, pollIntervalMs);
  // A process without jobs also holds leases, which end with its heartbeat.
  const heartbeat = await startHeartbeat(app, queue?.poolId ?? (() => ''));
  const periodic = queue === null ? [] : periodicTasks(app).map((task) => runPeriodically(app, task));
  if (queue !== null && app.config.syncInterval !== null) syncs.startPolling();
  let finished: Promise<void> | undefined;
  const finishJobs = () => {
    finished ??= Promise.all([syncs.stop(), queue?.stop(), ...periodic.map((task) => task.stop())]).then(
      () => undefined,
    );
    return finished;
  };
  return {
    /** Starts no more jobs, and waits for running ones. The heartbeat continues, because leases may still be held. */
    finishJobs,
    /** Finishes the jobs, then ends the heartbeat. */
    async stop(): Promise<void> {
      await finishJobs().catch(() => undefined);
      await heartbeat.stop();
    },
  };
}

function periodicTasks({ timing }: App): PeriodicTask[] {
  const renew = async (app: App) => {
    await Promise.all([requeueOverdue(app), renewGivenUpSyncs(app), sweepStates(app)]);
  };
  return [
    { name: REQUEUE_OVERDUE_TASK, everyMs: timing.requeueOverdueMs, run: renew },
    { name: 'delete-unused-uploads', everyMs: timing.upkeepMs, run: deleteUnusedUploads },
    { name: 'expire-content', everyMs: timing.upkeepMs, run: expireContent },
    { name: 'renew-watches', everyMs: timing.upkeepMs, run: renewWatches },
    { name: 'refresh-profiles', everyMs: timing.upkeepMs, run: refreshProfiles },
  ];
}

/** A runner stops when it cannot write the result of a job to the database. Then a new one is started. */
async function keepRunning(app: App, syncs: SyncRunner, pollIntervalMs: number) {
  let poolId = '';
  const stopping = new AbortController();
  const start = async () => {
    const events: WorkerEvents = new EventEmitter();
    events.on('pool:create', ({ workerPool }) => {
      poolId = workerPool.id;
    });
    watch(app, events);
    keepAlive(app, events);
    const endsAt = once(events, 'pool:gracefulShutdown').then(() => {
      if (!stopping.signal.aborted)
        app.log.warn('the job queue gives up, because it could not write the result of a job');
      return delay(app.timing.drainMs, null, { ref: false });
    });
    const runner = await run({ ...runnerOptions(app, syncs, pollIntervalMs), events });
    // When it gives up, graphile-worker 0.18 waits for its running jobs, and never ends if the results of several could not be written.
    const ended = Promise.race([runner.promise, endsAt]).catch((error: unknown) => {
      app.logFailure(error, 'the job queue gave up; starting it again');
    });
    return { ended, stop: () => runner.stop().catch(() => undefined) };
  };
  let runner: Awaited<ReturnType<typeof start>> | null = await start();
  const supervising = (async () => {
    while (!stopping.signal.aborted) {
      const givenUp = poolId;
      await runner?.ended;
      runner = null;
      await delay(RESTART_DELAY_MS, null, { signal: stopping.signal }).catch(() => null);
      if (stopping.signal.aborted) return;
      try {
        // Unlocks the jobs that it held.
        await app.pool.query(sql`SELECT graphile_worker.force_unlock_workers(ARRAY[${givenUp}])`);
        runner = await start();
        // It was told to stop meanwhile.
        if (stopping.signal.aborted) await runner.stop();
      } catch (error) {
        app.logFailure(error, 'the job queue cannot start yet');
      }
    }
  })();
  return {
    poolId: () => poolId,
    async stop() {
      stopping.abort();
      // A runner that has just stopped by itself cannot be stopped.
      await runner?.stop();
      await supervising;
    },
  };
}

function runnerOptions(app: App, syncs: SyncRunner, pollIntervalMs: number): RunnerOptions {
  const emailJob = createEmailJobs(app);
  const taskList: Record<string, (payload: unknown) => Promise<void>> = {
    deliver: emailJob('deliver', async (ref, status) => {
      if (status !== 'SCHEDULED' || !(await sendScheduled(app, ref))) await deliverQueued(app, ref);
    }),
    reconcile: emailJob('reconcile', (ref) => reconcile(app, ref)),
    'grant-permits': (payload) => grantPermits(app, JOBS['grant-permits'].parse(payload)),
    pause: (payload) => pauseForLimit(app, JOBS.pause.parse(payload)),
    sync: (payload) => syncs.sync(JOBS.sync.parse(payload)),
    watch: (payload) => watchMailbox(app, JOBS.watch.parse(payload)),
    'fetch-sent-copy': emailJob('fetch-sent-copy', (ref) => fetchSentCopyAndTidy(app, ref)),
  };
  return {
    pgPool: app.directPool,
    taskList: tracedJobs(taskList),
    // graphile-worker's cron uses this process's clock, and decides for all processes.
    parsedCronItems: [],
    concurrency: CONCURRENCY,
    pollInterval: pollIntervalMs,
    noHandleSignals: true,
    logger: new Logger(() => () => undefined),
    // Batched, because graphile-worker 0.18 does not await an unbatched one: a connection lost just then would be an
    // unhandled rejection, and end the process.
    preset: { worker: { failJobBatchDelay: 0, completeJobBatchDelay: 0, localQueue: { size: JOBS_FETCHED_AT_ONCE } } },
  };
}

/** Each job in a span with the uids of its payload. */
function tracedJobs(jobs: Readonly<Record<string, (payload: unknown) => Promise<void>>>): TaskList {
  const traceJob = ([name, run]: [string, (payload: unknown) => Promise<void>]) => {
    const task = (payload: unknown) =>
      traced(`job ${name}`, typeof payload === 'object' ? { ...payload } : {}, () => run(payload));
    return [name, task] as const;
  };
  return Object.fromEntries(Object.entries(jobs).map(traceJob));
}

/** The connection that listens for new jobs carries no other traffic: a regular statement shows that it is alive. */
function keepAlive({ timing }: App, events: WorkerEvents): void {
  let asking: Repeating | undefined;
  events.on('pool:listen:success', ({ client }) => {
    asking = repeat(timing.databaseSilenceMs / 3, async () => {
      // If it fails, the queue notices too, and listens on a new connection.
      await client.query('SELECT 1').catch(() => undefined);
    });
  });
  events.on('pool:listen:release', () => void asking?.stop());
}

/** The error of a job may quote its content, so only the safe part is logged. The job is tried again. */
function watch(app: App, events: WorkerEvents): void {
  events.on('job:error', ({ job, error }) => {
    app.logFailure(error, 'job failed', {
      job: job.task_identifier,
      attempt: job.attempts,
      ...(typeof job.payload === 'object' ? job.payload : {}),
    });
  });
  events.on('worker:fatalError', ({ error }) => {
    app.logFailure(error, 'a worker stopped');
  });
}
