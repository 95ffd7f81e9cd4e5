/**
 * Jobs: their names and payloads, and how a job is enqueued in the transaction of the row that causes it. Payloads are parsed here
 * when they are enqueued, and in `worker.ts` when they run.
 */
import { z } from 'zod';
import type { Sql } from './db/client.ts';
import { type Fragment, raw, sql } from './db/statement.ts';

const EmailRef = z.strictObject({ organizationId: z.uuid(), outboundEmailId: z.uuid() });
export type EmailRef = Readonly<z.infer<typeof EmailRef>>;
const AccountRef = z.strictObject({ organizationId: z.uuid(), accountId: z.uuid() });
export type AccountRef = Readonly<z.infer<typeof AccountRef>>;

export const JOBS = {
  /** Delivers a SCHEDULED email at its time, and a QUEUED one that no request delivers: its process died, or it had to wait. */
  deliver: EmailRef,
  /** Reads Gmail to find out whether an UNCONFIRMED email was sent. */
  reconcile: EmailRef,
  /** Stores the sent copy in its conversation, with the Message-ID that Gmail assigned. */
  'fetch-sent-copy': EmailRef,
  /** Grants permits to the emails that wait for the rate limit of their account, as many as it allows by then. */
  'grant-permits': AccountRef,
  /** Reads what is new in a mailbox, and starts or continues its import. */
  sync: AccountRef,
  /** Renews Gmail's notifications of changes of the mailbox for some days. */
  watch: AccountRef,
  /** Pauses an account after Gmail reported that its limit is reached. */
  pause: AccountRef.extend({ noticedAt: z.iso.datetime() }),
} as const;

type JobName = keyof typeof JOBS;
type JobPayload<Name extends JobName> = z.infer<(typeof JOBS)[Name]>;

/** Attempts before a job that throws is given up. graphile-worker waits exp(attempt) seconds, so 25 attempts take some days. */
const MAX_ATTEMPTS = raw('25');

/**
 * Enqueues a job that is due in `delayMs`, in the caller's transaction. A subject has at most one job of a name: enqueuing it
 * again moves the job.
 * @throws {z.ZodError} when the payload does not belong to this job.
 */
export async function enqueue<Name extends JobName>(
  connection: Sql,
  name: Name,
  payload: JobPayload<Name>,
  delayMs: number,
): Promise<void> {
  const parsed = JOBS[name].parse(payload);
  const key = `${name}:${'outboundEmailId' in parsed ? parsed.outboundEmailId : parsed.accountId}`;
  const runAt = sql`now() + ${delayMs} * interval '1 ms'`;
  await connection.query(sql`SELECT ${callAddJob(sql`${name}`, sql`${parsed}`, sql`${key}`, { runAt })}`);
}

/** The subject of a job as SQL: columns of the row that causes it, or parameters. */
export type JobSubject =
  | { readonly organizationId: Fragment; readonly outboundEmailId: Fragment }
  | { readonly organizationId: Fragment; readonly accountId: Fragment };

/** The email or the account of a row, by its columns. */
export const EMAIL_OF_ROW: JobSubject = { organizationId: sql`organization_id`, outboundEmailId: sql`id` };
export const ACCOUNT_OF_ROW: JobSubject = { organizationId: sql`organization_id`, accountId: sql`account_id` };

interface AddJobOptions {
  /** By the database's clock. Omitted: now. */
  readonly runAt?: Fragment;
  /** Keeps the time of a job that is already enqueued. */
  readonly preserveRunAt?: boolean;
}

/**
 * SQL that enqueues a job about a row of its statement, or moves the existing one.
 * @param name a job, or SQL for the name of one.
 */
export function addJob(name: JobName | Fragment, subject: JobSubject, options: AddJobOptions = {}): Fragment {
  const { organizationId } = subject;
  const isAccount = 'accountId' in subject;
  const id = isAccount ? subject.accountId : subject.outboundEmailId;
  const field = raw(isAccount ? `'accountId'` : `'outboundEmailId'`);
  const payload = sql`json_build_object('organizationId', ${organizationId}, ${field}, ${id})`;
  return callAddJob(taskName(name), payload, jobKey(name, id), options);
}

/** SQL that removes the job about `id`, which is SQL too. A job that is running continues. */
export function removeJob(name: JobName, id: Fragment): Fragment {
  return sql`graphile_worker.remove_job(${jobKey(name, id)})`;
}

/** SQL for the key of a job about `id`, which is SQL too. The same key as `enqueue` computes. */
export function jobKey(name: JobName | Fragment, id: Fragment): Fragment {
  return sql`${taskName(name)} || ':' || ${id}`;
}

/** SQL for the name of the job that continues with an email, by its column `status`. */
export const NEXT_JOB = sql`CASE status WHEN 'UNCONFIRMED' THEN 'reconcile' ELSE 'deliver' END`;

/** SQL on `outbound_email e`: when a waiting email is due. The expression is that of the index `outbound_email_due`. */
export const DUE_AT = sql`CASE e.status WHEN 'SCHEDULED' THEN coalesce(e.next_attempt_at, e.planned_send_at)
  WHEN 'QUEUED' THEN coalesce(e.lease_expires_at, e.next_attempt_at, e.updated_at)
  ELSE coalesce(e.lease_expires_at, e.next_attempt_at) END`;

/** The periodic task that looks for overdue emails. */
export const REQUEUE_OVERDUE_TASK = 'requeue-overdue';

function taskName(name: JobName | Fragment): Fragment {
  return typeof name === 'string' ? raw(`'${name}'`) : name;
}

function callAddJob(
  task: Fragment,
  payload: Fragment,
  key: Fragment,
  { runAt = sql`now()`, preserveRunAt = false }: AddJobOptions,
): Fragment {
  return sql`graphile_worker.add_job(${task}, payload => ${payload}, run_at => ${runAt}, max_attempts => ${MAX_ATTEMPTS},
    job_key => ${key}, job_key_mode => ${raw(preserveRunAt ? `'preserve_run_at'` : `'replace'`)})`;
}
