/** Scheduled drafts: a draft with a time at which the `deliver` job sends it, as it is then. */
import { v7 as uuidv7 } from 'uuid';
import type { App } from '../app.ts';
import type { Sql } from '../db/client.ts';
import { AccountNotReadyError, type InputIssue, ReplyNotPossibleError, SendRejectedError } from '../errors.ts';
import { enqueue, enqueueIn, job } from '../jobs.ts';
import { databaseTime } from './delivery.ts';
import { type DraftToSend, findDraftToSend } from './draft-to-send.ts';
import { sendStored } from './send.ts';

const DAY_MS = 86_400_000;
const MAX_AHEAD_DAYS = 400;
/** Connecting an account wakes what waits for it; should that have been missed, it is looked at this much later. */
const NOT_ACTIVE_PAUSE_MS = 600_000;

const MIN_WAIT_MS = 50;

interface Ref {
  readonly organizationId: string;
  readonly outboundEmailId: string;
}

/** Null when none is given. The past, and what is too far ahead, is an issue. */
export function parsePlannedSendAt(planned: Date | null | undefined, now: Date, issues: InputIssue[]): Date | null {
  if (planned == null) return null;
  const aheadMs = planned.getTime() - now.getTime();
  if (!(aheadMs >= 0 && aheadMs <= MAX_AHEAD_DAYS * DAY_MS)) {
    issues.push({ path: 'input.plannedSendAt', message: `Must be from now to ${MAX_AHEAD_DAYS} days ahead.` });
  }
  return planned;
}

/** Moves the job to the time, in the draft's own transaction; null takes it away. */
export async function schedule(tx: Sql, ref: Ref, plannedSendAt: Date | null): Promise<void> {
  const { organizationId, outboundEmailId } = ref;
  const deliver = job('deliver', { organizationId, outboundEmailId });
  if (plannedSendAt !== null) await enqueue(tx, deliver, plannedSendAt);
  else await tx.query('SELECT graphile_worker.remove_job($1)', [deliver.key]);
}

/** Sends a scheduled draft whose time has come. @returns false when it is no scheduled draft. */
export async function sendScheduled(app: App, ref: Ref): Promise<boolean> {
  const draft = await findDraftToSend(app.pool, ref.organizationId, ref.outboundEmailId);
  if (draft?.status !== 'SCHEDULED') return false;
  const now = app.now();
  if (draft.plannedSendAt !== null && draft.plannedSendAt > now) {
    // By how long, not when: the queue goes by the database's clock, and this process's may be behind.
    await enqueueIn(
      app.pool,
      job('deliver', ref),
      Math.max(draft.plannedSendAt.getTime() - now.getTime(), MIN_WAIT_MS),
    );
    return true;
  }
  try {
    // Null: it was changed or cancelled in between, and whoever did has moved or removed the job.
    await sendStored(
      app,
      { organizationId: ref.organizationId, actor: 'system' },
      ref.outboundEmailId,
      draft,
      'scheduled',
    );
  } catch (error) {
    if (error instanceof AccountNotReadyError) await waitForAccount(app, ref, draft, error.message, now);
    else if (error instanceof ReplyNotPossibleError) await unschedule(app, ref, draft, error.message, now);
    else if (!(error instanceof SendRejectedError)) throw error;
  }
  return true;
}

/** It waits, visibly, and goes when the account is back. One that was changed meanwhile keeps the time it was given. */
async function waitForAccount(app: App, ref: Ref, draft: DraftToSend, reason: string, now: Date): Promise<void> {
  const nextAttemptAt = new Date(now.getTime() + NOT_ACTIVE_PAUSE_MS);
  const deliver = job('deliver', ref);
  await app.pool.query(
    `WITH email AS (
       UPDATE outbound_email SET next_attempt_at = $5, updated_at = $4, failure_code = 'ACCOUNT_NOT_ACTIVE',
         failure_message = $6, failure_retry = 'AFTER', failure_status = NULL, failed_at = $4
       WHERE organization_id = $1 AND id = $2 AND status = 'SCHEDULED' AND revision = $3
       RETURNING organization_id, id
     ), event AS (
       INSERT INTO outbound_email_event (organization_id, id, outbound_email_id, at, type, actor, detail)
       SELECT organization_id, $7, id, $4, 'deferred', 'system', $8 FROM email
     )
     SELECT graphile_worker.add_job('deliver', payload => $9::json, run_at => ${databaseTime('$5')}, max_attempts => 25,
       job_key => $10)
     FROM email`,
    [
      ref.organizationId,
      ref.outboundEmailId,
      draft.revision,
      now,
      nextAttemptAt,
      reason,
      uuidv7(),
      { to: 'SCHEDULED', nextAttemptAt, code: 'ACCOUNT_NOT_ACTIVE' },
      deliver.payload,
      deliver.key,
    ],
  );
}

/** It cannot be sent as it is: a draft again, with the reason. */
async function unschedule(app: App, ref: Ref, draft: DraftToSend, reason: string, now: Date): Promise<void> {
  await app.pool.query(
    `WITH email AS (
       UPDATE outbound_email SET status = 'DRAFT', planned_send_at = NULL, next_attempt_at = NULL, updated_at = $4,
         failure_code = 'REPLY_NOT_POSSIBLE', failure_message = $5, failure_retry = 'NEVER', failure_status = NULL,
         failed_at = $4
       WHERE organization_id = $1 AND id = $2 AND status = 'SCHEDULED' AND revision = $3
       RETURNING organization_id, id
     )
     INSERT INTO outbound_email_event (organization_id, id, outbound_email_id, at, type, actor, detail)
     SELECT organization_id, $6, id, $4, 'refused', 'system', $7 FROM email`,
    [
      ref.organizationId,
      ref.outboundEmailId,
      draft.revision,
      now,
      reason,
      uuidv7(),
      { from: 'SCHEDULED', to: 'DRAFT', code: 'REPLY_NOT_POSSIBLE' },
    ],
  );
}
