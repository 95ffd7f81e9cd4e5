/** Taking over an email that no request delivers: its process died, or it had to wait for its next attempt. */
import { v7 as uuidv7 } from 'uuid';
import type { OutboundEmailStatus } from '#generated/prisma/enums.ts';
import type { App } from '../app.ts';
import { enqueueIn, job } from '../jobs.ts';
import { readAttachments } from './attachments.ts';
import { CONTENT_COLUMNS, type WrittenEmail } from '../email/content.ts';
import { type Lease, markUnconfirmed } from './delivery.ts';
import { paceOf, paceParameters, type Slot, takeSlot } from './rate-limit.ts';
import { type Delivery, deliver, firstReadAt, leaseMs } from './send.ts';
import { SENDER_COLUMNS, type Sender } from '../accounts/mailbox-access.ts';
import { markWaitingForAccount } from '../mail/waiting.ts';

/** Connecting an account wakes what waits for it; should that have been missed, it is looked at this much later. */
const NOT_ACTIVE_PAUSE_MS = 600_000;

const MIN_WAIT_MS = 1_000;

interface ClaimedRow extends WrittenEmail {
  readonly fromEmail: string;
  readonly replyToMessageId: string | null;
  readonly conversationId: string | null;
  readonly threadId: string | null;
  readonly inReplyTo: string | null;
  readonly references: string[];
  readonly attempts: number;
  readonly deferrals: number;
  readonly ticketDraftId: string | null;
  readonly ticketMessageId: string | null;
  readonly ticketThreadId: string | null;
  /** Whether its slot had been granted before, while it waited for its turn. */
  readonly hadSlot: boolean;
}

/** One that waits for its turn is not for claiming. One whose turn has come holds its slot; any other takes one. */
const CLAIM = {
  name: 'claim-delivery',
  text: `WITH email AS (
      UPDATE outbound_email e SET lease_token = $3, lease_expires_at = $4, lease_owner = $6, attempts = e.attempts + 1,
        slot = NULL, next_attempt_at = NULL, updated_at = $5
      FROM (
        SELECT organization_id, id, slot FROM outbound_email
        WHERE organization_id = $1 AND id = $2 AND status = 'QUEUED' AND slot IS DISTINCT FROM 'WAITING'
          AND (lease_token IS NULL OR lease_expires_at <= $5) AND (next_attempt_at IS NULL OR next_attempt_at <= $5)
        FOR UPDATE
      ) before
      WHERE e.organization_id = before.organization_id AND e.id = before.id
      RETURNING e.*, before.slot AS had_slot
    ), slot AS (
      -- Its arguments name both tables: what is called for a row that one of them rules out would take a slot all the same.
      SELECT slot.* FROM email e JOIN email_account a ON a.organization_id = e.organization_id AND a.id = e.account_id
      CROSS JOIN LATERAL ${takeSlot({
        organization: 'e.organization_id',
        account: 'a.id',
        lane: `CASE WHEN e.planned_send_at IS NULL THEN 'interactive' ELSE 'scheduled' END`,
        first: 7,
      })}
      WHERE e.had_slot IS NULL AND a.status = 'ACTIVE'
    )
    SELECT e.from_email AS "fromEmail", ${CONTENT_COLUMNS}, e.reply_to_message_id AS "replyToMessageId",
      e.conversation_id AS "conversationId", e.requested_thread_id AS "threadId", e.in_reply_to AS "inReplyTo",
      e."references", e.attempts, e.deferrals, e.ticket_draft_id AS "ticketDraftId",
      e.ticket_message_id AS "ticketMessageId", e.ticket_thread_id AS "ticketThreadId",
      e.had_slot IS NOT NULL AS "hadSlot", ${SENDER_COLUMNS},
      coalesce(slot.granted, 1) AS granted, coalesce(slot.wait_ms, 0) AS "waitMs", slot.reason
    FROM email e
    JOIN email_account a ON a.organization_id = e.organization_id AND a.id = e.account_id
    LEFT JOIN slot ON true`,
};

/** The `deliver` job. */
export async function deliverQueued(
  app: App,
  ref: { readonly organizationId: string; readonly outboundEmailId: string },
): Promise<void> {
  const now = app.now();
  const lease: Lease = { ...ref, token: uuidv7(), owner: app.processId };
  const expiresAt = new Date(now.getTime() + leaseMs(app));
  const pace = paceParameters(paceOf(app.config));
  const values = [ref.organizationId, ref.outboundEmailId, lease.token, expiresAt, now, app.processId, ...pace];
  const { rows } = await app.pool.query<ClaimedRow & Sender & Slot>({ ...CLAIM, values });
  const [row] = rows;
  if (row === undefined) return notClaimed(app, ref, now);
  if (row.accountStatus !== 'ACTIVE') {
    const again = new Date(now.getTime() + NOT_ACTIVE_PAUSE_MS);
    await markWaitingForAccount(app.pool, lease, now, row, again);
    return;
  }
  await deliver(app, toDelivery(app, lease, row));
}

function toDelivery(app: App, lease: Lease, row: ClaimedRow & Sender & Slot): Delivery {
  const { ticketDraftId: draftId, ticketMessageId: messageId, ticketThreadId: ticketThread } = row;
  const { to, cc, bcc, replyTo, subject, bodyText, bodyHtml } = row;
  const { replyToMessageId, conversationId, threadId, inReplyTo, references } = row;
  return {
    lease,
    sender: row,
    fromEmail: row.fromEmail,
    content: { to, cc, bcc, replyTo, subject, bodyText, bodyHtml },
    attachments: () => readAttachments(app.pool, lease.organizationId, lease.outboundEmailId),
    thread: { replyToMessageId, conversationId, threadId, inReplyTo, references },
    attempts: row.attempts,
    deferrals: row.deferrals,
    slot: row,
    ticket:
      draftId === null || messageId === null || ticketThread === null
        ? null
        : { draftId, messageId, threadId: ticketThread, labels: [] },
  };
}

/** Somebody else holds it, it has to wait longer, it is done, or whoever was sending it has died. */
async function notClaimed(
  app: App,
  ref: { readonly organizationId: string; readonly outboundEmailId: string },
  now: Date,
): Promise<void> {
  const { rows } = await app.pool.query<{
    status: OutboundEmailStatus;
    isWaiting: boolean;
    leaseToken: string | null;
    leaseExpiresAt: Date | null;
    nextAttemptAt: Date | null;
  }>(
    `SELECT status, slot IS NOT DISTINCT FROM 'WAITING' AS "isWaiting", lease_token AS "leaseToken", lease_expires_at AS "leaseExpiresAt",
       next_attempt_at AS "nextAttemptAt"
     FROM outbound_email WHERE organization_id = $1 AND id = $2`,
    [ref.organizationId, ref.outboundEmailId],
  );
  const [row] = rows;
  // One that waits for its turn is woken by its account's job.
  if (row === undefined || row.isWaiting) return;
  const isOver = row.leaseExpiresAt !== null && row.leaseExpiresAt <= now;
  if (row.status === 'SENDING' && row.leaseToken !== null && isOver) {
    const failure = {
      code: 'OUTCOME_UNKNOWN',
      message: 'The process that was sending it ended before Gmail answered: it may have been sent.',
      retry: 'CHECK_FIRST',
      providerStatus: null,
    } as const;
    await markUnconfirmed(
      app.pool,
      { ...ref, token: row.leaseToken, owner: app.processId },
      now,
      failure,
      firstReadAt(app, now),
      {
        code: failure.code,
      },
    );
    return;
  }
  const again = row.leaseExpiresAt ?? row.nextAttemptAt;
  const waits = row.status === 'QUEUED' || row.status === 'SENDING';
  if (!waits || again === null) return;
  // By how long, not when: the queue goes by the database's clock, and this process's may be behind.
  await enqueueIn(app.pool, job('deliver', ref), Math.max(again.getTime() - now.getTime(), MIN_WAIT_MS));
}
