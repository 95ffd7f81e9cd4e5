/** Saying what became of an email that nobody could settle. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { settle } from '../../src/outbound/reconcile.ts';
import { deciding } from '../support/operator-actions.ts';
import { createTenant, expectType, startTestApp, type Tenant, type TestApp } from '../support/harness.ts';
import { accepted, callsOf, createRecipient, eventTypes, fresh, onlyMail, record } from '../support/mail.ts';

/** Settles only when a test says so. */
let t: TestApp;
let tenant: Tenant;
let maria: string;

beforeAll(async () => {
  t = await startTestApp({ env: { SETTLE_DELAYS_MS: '3600000', SEND_WAIT_MS: '400' } });
});
afterAll(() => t.close());
beforeEach(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
});
afterEach(() => t.sandbox.admin.clearFaults());

const { deleteTicket, expectDecidedByKey, fault, noJobLeft, refOf, resolve, runEverything, unconfirmed } = deciding(
  () => ({ t, tenant, maria }),
);

describe('resolving what nobody could settle', () => {
  it('as sent makes it SENT, and nothing is sent', async () => {
    const uid = await unconfirmed('after');
    const { outboundEmail } = expectType(await resolve(uid, 'SENT'), 'ResolveOutboundEmailPayload');
    expect(outboundEmail).toEqual({ uid, status: 'SENT', failure: null });
    await runEverything(uid);
    const email = await record(t, tenant, uid);
    expect(email).toMatchObject({ status: 'SENT', sentAt: expect.any(String), nextAttemptAt: null });
    expectDecidedByKey(email, 'resolved', 'UNCONFIRMED', 'SENT');
    expect(t.sandbox.admin.messages(maria)).toHaveLength(1);
  });

  it('as not sent sends the very draft that is still there', async () => {
    const uid = await unconfirmed('before');
    const { outboundEmail } = expectType(await resolve(uid, 'NOT_SENT_RESEND'), 'ResolveOutboundEmailPayload');
    expect(outboundEmail).toEqual({ uid, status: 'SENT', failure: null });
    await noJobLeft(uid);
    expect(callsOf(t, tenant.email, 'drafts.create')).toBe(1);
    expect(onlyMail(t, maria).header('X-Epistle-Id')).toBe(uid);
    expectDecidedByKey(await record(t, tenant, uid), 'resolved', 'UNCONFIRMED', 'QUEUED');
  });

  it('as not sent sends a new draft when the old one is gone', async () => {
    const uid = await unconfirmed('before');
    await deleteTicket();
    const { outboundEmail } = expectType(await resolve(uid, 'NOT_SENT_RESEND'), 'ResolveOutboundEmailPayload');
    expect(outboundEmail.status).toBe('SENT');
    expect(callsOf(t, tenant.email, 'drafts.create')).toBe(2);
    expect(onlyMail(t, maria).header('X-Epistle-Id')).toBe(uid);
  });

  it('as not sent, and refused by Gmail, is FAILED: the decision was carried out', async () => {
    const uid = await unconfirmed('before');
    await deleteTicket();
    fault('drafts.create', { kind: 'status', status: 413 });
    const { outboundEmail } = expectType(await resolve(uid, 'NOT_SENT_RESEND'), 'ResolveOutboundEmailPayload');
    expect(outboundEmail).toEqual({ uid, status: 'FAILED', failure: { code: 'REJECTED' } });
    expect(t.sandbox.admin.messages(maria)).toEqual([]);
  });

  it('as not to be sent makes it FAILED and takes the draft out of Gmail', async () => {
    const uid = await unconfirmed('before');
    const { outboundEmail } = expectType(await resolve(uid, 'NOT_SENT_DISCARD'), 'ResolveOutboundEmailPayload');
    expect(outboundEmail).toEqual({ uid, status: 'FAILED', failure: { code: 'DISCARDED' } });
    expect(t.sandbox.admin.drafts(tenant.email)).toEqual([]);
    await runEverything(uid);
    expect(await record(t, tenant, uid)).toMatchObject({ status: 'FAILED', failure: { retry: 'SAFE' } });
    expect(t.sandbox.admin.messages(maria)).toEqual([]);
    expectDecidedByKey(await record(t, tenant, uid), 'resolved', 'UNCONFIRMED', 'FAILED');
  });

  it('is refused for what is in another state', async () => {
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
    for (const outcome of ['SENT', 'NOT_SENT_RESEND', 'NOT_SENT_DISCARD'] as const) {
      expect(expectType(await resolve(outboundEmail.uid, outcome), 'InvalidStateError').status).toBe('SENT');
    }
    expect(t.sandbox.admin.messages(maria)).toHaveLength(1);
  });

  it.each([
    ['SENT', 'after', 'SENT', 1],
    ['NOT_SENT_DISCARD', 'before', 'FAILED', 0],
    ['NOT_SENT_RESEND', 'before', 'SENT', 1],
  ] as const)('as %s while it is being read overrides the reading', async (outcome, when, status, copies) => {
    const uid = await unconfirmed(when);
    const gate = t.sandbox.admin.hold('threads.get', { mailbox: tenant.email, when: 'after' });
    const settling = settle(t.app, refOf(uid));
    await gate.arrived;
    expectType(await resolve(uid, outcome), 'ResolveOutboundEmailPayload');
    gate.release();
    await settling;
    await noJobLeft(uid);
    const email = await record(t, tenant, uid);
    expect(email.status).toBe(status);
    expect(eventTypes(email).filter((type) => type === 'resolved')).toHaveLength(1);
    expect(eventTypes(email)).not.toContain('read');
    expect(t.sandbox.admin.messages(maria)).toHaveLength(copies);
  });

  it('by several people at once is decided once', async () => {
    const uid = await unconfirmed('before');
    const answers = await Promise.all(
      (['NOT_SENT_RESEND', 'NOT_SENT_DISCARD', 'NOT_SENT_RESEND', 'SENT'] as const).map((each) => resolve(uid, each)),
    );
    expect(answers.filter(({ __typename }) => __typename === 'ResolveOutboundEmailPayload')).toHaveLength(1);
    await noJobLeft(uid);
    const email = await record(t, tenant, uid);
    expect(eventTypes(email).filter((type) => type === 'resolved')).toHaveLength(1);
    expect(t.sandbox.admin.messages(maria).length).toBeLessThanOrEqual(1);
  });
});
