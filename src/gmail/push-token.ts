/**
 * The OIDC token that comes with a push of Pub/Sub: a JWT (RFC 7519) signed by Google with RS256, whose keys are at one
 * address. https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
 */
import { createLocalJWKSet, errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { z } from 'zod';
import { createTransporter } from './transporter.ts';

const GOOGLE_KEYS = 'https://www.googleapis.com';
const ISSUERS = ['https://accounts.google.com', 'accounts.google.com'];
/** Clocks differ. */
const LEEWAY_S = 60;
/** "Tokens can be up to one hour old." */
const MAX_AGE_S = 3_600;
const KEYS_TIMEOUT_MS = 10_000;
/** Google's keys live for days: what was had so long ago is asked for again, and still good while that fails. */
const KEYS_KEPT_MS = 3_600_000;
const KEYS_TRUSTED_MS = 86_400_000;
/** A token that names an unknown key may be newer than our keys, or forged: that is not a reason to ask all the time. */
const KEYS_ASKED_AGAIN_MS = 60_000;
/** After Google could not be asked. */
const RETRY_MS = 5_000;

const Keys = z.object({ keys: z.array(z.unknown()) });
/** Of the kind that pushes are signed with. */
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
        // Several audiences would be for several receivers, any of whom could pass the token on.
        return payload.aud === audience && payload.email === email && payload.email_verified === true;
      } catch (error) {
        if (error instanceof errors.JOSEError) return false;
        throw error;
      }
    },
  };
}

/** Finds the key that a token names among Google's, which are kept. It throws when they cannot be had. */
function createKeyFinder(options: { readonly baseUrl: string | null; readonly now: () => Date }): JWTVerifyGetKey {
  const url = new URL('/oauth2/v3/certs', options.baseUrl ?? GOOGLE_KEYS).href;
  const transporter = createTransporter();
  let keys: z.infer<typeof Key>[] = [];
  let find = createLocalJWKSet({ keys });
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let fetching: Promise<void> | null = null;
  let failure: { readonly at: number; readonly error: unknown } | null = null;

  /** Of any length when the clock was set back: then too the keys are asked for again. */
  const since = (at: number) => Math.abs(options.now().getTime() - at);

  async function fetchKeys(): Promise<void> {
    if (failure !== null && since(failure.at) < RETRY_MS) throw failure.error;
    try {
      const signal = AbortSignal.timeout(KEYS_TIMEOUT_MS);
      const { data } = await transporter.request<unknown>({ url, responseType: 'json', retry: false, signal });
      keys = Keys.parse(data).keys.flatMap((key) => Key.safeParse(key).data ?? []);
      find = createLocalJWKSet({ keys });
      fetchedAt = options.now().getTime();
      failure = null;
    } catch (error) {
      failure = { at: options.now().getTime(), error };
      throw error;
    }
  }

  return async (header, token) => {
    const isKnown = () => keys.some(({ kid }) => kid === header.kid);
    const age = since(fetchedAt);
    if (age > KEYS_KEPT_MS || (!isKnown() && age > KEYS_ASKED_AGAIN_MS)) {
      fetching ??= fetchKeys().finally(() => {
        fetching = null;
      });
      await fetching.catch((error: unknown) => {
        if (!isKnown() || age > KEYS_TRUSTED_MS) throw error;
      });
    }
    return find(header, token);
  };
}
