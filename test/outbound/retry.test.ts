/** Trying an email again that has failed. */
import { beforeEach, describe, expect, it } from 'vitest';
import { createTenant, expectType, type Tenant, useTestApp } from '../support/harness.ts';
import { accepted, callsOf, createRecipient, eventTypes, fresh, onlyMail, record, send } from '../support/mail.ts';
import { operatorActions } from '../support/operator-actions.ts';

/** Reconciles only when a test says so. */
let tenant: Tenant;
let maria: string;

const t = useTestApp({ env: { SETTLE_DELAYS_MS: '3600000' } });
beforeEach(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
});

const { deferred, expectDoneByKey, failed, fault, noJobLeft, retry, scheduled, unconfirmed, untilStatus } =
  operatorActions(() => ({ t, tenant, maria }));

describe('trying again', () => {
  it('what has failed sends it once, with a draft of its own', async () => {
    const uid = await failed();
    const { replayed, outboundEmail } = expectType(await retry(uid), 'SendEmailPayload');
    expect({ replayed, outboundEmail }).toEqual({
      replayed: false,
      outboundEmail: { uid, status: 'SENT', attempts: 2, failure: null },
    });
    await noJobLeft(uid);
    const email = await record(t, tenant, uid);
    expect(eventTypes(email)).toEqual(['ACCEPTED', 'REFUSED', 'RETRIED', 'SENDING', 'SENT']);
    expectDoneByKey(email, 'RETRIED', 'FAILED', 'QUEUED');
    expect(onlyMail(t, maria).header('X-Epistle-Id')).toBe(uid);
  });

  it('what was refused at the sending does not use its deleted draft again', async () => {
    fault('drafts.send', { kind: 'status', status: 400 });
    const { outboundEmail } = expectType(await send(t, tenant, fresh(tenant, maria)), 'SendRejectedError');
    expectType(await retry(outboundEmail.uid), 'SendEmailPayload');
    expect(onlyMail(t, maria).header('X-Epistle-Id')).toBe(outboundEmail.uid);
    expect(callsOf(t, tenant.email, 'drafts.create')).toBe(2);
  });

  it('that is refused again says so, and may be tried once more', async () => {
    const uid = await failed();
    fault('drafts.create', { kind: 'status', status: 413 });
    expect(expectType(await retry(uid), 'SendRejectedError')).toMatchObject({
      outboundEmail: { uid, status: 'FAILED' },
    });
    expect(expectType(await retry(uid), 'SendEmailPayload').outboundEmail.status).toBe('SENT');
    expect(t.sandbox.admin.messages(maria)).toHaveLength(1);
  });

  it('what Gmail would now send from another address is refused, until the account has its alias again', async () => {
    const alias = `sales-${tenant.email}`;
    const setAliases = (aliases: string[]) =>
      t.app.db.emailAccount.updateMany({ where: { id: tenant.accountId }, data: { aliases } });
    await setAliases([alias]);
    const uid = await failed({ fromAlias: alias });
    await setAliases([]);
    expect(expectType(await retry(uid), 'SendRejectedError')).toMatchObject({
      message: 'The email was not sent: Gmail no longer lets the account send from its sender address.',
      outboundEmail: { uid, status: 'FAILED' },
    });
    expect(await record(t, tenant, uid)).toMatchObject({ failure: { code: 'ALIAS_NOT_ACCEPTED', retry: 'NEVER' } });
    expect(t.sandbox.admin.messages(maria)).toEqual([]);
    await setAliases([alias]);
    expect(expectType(await retry(uid), 'SendEmailPayload').outboundEmail.status).toBe('SENT');
  });

  it('several times at once sends one email', async () => {
    const uid = await failed();
    const answers = await Promise.all(Array.from({ length: 10 }, () => retry(uid)));
    expect(answers.filter(({ __typename }) => __typename === 'SendEmailPayload')).toHaveLength(1);
    expect(answers.filter(({ __typename }) => __typename === 'InvalidStateError')).toHaveLength(9);
    await noJobLeft(uid);
    expect(t.sandbox.admin.messages(maria)).toHaveLength(1);
    expect(callsOf(t, tenant.email, 'drafts.send')).toBe(1);
  });

  it.each([
    ['sent', 'SENT', async () => (await accepted(t, tenant, fresh(tenant, maria))).outboundEmail.uid],
    ['waiting', 'QUEUED', deferred],
    ['scheduled', 'SCHEDULED', scheduled],
    ['unconfirmed', 'UNCONFIRMED', () => unconfirmed('after')],
  ])('what is %s is refused', async (_name, status, make) => {
    const uid = await make();
    const before = t.sandbox.admin.messages(maria).length;
    expect(expectType(await retry(uid), 'InvalidStateError').status).toBe(status);
    expect(t.sandbox.admin.messages(maria)).toHaveLength(before);
    expect(await record(t, tenant, uid)).toMatchObject({ status });
  });

  it('has its job from the decision on, should the process die', async () => {
    const uid = await failed();
    const gate = t.sandbox.admin.hold('drafts.create', { mailbox: tenant.email });
    const answer = retry(uid);
    await gate.arrived;
    const sql = 'SELECT FROM graphile_worker.jobs WHERE key = $1';
    expect((await t.app.pool.query(sql, [`deliver:${uid}`])).rowCount).toBe(1);
    gate.release();
    await answer;
    await untilStatus(uid, 'SENT');
  });
});
