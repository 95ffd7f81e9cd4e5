/**
 * Runs the jobs about emails of one account a few at a time: while Gmail is slow for one mailbox, its emails must not occupy every
 * worker of this process. A job that finds no place is put back. It runs when another one of its account has ended here, or after
 * a pause, in any process. Its email is not changed meanwhile.
 */
import type { OutboundEmailStatus } from '#generated/prisma/enums.ts';
import type { App } from '../app.ts';
import { sql } from '../db/statement.ts';
import { type EmailRef, enqueue, JOBS } from '../jobs.ts';

/** As many as there are calls to Gmail at a time for one account. */
const PLACES = 4;
/** Short, because the job that would let the next one run may have been taken by another process. */
const PAUSE_MS = 1_000;
/** The pause is longer by this for each job that waits, so that thousands of them are not looked at all the time. */
const PAUSE_PER_WAITING_MS = 50;

type EmailJob = 'deliver' | 'reconcile' | 'fetch-sent-copy';

/** A job that was put back. */
interface Waiting {
  readonly name: EmailJob;
  readonly ref: EmailRef;
  readonly pauseEnd: number;
}

interface Account {
  running: number;
  /** The oldest first. */
  readonly waiting: Map<string, Waiting>;
}

/** Makes tasks of the queue about emails. */
export function createEmailJobs({ pool }: App) {
  const accounts = new Map<string, Account>();

  async function findEmail({ organizationId, outboundEmailId }: EmailRef) {
    const { rows } = await pool.query<{ accountId: string; status: OutboundEmailStatus }>(
      sql`SELECT account_id AS "accountId", status FROM outbound_email
        WHERE organization_id = ${organizationId} AND id = ${outboundEmailId}`,
    );
    return rows[0];
  }

  type Work = (ref: EmailRef, status: OutboundEmailStatus) => Promise<void>;

  async function run(name: EmailJob, ref: EmailRef, work: Work): Promise<void> {
    const email = await findEmail(ref);
    if (email === undefined) return;
    const { accountId, status } = email;
    const account = accounts.get(accountId) ?? { running: 0, waiting: new Map() };
    accounts.set(accountId, account);
    const { waiting } = account;
    const key = `${name}:${ref.outboundEmailId}`;
    if (account.running >= PLACES) {
      const pauseMs = PAUSE_MS + waiting.size * PAUSE_PER_WAITING_MS;
      const pauseEnd = performance.now() + pauseMs;
      await enqueue(pool, name, ref, pauseMs);
      waiting.set(key, { name, ref, pauseEnd });
      // A place may be free since.
      if (account.running < PLACES) await runNext(account);
      return;
    }
    waiting.delete(key);
    account.running++;
    try {
      await work(ref, status);
    } finally {
      account.running--;
      await runNext(account);
      if (account.running + waiting.size === 0) accounts.delete(accountId);
    }
  }

  /** Lets the oldest job that was put back run now. If this fails, the job runs after its pause. */
  async function runNext({ waiting }: Account): Promise<void> {
    for (const [key, { name, ref, pauseEnd }] of waiting) {
      waiting.delete(key);
      // Otherwise it has run meanwhile, in another process.
      if (pauseEnd > performance.now()) return enqueue(pool, name, ref, 0).catch(() => undefined);
    }
  }

  /** @param work for the payload of the job and the status of its email. It is left out for an email that was deleted. */
  return (name: EmailJob, work: Work) => (payload: unknown) => run(name, JOBS[name].parse(payload), work);
}
