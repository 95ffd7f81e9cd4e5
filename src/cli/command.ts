import type pg from 'pg';
import type { Config } from '../config/config.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { prepareDatabase } from '../db/prepare.ts';
import { startDatabase } from '../db/start-database.ts';
import { createLogger, type Logger } from '../log.ts';

/** The arguments of the command are wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The output of a command: `lines` on stdout, `warnings` and `problems` on stderr. With a problem, it exits with 1. */
export interface Report {
  readonly lines: readonly string[];
  readonly warnings?: readonly string[];
  readonly problems?: readonly string[];
}

/**
 * Runs `work` on the server of the database that the configuration names.
 * @param work gets a log on stderr, because stdout is for the output of the command.
 */
export async function withServer<Result>(
  config: Config,
  work: (server: pg.PoolConfig, log: Logger) => Promise<Result>,
): Promise<Result> {
  const log = createLogger(config.logLevel, process.stderr);
  const server = await startDatabase(config, log);
  return work(server.direct ?? server.pool, log).finally(() => server.stop());
}

/**
 * Runs `work` on the database that the configuration names.
 * @param options.migrate whether it is brought up to date first, as at every start of a server.
 */
export function withDatabase<Result>(
  config: Config,
  work: (database: Database) => Promise<Result>,
  { migrate = true } = {},
): Promise<Result> {
  return withServer(config, async (server, log) => {
    const isDirect = config.databaseDirectUrl !== null;
    if (migrate) await prepareDatabase(server, (message) => log.warn(message), { isDirect });
    const database = openDatabase(server, log);
    return work(database).finally(() => database.close());
  });
}
