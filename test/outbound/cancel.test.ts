/** Cancelling an email before it leaves, and decisions that are refused. */
import { beforeEach, describe, expect, it } from 'vitest';
import { createTenant, eventually, expectType, type Tenant, useTestApp } from '../support/harness.ts';
import { accepted, callsOf, createRecipient, eventTypes, fresh, record, send } from '../support/mail.ts';
import { operatorActions } from '../support/operator-actions.ts';

/** Reconciles only when a test says so. */
let tenant: Tenant;
let maria: string;

const t = useTestApp({ env: { SETTLE_DELAYS_MS: '3600000', SEND_WAIT_MS: '3000' } });
beforeEach(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
});

const {
  cancel,
  deferred,
  expectDoneByKey,
  failed,
  fault,
  noJobLeft,
  resolve,
  retry,
  runEverything,
  scheduled,
  unconfirmed,
  untilStatus,
} = operatorActions(() => ({ t, tenant, maria }));

describe('cancelling', () => {
  it.each([
    ['that waits for its next attempt', deferred, 'QUEUED'],
    ['that is scheduled', scheduled, 'SCHEDULED'],
  ])('an email %s keeps it from ever leaving', async (_name, make, from) => {
    const uid = await make();
    const { outboundEmail } = expectType(await cancel(uid), 'CancelOutboundEmailPayload');
    expect(outboundEmail).toEqual({ uid, status: 'CANCELED' });
    await noJobLeft(uid);
    await runEverything(uid);
    const email = await record(t, tenant, uid);
    expect(email).toMatchObject({ status: 'CANCELED', sentAt: null, nextAttemptAt: null });
    expectDoneByKey(email, 'CANCELED', from, 'CANCELED');
    expect(t.sandbox.admin.messages(maria)).toEqual([]);
    expect(callsOf(t, tenant.email, 'drafts.send')).toBe(0);
    expect(expectType(await cancel(uid), 'InvalidStateError').status).toBe('CANCELED');
  });

  it('an email whose sending was throttled takes its draft out of Gmail', async () => {
    fault('drafts.send', { kind: 'refusal', name: 'userRateLimitExceeded' });
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
    expect(t.sandbox.admin.drafts(tenant.email)).toHaveLength(1);
    expectType(await cancel(outboundEmail.uid), 'CancelOutboundEmailPayload');
    expect(t.sandbox.admin.drafts(tenant.email)).toEqual([]);
    await runEverything(outboundEmail.uid);
    expect(t.sandbox.admin.messages(maria)).toEqual([]);
  });

  it('while its draft is being made comes in time', async () => {
    const gate = t.sandbox.admin.hold('drafts.create', { mailbox: tenant.email });
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria, { idempotencyKey: 'k' }));
    const late = t.app.deliveries.get(outboundEmail.uid);
    expectType(await cancel(outboundEmail.uid), 'CancelOutboundEmailPayload');
    gate.release();
    expect(await late).toEqual({ kind: 'superseded' });
    await runEverything(outboundEmail.uid);
    expect(t.sandbox.admin.messages(tenant.email)).toEqual([]);
    expect(t.sandbox.admin.messages(maria)).toEqual([]);
    const again = await accepted(t, tenant, fresh(tenant, maria, { idempotencyKey: 'k' }));
    expect(again).toMatchObject({ replayed: true, outboundEmail: { status: 'CANCELED' } });
  });

  it('what is being sent is refused, and it is sent', async () => {
    const gate = t.sandbox.admin.hold('drafts.send', { mailbox: tenant.email });
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
    expect(expectType(await cancel(outboundEmail.uid), 'InvalidStateError').status).toBe('SENDING');
    gate.release();
    await untilStatus(outboundEmail.uid, 'SENT');
    expect(expectType(await cancel(outboundEmail.uid), 'InvalidStateError')).toMatchObject({
      status: 'SENT',
      code: 'INVALID_STATE',
      message: 'Only a SCHEDULED or QUEUED email can be canceled; this one is SENT.',
    });
    expect(t.sandbox.admin.messages(maria)).toHaveLength(1);
  });

  it('at any moment of many sends leaves those that it names as cancelled unsent, and no others', async () => {
    const input = Array.from({ length: 24 }, (_, index) => fresh(tenant, maria, { subject: `Mail ${index}` }));
    fault('drafts.create', { kind: 'delay', ms: 20 }, 'before', 'always');
    const sending = input.map((each) => send(t, tenant, each));
    const cancelled = new Set<string>();
    const seen = new Set<string>();
    await eventually(async () => {
      const rows = await t.app.db.outboundEmail.findMany({ where: { organizationId: tenant.organizationId } });
      const fresh = rows.filter(({ id }) => !seen.has(id));
      await Promise.all(
        fresh.map(async ({ id }) => {
          seen.add(id);
          if ((await cancel(id)).__typename === 'CancelOutboundEmailPayload') cancelled.add(id);
        }),
      );
      return seen.size === input.length || null;
    });
    await Promise.all(sending);
    await Promise.allSettled(t.app.deliveries.values());
    for (const uid of cancelled) await runEverything(uid);
    const arrived = t.sandbox.admin.messages(maria).map((message) => String(message.header('X-Epistle-Id')));
    expect(arrived.sort()).toEqual([...seen].filter((uid) => !cancelled.has(uid)).sort());
    expect(t.sandbox.admin.drafts(tenant.email)).toEqual([]);
  });
});

describe('what does not belong to the organization', () => {
  it('is not found, and nothing happens to it', async () => {
    const uids = { queued: await deferred(), failed: await failed(), unconfirmed: await unconfirmed('before') };
    const other = await createTenant(t);
    expect(expectType(await cancel(uids.queued, other.key), 'NotFoundError')).toMatchObject({ uid: uids.queued });
    expectType(await retry(uids.failed, other.key), 'NotFoundError');
    for (const outcome of ['SENT', 'NOT_SENT_RESEND', 'NOT_SENT_DISCARD'] as const) {
      expectType(await resolve(uids.unconfirmed, outcome, other.key), 'NotFoundError');
    }
    expect(await record(t, tenant, uids.queued)).toMatchObject({ status: 'QUEUED' });
    expect(await record(t, tenant, uids.failed)).toMatchObject({ status: 'FAILED' });
    expect(await record(t, tenant, uids.unconfirmed)).toMatchObject({ status: 'UNCONFIRMED' });
    expect(await jobKeys()).toEqual([`deliver:${uids.queued}`, `reconcile:${uids.unconfirmed}`].sort());
    expect(t.sandbox.admin.messages(maria)).toEqual([]);
    await cancel(uids.queued);

    async function jobKeys() {
      const sql = `SELECT key FROM graphile_worker.jobs WHERE right(key, 36) = ANY($1) ORDER BY key`;
      return (await t.app.pool.query<{ key: string }>(sql, [Object.values(uids)])).rows.map(({ key }) => key);
    }
  });
});

describe('a decision that is refused', () => {
  it('takes nothing away from what is under way', async () => {
    const uid = await unconfirmed('after');
    expect(expectType(await cancel(uid), 'InvalidStateError').status).toBe('UNCONFIRMED');
    expect(expectType(await retry(uid), 'InvalidStateError').status).toBe('UNCONFIRMED');
    const waiting = await deferred();
    expect(expectType(await resolve(waiting, 'SENT'), 'InvalidStateError').status).toBe('QUEUED');
    expect(expectType(await retry(waiting), 'InvalidStateError').status).toBe('QUEUED');
    const { rows } = await t.app.pool.query<{ key: string }>(
      'SELECT key FROM graphile_worker.jobs WHERE right(key, 36) = ANY($1) ORDER BY key',
      [[uid, waiting]],
    );
    expect(rows.map(({ key }) => key)).toEqual([`deliver:${waiting}`, `reconcile:${uid}`]);
    expect(eventTypes(await record(t, tenant, uid))).toEqual(['ACCEPTED', 'SENDING', 'UNCONFIRMED']);
  });
});
