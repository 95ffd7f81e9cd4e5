/**
 * Google's OAuth endpoints: the consent page, the token endpoint, revocation. The requests are built here,
 * because Google's library puts the token into the query string to revoke it, and its service accounts only use Google's own token
 * endpoint. This module does not log, and its errors contain no token.
 */
import { createPrivateKey } from 'node:crypto';
import { SignJWT } from 'jose';
import type { ServiceAccount } from '../config/secrets.ts';
import { tokenError } from './errors.ts';
import {
  type FetchedToken,
  isSuccess,
  parseReply,
  type Reply,
  readFailure,
  toExchangeError,
  toFetched,
  toTokenError,
} from './token-response.ts';
import { createTransport, type ProxyEnvironment, TransportError } from './transport.ts';

const SCOPE_PREFIX = 'https://www.googleapis.com/auth/';
/** Allows reading, composing, sending and labels, but not permanent deletion. The only scope that is requested. */
export const GMAIL_SCOPE = `${SCOPE_PREFIX}gmail.modify`;
/** Includes the requested scope. */
const FULL_ACCESS_SCOPE = 'https://mail.google.com/';

/** Of one request with its repeat. An answer takes some 100 ms, and a send waits for it. */
const MAX_TIMEOUT_MS = 10_000;
/** A request is not repeated with less time left. */
const MIN_ATTEMPT_MS = 100;
const ASSERTION_LIFETIME_S = 3_600;
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** The result of an owner's consent. */
export interface Consent extends FetchedToken {
  /** Null: Google issues none at a repeated consent that did not request it. */
  readonly refreshToken: string | null;
  /** Whether the mailbox may be read and sent from: an owner can untick the requested scope. */
  readonly allowsGmail: boolean;
}

/** The grant for which an access token is requested. */
export type TokenRequest =
  | { readonly kind: 'refresh'; readonly refreshToken: string }
  | { readonly kind: 'assertion'; readonly subject: string };

export interface OAuthEndpoints {
  /** Whether an OAuth client is configured, to which owners can consent. Otherwise there is only a service account. */
  readonly hasClient: boolean;
  /**
   * The URL of the consent page.
   * @param request.loginHint the address that the page offers. Null: the owner chooses.
   * @throws {GmailError} without an OAuth client.
   */
  authorizationUrl(request: {
    readonly redirectUri: string;
    readonly state: string;
    readonly codeChallenge: string;
    readonly loginHint: string | null;
  }): string;
  /**
   * Exchanges the code that the browser brought. Requested once, because a code works once.
   * @throws {GmailError} `rejected` with Google's reason (`invalid_grant`: expired or used), else `unreachable`.
   */
  exchange(code: {
    readonly code: string;
    readonly codeVerifier: string;
    readonly redirectUri: string;
  }): Promise<Consent>;
  /** @throws {GmailError} `reauth` when the grant is gone (only `invalid_grant` says so), else `unreachable`. */
  fetchToken(request: TokenRequest): Promise<FetchedToken>;
  /** Ends the grant of a token, and its owner's other grants to this client. @returns whether Google confirmed it. */
  revoke(token: string): Promise<boolean>;
}

/**
 * @param options.baseUrl one origin that serves every endpoint, null for Google's own.
 * @param options.clientId null without an OAuth client: consents are not possible.
 * @param options.serviceAccount null without one: mailboxes cannot be delegated.
 * @param options.timeoutMs of one request, 10 s at most.
 * @param options.proxyEnv absent: no proxy.
 */
export function createOAuthEndpoints(options: {
  readonly baseUrl: string | null;
  readonly clientId: string | null;
  readonly clientSecret: string | null;
  readonly serviceAccount: ServiceAccount | null;
  readonly timeoutMs: number;
  readonly now: () => Date;
  readonly proxyEnv?: ProxyEnvironment;
}): OAuthEndpoints {
  const { baseUrl, clientId, clientSecret, serviceAccount, proxyEnv = {} } = options;
  const client = clientId === null || clientSecret === null ? null : { id: clientId, secret: clientSecret };
  const url = (google: string, path: string) => (baseUrl === null ? google : new URL(path, baseUrl).href);
  const authUrl = url('https://accounts.google.com/o/oauth2/v2/auth', '/o/oauth2/v2/auth');
  const tokenUrl = url('https://oauth2.googleapis.com/token', '/oauth2/token');
  const revokeUrl = url('https://oauth2.googleapis.com/revoke', '/oauth2/revoke');
  const timeoutMs = Math.min(options.timeoutMs, MAX_TIMEOUT_MS);
  const transport = createTransport(proxyEnv);

  async function postOnce(endpoint: string, form: Record<string, string>, timeLeftMs: number): Promise<Reply> {
    try {
      const response = await transport(endpoint, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
        body: new URLSearchParams(form).toString(),
        signal: AbortSignal.timeout(timeLeftMs),
      });
      // The transport gives a complete answer: it can only fail to be JSON.
      return { status: response.status, code: null, body: await response.json().catch(() => undefined) };
    } catch (error) {
      return { status: null, code: error instanceof TransportError ? error.code : null, body: undefined };
    }
  }

  /** For requests without an effect that a repeat could double: repeated after a failure, within the deadline. */
  async function post(endpoint: string, form: Record<string, string>): Promise<Reply> {
    const deadline = performance.now() + timeoutMs;
    const reply = await postOnce(endpoint, form, timeoutMs);
    const timeLeftMs = Math.floor(deadline - performance.now());
    const isOver = timeLeftMs < MIN_ATTEMPT_MS || (reply.status !== null && reply.status < 500);
    return isOver ? reply : postOnce(endpoint, form, timeLeftMs);
  }

  async function assertion(subject: string): Promise<string> {
    if (serviceAccount === null) throw tokenError('unreachable', null, 'no_service_account');
    const { clientEmail, privateKey, privateKeyId } = serviceAccount;
    const iat = Math.floor(options.now().getTime() / 1_000);
    return new SignJWT({ scope: GMAIL_SCOPE })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: privateKeyId })
      .setIssuer(clientEmail)
      .setSubject(subject)
      .setAudience(tokenUrl)
      .setIssuedAt(iat)
      .setExpirationTime(iat + ASSERTION_LIFETIME_S)
      .sign(createPrivateKey(privateKey));
  }

  /** The operator may have removed the client since a mailbox was connected with it. */
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
        // Without both, Google issues a refresh token only at the first consent.
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
      const answer = parseReply(await postOnce(tokenUrl, form, timeoutMs), toExchangeError);
      // RFC 6749 section 5.1: if it is omitted, it is the requested scope.
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
          ? { grant_type: JWT_BEARER, assertion: await assertion(request.subject) }
          : {
              grant_type: 'refresh_token',
              refresh_token: request.refreshToken,
              ...credentials('unreachable'),
            };
      return toFetched(parseReply(await post(tokenUrl, form), toTokenError));
    },

    async revoke(token) {
      const reply = await post(revokeUrl, { token });
      return isSuccess(reply) || (reply.status === 400 && readFailure(reply).oauthCode === 'invalid_token');
    },
  };
}
