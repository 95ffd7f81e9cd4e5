/**
 * Takeover of a dead process's work. Every process writes its heartbeat, and each looks for those that have stopped: their
 * leases end at once, their emails get a `deliver` job that is due, and the queue lets go of their jobs (on its own it
 * would hold them for four hours).
 *
 * A process that only paused loses its leases too. That is safe: whoever lost its lease changes nothing any more, and what
 * it had handed to Gmail is settled by reading.
 */
import type { App } from './app.ts';
import { describeError } from './log.ts';

const BEAT_MS = 3_000;
/** Four beats missed. With the next look and the queue's polling the work goes on within 20 s. */
const DEAD_AFTER_MS = 12_000;

/** By the database's clock, the one that all processes share. */
const BEAT = {
  name: 'heartbeat',
  text: `INSERT INTO process_heartbeat (id, beat_at, worker_pool) VALUES ($1, now(), $2)
    ON CONFLICT (id) DO UPDATE SET beat_at = excluded.beat_at, worker_pool = excluded.worker_pool`,
};

/** What nobody holds any more although a process that is not there did: a dead one, or one that left no heartbeat. */
const TAKE_OVER = {
  name: 'take-over',
  text: `WITH dead AS (
      DELETE FROM process_heartbeat WHERE beat_at < now() - $1 * interval '1 ms' RETURNING id, worker_pool
    ), orphan AS (
      UPDATE outbound_email e SET lease_expires_at = $2 FROM dead
      WHERE e.lease_owner = dead.id AND e.lease_expires_at > $2
      RETURNING e.organization_id, e.id, e.status
    ), jobs AS (
      SELECT graphile_worker.add_job(
        CASE status WHEN 'UNCONFIRMED' THEN 'settle' ELSE 'deliver' END,
        payload => json_build_object('organizationId', organization_id, 'outboundEmailId', id),
        max_attempts => 25, job_key => CASE status WHEN 'UNCONFIRMED' THEN 'settle:' ELSE 'deliver:' END || id)
      FROM orphan
    ), unlocked AS (
      SELECT graphile_worker.force_unlock_workers(array_agg(worker_pool)) FROM dead HAVING count(*) > 0
    )
    SELECT (SELECT count(*)::int FROM dead) AS processes, (SELECT count(*)::int FROM jobs) AS emails,
      (SELECT count(*)::int FROM unlocked) AS unlocked`,
};

/**
 * Beats, and looks for the dead, until it is stopped.
 * @param workerPool how the job queue names this process's workers now; empty when it runs no jobs.
 */
export async function startHeartbeat(app: App, workerPool: () => string): Promise<{ stop(): Promise<void> }> {
  const beat = async () => {
    await app.pool.query({ ...BEAT, values: [app.processId, workerPool()] });
    const { rows } = await app.pool.query<{ processes: number; emails: number }>({
      ...TAKE_OVER,
      values: [DEAD_AFTER_MS, app.now()],
    });
    const [found] = rows;
    if (found !== undefined && found.processes > 0) app.log.warn(found, 'took over from processes that ended');
  };
  await beat();
  let beating: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    beating = beat().catch((error: unknown) => app.log.warn({ error: describeError(error) }, 'heartbeat failed'));
  }, BEAT_MS);
  return {
    async stop() {
      clearInterval(timer);
      await beating;
      await app.pool.query('DELETE FROM process_heartbeat WHERE id = $1', [app.processId]);
    },
  };
}
