/**
 * What becomes of an email whose delivery failed: one table from Gmail's kind of failure to a decision. The gateway
 * classifies, this decides, the queue waits; nobody sleeps in between.
 */
import type { RetryAdvice } from '#generated/prisma/enums.ts';
import type { GmailError, GmailErrorKind } from '../gmail/errors.ts';
import type { Failure } from './delivery.ts';

export type Verdict =
  /** It did not leave and never will as it is. */
  | { readonly kind: 'refused'; readonly failure: Failure }
  /** It did not leave, and the same ticket may be used later. */
  | { readonly kind: 'deferred'; readonly failure: Failure; readonly nextAttemptAt: Date }
  /** It may have left. */
  | { readonly kind: 'unconfirmed'; readonly failure: Failure };

/** `createDraft` never sends: whatever became of it, the email did not leave. */
export type Stage = 'ticket' | 'sending';

/** Attempts before a failure that could pass becomes final; with the backoff below that is about three hours. */
const MAX_ATTEMPTS = 10;
const FIRST_BACKOFF_MS = 5_000;
const MAX_BACKOFF_MS = 1_800_000;
/** Gmail says "for hours" and no more of its daily limit. */
const DAILY_LIMIT_PAUSE_MS = 4 * 3_600_000;
const REAUTH_PAUSE_MS = 900_000;

interface Rule {
  readonly code: string;
  /** Whether the same email may leave later. `limited`: for so many attempts. */
  readonly again: 'never' | 'limited' | 'always';
  readonly pauseMs?: number;
  readonly retry: RetryAdvice;
}

const REFUSED: Rule = { code: 'REJECTED', again: 'never', retry: 'NEVER' };
const LATER: Rule = { code: 'UNREACHABLE', again: 'limited', retry: 'AFTER' };

const RULES: Record<GmailErrorKind, Rule> = {
  rejected: REFUSED,
  'too-large': REFUSED,
  'not-found': REFUSED,
  'thread-not-found': REFUSED,
  forbidden: { code: 'FORBIDDEN', again: 'never', retry: 'AFTER' },
  unavailable: { code: 'MAIL_SERVICE_OFF', again: 'never', retry: 'AFTER' },
  reauth: { code: 'NEEDS_REAUTH', again: 'always', pauseMs: REAUTH_PAUSE_MS, retry: 'AFTER' },
  'rate-limited': { code: 'THROTTLED', again: 'always', retry: 'AFTER' },
  'daily-limit': { code: 'DAILY_LIMIT', again: 'always', pauseMs: DAILY_LIMIT_PAUSE_MS, retry: 'AFTER' },
  unauthorized: { code: 'UNAUTHORIZED', again: 'limited', retry: 'AFTER' },
  unreachable: LATER,
  unknown: LATER,
};

/** @param attempts how often delivery was begun, this time included; from 1. */
export function judge(error: GmailError, stage: Stage, attempts: number, now: Date): Verdict {
  const providerStatus = error.status;
  if (stage === 'sending' && error.outcome === 'unknown') {
    const message = `Gmail's answer to the sending was lost (${error.reason}): it may have been sent.`;
    return { kind: 'unconfirmed', failure: { code: 'OUTCOME_UNKNOWN', message, retry: 'CHECK_FIRST', providerStatus } };
  }
  const rule = RULES[error.kind];
  const failure = { code: rule.code, message: error.message, retry: rule.retry, providerStatus };
  if (rule.again === 'never' || (rule.again === 'limited' && attempts >= MAX_ATTEMPTS)) {
    return { kind: 'refused', failure };
  }
  const pauseMs = rule.pauseMs ?? backoffMs(attempts);
  const earliest = new Date(now.getTime() + pauseMs);
  const nextAttemptAt = error.retryAt !== null && error.retryAt > now ? error.retryAt : earliest;
  return { kind: 'deferred', failure, nextAttemptAt };
}

/** Truncated exponential, with jitter so that the emails of an outage do not come back together. */
function backoffMs(attempts: number): number {
  const full = Math.min(FIRST_BACKOFF_MS * 2 ** (attempts - 1), MAX_BACKOFF_MS);
  return Math.round(full * (0.75 + Math.random() / 2));
}
