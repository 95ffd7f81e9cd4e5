import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import type { Db } from '../db/client.ts';
import type { TenantDb } from '../db/tenant.ts';
import type { Scope } from './scopes.ts';
import { isScope } from './scopes.ts';

const KEY = /^epk_[A-Za-z0-9_-]{43}$/;
const PREFIX_LENGTH = 10;
/** `lastUsedAt` is a hint for people: one write a minute per key is enough. */
const LAST_USED_PRECISION_MS = 60_000;

/** Who is asking, and for which organization. */
export interface Identity {
  readonly organizationId: string;
  /** `key:<uid>`; part of the audit trail. */
  readonly actor: string;
  readonly scopes: ReadonlySet<Scope>;
}

function hashKey(key: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash('sha256').update(key).digest());
}

/** @returns the key, to be shown once; only its SHA-256 is stored. */
export async function issueApiKey(
  db: Db,
  request: { organizationId: string; name: string; scopes: readonly Scope[]; expiresAt: Date | null },
): Promise<{ id: string; key: string }> {
  const key = `epk_${randomBytes(32).toString('base64url')}`;
  const id = await storeApiKey(db, { ...request, key });
  return { id, key };
}

/** Stores a key that exists already, as the demo's does across restarts. */
export async function storeApiKey(
  db: Db,
  request: { organizationId: string; name: string; scopes: readonly Scope[]; expiresAt: Date | null; key: string },
): Promise<string> {
  const { key, scopes, ...rest } = request;
  const id = uuidv7();
  await db.apiKey.create({
    data: { ...rest, id, scopes: [...scopes], prefix: key.slice(0, PREFIX_LENGTH), secretHash: hashKey(key) },
  });
  return id;
}

/**
 * The identity behind an API key; one statement.
 * @returns null when the key is unknown, expired or revoked.
 */
export async function authenticateApiKey(db: Db, key: string, now: Date): Promise<Identity | null> {
  if (!KEY.test(key)) return null;
  const hash = hashKey(key);
  const found = await db.apiKey.findUnique({ where: { secretHash: hash } });
  // The index has found it by its hash already; comparing in constant time keeps the answer's time from telling more.
  if (found === null || !timingSafeEqual(found.secretHash, hash)) return null;
  if (found.revokedAt !== null || (found.expiresAt !== null && found.expiresAt <= now)) return null;
  if (found.lastUsedAt === null || now.getTime() - found.lastUsedAt.getTime() > LAST_USED_PRECISION_MS) {
    const { organizationId, id } = found;
    await db.apiKey.update({ where: { organizationId_id: { organizationId, id } }, data: { lastUsedAt: now } });
  }
  return {
    organizationId: found.organizationId,
    actor: `key:${found.id}`,
    scopes: new Set(found.scopes.filter(isScope)),
  };
}

/** @returns false when the organization has no such key. One that was revoked before keeps its time. */
export async function revokeApiKey(db: TenantDb, id: string, now: Date): Promise<boolean> {
  await db.apiKey.updateMany({ where: { id, revokedAt: null }, data: { revokedAt: now } });
  return (await db.apiKey.count({ where: { id } })) === 1;
}
