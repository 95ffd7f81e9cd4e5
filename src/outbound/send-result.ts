/** The result of a send for its caller, and how long the caller waits for it. The delivery does not depend on the caller. */
import type { RetryAdvice, Threading } from '#generated/prisma/enums.ts';
import type { App } from '../app.ts';
import { sql } from '../db/statement.ts';
import { isDatabaseUnavailable } from '../db/unavailable.ts';
import { SendRejectedError } from '../errors.ts';
import type { EmailRef } from '../jobs.ts';
import { describeError } from '../log.ts';
import { awaitDelivery } from './await-delivery.ts';

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
  await withinBudget(app, orWithoutResult(app, email.outboundEmailId, delivering));
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

/** Null when it takes longer than `SEND_WAIT_MS`. */
export async function withinBudget<Result>(app: App, delivering: Promise<Result>): Promise<Result | null> {
  let timer: NodeJS.Timeout | undefined;
  const budget = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, app.config.sendWaitMs, null);
  });
  try {
    return await Promise.race([delivering, budget]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Gives null if the delivery fails in this process: the email is stored and will leave, and after an error its caller might
 * send it again. Its `deliver` job continues from the state in the row.
 */
export async function orWithoutResult<Result>(app: App, outboundEmailId: string, delivering: Promise<Result>) {
  try {
    return await delivering;
  } catch (error) {
    if (isDatabaseUnavailable(error)) app.logFailure(error, 'a delivery broke off', { outboundEmailId });
    else app.log.error({ outboundEmailId, error: describeError(error) }, 'a delivery broke off');
    return null;
  }
}
