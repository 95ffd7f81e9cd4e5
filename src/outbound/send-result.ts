/** The result of a send for its caller, and how long the caller waits for it. The delivery does not depend on the caller. */
import { setTimeout as delay } from 'node:timers/promises';
import type { OutboundEmailStatus, RetryAdvice, Threading } from '#generated/prisma/enums.ts';
import type { App } from '../app.ts';
import { sql } from '../db/statement.ts';
import { isDatabaseUnavailable } from '../db/unavailable.ts';
import { SendRejectedError } from '../errors.ts';
import type { EmailRef } from '../jobs.ts';
import { describeError } from '../log.ts';

const FIRST_POLL_MS = 20;
const MAX_POLL_MS = 250;

/** The result of a request that was accepted. Its row holds the rest. */
export interface SendResult {
  readonly outboundEmailId: string;
  /** The same request was made before, and nothing new was sent. */
  readonly replayed: boolean;
  /** Columns of an email that this request has sent, as they were written. Null: this request has not sent it. */
  readonly sent: SentColumns | null;
}

export interface SentColumns {
  readonly organizationId: string;
  readonly id: string;
  readonly status: 'SENT';
  readonly providerMessageId: string;
  readonly providerThreadId: string;
  readonly threading: Threading;
  readonly sentAt: Date;
}

/** The result of the first request, for a repeated one. @throws {SendRejectedError} if the first request was refused. */
export async function replayedResult(app: App, email: EmailRef): Promise<SendResult> {
  await awaitDelivery(app, email);
  return storedResult(app, email, true);
}

/**
 * Waits for a delivery, `SEND_WAIT_MS` at most. The delivery goes on after that.
 * @throws {SendRejectedError}
 */
export async function awaitResult(app: App, email: EmailRef, delivering: Promise<unknown>): Promise<SendResult> {
  await withinBudget(app, email.outboundEmailId, delivering);
  return storedResult(app, email, false);
}

/** @throws {SendRejectedError} if the email was refused and not sent since, unless its words were not fit to be sent. */
async function storedResult(
  { pool }: App,
  { organizationId, outboundEmailId }: EmailRef,
  replayed: boolean,
): Promise<SendResult> {
  const { rows } = await pool.query<{ status: number; reason: string; retry: RetryAdvice }>(
    sql`SELECT coalesce(failure_status, 0) AS status, failure_message AS reason, failure_retry AS retry FROM outbound_email
      WHERE organization_id = ${organizationId} AND id = ${outboundEmailId} AND status IN ('FAILED', 'DRAFT')
        AND failure_code NOT IN ('UNRESOLVED_TOKENS', 'CONTENT_INVALID')`,
  );
  if (rows[0] !== undefined) throw new SendRejectedError(outboundEmailId, rows[0]);
  return { outboundEmailId, replayed, sent: null };
}

/**
 * Waits for a delivery, `SEND_WAIT_MS` at most.
 * @returns null when the delivery takes longer, or fails in this process. The email is stored and will leave, and after an error its
 * caller might send it again. Its `deliver` job continues from the state in the row.
 */
export async function withinBudget<Result>(app: App, outboundEmailId: string, delivering: Promise<Result>) {
  const delivered = delivering.catch((error: unknown) => {
    if (isDatabaseUnavailable(error)) app.logFailure(error, 'a delivery broke off', { outboundEmailId });
    else app.log.error({ outboundEmailId, error: describeError(error) }, 'a delivery broke off');
    return null;
  });
  const budget = new AbortController();
  try {
    return await Promise.race([delivered, delay(app.config.sendWaitMs, null, { signal: budget.signal })]);
  } finally {
    budget.abort();
  }
}

/**
 * Waits until the delivery of an email ends, `SEND_WAIT_MS` at most. So a repeated request waits for the first one: for its
 * promise if this process delivers, by polling the row if another process does.
 */
async function awaitDelivery(app: App, email: EmailRef): Promise<void> {
  const deadline = performance.now() + app.config.sendWaitMs;
  for (let pollMs = FIRST_POLL_MS; ; pollMs = Math.min(pollMs * 2, MAX_POLL_MS)) {
    const leftMs = deadline - performance.now();
    const here = app.deliveries.get(email.outboundEmailId);
    if (here !== undefined) {
      await Promise.race([here.catch(() => undefined), delay(Math.max(leftMs, 0), undefined, { ref: false })]);
      return;
    }
    if (leftMs <= 0 || !(await isUnderWay(app, email))) return;
    await delay(Math.min(pollMs, leftMs));
  }
}

/** Whether a process is delivering the email. One that waits for its next attempt is not under way. */
async function isUnderWay(app: App, { organizationId, outboundEmailId }: EmailRef): Promise<boolean> {
  const { rows } = await app.pool.query<{ status: OutboundEmailStatus; leased: boolean }>(
    sql`SELECT status, lease_token IS NOT NULL AS leased FROM outbound_email
      WHERE organization_id = ${organizationId} AND id = ${outboundEmailId}`,
  );
  const [row] = rows;
  return row?.status === 'SENDING' || (row?.status === 'QUEUED' && row.leased);
}
