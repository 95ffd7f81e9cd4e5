import { v7 as uuidv7 } from 'uuid';
import { issueApiKey } from '../auth/keys.ts';
import { isScope, SCOPES, type Scope } from '../auth/scopes.ts';
import type { Config } from '../config/config.ts';
import { TIMING } from '../config/timing.ts';
import type { Pool } from '../db/client.ts';
import { sql } from '../db/statement.ts';
import { type Report, UsageError, withDatabase } from './command.ts';

/** Creates the organization if it does not exist, and says so. The last line is the key. */
export async function createKey(
  config: Config,
  values: { organization?: string; name?: string; scopes?: string; expires?: string },
): Promise<Report> {
  const organization = values.organization?.trim();
  const name = values.name?.trim();
  if (!organization || !name || !values.scopes)
    throw new UsageError('--organization, --name and --scopes are required.');
  const scopes = readScopes(values.scopes);
  const expiresAt = values.expires === undefined ? null : new Date(values.expires);
  if (expiresAt !== null && !(expiresAt.getTime() > Date.now())) {
    throw new UsageError('--expires must be a date in the future.');
  }
  return withDatabase(config, async ({ db, pool }) => {
    const made = await db.organization.createMany({ data: { id: uuidv7(), name: organization }, skipDuplicates: true });
    const { id: organizationId } = await db.organization.findUniqueOrThrow({ where: { name: organization } });
    const { key } = await issueApiKey(db, { organizationId, name, scopes, expiresAt });
    const isNew = made.count > 0;
    return {
      warnings: (await hasServer(pool)) ? [] : [unused(config)],
      lines: [...(isNew ? [`Created the organization "${organization}", which did not exist.`] : []), key],
    };
  });
}

/** Whether a server uses the database: the key is of no use where none does. */
async function hasServer(pool: Pool): Promise<boolean> {
  const { rowCount } = await pool.query(
    sql`SELECT FROM process_heartbeat WHERE beat_at > now() - ${TIMING.deadAfterMs} * interval '1 ms' LIMIT 1`,
  );
  return rowCount === 1;
}

function unused({ databaseUrl, dataDir }: Config): string {
  const database = databaseUrl === null ? `the embedded database in DATA_DIR (${dataDir})` : 'that of DATABASE_URL';
  return `Warning: no server uses the database that this key was created in, ${database}. If a server runs, give the command the same DATABASE_URL or DATA_DIR.`;
}

function readScopes(list: string): Scope[] {
  if (list === 'all') return [...SCOPES];
  const names = list.split(',').map((name) => name.trim());
  const scopes = names.filter(isScope);
  const unknown = names.filter((name) => !isScope(name));
  if (unknown.length > 0)
    throw new UsageError(`Unknown scope ${unknown.join(', ')}. The scopes are: ${SCOPES.join(', ')}.`);
  return scopes;
}
