/** Delivers an email that no request delivers: its process died, or it had to wait for its next attempt. */
import type { OutboundEmailStatus } from '#generated/prisma/enums.ts';
import type { App } from '../app.ts';
import { SENDER_COLUMNS, type Sender } from '../db/sender.ts';
import { sql, statement } from '../db/statement.ts';
import type { WrittenEmail } from '../email/content.ts';
import type { DraftRef } from '../gmail/gateway.ts';
import { type EmailRef, enqueue } from '../jobs.ts';
import { transition } from './apply-transition.ts';
import { readAttachments } from './attachments.ts';
import { CONTENT_COLUMNS } from './draft-to-send.ts';
import { untilAccountActive } from './failure-policy.ts';
import { type NewLease, newLease } from './lease.ts';
import { type PermitResult, takePermit } from './rate-limit.ts';
import type { Thread } from './resolve.ts';
import { deliver, firstReadAt } from './send.ts';
import type { Failure } from './transition-parts.ts';

const MIN_WAIT_MS = 1_000;

const PROCESS_ENDED: Failure = {
  code: 'OUTCOME_UNKNOWN',
  message: 'The process that was sending it ended before Gmail answered: it may have been sent.',
  retry: 'CHECK_FIRST',
  providerStatus: null,
};

interface ClaimedRow extends WrittenEmail, Thread {
  readonly fromEmail: string;
  readonly revision: number;
  readonly attempts: number;
  readonly deferrals: number;
  readonly hasConditions: boolean;
  readonly gmailDraft: DraftRef | null;
  /** Whether its permit was granted while it waited. */
  readonly hadPermit: boolean;
}

/** Skips an email that waits for a permit. A granted permit is used; otherwise one is taken here. */
export const claimDelivery = statement(
  'claim-delivery',
  ({ lease, leaseExpiresAt, at, rateLimit }: NewLease) =>
    sql`WITH email AS (
      UPDATE outbound_email e SET lease_token = ${lease.token}, lease_expires_at = ${leaseExpiresAt},
        lease_owner = ${lease.owner}, attempts = e.attempts + 1, permit = NULL, next_attempt_at = NULL, updated_at = ${at}
      FROM (
        SELECT organization_id, id, permit FROM outbound_email
        WHERE organization_id = ${lease.organizationId} AND id = ${lease.outboundEmailId} AND status = 'QUEUED'
          AND permit IS DISTINCT FROM 'PENDING' AND (lease_token IS NULL OR lease_expires_at <= ${at})
          AND (next_attempt_at IS NULL OR next_attempt_at <= ${at})
        FOR UPDATE
      ) before
      WHERE e.organization_id = before.organization_id AND e.id = before.id
      RETURNING e.*, before.permit AS had_permit
    ), permit AS (
      -- Its arguments name both tables: what is called for a row that one of them rules out would take a permit all the same.
      SELECT permit.* FROM email e JOIN email_account a ON a.organization_id = e.organization_id AND a.id = e.account_id
      CROSS JOIN LATERAL ${takePermit(
        sql`e.organization_id`,
        sql`a.id`,
        sql`CASE WHEN e.planned_send_at IS NULL THEN 'interactive' ELSE 'scheduled' END`,
        rateLimit,
      )}
      WHERE e.had_permit IS NULL AND a.status = 'ACTIVE'
    )
    SELECT e.from_email AS "fromEmail", ${CONTENT_COLUMNS}, e.reply_to_message_id AS "replyToMessageId",
      e.conversation_id AS "conversationId", e.requested_thread_id AS "threadId", e.in_reply_to AS "inReplyTo",
      e."references", e.revision, e.attempts, e.deferrals, cardinality(e.cancel_when) > 0 AS "hasConditions",
      CASE WHEN e.gmail_draft_id IS NOT NULL THEN json_build_object('draftId', e.gmail_draft_id, 'messageId', e.gmail_draft_message_id,
        'threadId', e.gmail_draft_thread_id, 'labels', '[]'::json) END AS "gmailDraft",
      e.had_permit IS NOT NULL AS "hadPermit", ${SENDER_COLUMNS},
      coalesce(permit.granted, 1) AS granted, coalesce(permit.wait_ms, 0) AS "waitMs", permit.reason
    FROM email e
    JOIN email_account a ON a.organization_id = e.organization_id AND a.id = e.account_id
    LEFT JOIN permit ON true`,
);

/** The `deliver` job. */
export async function deliverQueued(app: App, ref: EmailRef): Promise<void> {
  const begun = newLease(app, ref);
  const { lease, at } = begun;
  const { rows } = await app.pool.query<ClaimedRow & Sender & PermitResult>(claimDelivery(begun));
  const [row] = rows;
  if (row === undefined) return notClaimed(app, ref, at);
  if (row.accountStatus !== 'ACTIVE') {
    const waiting = untilAccountActive(`The account is ${row.accountStatus}; the email waits for it.`, at);
    await transition(app.pool, 'deferredForAccount', lease, { ...waiting, hadPermit: row.hadPermit });
    return;
  }
  const attachments = () => readAttachments(app.pool, ref);
  await deliver(app, { ...row, lease, sender: row, content: row, thread: row, permit: row, attachments });
}

/** Another process holds the email, it must wait longer, it is finished, or the process that was sending it has died. */
async function notClaimed(app: App, ref: EmailRef, now: Date): Promise<void> {
  const { rows } = await app.pool.query<{
    status: OutboundEmailStatus;
    isPermitPending: boolean;
    leaseToken: string | null;
    leaseExpiresAt: Date | null;
    nextAttemptAt: Date | null;
  }>(
    sql`SELECT status, permit IS NOT DISTINCT FROM 'PENDING' AS "isPermitPending", lease_token AS "leaseToken",
        lease_expires_at AS "leaseExpiresAt", next_attempt_at AS "nextAttemptAt"
      FROM outbound_email WHERE organization_id = ${ref.organizationId} AND id = ${ref.outboundEmailId}`,
  );
  const [row] = rows;
  // The job of its account wakes an email that waits for a permit.
  if (row === undefined || row.isPermitPending) return;
  const isOver = row.leaseExpiresAt !== null && row.leaseExpiresAt <= now;
  if (row.status === 'SENDING' && row.leaseToken !== null && isOver) {
    const lease = { ...ref, token: row.leaseToken, owner: app.processId };
    const detail = { code: PROCESS_ENDED.code };
    const nextAttemptAt = firstReadAt(app, now);
    await transition(app.pool, 'unconfirmed', lease, { at: now, failure: PROCESS_ENDED, nextAttemptAt, detail });
    return;
  }
  const again = row.leaseExpiresAt ?? row.nextAttemptAt;
  const waits = row.status === 'QUEUED' || row.status === 'SENDING';
  if (!waits || again === null) return;
  // As a duration, because the queue uses the database's clock, and this process's may be behind.
  await enqueue(app.pool, 'deliver', ref, Math.max(again.getTime() - now.getTime(), MIN_WAIT_MS));
}
