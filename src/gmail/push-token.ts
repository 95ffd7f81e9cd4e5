/**
 * The OIDC token that comes with a push of Pub/Sub: a JWT (RFC 7519) signed by Google with RS256, whose keys are at one
 * address. https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
 */
import { OAuth2Client } from 'google-auth-library';
import { createRemoteJWKSet, customFetch, errors, jwtVerify } from 'jose';

const GOOGLE_KEYS = 'https://www.googleapis.com';
const ISSUERS = ['https://accounts.google.com', 'accounts.google.com'];
/** Clocks differ. */
const LEEWAY_S = 60;
/** "Tokens can be up to one hour old." */
const MAX_AGE_S = 3_600;
const KEYS_TIMEOUT_MS = 10_000;
/** Google's keys live for days. */
const KEYS_KEPT_MS = 3_600_000;
/** A token that names an unknown key may be newer than our keys, or forged: that is not a reason to ask all the time. */
const KEYS_ASKED_AGAIN_MS = 60_000;
/** What says that the keys cannot be had; any other of these errors says that the token is not good. */
const KEY_ERRORS = new Set(['ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JOSE_GENERIC']);

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
  // Google's transporter knows proxies, which `fetch` does not.
  const { transporter } = new OAuth2Client({ transporterOptions: { noProxy: ['localhost', '127.0.0.1'] } });
  const keys = createRemoteJWKSet(new URL('/oauth2/v3/certs', options.baseUrl ?? GOOGLE_KEYS), {
    timeoutDuration: KEYS_TIMEOUT_MS,
    cacheMaxAge: KEYS_KEPT_MS,
    cooldownDuration: KEYS_ASKED_AGAIN_MS,
    async [customFetch](url, { signal }) {
      const answer = await transporter.request({ url, signal, responseType: 'json', redirect: 'manual', retry: false });
      return Response.json(answer.data);
    },
  });
  return {
    async isValid(token, { audience, email }) {
      try {
        const { payload } = await jwtVerify(token, keys, {
          algorithms: ['RS256'],
          issuer: ISSUERS,
          audience,
          requiredClaims: ['exp', 'iat'],
          maxTokenAge: MAX_AGE_S,
          clockTolerance: LEEWAY_S,
          currentDate: options.now(),
        });
        return payload.email === email && payload.email_verified === true;
      } catch (error) {
        if (!(error instanceof errors.JOSEError) || KEY_ERRORS.has(error.code)) throw error;
        return false;
      }
    },
  };
}
