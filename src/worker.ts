import { EventEmitter } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Logger, run, type TaskList, type WorkerEvents } from 'graphile-worker';
import type { App } from './app.ts';
import { startHeartbeat } from './heartbeat.ts';
import { describeError } from './log.ts';
import { deliverQueued } from './mail/claim.ts';
import { sendScheduled } from './mail/schedule.ts';
import { settle } from './mail/settle.ts';
import { discardStrayTickets } from './mail/stray-tickets.ts';
import { JOBS } from './queue.ts';
import { readBack } from './sync/read-back.ts';

const CONCURRENCY = 8;
/** How late a job may start that was not due when it was enqueued; the others start at once. */
const POLL_INTERVAL_MS = 1_000;
const RESTART_MS = 1_000;

export interface Worker {
  stop(): Promise<void>;
}

/** Runs the jobs of `queue.ts` until it is stopped; `stop` waits for those that are running. */
export async function startWorker(app: App, { pollIntervalMs = POLL_INTERVAL_MS } = {}): Promise<Worker> {
  const taskList: TaskList = {
    deliver: async (payload) => {
      const ref = JOBS.deliver.parse(payload);
      if (!(await sendScheduled(app, ref))) await deliverQueued(app, ref);
    },
    settle: (payload) => settle(app, JOBS.settle.parse(payload)),
    'read-back': async (payload) => {
      const ref = JOBS['read-back'].parse(payload);
      await readBack(app, ref);
      await discardStrayTickets(app, ref);
    },
  };
  let running = await startRunner(app, taskList, pollIntervalMs);
  let stopping = false;
  const stopped = new AbortController();

  /** A database that goes away ends graphile-worker's runner; with the database another one comes back. */
  async function keepRunning(): Promise<void> {
    while (!stopping) {
      await running.runner.promise.catch((error: unknown) => {
        app.log.error({ error: describeError(error) }, 'jobs stopped');
      });
      await delay(RESTART_MS, undefined, { signal: stopped.signal }).catch(() => undefined);
      if (stopping) return;
      try {
        const next = await startRunner(app, taskList, pollIntervalMs);
        const lost = running.pool;
        running = next;
        // Its jobs: on its own the queue would hold them for four hours.
        await app.pool.query('SELECT graphile_worker.force_unlock_workers($1)', [[lost]]);
        app.log.info('jobs run again');
      } catch (error) {
        app.log.warn({ error: describeError(error) }, 'jobs could not be started');
      }
    }
  }
  const kept = keepRunning();
  const heartbeat = await startHeartbeat(app, () => running.pool);
  return {
    async stop() {
      stopping = true;
      stopped.abort();
      // One that has ended already cannot be stopped.
      await running.runner.stop().catch(() => undefined);
      await kept;
      await heartbeat.stop();
    },
  };
}

async function startRunner(app: App, taskList: TaskList, pollIntervalMs: number) {
  const events: WorkerEvents = new EventEmitter();
  const pools: string[] = [];
  events.on('pool:create', ({ workerPool }) => pools.push(workerPool.id));
  const runner = await run({
    pgPool: app.pool,
    events,
    taskList,
    concurrency: CONCURRENCY,
    pollInterval: pollIntervalMs,
    noHandleSignals: true,
    logger: new Logger(() => () => undefined),
    // Batched, because a result that cannot be written singly is a rejection that nobody handles: it ends the process.
    preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
  });
  // A job's error may quote what it worked on: only what cannot is logged. The job itself is tried again.
  runner.events.on('job:error', ({ job, error }) => {
    app.log.warn({ job: job.task_identifier, attempt: job.attempts, error: describeError(error) }, 'job failed');
  });
  runner.events.on('worker:fatalError', ({ error }) => {
    app.log.error({ error: describeError(error) }, 'worker stopped');
  });
  return { runner, pool: pools[0] ?? '' };
}
