import { setTimeout as delay } from 'node:timers/promises';
import type { OutboundEmailStatus } from '#generated/prisma/enums.ts';
import type { App } from '../app.ts';
import { sql } from '../db/statement.ts';
import type { EmailRef } from '../jobs.ts';

const FIRST_POLL_MS = 20;
const MAX_POLL_MS = 250;

/**
 * Waits until the delivery of an email ends, `SEND_WAIT_MS` at most. So a repeated request waits for the first one: for its
 * promise if this process delivers, by polling the row if another process does.
 */
export async function awaitDelivery(app: App, email: EmailRef): Promise<void> {
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
