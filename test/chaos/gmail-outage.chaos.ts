/**
 * Gmail is away for a long time. The clock is simulated: it goes from the time of one job to that of the next, so that an
 * outage takes seconds, and everything that a process does in it can be counted.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FaultEffect } from '../../sandbox/faults.ts';
import { type Sandbox, startSandbox } from '../../sandbox/server.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createTenant, eventually, startTestApp, type Tenant, type TestApp } from '../support/harness.ts';
import { accepted, createRecipient, fresh, record } from '../support/mail.ts';

const MINUTE_MS = 60_000;
const OUTAGE_MS = 60 * MINUTE_MS;
/** In the outage, one every six minutes. */
const EMAILS = 10;

/** The shortest pauses between attempts: five seconds, doubled each time, half an hour at most, a quarter less. */
function mostAttempts(withinMs: number): number {
  let attempts = 1;
  for (let at = 0, pauseMs = 5_000; ; pauseMs = Math.min(2 * pauseMs, 1_800_000)) {
    at += 0.75 * pauseMs;
    if (at > withinMs) return attempts;
    attempts++;
  }
}

let database: TestDatabase;
let sandbox: Sandbox;
let t: TestApp;
let clock = Date.now();
let tenant: Tenant;
let maria: string;

beforeAll(async () => {
  [database, sandbox] = await Promise.all([createTestDatabase(), startSandbox()]);
  t = await startTestApp({
    env: { GMAIL_TIMEOUT_MS: '2000' },
    now: () => new Date(clock),
    beside: { database, sandbox },
  });
});
afterAll(async () => {
  await t.close();
  await sandbox.close();
  await database.drop();
});
beforeEach(async () => {
  sandbox.admin.clearFaults();
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
});

interface Attempt {
  readonly uid: string;
  readonly at: Date;
}

/** The email that is tried or read next, by the process's clock. Null: none waits. */
async function nextAttempt(): Promise<Attempt | null> {
  const { rows } = await t.app.pool.query<Attempt>(
    `SELECT id AS uid, next_attempt_at AS at FROM outbound_email
     WHERE status IN ('QUEUED', 'UNCONFIRMED') AND next_attempt_at IS NOT NULL ORDER BY next_attempt_at LIMIT 1`,
  );
  return rows[0] ?? null;
}

/** Until nothing is running or due by the database's clock. */
async function untilQuiet(): Promise<void> {
  const busy = 'SELECT FROM graphile_worker.jobs WHERE locked_at IS NOT NULL OR run_at <= now()';
  await eventually(async () => (await t.app.pool.query(busy)).rowCount === 0 || null);
}

/** Lets the time pass until then: each email is tried at its time, and sees that time on the clock. */
async function passUntil(end: number): Promise<void> {
  for (;;) {
    await untilQuiet();
    const next = await nextAttempt();
    if (next === null || next.at.getTime() > end) break;
    clock = Math.max(clock, next.at.getTime());
    const keys = [`deliver:${next.uid}`, `reconcile:${next.uid}`];
    const { rowCount } = await t.app.pool.query(
      `SELECT FROM graphile_worker.jobs j, LATERAL graphile_worker.reschedule_jobs(ARRAY[j.id], run_at => now())
       WHERE j.key = ANY($1)`,
      [keys],
    );
    expect(rowCount, 'an email that waits has a job').toBe(1);
  }
  clock = Math.max(clock, end);
}

/** Statements of deliveries and of the queue, without those of requests, heartbeats and of this test. */
function deliveryStatements(): string[] {
  return t.statements().filter((text) => /outbound_email|add_job/.test(text) && !text.includes('process_heartbeat'));
}

const OUTAGES: readonly [string, FaultEffect][] = [
  ['answers 503 to everything', { kind: 'status', status: 503 }],
  ['breaks every connection', { kind: 'reset' }],
];

describe('Gmail', () => {
  it.each(OUTAGES)('%s for an hour: what was accepted meanwhile leaves afterwards, once', async (_name, effect) => {
    sandbox.admin.expireAccessTokens(tenant.email);
    sandbox.admin.fault({ call: '*', times: 'always', effect });
    sandbox.admin.resetCalls();
    const start = clock;
    const uids: string[] = [];
    t.resetStatements();
    for (let index = 0; index < EMAILS; index++) {
      const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria, { subject: `Mail ${index}` }));
      expect(outboundEmail).toMatchObject({ status: 'QUEUED', failure: { code: 'UNREACHABLE', retry: 'AFTER' } });
      uids.push(outboundEmail.uid);
      await passUntil(start + ((index + 1) * OUTAGE_MS) / EMAILS);
    }
    const calls = sandbox.admin.calls().length;
    const statements = deliveryStatements().length;
    const attempts = Array.from({ length: EMAILS }, (_, index) =>
      mostAttempts(OUTAGE_MS - (index * OUTAGE_MS) / EMAILS),
    );
    const most = attempts.reduce((sum, each) => sum + each, 0);
    process.stdout.write(`Gmail ${_name}: ${calls} calls, ${statements} statements, at most ${most} attempts\n`);

    sandbox.admin.clearFaults();
    // The last pause is half an hour at most, and a quarter.
    await passUntil(start + OUTAGE_MS + 40 * MINUTE_MS);
    const emails = await Promise.all(uids.map((uid) => record(t, tenant, uid)));
    expect(emails.map(({ status, failure }) => ({ status, failure }))).toEqual(
      uids.map(() => ({ status: 'SENT', failure: null })),
    );
    const ids = sandbox.admin.messages(maria).map((message) => message.header('X-Epistle-Id'));
    expect(ids.sort()).toEqual([...uids].sort());
    expect(sandbox.admin.drafts(tenant.email)).toEqual([]);
    // An attempt that gets no token asks for one twice; nothing else is asked.
    expect(calls).toBeLessThanOrEqual(2 * most);
    expect(calls).toBeGreaterThanOrEqual(EMAILS);
    // Of an attempt: the draft's look, the claim, what it came to; of a request: what it finds, accepts and answers.
    expect(statements).toBeLessThanOrEqual(4 * most + 10 * EMAILS);
  });

  it('is away from the moment it sent an email on: that is found afterwards, and not sent again', async () => {
    sandbox.admin.fault({ call: 'drafts.send', when: 'after', effect: { kind: 'reset' } });
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
    expect(outboundEmail.status).toBe('UNCONFIRMED');
    sandbox.admin.fault({ call: '*', times: 'always', effect: { kind: 'status', status: 503 } });
    sandbox.admin.resetCalls();
    t.resetStatements();
    const start = clock;
    await passUntil(start + 5 * MINUTE_MS);
    const calls = sandbox.admin.calls().length;
    const statements = deliveryStatements().length;
    process.stdout.write(
      `Gmail away for five minutes while an email is reconciled: ${calls} calls, ${statements} statements\n`,
    );
    expect((await record(t, tenant, outboundEmail.uid)).status).toBe('UNCONFIRMED');

    sandbox.admin.clearFaults();
    await passUntil(clock + 10 * MINUTE_MS);
    expect((await record(t, tenant, outboundEmail.uid)).status).toBe('SENT');
    expect(sandbox.admin.messages(maria)).toHaveLength(1);
    // The pauses grow with the time that has passed, from five seconds on.
    const mostReadings = 20;
    expect(calls).toBeGreaterThan(0);
    // A call that only reads is made up to three times.
    expect(calls).toBeLessThanOrEqual(3 * mostReadings);
    expect(statements).toBeLessThanOrEqual(3 * mostReadings);
  });
});
