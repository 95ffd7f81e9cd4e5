import { beforeEach, describe, expect, it } from 'vitest';
import type { FaultEffect } from '../../sandbox/faults.ts';
import { connectAccount } from '../../src/accounts/store-account.ts';
import { deliverQueued } from '../../src/outbound/claim.ts';
import { createTenant, eventually, expectType, type Tenant, useTestApp } from '../support/harness.ts';
import {
  accepted,
  callsOf,
  createRecipient,
  eventTypes,
  fresh,
  onlyMail,
  record,
  runNow,
  send,
  sentFrom,
  untilStatus,
} from '../support/mail.ts';

let tenant: Tenant;
let maria: string;

const t = useTestApp();
beforeEach(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
});

type Faulty = { readonly call: string; readonly when?: 'before' | 'after'; readonly times?: number };

function fault({ call, ...rest }: Faulty, effect: FaultEffect) {
  // The token endpoint belongs to no mailbox yet.
  t.sandbox.admin.fault({ call, ...(call === 'token' ? {} : { mailbox: tenant.email }), ...rest, effect });
}

/** Runs the email's job until it has left. */
async function deliveredByJob(uid: string) {
  await runNow(t, tenant, uid, 'deliver');
  return untilStatus(t, tenant, uid, 'SENT');
}

describe('when no draft can be made in Gmail', () => {
  it.each<[string, FaultEffect, string]>([
    ['answers 503', { kind: 'status', status: 503 }, 'UNREACHABLE'],
    ['resets the connection', { kind: 'reset' }, 'UNREACHABLE'],
    ['answers half of it', { kind: 'truncated' }, 'UNREACHABLE'],
    ['throttles', { kind: 'refusal', name: 'user-rate-limit', retryAfterMs: 60_000 }, 'THROTTLED'],
    ['has reached the limit of the day', { kind: 'refusal', name: 'mail-sending-limit' }, 'DAILY_LIMIT'],
  ])('because Gmail %s, the email waits and is delivered by the job', async (_name, effect, code) => {
    fault({ call: 'drafts.create' }, effect);
    const { outboundEmail, replayed } = await accepted(t, tenant, fresh(tenant, maria, { idempotencyKey: 'k' }));
    expect(replayed).toBe(false);
    expect(outboundEmail).toMatchObject({ status: 'QUEUED', sentAt: null, failure: { code, retry: 'AFTER' } });
    expect(Date.parse(String(outboundEmail.nextAttemptAt))).toBeGreaterThan(Date.now() + 1_000);
    expect(t.sandbox.admin.messages(maria)).toEqual([]);
    expect(await accepted(t, tenant, fresh(tenant, maria, { idempotencyKey: 'k' }))).toMatchObject({
      replayed: true,
      outboundEmail: { uid: outboundEmail.uid, status: 'QUEUED' },
    });

    const email = await deliveredByJob(outboundEmail.uid);
    expect(email).toMatchObject({ attempts: 2, nextAttemptAt: null, failure: null });
    expect(eventTypes(email)).toEqual(['ACCEPTED', 'DEFERRED', 'SENDING', 'SENT']);
    expect(onlyMail(t, maria).header('X-Epistle-Id')).toBe(email.uid);
  });

  it('waits as long as Gmail says', async () => {
    fault({ call: 'drafts.create' }, { kind: 'refusal', name: 'user-rate-limit', retryAfterMs: 600_000 });
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
    const waitMs = Date.parse(String(outboundEmail.nextAttemptAt)) - Date.now();
    expect(Math.abs(waitMs - 600_000)).toBeLessThan(10_000);
  });

  it('does not run before its time', async () => {
    fault({ call: 'drafts.create' }, { kind: 'status', status: 503 });
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
    const { uid, nextAttemptAt } = outboundEmail;
    const ref = { organizationId: tenant.organizationId, outboundEmailId: uid };
    await deliverQueued(t.app, ref);
    expect(await record(t, tenant, uid)).toMatchObject({ status: 'QUEUED', attempts: 1, nextAttemptAt });
    expect(t.sandbox.admin.messages(maria)).toEqual([]);
  });
});

it('leaves no draft behind that was made without an answer', async () => {
  fault({ call: 'drafts.create', when: 'after' }, { kind: 'reset' });
  const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
  expect(t.sandbox.admin.drafts(tenant.email)).toHaveLength(1);
  await deliveredByJob(outboundEmail.uid);
  await eventually(async () => (t.sandbox.admin.drafts(tenant.email).length === 0 ? true : null));
  expect(t.sandbox.admin.messages(maria)).toHaveLength(1);
});

describe('when the answer to the sending is lost', () => {
  it.each<[string, FaultEffect]>([
    ['the connection is reset', { kind: 'reset' }],
    ['Gmail answers 500', { kind: 'status', status: 500 }],
    ['a proxy answers 502 in html', { kind: 'status', status: 502, body: 'html' }],
    ['the answer is cut off', { kind: 'truncated' }],
    ['the answer is no JSON', { kind: 'invalid-json' }],
  ])('because %s, the email is UNCONFIRMED and not sent again', async (_name, effect) => {
    fault({ call: 'drafts.send', when: 'after' }, effect);
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria, { idempotencyKey: 'k' }));
    expect(outboundEmail).toMatchObject({
      status: 'UNCONFIRMED',
      failure: { code: 'OUTCOME_UNKNOWN', retry: 'CHECK_FIRST' },
      nextAttemptAt: expect.any(String),
    });
    expect(onlyMail(t, maria).header('X-Epistle-Id')).toBe(outboundEmail.uid);

    const repeated = await accepted(t, tenant, fresh(tenant, maria, { idempotencyKey: 'k' }));
    expect(repeated).toMatchObject({ replayed: true, outboundEmail: { uid: outboundEmail.uid } });
    await runNow(t, tenant, outboundEmail.uid, 'deliver');
    await jobsDone(outboundEmail.uid);
    expect(callsOf(t, tenant.email, 'drafts.send')).toBe(1);
    expect(sentFrom(t, tenant.email)).toHaveLength(1);
  });

  it('is UNCONFIRMED as well when it had not left', async () => {
    fault({ call: 'drafts.send' }, { kind: 'reset' });
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
    expect(outboundEmail.status).toBe('UNCONFIRMED');
    expect(t.sandbox.admin.messages(maria)).toEqual([]);
    expect(t.sandbox.admin.drafts(tenant.email)).toHaveLength(1);
  });
});

async function jobsDone(uid: string) {
  const sql = 'SELECT FROM graphile_worker.jobs WHERE key = $1';
  await eventually(async () => ((await t.app.pool.query(sql, [`deliver:${uid}`])).rowCount === 0 ? true : null));
}

describe('when Gmail refuses', () => {
  it.each<[string, number, FaultEffect]>([
    ['drafts.create', 400, { kind: 'status', status: 400 }],
    ['drafts.create', 403, { kind: 'refusal', name: 'insufficientPermissions' }],
    ['drafts.create', 413, { kind: 'status', status: 413, body: 'html' }],
    ['drafts.send', 400, { kind: 'refusal', name: 'mail-service-not-enabled' }],
    ['drafts.send', 403, { kind: 'refusal', name: 'insufficientPermissions' }],
    ['drafts.send', 413, { kind: 'status', status: 413 }],
  ])('%s with %i, the caller is told and nothing is left behind', async (call, status, effect) => {
    fault({ call }, effect);
    const error = expectType(await send(t, tenant, fresh(tenant, maria)), 'SendRejectedError');
    expect(error).toMatchObject({ code: 'SEND_REJECTED', providerStatus: status, outboundEmail: { status: 'FAILED' } });
    expect(error.providerReason).not.toBe('');
    const email = await record(t, tenant, error.outboundEmail.uid);
    expect(email).toMatchObject({ sentAt: null, nextAttemptAt: null, failure: { message: error.providerReason } });
    expect(eventTypes(email).at(-1)).toBe('REFUSED');
    expect(t.sandbox.admin.messages(maria)).toEqual([]);
    expect(t.sandbox.admin.messages(tenant.email)).toEqual([]);
  });

  it('the sending for its rate, the same draft is sent later', async () => {
    fault({ call: 'drafts.send' }, { kind: 'refusal', name: 'userRateLimitExceeded' });
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
    expect(outboundEmail).toMatchObject({ status: 'QUEUED', failure: { code: 'THROTTLED' } });
    const email = await deliveredByJob(outboundEmail.uid);
    expect(eventTypes(email)).toEqual(['ACCEPTED', 'SENDING', 'DEFERRED', 'SENDING', 'SENT']);
    expect(callsOf(t, tenant.email, 'drafts.create')).toBe(1);
    expect(t.sandbox.admin.messages(maria)).toHaveLength(1);
    expect(t.sandbox.admin.drafts(tenant.email)).toEqual([]);
  });
});

describe('when the access token is refused', () => {
  it.each(['drafts.create', 'drafts.send'])('once at %s, another is fetched and the email is sent', async (call) => {
    fault({ call }, { kind: 'refusal', name: 'authError' });
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
    expect(outboundEmail).toMatchObject({ status: 'SENT', attempts: 1 });
    expect(t.sandbox.admin.messages(maria)).toHaveLength(1);
    expect(callsOf(t, tenant.email, call)).toBe(2);
  });

  it('has expired, another is fetched', async () => {
    await accepted(t, tenant, fresh(tenant, maria));
    t.sandbox.admin.expireAccessTokens(tenant.email);
    expect((await accepted(t, tenant, fresh(tenant, maria))).outboundEmail.status).toBe('SENT');
    expect(t.sandbox.admin.messages(maria)).toHaveLength(2);
  });

  it('for good, the email waits', async () => {
    fault({ call: 'drafts.create', times: 2 }, { kind: 'refusal', name: 'authError' });
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
    expect(outboundEmail).toMatchObject({ status: 'QUEUED', failure: { code: 'UNAUTHORIZED' } });
  });

  it('because the grant was revoked, the email waits and goes once the account is connected again', async () => {
    t.sandbox.admin.revoke(tenant.email);
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
    expect(outboundEmail).toMatchObject({ status: 'QUEUED', failure: { code: 'NEEDS_REAUTH', retry: 'AFTER' } });
    expect(t.sandbox.admin.messages(maria)).toEqual([]);
    const refused = expectType(await send(t, tenant, fresh(tenant, maria)), 'AccountNotReadyError');
    expect(refused.account).toEqual({ uid: tenant.accountId, status: 'NEEDS_REAUTH' });
    const refreshToken = t.sandbox.admin.grant(tenant.email);
    const grant = { email: tenant.email, displayName: 'Billing', aliases: [], refreshToken };
    await connectAccount(t.app, tenant.organizationId, grant);
    expect(await deliveredByJob(outboundEmail.uid)).toMatchObject({ attempts: 2, failure: null });
    expect(t.sandbox.admin.messages(maria)).toHaveLength(1);
  });
});
