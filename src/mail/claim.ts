/** Taking over an email that no request delivers: its process died, or it had to wait for its next attempt. */
import { v7 as uuidv7 } from 'uuid';
import type { OutboundEmailStatus } from '#generated/prisma/enums.ts';
import type { App } from '../app.ts';
import { enqueue, job } from '../queue.ts';
import { readAttachments } from './attachment-content.ts';
import { type Lease, markDeferred, markUnconfirmed } from './delivery.ts';
import { type Delivery, deliver, firstReadAt, leaseMs } from './send.ts';
import { SENDER_COLUMNS, type Sender } from './sender.ts';

/** An account that cannot send now is looked at again this much later; the email stays QUEUED. */
const NOT_ACTIVE_PAUSE_MS = 60_000;

interface ClaimedRow {
  readonly fromEmail: string;
  readonly to: string[];
  readonly cc: string[];
  readonly bcc: string[];
  readonly replyTo: string[];
  readonly subject: string;
  readonly bodyText: string | null;
  readonly bodyHtml: string | null;
  readonly replyToMessageId: string | null;
  readonly conversationId: string | null;
  readonly threadId: string | null;
  readonly inReplyTo: string | null;
  readonly references: string[];
  readonly attempts: number;
  readonly ticketDraftId: string | null;
  readonly ticketMessageId: string | null;
  readonly ticketThreadId: string | null;
}

const CLAIM = {
  name: 'claim-delivery',
  text: `UPDATE outbound_email e SET lease_token = $3, lease_expires_at = $4, lease_owner = $6, attempts = attempts + 1,
      next_attempt_at = NULL, updated_at = $5
    FROM email_account a
    WHERE e.organization_id = $1 AND e.id = $2 AND e.status = 'QUEUED'
      AND (e.lease_token IS NULL OR e.lease_expires_at <= $5) AND (e.next_attempt_at IS NULL OR e.next_attempt_at <= $5)
      AND a.organization_id = e.organization_id AND a.id = e.account_id
    RETURNING e.from_email AS "fromEmail", e."to", e.cc, e.bcc, e.reply_to AS "replyTo", e.subject,
      e.body_text AS "bodyText", e.body_html AS "bodyHtml", e.reply_to_message_id AS "replyToMessageId",
      e.conversation_id AS "conversationId", e.requested_thread_id AS "threadId", e.in_reply_to AS "inReplyTo",
      e."references", e.attempts, e.ticket_draft_id AS "ticketDraftId", e.ticket_message_id AS "ticketMessageId",
      e.ticket_thread_id AS "ticketThreadId", ${SENDER_COLUMNS}`,
};

/** The `deliver` job. */
export async function deliverQueued(
  app: App,
  ref: { readonly organizationId: string; readonly outboundEmailId: string },
): Promise<void> {
  const now = app.now();
  const lease: Lease = { ...ref, token: uuidv7(), owner: app.processId };
  const expiresAt = new Date(now.getTime() + leaseMs(app));
  const values = [ref.organizationId, ref.outboundEmailId, lease.token, expiresAt, now, app.processId];
  const { rows } = await app.pool.query<ClaimedRow & Sender>({ ...CLAIM, values });
  const [row] = rows;
  if (row === undefined) return notClaimed(app, ref, now);
  if (row.accountStatus !== 'ACTIVE') {
    const failure = {
      code: 'ACCOUNT_NOT_ACTIVE',
      message: `The account is ${row.accountStatus}; the email waits for it.`,
      retry: 'AFTER',
      providerStatus: null,
    } as const;
    await markDeferred(app.pool, lease, now, failure, new Date(now.getTime() + NOT_ACTIVE_PAUSE_MS), {
      code: failure.code,
    });
    return;
  }
  await deliver(app, toDelivery(app, lease, row));
}

function toDelivery(app: App, lease: Lease, row: ClaimedRow & Sender): Delivery {
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
    leaseToken: string | null;
    leaseExpiresAt: Date | null;
    nextAttemptAt: Date | null;
  }>(
    `SELECT status, lease_token AS "leaseToken", lease_expires_at AS "leaseExpiresAt", next_attempt_at AS "nextAttemptAt"
     FROM outbound_email WHERE organization_id = $1 AND id = $2`,
    [ref.organizationId, ref.outboundEmailId],
  );
  const [row] = rows;
  if (row === undefined) return;
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
  if (waits && again !== null) await enqueue(app.pool, job('deliver', ref), again);
}
