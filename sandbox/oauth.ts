/** Google's token endpoints: authorization codes with PKCE, refresh, revocation. The consent page is in `consent.ts`. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Grant } from './grants.ts';
import { jsonReply, type Reply } from './reply.ts';
import { readAssertion } from './service-accounts.ts';
import type { World } from './world.ts';

const CODE_LIFETIME_MS = 10 * 60_000;
const ACCESS_TOKEN_LIFETIME_S = 3_599;
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

export interface OAuthClient {
  readonly clientId: string;
  readonly clientSecret: string;
}

interface PendingCode {
  readonly grant: Grant;
  readonly redirectUri: string;
  readonly codeChallenge: string | null;
  readonly expiresAt: number;
  /** Whether the exchange hands out the refresh token. */
  readonly showRefreshToken: boolean;
}

export class OAuth {
  readonly client: OAuthClient;
  readonly #world: World;
  readonly #codes = new Map<string, PendingCode>();

  constructor(world: World, client: OAuthClient) {
    this.#world = world;
    this.client = client;
  }

  /** A grant as consent makes it. @returns its refresh token. */
  grant(email: string, scopes: readonly string[], offline = true): Grant {
    const grant: Grant = { email, scopes, offline, refreshToken: `1//0${randomBytes(48).toString('base64url')}` };
    this.#world.commit({ op: 'grant', grant });
    return grant;
  }

  /**
   * The code that the browser carries back. Google gives a refresh token at the first offline consent only, unless the request
   * says `prompt=consent`.
   */
  issueCode(request: URLSearchParams, email: string, scopes: readonly string[]): string {
    const offline = request.get('access_type') === 'offline';
    const known = this.#world.grants.ofMailbox(email).some((grant) => grant.offline);
    const again = (request.get('prompt') ?? '').split(' ').includes('consent');
    const showRefreshToken = offline && (again || !known);
    const code = `4/0${randomBytes(32).toString('base64url')}`;
    this.#codes.set(code, {
      grant: this.grant(email, scopes, showRefreshToken),
      redirectUri: request.get('redirect_uri') ?? '',
      codeChallenge: request.get('code_challenge'),
      expiresAt: this.#world.now().getTime() + CODE_LIFETIME_MS,
      showRefreshToken,
    });
    return code;
  }

  token(form: URLSearchParams): Reply {
    // The signature is the only authentication.
    if (form.get('grant_type') === JWT_BEARER) return this.#delegate(form.get('assertion') ?? '');
    const id = form.get('client_id') ?? '';
    const secret = form.get('client_secret') ?? '';
    if (!same(id, this.client.clientId)) return oauthError('invalid_client', 'The OAuth client was not found.', 401);
    if (!same(secret, this.client.clientSecret)) {
      return oauthError('invalid_client', 'The provided client secret is invalid.', 401);
    }
    switch (form.get('grant_type')) {
      case 'authorization_code':
        return this.#exchange(form);
      case 'refresh_token':
        return this.#refresh(form.get('refresh_token') ?? '');
      default:
        return oauthError('unsupported_grant_type', `Invalid grant_type: ${form.get('grant_type') ?? ''}`);
    }
  }

  /** Revoking any token of a grant ends the grant and, as at Google, the account's other grants to this client. */
  revoke(token: string): Reply {
    const { grants } = this.#world;
    const grant = grants.byRefreshToken.get(grants.accessTokens.get(token)?.refreshToken ?? token);
    if (grant === undefined) return oauthError('invalid_token', 'Token expired or revoked');
    this.revokeMailbox(grant.email);
    return jsonReply({});
  }

  revokeMailbox(email: string): void {
    // An owner cannot revoke what an administrator delegated.
    const grants = this.#world.grants.ofMailbox(email).filter(({ delegatedTo }) => delegatedTo === undefined);
    this.#world.commit(...grants.map(({ refreshToken }) => ({ op: 'revoke', refreshToken }) as const));
  }

  #exchange(form: URLSearchParams): Reply {
    const code = form.get('code') ?? '';
    const pending = this.#codes.get(code);
    // Single use, even if the rest of the request is invalid.
    this.#codes.delete(code);
    if (pending === undefined) return oauthError('invalid_grant', 'Malformed auth code.');
    if (pending.expiresAt <= this.#world.now().getTime()) return oauthError('invalid_grant', 'Bad Request');
    if (form.get('redirect_uri') !== pending.redirectUri) return oauthError('redirect_uri_mismatch', 'Bad Request');
    if (pending.codeChallenge !== null) {
      const verifier = form.get('code_verifier');
      if (verifier === null) return oauthError('invalid_grant', 'Missing code verifier.');
      const challenge = createHash('sha256').update(verifier).digest('base64url');
      if (!same(challenge, pending.codeChallenge)) return oauthError('invalid_grant', 'Invalid code verifier.');
    }
    const { refreshToken } = pending.grant;
    return this.#accessToken(pending.grant, pending.showRefreshToken ? { refresh_token: refreshToken } : {});
  }

  #refresh(refreshToken: string): Reply {
    const grant = this.#world.grants.byRefreshToken.get(refreshToken);
    if (!grant?.offline) return oauthError('invalid_grant', 'Token has been expired or revoked.');
    return this.#accessToken(grant, {});
  }

  #delegate(assertion: string): Reply {
    const { grants } = this.#world;
    const read = readAssertion(assertion, grants.serviceAccounts, this.#world.now().getTime());
    if (!('subject' in read)) return oauthError(read[0], read[1], read[0] === 'unauthorized_client' ? 401 : 400);
    const mailbox = this.#world.mailbox(read.subject);
    if (mailbox === null) return oauthError('invalid_grant', 'Invalid email or User ID');
    if (mailbox.spec.consumer) {
      return oauthError('unauthorized_client', 'Client is unauthorized to retrieve access tokens.', 401);
    }
    const { email } = mailbox;
    const { clientEmail: delegatedTo, scopes } = read;
    const isSame = (grant: Grant) => grant.delegatedTo === delegatedTo && grant.scopes.join() === scopes.join();
    const known = grants.ofMailbox(email).find(isSame);
    const refreshToken = `delegated-${randomBytes(16).toString('hex')}`;
    const grant = known ?? { email, scopes, offline: false, refreshToken, delegatedTo };
    if (known === undefined) this.#world.commit({ op: 'grant', grant });
    return this.#accessToken(grant, {});
  }

  #accessToken(grant: Grant, extra: object): Reply {
    // A code whose grant was revoked meanwhile is invalid.
    if (!this.#world.grants.byRefreshToken.has(grant.refreshToken)) {
      return oauthError('invalid_grant', 'Token has been expired or revoked.');
    }
    const token = `ya29.${randomBytes(48).toString('base64url')}`;
    const expiresAt = this.#world.now().getTime() + ACCESS_TOKEN_LIFETIME_S * 1_000;
    this.#world.commit({ op: 'access', token, refreshToken: grant.refreshToken, expiresAt });
    const scope = grant.scopes.join(' ');
    return jsonReply({
      access_token: token,
      expires_in: ACCESS_TOKEN_LIFETIME_S,
      ...extra,
      scope,
      token_type: 'Bearer',
    });
  }
}

function oauthError(error: string, description: string, status = 400): Reply {
  return jsonReply({ error, error_description: description }, status);
}

function same(given: string, expected: string): boolean {
  const [a, b] = [given, expected].map((value) => createHash('sha256').update(value).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}
