/**
 * Clocks that jump, and processes that disagree about the time. Gmail and the database keep theirs.
 * A lease is dated by the clock of whoever took it, so that with clocks that differ by more than a lease a live one may be
 * taken over. What then holds is the gmailDraft, which Gmail sends once, and that who has lost its lease changes nothing.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../../sandbox/server.ts';
import { leaseMs } from '../../src/outbound/lease.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import {
  createTenant,
  eventually,
  expectType,
  query,
  startTestApp,
  type Tenant,
  type TestApp,
} from '../support/harness.ts';
import {
  accepted,
  createRecipient,
  eventTypes,
  fresh,
  type OutboundEmailRecord,
  onlyMail,
  record,
} from '../support/mail.ts';
import { CreateDraft } from '../support/send-documents.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const JUMPS = [
  ['an hour forward', HOUR_MS],
  ['an hour back', -HOUR_MS],
  ['a day forward', DAY_MS],
  ['a day back', -DAY_MS],
] as const;
const ENV = { SETTLE_DELAYS_MS: '100,200,300', SEND_WAIT_MS: '400', GMAIL_TIMEOUT_MS: '5000' };

let database: TestDatabase;
let sandbox: Sandbox;
/** The process whose clock a test moves, by so much. */
let app: TestApp;
let offsetMs = 0;
let tenant: Tenant;
let maria: string;

beforeAll(async () => {
  [database, sandbox] = await Promise.all([createTestDatabase(), startSandbox()]);
  app = await startTestApp({
    env: ENV,
    now: () => new Date(Date.now() + offsetMs),
    beside: { database, sandbox },
  });
});
afterAll(async () => {
  await app.close();
  await sandbox.close();
  await database.drop();
});
beforeEach(async () => {
  offsetMs = 0;
  tenant = await createTenant(app);
  maria = createRecipient(app, tenant);
});
afterEach(() => sandbox.admin.clearFaults());

/** Where a delivery may be when something happens to the clock. */
const PLACES = (['drafts.create', 'drafts.send'] as const).flatMap((call) =>
  (['before', 'after'] as const).map((when) => [`${when} the effect of ${call}`, call, when] as const),
);

interface QueueState {
  /** How long the email's job waits still, by the database's clock. Negative: it is due. */
  readonly waitMs: number;
  readonly isRunning: boolean;
}

/** Null: no job of the email is left. */
async function jobOf(uid: string): Promise<QueueState | null> {
  const { rows } = await app.app.pool.query<QueueState>(
    `SELECT (extract(epoch FROM run_at - now()) * 1000)::float AS "waitMs", locked_at IS NOT NULL AS "isRunning"
     FROM graphile_worker.jobs WHERE key IN ('deliver:' || $1::text, 'reconcile:' || $1::text) ORDER BY run_at DESC`,
    [uid],
  );
  return rows[0] ?? null;
}

/** Lets the queue look at the email now, as if what is overdue had been found. The row is left as it is. */
async function letQueueLook(uid: string): Promise<void> {
  const sql = `SELECT graphile_worker.add_job(CASE status WHEN 'UNCONFIRMED' THEN 'reconcile' ELSE 'deliver' END,
      payload => json_build_object('organizationId', organization_id, 'outboundEmailId', id),
      job_key => CASE status WHEN 'UNCONFIRMED' THEN 'reconcile:' ELSE 'deliver:' END || id)
    FROM outbound_email WHERE id = $1 AND status IN ('SCHEDULED', 'QUEUED', 'SENDING', 'UNCONFIRMED')`;
  await app.app.pool.query(sql, [uid]);
}

/** Until it is SENT, while the queue looks again and again; no job of it ever waits for longer than so. */
async function untilSent(uid: string, longestWaitMs: number) {
  return eventually(async () => {
    const email = await record(app, tenant, uid);
    if (email.status === 'SENT') return email;
    expect((await jobOf(uid))?.waitMs ?? 0).toBeLessThanOrEqual(longestWaitMs);
    await letQueueLook(uid);
    await delay(100);
    return null;
  });
}

async function expectSentOnce(email: OutboundEmailRecord): Promise<void> {
  expect(eventTypes(email).filter((type) => type === 'SENT')).toHaveLength(1);
  expect(email).toMatchObject({ nextAttemptAt: null, failure: null });
  expect(onlyMail(app, maria).header('X-Epistle-Id')).toBe(email.uid);
  // Whoever was late takes its own draft away.
  await eventually(async () => sandbox.admin.drafts(tenant.email).length === 0 || null);
}

/** What the clock shows once so much time has passed as it was set back. */
function catchUp(jumpMs: number): void {
  offsetMs = jumpMs < 0 ? MINUTE_MS : jumpMs + MINUTE_MS;
}

describe.each(JUMPS)('a clock that jumps %s', (_name, jumpMs) => {
  const longestWaitMs = () => Math.abs(jumpMs) + leaseMs(app.app) + MINUTE_MS;

  it.each(PLACES)('while Gmail is asked, %s, and the queue looks just then', async (_place, call, when) => {
    const gate = sandbox.admin.hold(call, { mailbox: tenant.email, when });
    const { outboundEmail } = await accepted(app, tenant, fresh(tenant, maria));
    offsetMs = jumpMs;
    await letQueueLook(outboundEmail.uid);
    await eventually(async () => {
      const job = await jobOf(outboundEmail.uid);
      return job === null || job.isRunning || job.waitMs > 0 || null;
    });
    gate.release();
    await expectSentOnce(await untilSent(outboundEmail.uid, longestWaitMs()));
  });

  it('while an email waits for its next attempt', async () => {
    sandbox.admin.fault({ call: 'drafts.create', mailbox: tenant.email, effect: { kind: 'status', status: 503 } });
    const { outboundEmail } = await accepted(app, tenant, fresh(tenant, maria));
    await eventually(async () => (await record(app, tenant, outboundEmail.uid)).nextAttemptAt !== null || null);
    offsetMs = jumpMs;
    await letQueueLook(outboundEmail.uid);
    await eventually(async () => ((await jobOf(outboundEmail.uid))?.isRunning ? null : true));
    catchUp(jumpMs);
    await expectSentOnce(await untilSent(outboundEmail.uid, longestWaitMs()));
  });

  it.each(['before', 'after'] as const)('while a lost answer is reconciled, lost %s the effect', async (when) => {
    sandbox.admin.fault({ call: 'drafts.send', mailbox: tenant.email, when, effect: { kind: 'reset' } });
    const gate = sandbox.admin.hold('threads.get', { mailbox: tenant.email, when: 'after' });
    const { outboundEmail } = await accepted(app, tenant, fresh(tenant, maria));
    await gate.arrived;
    expect((await record(app, tenant, outboundEmail.uid)).status).toBe('UNCONFIRMED');
    offsetMs = jumpMs;
    gate.release();
    await expectSentOnce(await untilSent(outboundEmail.uid, longestWaitMs()));
  });

  it('while a draft waits for its time', async () => {
    const plannedSendAt = new Date(Date.now() + 1_500).toISOString();
    const input = { fromAccountUid: tenant.accountId, to: [maria], subject: 'Soon', bodyText: 'Soon.', plannedSendAt };
    const { createDraft } = await query(app, tenant.key, CreateDraft, { input });
    const { uid } = expectType(createDraft, 'CreateDraftPayload').draft;
    offsetMs = jumpMs;
    await letQueueLook(uid);
    await eventually(async () => ((await jobOf(uid))?.isRunning ? null : true));
    catchUp(jumpMs);
    await expectSentOnce(await untilSent(uid, longestWaitMs()));
  });
});

describe('two processes whose clocks differ by ten minutes', () => {
  let fast: TestApp;

  beforeAll(async () => {
    fast = await startTestApp({
      env: ENV,
      now: () => new Date(Date.now() + 10 * MINUTE_MS),
      beside: { database, sandbox },
    });
  });
  afterAll(() => fast.close());

  /** For the one ahead every lease of the other is over; it takes it over as soon as the queue lets it look. */
  it.each(PLACES)('a live lease is taken over %s: one copy leaves', async (_place, call, when) => {
    const gate = sandbox.admin.hold(call, { mailbox: tenant.email, when });
    const { outboundEmail } = await accepted(app, tenant, fresh(tenant, maria));
    const { uid } = outboundEmail;
    await gate.arrived;
    const late = app.app.deliveries.get(uid);
    expect(late).toBeDefined();
    // The other one finishes while the first has its answer still to come.
    const taken = await untilSent(uid, 11 * MINUTE_MS);
    gate.release();
    expect(await late).toEqual({ kind: 'superseded' });
    expect(eventTypes(await record(app, tenant, uid))).toEqual(eventTypes(taken));
    await expectSentOnce(taken);
  });

  it("send what they are asked for once, and find each other's", async () => {
    const uids = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const input = fresh(tenant, maria, { subject: `Mail ${index}`, idempotencyKey: `k${index}` });
        const both = await Promise.all([accepted(app, tenant, input), accepted(fast, tenant, input)]);
        expect(both.filter(({ replayed }) => !replayed)).toHaveLength(1);
        const [first, second] = both.map(({ outboundEmail }) => outboundEmail.uid);
        expect(first).toBe(second);
        return String(first);
      }),
    );
    for (const uid of uids) await untilSent(uid, 11 * MINUTE_MS);
    const ids = sandbox.admin.messages(maria).map((message) => message.header('X-Epistle-Id'));
    expect(ids.sort()).toEqual(uids.sort());
  });
});
