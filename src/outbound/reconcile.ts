/**
 * Reconciles an UNCONFIRMED email: it was handed to Gmail, and the answer was lost. Only reading decides.
 *   a message with our op id and the label SENT    the email was sent, unless it is the copy of an attempt that Gmail did not send
 *   the Gmail draft is unsent, in two readings     it was not sent: the same Gmail draft is sent again, up to `MAX_RESENDS` times
 *   neither                                        nothing is proved: Gmail is read again later; in the end a person decides
 * It reads the thread, the draft and the list of sent mail. It does not search, because an empty search result proves nothing.
 */
import { mailboxAccess } from '../accounts/mailbox-access.ts';
import type { App } from '../app.ts';
import { SENDER_COLUMNS, type Sender } from '../db/sender.ts';
import { sql, statement } from '../db/statement.ts';
import { threadingOf } from '../email/threading.ts';
import { GmailError } from '../gmail/errors.ts';
import type { DraftRef, MessageHead } from '../gmail/gateway.ts';
import type { EmailRef } from '../jobs.ts';
import { transition } from './apply-transition.ts';
import { NOT_ACTIVE_PAUSE_MS } from './failure-policy.ts';
import { type NewLease, newLease, untilTaken } from './lease.ts';
import type { Lease } from './transition-parts.ts';

/** How often the same Gmail draft is sent again. */
const MAX_RESENDS = 3;
/** The longest that Gmail may still work on a call whose client is gone. */
const LONGEST_SENDING_MS = 30_000;
/** How many of the newest sent messages are read when the Gmail draft is gone. */
const RECENT_SENT = 20;

/** The last attempt to send an email: its Gmail draft, and what tells its sent copy from those of earlier attempts. */
export interface Attempt extends Omit<DraftRef, 'labels'> {
  /** Until when copies are of attempts that Gmail accepted and did not send, by Gmail's clock. Null: there are none. */
  readonly acceptedNotSentAt: Date | null;
  /** Gmail's ids of the copies of these attempts. Null: none is known. */
  readonly unsentMessageIds: readonly string[] | null;
  /** Of the draft that it was composed from. */
  readonly revision: number;
}

/** SQL: the columns of an `Attempt` of `outbound_email e`, null before the first one. */
export const ATTEMPT_COLUMNS = sql`e.gmail_draft_id AS "draftId", e.gmail_draft_message_id AS "messageId",
  e.gmail_draft_thread_id AS "threadId", e.accepted_not_sent_at AS "acceptedNotSentAt",
  e.unsent_message_ids AS "unsentMessageIds", e.revision`;

interface Unconfirmed extends Attempt {
  readonly requestedThreadId: string | null;
  readonly reconcileReads: number;
  readonly gmailDraftUnsentAt: Date | null;
  /** When the process that was sending it gave up waiting for Gmail, or was found dead. */
  readonly unconfirmedAt: Date;
  readonly resends: number;
}

type Evidence =
  | { readonly kind: 'sent'; readonly message: MessageHead }
  | { readonly kind: 'unsent' }
  /** `draft`: edited by its owner, or remaining after its message was sent. Null: gone. */
  | { readonly kind: 'nothing'; readonly draft: DraftRef | null };

export const claimReconciliation = statement(
  'claim-reconciliation',
  ({ lease, leaseExpiresAt, at }: NewLease) =>
    sql`UPDATE outbound_email e SET lease_token = ${lease.token}, lease_expires_at = ${leaseExpiresAt},
      lease_owner = ${lease.owner}, updated_at = ${at}
    FROM email_account a
    WHERE e.organization_id = ${lease.organizationId} AND e.id = ${lease.outboundEmailId} AND e.status = 'UNCONFIRMED'
      AND (e.lease_token IS NULL OR e.lease_expires_at <= ${at})
      AND a.organization_id = e.organization_id AND a.id = e.account_id
    RETURNING ${ATTEMPT_COLUMNS}, e.requested_thread_id AS "requestedThreadId", e.reconcile_reads AS "reconcileReads",
      e.gmail_draft_unsent_at AS "gmailDraftUnsentAt", e.failed_at AS "unconfirmedAt", e.resends, ${SENDER_COLUMNS}`,
);

/** The `reconcile` job. If Gmail cannot be read, it tries again later. It throws no `GmailError`. */
export async function reconcile(app: App, ref: EmailRef): Promise<void> {
  const begun = newLease(app, ref);
  const { lease, at: now } = begun;
  const { rows } = await app.pool.query<Unconfirmed & Sender>(claimReconciliation(begun));
  const [email] = rows;
  // It is reconciled already, or another process holds its lease.
  if (email === undefined) return;
  try {
    await reconcileClaimed(app, ref, lease, email, now);
  } catch (error) {
    await untilTaken(() => transition(app.pool, 'unconfirmedReleased', lease, { at: app.now() }));
    throw error;
  }
}

async function reconcileClaimed(
  app: App,
  ref: EmailRef,
  lease: Lease,
  email: Unconfirmed & Sender,
  now: Date,
): Promise<void> {
  if (email.accountStatus === 'DISCONNECTED' || email.accountStatus === 'NEEDS_REAUTH') {
    const nextAttemptAt = new Date(now.getTime() + NOT_ACTIVE_PAUSE_MS);
    await transition(app.pool, 'reconcileDeferred', lease, { at: now, nextAttemptAt });
    return;
  }
  const mailbox = mailboxAccess(app, email);
  const evidence = await readEvidence(app, email, email, ref.outboundEmailId).catch(nullIfUnanswered);
  const over = overAt(app, email, now);
  const read = { readsBefore: email.reconcileReads, evidence: evidence?.kind ?? 'unreadable' };
  const change = () => ({ at: app.now(), detail: read });
  const readAgain = (reads: number, unsentAt: Date | null, nextAttemptAt: Date) => {
    const detail = { nextAttemptAt, ...read };
    return transition(app.pool, 'readAgain', lease, { at: app.now(), reads, unsentAt, nextAttemptAt, detail });
  };
  if (evidence === null) {
    // Gmail was not read, so this reading does not count.
    await readAgain(email.reconcileReads, email.gmailDraftUnsentAt, unreadableAgainAt(app, email, now));
  } else if (evidence.kind === 'sent') {
    const { message } = evidence;
    const threading = threadingOf(email.requestedThreadId, message.threadId);
    const detail = { threading, ...read };
    const found = { at: app.now(), sent: message, sentAt: message.internalDate, threading, detail };
    if (await transition(app.pool, 'foundSent', lease, found)) app.sentCopies.add({ ...ref, first: null });
  } else if (evidence.kind === 'unsent' && (email.gmailDraftUnsentAt === null || now < over)) {
    const again = nextReadAt(app, email.reconcileReads + 1) ?? slowestReadAt(app);
    const unsentAt =
      email.gmailDraftUnsentAt !== null && email.gmailDraftUnsentAt < now ? email.gmailDraftUnsentAt : now;
    await readAgain(email.reconcileReads + 1, unsentAt, again > over ? again : over);
  } else if (evidence.kind === 'unsent' && email.resends < MAX_RESENDS) {
    await transition(app.pool, 'resent', lease, { at: app.now(), detail: { ...read, resend: email.resends + 1 } });
  } else if (evidence.kind === 'unsent') {
    // The resends are used up. Once the Gmail draft is deleted, the email cannot leave any more. If it is gone, it may have left.
    const isDeleted = await app.gmail.deleteDraft(mailbox, email.draftId).catch(nullIfUnanswered);
    if (isDeleted) await transition(app.pool, 'neverSent', lease, change());
    else await readAgain(email.reconcileReads, email.gmailDraftUnsentAt, slowestReadAt(app));
  } else {
    const again = nextReadAt(app, email.reconcileReads + 1);
    if (again !== null) await readAgain(email.reconcileReads + 1, null, again);
    else if (await transition(app.pool, 'unresolved', lease, change())) {
      app.log.warn(ref, 'an email is UNCONFIRMED and waits for a person: decide it with resolveOutboundEmail');
    }
  }
}

/**
 * When Gmail no longer works on the call whose answer was lost. Before that time an unsent Gmail draft proves nothing, and
 * sending it again could put two calls in flight.
 */
export function overAt(
  app: App,
  { unconfirmedAt, gmailDraftUnsentAt }: Pick<Unconfirmed, 'unconfirmedAt' | 'gmailDraftUnsentAt'>,
  now: Date,
): Date {
  // If the clock was set back since, the time counts from the first reading.
  const since = unconfirmedAt > now ? (gmailDraftUnsentAt ?? now) : unconfirmedAt;
  return new Date(since.getTime() + longestSendingMs(app));
}

function longestSendingMs({ config }: App): number {
  return Math.min(config.gmailTimeoutMs, LONGEST_SENDING_MS);
}

/** How long a process may have been paused without another one having taken its email over and sent it again. */
export function resentAfterMs(app: App): number {
  const { deadAfterMs, heartbeatMs } = app.timing;
  return deadAfterMs - heartbeatMs + longestSendingMs(app);
}

export function nullIfUnanswered(error: unknown): null {
  if (error instanceof GmailError) return null;
  throw error;
}

/** @throws {GmailError} when it could not be read. */
export async function readEvidence(app: App, account: Sender, attempt: Attempt, opId: string): Promise<Evidence> {
  const mailbox = mailboxAccess(app, account);
  const inThread = await app.gmail.getThread(mailbox, attempt.threadId);
  const sent = findSent(inThread ?? [], attempt, opId);
  if (sent !== null) return { kind: 'sent', message: sent };
  const draft = await app.gmail.getDraft(mailbox, attempt.draftId);
  // A draft can remain after its message was sent. It is untouched if it has the same message and the label DRAFT only.
  const isUntouched =
    draft !== null && draft.messageId === attempt.messageId && draft.labels.length === 1 && draft.labels[0] === 'DRAFT';
  if (isUntouched) return { kind: 'unsent' };
  const elsewhere = findSent(await app.gmail.listSent(mailbox, RECENT_SENT), attempt, opId);
  return elsewhere === null ? { kind: 'nothing', draft } : { kind: 'sent', message: elsewhere };
}

/**
 * The sent copy of this attempt among these messages. Gmail also keeps copies of attempts that it accepted and did not send.
 */
function findSent(heads: readonly MessageHead[], attempt: Attempt, opId: string): MessageHead | null {
  const isUnsent = ({ messageId, internalDate }: MessageHead) =>
    attempt.unsentMessageIds?.includes(messageId) || internalDate <= (attempt.acceptedNotSentAt ?? new Date(0));
  const isOurs = ({ labels, revision, ...head }: MessageHead) =>
    labels.includes('SENT') && head.opId === opId && revision === attempt.revision;
  return heads.find((head) => isOurs(head) && !isUnsent(head)) ?? null;
}

/** When Gmail is read again after `reads` readings. Null: the readings are used up. */
function nextReadAt(app: App, reads: number): Date | null {
  const delayMs = app.config.reconcileDelaysMs[reads];
  return delayMs === undefined ? null : new Date(app.now().getTime() + delayMs);
}

/** The next attempt while Gmail cannot be read: after half of the time since then, within the configured delays. */
function unreadableAgainAt(app: App, { unconfirmedAt }: Unconfirmed, now: Date): Date {
  const { reconcileDelaysMs } = app.config;
  const pauseMs = Math.max(reconcileDelaysMs[0] ?? 0, (now.getTime() - unconfirmedAt.getTime()) / 2);
  return new Date(now.getTime() + Math.min(pauseMs, Math.max(...reconcileDelaysMs)));
}

/** The next attempt after the longest configured delay, for as long as it takes. */
function slowestReadAt(app: App): Date {
  return new Date(app.now().getTime() + Math.max(...app.config.reconcileDelaysMs));
}
