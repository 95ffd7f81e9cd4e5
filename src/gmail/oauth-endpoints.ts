/**
 * Google's OAuth endpoints: the consent page, the token endpoint, revocation. The forms of the requests are written here,
 * because the library's own revocation puts the token into the query string and its service accounts know no other token
 * endpoint than Google's. Nothing here logs, and no error holds a token.
 */
import { sign } from 'node:crypto';
import { z } from 'zod';
import { GmailError, reasonWord } from './errors.ts';
import { readFailure } from './failure.ts';
import { createTransporter } from './transporter.ts';

const SCOPE_PREFIX = 'https://www.googleapis.com/auth/';
/** Reads, composes, sends and labels; deletes no message for good. The only one that is asked for. */
export const GMAIL_SCOPE = `${SCOPE_PREFIX}gmail.modify`;
/** More than is asked for, and enough. */
const FULL_ACCESS_SCOPE = 'https://mail.google.com/';

/** Of one request with its repeat. Its answer takes some 100 ms; what waits for it is a send. */
const MAX_TIMEOUT_MS = 10_000;
/** With less time left a request is not made again. */
const MIN_ATTEMPT_MS = 100;
const ASSERTION_LIFETIME_S = 3_600;
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** A key of the operator's service account, which the Workspace's administrator trusts for all of its mailboxes. */
export interface ServiceAccount {
  readonly clientEmail: string;
  /** PEM. */
  readonly privateKey: string;
  readonly privateKeyId: string;
}

export interface FetchedToken {
  readonly accessToken: string;
  /** 0 when Google does not say. */
  readonly lifetimeMs: number;
}

/** What an owner's consent came to. */
export interface Consent extends FetchedToken {
  /** Null: Google gives none at a repeated consent that did not ask for it. */
  readonly refreshToken: string | null;
  /** Whether the mailbox may be read and sent from: an owner can untick what was asked for. */
  readonly allowsGmail: boolean;
}

/** What access tokens are asked for with. */
export type TokenRequest =
  | { readonly kind: 'refresh'; readonly refreshToken: string }
  | { readonly kind: 'assertion'; readonly subject: string };

export interface OAuthEndpoints {
  /** Whether there is an OAuth client that owners can consent to; otherwise there is a service account only. */
  readonly hasClient: boolean;
  /**
   * Where the browser goes to consent.
   * @param request.loginHint the address that the page shall offer. Null: the owner chooses.
   * @throws {GmailError} when there is no OAuth client.
   */
  authorizationUrl(request: {
    readonly redirectUri: string;
    readonly state: string;
    readonly codeChallenge: string;
    readonly loginHint: string | null;
  }): string;
  /**
   * What the code of the browser stands for. Made once: a code works once.
   * @throws {GmailError} `rejected` with Google's reason (`invalid_grant`: expired or used), else `unreachable`.
   */
  exchange(code: {
    readonly code: string;
    readonly codeVerifier: string;
    readonly redirectUri: string;
  }): Promise<Consent>;
  /** @throws {GmailError} `reauth` when the grant is gone (only `invalid_grant` says so), else `unreachable`. */
  fetchToken(request: TokenRequest): Promise<FetchedToken>;
  /** Ends the grant of a token, and its owner's other grants to this client. @returns whether Google says it is over. */
  revoke(token: string): Promise<boolean>;
}

const TokenAnswer = z.object({
  access_token: z.string().min(1),
  /** Seconds. */
  expires_in: z.number().nonnegative().optional().catch(undefined),
  refresh_token: z.string().min(1).optional(),
  scope: z.string().optional(),
});

/**
 * @param options.baseUrl one origin that serves every endpoint, null for Google's own.
 * @param options.clientId null: there is no OAuth client, and nobody can consent.
 * @param options.serviceAccount null: there is none, and no mailbox is delegated.
 * @param options.timeoutMs of one request, 10 s at most.
 */
export function createOAuthEndpoints(options: {
  readonly baseUrl: string | null;
  readonly clientId: string | null;
  readonly clientSecret: string | null;
  readonly serviceAccount: ServiceAccount | null;
  readonly timeoutMs: number;
  readonly now: () => Date;
}): OAuthEndpoints {
  const { baseUrl, clientId, clientSecret, serviceAccount } = options;
  const client = clientId === null || clientSecret === null ? null : { id: clientId, secret: clientSecret };
  const url = (google: string, path: string) => (baseUrl === null ? google : new URL(path, baseUrl).href);
  const authUrl = url('https://accounts.google.com/o/oauth2/v2/auth', '/o/oauth2/v2/auth');
  const tokenUrl = url('https://oauth2.googleapis.com/token', '/oauth2/token');
  const revokeUrl = url('https://oauth2.googleapis.com/revoke', '/oauth2/revoke');
  const timeoutMs = Math.min(options.timeoutMs, MAX_TIMEOUT_MS);
  const transporter = createTransporter();

  async function postOnce(endpoint: string, form: Record<string, string>, timeLeftMs: number): Promise<unknown> {
    const { data } = await transporter.request<unknown>({
      url: endpoint,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      data: new URLSearchParams(form).toString(),
      responseType: 'json',
      // Not the client's own repeats: it would make one with the signal of the first, and an aborted one ends the process.
      retry: false,
      signal: AbortSignal.timeout(timeLeftMs),
    });
    return data;
  }

  /** For what has no effect that a second request could double: made again when it went wrong, in what time is left. */
  async function post(endpoint: string, form: Record<string, string>): Promise<unknown> {
    const deadline = performance.now() + timeoutMs;
    try {
      return await postOnce(endpoint, form, timeoutMs);
    } catch (error) {
      const timeLeftMs = Math.floor(deadline - performance.now());
      const { status } = readFailure(error);
      if (timeLeftMs < MIN_ATTEMPT_MS || (status !== null && status < 500)) throw error;
      return postOnce(endpoint, form, timeLeftMs);
    }
  }

  function assertion(subject: string): string {
    if (serviceAccount === null) throw tokenError('unreachable', null, 'no_service_account');
    const { clientEmail, privateKey, privateKeyId } = serviceAccount;
    const iat = Math.floor(options.now().getTime() / 1_000);
    const claims = {
      iss: clientEmail,
      sub: subject,
      scope: GMAIL_SCOPE,
      aud: tokenUrl,
      iat,
      exp: iat + ASSERTION_LIFETIME_S,
    };
    const signed = [{ alg: 'RS256', typ: 'JWT', kid: privateKeyId }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`;
  }

  /** The operator may have taken the client away since a mailbox was connected with it. */
  function credentials(kind: 'rejected' | 'unreachable') {
    if (client === null) throw tokenError(kind, null, 'no_oauth_client');
    return { client_id: client.id, client_secret: client.secret };
  }

  return {
    hasClient: client !== null,

    authorizationUrl({ redirectUri, state, codeChallenge, loginHint }) {
      const address = new URL(authUrl);
      const parameters = {
        client_id: credentials('rejected').client_id,
        redirect_uri: redirectUri,
        response_type: 'code',
        scope: GMAIL_SCOPE,
        // Without both there is a refresh token at the first consent only.
        access_type: 'offline',
        prompt: 'consent',
        state,
        code_challenge: codeChallenge,
        code_challenge_method: 'S256',
        ...(loginHint === null ? {} : { login_hint: loginHint }),
      };
      address.search = new URLSearchParams(parameters).toString();
      return address.href;
    },

    async exchange({ code, codeVerifier, redirectUri }) {
      const form = {
        grant_type: 'authorization_code',
        code,
        code_verifier: codeVerifier,
        redirect_uri: redirectUri,
        ...credentials('rejected'),
      };
      const data = await postOnce(tokenUrl, form, timeoutMs).catch((error: unknown) => {
        throw toExchangeError(error);
      });
      const answer = parseAnswer(data);
      // RFC 6749 section 5.1: left out, it is what was asked for.
      const scopes = (answer.scope ?? GMAIL_SCOPE).split(' ');
      return {
        ...toFetched(answer),
        refreshToken: answer.refresh_token ?? null,
        allowsGmail: scopes.includes(GMAIL_SCOPE) || scopes.includes(FULL_ACCESS_SCOPE),
      };
    },

    async fetchToken(request) {
      const form: Record<string, string> =
        request.kind === 'assertion'
          ? { grant_type: JWT_BEARER, assertion: assertion(request.subject) }
          : {
              grant_type: 'refresh_token',
              refresh_token: request.refreshToken,
              ...credentials('unreachable'),
            };
      const data = await post(tokenUrl, form).catch((error: unknown) => {
        throw toTokenError(error);
      });
      return toFetched(parseAnswer(data));
    },

    async revoke(token) {
      try {
        await post(revokeUrl, { token });
        return true;
      } catch (error) {
        const { status, oauthCode } = readOAuthFailure(error);
        return status === 400 && oauthCode === 'invalid_token';
      }
    },
  };
}

function parseAnswer(data: unknown): z.infer<typeof TokenAnswer> {
  const parsed = TokenAnswer.safeParse(data);
  if (!parsed.success) throw tokenError('unreachable', 200, 'broken-answer');
  return parsed.data;
}

function toFetched({ access_token, expires_in = 0 }: z.infer<typeof TokenAnswer>): FetchedToken {
  return { accessToken: access_token, lifetimeMs: expires_in * 1_000 };
}

/** RFC 6749 section 5.2. The description is never passed on: it is text, and may name the account. */
const OAuthErrorBody = z.object({ error: z.string(), error_description: z.string().catch('') });

function readOAuthFailure(error: unknown) {
  const { status, code, body } = readFailure(error);
  const parsed = OAuthErrorBody.safeParse(body).data;
  const oauthCode = reasonWord(parsed?.error ?? null);
  const reason = oauthCode ?? reasonWord(code) ?? (status === null ? 'unexpected' : `http-${status}`);
  return { status, oauthCode, reason, description: parsed?.error_description ?? '' };
}

function toTokenError(error: unknown): GmailError {
  if (error instanceof GmailError) return error;
  const { status, oauthCode, reason, description } = readOAuthFailure(error);
  // Of a service account's assertion: its key, or this machine's clock. The grant itself may be as good as ever.
  if (/^invalid jwt/i.test(description)) return tokenError('unreachable', status, 'invalid_jwt');
  return tokenError(status === 400 && oauthCode === 'invalid_grant' ? 'reauth' : 'unreachable', status, reason);
}

function toExchangeError(error: unknown): GmailError {
  const { status, oauthCode, reason } = readOAuthFailure(error);
  const isRefused = status !== null && status >= 400 && status < 500 && oauthCode !== null;
  return tokenError(isRefused ? 'rejected' : 'unreachable', status, reason);
}

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
