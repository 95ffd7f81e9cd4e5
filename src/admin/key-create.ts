import { v7 as uuidv7 } from 'uuid';
import { issueApiKey } from '../auth/keys.ts';
import { isScope, SCOPES, type Scope } from '../auth/scopes.ts';
import type { Config } from '../config.ts';
import { type Report, UsageError, withDatabase } from './command.ts';

export const KEY_CREATE_USAGE = `key create --organization NAME --name NAME --scopes ${SCOPES.join(',')}|all [--expires YYYY-MM-DD]`;

/** The last line is the key. The organization is created when it is new. */
export async function createKey(
  config: Config,
  values: { organization?: string; name?: string; scopes?: string; expires?: string },
): Promise<Report> {
  const organization = values.organization?.trim();
  const name = values.name?.trim();
  if (!organization || !name || !values.scopes) throw new UsageError('--organization, --name and --scopes are needed.');
  const scopes = readScopes(values.scopes);
  const expiresAt = values.expires === undefined ? null : new Date(values.expires);
  if (expiresAt !== null && !(expiresAt.getTime() > Date.now())) {
    throw new UsageError('--expires must be a date to come.');
  }
  const key = await withDatabase(config, async ({ db }) => {
    const { id: organizationId } = await db.organization.upsert({
      where: { name: organization },
      create: { id: uuidv7(), name: organization },
      update: {},
    });
    return (await issueApiKey(db, { organizationId, name, scopes, expiresAt })).key;
  });
  return { lines: [key], problems: [] };
}

function readScopes(list: string): Scope[] {
  if (list === 'all') return [...SCOPES];
  const names = list.split(',').map((name) => name.trim());
  const scopes = names.filter(isScope);
  const unknown = names.filter((name) => !isScope(name));
  if (unknown.length > 0) throw new UsageError(`Unknown scope ${unknown.join(', ')}. Known are: ${SCOPES.join(', ')}.`);
  return scopes;
}
