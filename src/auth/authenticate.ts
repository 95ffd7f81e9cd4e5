import type { ApiKeys, Identity } from './keys.ts';

/**
 * The identity behind the Authorization header of a request.
 * @returns null when the header has no valid key.
 */
export async function authenticate(
  { apiKeys, now }: { readonly apiKeys: ApiKeys; readonly now: () => Date },
  authorization: string | null,
): Promise<Identity | null> {
  const [, token] = /^Bearer ([^\s]+)$/i.exec(authorization?.trim() ?? '') ?? [];
  return token === undefined ? null : apiKeys.find(token, now());
}

/** What a client is told without a valid key. @param authorization the header, if there is one. */
export function keyProblem(authorization: string | null | undefined): string {
  return authorization == null
    ? 'Send an API key: Authorization: Bearer epk_…'
    : 'The API key is wrong, expired or revoked. A right one looks like this: Authorization: Bearer epk_…';
}
