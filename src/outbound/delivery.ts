/**
 * The states of an outbound email's delivery and the only statements that change them. Each is conditional on the state
 * it comes from and on the lease of the one who delivers, and writes its event in the same statement; each says whether
 * it took effect. A writer that has lost its lease changes nothing.
 */
import { v7 as uuidv7 } from 'uuid';
import type { RetryAdvice, Threading } from '#generated/prisma/enums.ts';
import type { Sql } from '../db/client.ts';
import type { MessageRef } from '../gmail/gateway.ts';
import { job } from '../jobs.ts';

/** The right to deliver one email, until it expires. */
export interface Lease {
  readonly organizationId: string;
  readonly outboundEmailId: string;
  readonly token: string;
  /** The process that holds it: when its heartbeat stops, the lease does. */
  readonly owner: string;
}

export interface Failure {
  /** For programs. */
  readonly code: string;
  /** For people; never holds mail content, addresses or tokens. */
  readonly message: string;
  readonly retry: RetryAdvice;
  /** HTTP status of Gmail's answer; null without one. */
  readonly providerStatus: number | null;
}

const SYSTEM = 'system';

/** `$1` organization, `$2` email, `$3` lease, `$4` now, `$5` event id, `$6` event type, `$7` event detail. */
export function transition(assignments: string, from: string, more = { ctes: '', select: '' }): string {
  return `WITH email AS (
      UPDATE outbound_email SET ${assignments}, updated_at = $4
      WHERE organization_id = $1 AND id = $2 AND lease_token = $3 AND status IN (${from})
      RETURNING organization_id, id, account_id, context_type, context_id
    ), event AS (
      INSERT INTO outbound_email_event (organization_id, id, outbound_email_id, at, type, actor, detail)
      SELECT organization_id, $5, id, $4, $6, '${SYSTEM}', $7 FROM email
    )${more.ctes}
    SELECT id${more.select} FROM email`;
}

/** When it is `at`, of this process's clock of which `$4` is now, by the clock of the database, which the queue goes by. */
export function databaseTime(at: string): string {
  return `now() + (${at}::timestamptz - $4::timestamptz)`;
}

export const NO_LEASE = 'lease_token = NULL, lease_expires_at = NULL, lease_owner = NULL';
export const NO_FAILURE =
  'failure_code = NULL, failure_message = NULL, failure_retry = NULL, failed_at = NULL, failure_status = NULL';
export const FAILURE =
  'failure_code = $8, failure_message = $9, failure_retry = $10::retry_advice, failed_at = $4, failure_status = $11';

export async function apply(
  sql: Sql,
  { organizationId, outboundEmailId, token }: Lease,
  statement: { readonly name: string; readonly text: string },
  now: Date,
  event: { readonly type: string; readonly detail: object },
  parameters: readonly unknown[],
): Promise<boolean> {
  const { rowCount } = await sql.query({
    ...statement,
    values: [organizationId, outboundEmailId, token, now, uuidv7(), event.type, event.detail, ...parameters],
  });
  return rowCount === 1;
}

const MARK_SENDING = {
  name: 'delivery-sending',
  text: transition(
    `status = 'SENDING', ticket_draft_id = $8, ticket_message_id = $9, ticket_thread_id = $10, lease_expires_at = $11`,
    `'QUEUED'`,
  ),
};

/** The ticket is stored and about to be used: from here on a crash leaves the outcome unknown. */
export function markSending(
  sql: Sql,
  lease: Lease,
  now: Date,
  ticket: MessageRef & { readonly draftId: string },
  leaseExpiresAt: Date,
  detail: object,
): Promise<boolean> {
  return apply(
    sql,
    lease,
    MARK_SENDING,
    now,
    { type: 'sending', detail: { from: 'QUEUED', to: 'SENDING', ...detail } },
    [ticket.draftId, ticket.messageId, ticket.threadId, leaseExpiresAt],
  );
}

/** What makes a row SENT, from `$8` on; see `sentParameters`. */
export const SENT_COLUMNS = `status = 'SENT', provider_message_id = $8, provider_thread_id = $9, threading = $10::threading,
  sent_at = $4, next_attempt_at = NULL, ${NO_LEASE}, ${NO_FAILURE}`;

/** What `email` was about was contacted at `$4`. */
export const CONTACTED = `UPDATE context_entity c SET last_contacted_at = greatest(c.last_contacted_at, $4),
    awaiting_reply = c.last_inbound_at IS NULL OR c.last_inbound_at < $4
  FROM email e WHERE c.organization_id = e.organization_id AND c.type = e.context_type AND c.id = e.context_id`;

/** What goes with it: the context was contacted. */
export const SENT_EFFECTS = { ctes: `, contact AS (${CONTACTED})`, select: '' };

export function sentParameters(sent: MessageRef, threading: Threading): unknown[] {
  return [sent.messageId, sent.threadId, threading];
}

const MARK_SENT = { name: 'delivery-sent', text: transition(SENT_COLUMNS, `'SENDING'`, SENT_EFFECTS) };

/** Gmail has accepted it. Nothing after this may turn it into a failure. */
export function markSent(
  sql: Sql,
  lease: Lease,
  now: Date,
  sent: MessageRef,
  threading: Threading,
  detail: object,
): Promise<boolean> {
  const event = { type: 'sent', detail: { from: 'SENDING', to: 'SENT', threading, ...detail } };
  return apply(sql, lease, MARK_SENT, now, event, sentParameters(sent, threading));
}

const MARK_UNCONFIRMED = {
  name: 'delivery-unconfirmed',
  text: transition(
    `status = 'UNCONFIRMED', next_attempt_at = $15, settle_reads = 0, ticket_unsent_at = NULL, ${NO_LEASE}, ${FAILURE}`,
    `'SENDING'`,
    {
      ctes: '',
      select: `, graphile_worker.remove_job($12), graphile_worker.add_job('settle', payload => $13::json,
        run_at => ${databaseTime('$15')}, max_attempts => 25, job_key => $14)`,
    },
  ),
};

/** The answer to the sending was lost: it may have left. Only reading may decide from here, first at `settleAt`. */
export function markUnconfirmed(
  sql: Sql,
  lease: Lease,
  now: Date,
  failure: Failure,
  settleAt: Date,
  detail: object,
): Promise<boolean> {
  const { organizationId, outboundEmailId } = lease;
  const settle = job('settle', { organizationId, outboundEmailId });
  const event = { type: 'unconfirmed', detail: { from: 'SENDING', to: 'UNCONFIRMED', ...detail } };
  const parameters = [...failureParameters(failure), deliverKey(lease), settle.payload, settle.key, settleAt];
  return apply(sql, lease, MARK_UNCONFIRMED, now, event, parameters);
}

/** Of an email that had taken a slot and has not left. */
export const RETURN_SEND = 'return_send(organization_id, account_id)';

const MARK_REFUSED = {
  name: 'delivery-refused',
  // A refused draft is a draft again, as it was: nothing of what was written is lost.
  text: transition(
    `status = CASE mode WHEN 'DRAFT' THEN 'DRAFT' ELSE 'FAILED' END::outbound_email_status, next_attempt_at = NULL,
     planned_send_at = CASE mode WHEN 'DRAFT' THEN NULL ELSE planned_send_at END,
     ${NO_LEASE}, ${FAILURE}`,
    `'QUEUED', 'SENDING'`,
    { ctes: '', select: `, ${RETURN_SEND}, graphile_worker.remove_job($12)` },
  ),
};

/** It did not leave and will not by itself: FAILED, or DRAFT again. */
export function markRefused(sql: Sql, lease: Lease, now: Date, failure: Failure, detail: object): Promise<boolean> {
  const event = { type: 'refused', detail };
  return apply(sql, lease, MARK_REFUSED, now, event, [...failureParameters(failure), deliverKey(lease)]);
}

const RELEASE = {
  name: 'delivery-release',
  text: `WITH email AS (
      UPDATE outbound_email SET lease_expires_at = $4 WHERE organization_id = $1 AND id = $2 AND lease_token = $3 RETURNING id
    )
    SELECT graphile_worker.add_job('deliver', payload => $5::json, max_attempts => 25, job_key => $6) FROM email`,
};

/** Whoever held the lease delivers no longer, and has not said how far it came: the `deliver` job finds out. */
export async function release(sql: Sql, lease: Lease, now: Date): Promise<void> {
  const { organizationId, outboundEmailId, token } = lease;
  const { payload, key } = job('deliver', { organizationId, outboundEmailId });
  await sql.query({ ...RELEASE, values: [organizationId, outboundEmailId, token, now, payload, key] });
}

export function failureParameters({ code, message, retry, providerStatus }: Failure): unknown[] {
  return [code, message, retry, providerStatus];
}

export function deliverKey({ organizationId, outboundEmailId }: Lease): string {
  return job('deliver', { organizationId, outboundEmailId }).key;
}

/** What came back, compared with what was asked for. */
export function threadingOf(requestedThreadId: string | null, sentThreadId: string): Threading {
  if (requestedThreadId === null) return 'NEW_THREAD';
  return sentThreadId === requestedThreadId ? 'NATIVE' : 'HEADERS_ONLY';
}
