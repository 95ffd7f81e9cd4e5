/**
 * Jobs: their names, what each carries, and how one is written into the transaction of the row that causes it. Payloads
 * are parsed here when they are enqueued and in `worker.ts` when they run.
 */
import { z } from 'zod';
import type { Sql } from './db/client.ts';

const OutboundEmailRef = z.strictObject({ organizationId: z.uuid(), outboundEmailId: z.uuid() });
const AccountRef = z.strictObject({ organizationId: z.uuid(), accountId: z.uuid() });

export const JOBS = {
  /** Delivers a QUEUED email that no request delivers: its process died, or it had to wait. */
  deliver: OutboundEmailRef,
  /** Reads Gmail to find out what became of an UNCONFIRMED email. */
  settle: OutboundEmailRef,
  /** Stores the sent copy in its conversation and learns the Message-ID that Gmail gave it. */
  'read-back': OutboundEmailRef,
  /** Lets the emails go that wait for their account's pace, as many as it allows by then. */
  pace: AccountRef,
  /** Reads what is new in a mailbox, and starts or continues its import. */
  sync: AccountRef,
  /** Asks Gmail to tell of the mailbox's changes for some days more. */
  watch: AccountRef,
  /** Stops the sending of an account whose limit Gmail has written is reached. */
  pause: AccountRef.extend({ noticedAt: z.iso.datetime() }),
} as const;

/**
 * Every minute, in one process: finds accepted emails that the queue has forgotten and mailboxes that it has given up, and
 * sweeps consents that nobody gave. Its payload is the queue's own.
 */
export const RECOVER = 'recover';

/** Every ten minutes, in one process: finds the mailboxes whose `watch` is to be renewed. */
export const RENEW_WATCHES = 'renew-watches';

export type JobName = keyof typeof JOBS;
export type JobPayload<Name extends JobName> = z.infer<(typeof JOBS)[Name]>;

/** A job by its SQL parameters: for statements that enqueue it themselves. `payload` is JSON text. */
export interface JobParameters {
  readonly name: JobName;
  readonly payload: string;
  /** One job at most per key: enqueuing again moves it. */
  readonly key: string;
}

/** @throws {z.ZodError} when the payload is not one of this job. */
export function job<Name extends JobName>(name: Name, payload: JobPayload<Name>): JobParameters {
  const parsed = JOBS[name].parse(payload);
  const subject = 'outboundEmailId' in parsed ? parsed.outboundEmailId : parsed.accountId;
  return { name, payload: JSON.stringify(parsed), key: `${name}:${subject}` };
}

/** Runs again at most so often after it threw; graphile-worker waits exp(attempt) seconds, 25 attempts are some days. */
const MAX_ATTEMPTS = 25;

/** Enqueues a job that is due in so many milliseconds, or moves the one with this key, in the caller's transaction. */
export async function enqueueIn(sql: Sql, { name, payload, key }: JobParameters, delayMs: number): Promise<void> {
  await sql.query(
    `SELECT graphile_worker.add_job($1, payload => $2::json, run_at => now() + $3 * interval '1 ms',
       max_attempts => ${MAX_ATTEMPTS}, job_key => $4)`,
    [name, payload, delayMs, key],
  );
}

/** Enqueues a job, or moves the one with this key, in the caller's transaction. */
export async function enqueue(sql: Sql, { name, payload, key }: JobParameters, runAt: Date): Promise<void> {
  await sql.query(
    `SELECT graphile_worker.add_job($1, payload => $2::json, run_at => $3, max_attempts => ${MAX_ATTEMPTS}, job_key => $4)`,
    [name, payload, runAt, key],
  );
}
