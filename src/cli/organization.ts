import type { Config } from '../config/config.ts';
import { type Report, UsageError, withDatabase } from './command.ts';

/** One line each: name, uid, keys that are valid, accounts. */
export function listOrganizations(config: Config): Promise<Report> {
  return withDatabase(config, async ({ pool }) => {
    const { rows } = await pool.query<{ name: string; id: string; keys: number; accounts: number }>(
      `SELECT o.name, o.id,
         (SELECT count(*)::int FROM api_key k WHERE k.organization_id = o.id AND k.revoked_at IS NULL
           AND (k.expires_at IS NULL OR k.expires_at > now())) AS keys,
         (SELECT count(*)::int FROM email_account a WHERE a.organization_id = o.id) AS accounts
       FROM organization o ORDER BY o.name`,
    );
    const lines = rows.map(({ name, id, keys, accounts }) => `${name}  ${id}  ${keys} keys  ${accounts} accounts`);
    return { lines };
  });
}

/** Keys, accounts and emails stay with the organization: they refer to its uid. */
export async function renameOrganization(config: Config, { name }: { name?: string }, from?: string): Promise<Report> {
  const to = name?.trim();
  if (!from?.trim() || !to) throw new UsageError('NAME and --name are needed.');
  return withDatabase(config, async ({ db }) => {
    const taken = await db.organization.findUnique({ where: { name: to } });
    if (taken !== null) throw new Error(`There is an organization "${to}" already.`);
    const { count } = await db.organization.updateMany({ where: { name: from.trim() }, data: { name: to } });
    if (count === 0) throw new Error(`There is no organization "${from.trim()}".`);
    return { lines: [`"${from.trim()}" is "${to}" now.`] };
  });
}
