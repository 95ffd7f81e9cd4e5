/**
 * The failure policy: one table from Gmail's kind of failure to the next state of the email. The gateway classifies, this policy decides,
 * and the queue waits.
 */
import type { RetryAdvice } from '#generated/prisma/enums.ts';
import { backoffMs, RETRY_PAUSE } from '../config/timing.ts';
import type { GmailError, GmailErrorKind } from '../gmail/errors.ts';
import type { Deferred, Failure, FailureCode } from './transition-parts.ts';

export type ClassifiedFailure =
  /** It did not leave and never will as it is. */
  | { readonly kind: 'refused'; readonly failure: Failure }
  /** It did not leave, and the same Gmail draft may be used later. */
  | { readonly kind: 'deferred'; readonly failure: Failure; readonly nextAttemptAt: Date }
  /** It did not leave, and its account sends nothing for `pauseMs`. Null: Gmail does not say for how long. */
  | { readonly kind: 'blocked'; readonly failure: Failure; readonly code: BlockCode; readonly pauseMs: number | null }
  /** It may have left. */
  | { readonly kind: 'unconfirmed'; readonly failure: Failure };

type BlockCode = 'THROTTLED' | 'DAILY_LIMIT';

/** At the stage `draft` nothing can have left: `createDraft` never sends. */
export type Stage = 'draft' | 'sending';

/** Deferrals before a temporary failure becomes final. With the backoff below, that is about a day. */
const MAX_DEFERRALS = 56;
/** Gmail says only that its daily limit lasts for hours. */
export const DAILY_LIMIT_PAUSE_MS = 4 * 3_600_000;
const REAUTH_PAUSE_MS = 900_000;

interface Rule {
  readonly code: FailureCode;
  /** Whether the same email may leave later. `limited`: up to `MAX_DEFERRALS` times. */
  readonly again: 'never' | 'limited' | 'always';
  readonly retry: RetryAdvice;
}

const REFUSED: Rule = { code: 'REJECTED', again: 'never', retry: 'NEVER' };
const LATER: Rule = { code: 'UNREACHABLE', again: 'limited', retry: 'AFTER' };

const RULES: Record<Exclude<GmailErrorKind, 'rate-limited' | 'daily-limit'>, Rule> = {
  rejected: REFUSED,
  'too-large': REFUSED,
  'not-found': REFUSED,
  'thread-not-found': REFUSED,
  forbidden: { code: 'FORBIDDEN', again: 'never', retry: 'AFTER' },
  unavailable: { code: 'MAIL_SERVICE_OFF', again: 'never', retry: 'AFTER' },
  reauth: { code: 'NEEDS_REAUTH', again: 'always', retry: 'AFTER' },
  unauthorized: { code: 'UNAUTHORIZED', again: 'limited', retry: 'AFTER' },
  unreachable: LATER,
  unknown: LATER,
};

/** Connecting an account makes its waiting emails due. In case that was missed, they are checked after this time. */
export const NOT_ACTIVE_PAUSE_MS = 600_000;

/** The change of an email that waits until its account is connected again or resumed. */
export function untilAccountActive(message: string, at: Date): Deferred {
  const nextAttemptAt = new Date(at.getTime() + NOT_ACTIVE_PAUSE_MS);
  const code = 'ACCOUNT_NOT_ACTIVE';
  const failure = { code, message, retry: 'AFTER', providerStatus: null } as const;
  return { at, nextAttemptAt, failure, detail: { nextAttemptAt, code } };
}

/** @param deferrals how often it was deferred since a person last requested it. */
export function classify(error: GmailError, stage: Stage, deferrals: number, now: Date): ClassifiedFailure {
  const providerStatus = error.status;
  if (stage === 'sending' && error.outcome === 'unknown') {
    const message = `Gmail's answer to the sending was lost (${error.reason}): it may have been sent.`;
    return { kind: 'unconfirmed', failure: { code: 'OUTCOME_UNKNOWN', message, retry: 'CHECK_FIRST', providerStatus } };
  }
  const retryInMs = error.retryAt === null ? 0 : error.retryAt.getTime() - now.getTime();
  if (error.kind === 'rate-limited' || error.kind === 'daily-limit') {
    const code = error.kind === 'rate-limited' ? 'THROTTLED' : 'DAILY_LIMIT';
    const unknownPauseMs = code === 'THROTTLED' ? null : DAILY_LIMIT_PAUSE_MS;
    const failure: Failure = { code, message: error.message, retry: 'AFTER', providerStatus };
    return { kind: 'blocked', failure, code, pauseMs: retryInMs > 0 ? retryInMs : unknownPauseMs };
  }
  const rule = RULES[error.kind];
  const failure = { code: rule.code, message: error.message, retry: rule.retry, providerStatus };
  if (rule.again === 'never' || (rule.again === 'limited' && deferrals >= MAX_DEFERRALS)) {
    return { kind: 'refused', failure };
  }
  const pauseMs = error.kind === 'reauth' ? REAUTH_PAUSE_MS : Math.max(retryInMs, backoffMs(deferrals, RETRY_PAUSE));
  return { kind: 'deferred', failure, nextAttemptAt: new Date(now.getTime() + pauseMs) };
}
