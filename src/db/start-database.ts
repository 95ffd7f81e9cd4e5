import type pg from 'pg';
import type { Config } from '../config.ts';
import type { Logger } from '../log.ts';

export interface StartedDatabase {
  readonly pool: pg.PoolConfig;
  /** Stops what was started; nothing for a database that was given. */
  stop(): Promise<void>;
}

/** The database that is configured, or the embedded one: the same code works on both. */
export async function startDatabase(config: Config, log: Logger): Promise<StartedDatabase> {
  if (config.databaseUrl !== null) {
    return { pool: { connectionString: config.databaseUrl }, stop: async () => {} };
  }
  const { startEmbeddedPostgres } = await import('./embedded-postgres.ts');
  const embedded = await startEmbeddedPostgres(config.dataDir, { log: (line) => log.debug({ line }, 'postgres') });
  return { pool: { ...embedded.connection }, stop: () => embedded.stop() };
}
