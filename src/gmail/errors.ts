/**
 * The one table from Gmail's status and reason to our error.
 * Sources: "Resolve errors" of the Gmail API guides, and observed bodies of 429 and 403 answers.
 */

import { z } from 'zod';
import { TransportError } from './transport.ts';

export type GmailErrorKind =
  | 'reauth' // the owner must consent again (only `invalid_grant` says so)
  | 'unauthorized' // the access token was refused, after one refresh
  | 'forbidden' // a 403 that is not throttling: scope or policy
  | 'rate-limited' // throttled; see `retryAt`
  | 'daily-limit' // the account's sending limit for the day
  | 'not-found' // the id does not exist in the mailbox
  | 'thread-not-found' // the thread id is foreign, deleted or malformed
  | 'too-large' // 413
  | 'rejected' // any other 4xx: the request itself is wrong
  | 'unavailable' // the mailbox has no mail service; permanent
  // The request was never written: DNS, connect or TLS failed, no token could be fetched, or it was aborted while it waited.
  | 'unreachable'
  | 'unknown'; // timeout, reset, 408, 5xx, a broken answer

/** The first match wins. Without a match, a status below 500 is `rejected`, and any other `unknown`. */
const ANSWERS: readonly { status: number; reason?: RegExp; message?: RegExp; kind: GmailErrorKind }[] = [
  { status: 400, message: /mail service not enabled/i, kind: 'unavailable' },
  { status: 400, message: /invalid thread_?id/i, kind: 'thread-not-found' },
  // Attachment ids change at each read: an old one does not exist any more.
  { status: 400, message: /invalid attachment token/i, kind: 'not-found' },
  { status: 401, kind: 'unauthorized' },
  { status: 403, reason: /^dailyLimitExceeded/, kind: 'daily-limit' },
  { status: 403, reason: /^(?:rateLimit|userRateLimit|concurrentLimit|quota)Exceeded$/, kind: 'rate-limited' },
  { status: 403, kind: 'forbidden' },
  { status: 404, kind: 'not-found' },
  { status: 408, kind: 'unknown' },
  { status: 413, kind: 'too-large' },
  { status: 429, reason: /^dailyLimitExceeded/, kind: 'daily-limit' },
  { status: 429, message: /\(mail sending\)|daily (?:user )?sending limit/i, kind: 'daily-limit' },
  { status: 429, kind: 'rate-limited' },
  { status: 499, kind: 'unknown' },
];

/**
 * Statuses with the same meaning from any server, including Gmail's front end, which answers in HTML. Any other 4xx without Google's
 * JSON envelope may come from a proxy, and proves nothing.
 */
const PLAIN_REFUSALS = new Set([401, 407, 413, 429]);

export class GmailError extends Error {
  readonly kind: GmailErrorKind;
  /** HTTP status, null when there was no answer. */
  readonly status: number | null;
  /** Google's machine-readable reason, or the network error's code. Never contains mail content. */
  readonly reason: string;
  /** When Gmail allows the next try; null when it does not say. */
  readonly retryAt: Date | null;

  constructor(fields: {
    kind: GmailErrorKind;
    status: number | null;
    reason: string;
    message: string;
    retryAt?: Date | null;
  }) {
    super(fields.message);
    this.name = 'GmailError';
    this.kind = fields.kind;
    this.status = fields.status;
    this.reason = fields.reason;
    this.retryAt = fields.retryAt ?? null;
  }

  /** Whether the call may have taken effect: `no` is proof that it did not. */
  get outcome(): 'no' | 'unknown' {
    return this.kind === 'unknown' ? 'unknown' : 'no';
  }
}

/** Google's JSON error envelope; `errors` holds the older kind of reason, `status` the newer one. */
const ErrorBody = z.object({
  error: z.object({
    message: z.string().catch(''),
    status: z.string().optional().catch(undefined),
    errors: z.array(z.object({ reason: z.string().optional() })).catch([]),
  }),
});

/** An answer that is not 2xx. */
export interface Refusal {
  /** HTTP status. */
  readonly status: number;
  /** Parsed JSON, or text. Not trusted. */
  readonly body: unknown;
  /** The Retry-After header. */
  readonly retryAfter: string | null;
}

/** @param now base of a Retry-After in seconds. */
export function refused({ status, body, retryAfter }: Refusal, now: Date): GmailError {
  const googleError = ErrorBody.safeParse(body).data?.error ?? null;
  const message = googleError?.message ?? '';
  const reason = reasonWord(googleError?.errors[0]?.reason ?? googleError?.status ?? null) ?? `http-${status}`;
  return new GmailError({
    kind: googleError !== null || PLAIN_REFUSALS.has(status) ? kindOf(status, reason, message) : 'unknown',
    status,
    reason,
    message: presentable(message) ?? `Gmail answered ${status} (${reason}).`,
    retryAt: retryTime(message, retryAfter, now),
  });
}

/**
 * A call without an answer. The original error is not kept: errors of Google's client contain the whole mail and the token, and have the
 * transport's error as their cause.
 */
export function unanswered(error: unknown): GmailError {
  const cause = error instanceof Error && !(error instanceof TransportError) ? error.cause : error;
  const { code, isNeverWritten } = cause instanceof TransportError ? cause : { code: null, isNeverWritten: false };
  const reason = reasonWord(code) ?? 'unexpected';
  return isNeverWritten
    ? new GmailError({ kind: 'unreachable', status: null, reason, message: `Gmail could not be reached (${reason}).` })
    : new GmailError({ kind: 'unknown', status: null, reason, message: `No answer came from Gmail (${reason}).` });
}

/** A 2xx with an unexpected body: the call may have taken effect. */
export function brokenAnswer(): GmailError {
  const message = 'Gmail accepted the call, but its answer cannot be read.';
  return new GmailError({ kind: 'unknown', status: 200, reason: 'broken-answer', message });
}

/** A call that was aborted while it waited in the queue. */
export function abortedBeforeCall(): GmailError {
  return new GmailError({
    kind: 'unreachable',
    status: null,
    reason: 'aborted',
    message: 'The call was not made: aborted.',
  });
}

function kindOf(status: number, reason: string, message: string): GmailErrorKind {
  const row = ANSWERS.find(
    (answer) =>
      answer.status === status && (answer.reason?.test(reason) ?? true) && (answer.message?.test(message) ?? true),
  );
  return row?.kind ?? (status >= 400 && status < 500 ? 'rejected' : 'unknown');
}

/** A machine-readable code; null for anything that could be text. */
export function reasonWord(value: string | null): string | null {
  return value !== null && /^[\w.-]{1,64}$/.test(value) ? value : null;
}

/**
 * Google's message, which helps ("Invalid To header"), unless it may quote the mail, an address or a token: text in double quotes is
 * removed, and a message with an "@" or an over-long word is not used at all.
 */
function presentable(message: string): string | null {
  const text = message
    .replace(/"[^"]*(?:"|$)/g, '"…"')
    .replace(/\s+/g, ' ')
    .trim();
  const isSafe = text.length > 0 && text.length <= 300 && !/@|\S{41}|\p{Cc}/u.test(text);
  return isSafe ? text : null;
}

/** "Retry after 2026-11-05T01:02:03.000Z" in the message, else the Retry-After header (RFC 9110 section 10.2.3). */
function retryTime(message: string, header: string | null, now: Date): Date | null {
  const stated = /retry after (\d{4}-\d\d-\d\dT[\d:.]+Z)/i.exec(message)?.[1];
  const time = stated ?? (header !== null && /^\d{1,7}$/.test(header) ? now.getTime() + Number(header) * 1000 : header);
  if (time === null) return null;
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? null : date;
}

/** Why no access token could be fetched. @param reason without any text of Google's. */
export function tokenError(
  kind: 'reauth' | 'unreachable' | 'rejected',
  status: number | null,
  reason: string,
): GmailError {
  const messages = {
    reauth: 'Google withdrew the permission for this mailbox; its owner must connect it again.',
    unreachable: `No access token could be had from Google (${reason}).`,
    rejected: `Google refused the authorization code (${reason}).`,
  };
  return new GmailError({ kind, status, reason, message: messages[kind] });
}
