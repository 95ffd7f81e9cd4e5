import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import type { Db, Sql } from '../db/client.ts';
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

const FIND_KEY = {
  name: 'find-api-key',
  text: `SELECT organization_id AS "organizationId", id, secret_hash AS "secretHash", scopes,
      expires_at AS "expiresAt", last_used_at AS "lastUsedAt", revoked_at AS "revokedAt"
    FROM "api_key" WHERE secret_hash = $1`,
};

interface StoredKey {
  readonly organizationId: string;
  readonly id: string;
  readonly secretHash: Buffer;
  readonly scopes: string[];
  readonly expiresAt: Date | null;
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
}

/**
 * The identity behind an API key; one statement, prepared: it is part of every request.
 * @returns null when the key is unknown, expired or revoked.
 */
export async function authenticateApiKey(sql: Sql, key: string, now: Date): Promise<Identity | null> {
  if (!KEY.test(key)) return null;
  const hash = hashKey(key);
  const { rows } = await sql.query<StoredKey>({ ...FIND_KEY, values: [hash] });
  const [found] = rows;
  // The index has found it by its hash already; comparing in constant time keeps the answer's time from telling more.
  if (found === undefined || !timingSafeEqual(found.secretHash, hash)) return null;
  if (found.revokedAt !== null || (found.expiresAt !== null && found.expiresAt <= now)) return null;
  const { organizationId, id, lastUsedAt } = found;
  if (lastUsedAt === null || now.getTime() - lastUsedAt.getTime() > LAST_USED_PRECISION_MS) {
    await sql.query('UPDATE api_key SET last_used_at = $3 WHERE organization_id = $1 AND id = $2', [
      organizationId,
      id,
      now,
    ]);
  }
  return { organizationId, actor: `key:${id}`, scopes: new Set(found.scopes.filter(isScope)) };
}

/** @returns false when the organization has no such key. One that was revoked before keeps its time. */
export async function revokeApiKey(db: TenantDb, id: string, now: Date): Promise<boolean> {
  await db.apiKey.updateMany({ where: { id, revokedAt: null }, data: { revokedAt: now } });
  return (await db.apiKey.count({ where: { id } })) === 1;
}

/** Whether an actor of the organization may still act: its key is neither revoked nor expired. */
export async function isActorActive(
  sql: Sql,
  { organizationId, actor }: Pick<Identity, 'organizationId' | 'actor'>,
  now: Date,
): Promise<boolean> {
  const { rowCount } = await sql.query(
    `SELECT FROM api_key WHERE organization_id = $1 AND 'key:' || id = $2 AND revoked_at IS NULL
       AND (expires_at IS NULL OR expires_at > $3)`,
    [organizationId, actor, now],
  );
  return rowCount === 1;
}
