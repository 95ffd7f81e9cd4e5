import { setTimeout as delay } from 'node:timers/promises';
import type { OutboundEmailStatus, RetryAdvice } from '#generated/prisma/enums.ts';
import type { App } from '../app.ts';
import type { Sql } from '../db/client.ts';

const FIRST_POLL_MS = 20;
const MAX_POLL_MS = 250;

/**
 * Waits until an email's delivery has come to something, or for `SEND_WAIT_MS`. That is how a twin waits for the first
 * request: on its promise in this process, on the row when another process delivers.
 */
export async function awaitOutcome(app: App, organizationId: string, outboundEmailId: string): Promise<void> {
  const deadline = performance.now() + app.config.sendWaitMs;
  for (let pollMs = FIRST_POLL_MS; ; pollMs = Math.min(pollMs * 2, MAX_POLL_MS)) {
    const leftMs = deadline - performance.now();
    const here = app.deliveries.get(outboundEmailId);
    if (here !== undefined) {
      await Promise.race([here.catch(() => undefined), delay(Math.max(leftMs, 0), undefined, { ref: false })]);
      return;
    }
    if (leftMs <= 0 || !(await isUnderWay(app, organizationId, outboundEmailId))) return;
    await delay(Math.min(pollMs, leftMs));
  }
}

/** Whether somebody is delivering it; one that waits for its next attempt is not under way. */
async function isUnderWay(app: App, organizationId: string, outboundEmailId: string): Promise<boolean> {
  const { rows } = await app.pool.query<{ status: OutboundEmailStatus; leased: boolean }>({
    name: 'delivery-under-way',
    text: `SELECT status, lease_token IS NOT NULL AS leased FROM outbound_email
      WHERE organization_id = $1 AND id = $2`,
    values: [organizationId, outboundEmailId],
  });
  const [row] = rows;
  return row?.status === 'SENDING' || (row?.status === 'QUEUED' && row.leased);
}

export interface Rejection {
  readonly status: number;
  readonly reason: string;
  readonly retry: RetryAdvice;
}

/** Why Gmail refused an email that has not been sent since: a repeated request is told what the first one was. */
export async function findRejection(
  sql: Sql,
  organizationId: string,
  outboundEmailId: string,
): Promise<Rejection | null> {
  const { rows } = await sql.query<Rejection>({
    name: 'find-rejection',
    text: `SELECT coalesce(failure_status, 0) AS status, failure_message AS reason, failure_retry AS retry
      FROM outbound_email
      WHERE organization_id = $1 AND id = $2 AND status IN ('FAILED', 'DRAFT') AND failure_code IS NOT NULL`,
    values: [organizationId, outboundEmailId],
  });
  return rows[0] ?? null;
}
