/** Domain-wide delegation: assertions that a service account signs (RFC 7523), as Google's token endpoint takes them. */
import { createPublicKey, verify } from 'node:crypto';
import { z } from 'zod';

/** A service account that an administrator trusts for every Workspace mailbox. */
export interface ServiceAccountSpec {
  readonly clientEmail: string;
  /** PEM. */
  readonly publicKey: string;
  /** The scopes that the administrator has authorised. */
  readonly scopes: readonly string[];
}

export interface Delegation {
  readonly clientEmail: string;
  readonly subject: string;
  readonly scopes: readonly string[];
}

const MAX_LIFETIME_S = 3_600;
const MAX_SKEW_S = 300;
const GOOGLE_TOKEN_URL = 'https://oauth2.googleapis.com/token';

const Header = z.object({ alg: z.literal('RS256') });
const Claims = z.object({
  iss: z.string(),
  sub: z.string(),
  scope: z.string().min(1),
  aud: z.string(),
  iat: z.number(),
  exp: z.number(),
});

/** @returns what it asks for, or `[error, description]` of the answer. */
export function readAssertion(
  assertion: string,
  accounts: ReadonlyMap<string, ServiceAccountSpec>,
  nowMs: number,
): Delegation | readonly [error: string, description: string] {
  const [head = '', body = '', signature = '', ...rest] = assertion.split('.');
  const header = Header.safeParse(parsePart(head));
  const parsed = Claims.safeParse(parsePart(body));
  if (!header.success || !parsed.success || rest.length > 0) return ['invalid_request', 'Bad Request'];
  const { iss, sub, scope, aud, iat, exp } = parsed.data;
  const account = accounts.get(iss);
  if (account === undefined) return ['invalid_grant', 'Invalid grant: account not found'];
  const key = createPublicKey(account.publicKey);
  if (!verify('sha256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'))) {
    return ['invalid_grant', 'Invalid JWT Signature.'];
  }
  const now = nowMs / 1_000;
  if (exp - iat > MAX_LIFETIME_S || iat > now + MAX_SKEW_S || exp <= now) {
    return [
      'invalid_grant',
      'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.',
    ];
  }
  if (aud !== GOOGLE_TOKEN_URL && !/^https?:\/\/[^/]+\/oauth2\/token$/.test(aud)) {
    return ['invalid_grant', 'Invalid JWT: Failed audience check.'];
  }
  const scopes = scope.split(' ');
  if (!scopes.every((each) => account.scopes.includes(each))) {
    return ['unauthorized_client', 'Client is unauthorized to retrieve access tokens using this method.'];
  }
  return { clientEmail: iss, subject: sub.toLowerCase(), scopes };
}

function parsePart(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString());
  } catch {
    return null;
  }
}
