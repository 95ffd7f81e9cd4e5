/** Saying what became of an email that nobody could reconcile. */
import { beforeEach, describe, expect, it } from 'vitest';
import { reconcile } from '../../src/outbound/reconcile.ts';
import { createTenant, expectType, type Tenant, useTestApp } from '../support/harness.ts';
import { accepted, callsOf, createRecipient, eventTypes, fresh, onlyMail, record } from '../support/mail.ts';
import { operatorActions } from '../support/operator-actions.ts';

/** Reconciles only when a test says so. */
let tenant: Tenant;
let maria: string;

const t = useTestApp({ env: { SETTLE_DELAYS_MS: '3600000' } });
beforeEach(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
});

const {
  deleteGmailDraft,
  expectDoneByKey,
  fault,
  noJobLeft,
  refOf,
  resolve,
  resolveNow,
  runEverything,
  unconfirmed,
  untilStatus,
} = operatorActions(() => ({ t, tenant, maria }));

describe('resolving what nobody could reconcile', () => {
  it('as sent makes it SENT, and nothing is sent', async () => {
    const uid = await unconfirmed('after');
    const { outboundEmail } = expectType(await resolve(uid, 'SENT'), 'ResolveOutboundEmailPayload');
    expect(outboundEmail).toEqual({ uid, status: 'SENT', failure: null });
    await runEverything(uid);
    const email = await record(t, tenant, uid);
    // It was sent when it was handed to Gmail: an answer that came before the decision came after it.
    const { sendingAt } = await t.app.db.outboundEmail.findFirstOrThrow({ where: { id: uid } });
    expect(email).toMatchObject({ status: 'SENT', sentAt: sendingAt?.toISOString(), nextAttemptAt: null });
    expectDoneByKey(email, 'RESOLVED', 'UNCONFIRMED', 'SENT');
    expect(t.sandbox.admin.messages(maria)).toHaveLength(1);
  });

  it('as not sent sends the very draft that is still there', async () => {
    const uid = await unconfirmed('before');
    const { outboundEmail } = expectType(await resolve(uid, 'NOT_SENT_RESEND'), 'ResolveOutboundEmailPayload');
    expect(outboundEmail).toEqual({ uid, status: 'SENT', failure: null });
    await noJobLeft(uid);
    expect(callsOf(t, tenant.email, 'drafts.create')).toBe(1);
    expect(onlyMail(t, maria).header('X-Epistle-Id')).toBe(uid);
    expectDoneByKey(await record(t, tenant, uid), 'RESOLVED', 'UNCONFIRMED', 'QUEUED');
  });

  it('as not sent sends a new draft when the old one is gone', async () => {
    const uid = await unconfirmed('before');
    await deleteGmailDraft();
    const { outboundEmail } = expectType(await resolve(uid, 'NOT_SENT_RESEND'), 'ResolveOutboundEmailPayload');
    expect(outboundEmail.status).toBe('SENT');
    expect(callsOf(t, tenant.email, 'drafts.create')).toBe(2);
    expect(onlyMail(t, maria).header('X-Epistle-Id')).toBe(uid);
  });

  it.each(['NOT_SENT_RESEND', 'NOT_SENT_DISCARD'] as const)(
    'as %s is refused when Gmail has it among the sent mail, and it becomes SENT',
    async (outcome) => {
      const uid = await unconfirmed('after');
      expect(expectType(await resolve(uid, outcome), 'InvalidStateError').status).toBe('UNCONFIRMED');
      await untilStatus(uid, 'SENT');
      expect(onlyMail(t, maria).header('X-Epistle-Id')).toBe(uid);
    },
  );

  it('as not sent, and refused by Gmail, is FAILED: the decision was carried out', async () => {
    const uid = await unconfirmed('before');
    await deleteGmailDraft();
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
    expect(await record(t, tenant, uid)).toMatchObject({ status: 'FAILED', failure: { retry: 'CHECK_FIRST' } });
    expect(t.sandbox.admin.messages(maria)).toEqual([]);
    expectDoneByKey(await record(t, tenant, uid), 'RESOLVED', 'UNCONFIRMED', 'FAILED');
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
    const reconciling = reconcile(t.app, refOf(uid));
    await gate.arrived;
    expectType(await resolve(uid, outcome), 'ResolveOutboundEmailPayload');
    gate.release();
    await reconciling;
    await noJobLeft(uid);
    const email = await record(t, tenant, uid);
    expect(email.status).toBe(status);
    expect(eventTypes(email).filter((type) => type === 'RESOLVED')).toHaveLength(1);
    expect(eventTypes(email)).not.toContain('READ');
    expect(t.sandbox.admin.messages(maria)).toHaveLength(copies);
  });

  it('as not sent waits until Gmail no longer works on the call whose answer was lost', async () => {
    const uid = await unconfirmed('before');
    for (const outcome of ['NOT_SENT_RESEND', 'NOT_SENT_DISCARD'] as const) {
      const { status, message } = expectType(await resolveNow(uid, outcome), 'InvalidStateError');
      expect([status, message]).toEqual([
        'UNCONFIRMED',
        expect.stringMatching(/^Gmail may still be sending the email\. Decide after 20/),
      ]);
    }
    expect(t.sandbox.admin.messages(maria)).toEqual([]);
    expectType(await resolveNow(uid, 'SENT'), 'ResolveOutboundEmailPayload');
  });

  it('as not sent is refused when the email was handed to Gmail again while it was looked at', async () => {
    const uid = await unconfirmed('before');
    const gate = t.sandbox.admin.hold('threads.get', { mailbox: tenant.email, when: 'after' });
    const deciding = resolve(uid, 'NOT_SENT_RESEND');
    await gate.arrived;
    await t.app.pool.query('UPDATE outbound_email SET failed_at = now() WHERE id = $1', [uid]);
    gate.release();
    expect(expectType(await deciding, 'InvalidStateError').message).toMatch(/^The email has changed/);
    expect(t.sandbox.admin.messages(maria)).toEqual([]);
  });

  it('by several people at once is decided once', async () => {
    const uid = await unconfirmed('before');
    const answers = await Promise.all(
      (['NOT_SENT_RESEND', 'NOT_SENT_DISCARD', 'NOT_SENT_RESEND', 'SENT'] as const).map((each) => resolve(uid, each)),
    );
    expect(answers.filter(({ __typename }) => __typename === 'ResolveOutboundEmailPayload')).toHaveLength(1);
    await noJobLeft(uid);
    const email = await record(t, tenant, uid);
    expect(eventTypes(email).filter((type) => type === 'RESOLVED')).toHaveLength(1);
    expect(t.sandbox.admin.messages(maria).length).toBeLessThanOrEqual(1);
  });
});
