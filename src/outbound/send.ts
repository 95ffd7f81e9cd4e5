/**
 * The send path, top to bottom:
 *   sendFresh, sendReply   check everything, find sender and thread, accept in one transaction, then deliver and wait
 *   sendDraft              the same for an email that is there already: the draft is its own idempotency key
 *   deliver                a slot in the account's pace -> draft in Gmail (the ticket) -> row SENDING -> the ticket is sent, once -> row SENT
 *   fail                   what a failure means: refused, to be tried later, or unknown
 * `gmail.sendDraft` is the one line with an effect that cannot be taken back. A crash before it leaves a QUEUED row that
 * the `deliver` job takes over; a crash after it leaves a SENDING row whose lease runs out, and then only reading decides.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { v7 as uuidv7 } from 'uuid';
import type { App } from '../app.ts';
import type { Identity } from '../auth/keys.ts';
import {
  DraftConflictError,
  IdempotencyConflictError,
  type InputIssue,
  InvalidInputError,
  NotFoundError,
  SendRejectedError,
} from '../errors.ts';
import { GmailError } from '../gmail/errors.ts';
import type { DraftRef } from '../gmail/gateway.ts';
import { type Acceptance, acceptDraft, acceptNew } from '../mail/accept.ts';
import { firstOutcome, orWithoutResult, type SendOutcome, withinBudget } from './send-result.ts';
import { readAttachments } from './attachments.ts';
import { composeMessage } from '../email/compose.ts';
import { type AttachedFile, reportMissing, type WrittenEmail } from '../email/content.ts';
import { type Lease, markRefused, markSending, markSent, markUnconfirmed, release, threadingOf } from './delivery.ts';
import { type DraftToSend, findDraftToSend } from './draft-to-send.ts';
import { differingFields } from '../email/fingerprint.ts';
import { judge, type Stage, type Verdict } from './failure-policy.ts';
import { blockSending, paceOf, type Slot } from './rate-limit.ts';
import { type EarlierRequest, type Resolved, resolveFresh, resolveReply } from './resolve.ts';
import {
  type NewRequest,
  parseFresh,
  parseReply,
  type SendDraftInput,
  type SendFreshInput,
  type SendReplyInput,
} from './send-input.ts';
import { mailboxAccess, markNeedsReauth } from '../accounts/mailbox-access.ts';
import { markDeferred, markWaiting } from '../mail/waiting.ts';

/** An accepted email and what composing it takes. */
export type Delivery = Pick<Acceptance, 'lease' | 'sender' | 'fromEmail' | 'thread'> & {
  readonly content: WrittenEmail;
  readonly attachments: () => Promise<readonly AttachedFile[]>;
  /** How often its delivery was begun, this time included. */
  readonly attempts: number;
  /** How often it was deferred since a person last asked for it. */
  readonly deferrals: number;
  /** Its place in the pace of its account. */
  readonly slot: Slot;
  /** The ticket of an earlier attempt that was refused. Null: none yet. */
  readonly ticket: DraftRef | null;
};

const HAND_OVER_ATTEMPTS = 60;
const HAND_OVER_PAUSE_MS = 1_000;

const FIRST_ATTEMPT = { attempts: 1, deferrals: 0, ticket: null };

type Delivered = { readonly kind: 'sent' } | { readonly kind: 'waiting' } | { readonly kind: 'superseded' } | Verdict;

/** @throws {InvalidInputError | NotFoundError | IdempotencyConflictError | AccountNotReadyError | SendRejectedError} */
export async function sendFresh(app: App, identity: Identity, input: SendFreshInput): Promise<SendOutcome> {
  const request = parseFresh(input);
  const resolve = () => resolveFresh(app.pool, identity.organizationId, request);
  return sendNew(app, identity, 'FRESH', request, resolve);
}

/** @throws {ReplyNotPossibleError}, and what `sendFresh` throws. */
export async function sendReply(app: App, identity: Identity, input: SendReplyInput): Promise<SendOutcome> {
  const request = parseReply(input);
  const resolve = () => resolveReply(app.pool, identity.organizationId, request);
  return sendNew(app, identity, 'REPLY', request, resolve);
}

async function sendNew(
  app: App,
  identity: Identity,
  mode: 'FRESH' | 'REPLY',
  request: NewRequest,
  resolve: () => Promise<Resolved>,
): Promise<SendOutcome> {
  const resolved = await resolve();
  if (resolved.earlier !== null) return replay(app, identity, request, resolved.earlier);
  const { sender, thread, context } = resolved.found();
  const { content, key, fingerprint } = request;
  const acceptance: Acceptance = {
    ...newLease(app, identity, uuidv7()),
    mode,
    sender,
    fromEmail: senderAddress(sender, request.fromAlias),
    content,
    thread,
    context,
    idempotency: key === null ? null : { key, fingerprint },
  };
  const slot = await acceptNew(app, acceptance);
  if (slot === null) {
    // A twin was faster between the look-up and the insert; the unique index has decided.
    const { earlier } = await resolve();
    if (earlier === null) throw new Error('an idempotency key that was taken is gone');
    return replay(app, identity, request, earlier);
  }
  const attachments = async () => content.attachments;
  return deliverAndWait(app, { ...acceptance, ...FIRST_ATTEMPT, attachments, slot });
}

async function replay(
  app: App,
  { organizationId }: Identity,
  request: NewRequest,
  earlier: EarlierRequest,
): Promise<SendOutcome> {
  const fields = differingFields(earlier.fingerprint, request.fingerprint);
  if (fields.length > 0) throw new IdempotencyConflictError(earlier.id, fields);
  return firstOutcome(app, organizationId, earlier.id);
}

/** @throws {DraftConflictError | ReplyNotPossibleError}, and what `sendFresh` throws except for key conflicts. */
export async function sendDraft(app: App, identity: Identity, input: SendDraftInput): Promise<SendOutcome> {
  const { organizationId } = identity;
  const { draftUid } = input;
  const draft = await findDraftToSend(app.pool, organizationId, draftUid);
  if (draft === null) throw new NotFoundError('Draft', draftUid);
  if (!isWaiting(draft)) return firstOutcome(app, organizationId, draftUid);
  if (input.expectedRevision != null && input.expectedRevision !== draft.revision) {
    throw new DraftConflictError(
      draftUid,
      `The draft is at revision ${draft.revision}, not ${input.expectedRevision}.`,
    );
  }
  requireComplete(draft);
  // A twin or an editor was faster: look again. What is sent is always the revision that was just read.
  return (await sendStored(app, identity, draftUid, draft, 'interactive')) ?? sendDraft(app, identity, input);
}

/** Whether it is still a draft, scheduled or not. */
function isWaiting({ status }: DraftToSend): boolean {
  return status === 'DRAFT' || status === 'SCHEDULED';
}

/**
 * Accepts a stored draft as it was read, delivers and waits.
 * @returns null when it has changed since: nothing was done.
 * @throws {AccountNotReadyError | ReplyNotPossibleError | SendRejectedError}
 */
export async function sendStored(
  app: App,
  identity: Pick<Identity, 'organizationId' | 'actor'>,
  draftId: string,
  draft: DraftToSend,
  lane: 'interactive' | 'scheduled',
): Promise<SendOutcome | null> {
  const { sender, thread, context } = draft.found();
  const files = await readAttachments(app.pool, identity.organizationId, draftId);
  const acceptance: Acceptance = {
    ...newLease(app, identity, draftId),
    mode: 'DRAFT',
    sender,
    fromEmail: draft.fromEmail,
    content: { ...draft.content, attachments: files },
    thread,
    context,
    idempotency: null,
  };
  const slot = await acceptDraft(app.pool, acceptance, draft, lane);
  if (slot === null) return null;
  return deliverAndWait(app, { ...acceptance, ...FIRST_ATTEMPT, attachments: async () => files, slot });
}

function requireComplete(draft: DraftToSend): void {
  const issues: InputIssue[] = [];
  reportMissing({ ...draft.content, attachments: Array.from({ length: draft.fileCount }) }, 'input.draft', issues);
  if (issues.length > 0) throw new InvalidInputError(issues);
}

/** @throws {InvalidInputError} for an address that Gmail would silently replace by the account's own. */
function senderAddress(sender: Acceptance['sender'], fromAlias: string | null): string {
  if (fromAlias === null) return sender.email;
  const allowed = [sender.email, ...sender.aliases];
  if (allowed.includes(fromAlias.toLowerCase())) return fromAlias.toLowerCase();
  const message = `Must be an accepted address of the account: ${allowed.join(', ')}.`;
  throw new InvalidInputError([{ path: 'input.fresh.fromAlias', message }]);
}

/** Long enough for every call that a delivery can make before it looks at its lease again. */
export function leaseMs(app: App): number {
  return 3 * app.config.gmailTimeoutMs + 5_000;
}

/** When an outcome that was just lost is read for the first time. */
export function firstReadAt(app: App, now: Date): Date {
  return new Date(now.getTime() + (app.config.settleDelaysMs[0] ?? 0));
}

function newLease(
  app: App,
  { organizationId, actor }: Pick<Identity, 'organizationId' | 'actor'>,
  outboundEmailId: string,
) {
  const at = app.now();
  const lease: Lease = { organizationId, outboundEmailId, token: uuidv7(), owner: app.processId };
  return { lease, leaseExpiresAt: new Date(at.getTime() + leaseMs(app)), actor, at, pace: paceOf(app.config) };
}

/** Delivers, and waits for that no longer than `SEND_WAIT_MS`; the delivery goes on, whatever becomes of its caller. */
async function deliverAndWait(app: App, delivery: Delivery): Promise<SendOutcome> {
  const { outboundEmailId } = delivery.lease;
  const delivered = await withinBudget(app, orWithoutResult(app, outboundEmailId, deliver(app, delivery)));
  if (delivered?.kind === 'refused') {
    const { providerStatus, message, retry } = delivered.failure;
    throw new SendRejectedError(outboundEmailId, { status: providerStatus ?? 0, reason: message, retry });
  }
  return { outboundEmailId, replayed: false };
}

/** Delivers an email under its lease, known to this process for as long as it takes. */
export function deliver(app: App, delivery: Delivery): Promise<Delivered> {
  const { outboundEmailId } = delivery.lease;
  const delivering = deliverOnce(app, delivery)
    .catch((error: unknown) => {
      void handOver(app, delivery.lease);
      throw error;
    })
    .finally(() => {
      // A takeover in this very process may have put its own delivery there.
      if (app.deliveries.get(outboundEmailId) === delivering) app.deliveries.delete(outboundEmailId);
    });
  app.deliveries.set(outboundEmailId, delivering);
  return delivering;
}

/** A delivery that broke off, as a rule because the database is away. Should this fail for good, its lease runs out. */
async function handOver(app: App, lease: Lease): Promise<void> {
  for (const _attempt of Array.from({ length: HAND_OVER_ATTEMPTS })) {
    try {
      return await release(app.pool, lease, app.now());
    } catch {
      await delay(HAND_OVER_PAUSE_MS, null, { ref: false });
    }
  }
}

async function deliverOnce(app: App, delivery: Delivery): Promise<Delivered> {
  const { lease, thread, attempts, slot } = delivery;
  if (slot.granted === 0) {
    const wait = { accountId: delivery.sender.id, waitMs: slot.waitMs };
    const stored = await markWaiting(app.pool, lease, app.now(), null, wait, { code: slot.reason });
    return { kind: stored ? 'waiting' : 'superseded' };
  }
  const mailbox = mailboxAccess(app, delivery.sender);
  // No call outlives the lease: who has lost it must not be sending any more.
  const signal = AbortSignal.timeout(2 * app.config.gmailTimeoutMs);
  const startedAt = performance.now();
  const elapsed = () => ({ attempt: attempts, latencyMs: Math.round(performance.now() - startedAt) });

  let ticket: Ticket;
  try {
    ticket = (await usableTicket(app, delivery, signal)) ?? (await createTicket(app, delivery, signal));
  } catch (error) {
    return fail(app, delivery, error, 'ticket', elapsed());
  }
  const leaseExpiresAt = new Date(app.now().getTime() + leaseMs(app));
  const detail = { ...elapsed(), ...ticket.composed };
  if (!(await markSending(app.pool, lease, app.now(), ticket, leaseExpiresAt, detail))) {
    // Whoever delivers it by now has a ticket of its own, unless this one had been stored before.
    if (ticket.composed !== null) await app.gmail.deleteDraft(mailbox, ticket.draftId).catch(() => undefined);
    return { kind: 'superseded' };
  }

  let sent: Awaited<ReturnType<typeof app.gmail.sendDraft>>;
  try {
    sent = await app.gmail.sendDraft(mailbox, ticket.draftId);
  } catch (error) {
    const failed = await fail(app, delivery, error, 'sending', elapsed());
    // What will not be sent must not stay in the owner's drafts. A draft that cannot be deleted does no harm.
    if (failed.kind === 'refused') await app.gmail.deleteDraft(mailbox, ticket.draftId).catch(() => undefined);
    return failed;
  }
  if (sent === null) {
    // Somebody else has sent or deleted the ticket in Gmail: only reading can tell which.
    return fail(app, delivery, ticketGone(), 'sending', elapsed());
  }
  const threading = threadingOf(thread.threadId, sent.threadId);
  const stored = await markSent(app.pool, lease, app.now(), sent, threading, elapsed());
  if (!stored) return { kind: 'superseded' };
  const { organizationId, outboundEmailId } = lease;
  const first = attempts === 1 ? { account: delivery.sender, providerMessageId: sent.messageId } : null;
  app.readBack({ organizationId, outboundEmailId, first });
  return { kind: 'sent' };
}

/** What the customer gets: of the MIME bytes that were handed to Gmail, and of each file in them, in hex. */
interface Composed {
  readonly mimeSha256: string;
  readonly mimeBytes: number;
  readonly attachmentsSha256: readonly string[];
}

/** `composed` is null for the ticket of an earlier attempt, whose event says what it holds. */
type Ticket = DraftRef & { readonly composed: Composed | null };

/**
 * The ticket of an earlier attempt that was refused, if it still is what was composed: its owner can edit a draft.
 * @throws {GmailError}
 */
async function usableTicket(app: App, { sender, ticket }: Delivery, signal: AbortSignal): Promise<Ticket | null> {
  if (ticket === null) return null;
  const draft = await app.gmail.getDraft(mailboxAccess(app, sender), ticket.draftId, { signal });
  // One that is gone may have been sent: using it tells, and sends nothing.
  if (draft !== null && draft.messageId !== ticket.messageId) return null;
  return { ...ticket, composed: null };
}

/** @throws {GmailError} */
async function createTicket(app: App, delivery: Delivery, signal: AbortSignal): Promise<Ticket> {
  const { sender, fromEmail, thread, content, lease } = delivery;
  const mailbox = mailboxAccess(app, sender);
  const attachments = await delivery.attachments();
  const mime = await composeMessage({
    opId: lease.outboundEmailId,
    from: { address: fromEmail, name: sender.displayName },
    ...content,
    attachments,
    inReplyTo: thread.inReplyTo,
    references: thread.references,
    date: app.now(),
  });
  const composed = (): Composed => ({
    mimeSha256: mime.sha256(),
    mimeBytes: mime.size,
    attachmentsSha256: attachments.map(({ sha256 }) => sha256),
  });
  try {
    const ticket = await app.gmail.createDraft(mailbox, { mime, threadId: thread.threadId }, { signal });
    return { ...ticket, composed: composed() };
  } catch (error) {
    if (!(error instanceof GmailError && error.kind === 'thread-not-found')) throw error;
    // The thread was deleted in Gmail. The reply headers still bring the email into the recipient's thread.
    const ticket = await app.gmail.createDraft(mailbox, { mime, threadId: null }, { signal });
    return { ...ticket, composed: composed() };
  }
}

/** Writes down what a failure means. @throws what is no failure of Gmail: the lease then runs out. */
async function fail(app: App, delivery: Delivery, error: unknown, stage: Stage, elapsed: object): Promise<Delivered> {
  if (!(error instanceof GmailError)) throw error;
  const { lease, sender } = delivery;
  const now = app.now();
  if (error.kind === 'reauth') await markNeedsReauth(app.pool, sender);
  const verdict = judge(error, stage, delivery.deferrals, now);
  const { failure } = verdict;
  const detail = {
    stage,
    code: failure.code,
    providerStatus: failure.providerStatus,
    reason: error.reason,
    ...elapsed,
  };
  const write = async (): Promise<boolean> => {
    if (verdict.kind === 'refused') return markRefused(app.pool, lease, now, failure, detail);
    if (verdict.kind === 'unconfirmed') {
      return markUnconfirmed(app.pool, lease, now, failure, firstReadAt(app, now), detail);
    }
    if (verdict.kind === 'deferred') return markDeferred(app.pool, lease, now, failure, verdict.nextAttemptAt, detail);
    const waitMs = await blockSending(app, sender, verdict.code, verdict.pauseMs);
    return markWaiting(app.pool, lease, now, failure, { accountId: sender.id, waitMs }, detail);
  };
  return (await write()) ? verdict : { kind: 'superseded' };
}

function ticketGone(): GmailError {
  const message = 'The draft that stood for this email is gone from Gmail.';
  return new GmailError({ kind: 'unknown', status: 404, reason: 'ticket-gone', message });
}
