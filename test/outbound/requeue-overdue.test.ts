/** An accepted email whose job is gone from the queue: the `requeue-overdue` job finds it once it is overdue. */
import { beforeEach, expect, it } from 'vitest';
import { blockSending } from '../../src/outbound/rate-limit.ts';
import { requeueOverdue } from '../../src/outbound/requeue-overdue.ts';
import { createTenant, eventually, expectType, query, type Tenant, useTestApp } from '../support/harness.ts';
import { accepted, callsOf, createRecipient, fresh, onlyMail, record, sentFrom, untilStatus } from '../support/mail.ts';
import { insertEmail } from '../support/rows.ts';
import { CreateDraft } from '../support/send-documents.ts';

const HOUR_MS = 3_600_000;

let tenant: Tenant;
let maria: string;

// Reconciles only when a test says so.
const t = useTestApp({ env: { SETTLE_DELAYS_MS: String(HOUR_MS), SEND_WAIT_MS: '300' } });
beforeEach(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
});

async function sendNow() {
  return (await accepted(t, tenant, fresh(tenant, maria))).outboundEmail;
}

async function deferred(): Promise<string> {
  t.sandbox.admin.fault({ call: 'drafts.create', mailbox: tenant.email, effect: { kind: 'status', status: 503 } });
  const { uid } = await sendNow();
  await eventually(async () => (await record(t, tenant, uid)).failure?.code === 'UNREACHABLE' || null);
  return uid;
}

async function waiting(): Promise<string> {
  await blockSending(t.app, { organizationId: tenant.organizationId, id: tenant.accountId }, 'THROTTLED', HOUR_MS);
  const { uid, status } = await sendNow();
  expect(status).toBe('QUEUED');
  return uid;
}

async function scheduled(): Promise<string> {
  const plannedSendAt = new Date(Date.now() + HOUR_MS).toISOString();
  const input = { fromAccountUid: tenant.accountId, to: [maria], subject: 'Later', bodyText: 'Later.', plannedSendAt };
  return expectType((await query(t, tenant.key, CreateDraft, { input })).createDraft, 'CreateDraftPayload').draft.uid;
}

async function unconfirmed(): Promise<string> {
  t.sandbox.admin.fault({ call: 'drafts.send', mailbox: tenant.email, when: 'after', effect: { kind: 'reset' } });
  const { uid } = await sendNow();
  await untilStatus(t, tenant, uid, 'UNCONFIRMED');
  return uid;
}

/** Its process stands still after Gmail has sent it. */
async function sending(): Promise<string> {
  const gate = t.sandbox.admin.hold('drafts.send', { mailbox: tenant.email, when: 'after' });
  const { uid } = await sendNow();
  await gate.arrived;
  expect((await record(t, tenant, uid)).status).toBe('SENDING');
  return uid;
}

/** As a retry leaves it whose process dies before it delivers. */
function retried(): Promise<string> {
  return insertEmail(t, tenant, { status: 'QUEUED', to: [maria] });
}

/** What happens to the jobs of an email and of its account. */
const LOSSES = {
  deleted: `DELETE FROM graphile_worker._private_jobs WHERE key = ANY($1)`,
  'used up': `UPDATE graphile_worker._private_jobs SET attempts = max_attempts WHERE key = ANY($1)`,
};

async function lose(uid: string, how: keyof typeof LOSSES) {
  await t.app.pool.query(LOSSES[how], [[`deliver:${uid}`, `reconcile:${uid}`, `grant-permits:${tenant.accountId}`]]);
}

/** Lets the time pass by which something should have been done about it. */
async function overdue(uid: string) {
  await t.app.pool.query(
    `UPDATE outbound_email SET next_attempt_at = next_attempt_at - $2 * interval '1 ms',
       lease_expires_at = lease_expires_at - $2 * interval '1 ms', updated_at = updated_at - $2 * interval '1 ms',
       planned_send_at = planned_send_at - $2 * interval '1 ms' WHERE id = $1`,
    [uid, 2 * HOUR_MS],
  );
  await t.app.pool.query(`UPDATE account_rate_limit SET blocked_until = NULL, permits = '{}' WHERE account_id = $1`, [
    tenant.accountId,
  ]);
}

const STATES = { deferred, waiting, scheduled, unconfirmed, retried };

it.each(
  Object.entries(STATES).flatMap(([state, make]) => [
    [state, 'deleted', make] as const,
    [state, 'used up', make] as const,
  ]),
)('one that is %s and whose job is %s comes to its end, once', async (_state, how, make) => {
  const uid = await make();
  await lose(uid, how);
  await overdue(uid);
  await Promise.all([requeueOverdue(t.app), requeueOverdue(t.app)]);
  await untilStatus(t, tenant, uid, 'SENT');
  expect(onlyMail(t, maria).header('X-Epistle-Id')).toBe(uid);
  expect(sentFrom(t, tenant.email)).toHaveLength(1);
  expect(callsOf(t, tenant.email, 'drafts.send')).toBe(1);
});

it('one that was SENDING when its lease ran out is reconciled, not sent again', async () => {
  const uid = await sending();
  await lose(uid, 'deleted');
  await overdue(uid);
  await requeueOverdue(t.app);
  await untilStatus(t, tenant, uid, 'UNCONFIRMED');
  await lose(uid, 'deleted');
  await overdue(uid);
  await requeueOverdue(t.app);
  await untilStatus(t, tenant, uid, 'SENT');
  t.sandbox.admin.clearFaults();
  await Promise.allSettled(t.app.deliveries.values());
  expect((await record(t, tenant, uid)).status).toBe('SENT');
  expect(onlyMail(t, maria).header('X-Epistle-Id')).toBe(uid);
  expect(callsOf(t, tenant.email, 'drafts.send')).toBe(1);
});

it('what is not overdue is left alone', async () => {
  const uids = [await deferred(), await scheduled(), await unconfirmed(), await retried(), await sending()];
  await waiting();
  const rows = () =>
    t.app.db.outboundEmail.findMany({ where: { organizationId: tenant.organizationId }, orderBy: { id: 'asc' } });
  const before = await rows();
  for (const uid of uids) await lose(uid, 'deleted');
  await requeueOverdue(t.app);
  const { rowCount } = await t.app.pool.query(`SELECT FROM graphile_worker.jobs WHERE key LIKE ANY($1)`, [
    uids.map((uid) => `%:${uid}`),
  ]);
  expect(rowCount).toBe(0);
  expect(await rows()).toEqual(before);
});

it('an unconfirmed one that a person has to decide is not asked about again', async () => {
  const uid = await unconfirmed();
  await t.app.pool.query(`UPDATE outbound_email SET next_attempt_at = NULL WHERE id = $1`, [uid]);
  await lose(uid, 'deleted');
  await overdue(uid);
  await requeueOverdue(t.app);
  const { rowCount } = await t.app.pool.query(`SELECT FROM graphile_worker.jobs WHERE key LIKE $1`, [`%:${uid}`]);
  expect(rowCount).toBe(0);
  expect((await record(t, tenant, uid)).status).toBe('UNCONFIRMED');
});

it('a job that was asked for anew while it ran, in a process that was killed, is swept away; its successor is not', async () => {
  const key = `sync:${tenant.accountId}`;
  const add = (runAt: string) =>
    t.app.pool.query(`SELECT graphile_worker.add_job('nothing', run_at => $2::timestamptz, job_key => $1)`, [
      key,
      runAt,
    ]);
  const jobs = async () => {
    const { rows } = await t.app.pool.query<{ id: string; key: string | null }>(
      `SELECT id, key FROM graphile_worker.jobs WHERE task_identifier = 'nothing' ORDER BY id`,
    );
    return rows;
  };
  await add('2099-01-01');
  await t.app.pool.query(
    `UPDATE graphile_worker._private_jobs SET locked_at = now(), locked_by = 'dead', attempts = 1 WHERE key = $1`,
    [key],
  );
  await add('2099-01-01');
  const [replaced, successor] = await jobs();
  expect([replaced?.key, successor?.key]).toEqual([null, key]);
  await requeueOverdue(t.app);
  expect(await jobs()).toHaveLength(2);
  await t.app.pool.query(`SELECT graphile_worker.force_unlock_workers(ARRAY['dead'])`);
  await requeueOverdue(t.app);
  expect(await jobs()).toEqual([successor]);
});
