/**
 * `npm run admin -- key create --organization NAME --name NAME --scopes a,b|all [--expires 2027-01-31]`
 * The last line of stdout is the key. The organization is created when it is new.
 */
import { parseArgs } from 'node:util';
import { v7 as uuidv7 } from 'uuid';
import { issueApiKey } from './auth/keys.ts';
import { isScope, SCOPES, type Scope } from './auth/scopes.ts';
import { parseConfig } from './config.ts';
import { openDatabase } from './db/client.ts';
import { prepareDatabase } from './db/prepare.ts';
import { startDatabase } from './db/start-database.ts';
import { createLogger } from './log.ts';

const USAGE = `Usage: npm run admin -- key create --organization NAME --name NAME --scopes ${SCOPES.join(',')}|all [--expires YYYY-MM-DD]`;

/** The command was called wrongly. */
class UsageError extends Error {
  override readonly name = 'UsageError';
}

function readScopes(list: string): Scope[] {
  if (list === 'all') return [...SCOPES];
  const names = list.split(',').map((name) => name.trim());
  const scopes = names.filter(isScope);
  const unknown = names.filter((name) => !isScope(name));
  if (unknown.length > 0) throw new UsageError(`Unknown scope ${unknown.join(', ')}. Known are: ${SCOPES.join(', ')}.`);
  return scopes;
}

function readCommand(args: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      organization: { type: 'string' },
      name: { type: 'string' },
      scopes: { type: 'string' },
      expires: { type: 'string' },
    },
  });
  if (positionals.join(' ') !== 'key create') throw new UsageError('There is one command: key create.');
  const organization = values.organization?.trim();
  const name = values.name?.trim();
  if (!organization || !name || !values.scopes) throw new UsageError('--organization, --name and --scopes are needed.');
  const expiresAt = values.expires === undefined ? null : new Date(values.expires);
  if (expiresAt !== null && !(expiresAt.getTime() > Date.now()))
    throw new UsageError('--expires must be a date to come.');
  return { organization, name, scopes: readScopes(values.scopes), expiresAt };
}

async function createKey(args: readonly string[]): Promise<string> {
  const { organization, name, scopes, expiresAt } = readCommand(args);
  const config = parseConfig(process.env);
  const log = createLogger(config.logLevel, process.stderr);
  const database = await startDatabase(config, log);
  const { db, pool, close } = openDatabase(database.pool, log);
  try {
    await prepareDatabase(pool, (message) => log.warn(message));
    const { id: organizationId } = await db.organization.upsert({
      where: { name: organization },
      create: { id: uuidv7(), name: organization },
      update: {},
    });
    return (await issueApiKey(db, { organizationId, name, scopes, expiresAt })).key;
  } finally {
    await close();
    await database.stop();
  }
}

createKey(process.argv.slice(2)).then(
  (key) => process.stdout.write(`${key}\n`),
  (error: unknown) => {
    const message = error instanceof Error ? error.message : 'failed';
    process.stderr.write(`${message}\n${error instanceof UsageError ? `${USAGE}\n` : ''}`);
    process.exitCode = 1;
  },
);
