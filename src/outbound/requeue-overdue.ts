import type { App } from '../app.ts';
import { raw, sql, statement } from '../db/statement.ts';
import { ACCOUNT_OF_ROW, addJob, DUE_AT, EMAIL_OF_ROW, jobKey, NEXT_JOB } from '../jobs.ts';

/** Long enough for a busy queue to have run the job. By the database's clock, because this process's own may be wrong. */
const FORGOTTEN = sql`now() - interval '2 minutes'`;
/** Emails in one run; the run of the next minute takes further ones. */
const MAX_ROWS = raw('1000');

/**
 * An email without a stored sent copy has a waiting or running job, or gets a new one, also if the queue has given up its last one.
 */
export const selectOverdue = statement(
  'requeue-overdue',
  () => sql`WITH forgotten AS (
      SELECT organization_id, id, status FROM outbound_email e
      WHERE status IN ('SCHEDULED', 'QUEUED', 'SENDING', 'UNCONFIRMED') AND permit IS DISTINCT FROM 'PENDING'
        AND ${DUE_AT} < ${FORGOTTEN}
        -- Moved, a job that waits in a long queue would be the last of it again.
        AND NOT EXISTS (SELECT FROM graphile_worker.jobs j WHERE j.key = ${jobKey(NEXT_JOB, sql`e.id`)}
          AND (j.locked_at IS NOT NULL OR j.attempts < j.max_attempts AND j.run_at <= now()))
      ORDER BY ${DUE_AT} LIMIT ${MAX_ROWS}
    ), accounts AS (
      SELECT DISTINCT organization_id, account_id FROM outbound_email WHERE permit = 'PENDING'
    ), permits AS (
      SELECT ${addJob('grant-permits', ACCOUNT_OF_ROW)} FROM accounts
    ), emails AS (
      SELECT ${addJob(NEXT_JOB, EMAIL_OF_ROW)} FROM forgotten
    ), unread AS (
      SELECT ${addJob('fetch-sent-copy', EMAIL_OF_ROW)} FROM (
        SELECT organization_id, id FROM outbound_email e
        WHERE status IN ('SENT', 'BOUNCED') AND sent_copy_fetched_at IS NULL AND sent_at < ${FORGOTTEN}
          AND NOT EXISTS (SELECT FROM graphile_worker.jobs j WHERE j.key = ${jobKey('fetch-sent-copy', sql`e.id`)}
            AND (j.locked_at IS NOT NULL OR j.attempts < j.max_attempts))
        ORDER BY sent_at DESC LIMIT ${MAX_ROWS}
      ) sent
    )
    SELECT (SELECT count(*)::int FROM emails) AS emails, (SELECT count(*) FROM permits) AS accounts,
      (SELECT count(*) FROM unread) AS unread`,
);

/**
 * A job that was enqueued again while it ran has lost its key to the new one, and must not run again. If its process was killed, only
 * this removes it.
 */
const SWEEP = `SELECT graphile_worker.complete_jobs(array_agg(id)) FROM graphile_worker.jobs
  WHERE key IS NULL AND attempts >= max_attempts AND locked_at IS NULL HAVING count(*) > 0`;

/**
 * Unlocks the jobs of workers without a heartbeat. A worker that has just started may take jobs before its first one. On its own,
 * the queue would keep them locked for four hours.
 */
const UNLOCK = `SELECT graphile_worker.force_unlock_workers(array_agg(DISTINCT locked_by)) FROM graphile_worker.jobs
  WHERE locked_at < now() - interval '1 minute' AND locked_by NOT IN (SELECT worker_pool FROM process_heartbeat)
  HAVING count(*) > 0`;

/**
 * Runs every minute, in one process. A waiting email has a job in the queue. If the job is lost (given up after too many errors,
 * deleted by hand, held by a worker that died before its first heartbeat), the row is overdue and gets another job. The email itself
 * is not changed: the job finds out what to do, under a lease as always.
 *
 * Accounts with emails that wait for the rate limit are checked each time, because the limit may have changed: the daily limit was raised, or
 * an email that had used it up did not leave after all.
 */
export async function requeueOverdue(app: App): Promise<void> {
  const { rows } = await app.pool.query<{ emails: number }>(selectOverdue({}));
  const [found] = rows;
  if (found !== undefined && found.emails > 0) app.log.warn(found, 'emails are overdue');
  await app.pool.query(SWEEP);
  await app.pool.query(UNLOCK);
}
