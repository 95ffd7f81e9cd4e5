/** What a person decides of an email that was accepted: cancel it, try it again, or say what became of it. */
import { v7 as uuidv7 } from 'uuid';
import type { OutboundEmailStatus } from '#generated/prisma/enums.ts';
import type { App } from '../app.ts';
import type { Identity } from '../auth/keys.ts';
import { InvalidStateError, NotFoundError, SendRejectedError } from '../errors.ts';
import { GmailError } from '../gmail/errors.ts';
import { job } from '../jobs.ts';
import { awaitResult, type SendOutcome } from './send-result.ts';
import { deliverQueued } from './claim.ts';
import { CONTACTED, NO_FAILURE, NO_LEASE, RETURN_SEND } from './delivery.ts';
import { mailboxAccess, SENDER_COLUMNS, type Sender } from '../accounts/mailbox-access.ts';

export type UnconfirmedOutcome = 'SENT' | 'NOT_SENT_RESEND' | 'NOT_SENT_DISCARD';

/** What was decided to be sent is delivered at once; only when that process dies does the job, this much later. */
const TAKEOVER_MS = 5_000;

const NO_TICKET = 'ticket_draft_id = NULL, ticket_message_id = NULL, ticket_thread_id = NULL';

interface Decision {
  /** SQL that changes the row. */
  readonly set: string;
  readonly from: readonly OutboundEmailStatus[];
  readonly event: string;
  /** For the message when it is in another state: "Only … can be …". */
  readonly rule: string;
}

const CANCEL: Decision = {
  set: `status = 'CANCELED', slot = NULL, next_attempt_at = NULL, ${NO_LEASE}`,
  from: ['SCHEDULED', 'QUEUED'],
  event: 'canceled',
  rule: 'Only what is SCHEDULED or QUEUED can be cancelled',
};

const RETRY: Decision = {
  // A new ticket: the one of the failed attempt was deleted.
  set: `status = 'QUEUED', resends = 0, deferrals = 0, next_attempt_at = NULL, ${NO_TICKET}, ${NO_LEASE}, ${NO_FAILURE}`,
  from: ['FAILED'],
  event: 'retried',
  rule: 'Only what is FAILED can be tried again',
};

const RESOLVE_RULE = 'Only what is UNCONFIRMED can be resolved';

const RESOLVE: Record<UnconfirmedOutcome | 'RESEND_TICKET', Decision> = {
  SENT: {
    set: `status = 'SENT', sent_at = $4, resolved_by = $5, next_attempt_at = NULL, ${NO_LEASE}, ${NO_FAILURE}`,
    from: ['UNCONFIRMED'],
    event: 'resolved',
    rule: RESOLVE_RULE,
  },
  NOT_SENT_RESEND: {
    set: `status = 'QUEUED', resolved_by = $5, resends = 0, deferrals = 0, next_attempt_at = NULL, ${NO_TICKET}, ${NO_LEASE}, ${NO_FAILURE}`,
    from: ['UNCONFIRMED'],
    event: 'resolved',
    rule: RESOLVE_RULE,
  },
  RESEND_TICKET: {
    set: `status = 'QUEUED', resolved_by = $5, resends = 0, deferrals = 0, next_attempt_at = NULL, ${NO_LEASE}, ${NO_FAILURE}`,
    from: ['UNCONFIRMED'],
    event: 'resolved',
    rule: RESOLVE_RULE,
  },
  NOT_SENT_DISCARD: {
    // What was a draft is one again, as it was: it can be edited, and sent.
    set: `status = CASE e.mode WHEN 'DRAFT' THEN 'DRAFT' ELSE 'FAILED' END::outbound_email_status, resolved_by = $5,
      planned_send_at = CASE e.mode WHEN 'DRAFT' THEN NULL ELSE e.planned_send_at END, next_attempt_at = NULL,
      failure_code = 'DISCARDED', failed_at = $4, failure_message = 'It was discarded after its outcome could not be settled.', failure_retry = 'SAFE', ${NO_LEASE}`,
    from: ['UNCONFIRMED'],
    event: 'resolved',
    rule: RESOLVE_RULE,
  },
};

/**
 * Cancels an email before it leaves; decided in the database, against whoever is about to send it.
 * @throws {NotFoundError | InvalidStateError}
 */
export async function cancelOutboundEmail(app: App, identity: Identity, id: string): Promise<void> {
  await decide(app, identity, id, CANCEL);
  await discardTicket(app, identity, id);
}

/** Tries a failed email again and waits for it as `sendEmail` does. @throws {SendRejectedError} and what `decide` does. */
export async function retryOutboundEmail(app: App, identity: Identity, id: string): Promise<SendOutcome> {
  await decide(app, identity, id, RETRY);
  return deliverNow(app, identity, id);
}

/** @throws {NotFoundError | InvalidStateError} */
export async function resolveOutboundEmail(
  app: App,
  identity: Identity,
  id: string,
  outcome: UnconfirmedOutcome,
): Promise<void> {
  if (outcome !== 'NOT_SENT_RESEND') {
    await decide(app, identity, id, RESOLVE[outcome]);
    if (outcome === 'NOT_SENT_DISCARD') await discardTicket(app, identity, id);
    return;
  }
  // A ticket that may still be there is used again: should the person be wrong, it works only once.
  const reuse = !(await isTicketGone(app, identity, id));
  await decide(app, identity, id, reuse ? RESOLVE.RESEND_TICKET : RESOLVE.NOT_SENT_RESEND);
  await deliverNow(app, identity, id).catch((error: unknown) => {
    // The decision was carried out; what Gmail made of it is in the row.
    if (!(error instanceof SendRejectedError)) throw error;
  });
}

async function decide(app: App, { organizationId, actor }: Identity, id: string, decision: Decision): Promise<void> {
  const ref = { organizationId, outboundEmailId: id };
  const now = app.now();
  const deliver = job('deliver', ref);
  const { rows } = await app.pool.query<{ status: OutboundEmailStatus; changed: boolean }>(
    `WITH before AS (
       SELECT status, slot FROM outbound_email WHERE organization_id = $1 AND id = $2 FOR UPDATE
     ), email AS (
       UPDATE outbound_email e SET ${decision.set}, updated_at = $4 FROM before
       WHERE e.organization_id = $1 AND e.id = $2 AND before.status = ANY($3::outbound_email_status[])
         AND $5::text IS NOT NULL
       RETURNING e.organization_id, e.id, e.account_id, e.status, e.context_type, e.context_id
     ), event AS (
       INSERT INTO outbound_email_event (organization_id, id, outbound_email_id, at, type, actor, detail)
       SELECT email.organization_id, $6, email.id, $4, $7, $5,
         json_build_object('from', before.status, 'to', email.status) FROM email, before
     ), contact AS (${CONTACTED} AND e.status = 'SENT')
     SELECT before.status, EXISTS (SELECT FROM email) AS changed, jobs.* FROM before LEFT JOIN LATERAL (
       SELECT CASE WHEN before.slot = 'GRANTED' THEN ${RETURN_SEND} END, graphile_worker.remove_job($9), CASE email.status
         WHEN 'QUEUED' THEN graphile_worker.add_job('deliver', payload => $10::json, run_at => now() + $11 * interval '1 ms', max_attempts => 25, job_key => $8)
         ELSE graphile_worker.remove_job($8) END
       FROM email
     ) jobs ON true`,
    [
      organizationId,
      id,
      decision.from,
      now,
      actor,
      uuidv7(),
      decision.event,
      deliver.key,
      job('settle', ref).key,
      deliver.payload,
      // Should this process die now, somebody else delivers; until then the job must not overtake it.
      TAKEOVER_MS,
    ],
  );
  const [row] = rows;
  if (row === undefined) throw new NotFoundError('OutboundEmail', id);
  if (!row.changed) throw new InvalidStateError(row.status, `${decision.rule}; it is ${row.status}.`);
}

async function deliverNow(app: App, { organizationId }: Identity, id: string): Promise<SendOutcome> {
  const ref = { organizationId, outboundEmailId: id };
  return awaitResult(app, ref, deliverQueued(app, ref));
}

interface TicketRow extends Sender {
  readonly draftId: string | null;
  readonly messageId: string | null;
}

async function findTicket(app: App, { organizationId }: Identity, id: string): Promise<TicketRow | null> {
  const { rows } = await app.pool.query<TicketRow>(
    `SELECT e.ticket_draft_id AS "draftId", e.ticket_message_id AS "messageId", ${SENDER_COLUMNS}
     FROM outbound_email e JOIN email_account a ON a.organization_id = e.organization_id AND a.id = e.account_id
     WHERE e.organization_id = $1 AND e.id = $2`,
    [organizationId, id],
  );
  return rows[0] ?? null;
}

/** Whether Gmail says so; while it cannot be read the ticket counts as there. */
async function isTicketGone(app: App, identity: Identity, id: string): Promise<boolean> {
  const ticket = await findTicket(app, identity, id);
  if (ticket === null || ticket.draftId === null) return true;
  const draft = await app.gmail.getDraft(mailboxAccess(app, ticket), ticket.draftId).catch(ignoreGmail);
  if (draft === undefined) return false;
  return draft === null || draft.messageId !== ticket.messageId || draft.labels.join() !== 'DRAFT';
}

/** What will not be sent does not stay in the owner's drafts. A draft that cannot be deleted now does no harm. */
async function discardTicket(app: App, identity: Identity, id: string): Promise<void> {
  const ticket = await findTicket(app, identity, id);
  if (ticket === null || ticket.draftId === null) return;
  await app.gmail.deleteDraft(mailboxAccess(app, ticket), ticket.draftId).catch(ignoreGmail);
}

function ignoreGmail(error: unknown): undefined {
  if (!(error instanceof GmailError)) throw error;
}
