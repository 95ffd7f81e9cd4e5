/**
 * The parts of the table in transitions.ts: the arguments of a transition, and SQL for its conditions, columns, jobs and permits. In
 * `jobs`, `permits` and `updates`, the changed row is named `email`.
 */
import type { OutboundEmailEventType, OutboundEmailStatus, RetryAdvice, Threading } from '#generated/prisma/enums.ts';
import type { ContextLink } from '../contexts/links.ts';
import { type Fragment, sql } from '../db/statement.ts';
import type { WrittenEmail } from '../email/content.ts';
import type { MessageRef } from '../gmail/gateway.ts';
import { addJob, type EmailRef, type JobSubject, removeJob } from '../jobs.ts';
import { type Lane, PERMIT_COLUMNS, type RateLimit, takePermit } from './rate-limit.ts';
import type { Thread } from './resolve.ts';

/** The right to deliver or to reconcile one email, until it expires. */
export interface Lease extends EmailRef {
  readonly token: string;
  /** The process that holds the lease, which ends when the heartbeat of the process stops. */
  readonly owner: string;
}

/** A draft as it was read: another revision or state means that it has changed since. */
interface DraftVersion extends EmailRef {
  readonly revision: number;
  readonly status: OutboundEmailStatus;
}

/** An email as it was read for a decision: another time means that it was handed to Gmail again since. */
interface DecidedVersion extends EmailRef {
  /** When its outcome became unknown. Null: it was known. */
  readonly unconfirmedAt: Date | null;
}

/** Why an email has not left, or may not have. */
export const FAILURE_CODES = [
  'REJECTED',
  'FORBIDDEN',
  'MAIL_SERVICE_OFF',
  'NEEDS_REAUTH',
  'UNAUTHORIZED',
  'UNREACHABLE',
  'THROTTLED',
  'DAILY_LIMIT',
  'ACCOUNT_NOT_ACTIVE',
  'REPLY_NOT_POSSIBLE',
  'UNRESOLVED_TOKENS',
  'CONTENT_INVALID',
  'ALIAS_NOT_ACCEPTED',
  'OUTCOME_UNKNOWN',
  'NOT_ACCEPTED',
  'DISCARDED',
] as const;

export type FailureCode = (typeof FAILURE_CODES)[number];

export interface Failure {
  /** For programs. */
  readonly code: FailureCode;
  /** For people; never holds mail content, addresses or tokens. */
  readonly message: string;
  readonly retry: RetryAdvice;
  /** HTTP status of Gmail's answer; null without one. */
  readonly providerStatus: number | null;
}

/** A row of the table. `email` and `given` are what its conditions and its columns are made from. */
export interface Transition<Email, Given> {
  readonly from: readonly OutboundEmailStatus[];
  /** Null: the state stays as it is. */
  readonly to: OutboundEmailStatus | Fragment | null;
  /** A further condition on the row `outbound_email e`. */
  readonly holds: (email: Email) => Fragment;
  /** The columns that it sets besides `status` and `updated_at`. */
  readonly set?: (given: Given) => Fragment;
  /** The type of its event. Null: it writes none. */
  readonly event: OutboundEmailEventType | null;
  /** It repeats until its cause is gone: its event is written only when the email had another failure, or none, before. */
  readonly repeats?: true;
  /** Functions of the database that are called for the row: jobs and permits. */
  readonly calls?: readonly Fragment[] | ((given: Given) => readonly Fragment[]);
  /** An update of another row. */
  readonly updates?: Fragment | ((given: Given) => Fragment);
}

/** The arguments of every transition. */
export interface Change {
  /** Its time: by this process's clock, or SQL. */
  readonly at: Date | Fragment;
  /** Its actor. Omitted: the system. */
  readonly actor?: string;
  /** Of the event. */
  readonly detail?: object;
}

/** What a stored message says of an email is dated by the database. */
export const DATABASE_NOW = sql`now()`;

export interface Failed extends Change {
  readonly failure: Failure;
}

export interface Deferred extends Failed {
  readonly nextAttemptAt: Date;
}

export interface Sent extends Change {
  readonly sent: MessageRef;
  /** When Gmail accepted it. */
  readonly sentAt: Date;
  readonly threading: Threading;
}

export interface OperatorChange extends Change {
  readonly actor: string;
}

export interface Edited extends Change {
  readonly content: WrittenEmail;
}

export interface Enqueued extends Change {
  readonly thread: Thread;
  /** Links that the draft takes from its conversation. */
  readonly contexts: readonly ContextLink[];
  readonly lease: Lease;
  readonly leaseExpiresAt: Date;
  readonly lane: Lane;
  readonly rateLimit: RateLimit;
}

/** The caller still holds the lease. */
export const leased = ({ token }: Lease) => sql`lease_token = ${token}`;
export const unchanged = ({ revision, status }: DraftVersion) => sql`revision = ${revision} AND status = ${status}`;
/**
 * Its account was neither moved nor forgotten, and cannot be before the transaction ends. Both lock the account first, and look for
 * unfinished emails then.
 */
const isHeld = sql`EXISTS (SELECT FROM email_account a
  WHERE a.organization_id = e.organization_id AND a.id = e.account_id AND a.released_at IS NULL FOR KEY SHARE)`;
/** As it was read, and its account can still send it. */
export const sendable = (draft: DraftVersion) => sql`${unchanged(draft)} AND ${isHeld}`;
export const always = (_: EmailRef) => sql`true`;
export const asDecided = ({ unconfirmedAt }: DecidedVersion) => sql`failed_at IS NOT DISTINCT FROM ${unconfirmedAt}`;
/** It still has the content that would be sent. */
export const repeatable = (_: EmailRef) => sql`content_erased_at IS NULL AND ${isHeld}`;

/** The state of an email that will not leave. A draft becomes a draft again, so that its text is not lost. */
export const FAILED_OR_DRAFT = sql`CASE mode WHEN 'DRAFT' THEN 'DRAFT' ELSE 'FAILED' END::outbound_email_status`;

const noLease = sql`lease_token = NULL, lease_expires_at = NULL, lease_owner = NULL`;
const noFailure = sql`failure_code = NULL, failure_message = NULL, failure_retry = NULL, failed_at = NULL,
  failure_status = NULL`;
/** Epistle does nothing more with it by itself. */
const over = sql`next_attempt_at = NULL, ${noLease}`;

/** Assignments. */
export const columns = {
  noLease,
  noFailure,
  over,
  noGmailDraft: sql`gmail_draft_id = NULL, gmail_draft_message_id = NULL, gmail_draft_thread_id = NULL`,
  /** It has as many attempts as a new email. */
  again: sql`resends = 0, deferrals = 0, ${over}, ${noFailure}`,
  unplannedIfDraft: sql`planned_send_at = CASE mode WHEN 'DRAFT' THEN NULL ELSE planned_send_at END,
    cancel_when = CASE mode WHEN 'DRAFT' THEN '{}' ELSE cancel_when END`,
  failed: ({ failure, at }: Failed) => sql`failure_code = ${failure.code}, failure_message = ${failure.message},
    failure_retry = ${failure.retry}, failure_status = ${failure.providerStatus}, failed_at = ${at}`,
  sent: ({ sent, sentAt, threading }: Sent) => sql`provider_message_id = ${sent.messageId},
    provider_thread_id = ${sent.threadId}, threading = ${threading}, sent_at = ${sentAt}, ${over}, ${noFailure}`,
  edited: ({
    content,
  }: Edited) => sql`revision = revision + 1, written_at = now(), "to" = ${content.to}, cc = ${content.cc},
    bcc = ${content.bcc}, reply_to = ${content.replyTo}, subject = ${content.subject}, body_text = ${content.bodyText},
    body_html = ${content.bodyHtml}, next_attempt_at = NULL, ${noFailure}`,
};

const EMAIL: JobSubject = { organizationId: sql`email.organization_id`, outboundEmailId: sql`email.id` };
const ACCOUNT: JobSubject = { organizationId: sql`email.organization_id`, accountId: sql`email.account_id` };
/** As a duration, because the queue uses the database's clock, and `next_attempt_at` that of the process. */
const WHEN_DUE = { runAt: sql`now() + (email.next_attempt_at - email.updated_at)` };

export const jobs = {
  deliverNow: addJob('deliver', EMAIL),
  deliverWhenDue: addJob('deliver', EMAIL, WHEN_DUE),
  deliverAsPlanned: addJob('deliver', EMAIL, { runAt: sql`email.planned_send_at` }),
  /** It deletes the Gmail drafts that earlier attempts may have left behind. */
  fetchSentCopyIfRepeated: sql`CASE WHEN email.attempts > 1 THEN ${addJob('fetch-sent-copy', EMAIL)} END`,
  /** The process that decides delivers at once. The job is for the case that it dies, and must not overtake it. */
  deliverSoon: addJob('deliver', EMAIL, { runAt: sql`now() + interval '5 s'` }),
  noDeliver: removeJob('deliver', sql`email.id`),
  reconcileWhenDue: addJob('reconcile', EMAIL, WHEN_DUE),
  noReconcile: removeJob('reconcile', sql`email.id`),
  grantPermitsWhenDue: addJob('grant-permits', ACCOUNT, { ...WHEN_DUE, preserveRunAt: true }),
};

const giveBack = sql`return_permit(email.organization_id, email.account_id)`;

export const permits = {
  /** Returns a `PermitResult` as `permit`. */
  take(lane: Lane, rateLimit: RateLimit): Fragment {
    const permit = takePermit(sql`email.organization_id`, sql`email.account_id`, sql`${lane}`, rateLimit);
    return sql`(SELECT to_json(s) FROM (SELECT ${PERMIT_COLUMNS} FROM ${permit}) s) AS permit`;
  },
  /** Returns the permit of an email that did not leave. */
  giveBack,
  giveBackIf: (hasPermit: boolean) => sql`CASE WHEN ${hasPermit} THEN ${giveBack} END`,
  /** Returns the permit of a QUEUED email: one that was granted while it waited, or that of the process that holds its lease. */
  giveBackHeld: sql`CASE WHEN email.old_status = 'QUEUED' AND (email.old_permit = 'GRANTED' OR email.old_lease_token IS NOT NULL)
    THEN ${giveBack} END`,
};

/** The contexts of the email were contacted. */
export const CONTACTED = sql`(SELECT note_contact(email.organization_id, array_agg(l.context_type), array_agg(l.context_id),
      email.sent_at, NULL)
    FROM outbound_email_context l WHERE l.organization_id = email.organization_id AND l.outbound_email_id = email.id)`;

export const updates = {
  /** Gmail keeps a copy of an email that it did not send. That copy does not count as a contact. */
  noSentCopy: sql`UPDATE email_message m SET outbound_email_id = NULL, is_automatic = true FROM email
    WHERE m.organization_id = email.organization_id AND m.outbound_email_id = email.id`,
  /** It was sent before it was known to be: retention may have passed that time already. */
  expireAgain: sql`UPDATE retention r SET emails_until = email.sent_at FROM email
    WHERE r.organization_id = email.organization_id AND r.emails_until > email.sent_at`,
};
