/** The program as its users run it, for tests that kill, stop and pause real processes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { inject } from 'vitest';
import { type Sandbox, startSandbox } from '../../sandbox/server.ts';
import type { ImageTree } from '../../scripts/follow-dockerfile.ts';
import type { App } from '../../src/app.ts';
import { parseConfig } from '../../src/config/config.ts';
import type { Timing } from '../../src/config/timing.ts';
import { createApp } from '../../src/create-app.ts';
import { createLogger } from '../../src/log.ts';
import { createTestDatabase } from './database.ts';
import { createTenant, eventually, type Tenant, UNPACED, UNPOLLED } from './harness.ts';

export const ROOT = path.join(import.meta.dirname, '..', '..');
const ENCRYPTION_KEY = Buffer.alloc(32, 7);

/** Tests start ten at once, on machines that do other things too. */
const READY_WITHIN_MS = 60_000;

/** For tests that wait for a takeover, or for a process that does not get done: with room for a machine that is busy. */
export const QUICK: Partial<Timing> = { heartbeatMs: 400, unreadyAfterMs: 2_500, deadAfterMs: 3_000, drainMs: 3_000 };

/** What a process ended with: its exit code, or the signal that killed it. */
export type Exit = readonly [code: number | null, signal: NodeJS.Signals | null];

export interface StartOptions {
  /** Absent or null: as users run it. */
  readonly timing?: Partial<Timing> | null;
  /** The shell command that runs it, in a process group of its own. Absent: its process itself is started. */
  readonly command?: string;
  /** Another tree than this repository, and the command that starts it there. */
  readonly image?: ImageTree & { readonly uid?: number; readonly gid?: number };
}

/** One place for a process: it may be started again at the same address, as an operator's supervisor would. */
export class EpistleProcess {
  readonly #port: number;
  readonly #env: Record<string, string>;
  readonly #how: StartOptions;
  #child: ChildProcess | undefined;
  #output = '';

  constructor(port: number, env: Record<string, string>, how: StartOptions = {}) {
    this.#port = port;
    this.#env = env;
    this.#how = how;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Everything that it has printed, over all its starts. */
  get output(): string {
    return this.#output;
  }

  /** In MB (10^6 bytes): what it holds of the machine's memory now, or at most since the last `resetPeak`. */
  memoryMb(which: 'now' | 'peak'): number {
    const status = readFileSync(`/proc/${this.#child?.pid}/status`, 'utf8');
    const kb = new RegExp(`^${which === 'now' ? 'VmRSS' : 'VmHWM'}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
    return (Number(kb) * 1024) / 1e6;
  }

  resetPeak(): void {
    writeFileSync(`/proc/${this.#child?.pid}/clear_refs`, '5');
  }

  /** Started with `--inspect=127.0.0.1:0`. Without it, memory stays until V8 needs it, which can be minutes. */
  async collectGarbage(): Promise<void> {
    const url = /Debugger listening on (ws:\S+)/.exec(this.#output)?.[1];
    if (url === undefined) throw new Error('the process has no inspector');
    const inspector = new WebSocket(url);
    await once(inspector, 'open');
    inspector.send(JSON.stringify({ id: 1, method: 'HeapProfiler.collectGarbage' }));
    await once(inspector, 'message');
    inspector.close();
  }

  /** What the operating system knows of it: a file of `/proc/PID`, its NUL bytes as spaces. */
  proc(file: 'cmdline' | 'environ'): string {
    return readFileSync(`/proc/${this.#child?.pid}/${file}`, 'utf8').replaceAll('\0', ' ').trim();
  }

  get isRunning(): boolean {
    const child = this.#child;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** Resolves when it is ready. @throws when it ends before. */
  async start(): Promise<void> {
    const { timing = null, command = null, image } = this.#how;
    const [program, added] =
      timing === null ? ['src/main.ts', {}] : ['test/support/quick-main.ts', { TIMING: JSON.stringify(timing) }];
    const [file, ...args] =
      image?.command ?? (command === null ? ([process.execPath, program] as const) : (['sh', '-c', command] as const));
    const child = spawn(file, args, {
      cwd: image?.workdir ?? ROOT,
      detached: command !== null,
      uid: image?.uid,
      gid: image?.gid,
      env: environment({ ...UNPACED, ...UNPOLLED, PORT: String(this.#port), ...this.#env, ...image?.env, ...added }),
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

  /** As a terminal does it for Ctrl-C. @throws {Error} with the code ESRCH when no process of its group is left. */
  signalGroup(name: NodeJS.Signals | 0): void {
    process.kill(-(this.#child?.pid ?? Number.NaN), name);
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
    if (this.#how.command === undefined) this.#child?.kill('SIGKILL');
    else this.signalGroup('SIGKILL');
    await this.exit();
  }
}

/** As `scripts/start.sh` has it: a process that starts need not compile what another one has compiled. */
const NODE_COMPILE_CACHE = path.join(ROOT, 'node_modules', '.cache', 'node');

/** No variable of the test run itself may reach the program. */
export function environment(env: Record<string, string>): Record<string, string> {
  return { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', NODE_COMPILE_CACHE, ...env };
}

let ports = 0;

/** Below those that the system gives to connections, so that nothing takes it meanwhile; each is given once. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + 1_000 * (Number(process.env.VITEST_POOL_ID ?? 0) % 10) + (ports++ % 1_000);
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
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
  /** Null: as users run them. */
  readonly timing?: Partial<Timing> | null;
  readonly image?: StartOptions['image'];
  /** Where the processes find their database, when it is not the one that this makes. */
  readonly databaseUrl?: string;
}

/** All are ready when it resolves. */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const { processes: count, env = {}, timing = null, image, databaseUrl } = options;
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
    const common = {
      NODE_ENV: 'test',
      LOG_LEVEL: 'warn',
      DATA_DIR: await mkdtemp(path.join(inject('temporaryFolder'), 'fleet-')),
      DATABASE_URL: url,
      GOOGLE_CLIENT_ID: sandbox.clientId,
      GOOGLE_CLIENT_SECRET: sandbox.clientSecret,
      GOOGLE_BASE_URL: sandbox.url,
      ENCRYPTION_KEY: ENCRYPTION_KEY.toString('base64'),
      SETTLE_DELAYS_MS: '500,1000,2000',
    };
    processes.push(new EpistleProcess(await freePort(), { ...common, ...env }, { timing, ...(image && { image }) }));
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
