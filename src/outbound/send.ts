/**
 * The send path, top to bottom:
 *   sendFresh, sendReply   check everything, find sender and thread, enqueue in one transaction, then deliver and wait
 *   sendDraft              the same for a stored draft, which is its own idempotency key
 *   deliver                a permit of the account's rate limit -> Gmail draft -> row SENDING -> the Gmail draft is sent, once -> row SENT
 *   fail                   the meaning of a failure: refused, try later, or unknown
 * `gmail.sendDraft` is the only line whose effect cannot be undone. A crash before it leaves a QUEUED row, with which the `deliver`
 * job continues. A crash after it leaves a SENDING row whose lease expires; then reading Gmail decides.
 */
import { v7 as uuidv7 } from 'uuid';
import { mailboxAccess, markNeedsReauth } from '../accounts/mailbox-access.ts';
import type { App } from '../app.ts';
import type { Identity } from '../auth/keys.ts';
import { requireScope } from '../auth/scopes.ts';
import { backoffMs, RETRY_PAUSE } from '../config/timing.ts';
import type { Sql } from '../db/client.ts';
import { inTransactionWithFiles } from '../db/large-writes.ts';
import { isDatabaseUnavailable } from '../db/unavailable.ts';
import { threadingOf } from '../email/threading.ts';
import { AccountNotReadyError, InvalidInputError, NotFoundError, SendRejectedError } from '../errors.ts';
import { abortedBeforeCall, GmailError } from '../gmail/errors.ts';
import { traced } from '../trace.ts';
import { transition } from './apply-transition.ts';
import { ContentGoneError, readAttachments } from './attachments.ts';
import { unlessMet } from './cancel-conditions.ts';
import { type DraftToSend, findDraftToSend, requireComplete, requireRevision } from './draft-to-send.ts';
import { type Delivery, enqueueDraft, enqueueNew, type NewDelivery, storeNew } from './enqueue.ts';
import { type ClassifiedFailure, classify, type Stage } from './failure-policy.ts';
import { fillStored } from './fill-stored.ts';
import { findSentCopy } from './find-sent-copy.ts';
import { createGmailDraft, type GmailDraft, usableGmailDraft, wasSent } from './gmail-draft.ts';
import { leaseMs, newLease, untilTaken } from './lease.ts';
import { blockSending, type Lane, logPause } from './rate-limit.ts';
import { resentAfterMs } from './reconcile.ts';
import { findEarlier, type Resolved, requireSameRequest, resolveFresh, resolveReply } from './resolve.ts';
import {
  type NewRequest,
  parseFresh,
  parseReply,
  requireNew,
  type SendDraftInput,
  type SendFreshInput,
  type SendReplyInput,
} from './send-input.ts';
import { replayedResult, type SendResult, type SentColumns, withinBudget } from './send-result.ts';
import { maySendAs, senderIssues } from './sender-address.ts';
import type { Lease } from './transition-parts.ts';
import { writeContent } from './write-content.ts';

const FIRST_ATTEMPT = { revision: 1, attempts: 1, deferrals: 0, hasConditions: false, gmailDraft: null };

type Delivered =
  | { readonly kind: 'sent'; readonly columns: SentColumns }
  | { readonly kind: 'no-permit' | 'superseded' | 'canceled' }
  | ClassifiedFailure;

/** @throws {InvalidInputError | NotFoundError | IdempotencyConflictError | AccountNotReadyError | UnresolvedTokensError | SendRejectedError} */
export async function sendFresh(app: App, identity: Identity, input: SendFreshInput): Promise<SendResult> {
  const request = parseFresh(input, app.now());
  return sendNew(app, identity, 'FRESH', request, await resolveFresh(app.pool, identity.organizationId, request));
}

/** @throws {ReplyNotPossibleError | InvalidStateError}, and what `sendFresh` throws. */
export async function sendReply(app: App, identity: Identity, input: SendReplyInput): Promise<SendResult> {
  const request = parseReply(input, app.now());
  // What is quoted could be sent to oneself.
  if (request.fill.quote) requireScope(identity, 'email:read');
  const { organizationId } = identity;
  let { messageId } = request;
  if (request.outboundEmailId !== null) {
    // A repeated request is answered without the sent copy, which may be gone since.
    const earlier = await findEarlier(app.pool, organizationId, request);
    if (earlier !== null) return replayedResult(app, earlier);
    messageId = await findSentCopy(app, organizationId, request.outboundEmailId);
  }
  const resolved = await resolveReply(app.pool, organizationId, { ...request, messageId });
  return sendNew(app, identity, 'REPLY', request, resolved);
}

async function sendNew(
  app: App,
  identity: Identity,
  mode: 'FRESH' | 'REPLY',
  request: NewRequest,
  { earlier, found }: Resolved,
): Promise<SendResult> {
  const { organizationId, actor } = identity;
  if (earlier !== null) {
    requireSameRequest(earlier, request);
    return replayedResult(app, { organizationId, outboundEmailId: earlier.id });
  }
  requireNew(request);
  const { sender, thread, contexts } = found();
  const { plannedSendAt, cancelWhen, idempotency } = request;
  const fromEmail = request.fromAlias ?? sender.email;
  const issues = senderIssues(sender, fromEmail, request.path);
  if (issues.length > 0) throw new InvalidInputError(issues);
  const parentId = thread.replyToMessageId;
  const { content, template } = await writeContent(app, request, { sender, fromEmail, parentId, contexts });
  const begun = newLease(app, { organizationId, outboundEmailId: uuidv7() });
  const { lease } = begun;
  const email = { mode, fromEmail, content, template, thread, contexts, plannedSendAt, cancelWhen, idempotency, actor };
  const newDelivery: NewDelivery = { ...email, ...begun, ref: lease, sender, accountId: sender.id };
  if (plannedSendAt !== null) {
    const isStored = await inTransactionWithFiles(app, content.attachments, (tx) => storeNew(tx, newDelivery));
    if (isStored) return { outboundEmailId: lease.outboundEmailId, replayed: false, sent: null };
  } else {
    const permit = await orHandOver(app, lease, enqueueNew(app, newDelivery));
    const attachments = async () => content.attachments;
    if (permit !== null) return deliverAndWait(app, { ...newDelivery, ...FIRST_ATTEMPT, attachments, permit });
  }
  // A twin was faster between the look-up and the insert: the unique index has decided.
  const twin = await findEarlier(app.pool, organizationId, request);
  // Without a twin, the account was moved or forgotten meanwhile.
  if (twin === null) throw new AccountNotReadyError(sender.id, 'DISCONNECTED');
  return replayedResult(app, twin);
}

/** @throws {DraftConflictError | ReplyNotPossibleError}, and what `sendFresh` throws except for key conflicts. */
export async function sendDraft(app: App, identity: Identity, input: SendDraftInput): Promise<SendResult> {
  const { draftUid } = input;
  const ref = { organizationId: identity.organizationId, outboundEmailId: draftUid };
  const draft = await findDraftToSend(app.pool, ref);
  if (draft?.mode !== 'DRAFT') throw new NotFoundError('Draft', draftUid);
  if (draft.status !== 'DRAFT' && draft.status !== 'SCHEDULED') return replayedResult(app, ref);
  requireRevision(draftUid, draft.revision, input.expectedRevision);
  requireComplete(draft);
  // Another request or an editor was faster: read it again. The revision that was just read is the one that is sent.
  const how = { lane: 'interactive', allowUnresolved: input.allowUnresolved ?? false } as const;
  return (await sendStored(app, identity.actor, draft, how)) ?? sendDraft(app, identity, input);
}

/**
 * Enqueues a stored draft as it was read, delivers it and waits.
 * @returns null when it has changed since: nothing was done.
 * @throws {AccountNotReadyError | ReplyNotPossibleError | UnresolvedTokensError | InvalidInputError | SendRejectedError}
 */
export async function sendStored(
  app: App,
  actor: string,
  draft: DraftToSend,
  { lane, allowUnresolved }: { readonly lane: Lane; readonly allowUnresolved: boolean },
): Promise<SendResult | null> {
  const found = draft.found();
  const begun = newLease(app, draft.ref);
  const files = await readAttachments(app.pool, draft.ref).catch(nullIfGone);
  if (files === null) return null;
  const filled = await fillStored(app, { draft, found, files, allowUnresolved });
  const delivery = { ...begun, ...found, ...filled, actor, fromEmail: draft.fromEmail };
  const permit = await orHandOver(app, begun.lease, enqueueDraft(app.pool, delivery, draft, lane));
  if (permit === null) return null;
  const hasConditions = draft.hasConditions && lane === 'scheduled';
  const attachments = async () => files;
  const { revision, attempts } = draft;
  const attempt = { ...FIRST_ATTEMPT, revision, attempts: attempts + 1, hasConditions };
  return deliverAndWait(app, { ...delivery, ...attempt, attachments, permit });
}

function nullIfGone(error: unknown): null {
  if (error instanceof ContentGoneError) return null;
  throw error;
}

/** The time of the first read after an answer was lost. */
export function firstReadAt(app: App, now: Date): Date {
  return new Date(now.getTime() + (app.config.reconcileDelaysMs[0] ?? 0));
}

/** Delivers, and waits for at most `SEND_WAIT_MS`. The delivery continues if the caller disconnects. */
async function deliverAndWait(app: App, delivery: Delivery): Promise<SendResult> {
  const { outboundEmailId } = delivery.lease;
  const delivered = await withinBudget(app, outboundEmailId, deliver(app, delivery));
  if (delivered?.kind === 'refused') {
    const { providerStatus, message, retry } = delivered.failure;
    throw new SendRejectedError(outboundEmailId, { status: providerStatus ?? 0, reason: message, retry });
  }
  return { outboundEmailId, replayed: false, sent: delivered?.kind === 'sent' ? delivered.columns : null };
}

/** Delivers an email under its lease, and keeps it in `app.deliveries` until then. */
export function deliver(app: App, delivery: Delivery): Promise<Delivered> {
  const { lease, deferrals, permit } = delivery;
  const { organizationId, outboundEmailId } = lease;
  const attributes = { organizationId, outboundEmailId };
  const delivering = traced('deliver', attributes, () => deliverOnce(app, delivery)).catch((error: unknown) => {
    void handOver(app, lease, { deferrals, hadPermit: permit.granted > 0 });
    throw error;
  });
  const { deliveries } = app;
  deliveries.set(outboundEmailId, delivering);
  const remove = () => {
    // A takeover in this process may have replaced it.
    if (deliveries.get(outboundEmailId) === delivering) deliveries.delete(outboundEmailId);
  };
  delivering.then(remove, remove);
  return delivering;
}

/** A statement that failed with its connection may have taken effect: the `deliver` job finds out. */
async function orHandOver<Result>(app: App, lease: Lease, accepting: Promise<Result>): Promise<Result> {
  try {
    return await accepting;
  } catch (error) {
    // Whether it took a permit is not known.
    if (isDatabaseUnavailable(error)) void handOver(app, lease, { deferrals: 0, hadPermit: false });
    throw error;
  }
}

/**
 * Hands an interrupted delivery over to the `deliver` job, usually because the database is away. After a pause: the same error may
 * occur again, and each attempt takes a permit.
 */
function handOver(app: App, lease: Lease, { deferrals, hadPermit }: { deferrals: number; hadPermit: boolean }) {
  return untilTaken(async () => {
    const at = app.now();
    const nextAttemptAt = addMs(at, backoffMs(deferrals, RETRY_PAUSE));
    // In this order: the statement that makes it SENDING may still be running.
    if (await transition(app.pool, 'released', lease, { at, nextAttemptAt, hadPermit })) return;
    await transition(app.pool, 'sendingReleased', lease, { at });
  });
}

async function deliverOnce(app: App, delivery: Delivery): Promise<Delivered> {
  const { lease, thread, attempts, hasConditions, permit } = delivery;
  if (permit.granted === 0) {
    if (permit.reason !== null) logPause(app, delivery.sender, permit.reason, permit.waitMs);
    const at = app.now();
    const nextAttemptAt = addMs(at, permit.waitMs);
    const detail = { nextAttemptAt, code: permit.reason };
    const stored = await transition(app.pool, 'deferredForPermit', lease, { at, nextAttemptAt, detail });
    return { kind: stored ? 'no-permit' : 'superseded' };
  }
  const mailbox = mailboxAccess(app, delivery.sender);
  if (!maySendAs(delivery.sender, delivery.fromEmail)) return refuseSender(app, delivery);
  // No call outlives the lease, however long it waits for its turn: a process that has lost it must not be sending.
  const inLease = () => AbortSignal.timeout(2 * app.config.gmailTimeoutMs);
  const signal = inLease();
  const startedAt = performance.now();
  const elapsed = () => ({ attempt: attempts, latencyMs: Math.round(performance.now() - startedAt) });

  let gmailDraft: GmailDraft;
  try {
    gmailDraft = (await usableGmailDraft(app, delivery, signal)) ?? (await createGmailDraft(app, delivery, signal));
  } catch (error) {
    return fail(app, delivery, error, 'draft', elapsed());
  }
  const at = app.now();
  const detail = { ...elapsed(), ...gmailDraft.composed };
  const change = { at, draft: gmailDraft, leaseExpiresAt: addMs(at, leaseMs(app)), detail };
  const begin = (connection: Sql) => transition(connection, 'sending', lease, change);
  // The last transaction before Gmail is asked to send it; what would cancel it is judged here.
  const isSending = await unlessMet(app.pool, hasConditions, lease, at, begin);
  if (!isSending) {
    const isCanceled = isSending === null;
    // The process that delivers it now has a Gmail draft of its own, unless this one was stored before.
    const isUnused = isCanceled || gmailDraft.composed !== null;
    if (isUnused) await app.gmail.deleteDraft(mailbox, gmailDraft.draftId).catch(() => undefined);
    return { kind: isCanceled ? 'canceled' : 'superseded' };
  }
  const mayBeResent = app.now().getTime() - at.getTime() > resentAfterMs(app);
  if (mayBeResent) return fail(app, delivery, abortedBeforeCall(), 'sending', elapsed());

  let sent: Awaited<ReturnType<typeof app.gmail.sendDraft>>;
  try {
    const { draftId } = gmailDraft;
    sent = wasSent(gmailDraft) ? null : await app.gmail.sendDraft(mailbox, draftId, { signal: inLease() });
  } catch (error) {
    const failed = await fail(app, delivery, error, 'sending', elapsed());
    // The draft of a refused email must not stay among the owner's drafts. If it cannot be deleted, it does no harm.
    if (failed.kind === 'refused') await app.gmail.deleteDraft(mailbox, gmailDraft.draftId).catch(() => undefined);
    return failed;
  }
  if (sent === null) {
    // The Gmail draft was sent or deleted in Gmail: only reading can tell which.
    return fail(app, delivery, gmailDraftGone(), 'sending', elapsed());
  }
  const threading = threadingOf(thread.threadId, sent.threadId);
  const sentAt = app.now();
  const outcome = { at: sentAt, sent, sentAt, threading, detail: { threading, ...elapsed() } };
  const isStored = await transition(app.pool, 'sent', lease, outcome);
  const { organizationId, outboundEmailId: id } = lease;
  const { messageId: providerMessageId, threadId: providerThreadId } = sent;
  // If the row is another process's by now, its sent copy tells that process that it was sent.
  const first = attempts === 1 || !isStored ? { account: delivery.sender, providerMessageId } : null;
  app.sentCopies.add({ organizationId, outboundEmailId: id, first });
  if (!isStored) return { kind: 'superseded' };
  const ids = { organizationId, id, providerMessageId, providerThreadId };
  return { kind: 'sent', columns: { ...ids, status: 'SENT', threading, sentAt } };
}

/** Gmail would silently send it from the account's own address: it refused the alias after the email was accepted. */
async function refuseSender(app: App, { lease, sender, gmailDraft }: Delivery): Promise<Delivered> {
  const message = 'Gmail no longer lets the account send from its sender address.';
  const failure = { code: 'ALIAS_NOT_ACCEPTED', message, retry: 'NEVER', providerStatus: null } as const;
  const detail = { code: failure.code };
  if (!(await transition(app.pool, 'refused', lease, { at: app.now(), failure, detail })))
    return { kind: 'superseded' };
  if (gmailDraft !== null) {
    await app.gmail.deleteDraft(mailboxAccess(app, sender), gmailDraft.draftId).catch(() => undefined);
  }
  return { kind: 'refused', failure };
}

/** Stores the meaning of a failure. @throws errors other than `GmailError`: the lease then expires. */
async function fail(app: App, delivery: Delivery, error: unknown, stage: Stage, elapsed: object): Promise<Delivered> {
  if (!(error instanceof GmailError)) throw error;
  const { lease, sender } = delivery;
  const at = app.now();
  if (error.kind === 'reauth') await markNeedsReauth(app, sender);
  const classified = classify(error, stage, delivery.deferrals, at);
  const { failure } = classified;
  const { code, providerStatus } = failure;
  const detail = { stage, code, providerStatus, reason: error.reason, ...elapsed };
  const write = async (): Promise<boolean> => {
    if (classified.kind === 'refused') return transition(app.pool, 'refused', lease, { at, failure, detail });
    if (classified.kind === 'unconfirmed') {
      const nextAttemptAt = firstReadAt(app, at);
      return transition(app.pool, 'unconfirmed', lease, { at, failure, nextAttemptAt, detail });
    }
    const isDeferred = classified.kind === 'deferred';
    const nextAttemptAt = isDeferred
      ? classified.nextAttemptAt
      : addMs(at, await blockSending(app, sender, classified.code, classified.pauseMs));
    const change = { at, failure, nextAttemptAt, detail: { nextAttemptAt, ...detail } };
    return transition(app.pool, isDeferred ? 'deferred' : 'throttled', lease, change);
  };
  return (await write()) ? classified : { kind: 'superseded' };
}

/** Rounds up to whole milliseconds, so that the result is never too early. */
function addMs(at: Date, ms: number): Date {
  return new Date(at.getTime() + Math.ceil(ms));
}

function gmailDraftGone(): GmailError {
  const message = 'The draft that stood for this email is gone from Gmail.';
  return new GmailError({ kind: 'unknown', status: 404, reason: 'draft-gone', message });
}
