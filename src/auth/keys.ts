import { hash, randomBytes } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import type { ApiKey } from '#generated/prisma/client.ts';
import type { Db, Sql } from '../db/client.ts';
import { sql, statement } from '../db/statement.ts';
import type { TenantDb } from '../db/tenant.ts';
import { isScope, type Scope } from './scopes.ts';

const KEY = /^epk_[A-Za-z0-9_-]{43}$/;
const PREFIX_LENGTH = 10;
/** `lastUsedAt` only informs people: one write a minute per key is enough. */
const LAST_USED_PRECISION_MS = 60_000;

/** The caller and its organization. */
export interface Identity {
  readonly organizationId: string;
  /** `key:<uid>`; part of the audit trail. */
  readonly actor: string;
  readonly scopes: ReadonlySet<Scope>;
  /** When it ends. Null: never. */
  readonly expiresAt: Date | null;
}

function hashKey(key: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(hash('sha256', key, 'buffer'));
}

/**
 * @param key an existing one, such as the demo's, which survives restarts. Omitted: a new one.
 * @returns the key, to be shown once; only its SHA-256 is stored.
 */
export async function issueApiKey(
  db: Db,
  request: { organizationId: string; name: string; scopes: readonly Scope[]; expiresAt: Date | null },
  key = `epk_${randomBytes(32).toString('base64url')}`,
): Promise<{ id: string; key: string }> {
  const id = uuidv7();
  const [prefix, secretHash] = [key.slice(0, PREFIX_LENGTH), hashKey(key)];
  await db.apiKey.create({ data: { ...request, id, scopes: [...request.scopes], prefix, secretHash } });
  return { id, key };
}

export const selectKey = statement(
  'find-api-key',
  ({ hash }: { hash: Uint8Array }) => sql`SELECT organization_id AS "organizationId", id, scopes,
      expires_at AS "expiresAt", last_used_at AS "lastUsedAt", revoked_at AS "revokedAt"
    FROM "api_key" WHERE secret_hash = ${hash}`,
);

type StoredKey = Pick<ApiKey, 'organizationId' | 'id' | 'scopes' | 'expiresAt' | 'lastUsedAt' | 'revokedAt'>;

/**
 * One statement, prepared. The key is found by its hash, without a comparison in constant time: a duration could reveal a part of a
 * stored hash, and a hash does not lead to its key.
 * @returns null when the key is unknown, expired or revoked.
 */
export async function authenticateApiKey(connection: Sql, key: string, now: Date): Promise<Identity | null> {
  if (!KEY.test(key)) return null;
  const { rows } = await connection.query<StoredKey>(selectKey({ hash: hashKey(key) }));
  const [found] = rows;
  if (found === undefined) return null;
  if (found.revokedAt !== null || (found.expiresAt !== null && found.expiresAt <= now)) return null;
  const { organizationId, id, expiresAt, lastUsedAt } = found;
  if (lastUsedAt === null || now.getTime() - lastUsedAt.getTime() > LAST_USED_PRECISION_MS) {
    await connection.query(
      sql`UPDATE api_key SET last_used_at = ${now} WHERE organization_id = ${organizationId} AND id = ${id}`,
    );
  }
  return { organizationId, actor: `key:${id}`, scopes: new Set(found.scopes.filter(isScope)), expiresAt };
}

/** How long a process trusts the key that it read. Another process may accept a revoked key for this long. */
const KEPT_MS = 5_000;
/** Identities are small, and only valid keys are kept. */
const MAX_KEPT = 10_000;

/** The valid keys that this process has read recently. */
export interface ApiKeys {
  /** The identity behind a key. @returns null when the key is unknown, expired or revoked. */
  find(key: string, now: Date): Promise<Identity | null>;
  /** Clears all keys: after one was revoked, and when the database is unavailable. */
  forget(): void;
}

/** Reads a key once in five seconds, not for every request. An invalid key is looked up each time. */
export function createApiKeys(connection: Sql): ApiKeys {
  /** `readAt` in milliseconds since 1970. */
  const kept = new Map<string, { readonly identity: Identity; readonly readAt: number }>();
  return {
    async find(key, now) {
      const known = kept.get(key);
      const isExpired = known?.identity.expiresAt != null && known.identity.expiresAt <= now;
      // Negative when the clock was set back: then the key is read again too.
      if (known !== undefined && !isExpired && Math.abs(now.getTime() - known.readAt) < KEPT_MS) return known.identity;
      const identity = await authenticateApiKey(connection, key, now);
      if (kept.size >= MAX_KEPT) kept.clear();
      if (identity === null) kept.delete(key);
      else kept.set(key, { identity, readAt: now.getTime() });
      return identity;
    },
    forget: () => kept.clear(),
  };
}

/** @returns false when the organization has no such key. A key that was revoked before keeps its time. */
export async function revokeApiKey(db: TenantDb, id: string, now: Date): Promise<boolean> {
  await db.apiKey.updateMany({ where: { id, revokedAt: null }, data: { revokedAt: now } });
  return (await db.apiKey.count({ where: { id } })) === 1;
}

/** Whether an actor of the organization may still act: its key is neither revoked nor expired. */
export async function isActorActive(
  connection: Sql,
  { organizationId, actor }: Pick<Identity, 'organizationId' | 'actor'>,
  now: Date,
): Promise<boolean> {
  const { rowCount } = await connection.query(
    sql`SELECT FROM api_key WHERE organization_id = ${organizationId} AND 'key:' || id = ${actor} AND revoked_at IS NULL
      AND (expires_at IS NULL OR expires_at > ${now})`,
  );
  return rowCount === 1;
}
