import type pg from 'pg';
import type { Config } from '../config/config.ts';
import { prepareDataDir } from '../config/data-dir.ts';
import type { Logger } from '../log.ts';

export interface StartedDatabase {
  readonly pool: pg.PoolConfig;
  /** PostgreSQL itself, for migrations, LISTEN and the job queue. Null: `pool` can do everything. */
  readonly direct: pg.PoolConfig | null;
  /** A streaming standby that answers queries. Null: none. */
  readonly read: pg.PoolConfig | null;
  /** Stops the embedded server; does nothing for a database of DATABASE_URL. */
  stop(): Promise<void>;
}

/**
 * The configured database, or the embedded one. The same code works on both.
 * @throws {ConfigError} when it cannot be used, naming the variable, the host and the port, never the password.
 */
export async function startDatabase(config: Config, log: Logger): Promise<StartedDatabase> {
  const { databaseUrl, databaseDirectUrl, databaseReadUrl } = config;
  if (databaseUrl !== null) {
    const { tryConnection, tryPooledConnection } = await import('./try-connection.ts');
    if (databaseDirectUrl === null) await tryConnection(databaseUrl);
    else {
      await tryConnection(databaseDirectUrl, 'DATABASE_DIRECT_URL');
      await tryPooledConnection(databaseUrl);
    }
    return {
      pool: { connectionString: databaseUrl },
      direct: databaseDirectUrl === null ? null : { connectionString: databaseDirectUrl },
      read: databaseReadUrl === null ? null : { connectionString: databaseReadUrl },
      stop: async () => {},
    };
  }
  prepareDataDir(config.dataDir);
  const { startEmbeddedPostgres } = await import('./embedded-postgres.ts');
  const embedded = await startEmbeddedPostgres(config.dataDir, { log: (line) => log.debug({ line }, 'postgres') });
  return { pool: { ...embedded.connection }, direct: null, read: null, stop: () => embedded.stop() };
}
