import { OAuth2Client } from 'google-auth-library';
import { z } from 'zod';
import { GmailError, reasonWord } from './errors.ts';
import { readFailure } from './failure.ts';

/** A token is renewed this long before it ends, so that it outlives the call that it is fetched for. */
const EXPIRY_MARGIN_MS = 60_000;
const MAX_CACHED_TOKENS = 10_000;

export interface TokenSource {
  /**
   * A valid access token for a mailbox, from memory while it lasts.
   * @param options.refresh the token handed out last was refused: fetch another.
   * @throws {GmailError} `reauth` when the grant is gone (only `invalid_grant` says so), else `unreachable`: the mail
   * that the token was for has not been sent.
   */
  accessToken(accountId: string, grant: Grant, options?: { readonly refresh?: boolean }): Promise<string>;
}

/** A stored consent. It is opened only when a token is fetched. */
export interface Grant {
  readonly sealed: string;
  /** The refresh token. */
  readonly open: () => string;
}

interface CachedToken {
  /** The grant it came from: an account that was connected anew must not use the token of the old grant. */
  readonly sealed: string;
  readonly accessToken: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

const Credentials = z.object({
  access_token: z.string().min(1),
  /** Milliseconds since 1970, by the client's clock. */
  expiry_date: z.number().optional().catch(undefined),
});

/**
 * Access tokens of every account, at most one request for an account at a time in this process. Nothing here logs, and
 * no error holds a token.
 * @param options.baseUrl one origin that serves `/oauth2/token`, null for Google's own endpoints.
 * @param options.timeoutMs of one request; one that got no answer is made once more.
 */
export function createTokenSource(options: {
  readonly baseUrl: string | null;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly timeoutMs: number;
  readonly now: () => Date;
}): TokenSource {
  /** In order of use, the least recent first. */
  const cache = new Map<string, CachedToken>();
  const inFlight = new Map<string, { readonly sealed: string; readonly token: Promise<string> }>();

  async function fetchToken(accountId: string, { sealed, open }: Grant): Promise<string> {
    const client = createOAuthClient(options);
    client.setCredentials({ refresh_token: open() });
    const answer = await client.refreshAccessToken().catch((error: unknown) => {
      throw toTokenError(error);
    });
    const parsed = Credentials.safeParse(answer.credentials);
    if (!parsed.success) throw tokenError('unreachable', 200, 'broken-answer');
    const { access_token: accessToken, expiry_date: expiryDate } = parsed.data;
    // Without a lifetime the token is used once. The client dates the end by its own clock, so only the span is taken.
    const lifetimeMs = expiryDate === undefined ? 0 : expiryDate - Date.now();
    cache.delete(accountId);
    cache.set(accountId, { sealed, accessToken, expiresAt: options.now().getTime() + lifetimeMs });
    const [oldest] = cache.keys();
    if (cache.size > MAX_CACHED_TOKENS && oldest !== undefined) cache.delete(oldest);
    return accessToken;
  }

  return {
    async accessToken(accountId, grant, { refresh = false } = {}) {
      // A request under way brings a token newer than any handed out, so it serves a refresh as well.
      const current = inFlight.get(accountId);
      if (current?.sealed === grant.sealed) return current.token;

      const cached = cache.get(accountId);
      const isValid = cached?.sealed === grant.sealed && cached.expiresAt - EXPIRY_MARGIN_MS > options.now().getTime();
      if (cached !== undefined && isValid && !refresh) {
        cache.delete(accountId);
        cache.set(accountId, cached);
        return cached.accessToken;
      }

      const flight = { sealed: grant.sealed, token: fetchToken(accountId, grant) };
      inFlight.set(accountId, flight);
      try {
        return await flight.token;
      } finally {
        if (inFlight.get(accountId) === flight) inFlight.delete(accountId);
      }
    },
  };
}

function createOAuthClient(options: {
  readonly baseUrl: string | null;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly timeoutMs: number;
}): OAuth2Client {
  return new OAuth2Client({
    clientId: options.clientId,
    clientSecret: options.clientSecret,
    ...(options.baseUrl === null
      ? {}
      : { endpoints: { oauth2TokenUrl: new URL('/oauth2/token', options.baseUrl).href } }),
    transporterOptions: {
      timeout: options.timeoutMs,
      redirect: 'manual',
      noProxy: ['localhost', '127.0.0.1'],
      // A refresh has no effect that a second one could double.
      retryConfig: { retry: 1, noResponseRetries: 1 },
    },
  });
}

/** RFC 6749 section 5.2. The description is left out: it is text, and may name the account. */
const OAuthErrorBody = z.object({ error: z.string() });

function toTokenError(error: unknown): GmailError {
  const { status, code, body } = readFailure(error);
  const oauthCode = reasonWord(OAuthErrorBody.safeParse(body).data?.error ?? null);
  if (status === 400 && oauthCode === 'invalid_grant') return tokenError('reauth', status, oauthCode);
  return tokenError(
    'unreachable',
    status,
    oauthCode ?? reasonWord(code) ?? (status === null ? 'unexpected' : `http-${status}`),
  );
}

function tokenError(kind: 'reauth' | 'unreachable', status: number | null, reason: string): GmailError {
  const message =
    kind === 'reauth'
      ? 'Google withdrew the permission for this mailbox; its owner must connect it again.'
      : `No access token could be had from Google (${reason}).`;
  return new GmailError({ kind, status, reason, message });
}
