import type { App } from '../app.ts';
import { authenticateApiKey, type Identity } from './keys.ts';

/**
 * Who sent a request, from its Authorization header.
 * @returns null when nobody that is known did.
 */
export async function authenticate(app: App, authorization: string | null): Promise<Identity | null> {
  const [, token] = /^Bearer ([^\s]+)$/i.exec(authorization?.trim() ?? '') ?? [];
  return token === undefined ? null : authenticateApiKey(app.pool, token, app.now());
}
