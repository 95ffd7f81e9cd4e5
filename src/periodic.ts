/**
 * Periodic tasks that one of all processes runs. A row holds the time of the last run, and only the database's clock decides whether a
 * task is due: a process with a wrong clock can neither run it too often nor keep the others from it.
 */
import type { App } from './app.ts';
import { sql } from './db/statement.ts';
import { type Repeating, repeat } from './repeat.ts';

export interface PeriodicTask {
  /** Identifies the task in all processes. */
  readonly name: string;
  readonly everyMs: number;
  /** @param isOver whether to end: the period is nearly over, or the process stops. The next run continues. */
  readonly run: (app: App, isOver: () => boolean) => Promise<void>;
}

/** Fraction of the period by which a task may be late. */
const LATENESS = 1 / 6;

/** Runs `task` in the process that first sees that it is due. A task that fails is due again a period later. */
export function runPeriodically(app: App, { name, everyMs, run }: PeriodicTask): Repeating {
  return repeat(everyMs * LATENESS, async () => {
    try {
      const period = sql`${everyMs} * interval '1 ms'`;
      // A time far in the future was written before the database's clock was set back.
      const { rowCount } = await app.pool.query(
        sql`INSERT INTO periodic_task (name, begun_at) VALUES (${name}, now())
          ON CONFLICT (name) DO UPDATE SET begun_at = now()
          WHERE periodic_task.begun_at NOT BETWEEN now() - ${period} AND now() + ${period}`,
      );
      const endsAt = performance.now() + everyMs * (1 - LATENESS);
      if (rowCount === 1) await run(app, () => app.health.isStopping || performance.now() > endsAt);
    } catch (error) {
      app.logFailure(error, 'a periodic task failed', { task: name });
    }
  });
}
