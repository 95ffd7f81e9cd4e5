/**
 * Errors that a caller can act on. Each class has a GraphQL type of the same name in `schema/errors.ts` (a test compares both).
 * Any other thrown error is a bug or an infrastructure failure, and is masked.
 */
import type { OutboundEmailStatus, RetryAdvice } from '#generated/prisma/enums.ts';

/** Every code of an error, as data and as `extensions.code` of a GraphQL error. */
export const ERROR_CODES = [
  'INVALID_INPUT',
  'NOT_FOUND',
  'IDEMPOTENCY_CONFLICT',
  'ACCOUNT_NOT_READY',
  'REPLY_NOT_POSSIBLE',
  'DRAFT_CONFLICT',
  'SEND_REJECTED',
  'UNRESOLVED_TOKENS',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'SYNC_NOT_POSSIBLE',
  'INVALID_STATE',
  'PROVIDER_ERROR',
  'SERVICE_UNAVAILABLE',
  'INTERNAL_SERVER_ERROR',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export abstract class DomainError extends Error {
  abstract readonly code: ErrorCode;
  abstract readonly retry: RetryAdvice;
}

/** One problem of the input. `path` is dotted and starts with the argument: `input.fresh.to.1`. */
export interface InputIssue {
  readonly path: string;
  readonly message: string;
}

/** One token that cannot be replaced by a value. */
export interface TokenProblem {
  /** As a reader sees it in the text: `{invoice_number}`. */
  readonly token: string;
  readonly kind: TokenProblemKind;
  /** For people. */
  readonly message: string;
  /** `subject`, `bodyText` or `bodyHtml`. */
  readonly field: string;
  /** Where the token starts in the field, in UTF-16 code units. */
  readonly offset: number;
  /** Of the token in the field, in UTF-16 code units. */
  readonly length: number;
}

export type TokenProblemKind = 'UNKNOWN' | 'NO_VALUE' | 'FORBIDDEN_PLACE' | 'UNFILLED' | 'SPLIT';

/** Of an InvalidInputError. */
export const MAX_ISSUES = 100;

/** Has every issue of the input. Of more than 100, it has the first 100 and counts the others. */
export class InvalidInputError extends DomainError {
  readonly code = 'INVALID_INPUT';
  readonly retry = 'NEVER';
  readonly issues: readonly InputIssue[];
  constructor(issues: readonly InputIssue[]) {
    const reported = issues.slice(0, MAX_ISSUES);
    const told = reported.map(({ path, message }) => `${path}: ${message}`);
    super([...told, ...(issues.length > MAX_ISSUES ? [`And ${issues.length - MAX_ISSUES} more.`] : [])].join(' '));
    this.issues = reported;
  }
}

/** It does not exist, or belongs to another organization. */
export class NotFoundError extends DomainError {
  readonly code = 'NOT_FOUND';
  readonly retry = 'NEVER';
  readonly entity: string;
  /** Null when it was not looked up by its uid. */
  readonly uid: string | null;
  /** @param name by which it was looked up, if not by its uid. */
  constructor(entity: string, uid: string | null, name: string | null = null) {
    super(`${entity} ${uid ?? JSON.stringify(name)} was not found.`);
    this.entity = entity;
    this.uid = uid;
  }
}

export class IdempotencyConflictError extends DomainError {
  readonly code = 'IDEMPOTENCY_CONFLICT';
  readonly retry = 'NEVER';
  readonly existingId: string;
  readonly differingFields: readonly string[];
  constructor(existingId: string, differingFields: readonly string[]) {
    super(
      `This idempotencyKey was used for a different request. The requests differ in ${differingFields.join(', ')}. Nothing was sent.`,
    );
    this.existingId = existingId;
    this.differingFields = differingFields;
  }
}

export class AccountNotReadyError extends DomainError {
  readonly code = 'ACCOUNT_NOT_READY';
  readonly retry = 'AFTER';
  readonly accountId: string;
  constructor(accountId: string, status: string) {
    super(`The account is ${status}, not ACTIVE. Nothing was sent or changed.`);
    this.accountId = accountId;
  }
}

export type ReplyNotPossibleReason = 'NO_MESSAGE_ID' | 'NO_PROVIDER_THREAD' | 'NO_OWNER_ACCOUNT';

const REPLY_NOT_POSSIBLE: Record<ReplyNotPossibleReason, string> = {
  NO_MESSAGE_ID:
    'The message has no Message-ID, or the sent copy of the email to follow up was deleted in Gmail. Send a new email.',
  NO_PROVIDER_THREAD: 'The conversation has no Gmail thread to reply in.',
  NO_OWNER_ACCOUNT: 'The account of the conversation is not connected. Connect it, then repeat the request.',
};

export class ReplyNotPossibleError extends DomainError {
  readonly code = 'REPLY_NOT_POSSIBLE';
  readonly retry: RetryAdvice;
  readonly reason: ReplyNotPossibleReason;
  constructor(reason: ReplyNotPossibleReason) {
    super(REPLY_NOT_POSSIBLE[reason]);
    this.retry = reason === 'NO_OWNER_ACCOUNT' ? 'AFTER' : 'NEVER';
    this.reason = reason;
  }
}

export class DraftConflictError extends DomainError {
  readonly code = 'DRAFT_CONFLICT';
  readonly retry = 'NEVER';
  /** Null when it is not a draft any more. */
  readonly currentId: string | null;
  constructor(currentId: string | null, message: string) {
    super(message);
    this.currentId = currentId;
  }
}

/** The email was refused, by Gmail or before Gmail was asked. Nothing was sent. */
export class SendRejectedError extends DomainError {
  readonly code = 'SEND_REJECTED';
  readonly retry: RetryAdvice;
  readonly outboundEmailId: string;
  /** HTTP status of its answer; 0 when Gmail was not asked. */
  readonly providerStatus: number;
  readonly providerReason: string;
  constructor(outboundEmailId: string, rejection: { status: number; reason: string; retry: RetryAdvice }) {
    const reason = rejection.reason.replace(/\.$/, '');
    super(
      rejection.status === 0
        ? `The email was not sent: ${reason}.`
        : `Gmail refused the email: ${rejection.status} ${reason}. Nothing was sent.`,
    );
    this.outboundEmailId = outboundEmailId;
    this.providerStatus = rejection.status;
    this.providerReason = rejection.reason;
    this.retry = rejection.retry;
  }
}

/** The email still contains tokens. Nothing was sent or stored. */
export class UnresolvedTokensError extends DomainError {
  readonly code = 'UNRESOLVED_TOKENS';
  readonly retry: RetryAdvice;
  readonly problems: readonly TokenProblem[];
  /** @param retry AFTER when the same request can succeed once a template, a draft or the values are changed. */
  constructor(problems: readonly TokenProblem[], retry: 'AFTER' | 'NEVER') {
    const named = [...new Set(problems.map(({ token }) => token))].slice(0, 10).join(', ');
    super(
      `The email still contains tokens: ${named}. Nothing was sent or stored. \`sendEmail\` with allowUnresolved sends it as it is.`,
    );
    this.problems = problems;
    this.retry = retry;
  }
}

export class InvalidStateError extends DomainError {
  readonly code = 'INVALID_STATE';
  readonly retry: RetryAdvice;
  readonly status: OutboundEmailStatus;
  constructor(status: OutboundEmailStatus, message: string, retry: RetryAdvice = 'NEVER') {
    super(message);
    this.status = status;
    this.retry = retry;
  }
}

/** The mailbox cannot be read now. Epistle retries by itself. */
export class SyncNotPossibleError extends DomainError {
  readonly code = 'SYNC_NOT_POSSIBLE';
  readonly retry = 'AFTER';
  readonly accountId: string;
  readonly reason: string;
  /** Null when Gmail does not say. */
  readonly retryAt: Date | null;
  constructor(accountId: string, failure: { readonly reason: string; readonly retryAt: Date | null }) {
    super(`The mailbox cannot be read now (${failure.reason}). Epistle retries by itself.`);
    this.accountId = accountId;
    this.reason = failure.reason;
    this.retryAt = failure.retryAt;
  }
}

/** A call to Gmail failed that sends nothing. A failure to send is a `SendRejectedError`. */
export class ProviderError extends DomainError {
  readonly code = 'PROVIDER_ERROR';
  readonly retry: RetryAdvice;
  /** HTTP status of its answer; 0 without an answer. */
  readonly providerStatus: number;
  readonly providerReason: string;
  constructor(answer: { status: number; reason: string; retry: RetryAdvice }) {
    super(`The call to Gmail failed: ${answer.status} ${answer.reason}.`);
    this.providerStatus = answer.status;
    this.providerReason = answer.reason;
    this.retry = answer.retry;
  }
}
