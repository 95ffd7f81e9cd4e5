/**
 * Every change of the state of an outbound email:
 *
 *   DRAFT <-> SCHEDULED -> QUEUED -> SENDING -> SENT -> BOUNCED
 *      \________________________^      |  \-> UNCONFIRMED -> SENT | QUEUED | FAILED | DRAFT
 *    CANCELED <- SCHEDULED, QUEUED     \----> QUEUED (it may leave later) | FAILED | DRAFT (a refused draft)
 *      FAILED <- SCHEDULED (refused at its time), SENT (Gmail reports that it did not send it); a retry makes it QUEUED
 *    any state but SCHEDULED -> SENT, when its sent copy is stored
 *
 * A transition takes effect only from the states in `from`, and only if `holds` is true of the row. For a delivery that is its lease: a
 * writer that has lost it changes nothing. Row, event, jobs and everything else that changes with it are one statement.
 *
 * Rows are created in enqueue.ts (QUEUED, SCHEDULED) and drafts.ts (DRAFT, SCHEDULED). Leases are taken in claim.ts and reconcile.ts and ended in
 * takeover.ts, and permits are granted in rate-limit.ts: none of these changes a state.
 */
import type { CancelCondition } from '#generated/prisma/enums.ts';
import { insertEmailLinks } from '../contexts/links.ts';
import { sql } from '../db/statement.ts';
import type { DraftRef } from '../gmail/gateway.ts';
import type { EmailRef } from '../jobs.ts';
import {
  always,
  asDecided,
  type Change,
  CONTACTED,
  columns,
  type Deferred,
  type Edited,
  type Enqueued,
  FAILED_OR_DRAFT,
  type Failed,
  jobs,
  leased,
  type OperatorChange,
  permits,
  repeatable,
  type Sent,
  sendable,
  type Transition,
  unchanged,
  updates,
} from './transition-parts.ts';

const TABLE = {
  /** A user changes a draft, which then has no planned time. An earlier refusal was about the former content. */
  draftEdited: {
    from: ['DRAFT', 'SCHEDULED'],
    to: 'DRAFT',
    holds: always,
    set: (given: Edited) => sql`planned_send_at = NULL, cancel_when = '{}', ${columns.edited(given)}`,
    event: 'EDITED',
    calls: [jobs.noDeliver],
  },
  /** A user changes a draft that has a planned time. */
  draftScheduled: {
    from: ['DRAFT', 'SCHEDULED'],
    to: 'SCHEDULED',
    holds: always,
    set: (given: Edited & { plannedSendAt: Date; cancelWhen: readonly CancelCondition[] }) =>
      sql`planned_send_at = ${given.plannedSendAt}, cancel_when = ${given.cancelWhen}, ${columns.edited(given)}`,
    event: 'EDITED',
    calls: [jobs.deliverAsPlanned],
  },
  /** Its planned time has come, and the account cannot send. Connecting the account makes the email due at once. */
  scheduledDeferred: {
    from: ['SCHEDULED'],
    to: 'SCHEDULED',
    holds: unchanged,
    set: (given: Deferred) => sql`next_attempt_at = ${given.nextAttemptAt}, ${columns.failed(given)}`,
    event: 'DEFERRED',
    repeats: true,
    calls: [jobs.deliverWhenDue],
  },
  /** Its planned time has come, and it cannot be sent as it is. */
  scheduledRefused: {
    from: ['SCHEDULED'],
    to: FAILED_OR_DRAFT,
    holds: unchanged,
    set: (given: Failed) => sql`${columns.unplannedIfDraft}, next_attempt_at = NULL, ${columns.failed(given)}`,
    event: 'REFUSED',
  },
  /** Its planned time has come, and its words are not fit to be sent. A user has to look at it, so it becomes a draft. */
  scheduledReturned: {
    from: ['SCHEDULED'],
    to: 'DRAFT',
    holds: unchanged,
    set: (given: Failed) => sql`mode = 'DRAFT', planned_send_at = NULL, cancel_when = '{}', next_attempt_at = NULL,
      ${columns.failed(given)}`,
    event: 'REFUSED',
  },
  /** A draft is enqueued. If a user sends it now, its planned time is void. Returns a permit as `permit`. */
  draftEnqueued: {
    from: ['DRAFT', 'SCHEDULED'],
    to: 'QUEUED',
    holds: sendable,
    set: ({ thread, lease, leaseExpiresAt, lane }: Enqueued) => sql`conversation_id = ${thread.conversationId},
      requested_thread_id = ${thread.threadId}, in_reply_to = ${thread.inReplyTo}, "references" = ${thread.references},
      attempts = attempts + 1, resends = 0, deferrals = 0,
      planned_send_at = CASE WHEN ${lane === 'scheduled'} THEN planned_send_at END, next_attempt_at = NULL,
      cancel_when = CASE WHEN ${lane === 'scheduled'} THEN cancel_when ELSE '{}' END,
      lease_token = ${lease.token}, lease_expires_at = ${leaseExpiresAt}, lease_owner = ${lease.owner},
      ${columns.noGmailDraft}, ${columns.noFailure}`,
    event: 'ACCEPTED',
    updates: ({ contexts }: Enqueued) => insertEmailLinks(contexts),
    calls: ({ lane, rateLimit }: Enqueued) => [permits.take(lane, rateLimit)],
  },

  /** The rate limit of its account has no permit: the delivery was not started, and the attempt does not count. */
  deferredForPermit: {
    from: ['QUEUED'],
    to: 'QUEUED',
    holds: leased,
    set: ({ nextAttemptAt }: Change & { nextAttemptAt: Date }) =>
      sql`permit = 'PENDING', next_attempt_at = ${nextAttemptAt}, attempts = attempts - 1, ${columns.noLease}, ${columns.noFailure}`,
    event: 'DEFERRED',
    calls: [jobs.noDeliver, jobs.grantPermitsWhenDue],
  },
  /** Its account cannot send: the delivery was not started, and the attempt does not count. Connecting the account makes the email due at once. */
  deferredForAccount: {
    from: ['QUEUED'],
    to: 'QUEUED',
    holds: leased,
    set: (given: Deferred & { hadPermit: boolean }) =>
      sql`next_attempt_at = ${given.nextAttemptAt}, attempts = attempts - 1, ${columns.noLease}, ${columns.failed(given)}`,
    event: 'DEFERRED',
    repeats: true,
    calls: ({ hadPermit }: { hadPermit: boolean }) => [permits.giveBackIf(hadPermit), jobs.deliverWhenDue],
  },
  /** Gmail refuses its account for now: it waits for a permit. */
  throttled: {
    from: ['QUEUED', 'SENDING'],
    to: 'QUEUED',
    holds: leased,
    set: (given: Deferred) =>
      sql`permit = 'PENDING', next_attempt_at = ${given.nextAttemptAt}, ${columns.noLease}, ${columns.failed(given)}`,
    event: 'DEFERRED',
    calls: [permits.giveBack, jobs.noDeliver, jobs.grantPermitsWhenDue],
  },
  /** It did not leave, and may leave later. */
  deferred: {
    from: ['QUEUED', 'SENDING'],
    to: 'QUEUED',
    holds: leased,
    set: (given: Deferred) =>
      sql`next_attempt_at = ${given.nextAttemptAt}, deferrals = deferrals + 1, ${columns.noLease}, ${columns.failed(given)}`,
    event: 'DEFERRED',
    calls: [permits.giveBack, jobs.deliverWhenDue],
  },
  /** The Gmail draft is stored and about to be sent: from here on a crash leaves the outcome unknown. */
  sending: {
    from: ['QUEUED'],
    to: 'SENDING',
    holds: leased,
    set: ({ draft, leaseExpiresAt, at }: Change & { draft: DraftRef; leaseExpiresAt: Date }) => sql`sending_at = ${at},
      gmail_draft_id = ${draft.draftId}, gmail_draft_message_id = ${draft.messageId}, gmail_draft_thread_id = ${draft.threadId},
      lease_expires_at = ${leaseExpiresAt}`,
    event: 'SENDING',
  },
  /** Gmail has accepted it. A later failure must not change that. */
  sent: { from: ['SENDING'], to: 'SENT', holds: leased, set: columns.sent, event: 'SENT', calls: [CONTACTED] },
  /** It did not leave, and is not tried again by itself. */
  refused: {
    from: ['QUEUED', 'SENDING'],
    to: FAILED_OR_DRAFT,
    holds: leased,
    set: (given: Failed) => sql`${columns.unplannedIfDraft}, ${columns.over}, ${columns.failed(given)}`,
    event: 'REFUSED',
    calls: [permits.giveBack, jobs.noDeliver],
  },
  /** Gmail's answer was lost: it may have left. From here on only reading decides. */
  unconfirmed: {
    from: ['SENDING'],
    to: 'UNCONFIRMED',
    holds: leased,
    set: (
      given: Deferred,
    ) => sql`next_attempt_at = ${given.nextAttemptAt}, reconcile_reads = 0, gmail_draft_unsent_at = NULL,
      ${columns.noLease}, ${columns.failed(given)}`,
    event: 'UNCONFIRMED',
    calls: [jobs.noDeliver, jobs.reconcileWhenDue],
  },
  /** Its delivery broke off before Gmail was asked to send it. Without an event, because no cause is known that a user could act on. */
  released: {
    from: ['QUEUED'],
    to: 'QUEUED',
    holds: leased,
    set: ({ nextAttemptAt }: Change & { nextAttemptAt: Date; hadPermit: boolean }) =>
      sql`next_attempt_at = ${nextAttemptAt}, deferrals = deferrals + 1, ${columns.noLease}`,
    event: null,
    calls: ({ hadPermit }: { hadPermit: boolean }) => [permits.giveBackIf(hadPermit), jobs.deliverWhenDue],
  },
  /** Its process gives it up without a result: the `deliver` job finds out. */
  sendingReleased: {
    from: ['SENDING'],
    to: null,
    holds: leased,
    set: ({ at }: Change) => sql`lease_expires_at = ${at}`,
    event: null,
    calls: [jobs.deliverNow],
  },

  /** It was found among the sent mail. */
  foundSent: {
    from: ['UNCONFIRMED'],
    to: 'SENT',
    holds: leased,
    set: columns.sent,
    event: 'SENT',
    updates: updates.expireAgain,
    calls: [CONTACTED],
  },
  /**
   * Its sent copy is stored, which proves it, whatever a user has decided. A process that is sending or reconciling it changes nothing
   * any more.
   */
  sentCopyStored: {
    from: ['DRAFT', 'QUEUED', 'SENDING', 'UNCONFIRMED', 'FAILED', 'CANCELED'],
    to: 'SENT',
    holds: always,
    set: (given: Sent) => sql`permit = NULL, canceled_because = NULL, ${columns.sent(given)}`,
    event: 'SENT',
    updates: updates.expireAgain,
    calls: [CONTACTED, permits.giveBackHeld, jobs.noReconcile, jobs.noDeliver, jobs.fetchSentCopyIfRepeated],
  },
  /** Reading has proved nothing yet: Gmail is read again. */
  readAgain: {
    from: ['UNCONFIRMED'],
    to: 'UNCONFIRMED',
    holds: leased,
    set: ({ reads, unsentAt, nextAttemptAt }: Change & { reads: number; unsentAt: Date | null; nextAttemptAt: Date }) =>
      sql`reconcile_reads = ${reads}, gmail_draft_unsent_at = ${unsentAt}, next_attempt_at = ${nextAttemptAt}, ${columns.noLease}`,
    event: 'READ',
    calls: [jobs.reconcileWhenDue],
  },
  /** Its mailbox cannot be read until its account is connected again. Without an event, because this repeats. */
  reconcileDeferred: {
    from: ['UNCONFIRMED'],
    to: 'UNCONFIRMED',
    holds: leased,
    set: ({ nextAttemptAt }: Change & { nextAttemptAt: Date }) =>
      sql`next_attempt_at = ${nextAttemptAt}, ${columns.noLease}`,
    event: null,
    calls: [jobs.reconcileWhenDue],
  },
  /** Reading was interrupted without a result: the next attempt need not wait for the end of the lease. */
  unconfirmedReleased: { from: ['UNCONFIRMED'], to: null, holds: leased, set: () => columns.noLease, event: null },
  /** Two reads found the Gmail draft unsent: the same draft is sent again. */
  resent: {
    from: ['UNCONFIRMED'],
    to: 'QUEUED',
    holds: leased,
    set: () => sql`resends = resends + 1, ${columns.over}`,
    event: 'RESEND',
    calls: [permits.giveBack, jobs.deliverNow],
  },
  /** The Gmail draft was never sent and is deleted now: the email did not leave and cannot leave any more. */
  neverSent: {
    from: ['UNCONFIRMED'],
    to: 'FAILED',
    holds: leased,
    set: ({ at }: Change) => sql`failure_code = 'NOT_ACCEPTED', failure_retry = 'SAFE', failed_at = ${at},
      failure_message = 'Gmail was asked to send it several times and never did.', ${columns.over}`,
    event: 'FAILED',
    calls: [permits.giveBack],
  },
  /** All reads are used up and have proved nothing: a user decides. */
  unresolved: {
    from: ['UNCONFIRMED'],
    to: 'UNCONFIRMED',
    holds: leased,
    set: () => sql`reconcile_reads = reconcile_reads + 1, failure_message =
      'Gmail neither has it as sent nor as a draft: it may have been sent. A person has to decide.', ${columns.over}`,
    event: 'UNRESOLVED',
  },

  /** A user cancels it before it leaves, even if a process is about to send it. */
  canceled: {
    from: ['SCHEDULED', 'QUEUED'],
    to: 'CANCELED',
    holds: always,
    set: () => sql`permit = NULL, ${columns.over}`,
    event: 'CANCELED',
    calls: [permits.giveBackHeld, jobs.noReconcile, jobs.noDeliver],
  },
  /** A condition of its `cancelWhen` is true when it is about to leave. */
  conditionMet: {
    from: ['SCHEDULED', 'QUEUED'],
    to: 'CANCELED',
    holds: always,
    set: ({ because }: Change & { because: CancelCondition }) =>
      sql`canceled_because = ${because}, permit = NULL, ${columns.over}`,
    event: 'CANCELED',
    calls: [permits.giveBackHeld, jobs.noDeliver],
  },
  /** A user retries it. It gets a new Gmail draft: that of the failed attempt was deleted, or does no harm. */
  retried: {
    from: ['FAILED'],
    to: 'QUEUED',
    holds: repeatable,
    set: () => sql`${columns.noGmailDraft}, ${columns.again}`,
    event: 'RETRIED',
    calls: [jobs.noReconcile, jobs.deliverSoon],
  },
  /** A user resolves it as sent: when it was handed to Gmail, not when the user decides. */
  resolvedSent: {
    from: ['UNCONFIRMED'],
    to: 'SENT',
    holds: always,
    set: ({ actor }: OperatorChange) =>
      sql`sent_at = sending_at, resolved_by = ${actor}, ${columns.over}, ${columns.noFailure}`,
    event: 'RESOLVED',
    updates: updates.expireAgain,
    calls: [jobs.noReconcile, jobs.noDeliver, CONTACTED],
  },
  /** A user resolves it as not sent, and it is sent with a new Gmail draft, because the first one is gone. */
  resolvedNotSent: {
    from: ['UNCONFIRMED'],
    to: 'QUEUED',
    holds: asDecided,
    set: ({ actor }: OperatorChange) => sql`resolved_by = ${actor}, ${columns.noGmailDraft}, ${columns.again}`,
    event: 'RESOLVED',
    calls: [jobs.noReconcile, jobs.deliverSoon],
  },
  /** A user resolves it as not sent, and the same Gmail draft is sent: if the user is wrong, Gmail still sends it only once. */
  resolvedNotSentSameDraft: {
    from: ['UNCONFIRMED'],
    to: 'QUEUED',
    holds: asDecided,
    set: ({ actor }: OperatorChange) => sql`resolved_by = ${actor}, ${columns.again}`,
    event: 'RESOLVED',
    calls: [jobs.noReconcile, jobs.deliverSoon],
  },
  /** A user resolves it as not sent, and it is discarded. */
  resolvedDiscarded: {
    from: ['UNCONFIRMED'],
    to: FAILED_OR_DRAFT,
    holds: asDecided,
    set: ({
      at,
      actor,
    }: OperatorChange) => sql`resolved_by = ${actor}, failure_code = 'DISCARDED', failure_retry = 'CHECK_FIRST',
      failure_message = 'It was discarded because its outcome stayed unknown.', failed_at = ${at},
      ${columns.unplannedIfDraft}, ${columns.over}`,
    event: 'RESOLVED',
    calls: [jobs.noReconcile, jobs.noDeliver],
  },

  /** A mail system could not deliver it. */
  bounced: { from: ['SENT'], to: 'BOUNCED', holds: always, event: 'BOUNCED' },
  /** Gmail reports that it did not send the email that it had accepted. The stored copy is not a sent copy, and the email may be sent again. */
  acceptedNotSent: {
    from: ['SENT'],
    to: 'FAILED',
    holds: always,
    set: ({ at, until }: Change & { until: Date }) => sql`accepted_not_sent_at = ${until},
      unsent_message_ids = array_remove(array_append(unsent_message_ids, provider_message_id), NULL),
      failure_code = 'DAILY_LIMIT', failure_retry = 'AFTER', failed_at = ${at},
      failure_message = 'Gmail accepted it and then did not send it: the account has reached its limit for sending mail.',
      provider_message_id = NULL, provider_thread_id = NULL, threading = NULL, sent_at = NULL, message_id = NULL,
      sent_copy_fetched_at = NULL, next_attempt_at = NULL,
      conversation_id = CASE WHEN reply_to_message_id IS NOT NULL THEN conversation_id END`,
    event: 'REFUSED',
    calls: [permits.giveBack],
    updates: updates.noSentCopy,
  },
} satisfies Record<string, Transition<never, never>>;

type Table = typeof TABLE;
export type TransitionName = keyof Table;
/** The arguments of a transition's `holds` and `set`. */
export type EmailOf<Name extends TransitionName> = EmailRef & Parameters<Table[Name]['holds']>[0];
export type ChangeOf<Name extends TransitionName> = Change &
  (Table[Name] extends { set: (given: infer Given) => unknown } ? Given : unknown);

export const TRANSITIONS: {
  readonly [Name in TransitionName]: Transition<EmailOf<Name>, ChangeOf<Name>>;
} = TABLE;
