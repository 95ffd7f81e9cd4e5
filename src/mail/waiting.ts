/**
 * The statements by which an email that has not left waits: for its next attempt, for its account, for its turn in the
 * account's pace. As in delivery.ts, each is conditional on state and lease, and writes its event.
 */
import type { Sql } from '../db/client.ts';
import { job } from '../jobs.ts';
import {
  apply,
  databaseTime,
  deliverKey,
  FAILURE,
  type Failure,
  failureParameters,
  type Lease,
  NO_FAILURE,
  NO_LEASE,
  RETURN_SEND,
  transition,
} from '../outbound/delivery.ts';

const MARK_DEFERRED = {
  name: 'delivery-deferred',
  text: transition(
    `status = 'QUEUED', next_attempt_at = $12, deferrals = deferrals + 1, ${NO_LEASE}, ${FAILURE}`,
    `'QUEUED', 'SENDING'`,
    {
      ctes: '',
      select: `, ${RETURN_SEND}, graphile_worker.add_job('deliver', payload => $13::json,
        run_at => ${databaseTime('$12')}, max_attempts => 25, job_key => $14)`,
    },
  ),
};

/** It did not leave, and may later: it waits for `nextAttemptAt`. */
export function markDeferred(
  sql: Sql,
  lease: Lease,
  now: Date,
  failure: Failure,
  nextAttemptAt: Date,
  detail: object,
): Promise<boolean> {
  const ref = { organizationId: lease.organizationId, outboundEmailId: lease.outboundEmailId };
  const deliver = job('deliver', ref);
  const event = { type: 'deferred', detail: { to: 'QUEUED', nextAttemptAt, ...detail } };
  const parameters = [...failureParameters(failure), nextAttemptAt, deliver.payload, deliver.key];
  return apply(sql, lease, MARK_DEFERRED, now, event, parameters);
}

/** Until the account can send: nothing was begun, and no attempt is used up. */
const MARK_WAITING_FOR_ACCOUNT = {
  name: 'delivery-waiting-for-account',
  text: transition(`next_attempt_at = $12, attempts = attempts - 1, ${NO_LEASE}, ${FAILURE}`, `'QUEUED'`, {
    ctes: '',
    select: `, CASE WHEN $15 THEN ${RETURN_SEND} END, graphile_worker.add_job('deliver', payload => $13::json,
      run_at => ${databaseTime('$12')}, max_attempts => 25, job_key => $14)`,
  }),
};

/** Its account cannot send now. It is looked at again at `nextAttemptAt`, and as soon as the account is back. */
export function markWaitingForAccount(
  sql: Sql,
  lease: Lease,
  now: Date,
  { accountStatus, hadSlot }: { readonly accountStatus: string; readonly hadSlot: boolean },
  nextAttemptAt: Date,
): Promise<boolean> {
  const deliver = job('deliver', { organizationId: lease.organizationId, outboundEmailId: lease.outboundEmailId });
  const code = 'ACCOUNT_NOT_ACTIVE';
  const message = `The account is ${accountStatus}; the email waits for it.`;
  const parameters = failureParameters({ code, message, retry: 'AFTER', providerStatus: null });
  const event = { type: 'deferred', detail: { to: 'QUEUED', nextAttemptAt, code } };
  parameters.push(nextAttemptAt, deliver.payload, deliver.key, hadSlot);
  return apply(sql, lease, MARK_WAITING_FOR_ACCOUNT, now, event, parameters);
}

/** `$first` when it is tried next, then how many milliseconds until then, the account's `pace` job, the email's own. */
function untilItsTurn(first: number) {
  return {
    set: `status = 'QUEUED', slot = 'WAITING', next_attempt_at = $${first}, ${NO_LEASE}`,
    jobs: `, graphile_worker.remove_job($${first + 3}), graphile_worker.add_job('pace', payload => $${first + 2}::json,
      run_at => now() + $${first + 1} * interval '1 ms', max_attempts => 25, job_key => 'pace:' || account_id,
      job_key_mode => 'preserve_run_at')`,
  };
}

const MARK_WAITING = {
  name: 'delivery-waiting',
  text: transition(`${untilItsTurn(8).set}, attempts = attempts - 1, ${NO_FAILURE}`, `'QUEUED'`, {
    ctes: '',
    select: untilItsTurn(8).jobs,
  }),
};

const MARK_THROTTLED = {
  name: 'delivery-throttled',
  text: transition(`${untilItsTurn(12).set}, ${FAILURE}`, `'QUEUED', 'SENDING'`, {
    ctes: '',
    select: `, ${RETURN_SEND}${untilItsTurn(12).jobs}`,
  }),
};

/** A wait for the account's pace, as it looks now. */
export interface PaceWait {
  readonly accountId: string;
  readonly waitMs: number;
}

/**
 * It waits for its turn in the pace of its account.
 * @param failure Gmail refused it for now. Null: it was not even tried.
 */
export function markWaiting(
  sql: Sql,
  lease: Lease,
  now: Date,
  failure: Failure | null,
  { accountId, waitMs }: PaceWait,
  detail: object,
): Promise<boolean> {
  const { organizationId } = lease;
  const nextAttemptAt = new Date(now.getTime() + Math.ceil(waitMs));
  const event = { type: 'deferred', detail: { to: 'QUEUED', nextAttemptAt, ...detail } };
  const parameters = [
    ...(failure === null ? [] : failureParameters(failure)),
    nextAttemptAt,
    waitMs,
    job('pace', { organizationId, accountId }).payload,
    deliverKey(lease),
  ];
  return apply(sql, lease, failure === null ? MARK_WAITING : MARK_THROTTLED, now, event, parameters);
}
