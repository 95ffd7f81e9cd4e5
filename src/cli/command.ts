import type { Config } from '../config/config.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { prepareDatabase } from '../db/prepare.ts';
import { startDatabase } from '../db/start-database.ts';
import { createLogger, type Logger } from '../log.ts';

/** The command was called wrongly. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The command was understood, and could not be done. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** What a command prints: `lines` on stdout, `problems` on stderr; with any of those it exits with 1. */
export interface Report {
  readonly lines: readonly string[];
  readonly problems: readonly string[];
}

/** Logs go to stderr: stdout is for what the command prints. */
export function commandLog(config: Config): Logger {
  return createLogger(config.logLevel, process.stderr);
}

/** Runs `work` on the database that the configuration names, brought up to date first. */
export async function withDatabase<Result>(
  config: Config,
  work: (database: Database) => Promise<Result>,
): Promise<Result> {
  const log = commandLog(config);
  const server = await startDatabase(config, log);
  const database = openDatabase(server.pool, log);
  try {
    await prepareDatabase(database.pool, (message) => log.warn(message));
    return await work(database);
  } finally {
    await database.close();
    await server.stop();
  }
}
