/** A database that is killed in the middle of sends and comes back: what was accepted leaves, once; nobody is misled. */

import { mkdtemp } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/db/embedded-postgres.ts';
import { type DatabaseProxy, startDatabaseProxy } from '../support/database-proxy.ts';
import { SendEmail } from '../support/documents.ts';
import { eventually, request } from '../support/harness.ts';
import { fresh } from '../support/mail.ts';
import { type Fleet, startFleet, statusCounts } from '../support/processes.ts';

const PROCESSES = 2;
const CLIENTS = 12;
const OUTAGE_MS = 10_000;
const MARIA = 'maria@acme.example';

let folder: string;
let postgres: EmbeddedPostgres;
/** The one address of a server whose socket is another after each start. */
let front: DatabaseProxy;
let fleet: Fleet;

/** Durable: without `synchronous_commit` a killed server forgets what it has committed, and nothing could hold. */
function startPostgres(): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres(folder, { log: () => {} });
}

beforeAll(async () => {
  folder = path.join(await mkdtemp(path.join(inject('temporaryFolder'), 'outage-')), 'data');
  postgres = await startPostgres();
  front = await startDatabaseProxy(() => postgres.url);
  fleet = await startFleet({
    processes: PROCESSES,
    databaseUrl: front.url,
    // A lease is three of these and 5 s.
    env: { GMAIL_TIMEOUT_MS: '2000' },
  });
  fleet.sandbox.admin.createMailbox({ email: MARIA });
});
afterAll(async () => {
  await fleet.close();
  front.close();
  await postgres.stop();
});

interface Told {
  readonly subject: string;
  /** Null: it was told of an error. */
  readonly uid: string | null;
}

const errors: { readonly status: number; readonly message: string; readonly code: unknown }[] = [];

/** Sends one email after another, each asked for with its key until it is accepted. */
async function sendUntil(client: number, isOver: () => boolean): Promise<Told[]> {
  const told: Told[] = [];
  for (let index = 0; !isOver(); index++) {
    const subject = `Client ${client}, mail ${index}`;
    const input = fresh(fleet.tenant, MARIA, { subject, idempotencyKey: `${client}-${index}` });
    for (let tries = 0; ; tries++) {
      const server = fleet.processes[(client + tries) % PROCESSES];
      if (server === undefined) throw new Error('there is no process');
      const { status, data, errors: refused } = await request(server, fleet.tenant.key, SendEmail, { input });
      const [error] = refused;
      if (data?.sendEmail.__typename === 'SendEmailPayload') {
        told.push({ subject, uid: data.sendEmail.outboundEmail.uid });
        break;
      }
      if (error === undefined) throw new Error(`refused: ${JSON.stringify(data)}`);
      errors.push({ status, message: error.message, code: error.extensions?.code });
      await delay(100);
    }
  }
  return told;
}

describe('a database that is killed in the middle of sends, and is back after 10 s', () => {
  it('loses nothing, doubles nothing, and everything accepted leaves', async () => {
    const { sandbox, processes } = fleet;
    for (const when of ['before', 'after'] as const) {
      for (const call of ['drafts.create', 'drafts.send']) {
        sandbox.admin.fault({ call, when, times: 'always', effect: { kind: 'delay', ms: 20 } });
      }
    }
    let isOver = false;
    const clients = Array.from({ length: CLIENTS }, (_, client) => sendUntil(client, () => isOver));
    const sending = Promise.all(clients);
    await eventually(async () => sandbox.admin.messages(MARIA).length > 30 || null);

    process.kill(postgres.pid, 'SIGKILL');
    const gone = performance.now();
    await eventually(async () => errors.length >= CLIENTS || null);
    expect(await fetch(`${processes[0]?.url}/health`).then(({ status }) => status)).toBe(200);
    expect(await fetch(`${processes[0]?.url}/ready`).then(({ status }) => status)).toBe(503);
    await delay(OUTAGE_MS - (performance.now() - gone));
    await postgres.stop();
    postgres = await startPostgres();
    const before = sandbox.admin.messages(MARIA).length;
    await eventually(async () => sandbox.admin.messages(MARIA).length > before + 30 || null);
    isOver = true;
    const told = (await sending).flat();

    await eventually(async () => (await statusCounts(fleet)).SENT === told.length || null, 60_000);
    expect(processes.map(({ isRunning }) => isRunning)).toEqual(Array(PROCESSES).fill(true));
    expect(await statusCounts(fleet)).toEqual({ SENT: told.length });
    const arrived = sandbox.admin.messages(MARIA);
    expect(arrived.map((message) => message.header('Subject')).sort()).toEqual(
      told.map(({ subject }) => subject).sort(),
    );
    expect(arrived.map((message) => message.header('X-Epistle-Id')).sort()).toEqual(told.map(({ uid }) => uid).sort());
    const kinds = new Set(errors.map((error) => JSON.stringify(error)));
    process.stdout.write(
      `database outage: ${told.length} emails, ${errors.length} errors, such as ${[...kinds].slice(0, 3)}\n`,
    );
    // Nothing of the database's own words.
    for (const { status, message, code } of errors) {
      expect([status, code]).toEqual([503, 'SERVICE_UNAVAILABLE']);
      expect(message).not.toMatch(/ECONN|postgres|terminat|127\.0\.0\.1/i);
    }
  });
});
