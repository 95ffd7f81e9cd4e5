/** A user's actions on an enqueued email: cancel it, retry it, or resolve an UNCONFIRMED one. */
import type { OutboundEmailStatus } from '#generated/prisma/enums.ts';
import { mailboxAccess } from '../accounts/mailbox-access.ts';
import type { App } from '../app.ts';
import type { Identity } from '../auth/keys.ts';
import { SENDER_COLUMNS, type Sender } from '../db/sender.ts';
import { sql } from '../db/statement.ts';
import { AccountNotReadyError, InvalidStateError, NotFoundError, SendRejectedError } from '../errors.ts';
import { enqueue } from '../jobs.ts';
import { transition } from './apply-transition.ts';
import { deliverQueued } from './claim.ts';
import { isReplaced } from './gmail-draft.ts';
import { ATTEMPT_COLUMNS, type Attempt, nullIfUnanswered, overAt, readEvidence } from './reconcile.ts';
import { awaitResult, type SendResult } from './send-result.ts';
import { TRANSITIONS, type TransitionName } from './transitions.ts';

export type UnconfirmedOutcome = 'SENT' | 'NOT_SENT_RESEND' | 'NOT_SENT_DISCARD';

type OperatorAction = Extract<TransitionName, 'canceled' | 'retried' | `resolved${string}`>;

/** The rule in the error message when the email is in another state. */
function ruleOf(action: OperatorAction): string {
  if (action === 'canceled') return 'Only a SCHEDULED or QUEUED email can be canceled';
  return action === 'retried' ? 'Only a FAILED email can be retried' : 'Only an UNCONFIRMED email can be resolved';
}

/**
 * Cancels an email before it is sent. The database decides between this and a process that is about to send it.
 * @throws {NotFoundError | InvalidStateError}
 */
export async function cancelOutboundEmail(app: App, identity: Identity, id: string): Promise<void> {
  await act(app, identity, id, 'canceled');
  const email = await findHandedOver(app, identity, id);
  if (email !== null) await deleteGmailDraft(app, email);
}

/** Tries a failed email again and waits for it as `sendEmail` does. @throws {SendRejectedError} and what `act` does. */
export async function retryOutboundEmail(app: App, identity: Identity, id: string): Promise<SendResult> {
  await act(app, identity, id, 'retried');
  return deliverNow(app, identity, id);
}

/** @throws {NotFoundError | InvalidStateError} */
export async function resolveOutboundEmail(
  app: App,
  identity: Identity,
  id: string,
  outcome: UnconfirmedOutcome,
): Promise<void> {
  if (outcome === 'SENT') return act(app, identity, id, 'resolvedSent');
  const email = await findHandedOver(app, identity, id);
  const isDraftGone = email?.status === 'UNCONFIRMED' && (await isGmailDraftGone(app, email, id));
  if (outcome === 'NOT_SENT_DISCARD') {
    await act(app, identity, id, 'resolvedDiscarded', email?.unconfirmedAt);
    if (email !== null) await deleteGmailDraft(app, email);
    return;
  }
  // A Gmail draft that may still exist is used again: if the user is wrong, Gmail still sends it only once.
  const action = isDraftGone ? 'resolvedNotSent' : 'resolvedNotSentSameDraft';
  await act(app, identity, id, action, email?.unconfirmedAt);
  await deliverNow(app, identity, id).catch((error: unknown) => {
    // The decision was carried out. Gmail's result is in the row.
    if (!(error instanceof SendRejectedError)) throw error;
  });
}

/**
 * @param unconfirmedAt as it was read for a decision that it was not sent. Omitted: it is another action.
 * @throws {NotFoundError | InvalidStateError | AccountNotReadyError}
 */
async function act(
  app: App,
  { organizationId, actor }: Identity,
  id: string,
  action: OperatorAction,
  unconfirmedAt?: Date | null,
): Promise<void> {
  const email = { organizationId, outboundEmailId: id, unconfirmedAt: unconfirmedAt ?? null };
  while (!(await transition(app.pool, action, email, { at: app.now(), actor }))) {
    const { rows } = await app.pool.query<{
      status: OutboundEmailStatus;
      accountId: string;
      isErased: boolean;
      isReleased: boolean;
    }>(
      sql`SELECT e.status, a.id AS "accountId", e.content_erased_at IS NOT NULL AS "isErased",
          a.released_at IS NOT NULL AS "isReleased"
        FROM outbound_email e JOIN email_account a ON a.organization_id = e.organization_id AND a.id = e.account_id
        WHERE e.organization_id = ${organizationId} AND e.id = ${id}`,
    );
    const [email] = rows;
    if (email === undefined) throw new NotFoundError('OutboundEmail', id);
    const { status, accountId, isErased, isReleased } = email;
    if (action === 'retried' && isErased) {
      throw new InvalidStateError(status, 'The content of the email was erased. Send a new email.');
    }
    if (!TRANSITIONS[action].from.includes(status)) {
      throw new InvalidStateError(status, `${ruleOf(action)}; this one is ${status}.`);
    }
    if (unconfirmedAt !== undefined) {
      throw new InvalidStateError(status, 'The email has changed. Read it again before you decide.');
    }
    if (action === 'retried' && isReleased) throw new AccountNotReadyError(accountId, 'DISCONNECTED');
    // Otherwise its state has changed meanwhile to one in which the action is possible.
  }
}

async function deliverNow(app: App, { organizationId }: Identity, id: string): Promise<SendResult> {
  const ref = { organizationId, outboundEmailId: id };
  return awaitResult(app, ref, deliverQueued(app, ref));
}

type GmailDraftKey = 'draftId' | 'messageId' | 'threadId';

/** An email with its last attempt. Without one, there is no Gmail draft. */
interface HandedOver extends Sender, Omit<Attempt, GmailDraftKey>, Record<GmailDraftKey, string | null> {
  readonly status: OutboundEmailStatus;
  /** Null: its outcome was never unknown. */
  readonly unconfirmedAt: Date | null;
  readonly gmailDraftUnsentAt: Date | null;
  /** All reads are used up. */
  readonly isUnresolved: boolean;
}

async function findHandedOver(app: App, { organizationId }: Identity, id: string): Promise<HandedOver | null> {
  const { rows } = await app.pool.query<HandedOver>(
    sql`SELECT e.status, ${ATTEMPT_COLUMNS}, e.failed_at AS "unconfirmedAt", e.gmail_draft_unsent_at AS "gmailDraftUnsentAt",
        e.next_attempt_at IS NULL AND e.lease_token IS NULL AS "isUnresolved", ${SENDER_COLUMNS}
      FROM outbound_email e JOIN email_account a ON a.organization_id = e.organization_id AND a.id = e.account_id
      WHERE e.organization_id = ${organizationId} AND e.id = ${id}`,
  );
  return rows[0] ?? null;
}

/**
 * Whether the Gmail draft of an UNCONFIRMED email is deleted or edited. While Gmail cannot be read, and if it remains after it was
 * sent, it counts as existing.
 * @throws {InvalidStateError} when Gmail may still work on the call whose answer was lost, or has the email among the sent mail: a user
 * who is wrong must not send it twice.
 */
async function isGmailDraftGone(app: App, email: HandedOver, id: string): Promise<boolean> {
  const { organizationId, draftId, messageId, threadId, unconfirmedAt, gmailDraftUnsentAt } = email;
  const now = app.now();
  const over = overAt(app, { unconfirmedAt: unconfirmedAt ?? now, gmailDraftUnsentAt }, now);
  if (now < over && !email.isUnresolved) {
    const message = `Gmail may still be sending the email. Decide after ${over.toISOString()}.`;
    throw new InvalidStateError('UNCONFIRMED', message);
  }
  if (draftId === null || messageId === null || threadId === null) return true;
  const evidence = await readEvidence(app, email, { ...email, draftId, messageId, threadId }, id).catch(
    nullIfUnanswered,
  );
  if (evidence?.kind === 'sent') {
    await enqueue(app.pool, 'reconcile', { organizationId, outboundEmailId: id }, 0);
    throw new InvalidStateError(
      'UNCONFIRMED',
      'The email is in the sent mail of Gmail: it was sent, and becomes SENT by itself.',
    );
  }
  return evidence?.kind === 'nothing' && (evidence.draft === null || isReplaced(evidence.draft, email));
}

/** Deletes the Gmail draft of an email that will not be sent, so that it does not stay among the owner's drafts. A failure does no harm. */
async function deleteGmailDraft(app: App, email: HandedOver): Promise<void> {
  if (email.draftId !== null)
    await app.gmail.deleteDraft(mailboxAccess(app, email), email.draftId).catch(nullIfUnanswered);
}
