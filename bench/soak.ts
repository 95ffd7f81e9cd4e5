/**
 * Forty thousand hostile inputs over HTTP, and hostile mails among good ones, on a real server and the Gmail sandbox. No answer
 * may be 5xx except 503, nothing may be lost, no slice of the event loop may be long, and memory must not grow.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { Agent, request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { type Random, seededRandom } from '../test/support/random.ts';
import { withClient } from './database.ts';
import { processMb } from './memory.ts';
import type { BenchProcess } from './process.ts';
import { atMost, type Row } from './report.ts';
import { createTenant, type Tenant, withApp } from './seed.ts';
import { NO_LIMITS, withEpistle } from './setup.ts';
import { hostileMail, hostileRequest, type SoakRequest, soundRequest, type Targets } from './soak-inputs.ts';

const INPUTS = 40_000;
/** The heap is still growing until then. */
const WARM = 10_000;
const CONNECTIONS = 16;
const SOUND_EVERY = 200;
const HOSTILE_MAIL_EVERY = 500;
const GOOD_MAIL_EVERY = 500;
const SETTLE_MS = 10_000;
const IMPORT_TIMEOUT_MS = 300_000;
const POLL_MS = 250;
const MAILBOX = 'billing-1@soak.example';

export async function benchSoak(): Promise<Row[]> {
  const random = seededRandom('soak');
  const folder = await mkdtemp(path.join(tmpdir(), 'epistle-soak-'));
  const sandbox = await startSandboxProgram();
  const loopFile = path.join(folder, 'loop');
  const env = { LOG_LEVEL: 'error', LOOP_WATCH: loopFile, SYNC_INTERVAL_MS: '1000', ...NO_LIMITS, ...sandbox.env };
  const nodeOptions = `--import ${path.join(import.meta.dirname, 'loop-watch.ts')}`;
  try {
    return await withEpistle({ env, nodeOptions }, async ({ epistle, database, encryptionKey }) => {
      await sandbox.call('createMailbox', { email: MAILBOX });
      const refreshToken = z.string().parse(await sandbox.call('grant', { email: MAILBOX }));
      const tenant = await withApp(database, encryptionKey, (app) => createTenant(app, 'soak', 1, () => refreshToken));
      process.kill(epistle.pid, 'SIGUSR2');
      const found = await attack(epistle, tenant, sandbox, random);
      const lost = await countLost(database, found);
      const stallMs = Number(await readFile(loopFile, 'utf8'));
      return rowsOf({ ...found, lost, stallMs });
    });
  } finally {
    await sandbox.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

type SandboxProgram = Awaited<ReturnType<typeof startSandboxProgram>>;

/** `npm run sandbox`, and its operations. */
async function startSandboxProgram() {
  const main = path.join(import.meta.dirname, '..', 'sandbox', 'main.ts');
  const child = spawn(process.execPath, [main, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  for await (const chunk of child.stdout) {
    output += String(chunk);
    if (output.includes('GOOGLE_CLIENT_SECRET=')) break;
  }
  const env = Object.fromEntries(
    Array.from(output.matchAll(/^(GOOGLE_\w+)=(.*)$/gm), ([, name = '', value = '']) => [name, value]),
  );
  return {
    env,
    async call(operation: string, input: object): Promise<unknown> {
      const response = await fetch(`${env.GOOGLE_BASE_URL}/sandbox/${operation}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(input),
      });
      if (!response.ok) throw new Error(`the sandbox answered ${response.status} to ${operation}`);
      return z.object({ result: z.unknown() }).parse(await response.json()).result;
    },
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

interface Found {
  readonly warmMb: number;
  readonly endMb: number;
  /** Forbidden answers, by kind and status. */
  readonly faults: readonly string[];
  readonly soundSent: number;
  readonly goodMails: readonly string[];
}

async function attack(epistle: BenchProcess, tenant: Tenant, sandbox: SandboxProgram, random: Random): Promise<Found> {
  const targets: Targets = {
    key: tenant.key,
    accountId: tenant.accountIds[0] ?? '',
    invoiceId: tenant.invoiceIds[0] ?? '',
  };
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const faults: string[] = [];
  const goodMails: string[] = [];
  let soundSent = 0;
  let n = 0;
  const next = async (): Promise<void> => {
    const at = n++;
    const deliver = (raw: string) => sandbox.call('deliverExternal', { from: 'eve@evil.example', to: MAILBOX, raw });
    if (at % HOSTILE_MAIL_EVERY === 1) await deliver(hostileMail(random));
    if (at % GOOD_MAIL_EVERY === 251) {
      goodMails.push(`good ${at}`);
      await deliver(
        `From: Maria <maria@acme.example>\r\nSubject: good ${at}\r\nMessage-ID: <good-${at}@acme.example>\r\n\r\nHello ${at}`,
      );
    }
    const isSound = at % SOUND_EVERY === 0;
    const request = isSound ? soundRequest(at, targets) : hostileRequest(random, at, targets);
    const { status, body } = await send(epistle, agent, request);
    if ((status >= 500 && status !== 503) || body.includes('INTERNAL_SERVER_ERROR')) {
      faults.push(`${request.kind}: ${status} ${body.slice(0, 200)}`);
    }
    if (isSound && body.includes('"SENT"')) soundSent++;
    else if (isSound) faults.push(`sound: ${status} ${body.slice(0, 200)}`);
  };
  const until = async (count: number): Promise<number> => {
    const worker = async () => {
      while (n < count) await next();
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, worker));
    await delay(SETTLE_MS);
    return processMb(epistle.pid);
  };
  const warmMb = await until(WARM);
  const endMb = await until(INPUTS);
  agent.destroy();
  return { warmMb, endMb, faults, soundSent, goodMails };
}

/** @returns status 0 when the connection was closed, as for bytes that are not HTTP. */
function send({ port }: BenchProcess, agent: Agent, { method, path, headers, body }: SoakRequest) {
  return new Promise<{ status: number; body: string }>((resolve) => {
    const given = body === null ? headers : { ...headers, 'content-length': String(Buffer.byteLength(body)) };
    const request = httpRequest({ agent, host: '127.0.0.1', port, method, path, headers: given });
    request.on('error', () => resolve({ status: 0, body: '' }));
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', () => resolve({ status: 0, body: '' }));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    request.end(body ?? undefined);
  });
}

/** Good mails that are not stored whole, and accepted emails that were not sent and never will be. */
async function countLost(database: Parameters<typeof withClient>[0], { goodMails, soundSent }: Found): Promise<number> {
  const deadline = performance.now() + IMPORT_TIMEOUT_MS;
  return withClient(database, async (client) => {
    for (;;) {
      const { rows } = await client.query<{ good: number; sent: number }>(
        `SELECT (SELECT count(*)::int FROM email_message WHERE subject = ANY($1) AND body_text LIKE 'Hello %' AND problem IS NULL) AS good,
           (SELECT count(*)::int FROM outbound_email WHERE idempotency_key LIKE 'sound-%' AND status = 'SENT') AS sent`,
        [goodMails],
      );
      const [row] = rows;
      const lost = goodMails.length - (row?.good ?? 0) + soundSent - (row?.sent ?? 0);
      if (lost === 0 || performance.now() > deadline) return lost;
      await delay(POLL_MS);
    }
  });
}

function rowsOf({ warmMb, endMb, faults, lost, stallMs }: Found & { lost: number; stallMs: number }): Row[] {
  for (const fault of faults.slice(0, 20)) process.stderr.write(`${fault}\n`);
  return [
    atMost(0, 'answers', {
      scenario: `soak, ${INPUTS} inputs: 5xx but 503, or unmasked`,
      epistle: faults.length,
      detail: { faults },
    }),
    atMost(0, 'mails', { scenario: 'soak: good mails and sent emails that are lost', epistle: lost }),
    atMost(200, 'ms', { scenario: 'soak: longest slice of the event loop', epistle: stallMs }),
    atMost(1.15, 'times', {
      scenario: `soak: memory after ${INPUTS} of that after ${WARM}`,
      epistle: endMb / warmMb,
      detail: { warmMb, endMb },
    }),
  ];
}
