/** A network to the database that goes without a word, and comes back. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../../sandbox/server.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { type DatabaseProxy, startDatabaseProxy } from '../support/database-proxy.ts';
import { SendEmail } from '../support/documents.ts';
import { createTenant, eventually, request, startTestApp, type Tenant, type TestApp } from '../support/harness.ts';
import { createRecipient, fresh } from '../support/mail.ts';
import { deliver, mailboxHere, mailboxInGmail, startReading, whenCurrent } from '../support/syncing.ts';

const SILENCE_MS = 3_000;
const CONNECT_MS = 3_000;
const TIMING = {
  ...{ heartbeatMs: 300, unreadyAfterMs: 2_000 },
  ...{ databaseConnectMs: CONNECT_MS, statementMs: 2_500, databaseSilenceMs: SILENCE_MS },
};
const OUTAGE_MS = 10_000;
/** A connection of the pool is waited for, then its statement until there was silence for long enough; and some room. */
const ANSWERED_WITHIN_MS = CONNECT_MS + SILENCE_MS + 4_000;
const MAILS = 150;
const SENDS = 40;

let database: TestDatabase;
let sandbox: Sandbox;
let proxy: DatabaseProxy;
let t: TestApp;
let tenant: Tenant;
let maria: string;

beforeAll(async () => {
  [database, sandbox] = await Promise.all([createTestDatabase(), startSandbox()]);
  proxy = await startDatabaseProxy(() => database.url);
  t = await startTestApp({
    env: { GMAIL_TIMEOUT_MS: '2000', SETTLE_DELAYS_MS: '100,200,300', SYNC_INTERVAL_MS: '1000' },
    timing: TIMING,
    beside: { database: { ...database, url: proxy.url }, sandbox },
  });
});
afterAll(async () => {
  await t.close();
  proxy.close();
  await sandbox.close();
  await database.drop();
});
beforeEach(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
});

interface Answer {
  readonly status: number;
  readonly tookMs: number;
}

async function timed(asked: Promise<{ readonly status: number }>): Promise<Answer> {
  const begun = performance.now();
  const { status } = await asked;
  return { status, tookMs: performance.now() - begun };
}

/** Asks again and again until it is over. */
async function askUntil(isOver: () => boolean, ask: () => Promise<{ readonly status: number }>): Promise<Answer[]> {
  const answers: Answer[] = [];
  while (!isOver()) {
    answers.push(await timed(ask()));
    await delay(100);
  }
  return answers;
}

const slowest = (answers: readonly Answer[]) => Math.max(...answers.map(({ tookMs }) => tookMs));
/** Of many: a pause of the machine makes one or two of them slow. */
const thirdSlowest = (answers: readonly Answer[]) =>
  answers.map(({ tookMs }) => tookMs).toSorted((a, b) => b - a)[2] ?? 0;
const statuses = (answers: readonly Answer[]) => [...new Set(answers.map(({ status }) => status))].sort();

/** Asks with the same key until it is accepted. */
async function sendStubbornly(subject: string): Promise<Answer[]> {
  const input = fresh(tenant, maria, { subject, idempotencyKey: subject });
  const answers: Answer[] = [];
  for (;;) {
    const answer = await timed(request(t, tenant.key, SendEmail, { input }));
    answers.push(answer);
    if (answer.status === 200) return answers;
    await delay(100);
  }
}

/** The lines about a database that is away, by when they were written. */
function outageLines() {
  return t.logged
    .map((line): { time: string; error?: { message?: string; code?: string } } => JSON.parse(line))
    .filter(({ error }) => /Query read timeout|Connection terminated|timeout e/.test(error?.message ?? ''))
    .map(({ time, error }) => ({ at: Date.parse(time), message: error?.message }));
}

function expectOneASecond(lines: readonly { readonly at: number }[]): void {
  const pauses = lines.slice(1).map(({ at }, index) => at - (lines[index]?.at ?? at));
  expect(Math.min(...pauses, 1_000)).toBeGreaterThanOrEqual(990);
}

describe('a database that falls silent in the middle of sends and of an import', () => {
  it('is given up within a bound, and everything goes on, whole and once, when it is back', async () => {
    for (let n = 0; n < MAILS; n++) deliver(t, tenant, { subject: `In ${n}` });
    for (const call of ['messages.get', 'drafts.create', 'drafts.send']) {
      sandbox.admin.fault({ call, times: 'always', effect: { kind: 'delay', ms: 50 } });
    }
    await startReading(t, tenant);
    await eventually(async () => (await mailboxHere(t, tenant)).length > 20 || null);
    const subjects = Array.from({ length: SENDS }, (_, index) => `out-${index}`);
    const sending = Promise.all(subjects.map(sendStubbornly));
    await eventually(async () => sandbox.admin.messages(maria).length > 3 || null);

    proxy.fallSilent();
    let isOver = false;
    const asking = Promise.all([
      askUntil(
        () => isOver,
        () => fetch(`${t.url}/health`),
      ),
      askUntil(
        () => isOver,
        () => fetch(`${t.url}/ready`),
      ),
      askUntil(
        () => isOver,
        () => request(t, tenant.key, '{ emailAccounts { uid } }'),
      ),
      askUntil(
        () => isOver,
        () => request(t, tenant.key, '{ apiKeys(first: 1) { edges { node { uid } } } }'),
      ),
    ]);
    await delay(OUTAGE_MS);
    isOver = true;
    const [health, ready, ours, prisma] = await asking;
    proxy.speakAgain();
    expect(statuses(health)).toEqual([200]);
    expect(thirdSlowest(health)).toBeLessThan(1_000);
    expect(statuses(ready.slice(1))).toEqual([503]);
    expect(thirdSlowest(ready)).toBeLessThan(2_500);
    for (const answers of [ours, prisma]) {
      expect(statuses(answers)).toEqual([503]);
      expect(slowest(answers)).toBeLessThan(ANSWERED_WITHIN_MS);
    }

    const sent = (await sending).flat();
    expect(statuses(sent)).toEqual([200, 503]);
    const unsent = { ...tenantOf(tenant), status: { not: 'SENT' as const } };
    await eventually(async () => (await t.app.db.outboundEmail.count({ where: unsent })) === 0 || null);
    await whenCurrent(t, tenant);
    const arrived = sandbox.admin.messages(maria).map((message) => message.header('Subject') ?? '');
    expect(arrived.sort()).toEqual(subjects.sort());
    await expect.poll(() => mailboxHere(t, tenant)).toEqual(mailboxInGmail(t, tenant));
    const parts = await t.app.db.emailMessage.findMany({
      where: { ...tenantOf(tenant), OR: [{ problem: { not: null } }, { bodyText: null }] },
    });
    expect(parts).toEqual([]);
    // No connection that was given up is in the pool.
    const after = await Promise.all(
      Array.from({ length: 40 }, () =>
        request(t, tenant.key, '{ apiKeys(first: 1) { edges { node { uid } } } emailAccounts { uid } }'),
      ),
    );
    expect(statuses(after.map(({ status }) => ({ status, tookMs: 0 })))).toEqual([200]);
    expectOneASecond(outageLines());
    expect(outageLines().map(({ message }) => message)).toContain('Query read timeout');
  });
});

describe('connections that break off', () => {
  it('are logged by what pg says of it, in one line a second', async () => {
    const before = outageLines().length;
    for (let round = 0; round < 5; round++) {
      const asked = Promise.all(Array.from({ length: 30 }, () => request(t, tenant.key, '{ emailAccounts { uid } }')));
      proxy.cut();
      for (const { status } of await asked) expect([200, 503]).toContain(status);
      await delay(300);
    }
    const lines = outageLines().slice(before);
    expect(lines.map(({ message }) => message)).toContain('Connection terminated unexpectedly');
    expectOneASecond(lines);
  });
});

const tenantOf = ({ organizationId }: Tenant) => ({ organizationId });
