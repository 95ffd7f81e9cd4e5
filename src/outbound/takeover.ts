/**
 * Takes over the work of dead processes. Every process writes its heartbeat and checks for heartbeats that have stopped. It ends the
 * leases of dead processes, enqueues a `deliver` job for their emails and a `sync` job for the mailboxes that they were reading, and
 * unlocks their jobs, which the queue alone would keep locked for four hours.
 *
 * A process that was only paused loses its leases too. That is safe: a process without its lease changes nothing, and emails that it had
 * handed to Gmail are reconciled by reading.
 */
import type { App } from '../app.ts';
import { type Fragment, sql, statement } from '../db/statement.ts';
import { ACCOUNT_OF_ROW, addJob, EMAIL_OF_ROW, NEXT_JOB } from '../jobs.ts';
import { repeat } from '../repeat.ts';
import { VERSION } from '../version.ts';
import { measureClock } from './clock-offset.ts';

interface HeartbeatSource {
  readonly id: string;
  /** How the job queue names its workers. Empty: it runs no jobs. */
  readonly workerPool: string;
  /** How the operator names it, and which jobs it runs: INSTANCE and WORKER. */
  readonly instance: string;
  readonly worker: string;
}

/** By the database's clock, the one that all processes share. */
export const beat = statement(
  'heartbeat',
  (process: HeartbeatSource) => sql`INSERT INTO process_heartbeat (id, beat_at, worker_pool, instance, worker, version)
    VALUES (${process.id}, now(), ${process.workerPool}, ${process.instance}, ${process.worker}, ${VERSION})
    ON CONFLICT (id) DO UPDATE SET beat_at = excluded.beat_at, worker_pool = excluded.worker_pool`,
);

/** Of `outbound_email e`. */
const isLeasedBy = (process: Fragment) =>
  sql`e.status IN ('SCHEDULED', 'QUEUED', 'SENDING', 'UNCONFIRMED') AND e.lease_owner = ${process}`;

/** A process that still has leases cannot end its heartbeat: when that has stopped, the others take them over. */
export const endBeat = statement(
  'end-heartbeat',
  ({ id }: { id: string }) => sql`DELETE FROM process_heartbeat WHERE id = ${id}
    AND NOT EXISTS (SELECT FROM outbound_email e WHERE ${isLeasedBy(sql`${id}`)})
    AND NOT EXISTS (SELECT FROM mailbox_sync s WHERE s.lease_owner = ${id} AND s.lease_expires_at > now())`,
);

/**
 * Ends the leases of processes without a heartbeat. The lease of an email is compared with the clocks of processes, so it gets an
 * expiry in 1970, which is over by every clock.
 */
export const takeOver = statement(
  'take-over',
  ({ deadAfterMs }: { deadAfterMs: number }) => sql`WITH dead AS (
      DELETE FROM process_heartbeat WHERE beat_at < now() - ${deadAfterMs} * interval '1 ms' RETURNING id, worker_pool
    ), orphan AS (
      UPDATE outbound_email e SET lease_expires_at = to_timestamp(0) FROM dead
      WHERE EXISTS (SELECT FROM dead) AND ${isLeasedBy(sql`dead.id`)}
      RETURNING e.organization_id, e.id, e.status
    ), jobs AS (
      SELECT ${addJob(NEXT_JOB, EMAIL_OF_ROW)} FROM orphan
    ), mailbox AS (
      UPDATE mailbox_sync s SET lease_expires_at = now() FROM dead
      WHERE s.lease_owner = dead.id AND s.lease_expires_at > now()
      RETURNING s.organization_id, s.account_id
    ), syncs AS (
      SELECT ${addJob('sync', ACCOUNT_OF_ROW)} FROM mailbox
    ), unlocked AS (
      SELECT graphile_worker.force_unlock_workers(array_agg(worker_pool)) FROM dead HAVING count(*) > 0
    )
    SELECT (SELECT count(*)::int FROM dead) AS processes, (SELECT count(*)::int FROM jobs) AS emails,
      (SELECT count(*)::int FROM syncs) AS mailboxes,
      (SELECT count(*)::int FROM unlocked) AS unlocked`,
);

/**
 * Writes heartbeats, checks for dead processes, and measures the clock, until it is stopped.
 * @param workerPool the current name of this process's workers in the job queue; empty when it runs no jobs.
 */
export async function startHeartbeat(app: App, workerPool: () => string): Promise<{ stop(): Promise<void> }> {
  const { health, log, logFailure, pool, timing } = app;

  /** Until then the others may be about to write their heartbeats. */
  let graceEndsAt = 0;

  async function beatAndTakeOver(): Promise<void> {
    await pool.query(beat({ ...app.config, id: app.processId, workerPool: workerPool() }));
    const at = performance.now();
    // If this process could not write its heartbeat, the others may have failed too.
    if (at - (health.beatAt ?? at) >= timing.deadAfterMs) graceEndsAt = at + timing.deadAfterMs;
    health.beatAt = at;
    if (at < graceEndsAt) return;
    const { rows } = await pool.query<{ processes: number; emails: number }>(takeOver(timing));
    const [found] = rows;
    if (found !== undefined && found.processes > 0) log.warn(found, 'took over from processes that ended');
  }

  const orWarn = (work: () => Promise<void>, message: string) => () =>
    work().catch((error: unknown) => logFailure(error, message));

  await beatAndTakeOver();
  await measureClock(app);
  const loops = [
    repeat(timing.heartbeatMs, orWarn(beatAndTakeOver, 'heartbeat failed')),
    repeat(
      timing.clockMs,
      orWarn(() => measureClock(app), 'the clock could not be measured'),
    ),
  ];
  return {
    async stop() {
      await Promise.all(loops.map((loop) => loop.stop()));
      // Otherwise it ends by itself: the other processes do not see it renewed.
      await pool
        .query(endBeat({ id: app.processId }))
        .catch((error: unknown) => logFailure(error, 'the heartbeat could not be ended'));
    },
  };
}
