/** The statements that settling ends with: each from UNCONFIRMED, under its lease, with its event. */
import type { Threading } from '#generated/prisma/enums.ts';
import type { Sql } from '../db/client.ts';
import type { MessageRef } from '../gmail/gateway.ts';
import { job } from '../jobs.ts';
import {
  apply,
  databaseTime,
  type Lease,
  NO_LEASE,
  RETURN_SEND,
  SENT_COLUMNS,
  SENT_EFFECTS,
  sentParameters,
  transition,
} from './delivery.ts';

const UNCONFIRMED = `'UNCONFIRMED'`;

const MARK_FOUND_SENT = { name: 'settlement-sent', text: transition(SENT_COLUMNS, UNCONFIRMED, SENT_EFFECTS) };

/** It was found among the sent mail. */
export function markFoundSent(
  sql: Sql,
  lease: Lease,
  now: Date,
  sent: MessageRef,
  threading: Threading,
  detail: object,
): Promise<boolean> {
  const event = { type: 'sent', detail: { from: 'UNCONFIRMED', to: 'SENT', threading, ...detail } };
  return apply(sql, lease, MARK_FOUND_SENT, now, event, sentParameters(sent, threading));
}

const MARK_READ_AGAIN = {
  name: 'settlement-read-again',
  text: transition(`settle_reads = $8, ticket_unsent_at = $9, next_attempt_at = $10, ${NO_LEASE}`, UNCONFIRMED, {
    ctes: '',
    select: `, graphile_worker.add_job('settle', payload => $11::json, run_at => ${databaseTime('$10')},
      max_attempts => 25, job_key => $12)`,
  }),
};

/** Nothing is proved yet: Gmail is read again at `at`. */
export function markReadAgain(
  sql: Sql,
  lease: Lease,
  now: Date,
  state: { readonly settleReads: number; readonly ticketUnsentAt: Date | null },
  at: Date,
  detail: object,
): Promise<boolean> {
  const { organizationId, outboundEmailId } = lease;
  const settle = job('settle', { organizationId, outboundEmailId });
  const parameters = [state.settleReads, state.ticketUnsentAt, at, settle.payload, settle.key];
  return apply(
    sql,
    lease,
    MARK_READ_AGAIN,
    now,
    { type: 'read', detail: { nextAttemptAt: at, ...detail } },
    parameters,
  );
}

const MARK_WAITS_FOR_ACCOUNT = {
  name: 'settlement-waits-for-account',
  text: `WITH email AS (
      UPDATE outbound_email SET next_attempt_at = $5, ${NO_LEASE}, updated_at = $4
      WHERE organization_id = $1 AND id = $2 AND lease_token = $3 AND status = ${UNCONFIRMED} RETURNING id
    )
    SELECT graphile_worker.add_job('settle', payload => $6::json, run_at => ${databaseTime('$5')}, max_attempts => 25,
      job_key => $7) FROM email`,
};

/** Its mailbox cannot be read before its account is connected again. No event: nothing happened, however often. */
export async function markWaitsForAccount(sql: Sql, lease: Lease, now: Date, at: Date): Promise<void> {
  const { organizationId, outboundEmailId, token } = lease;
  const settle = job('settle', { organizationId, outboundEmailId });
  const values = [organizationId, outboundEmailId, token, now, at, settle.payload, settle.key];
  await sql.query({ ...MARK_WAITS_FOR_ACCOUNT, values });
}

const MARK_SEND_AGAIN = {
  name: 'settlement-send-again',
  text: transition(`status = 'QUEUED', resends = resends + 1, next_attempt_at = NULL, ${NO_LEASE}`, UNCONFIRMED, {
    ctes: '',
    select: `, ${RETURN_SEND},
      graphile_worker.add_job('deliver', payload => $8::json, max_attempts => 25, job_key => $9)`,
  }),
};

/** Two readings have found the ticket unsent: the same ticket is sent again. */
export function markSendAgain(sql: Sql, lease: Lease, now: Date, detail: object): Promise<boolean> {
  const { organizationId, outboundEmailId } = lease;
  const deliver = job('deliver', { organizationId, outboundEmailId });
  const event = { type: 'resend', detail: { from: 'UNCONFIRMED', to: 'QUEUED', ...detail } };
  return apply(sql, lease, MARK_SEND_AGAIN, now, event, [deliver.payload, deliver.key]);
}

const MARK_NEVER_SENT = {
  name: 'settlement-never-sent',
  text: transition(
    `status = 'FAILED', next_attempt_at = NULL, failure_code = 'NOT_ACCEPTED', failure_retry = 'SAFE', failed_at = $4,
     failure_message = 'Gmail was asked to send it several times and never did.', ${NO_LEASE}`,
    UNCONFIRMED,
    { ctes: '', select: `, ${RETURN_SEND}` },
  ),
};

/** The ticket was never sent and is gone now: it did not leave and cannot any more. */
export function markNeverSent(sql: Sql, lease: Lease, now: Date, detail: object): Promise<boolean> {
  const event = { type: 'failed', detail: { from: 'UNCONFIRMED', to: 'FAILED', ...detail } };
  return apply(sql, lease, MARK_NEVER_SENT, now, event, []);
}

const MARK_UNRESOLVED = {
  name: 'settlement-unresolved',
  text: transition(
    `settle_reads = settle_reads + 1, next_attempt_at = NULL,
     failure_message = 'Gmail neither has it as sent nor as a draft: it may have been sent. A person has to decide.', ${NO_LEASE}`,
    UNCONFIRMED,
  ),
};

/** The readings are used up and have proved nothing: it stays UNCONFIRMED until a person decides. */
export function markUnresolved(sql: Sql, lease: Lease, now: Date, detail: object): Promise<boolean> {
  return apply(sql, lease, MARK_UNRESOLVED, now, { type: 'unresolved', detail }, []);
}
