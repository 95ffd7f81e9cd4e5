/** Reads the environment, puts the process together, serves until it is told to stop. */
import path from 'node:path';
import type { SandboxAdmin } from '../sandbox/admin.ts';
import type { App } from './app.ts';
import { ConfigError, type GoogleClient, parseConfig } from './config/config.ts';
import { createApp } from './create-app.ts';
import { prepareDataDir } from './config/data-dir.ts';
import { startDatabase } from './db/start-database.ts';
import { createLogger, describeError, type Logger } from './log.ts';
import { demoApiKey, generatedEncryptionKey, readServiceAccount } from './config/secrets.ts';
import { startServer } from './http/server.ts';
import { startWorker } from './worker.ts';

/** What is under way when it is told to stop may take so long. */
const DRAIN_MS = 30_000;

/** Printed by Node, either could quote a mail. A promise that nobody waits for is no reason to stop serving. */
function logStrayErrors(log: Logger): void {
  process.on('unhandledRejection', (error) => log.error({ error: describeError(error) }, 'unhandled rejection'));
  process.on('uncaughtException', (error) => {
    log.fatal({ error: describeError(error) }, 'uncaught exception');
    process.exit(1);
  });
}

async function main(): Promise<void> {
  const config = parseConfig(process.env);
  const log = createLogger(config.logLevel);
  logStrayErrors(log);
  const serviceAccount = readServiceAccount(config.googleServiceAccountFile);
  const needsFolder = config.databaseUrl === null || config.google === null || config.encryptionKeys === null;
  if (needsFolder) prepareDataDir(config.dataDir);
  const [database, sandbox] = await Promise.all([
    startDatabase(config, log),
    config.google === null ? startDemoSandbox(config.dataDir) : null,
  ]);
  const google: GoogleClient | null = config.google ?? (sandbox && { ...sandbox, baseUrl: sandbox.url });
  if (google === null) throw new Error('neither Google nor the sandbox');
  const publicUrl = config.publicUrl ?? `http://localhost:${config.port}`;
  const encryptionKeys = config.encryptionKeys ?? [generatedEncryptionKey(config.dataDir)];
  const running = await createApp({
    config,
    database: database.pool,
    google,
    serviceAccount,
    encryptionKeys,
    publicUrl,
    log,
  });
  const worker = await startWorker(running.app);
  const demo = sandbox && (await prepareDemo(running.app, sandbox.admin));
  const server = await startServer(running.app, { demo });
  log.info({ port: server.port, sandbox: sandbox?.url }, 'listening');
  if (demo) process.stdout.write((await import('./demo/welcome.ts')).welcome(publicUrl, demo));

  let stopping = false;
  const stop = async (signal: string) => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'stopping');
    // Its heartbeat is left as it is: what it could not finish is taken over as soon as that has stopped.
    setTimeout(() => process.exit(1), DRAIN_MS).unref();
    await Promise.all([server.close(), worker.finishJobs()]);
    await running.drain();
    await worker.stop();
    await running.close();
    await sandbox?.close();
    await database.stop();
  };
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => void stop(signal));
}

async function prepareDemo(app: App, sandbox: SandboxAdmin) {
  const { ensureDemo } = await import('./demo/seed.ts');
  const key = demoApiKey(app.config.dataDir);
  return { key, ...(await ensureDemo(app, sandbox, key)) };
}

/** In process, its mailboxes kept in the data folder. */
async function startDemoSandbox(dataDir: string) {
  const { startSandbox } = await import('../sandbox/server.ts');
  return startSandbox({ statePath: path.join(dataDir, 'gmail-sandbox.jsonl') });
}

main().catch((error: unknown) => {
  const message = error instanceof ConfigError || error instanceof Error ? error.message : 'failed to start';
  process.stderr.write(`${message}\n`);
  process.exit(1);
});
