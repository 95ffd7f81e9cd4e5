/**
 * The OIDC token of a push of Pub/Sub: a JWT (RFC 7519) that Google signs with RS256. Google publishes the keys at one address.
 * https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
 */
import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { z } from 'zod';
import { createTransport, type ProxyEnvironment } from './transport.ts';

const GOOGLE_KEYS = 'https://www.googleapis.com';
const ISSUERS = ['https://accounts.google.com', 'accounts.google.com'];
/** Clocks differ. */
const LEEWAY_S = 60;
/** "Tokens can be up to one hour old." */
const MAX_AGE_S = 3_600;
const KEYS_TIMEOUT_MS = 10_000;
/** Google's keys are valid for days. After this time they are fetched again, and still used if that fails. */
const KEYS_KEPT_MS = 3_600_000;
const KEYS_TRUSTED_MS = 86_400_000;
/** A token with an unknown key may be newer than our keys, or forged, so keys are not fetched for each such token. */
const KEYS_ASKED_AGAIN_MS = 60_000;
/** Pause after Google could not be reached. */
const RETRY_MS = 5_000;

const Keys = z.object({ keys: z.array(z.unknown()) });
/** A key of the type that signs pushes. */
const Key = z.object({ kid: z.string(), kty: z.literal('RSA'), n: z.string(), e: z.string() });

export interface PushTokenVerifier {
  /**
   * Whether the token is Google's, for this audience and from this service account, and not expired.
   * @throws when Google's keys cannot be fetched.
   */
  isValid(token: string, expected: { readonly audience: string; readonly email: string }): Promise<boolean>;
}

interface KeyOptions {
  /** One origin that serves `/oauth2/v3/certs`, null for Google's own. */
  readonly baseUrl: string | null;
  readonly now: () => Date;
  /** Absent: no proxy. */
  readonly proxyEnv?: ProxyEnvironment;
}

export function createPushTokenVerifier(options: KeyOptions): PushTokenVerifier {
  const findKey = createKeyFinder(options);
  return {
    async isValid(token, { audience, email }) {
      try {
        const { payload } = await jwtVerify(token, findKey, {
          algorithms: ['RS256'],
          issuer: ISSUERS,
          audience,
          requiredClaims: ['exp', 'iat'],
          maxTokenAge: MAX_AGE_S,
          clockTolerance: LEEWAY_S,
          currentDate: options.now(),
        });
        // A token for several audiences has several receivers, and any of them could forward it.
        return payload.aud === audience && payload.email === email && payload.email_verified === true;
      } catch (error) {
        if (error instanceof errors.JOSEError) return false;
        throw error;
      }
    },
  };
}

/** Finds the key of a token among Google's. jose fetches and keeps the keys; this function decides when. */
function createKeyFinder({ baseUrl, now, proxyEnv = {} }: KeyOptions): JWTVerifyGetKey {
  const transport = createTransport(proxyEnv);
  const keySet = createRemoteJWKSet(new URL('/oauth2/v3/certs', baseUrl ?? GOOGLE_KEYS), {
    timeoutDuration: KEYS_TIMEOUT_MS,
    cacheMaxAge: Number.POSITIVE_INFINITY,
    cooldownDuration: Number.POSITIVE_INFINITY,
    [customFetch]: async (...request) => signingKeysOf(await transport(...request)),
  });
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let failure: { readonly at: number; readonly error: unknown } | null = null;

  /** Negative when the clock was set back: then the keys are fetched again too. */
  const since = (at: number) => Math.abs(now().getTime() - at);

  async function fetchKeys(): Promise<void> {
    if (failure !== null && since(failure.at) < RETRY_MS) throw failure.error;
    try {
      await keySet.reload();
      fetchedAt = now().getTime();
      failure = null;
    } catch (cause) {
      // Not jose's own error, which means a bad token.
      const error = new Error("Google's keys for push tokens cannot be had.", { cause });
      failure = { at: now().getTime(), error };
      throw error;
    }
  }

  return async (header, token) => {
    const isKnown = () => keySet.jwks()?.keys.some(({ kid }) => kid === header.kid) ?? false;
    const age = since(fetchedAt);
    if (age > KEYS_KEPT_MS || (!isKnown() && age > KEYS_ASKED_AGAIN_MS)) {
      await fetchKeys().catch((error: unknown) => {
        if (!isKnown() || age > KEYS_TRUSTED_MS) throw error;
      });
    }
    return keySet(header, token);
  };
}

/** The readable keys of an answer: jose would refuse all keys because of one that it cannot read. */
async function signingKeysOf(response: Response): Promise<Response> {
  if (response.status !== 200) return response;
  const { keys } = Keys.parse(await response.json());
  return Response.json({ keys: keys.flatMap((key) => Key.safeParse(key).data ?? []) });
}
