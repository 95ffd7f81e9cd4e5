/**
 * The OIDC token that comes with a push of Pub/Sub: a JWT (RFC 7519) signed by Google with RS256, whose keys are at one
 * address. https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { z } from 'zod';

const GOOGLE_KEYS = 'https://www.googleapis.com';
const ISSUERS = ['https://accounts.google.com', 'accounts.google.com'];
/** Clocks differ. */
const LEEWAY_S = 60;
const KEYS_TIMEOUT_MS = 10_000;
/** Google's keys live for days. */
const KEYS_KEPT_MS = 3_600_000;
/** A token that names an unknown key may be newer than our keys, or forged: that is not a reason to ask all the time. */
const KEYS_ASKED_AGAIN_MS = 60_000;

const Header = z.object({ alg: z.literal('RS256'), kid: z.string().min(1) });
const Claims = z.object({
  iss: z.enum(ISSUERS),
  aud: z.string(),
  exp: z.number(),
  iat: z.number(),
  email: z.string(),
  email_verified: z.literal(true),
});
const Keys = z.object({
  keys: z.array(z.object({ kid: z.string(), kty: z.literal('RSA'), n: z.string(), e: z.string() })),
});

export interface PushTokenVerifier {
  /**
   * Whether the token is Google's, for this audience and from this service account, and not expired.
   * @throws when Google's keys cannot be had.
   */
  isValid(token: string, expected: { readonly audience: string; readonly email: string }): Promise<boolean>;
}

/** @param options.baseUrl one origin that serves `/oauth2/v3/certs`, null for Google's own. */
export function createPushTokenVerifier(options: {
  readonly baseUrl: string | null;
  readonly now: () => Date;
}): PushTokenVerifier {
  const address = new URL('/oauth2/v3/certs', options.baseUrl ?? GOOGLE_KEYS).href;
  let keys = new Map<string, KeyObject>();
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let fetching: Promise<void> | null = null;

  async function fetchKeys(): Promise<void> {
    const response = await fetch(address, { signal: AbortSignal.timeout(KEYS_TIMEOUT_MS), redirect: 'error' });
    if (!response.ok) throw new Error(`Google's keys cannot be had (${response.status})`);
    const answer = Keys.parse(await response.json());
    keys = new Map(answer.keys.map(({ kid, ...key }) => [kid, createPublicKey({ key, format: 'jwk' })]));
    fetchedAt = options.now().getTime();
  }

  async function keyOf(kid: string): Promise<KeyObject | null> {
    const age = options.now().getTime() - fetchedAt;
    if (age > KEYS_KEPT_MS || (!keys.has(kid) && age > KEYS_ASKED_AGAIN_MS)) {
      fetching ??= fetchKeys().finally(() => {
        fetching = null;
      });
      await fetching;
    }
    return keys.get(kid) ?? null;
  }

  return {
    async isValid(token, expected) {
      const [head = '', body = '', signature = '', ...rest] = token.split('.');
      const header = Header.safeParse(parseSegment(head)).data;
      const claims = Claims.safeParse(parseSegment(body)).data;
      if (header === undefined || claims === undefined || rest.length > 0) return false;
      const now = options.now().getTime() / 1000;
      if (claims.exp < now - LEEWAY_S || claims.iat > now + LEEWAY_S) return false;
      if (claims.aud !== expected.audience || claims.email !== expected.email) return false;
      const key = await keyOf(header.kid);
      if (key === null) return false;
      return verify('RSA-SHA256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'));
    },
  };
}

function parseSegment(segment: string): unknown {
  try {
    return JSON.parse(Buffer.from(segment, 'base64url').toString());
  } catch {
    return null;
  }
}
