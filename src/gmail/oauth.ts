/**
 * Access tokens: from memory while they last, else from the store that all processes share, else from Google, where one
 * process asks for all. Nothing here logs, and no error holds a token.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { v7 as uuidv7 } from 'uuid';
import { GmailError } from './errors.ts';
import { type FetchedToken, type TokenRequest, tokenError } from './oauth-endpoints.ts';

/** A token is renewed this long before it ends, so that it outlives the call that it is fetched for. */
const EXPIRY_MARGIN_MS = 60_000;
const MAX_CACHED_TOKENS = 10_000;
/** How often it is looked whether another process has its answer. */
const POLL_MS = 50;
/** Longer than a fetch and the takeover of one whose process died. */
const MAX_WAIT_MS = 40_000;

export interface TokenSource {
  /**
   * A valid access token for a mailbox, from memory while it lasts.
   * @param options.refused a token that Gmail has refused: another one, then.
   * @throws {GmailError} `reauth` when the grant is gone (only `invalid_grant` says so), else `unreachable`: the mail
   * that the token was for has not been sent.
   */
  accessToken(grant: Grant, options?: { readonly refused?: string }): Promise<string>;
}

/** What an account's access tokens come from. */
export interface Grant {
  readonly organizationId: string;
  readonly accountId: string;
  /** Another one after each consent: the tokens of an old grant are not used any more. */
  readonly id: string;
  /** Opened only when a token is fetched. @throws {GmailError} when it cannot be. */
  readonly request: () => TokenRequest;
}

/** A token and the fetch that it came from. */
export interface StoredToken {
  readonly fetchId: string;
  readonly accessToken: string;
  readonly expiresAt: Date;
}

export type Taken =
  | ({ readonly kind: 'token' } & StoredToken)
  /** Nobody is fetching one: this caller is to, and all others wait for it. */
  | { readonly kind: 'fetch' }
  /** Somebody is. */
  | { readonly kind: 'wait'; readonly fetchId: string }
  /** The fetch that was waited for. */
  | { readonly kind: 'failed'; readonly error: GmailError }
  /** The account has another grant by now, or none. */
  | { readonly kind: 'over' };

/** Where processes share the tokens. It never throws: without it, each fetches its own. */
export interface TokenStore {
  take(
    grant: Grant,
    request: {
      /** Names the fetch, should it be this caller's. */
      readonly fetchId: string;
      /** The token of this fetch is of no use. */
      readonly refusedFetchId: string | null;
      readonly awaitedFetchId: string | null;
      /** A token must last longer. */
      readonly validUntil: Date;
    },
  ): Promise<Taken>;
  put(grant: Grant, token: StoredToken): Promise<void>;
  fail(grant: Grant, fetchId: string, error: GmailError): Promise<void>;
}

interface CachedToken extends StoredToken {
  readonly grantId: string;
}

/** @param options.fetchToken asks Google. */
export function createTokenSource(options: {
  readonly fetchToken: (request: TokenRequest) => Promise<FetchedToken>;
  readonly store: TokenStore;
  readonly now: () => Date;
}): TokenSource {
  const { store, now } = options;
  /** By account, in order of use, the least recent first. */
  const cache = new Map<string, CachedToken>();
  const inFlight = new Map<string, { readonly grantId: string; readonly token: Promise<string> }>();

  function remember(grant: Grant, token: StoredToken): string {
    cache.delete(grant.accountId);
    cache.set(grant.accountId, { ...token, grantId: grant.id });
    const [oldest] = cache.keys();
    if (cache.size > MAX_CACHED_TOKENS && oldest !== undefined) cache.delete(oldest);
    return token.accessToken;
  }

  async function fetchForAll(grant: Grant, fetchId: string): Promise<string> {
    try {
      const { accessToken, lifetimeMs } = await options.fetchToken(grant.request());
      // Without a lifetime the token is used once.
      const token = { fetchId, accessToken, expiresAt: new Date(now().getTime() + lifetimeMs) };
      await store.put(grant, token);
      return remember(grant, token);
    } catch (error) {
      await store.fail(grant, fetchId, error instanceof GmailError ? error : tokenError('unreachable', null, 'failed'));
      throw error;
    }
  }

  async function find(grant: Grant, refused: string | undefined): Promise<string> {
    const fetchId = uuidv7();
    const known = cache.get(grant.accountId);
    let refusedFetchId = known !== undefined && known.accessToken === refused ? known.fetchId : null;
    let awaitedFetchId: string | null = null;
    const deadline = performance.now() + MAX_WAIT_MS;
    while (performance.now() < deadline) {
      const validUntil = new Date(now().getTime() + EXPIRY_MARGIN_MS);
      const taken = await store.take(grant, { fetchId, refusedFetchId, awaitedFetchId, validUntil });
      if (taken.kind === 'fetch') return fetchForAll(grant, fetchId);
      if (taken.kind === 'failed') throw taken.error;
      if (taken.kind === 'over') throw tokenError('unreachable', null, 'grant_over');
      if (taken.kind === 'wait') {
        awaitedFetchId = taken.fetchId;
        await delay(POLL_MS);
      } else if (taken.accessToken === refused) refusedFetchId = taken.fetchId;
      else return remember(grant, taken);
    }
    throw tokenError('unreachable', null, 'token_wait');
  }

  return {
    async accessToken(grant, { refused } = {}) {
      const cached = cache.get(grant.accountId);
      const isValid = cached?.grantId === grant.id && cached.expiresAt.getTime() - EXPIRY_MARGIN_MS > now().getTime();
      if (cached !== undefined && isValid && cached.accessToken !== refused) {
        cache.delete(grant.accountId);
        cache.set(grant.accountId, cached);
        return cached.accessToken;
      }
      const current = inFlight.get(grant.accountId);
      if (current?.grantId === grant.id) {
        const token = await current.token;
        if (token !== refused) return token;
      }
      const flight = { grantId: grant.id, token: find(grant, refused) };
      inFlight.set(grant.accountId, flight);
      try {
        return await flight.token;
      } finally {
        if (inFlight.get(grant.accountId) === flight) inFlight.delete(grant.accountId);
      }
    },
  };
}
