import pg from 'pg';
import { type Config, ConfigError } from '../config/config.ts';
import { prepareDataDir } from '../config/data-dir.ts';
import type { Logger } from '../log.ts';

export interface StartedDatabase {
  readonly pool: pg.PoolConfig;
  /** Stops what was started; nothing for a database that was given. */
  stop(): Promise<void>;
}

/** A host that does not answer at all would be waited for two minutes. */
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * The database that is configured, or the embedded one: the same code works on both.
 * @throws {ConfigError} when it cannot be used, naming the variable, the host and the port, never the password.
 */
export async function startDatabase(config: Config, log: Logger): Promise<StartedDatabase> {
  if (config.databaseUrl !== null) {
    await tryConnection(config.databaseUrl);
    return { pool: { connectionString: config.databaseUrl }, stop: async () => {} };
  }
  prepareDataDir(config.dataDir);
  const { startEmbeddedPostgres } = await import('./embedded-postgres.ts');
  const embedded = await startEmbeddedPostgres(config.dataDir, { log: (line) => log.debug({ line }, 'postgres') });
  return { pool: { ...embedded.connection }, stop: () => embedded.stop() };
}

async function tryConnection(url: string): Promise<void> {
  const client = clientOf(url);
  // One that could not connect may report more than once.
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (error) {
    const reason = reasonOf(error);
    throw invalid(`${problemOf(reason, `at ${client.host}, port ${client.port},`)} (${reason})`);
  }
  await client.end();
}

function clientOf(url: string): pg.Client {
  try {
    return new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  } catch {
    throw invalid('must be a URL such as postgresql://user:password@host:5432/database');
  }
}

/** A code, or the words of pg, which are about the connection alone: that it took too long, that TLS is not spoken there. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error ? String(error.code) : error.message;
}

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
function problemOf(reason: string, place: string): string {
  if (/^28[0-9A-Z]{3}$/.test(reason))
    return `the PostgreSQL ${place} refuses this user or password; it must accept them`;
  if (reason === '3D000') return `the PostgreSQL ${place} has no database of this name; it must exist`;
  return `there must be a PostgreSQL ${place} that takes connections from here; none could be made`;
}

function invalid(problem: string): ConfigError {
  return new ConfigError(`Invalid environment:\n  DATABASE_URL: ${problem}`);
}
