/**
 * What happens to an email after Gmail has accepted it: a mail system gives it back, is late with it, or Gmail itself
 * writes that it was not sent after all. Each transition is conditional on the state that it comes from and writes its
 * event in the same statement.
 */
import { v7 as uuidv7 } from 'uuid';
import type { App } from '../app.ts';
import type { Sql } from '../db/client.ts';
import type { ReportedRecipient } from '../gmail/gateway.ts';
import { DAILY_LIMIT_PAUSE_MS } from '../outbound/failure-policy.ts';
import { blockSending } from '../outbound/rate-limit.ts';

/** An email, and the stored notification about it. */
export interface Notified {
  readonly organizationId: string;
  readonly outboundEmailId: string;
  readonly notificationId: string;
}

const RECORD_BOUNCES = {
  name: 'record-bounces',
  text: `WITH email AS MATERIALIZED (
      SELECT organization_id, id, status FROM outbound_email
      WHERE organization_id = $1 AND id = $2 AND status IN ('SENT', 'BOUNCED') FOR UPDATE
    ), reported AS (
      SELECT * FROM jsonb_to_recordset($4) AS r(recipient text, status text, diagnostic text, permanent boolean)
    ), bounces AS (
      INSERT INTO bounce (organization_id, id, outbound_email_id, message_id, recipient, status, diagnostic, permanent, at)
      SELECT email.organization_id, gen_random_uuid(), email.id, $3, r.recipient, r.status, r.diagnostic, r.permanent, $5
      FROM email, reported r ON CONFLICT DO NOTHING RETURNING recipient, status, permanent
    ), bounced AS (
      UPDATE outbound_email e SET status = 'BOUNCED', updated_at = now() FROM email
      WHERE e.organization_id = email.organization_id AND e.id = email.id AND email.status = 'SENT'
        AND EXISTS (SELECT FROM bounces WHERE permanent)
      RETURNING e.id
    ), event AS (
      INSERT INTO outbound_email_event (organization_id, id, outbound_email_id, at, type, actor, detail)
      SELECT $1, CASE WHEN b.permanent THEN $6::uuid ELSE $7::uuid END, $2, now(),
        CASE WHEN b.permanent THEN 'bounced' ELSE 'delayed' END, 'system',
        CASE WHEN b.permanent AND EXISTS (SELECT FROM bounced) THEN '{"from": "SENT", "to": "BOUNCED"}' ELSE '{}' END::jsonb
          || jsonb_build_object('messageUid', $3::uuid, 'recipients', jsonb_agg(jsonb_build_object('recipient', b.recipient, 'status', b.status)))
      FROM bounces b GROUP BY b.permanent
    )
    SELECT FROM email`,
};

/**
 * Mail systems have not delivered an email to these recipients, or not yet. A failure for good makes it BOUNCED; a delay
 * is noted. The same notification a second time changes nothing.
 * @param at when the notification came.
 * @returns false when the email is in no state to bounce: it has not left, as far as is known.
 */
export async function recordBounces(
  sql: Sql,
  { organizationId, outboundEmailId, notificationId }: Notified,
  recipients: readonly ReportedRecipient[],
  at: Date,
): Promise<boolean> {
  // One row each: for whom there are several lines, the worst counts.
  const worst = new Map<string, ReportedRecipient>();
  for (const each of recipients) {
    const key = each.recipient.toLowerCase();
    if (each.permanent || !worst.has(key)) worst.set(key, each);
  }
  const { rowCount } = await sql.query({
    ...RECORD_BOUNCES,
    values: [
      organizationId,
      outboundEmailId,
      notificationId,
      JSON.stringify([...worst.values()]),
      at,
      uuidv7(),
      uuidv7(),
    ],
  });
  return rowCount === 1;
}

const MARK_NOT_SENT = {
  name: 'mark-not-sent',
  text: `WITH email AS (
      UPDATE outbound_email SET status = 'FAILED', failure_code = 'DAILY_LIMIT', failure_retry = 'AFTER', failed_at = now(),
        failure_message = 'Gmail accepted it and then did not send it: the account has reached its limit for sending mail.',
        provider_message_id = NULL, provider_thread_id = NULL, threading = NULL, sent_at = NULL, message_id = NULL,
        read_back_at = NULL, next_attempt_at = NULL, updated_at = now(),
        conversation_id = CASE WHEN reply_to_message_id IS NOT NULL THEN conversation_id END
      WHERE organization_id = $1 AND id = $2 AND status = 'SENT'
      RETURNING organization_id, id, account_id, context_type, context_id
    ), copy AS (
      UPDATE email_message m SET outbound_email_id = NULL FROM email
      WHERE m.organization_id = email.organization_id AND m.outbound_email_id = email.id
    ), event AS (
      INSERT INTO outbound_email_event (organization_id, id, outbound_email_id, at, type, actor, detail)
      SELECT organization_id, $4, id, now(), 'refused', 'system',
        json_build_object('from', 'SENT', 'to', 'FAILED', 'code', 'DAILY_LIMIT', 'messageUid', $3::uuid) FROM email
    )
    SELECT return_send(organization_id, account_id), context_type AS "contextType", context_id AS "contextId" FROM email`,
};

/**
 * Gmail has written that it did not send an email that it had accepted. What it keeps among the sent mail is no longer
 * the email's sent copy: it may be sent again.
 * @returns null when the email is not SENT; else what it is about.
 */
export async function markNotSent(
  sql: Sql,
  { organizationId, outboundEmailId, notificationId }: Notified,
): Promise<{ readonly contextType: string | null; readonly contextId: string | null } | null> {
  const { rows } = await sql.query<{ contextType: string | null; contextId: string | null }>({
    ...MARK_NOT_SENT,
    values: [organizationId, outboundEmailId, notificationId, uuidv7()],
  });
  return rows[0] ?? null;
}

/** The `pause` job: Gmail has written at `noticedAt` that the account's limit is reached. A notice of long ago pauses nothing. */
export async function pauseForLimit(
  app: App,
  { organizationId, accountId, noticedAt }: { organizationId: string; accountId: string; noticedAt: string },
): Promise<void> {
  const pauseMs = Date.parse(noticedAt) + DAILY_LIMIT_PAUSE_MS - app.now().getTime();
  if (pauseMs > 0)
    await blockSending(app, { organizationId, id: accountId }, 'DAILY_LIMIT', Math.min(pauseMs, DAILY_LIMIT_PAUSE_MS));
}
