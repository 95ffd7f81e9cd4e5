/**
 * The OIDC token that comes with a push of Pub/Sub: a JWT (RFC 7519) signed by Google with RS256, whose keys are at one
 * address. https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { z } from 'zod';
import { createTransporter } from './transporter.ts';

const GOOGLE_KEYS = 'https://www.googleapis.com';
const ISSUERS = ['https://accounts.google.com', 'accounts.google.com'];
/** Clocks differ. */
const LEEWAY_S = 60;
const KEYS_TIMEOUT_MS = 10_000;
/** Google's keys live for days: what was had so long ago is asked for again, and still good while that fails. */
const KEYS_KEPT_MS = 3_600_000;
const KEYS_TRUSTED_MS = 86_400_000;
/** A token that names an unknown key may be newer than our keys, or forged: that is not a reason to ask all the time. */
const KEYS_ASKED_AGAIN_MS = 60_000;
/** After Google could not be asked. */
const RETRY_MS = 5_000;

const Header = z.object({ alg: z.literal('RS256'), kid: z.string().min(1) });
const Claims = z.object({
  iss: z.enum(ISSUERS),
  aud: z.string(),
  exp: z.number(),
  iat: z.number(),
  email: z.string(),
  email_verified: z.literal(true),
});
const Keys = z.object({ keys: z.array(z.unknown()) });
const Key = z.object({ kid: z.string(), kty: z.literal('RSA'), n: z.string(), e: z.string() });

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
  const transporter = createTransporter();
  let keys = new Map<string, KeyObject>();
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let fetching: Promise<void> | null = null;
  let failure: { readonly at: number; readonly error: unknown } | null = null;

  /** Of any length when the clock was set back: then too the keys are asked for again. */
  const since = (at: number) => Math.abs(options.now().getTime() - at);

  async function fetchKeys(): Promise<void> {
    if (failure !== null && since(failure.at) < RETRY_MS) throw failure.error;
    try {
      const { data } = await transporter.request<unknown>({
        url: address,
        responseType: 'json',
        retry: false,
        signal: AbortSignal.timeout(KEYS_TIMEOUT_MS),
      });
      keys = new Map(Keys.parse(data).keys.flatMap(toKey));
      fetchedAt = options.now().getTime();
      failure = null;
    } catch (error) {
      failure = { at: options.now().getTime(), error };
      throw error;
    }
  }

  async function keyOf(kid: string): Promise<KeyObject | null> {
    const age = since(fetchedAt);
    if (age > KEYS_KEPT_MS || (!keys.has(kid) && age > KEYS_ASKED_AGAIN_MS)) {
      fetching ??= fetchKeys().finally(() => {
        fetching = null;
      });
      await fetching.catch((error: unknown) => {
        if (!keys.has(kid) || age > KEYS_TRUSTED_MS) throw error;
      });
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

/** None when it is of a kind that no push is signed with. */
function toKey(entry: unknown): [string, KeyObject][] {
  const parsed = Key.safeParse(entry).data;
  if (parsed === undefined) return [];
  const { kid, ...key } = parsed;
  return [[kid, createPublicKey({ key, format: 'jwk' })]];
}

function parseSegment(segment: string): unknown {
  try {
    return JSON.parse(Buffer.from(segment, 'base64url').toString());
  } catch {
    return null;
  }
}
