/** A database that fails in every way while a mailbox is imported: every message is here whole, and the process goes on. */
import { mkdtemp, rename, symlink } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { startSandbox } from '../../sandbox/server.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/db/embedded-postgres.ts';
import { syncMailbox } from '../../src/sync/sync.ts';
import { failWrites } from '../support/failing-statements.ts';
import { createTenant, eventually, request, startTestApp, type Tenant, type TestApp } from '../support/harness.ts';
import { accepted, createRecipient, fetchSentCopy, fresh } from '../support/mail.ts';
import { bouncesOf, notification } from '../support/notices.ts';
import { mailboxHere, mailboxInGmail, startReading, whenCurrent, wrongConversations } from '../support/syncing.ts';

const MAILS = 300;
const BOUNCES = 10;
const ENDED_BACKENDS = 20;
const FULL_DISK_MS = 5_000;
const ANSWERED_WITHIN_MS = 1_000;
const SEED = Number(process.env.SEED ?? Date.now() % 100_000);

let folder: string;
let postgres: EmbeddedPostgres;
let t: TestApp;
let tenant: Tenant;
/** Emails that were sent before the import, each with a bounce in the mailbox. */
let bounced: string[];
/** End the full disk. */
const ends: (() => Promise<void>)[] = [];

/** Durable, at an address that stays when it is started again. */
async function startPostgres(): Promise<void> {
  postgres = await startEmbeddedPostgres(path.join(folder, 'data'), { log: () => {} });
  await symlink(postgres.connection.host, path.join(folder, 'next'));
  await rename(path.join(folder, 'next'), path.join(folder, 'sockets'));
}

beforeAll(async () => {
  process.stdout.write(`import storms: SEED=${SEED}\n`);
  folder = await mkdtemp(path.join(inject('temporaryFolder'), 'storms-'));
  await startPostgres();
  const { port, user, database } = postgres.connection;
  const host = encodeURIComponent(path.join(folder, 'sockets'));
  const url = `postgresql://${user}@localhost/${database}?host=${host}&port=${port}`;
  t = await startTestApp({ beside: { database: { url, drop: async () => {} }, sandbox: await startSandbox() } });
  // What was not flushed by a commit is lost when the server is stopped at once.
  await t.app.pool.query(`ALTER SYSTEM SET wal_writer_delay = '10s'`);
  await t.app.pool.query('SELECT pg_reload_conf()');
});
afterAll(async () => {
  await t.close();
  await t.sandbox.close();
  await postgres.stop();
});

beforeEach(async () => {
  tenant = await createTenant(t);
  bounced = [];
  for (let n = 0; n < BOUNCES; n++) {
    const to = createRecipient(t, tenant, `gone-${n}`);
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, to));
    const { messageId } = await fetchSentCopy(t, tenant, outboundEmail.uid);
    bounced.push(outboundEmail.uid);
    deliverRaw('', notification({ recipients: [{ final: to }], returned: [`Message-ID: ${messageId}`] }));
    for (let mail = n; mail < MAILS - BOUNCES; mail += BOUNCES) deliverRaw('maria@acme.example', mailWithFile(mail));
  }
  t.sandbox.admin.fault({
    call: 'messages.get',
    mailbox: tenant.email,
    times: 'always',
    effect: { kind: 'delay', ms: 20 },
  });
});
afterEach(async () => {
  t.sandbox.admin.clearFaults();
  for (const end of ends.splice(0)) await end();
});

const bodyOf = (mail: number) => `This is mail ${mail}, ${'in full '.repeat(mail % 50)}and to its end.`;

function mailWithFile(mail: number): string {
  return [
    'From: Maria <maria@acme.example>',
    `To: ${tenant.email}`,
    `Subject: Mail ${mail}`,
    `Message-ID: <mail-${mail}@acme.example>`,
    ...(mail % 3 === 0 ? [] : [`References: <mail-${mail - (mail % 3)}@acme.example>`]),
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    'Content-Type: text/plain',
    '',
    bodyOf(mail),
    '--b',
    'Content-Type: application/pdf',
    `Content-Disposition: attachment; filename="${mail}.pdf"`,
    '',
    'file',
    '--b--',
    '',
  ].join('\n');
}

function deliverRaw(from: string, raw: string): void {
  t.sandbox.admin.deliverExternal({ from, to: tenant.email, raw: raw.replace(/\n/g, '\r\n') });
}

const { signal } = new AbortController();

/** Runs it until the mailbox is here, as its jobs do with pauses in between. @returns how often it failed. */
async function importStubbornly(): Promise<number> {
  let failures = 0;
  const run = async () => {
    try {
      return (await syncMailbox(t.app, tenant, { signal, withFullSync: true }))?.outcome === 'current' || null;
    } catch {
      failures++;
      return null;
    }
  };
  await eventually(run, 120_000);
  return failures;
}

/**
 * Asks for something else all the time.
 * @returns how long the third slowest answer took: what holds up the process comes back, a pause of the machine does not.
 */
async function askMeanwhile(work: Promise<unknown>): Promise<number> {
  let isOver = false;
  const working = work.finally(() => {
    isOver = true;
  });
  const tookMs: number[] = [];
  while (!isOver) {
    const began = performance.now();
    const { status } = await request(t, tenant.key, '{ viewer { __typename } }');
    expect([200, 503]).toContain(status);
    tookMs.push(performance.now() - began);
    await delay(10);
  }
  await working;
  return tookMs.toSorted((a, b) => b - a)[2] ?? 0;
}

async function storedCount(): Promise<number> {
  const { rows } = await t.app.pool.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM email_message WHERE account_id = $1',
    [tenant.accountId],
  );
  return rows[0]?.count ?? 0;
}

function whenStored(count: number): Promise<unknown> {
  return eventually(async () => (await storedCount().catch(() => 0)) >= count || null, 120_000);
}

async function expectWhole(): Promise<void> {
  expect(await mailboxHere(t, tenant)).toEqual(mailboxInGmail(t, tenant));
  const where = { accountId: tenant.accountId, subject: { startsWith: 'Mail ' } };
  const stored = await t.app.db.emailMessage.findMany({ where, include: { attachments: true } });
  expect(stored).toHaveLength(MAILS - BOUNCES);
  for (const { subject, bodyText, problem, attachments } of stored) {
    const mail = Number(subject.replace('Mail ', ''));
    expect({ bodyText: bodyText?.trim(), problem }).toEqual({ bodyText: bodyOf(mail), problem: null });
    expect(attachments).toMatchObject([{ filename: `${mail}.pdf` }]);
  }
  for (const uid of bounced) {
    expect(await bouncesOf(t, tenant, uid)).toMatchObject({ status: 'BOUNCED', bounces: [{ permanent: true }] });
  }
  expect(await wrongConversations(t, tenant)).toEqual([]);
  await whenCurrent(t, tenant);
  const row = await t.app.db.mailboxSync.findFirstOrThrow({ where: { accountId: tenant.accountId } });
  expect(row).toMatchObject({
    phase: 'INCREMENTAL',
    leaseToken: null,
    failures: 0,
    errorCode: null,
    rerunRequested: false,
  });
}

describe(`the import of ${MAILS} messages`, () => {
  it(`brings each whole while single backends are ended ${ENDED_BACKENDS} times`, async () => {
    const { host, port, user, database } = postgres.connection;
    const killer = new Client({ host, port, user, database });
    await killer.connect();
    const importing = importStubbornly();
    const asking = askMeanwhile(importing);
    const hit = { active: 0, idle: 0 };
    for (let n = 0; n < ENDED_BACKENDS; n++) {
      await whenStored(Math.floor(((n + 1) * (MAILS - 20)) / (ENDED_BACKENDS + 1)));
      // Those that do something first, and every fourth time any.
      const { rows } = await killer.query<{ busy: boolean }>(
        `SELECT state <> 'idle' AS busy, pg_terminate_backend(pid) FROM (
           SELECT pid, state FROM pg_stat_activity
           WHERE backend_type = 'client backend' AND datname = current_database() AND pid <> pg_backend_pid()
           ORDER BY CASE WHEN $2 THEN state <> 'idle' END DESC, md5(pid || $1) LIMIT 1) one`,
        [`${SEED}-${n}`, n % 4 > 0],
      );
      hit[rows[0]?.busy ? 'active' : 'idle']++;
    }
    const slowestMs = await asking;
    process.stdout.write(`ended backends: ${JSON.stringify({ hit, failedRuns: await importing, slowestMs })}\n`);
    await killer.end();
    expect(hit.active).toBeGreaterThan(0);
    expect(slowestMs).toBeLessThan(ANSWERED_WITHIN_MS);
    await expectWhole();
  });

  it(`brings each whole while the disk is full for ${FULL_DISK_MS / 1_000} s`, async () => {
    const importing = importStubbornly();
    const asking = askMeanwhile(importing);
    await whenStored(100);
    const tables = ['email_message', 'conversation', 'attachment', 'mailbox_sync'];
    for (const table of tables) ends.push(await failWrites(t.app, table, { code: '53100' }));
    const before = await storedCount();
    await delay(FULL_DISK_MS);
    expect(await storedCount()).toBe(before);
    for (const end of ends.splice(0)) await end();
    const slowestMs = await asking;
    process.stdout.write(`full disk: ${JSON.stringify({ failedRuns: await importing, slowestMs })}\n`);
    expect(await importing).toBeGreaterThan(0);
    expect(slowestMs).toBeLessThan(ANSWERED_WITHIN_MS);
    await expectWhole();
  });

  it('brings each whole when the database is stopped at once and started again', async () => {
    const importing = importStubbornly();
    const asking = askMeanwhile(importing);
    for (const count of [60, 130, 200]) {
      await whenStored(count);
      await restart();
    }
    const slowestMs = await asking;
    process.stdout.write(`restarts: ${JSON.stringify({ failedRuns: await importing, slowestMs })}\n`);
    expect(slowestMs).toBeLessThan(ANSWERED_WITHIN_MS);
    await expectWhole();
  });

  it('brings each whole when the database is started again while a run of its own waits for Gmail', async () => {
    await startReading(t, tenant);
    await whenStored(100);
    const held = t.sandbox.admin.hold('messages.get', { mailbox: tenant.email });
    await held.arrived;
    await restart();
    held.release();
    await whenCurrent(t, tenant);
    await expectWhole();
  });
});

/** As a crash does it. What was stored is there afterwards: a run that has not noticed does not store it again. */
async function restart(): Promise<void> {
  const before = await storedCount();
  process.kill(postgres.pid, 'SIGQUIT');
  await postgres.stop();
  await startPostgres();
  expect(await eventually(() => storedCount().catch(() => null))).toBeGreaterThanOrEqual(before);
}
