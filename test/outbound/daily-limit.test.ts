/** The limit of the day, ours and Gmail's: the account is PAUSED, what is sent is QUEUED, and it goes on by itself. */
import { beforeEach, describe, expect, it } from 'vitest';
import { blockSending, grantPermits, takeReadPermits } from '../../src/outbound/rate-limit.ts';
import { requeueOverdue } from '../../src/outbound/requeue-overdue.ts';
import { graphql } from '../generated/gql.ts';
import { failWrites } from '../support/failing-statements.ts';
import {
  createTenant,
  eventually,
  expectType,
  query,
  startTestApp,
  type Tenant,
  useTestApp,
  warnings,
} from '../support/harness.ts';
import {
  accepted,
  agePermits,
  callsOf,
  createRecipient,
  fresh,
  record,
  runNow,
  send,
  untilStatus,
} from '../support/mail.ts';
import { CancelOutboundEmail } from '../support/send-documents.ts';

const AccountBudget = graphql(`
  query AccountBudget($uid: UUID!) {
    emailAccount(uid: $uid) { status statusReason pausedUntil sendBudget { sentLast24h dailyLimit nextSendAt } }
  }
`);

const LIMIT = 3;
const HALF_HOUR_MS = 1_800_000;
const DAY_MS = 86_400_000;

let tenant: Tenant;
let maria: string;

const t = useTestApp({ env: { GMAIL_DAILY_SENDS: String(LIMIT) } });
beforeEach(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
});

async function sendNow() {
  return (await accepted(t, tenant, fresh(tenant, maria))).outboundEmail;
}

async function useUp(sends = LIMIT) {
  for (let i = 0; i < sends; i++) expect(await sendNow()).toMatchObject({ status: 'SENT' });
}

function pausesTold() {
  return warnings(t, 'is PAUSED').filter(({ accountId }) => accountId === tenant.accountId);
}

async function account() {
  const { emailAccount } = await query(t, tenant.key, AccountBudget, { uid: tenant.accountId });
  if (!emailAccount) throw new Error('there is no such account');
  return emailAccount;
}

const left = (uid: string) => untilStatus(t, tenant, uid, 'SENT');

function aheadMs(time: string | null | undefined): number {
  return Date.parse(String(time)) - Date.now();
}

/** Until no job of the tenant is due or running. */
function quiet() {
  const sql = `SELECT FROM graphile_worker._private_jobs
    WHERE payload->>'organizationId' = $1 AND (locked_at IS NOT NULL OR run_at <= now())`;
  return eventually(async () => (await t.app.pool.query(sql, [tenant.organizationId])).rowCount === 0 || null);
}

describe('the limit of the day', () => {
  it('holds the fourth of three until the first half hour has passed out of the day', async () => {
    await useUp(LIMIT - 1);
    expect(await account()).toMatchObject({ status: 'ACTIVE', sendBudget: { sentLast24h: 2, dailyLimit: 3 } });
    await useUp(1);
    expect(await account()).toMatchObject({ status: 'PAUSED', sendBudget: { sentLast24h: 3, dailyLimit: 3 } });
    const email = await sendNow();
    expect(email).toMatchObject({ status: 'QUEUED', attempts: 0, failure: null });
    const { uid } = await sendNow();
    const { organizationId, accountId } = tenant;
    const until = expect.stringMatching(/^20.*Z$/);
    expect(pausesTold()).toMatchObject([{ organizationId, accountId, reason: 'DAILY_BUDGET', until }]);
    await query(t, tenant.key, CancelOutboundEmail, { uid });
    const waitMs = aheadMs(email.nextAttemptAt);
    expect(waitMs).toBeGreaterThan(DAY_MS - 60_000);
    expect(waitMs).toBeLessThanOrEqual(DAY_MS + HALF_HOUR_MS);
    const { events } = await record(t, tenant, email.uid);
    expect(events.edges.at(-1)?.node).toMatchObject({ type: 'DEFERRED', detail: { code: 'DAILY_BUDGET' } });

    const paused = await account();
    expect(paused).toMatchObject({ status: 'PAUSED', sendBudget: { sentLast24h: 3, dailyLimit: 3 } });
    const [, end] = /sending resumes at (\S+Z)\.$/.exec(paused.statusReason ?? '') ?? [];
    expect(paused.pausedUntil).toBe(end);
    expect(Math.abs(Date.parse(end ?? '') - Date.parse(String(email.nextAttemptAt)))).toBeLessThan(5_000);
    expect(Math.abs(Date.parse(String(paused.sendBudget.nextSendAt)) - Date.parse(end ?? ''))).toBeLessThan(5_000);

    await agePermits(t, tenant, DAY_MS - 2 * HALF_HOUR_MS);
    await quiet();
    expect(await record(t, tenant, email.uid)).toMatchObject({ status: 'QUEUED' });
    await agePermits(t, tenant, 3 * HALF_HOUR_MS);
    await left(email.uid);
    expect(await account()).toMatchObject({
      status: 'ACTIVE',
      statusReason: null,
      pausedUntil: null,
      sendBudget: { sentLast24h: 1 },
    });
    expect(t.sandbox.admin.messages(maria)).toHaveLength(LIMIT + 1);
  });

  it('counts what left over the whole day, in whichever half hour', async () => {
    for (let i = 0; i < LIMIT; i++) {
      await useUp(1);
      await agePermits(t, tenant, HALF_HOUR_MS);
    }
    const email = await sendNow();
    expect(aheadMs(email.nextAttemptAt)).toBeGreaterThan(DAY_MS - 4 * HALF_HOUR_MS);
    expect(aheadMs(email.nextAttemptAt)).toBeLessThan(DAY_MS - HALF_HOUR_MS);
    await agePermits(t, tenant, DAY_MS - 2 * HALF_HOUR_MS);
    await left(email.uid);
    expect((await account()).sendBudget).toMatchObject({ sentLast24h: LIMIT });
  });

  it('does not count what Gmail refuses or fails', async () => {
    await useUp(LIMIT - 1);
    t.sandbox.admin.fault({ call: 'drafts.create', mailbox: tenant.email, effect: { kind: 'status', status: 400 } });
    expectType(await send(t, tenant, fresh(tenant, maria)), 'SendRejectedError');
    t.sandbox.admin.fault({ call: 'drafts.create', mailbox: tenant.email, effect: { kind: 'status', status: 503 } });
    expect(await sendNow()).toMatchObject({ status: 'QUEUED', failure: { code: 'UNREACHABLE' } });
    expect((await account()).sendBudget).toMatchObject({ sentLast24h: LIMIT - 1 });
    await useUp(1);
    expect(await sendNow()).toMatchObject({ status: 'QUEUED', failure: null });
  });

  it('does not count what is cancelled before its turn is used', async () => {
    await useUp();
    const { uid } = await sendNow();
    await agePermits(t, tenant, 25 * 3_600_000);
    await left(uid);
    await useUp(LIMIT - 1);
    const other = (await sendNow()).uid;
    // Its turn has come, and its job has not run yet.
    await t.app.pool.query(
      `WITH jobs AS (SELECT graphile_worker.remove_job('deliver:' || $1))
       UPDATE outbound_email SET permit = 'GRANTED' FROM jobs WHERE id = $1::uuid`,
      [other],
    );
    await query(t, tenant.key, CancelOutboundEmail, { uid: other });
    expect((await account()).sendBudget).toMatchObject({ sentLast24h: LIMIT - 1 });
  });

  it('does not count what is cancelled while it is delivered', async () => {
    const gate = t.sandbox.admin.hold('drafts.create', { mailbox: tenant.email });
    const sending = sendNow();
    await gate.arrived;
    const { id: uid } = await t.app.db.outboundEmail.findFirstOrThrow({ where: { accountId: tenant.accountId } });
    await query(t, tenant.key, CancelOutboundEmail, { uid });
    gate.release();
    expect(await sending).toMatchObject({ status: 'CANCELED' });
    expect((await account()).sendBudget).toMatchObject({ sentLast24h: 0 });
  });

  it('does not count an email whose delivery breaks off, which is tried again after a pause', async () => {
    const goOn = await failWrites(t.app, 'outbound_email', { code: '57014', when: "NEW.status = 'SENDING'" });
    const { uid } = await sendNow();
    await eventually(async () => (await record(t, tenant, uid)).nextAttemptAt);
    await runNow(t, tenant, uid, 'deliver');
    const again = await eventually(async () => {
      const email = await record(t, tenant, uid);
      return email.attempts === 2 && email.nextAttemptAt ? email : null;
    });
    expect(aheadMs(again.nextAttemptAt)).toBeGreaterThan(5_000);
    await quiet();
    expect(await record(t, tenant, uid)).toMatchObject({ status: 'QUEUED', attempts: 2 });
    expect((await account()).sendBudget).toMatchObject({ sentLast24h: 0 });
    await goOn();
    await runNow(t, tenant, uid, 'deliver');
    await left(uid);
    expect((await account()).sendBudget).toMatchObject({ sentLast24h: 1 });
  });

  it('is free again within a minute when one of those under way is refused', async () => {
    await useUp(LIMIT - 1);
    const gate = t.sandbox.admin.hold('drafts.create', { mailbox: tenant.email });
    t.sandbox.admin.fault({ call: 'drafts.create', mailbox: tenant.email, effect: { kind: 'status', status: 400 } });
    const refused = send(t, tenant, fresh(tenant, maria));
    await gate.arrived;
    const { uid, status } = await sendNow();
    expect(status).toBe('QUEUED');
    gate.release();
    expectType(await refused, 'SendRejectedError');
    await requeueOverdue(t.app);
    await left(uid);
  });

  it('is no pause of a day for what Gmail throttles for a minute', async () => {
    await useUp();
    const { uid } = await sendNow();
    const ref = { organizationId: tenant.organizationId, id: tenant.accountId };
    const waitMs = await blockSending(t.app, ref, 'THROTTLED', 60_000);
    expect(waitMs).toBeLessThanOrEqual(60_000);
    expect(await blockSending(t.app, ref, 'THROTTLED', null)).toBeLessThanOrEqual(60_000);
    await agePermits(t, tenant, 61_000);
    await quiet();
    expect(await record(t, tenant, uid)).toMatchObject({ status: 'QUEUED' });
    expect(await account()).toMatchObject({ status: 'PAUSED' });
    await goOnWith('100');
    await left(uid);
  });

  it('leaves a pause of Gmail on record: reading goes on, and the pause counts to its end', async () => {
    await useUp();
    const { uid } = await sendNow();
    const ref = { organizationId: tenant.organizationId, id: tenant.accountId };
    await blockSending(t.app, ref, 'DAILY_LIMIT', 4 * 3_600_000);
    await grantPermits(t.app, { ...ref, accountId: tenant.accountId });
    expect(await takeReadPermits(t.app, ref, { wanted: 2, burst: 2, urgent: true })).toMatchObject({ granted: 2 });
    await goOnWith('100');
    expect(await record(t, tenant, uid)).toMatchObject({ status: 'QUEUED' });
    await agePermits(t, tenant, 4 * 3_600_000 + 61_000);
    await goOnWith('100');
    await left(uid);
  });

  it('that is raised lets go what waited for it', async () => {
    await useUp();
    const uids = [(await sendNow()).uid, (await sendNow()).uid];
    await goOnWith(String(LIMIT + 1));
    await left(uids[0] ?? '');
    expect(await record(t, tenant, uids[1] ?? '')).toMatchObject({ status: 'QUEUED' });
    await goOnWith(String(LIMIT + 2));
    await left(uids[1] ?? '');
    expect(t.sandbox.admin.messages(maria)).toHaveLength(LIMIT + 2);
  });
});

/** Runs the account's job in a process with another limit. */
async function goOnWith(dailySends: string) {
  const other = await startTestApp({ beside: t, env: { GMAIL_DAILY_SENDS: dailySends } });
  const { organizationId, accountId } = tenant;
  await grantPermits(other.app, { organizationId, accountId });
  await other.close();
}

describe('Gmail’s own limit of the day', () => {
  it('pauses the whole account until the time that it names', async () => {
    const refusal = { kind: 'refusal', name: 'mail-sending-limit', retryAfterMs: 7_200_000 } as const;
    t.sandbox.admin.fault({ call: 'drafts.send', mailbox: tenant.email, effect: refusal });
    const first = await sendNow();
    expect(first).toMatchObject({ status: 'QUEUED', attempts: 1, failure: { code: 'DAILY_LIMIT', retry: 'AFTER' } });
    expect(Math.abs(aheadMs(first.nextAttemptAt) - 7_200_000)).toBeLessThan(10_000);
    t.sandbox.admin.resetCalls();
    const second = await sendNow();
    expect(second).toMatchObject({ status: 'QUEUED', attempts: 0, failure: null });
    expect(t.sandbox.admin.calls().filter(({ mailbox }) => mailbox === tenant.email)).toEqual([]);
    expect(Math.abs(aheadMs(second.nextAttemptAt) - 7_200_000)).toBeLessThan(10_000);
    expect(pausesTold()).toMatchObject([{ reason: 'DAILY_LIMIT' }]);
    const { events } = await record(t, tenant, second.uid);
    expect(events.edges.at(-1)?.node.detail).toMatchObject({ code: 'DAILY_LIMIT' });

    const paused = await account();
    expect(paused).toMatchObject({ status: 'PAUSED', sendBudget: { sentLast24h: 0 } });
    expect(paused.statusReason).toMatch(/^The sending limit of the day is reached; sending resumes at \S+Z\.$/);
    await agePermits(t, tenant, 7_000_000);
    await quiet();
    expect(callsOf(t, tenant.email, 'drafts.create')).toBe(0);
    await agePermits(t, tenant, 300_000);
    for (const { uid } of [first, second]) await left(uid);
    expect(await account()).toMatchObject({ status: 'ACTIVE', statusReason: null, sendBudget: { sentLast24h: 2 } });
    expect(t.sandbox.admin.messages(maria)).toHaveLength(2);
  });
});
