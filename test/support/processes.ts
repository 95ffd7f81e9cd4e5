/** The program as its users run it, for tests that kill, stop and pause real processes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { inject } from 'vitest';
import { type Sandbox, startSandbox } from '../../sandbox/server.ts';
import type { App } from '../../src/app.ts';
import { parseConfig } from '../../src/config/config.ts';
import { createApp } from '../../src/create-app.ts';
import { createLogger } from '../../src/log.ts';
import { createTestDatabase } from './database.ts';
import { createTenant, eventually, type Tenant, UNPACED, UNPOLLED } from './harness.ts';

export const ROOT = path.join(import.meta.dirname, '..');
const ENCRYPTION_KEY = Buffer.alloc(32, 7);

/** Tests start ten at once, on machines that do other things too. */
const READY_WITHIN_MS = 60_000;

/** What a process ended with: its exit code, or the signal that killed it. */
export type Exit = readonly [code: number | null, signal: NodeJS.Signals | null];

/** One place for a process: it may be started again at the same address, as an operator's supervisor would. */
export class EpistleProcess {
  readonly #port: number;
  readonly #env: Record<string, string>;
  #child: ChildProcess | undefined;
  #output = '';

  constructor(port: number, env: Record<string, string>) {
    this.#port = port;
    this.#env = env;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Everything that it has printed, over all its starts. */
  get output(): string {
    return this.#output;
  }

  get isRunning(): boolean {
    const child = this.#child;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** Resolves when it is ready. @throws when it ends before. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, ['src/main.ts'], {
      cwd: ROOT,
      env: environment({ ...UNPACED, ...UNPOLLED, PORT: String(this.#port), ...this.#env }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (this.#output += String(chunk)));
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error(`it ended: ${this.#output}`);
      return fetch(`${this.url}/ready`).then(
        ({ ok }) => ok || null,
        () => null,
      );
    }, READY_WITHIN_MS);
  }

  /** @throws when it is not running. */
  signal(name: NodeJS.Signals): void {
    if (!this.#child?.kill(name)) throw new Error(`there is no process to receive ${name}`);
  }

  /** What it ends with, or has ended with. */
  async exit(): Promise<Exit> {
    const child = this.#child;
    if (child === undefined) throw new Error('it was never started');
    if (this.isRunning) await once(child, 'exit');
    return [child.exitCode, child.signalCode];
  }

  /** Also when it is paused, or has ended already. */
  async kill(): Promise<void> {
    if (!this.isRunning) return;
    this.#child?.kill('SIGKILL');
    await this.exit();
  }
}

/** No variable of the test run itself may reach the program. */
export function environment(env: Record<string, string>): Record<string, string> {
  return { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...env };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Several processes on one database and one sandbox, and a tenant to send for. */
export interface Fleet {
  readonly sandbox: Sandbox;
  readonly processes: readonly EpistleProcess[];
  /** Serves and works nothing: it only makes the tenant and looks at the rows. */
  readonly app: App;
  readonly tenant: Tenant;
  /** Kills what still runs. */
  close(): Promise<void>;
}

export interface FleetOptions {
  readonly processes: number;
  readonly env?: Record<string, string>;
  /** Where the processes find their database, when it is not the one that this makes. */
  readonly databaseUrl?: string;
}

/** All are ready when it resolves. */
export async function startFleet({ processes: count, env = {}, databaseUrl }: FleetOptions): Promise<Fleet> {
  const [database, sandbox] = await Promise.all([
    databaseUrl === undefined ? createTestDatabase() : null,
    startSandbox(),
  ]);
  const url = database?.url ?? databaseUrl ?? '';
  const observer = await createApp({
    config: parseConfig({ NODE_ENV: 'test' }),
    database: { connectionString: url },
    google: { clientId: sandbox.clientId, clientSecret: sandbox.clientSecret, baseUrl: sandbox.url },
    encryptionKeys: [ENCRYPTION_KEY],
    publicUrl: 'http://epistle.test',
    log: createLogger('silent'),
  });
  const tenant = await createTenant({ app: observer.app, sandbox });
  const processes: EpistleProcess[] = [];
  for (let index = 0; index < count; index++) {
    processes.push(
      new EpistleProcess(await freePort(), {
        NODE_ENV: 'test',
        LOG_LEVEL: 'warn',
        DATA_DIR: await mkdtemp(path.join(inject('temporaryFolder'), 'fleet-')),
        DATABASE_URL: url,
        GOOGLE_CLIENT_ID: sandbox.clientId,
        GOOGLE_CLIENT_SECRET: sandbox.clientSecret,
        GOOGLE_BASE_URL: sandbox.url,
        ENCRYPTION_KEY: ENCRYPTION_KEY.toString('base64'),
        SETTLE_DELAYS_MS: '500,1000,2000',
        ...env,
      }),
    );
  }
  const close = async () => {
    await Promise.all(processes.map((each) => each.kill()));
    await observer.close();
    await sandbox.close();
    await database?.drop();
  };
  try {
    await Promise.all(processes.map((each) => each.start()));
  } catch (error) {
    await close();
    throw error;
  }
  return { sandbox, processes, app: observer.app, tenant, close };
}

/** How many emails are in which state. */
export async function statusCounts({ app }: Pick<Fleet, 'app'>): Promise<Record<string, number>> {
  const { rows } = await app.pool.query<{ status: string; count: number }>(
    'SELECT status, count(*)::int AS count FROM outbound_email GROUP BY status',
  );
  return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
}

/** How many events of which type were written. */
export async function eventCounts({ app }: Pick<Fleet, 'app'>): Promise<Record<string, number>> {
  const { rows } = await app.pool.query<{ type: string; count: number }>(
    'SELECT type, count(*)::int AS count FROM outbound_email_event GROUP BY type ORDER BY type',
  );
  return Object.fromEntries(rows.map(({ type, count }) => [type, count]));
}
