import type { App } from '../app.ts';

/** Long enough for a busy queue to have come to it. */
const FORGOTTEN_AFTER_MS = 120_000;
/** At a time; the next minute's run takes the next ones. */
const MAX_ROWS = 1_000;

/**
 * The expression is that of the index `outbound_email_due`. What is to be read back has a job that waits or runs, or gets a
 * new one: also when its last one was tried so often that the queue has given it up.
 */
const REMIND = {
  name: 'recover',
  text: `WITH forgotten AS (
      SELECT organization_id, id, CASE status WHEN 'UNCONFIRMED' THEN 'settle' ELSE 'deliver' END AS job
      FROM outbound_email
      WHERE status IN ('SCHEDULED', 'QUEUED', 'SENDING', 'UNCONFIRMED') AND slot IS DISTINCT FROM 'WAITING'
        AND CASE status WHEN 'SCHEDULED' THEN coalesce(next_attempt_at, planned_send_at)
          WHEN 'QUEUED' THEN coalesce(lease_expires_at, next_attempt_at, updated_at)
          ELSE coalesce(lease_expires_at, next_attempt_at) END < $1
      LIMIT ${MAX_ROWS}
    ), accounts AS (
      SELECT DISTINCT organization_id, account_id FROM outbound_email WHERE slot = 'WAITING'
    ), pace AS (
      SELECT graphile_worker.add_job('pace', payload => json_build_object('organizationId', organization_id, 'accountId', account_id),
        max_attempts => 25, job_key => 'pace:' || account_id) FROM accounts
    ), emails AS (
      SELECT graphile_worker.add_job(job, payload => json_build_object('organizationId', organization_id, 'outboundEmailId', id),
        max_attempts => 25, job_key => job || ':' || id) FROM forgotten
    ), unread AS (
      SELECT graphile_worker.add_job('read-back', payload => json_build_object('organizationId', organization_id, 'outboundEmailId', id),
        max_attempts => 25, job_key => 'read-back:' || id)
      FROM (
        SELECT organization_id, id FROM outbound_email e
        WHERE status IN ('SENT', 'BOUNCED') AND read_back_at IS NULL AND sent_at < $1
          AND NOT EXISTS (SELECT FROM graphile_worker.jobs j WHERE j.key = 'read-back:' || e.id
            AND (j.locked_at IS NOT NULL OR j.attempts < j.max_attempts))
        ORDER BY sent_at DESC LIMIT ${MAX_ROWS}
      ) sent
    )
    SELECT (SELECT count(*)::int FROM emails) AS emails, (SELECT count(*) FROM pace) AS accounts,
      (SELECT count(*) FROM unread) AS unread`,
};

/**
 * A job that was asked for anew while it ran has lost its key to the new one, and is not to run again. When its process was
 * killed nothing else takes it away.
 */
const SWEEP = {
  name: 'sweep-replaced-jobs',
  text: `SELECT graphile_worker.complete_jobs(array_agg(id)) FROM graphile_worker.jobs
    WHERE key IS NULL AND attempts >= max_attempts AND locked_at IS NULL HAVING count(*) > 0`,
};

/**
 * The `recover` job. Every accepted email has a job in the queue, written with it; should one get lost (given up after too
 * many errors, deleted by hand, held by a worker that died before its first heartbeat), its row is overdue and gets another.
 * It does nothing to the email: the job finds out what is to be done, under a lease as always.
 *
 * An account for whose pace emails wait is asked again each time: what it waits for may have changed since, as when the
 * limit of the day was raised, or what had used it up has not left after all.
 */
export async function recover(app: App): Promise<void> {
  const { rows } = await app.pool.query<{ emails: number }>({
    ...REMIND,
    values: [new Date(app.now().getTime() - FORGOTTEN_AFTER_MS)],
  });
  const [found] = rows;
  if (found !== undefined && found.emails > 0) app.log.warn(found, 'emails are overdue');
  await app.pool.query(SWEEP);
}
