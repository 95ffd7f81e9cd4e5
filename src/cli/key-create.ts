import { v7 as uuidv7 } from 'uuid';
import { issueApiKey } from '../auth/keys.ts';
import { isScope, SCOPES, type Scope } from '../auth/scopes.ts';
import type { Config } from '../config/config.ts';
import { type Report, UsageError, withDatabase } from './command.ts';

export const KEY_CREATE_USAGE = `key create --organization NAME --name NAME --scopes ${SCOPES.join(',')}|all [--expires YYYY-MM-DD]`;

/** The last line is the key. An organization that is not there is made, and that is said. */
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
  return withDatabase(config, async ({ db }) => {
    const made = await db.organization.createMany({ data: { id: uuidv7(), name: organization }, skipDuplicates: true });
    const { id: organizationId } = await db.organization.findUniqueOrThrow({ where: { name: organization } });
    const { key } = await issueApiKey(db, { organizationId, name, scopes, expiresAt });
    const isNew = made.count > 0;
    return {
      lines: [...(isNew ? [`There was no organization "${organization}": it is new.`] : []), key],
      problems: [],
    };
  });
}

function readScopes(list: string): Scope[] {
  if (list === 'all') return [...SCOPES];
  const names = list.split(',').map((name) => name.trim());
  const scopes = names.filter(isScope);
  const unknown = names.filter((name) => !isScope(name));
  if (unknown.length > 0) throw new UsageError(`Unknown scope ${unknown.join(', ')}. Known are: ${SCOPES.join(', ')}.`);
  return scopes;
}
