import { EventEmitter } from 'node:events';
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
  });
  // A job's error may quote what it worked on: only what cannot is logged. The job itself is tried again.
  runner.events.on('job:error', ({ job, error }) => {
    app.log.warn({ job: job.task_identifier, attempt: job.attempts, error: describeError(error) }, 'job failed');
  });
  runner.events.on('worker:fatalError', ({ error }) => {
    app.log.error({ error: describeError(error) }, 'worker stopped');
  });
  const heartbeat = await startHeartbeat(app, pools[0] ?? '');
  return {
    async stop() {
      await runner.stop();
      await heartbeat.stop();
    },
  };
}
