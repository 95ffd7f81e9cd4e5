import { Logger, type Runner, run, type TaskList } from 'graphile-worker';
import type { App } from './app.ts';
import { describeError } from './log.ts';
import { deliverQueued } from './mail/claim.ts';
import { JOBS } from './queue.ts';
import { readBack } from './sync/read-back.ts';

const CONCURRENCY = 8;
const POLL_INTERVAL_MS = 1_000;

export type Worker = Pick<Runner, 'stop'>;

/** Runs the jobs of `queue.ts` until it is stopped; `stop` waits for those that are running. */
export async function startWorker(app: App): Promise<Worker> {
  const taskList: TaskList = {
    deliver: (payload) => deliverQueued(app, JOBS.deliver.parse(payload)),
    'read-back': (payload) => readBack(app, JOBS['read-back'].parse(payload)),
  };
  const runner = await run({
    pgPool: app.pool,
    taskList,
    concurrency: CONCURRENCY,
    pollInterval: POLL_INTERVAL_MS,
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
  return runner;
}
