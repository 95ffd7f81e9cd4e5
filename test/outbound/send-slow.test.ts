import { beforeEach, describe, expect, it } from 'vitest';
import { mailboxAccess } from '../../src/accounts/mailbox-access.ts';
import { deliverQueued } from '../../src/outbound/claim.ts';
import { createTenant, eventually, mailboxOf, type Tenant, useTestApp } from '../support/harness.ts';
import {
  accepted,
  callsOf,
  createRecipient,
  eventTypes,
  fetchSentCopy,
  fresh,
  onlyMail,
  record,
  runNow,
  untilStatus,
} from '../support/mail.ts';

let tenant: Tenant;
let maria: string;

/** Its callers wait 600 ms for Gmail, and it gives Gmail three seconds for a call. */
const t = useTestApp({ env: { SEND_WAIT_MS: '600', GMAIL_TIMEOUT_MS: '3000' } });
beforeEach(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
});

describe('a slow Gmail', () => {
  it.each([
    ['drafts.create', 'QUEUED'],
    ['drafts.send', 'SENDING'],
  ])('at %s lets the caller go with the email as it is, and the email leaves', async (call, status) => {
    const gate = t.sandbox.admin.hold(call, { mailbox: tenant.email });
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria, { idempotencyKey: 'k' }));
    expect(outboundEmail).toMatchObject({ status, sentAt: null, failure: null });
    gate.release();
    const email = await untilStatus(t, tenant, outboundEmail.uid, 'SENT');
    expect(email).toMatchObject({ attempts: 1, idempotencyKey: 'k' });
    expect(onlyMail(t, maria).header('X-Epistle-Id')).toBe(email.uid);
    expect(await accepted(t, tenant, fresh(tenant, maria, { idempotencyKey: 'k' }))).toMatchObject({
      replayed: true,
      outboundEmail: { uid: email.uid, status: 'SENT' },
    });
  });

  it('lets a twin go as well, with the same email', async () => {
    const gate = t.sandbox.admin.hold('drafts.send', { mailbox: tenant.email });
    const first = await accepted(t, tenant, fresh(tenant, maria, { idempotencyKey: 'k' }));
    const twin = await accepted(t, tenant, fresh(tenant, maria, { idempotencyKey: 'k' }));
    expect(twin).toMatchObject({ replayed: true, outboundEmail: { uid: first.outboundEmail.uid, status: 'SENDING' } });
    gate.release();
    await untilStatus(t, tenant, first.outboundEmail.uid, 'SENT');
    expect(t.sandbox.admin.messages(maria)).toHaveLength(1);
  });

  it('is not overtaken by the job while a request delivers', async () => {
    const gate = t.sandbox.admin.hold('drafts.create', { mailbox: tenant.email });
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
    await deliverQueued(t.app, { organizationId: tenant.organizationId, outboundEmailId: outboundEmail.uid });
    gate.release();
    expect(await untilStatus(t, tenant, outboundEmail.uid, 'SENT')).toMatchObject({ attempts: 1 });
    expect(callsOf(t, tenant.email, 'drafts.create')).toBe(1);
    expect(t.sandbox.admin.messages(maria)).toHaveLength(1);
  });

  it('that keeps the sending waiting for its turn is not asked to send after the lease', async () => {
    const gate = t.sandbox.admin.hold('drafts.create', { mailbox: tenant.email, when: 'after' });
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
    const { uid } = outboundEmail;
    await gate.arrived;
    t.sandbox.admin.fault({ call: 'messages.get', mailbox: tenant.email, times: 'always', effect: { kind: 'hang' } });
    // Four at a time, of three seconds each: twice as long as a sending may wait.
    const mailbox = await mailboxOf(t, tenant);
    const access = mailboxAccess(t.app, mailbox);
    const reads = Array.from({ length: 16 }, () => t.app.gmail.getMessage(access, '1').catch(() => null));
    gate.release();
    const email = await eventually(async () => {
      const now = await record(t, tenant, uid);
      return eventTypes(now).includes('DEFERRED') ? now : null;
    });
    expect(email).toMatchObject({ status: 'QUEUED', failure: { code: 'UNREACHABLE' } });
    expect(callsOf(t, tenant.email, 'drafts.send')).toBe(0);
    t.sandbox.admin.clearFaults();
    await Promise.all(reads);
    await runNow(t, tenant, uid, 'deliver');
    await untilStatus(t, tenant, uid, 'SENT');
    expect(onlyMail(t, maria).header('X-Epistle-Id')).toBe(uid);
  });

  it('that never answers the sending leaves the email UNCONFIRMED', async () => {
    t.sandbox.admin.fault({ call: 'drafts.send', mailbox: tenant.email, when: 'after', effect: { kind: 'hang' } });
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
    expect(outboundEmail.status).toBe('SENDING');
    const email = await untilStatus(t, tenant, outboundEmail.uid, 'UNCONFIRMED');
    expect(eventTypes(email)).toEqual(['ACCEPTED', 'SENDING', 'UNCONFIRMED']);
    expect(t.sandbox.admin.messages(maria)).toHaveLength(1);
    expect(callsOf(t, tenant.email, 'drafts.send')).toBe(1);
  });
});

describe('a process that died', () => {
  /** As if it had died: its lease is over, and nobody is left to speak for it. */
  async function abandon(uid: string) {
    await t.app.pool.query(
      `UPDATE outbound_email SET lease_token = gen_random_uuid(), lease_expires_at = now() - interval '1 second'
       WHERE organization_id = $1 AND id = $2`,
      [tenant.organizationId, uid],
    );
    await runNow(t, tenant, uid, 'deliver');
  }

  it('before the sending has its email delivered by the job; come back, it sends nothing and leaves nothing behind', async () => {
    const gate = t.sandbox.admin.hold('drafts.create', { mailbox: tenant.email });
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
    const late = t.app.deliveries.get(outboundEmail.uid);
    await abandon(outboundEmail.uid);
    expect(await untilStatus(t, tenant, outboundEmail.uid, 'SENT')).toMatchObject({ attempts: 2 });
    gate.release();
    expect(await late).toEqual({ kind: 'superseded' });
    expect(callsOf(t, tenant.email, 'drafts.send')).toBe(1);
    expect(t.sandbox.admin.messages(maria)).toHaveLength(1);
    expect(t.sandbox.admin.drafts(tenant.email)).toEqual([]);
  });

  it('sends nothing when it comes back while another is about to: the lease has gone to that one', async () => {
    const first = t.sandbox.admin.hold('drafts.create', { mailbox: tenant.email });
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
    const { uid } = outboundEmail;
    await first.arrived;
    const late = t.app.deliveries.get(uid);
    const second = t.sandbox.admin.hold('drafts.create', { mailbox: tenant.email });
    await abandon(uid);
    await second.arrived;
    first.release();
    expect(await late).toEqual({ kind: 'superseded' });
    expect(await record(t, tenant, uid)).toMatchObject({ status: 'QUEUED', attempts: 2 });
    second.release();
    await untilStatus(t, tenant, uid, 'SENT');
    expect(callsOf(t, tenant.email, 'drafts.send')).toBe(1);
    expect(t.sandbox.admin.messages(maria)).toHaveLength(1);
    expect(t.sandbox.admin.drafts(tenant.email)).toEqual([]);
  });

  it('during the sending leaves the email UNCONFIRMED, never sent twice', async () => {
    const gate = t.sandbox.admin.hold('drafts.send', { mailbox: tenant.email });
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
    await abandon(outboundEmail.uid);
    const email = await untilStatus(t, tenant, outboundEmail.uid, 'UNCONFIRMED');
    expect(email.failure).toMatchObject({ code: 'OUTCOME_UNKNOWN', retry: 'CHECK_FIRST' });
    gate.release();
    await eventually(async () => (t.sandbox.admin.messages(maria).length === 1 ? true : null));
    expect(callsOf(t, tenant.email, 'drafts.send')).toBe(1);
  });
});

describe('reading the sent copy back', () => {
  it('that fails never takes the email back, and recovers', async () => {
    const effect = { kind: 'status', status: 500 } as const;
    t.sandbox.admin.fault({ call: 'messages.get', mailbox: tenant.email, times: 'always', effect });
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
    const { sentAt } = await untilStatus(t, tenant, outboundEmail.uid, 'SENT');
    // The gateway reads three times before the job gives up for now.
    await eventually(async () => (callsOf(t, tenant.email, 'messages.get') >= 3 ? true : null));
    await eventually(async () => {
      const sql = 'SELECT FROM graphile_worker.jobs WHERE key = $1 AND attempts >= 1 AND locked_at IS NULL';
      return (await t.app.pool.query(sql, [`fetch-sent-copy:${outboundEmail.uid}`])).rowCount === 1 ? true : null;
    });
    expect(await record(t, tenant, outboundEmail.uid)).toMatchObject({
      status: 'SENT',
      failure: null,
      messageId: null,
      message: null,
    });

    t.sandbox.admin.clearFaults();
    await runNow(t, tenant, outboundEmail.uid, 'fetch-sent-copy');
    const email = await fetchSentCopy(t, tenant, outboundEmail.uid);
    expect(email.messageId).toBe(onlyMail(t, maria).header('Message-ID'));
    expect(email).toMatchObject({ status: 'SENT', sentAt });
    expect(t.logged.join('\n')).not.toContain(maria);
  });
});
