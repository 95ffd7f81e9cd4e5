/** Reads the environment and starts the database, and loads the rest of the program meanwhile. */
import { parseConfig } from './config/config.ts';
import { prepareDataDir } from './config/data-dir.ts';
import { readServiceAccount } from './config/secrets.ts';
import type { Timing } from './config/timing.ts';
import { startDatabase } from './db/start-database.ts';
import { createLogger, describeError, type Logger } from './log.ts';

/** Node.js would print the message, which could quote a mail. A rejected promise without a handler must not stop the server. */
function logStrayErrors(log: Logger): void {
  process.on('unhandledRejection', (error) => log.error({ error: describeError(error) }, 'unhandled rejection'));
  process.on('uncaughtException', (error) => {
    log.fatal({ error: describeError(error) }, 'uncaught exception');
    process.exit(1);
  });
}

async function run(timing: Partial<Timing>): Promise<void> {
  const config = parseConfig(process.env);
  const log = createLogger(config.logLevel).child({ instance: config.instance });
  logStrayErrors(log);
  const serviceAccount = readServiceAccount(config.googleServiceAccountFile);
  const needsFolder = config.databaseUrl === null || config.google === null || config.encryptionKeys === null;
  if (needsFolder) prepareDataDir(config.dataDir);
  // It takes as long as PostgreSQL takes to start.
  const [database, { serve }] = await Promise.all([startDatabase(config, log), import('./serve.ts')]);
  await serve({ config, log, database, serviceAccount, timing });
}

/** @param timing overrides of `TIMING`. */
export function main(timing: Partial<Timing> = {}): void {
  run(timing).catch((error: unknown) => {
    const message = error instanceof Error ? error.message : 'failed to start';
    process.stderr.write(`${message}\n`);
    process.exit(1);
  });
}

if (import.meta.main) main();
