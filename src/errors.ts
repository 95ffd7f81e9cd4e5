/**
 * What a caller can act on. Each class has a GraphQL type of the same name in `schema/errors.ts` (a test walks both);
 * everything else that is thrown is a bug or the weather, and is masked.
 */
import type { OutboundEmailStatus, RetryAdvice } from '#generated/prisma/enums.ts';

export type ErrorCode =
  | 'INVALID_INPUT'
  | 'NOT_FOUND'
  | 'IDEMPOTENCY_CONFLICT'
  | 'ACCOUNT_NOT_READY'
  | 'REPLY_NOT_POSSIBLE'
  | 'DRAFT_CONFLICT'
  | 'SEND_REJECTED'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'RATE_LIMITED'
  | 'MAILBOX_UNAVAILABLE'
  | 'INVALID_STATE'
  | 'PROVIDER_ERROR'
  | 'SERVICE_UNAVAILABLE';

export abstract class DomainError extends Error {
  abstract readonly code: ErrorCode;
  abstract readonly retry: RetryAdvice;
}

/** One thing that is wrong with the input. `path` is dotted from the argument on: `input.fresh.to.1`. */
export interface InputIssue {
  readonly path: string;
  readonly message: string;
}

/** Carries every issue of the input, not the first. */
export class InvalidInputError extends DomainError {
  readonly code = 'INVALID_INPUT';
  readonly retry = 'NEVER';
  readonly issues: readonly InputIssue[];
  constructor(issues: readonly InputIssue[]) {
    super(issues.map((issue) => `${issue.path}: ${issue.message}`).join(' '));
    this.issues = issues;
  }
}

/** It does not exist, or it is another organization's. */
export class NotFoundError extends DomainError {
  readonly code = 'NOT_FOUND';
  readonly retry = 'NEVER';
  readonly entity: string;
  readonly uid: string;
  constructor(entity: string, uid: string) {
    super(`There is no ${entity} ${uid}.`);
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
      `This idempotencyKey belongs to another request; they differ in ${differingFields.join(', ')}. Nothing was sent.`,
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
  NO_MESSAGE_ID: 'The message has no Message-ID, so a reply could not refer to it.',
  NO_PROVIDER_THREAD: 'The conversation has no Gmail thread to reply in.',
  NO_OWNER_ACCOUNT: 'The conversation belongs to no connected account.',
};

export class ReplyNotPossibleError extends DomainError {
  readonly code = 'REPLY_NOT_POSSIBLE';
  readonly retry = 'NEVER';
  readonly reason: ReplyNotPossibleReason;
  constructor(reason: ReplyNotPossibleReason) {
    super(REPLY_NOT_POSSIBLE[reason]);
    this.reason = reason;
  }
}

export class DraftConflictError extends DomainError {
  readonly code = 'DRAFT_CONFLICT';
  readonly retry = 'NEVER';
  /** Null when it is no longer a draft. */
  readonly currentId: string | null;
  constructor(currentId: string | null, message: string) {
    super(message);
    this.currentId = currentId;
  }
}

/** Gmail refused the email before accepting it: nothing was sent. */
export class SendRejectedError extends DomainError {
  readonly code = 'SEND_REJECTED';
  readonly retry: RetryAdvice;
  readonly outboundEmailId: string;
  readonly providerStatus: number;
  readonly providerReason: string;
  constructor(outboundEmailId: string, rejection: { status: number; reason: string; retry: RetryAdvice }) {
    super(`Gmail refused the email: ${rejection.status} ${rejection.reason}. Nothing was sent.`);
    this.outboundEmailId = outboundEmailId;
    this.providerStatus = rejection.status;
    this.providerReason = rejection.reason;
    this.retry = rejection.retry;
  }
}

export class InvalidStateError extends DomainError {
  readonly code = 'INVALID_STATE';
  readonly retry = 'NEVER';
  readonly status: OutboundEmailStatus;
  constructor(status: OutboundEmailStatus, message: string) {
    super(message);
    this.status = status;
  }
}

/** Gmail cannot be read now; Epistle tries again by itself. */
export class SyncNotPossibleError extends DomainError {
  readonly code = 'MAILBOX_UNAVAILABLE';
  readonly retry = 'AFTER';
  readonly accountId: string;
  readonly reason: string;
  /** Null when Gmail does not say. */
  readonly retryAt: Date | null;
  constructor(accountId: string, failure: { readonly reason: string; readonly retryAt: Date | null }) {
    super(`The mailbox cannot be read now (${failure.reason}). Epistle tries again by itself.`);
    this.accountId = accountId;
    this.reason = failure.reason;
    this.retryAt = failure.retryAt;
  }
}

/** Gmail did not do what was asked of it: nothing has changed. Not for sending, see `SendRejectedError`. */
export class ProviderError extends DomainError {
  readonly code = 'PROVIDER_ERROR';
  readonly retry: RetryAdvice;
  /** HTTP status of its answer; 0 when none came. */
  readonly providerStatus: number;
  readonly providerReason: string;
  constructor(answer: { status: number; reason: string; retry: RetryAdvice }) {
    super(`Gmail did not do it: ${answer.status} ${answer.reason}. Nothing was changed.`);
    this.providerStatus = answer.status;
    this.providerReason = answer.reason;
    this.retry = answer.retry;
  }
}
