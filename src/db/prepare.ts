import { fileURLToPath } from 'node:url';
import { runMigrations } from 'graphile-worker';
import pg from 'pg';
import { CONNECTING, type Pool } from './client.ts';
import { applyMigrations } from './migrate.ts';
import { reasonOf, unusable } from './unusable.ts';

const MIGRATIONS = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));

/**
 * Migrates our tables and those of the job queue. Several processes may start at the same time. It uses connections of its own,
 * without time limits, because a migration may take long.
 * @param options.isDirect whether it is the database of DATABASE_DIRECT_URL.
 * @throws {ConfigError} for the database of a URL, naming the variable, the host and the port.
 */
export async function prepareDatabase(
  config: pg.PoolConfig,
  warn: (message: string) => void,
  { isDirect = false } = {},
): Promise<void> {
  const pool = new pg.Pool({ ...CONNECTING, ...config });
  // The statement under way fails too, and its error is reported.
  const ignore = () => {};
  pool.on('error', ignore);
  pool.on('connect', (client) => client.on('error', ignore));
  try {
    await migrate(pool, warn);
  } catch (error) {
    const { connectionString } = config;
    if (connectionString === undefined) throw error;
    throw unusable(
      connectionString,
      (place) => `the PostgreSQL ${place} cannot be brought up to date (${reasonOf(error)})`,
      isDirect ? 'DATABASE_DIRECT_URL' : 'DATABASE_URL',
    );
  } finally {
    await pool.end();
  }
}

async function migrate(pool: Pool, warn: (message: string) => void): Promise<void> {
  const client = await pool.connect();
  try {
    await applyMigrations(client, MIGRATIONS, { warn });
  } finally {
    client.release();
  }
  await runMigrations({ pgPool: pool });
}
