/** Access tokens: from memory while they are valid, otherwise from Google. This module does not log, and its errors contain no token. */
import { LRUCache } from 'lru-cache';
import type { TokenRequest } from './oauth-endpoints.ts';
import type { FetchedToken } from './token-response.ts';

/** A token is renewed this long before it expires, so that it outlives the call that it is fetched for. */
const EXPIRY_MARGIN_MS = 60_000;
const MAX_TOKENS = 10_000;

export interface TokenSource {
  /**
   * A valid access token for a mailbox. Callers that need a new one at the same time share one request, and its failure.
   * @param options.refused a token that Gmail has refused, and that must be replaced.
   * @throws {GmailError} `reauth` when the grant is gone (only `invalid_grant` says so), else `unreachable`: the mail
   * that the token was for has not been sent.
   */
  accessToken(grant: Grant, options?: { readonly refused?: string }): Promise<string>;
}

/** The grant of an account, from which its access tokens come. */
export interface Grant {
  /** Changes with each consent, so that tokens of an old grant are not used any more. */
  readonly id: string;
  /** Called only when a token is fetched. @throws {GmailError} when the grant has ended, or cannot be decrypted. */
  readonly request: () => Promise<TokenRequest>;
}

interface Token {
  readonly value: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** @param options.fetchToken requests a token from Google. */
export function createTokenSource(options: {
  readonly fetchToken: (request: TokenRequest) => Promise<FetchedToken>;
  readonly now: () => Date;
}): TokenSource {
  const { fetchToken, now } = options;
  /** The newest token of each grant, or the fetch that is under way. */
  const tokens = new LRUCache<string, Promise<Token>>({ max: MAX_TOKENS });

  async function fetchOne({ request }: Grant): Promise<Token> {
    const { accessToken, lifetimeMs } = await fetchToken(await request());
    return { value: accessToken, expiresAt: now().getTime() + lifetimeMs };
  }

  function fetchForAll(grant: Grant): Promise<Token> {
    const token = fetchOne(grant);
    tokens.set(grant.id, token);
    token.catch(() => {
      if (tokens.get(grant.id) === token) tokens.delete(grant.id);
    });
    return token;
  }

  return {
    async accessToken(grant, { refused } = {}) {
      const known = tokens.get(grant.id);
      if (known !== undefined) {
        const { value, expiresAt } = await known;
        if (value !== refused && expiresAt - EXPIRY_MARGIN_MS > now().getTime()) return value;
      }
      // The first of the callers whose token was refused fetches a new one for all of them.
      const newest = tokens.get(grant.id);
      const { value } = await (newest === undefined || newest === known ? fetchForAll(grant) : newest);
      return value;
    },
  };
}
