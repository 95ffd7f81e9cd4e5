/** Responses of Google's token and revocation endpoints (RFC 6749 section 5). Errors contain no token. */
import { z } from 'zod';
import { type GmailError, reasonWord, tokenError } from './errors.ts';

export interface FetchedToken {
  readonly accessToken: string;
  /** 0 when Google does not say. */
  readonly lifetimeMs: number;
}

const TokenAnswer = z.object({
  access_token: z.string().min(1),
  /** Seconds. */
  expires_in: z.number().nonnegative().optional().catch(undefined),
  refresh_token: z.string().min(1).optional(),
  scope: z.string().optional(),
});

/** An answer, or the reason why there is none. */
export interface Reply {
  /** HTTP status, null without an answer. */
  readonly status: number | null;
  readonly code: string | null;
  /** Parsed JSON, undefined when it is not JSON. */
  readonly body: unknown;
}

export function isSuccess({ status }: Reply): boolean {
  return status !== null && status >= 200 && status < 300;
}

export function parseReply(reply: Reply, toError: (reply: Reply) => GmailError): z.infer<typeof TokenAnswer> {
  if (!isSuccess(reply)) throw toError(reply);
  const parsed = TokenAnswer.safeParse(reply.body);
  if (!parsed.success) throw tokenError('unreachable', reply.status, 'broken-answer');
  return parsed.data;
}

export function toFetched({ access_token, expires_in = 0 }: z.infer<typeof TokenAnswer>): FetchedToken {
  return { accessToken: access_token, lifetimeMs: expires_in * 1_000 };
}

/** RFC 6749 section 5.2. The description is not used, because it is text and may name the account. */
const OAuthErrorBody = z.object({ error: z.string(), error_description: z.string().catch('') });

export function readFailure({ status, code, body }: Reply) {
  const parsed = OAuthErrorBody.safeParse(body).data;
  const oauthCode = reasonWord(parsed?.error ?? null);
  const reason = oauthCode ?? reasonWord(code) ?? (status === null ? 'unexpected' : `http-${status}`);
  return { oauthCode, reason, description: parsed?.error_description ?? '' };
}

export function toTokenError(reply: Reply): GmailError {
  const { status } = reply;
  const { oauthCode, reason, description } = readFailure(reply);
  // Google refused the service account's assertion: its key or this machine's clock is wrong. The grant may still be valid.
  if (/^invalid jwt/i.test(description)) return tokenError('unreachable', status, 'invalid_jwt');
  return tokenError(status === 400 && oauthCode === 'invalid_grant' ? 'reauth' : 'unreachable', status, reason);
}

export function toExchangeError(reply: Reply): GmailError {
  const { status } = reply;
  const { oauthCode, reason } = readFailure(reply);
  const isRefused = status !== null && status >= 400 && status < 500 && oauthCode !== null;
  return tokenError(isRefused ? 'rejected' : 'unreachable', status, reason);
}
