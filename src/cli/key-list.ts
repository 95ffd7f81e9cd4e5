import type { ApiKey } from '#generated/prisma/client.ts';
import type { Config } from '../config/config.ts';
import { sql } from '../db/statement.ts';
import { isUuid } from '../input.ts';
import { type Report, UsageError, withDatabase } from './command.ts';

type ListedKey = Omit<ApiKey, 'id' | 'organizationId' | 'secretHash'> & {
  readonly organization: string;
  readonly uid: string;
};

/** One line each, the newest first in each organization. The keys themselves are not stored. */
export function listKeys(
  config: Config,
  { organization, json = false }: { organization?: string; json?: boolean },
): Promise<Report> {
  const name = organization?.trim() ?? null;
  return withDatabase(config, async ({ pool }) => {
    const { rows } = await pool.query<ListedKey>(
      sql`SELECT o.name AS organization, k.id AS uid, k.prefix, k.name, k.scopes, k.created_at AS "createdAt",
         k.last_used_at AS "lastUsedAt", k.expires_at AS "expiresAt", k.revoked_at AS "revokedAt"
       FROM api_key k JOIN organization o ON o.id = k.organization_id
       WHERE ${name}::text IS NULL OR o.name = ${name} ORDER BY o.name, k.created_at DESC, k.id DESC`,
    );
    return { lines: json ? [JSON.stringify(rows)] : rows.map(lineOf) };
  });
}

function lineOf({ organization, uid, prefix, name, scopes, lastUsedAt, expiresAt, revokedAt }: ListedKey): string {
  const used = lastUsedAt === null ? 'never used' : `used ${day(lastUsedAt)}`;
  const state = [
    ...(expiresAt === null ? [] : [`${expiresAt <= new Date() ? 'expired' : 'expires'} ${day(expiresAt)}`]),
    ...(revokedAt === null ? [] : [`revoked ${day(revokedAt)}`]),
  ];
  return [organization, uid, `${prefix}…`, name, scopes.join(','), used, ...state].join('  ');
}

function day(at: Date): string {
  return at.toISOString().slice(0, 10);
}

/** Servers refuse the key within 5 s. A key that was revoked before keeps its time. */
export function revokeKey(config: Config, _values: object, uid?: string): Promise<Report> {
  if (uid === undefined || !isUuid(uid.toLowerCase())) throw new UsageError('UID is required; `key list` lists them.');
  return withDatabase(config, async ({ pool }) => {
    const { rows } = await pool.query<{ name: string; organization: string }>(
      sql`UPDATE api_key k SET revoked_at = coalesce(k.revoked_at, now()) FROM organization o
       WHERE k.id = ${uid} AND o.id = k.organization_id RETURNING k.name, o.name AS organization`,
    );
    const [key] = rows;
    if (key === undefined) throw new Error(`There is no key ${uid} in this database.`);
    return { lines: [`The key "${key.name}" of "${key.organization}" is revoked.`] };
  });
}
