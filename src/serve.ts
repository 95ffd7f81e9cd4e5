/** The program after its database has started: assembles the process and serves until it is told to stop. */
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { getHeapStatistics } from 'node:v8';
import type { SandboxAdmin } from '../sandbox/admin.ts';
import type { App } from './app.ts';
import type { Config, GoogleClient } from './config/config.ts';
import { demoApiKey, generatedEncryptionKey, type ServiceAccount } from './config/secrets.ts';
import type { Timing } from './config/timing.ts';
import { createApp } from './create-app.ts';
import type { StartedDatabase } from './db/start-database.ts';
import { tryStandby } from './db/try-connection.ts';
import { placeOf } from './db/unusable.ts';
import { listenForRequests } from './http/server.ts';
import { describeError, type Logger } from './log.ts';
import { warnOfUnopenable } from './operations/unopenable.ts';
import { readVersions } from './operations/versions.ts';
import { startWorker } from './worker.ts';

export interface ServeParts {
  readonly config: Config;
  readonly log: Logger;
  readonly database: StartedDatabase;
  readonly serviceAccount: ServiceAccount | null;
  /** Overrides of `TIMING`. */
  readonly timing: Partial<Timing>;
}

export async function serve({ config, log, database, serviceAccount, timing }: ServeParts): Promise<void> {
  const sandbox = config.google === null ? await startDemoSandbox(config.dataDir) : null;
  const google: GoogleClient | null = config.google ?? (sandbox && { ...sandbox, baseUrl: sandbox.url });
  if (google === null) throw new Error('neither Google nor the sandbox');
  const publicUrl = config.publicUrl ?? `http://localhost:${config.port}`;
  const encryptionKeys = config.encryptionKeys ?? [generatedEncryptionKey(config.dataDir)];
  if (config.databaseReadUrl !== null) await tryStandby(config.databaseReadUrl, log);
  const running = await createApp({
    config,
    database: database.pool,
    directDatabase: database.direct,
    readDatabase: database.read,
    google,
    serviceAccount,
    encryptionKeys,
    publicUrl,
    log,
    timing,
  });
  // Before the worker: a process that ends because a port is in use must not have begun deliveries.
  const metrics =
    config.metrics && (await (await import('./metrics/server.ts')).startMetrics(running.app, config.metrics));
  const server = await listenForRequests(running.app);
  const worker = await startWorker(running.app);
  const demo = sandbox && (await prepareDemo(running.app, sandbox.admin));
  const versions = await readVersions(running.app.pool);

  let stopping = false;
  const stop = async (signal: string) => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'stopping');
    // Its heartbeat ends with it, so that other processes take over unfinished work.
    setTimeout(() => process.exit(1), running.app.timing.drainMs).unref();
    running.app.health.isStopping = true;
    const logIncomplete = (error: unknown) => log.warn({ error: describeError(error) }, 'stopping is incomplete');
    const closeServer = () => delay(config.drainDelayMs).then(() => server.close());
    const steps: readonly (() => Promise<unknown> | undefined)[] = [
      () => Promise.all([closeServer(), worker.finishJobs().catch(logIncomplete)]),
      running.drain,
      worker.stop,
      () => metrics?.close(),
      running.close,
      () => sandbox?.close(),
      database.stop,
    ];
    // A step that fails must not keep the next ones from being taken: what stays open keeps the process from ending.
    for (const step of steps) await step()?.catch(logIncomplete);
  };
  // Before it is ready: a supervisor may stop a process as soon as it has answered.
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => void stop(signal));
  server.open({ demo });

  const heapLimitMb = Math.round(getHeapStatistics().heap_size_limit / 2 ** 20);
  const start = {
    ...versions,
    mode: config.production ? 'production' : 'development',
    worker: config.worker,
    database: placeOf(config.databaseUrl),
    port: server.port,
    metricsPort: metrics?.port,
    sandbox: sandbox?.url,
    heapLimitMb,
  };
  log.info(start, 'listening');
  warnOfUnopenable(running.app).catch((error: unknown) =>
    log.warn({ error: describeError(error) }, 'the stored consents could not be checked'),
  );
  if (demo) process.stdout.write((await import('./demo/welcome.ts')).welcome(publicUrl, demo));
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
