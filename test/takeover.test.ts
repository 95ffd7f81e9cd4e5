/** Real processes on one database, really killed while they send: nothing is lost, nothing leaves twice. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type Sandbox, startSandbox } from '../sandbox/server.ts';
import { parseConfig } from '../src/config.ts';
import { createApp, type RunningApp } from '../src/create-app.ts';
import { createLogger } from '../src/log.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { SendEmail } from './documents.ts';
import { createTenant, eventually, query, type Tenant } from './harness.ts';

const ROOT = path.join(import.meta.dirname, '..');
const PROCESSES = 3;
const SENDS = 150;
const KILLS = 9;
/** Of one process; with three of them 12 requests are always under way. */
const CLIENTS_PER_PROCESS = 4;
const SETTLED_WITHIN_MS = 60_000;
const ENCRYPTION_KEY = Buffer.alloc(32, 7);
const MARIA = 'maria@acme.example';

let database: TestDatabase;
let sandbox: Sandbox;
/** Serves and works nothing: it only makes the tenant and looks at the rows. */
let observer: RunningApp;
let tenant: Tenant;
const servers: Server[] = [];

beforeAll(async () => {
  [database, sandbox] = await Promise.all([createTestDatabase(), startSandbox()]);
  observer = await createApp({
    config: parseConfig({ NODE_ENV: 'test' }),
    database: { connectionString: database.url },
    google: { clientId: sandbox.clientId, clientSecret: sandbox.clientSecret, baseUrl: sandbox.url },
    encryptionKeys: [ENCRYPTION_KEY],
    publicUrl: 'http://epistle.test',
    log: createLogger('silent'),
  });
  tenant = await createTenant({ app: observer.app, sandbox });
  sandbox.admin.createMailbox({ email: MARIA });
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.kill()));
  await observer.close();
  await sandbox.close();
  await database.drop();
});

/** One place for a process: it is killed and started again at the same address, as an operator's supervisor would. */
class Server {
  readonly #port: number;
  readonly #dataDir: string;
  #child: ChildProcess | undefined;
  #output = '';

  constructor(port: number, dataDir: string) {
    this.#port = port;
    this.#dataDir = dataDir;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, ['src/main.ts'], {
      cwd: ROOT,
      env: {
        PATH: process.env.PATH ?? '',
        HOME: process.env.HOME ?? '',
        NODE_ENV: 'test',
        LOG_LEVEL: 'warn',
        PORT: String(this.#port),
        DATA_DIR: this.#dataDir,
        DATABASE_URL: database.url,
        GOOGLE_CLIENT_ID: sandbox.clientId,
        GOOGLE_CLIENT_SECRET: sandbox.clientSecret,
        GOOGLE_BASE_URL: sandbox.url,
        ENCRYPTION_KEY: ENCRYPTION_KEY.toString('base64'),
        SETTLE_DELAYS_MS: '500,1000,2000',
      },
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
    });
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Repeats one request with its key, at whichever process answers, until one does. */
async function sendStubbornly(index: number): Promise<{ uid: string; tries: number }> {
  for (let tries = 1; ; tries++) {
    const server = servers[(index + tries) % servers.length];
    if (server === undefined) throw new Error('there is no process');
    try {
      const { sendEmail } = await query(server, tenant.key, SendEmail, {
        input: {
          fresh: {
            fromAccountUid: tenant.accountId,
            to: [MARIA],
            subject: subjectOf(index),
            bodyText: 'Please find it here.',
            idempotencyKey: `send-${index}`,
          },
        },
      });
      if (sendEmail.__typename === 'SendEmailPayload') return { uid: sendEmail.outboundEmail.uid, tries };
      throw new Error(`refused: ${JSON.stringify(sendEmail)}`);
    } catch (error) {
      // Only a lost connection is a reason to ask again.
      if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error;
      await delay(20);
    }
  }
}

function subjectOf(index: number): string {
  return `Crash test ${index}`;
}

async function statusCounts(): Promise<Record<string, number>> {
  const { rows } = await observer.app.pool.query<{ status: string; count: number }>(
    'SELECT status, count(*)::int AS count FROM outbound_email GROUP BY status',
  );
  return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
}

function countBy(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

describe('processes that are killed at any moment', () => {
  it('lose no email and send none twice, and what they left behind is settled within a minute', async () => {
    // Gmail takes its time, so that the kills fall on every stage: before and after the effect of both calls.
    for (const [call, when, ms] of [
      ['drafts.create', 'before', 60],
      ['drafts.create', 'after', 60],
      ['drafts.send', 'before', 80],
      ['drafts.send', 'after', 120],
    ] as const) {
      sandbox.admin.fault({ call, when, times: 'always', effect: { kind: 'delay', ms } });
    }
    for (let index = 0; index < PROCESSES; index++) {
      const folder = await mkdtemp(path.join(inject('temporaryFolder'), 'takeover-'));
      servers.push(new Server(await freePort(), folder));
    }
    await Promise.all(servers.map((server) => server.start()));

    let next = 0;
    const answers: { uid: string; tries: number }[] = [];
    const clients = Array.from({ length: PROCESSES * CLIENTS_PER_PROCESS }, async () => {
      while (next < SENDS) answers.push(await sendStubbornly(next++));
    });
    const sending = Promise.all(clients);
    const atKill = { accepted: 0, sending: 0 };
    for (let kill = 0; kill < KILLS; kill++) {
      await delay(randomInt(80, 400));
      const before = await statusCounts();
      atKill.accepted += before.QUEUED ?? 0;
      atKill.sending += before.SENDING ?? 0;
      const server = servers[randomInt(PROCESSES)];
      await server?.kill();
      await server?.start();
    }
    const lastRestart = performance.now();
    await sending;

    const deadline = lastRestart + SETTLED_WITHIN_MS;
    let counts = await statusCounts();
    while (counts.SENT !== SENDS && performance.now() < deadline) {
      await delay(100);
      counts = await statusCounts();
    }
    const settledMs = Math.round(performance.now() - lastRestart);

    const arrived = sandbox.admin.messages(MARIA);
    const perId = countBy(arrived.map((message) => message.header('X-Epistle-Id') ?? 'none'));
    const perSubject = countBy(arrived.map((message) => message.header('Subject') ?? 'none'));
    const repeated = answers.filter(({ tries }) => tries > 1).length;
    const types = await eventCounts();
    process.stdout.write(
      `crash test: ${JSON.stringify({ sends: SENDS, kills: KILLS, settledMs, repeated, atKill, events: types, arrived: arrived.length, tickets: sandbox.admin.drafts(tenant.email).length })}\n`,
    );

    expect(counts).toEqual({ SENT: SENDS });
    expect([...perSubject].filter(([, copies]) => copies > 1)).toEqual([]);
    expect([...perId].filter(([, copies]) => copies > 1)).toEqual([]);
    expect([...perSubject.keys()].sort()).toEqual(Array.from({ length: SENDS }, (_, i) => subjectOf(i)).sort());
    expect([...perId.keys()].sort()).toEqual(answers.map(({ uid }) => uid).sort());
    // The kills did what they are for.
    expect(repeated).toBeGreaterThan(0);
    expect(types.unconfirmed).toBeGreaterThan(0);
  }, 85_000);
});

async function eventCounts(): Promise<Record<string, number>> {
  const { rows } = await observer.app.pool.query<{ type: string; count: number }>(
    'SELECT type, count(*)::int AS count FROM outbound_email_event GROUP BY type ORDER BY type',
  );
  return Object.fromEntries(rows.map(({ type, count }) => [type, count]));
}
