/** What is still to be read back when a process has died, or the queue has given up: the `requeue-overdue` job has it done. */
import { beforeEach, describe, expect, it } from 'vitest';
import { enqueue } from '../../src/jobs.ts';
import { reconcile } from '../../src/outbound/reconcile.ts';
import { requeueOverdue } from '../../src/outbound/requeue-overdue.ts';
import { createInvoice, createTenant, eventually, importMessage, type Tenant, useTestApp } from '../support/harness.ts';
import { accepted, callsOf, fetchSentCopy, fresh, record, runNow, sentFrom } from '../support/mail.ts';
import { arrive, bouncesOf, importInbound, notification } from '../support/notices.ts';
import { operatorActions } from '../support/operator-actions.ts';
import { gmailOf } from '../support/syncing.ts';

const HOUR_MS = 3_600_000;
const BOUNCING = 'bounce@acme.example';

let tenant: Tenant;

// Reconciles only when a test says so.
const t = useTestApp({ env: { SETTLE_DELAYS_MS: String(HOUR_MS) } });
beforeEach(async () => {
  tenant = await createTenant(t);
});

const { resolve, runEverything } = operatorActions(() => ({ t, tenant, maria: BOUNCING }));

const refOf = (outboundEmailId: string) => ({ organizationId: tenant.organizationId, outboundEmailId });

async function unconfirmed(to: string, context: { type: string; uid: string } | null = null): Promise<string> {
  t.sandbox.admin.fault({ call: 'drafts.send', mailbox: tenant.email, when: 'after', effect: { kind: 'reset' } });
  const { outboundEmail } = await accepted(t, tenant, fresh(tenant, to, { contexts: context && [context] }));
  expect(outboundEmail.status).toBe('UNCONFIRMED');
  return outboundEmail.uid;
}

async function linkCopy(uid: string): Promise<void> {
  const [copy] = sentFrom(t, tenant.email);
  await importMessage(t, tenant, copy?.id ?? '', uid);
  expect((await bouncesOf(t, tenant, uid)).message).not.toBeNull();
}

/** Reconciles it in a process that dies before it reads anything back. */
async function reconcileAndDie(uid: string): Promise<void> {
  await reconcile({ ...t.app, sentCopies: { ...t.app.sentCopies, add: () => undefined } }, refOf(uid));
  expect((await record(t, tenant, uid)).status).toBe('SENT');
}

/** Reconciled hours after it had left and after what came in, and long enough ago to be missed. */
async function recoverLater(uid: string): Promise<void> {
  await t.app.pool.query(`UPDATE email_message SET sent_at = sent_at - interval '5 hours' WHERE account_id = $1`, [
    tenant.accountId,
  ]);
  await t.app.pool.query(
    `UPDATE outbound_email SET sending_at = sending_at - interval '5 hours', sent_at = now() - interval '3 minutes'
     WHERE id = $1`,
    [uid],
  );
  await requeueOverdue(t.app);
}

function untilBounced(uid: string) {
  return eventually(async () => {
    const email = await bouncesOf(t, tenant, uid);
    return email.status === 'BOUNCED' ? email : null;
  });
}

describe('what came in before the sending was settled', () => {
  it('counts as soon as a sync has stored the sent copy', async () => {
    const uid = await unconfirmed(BOUNCING);
    await importInbound(t, tenant);
    expect(await bouncesOf(t, tenant, uid)).toMatchObject({ status: 'UNCONFIRMED', bounces: [] });
    await linkCopy(uid);
    expect((await bouncesOf(t, tenant, uid)).bounces).toHaveLength(1);
    expect((await record(t, tenant, uid)).status).toBe('BOUNCED');
  });

  it('counts when the sent copy was deleted before it could be read', async () => {
    const uid = await unconfirmed(BOUNCING);
    await importInbound(t, tenant);
    const gate = t.sandbox.admin.hold('messages.get', { mailbox: tenant.email, when: 'before' });
    await reconcile(t.app, refOf(uid));
    await gate.arrived;
    for (const { id } of sentFrom(t, tenant.email)) await gmailOf(t, tenant).messages.delete({ userId: 'me', id });
    gate.release();
    expect(await untilBounced(uid)).toMatchObject({ message: null });
  });

  it.each([
    ['by our id', ['X-Epistle-Id']],
    ['by its thread', null],
  ])('counts once a person has said that it was sent (%s)', async (_, named) => {
    const uid = await unconfirmed('maria@acme.example');
    const [copy] = sentFrom(t, tenant.email);
    const returned = named?.map((name) => `${name}: ${uid}`) ?? null;
    const headers = named === null ? [`References: ${copy?.header('Message-ID')}`] : [];
    const notice = notification({ recipients: [{ final: 'maria@acme.example' }], headers, returned });
    await arrive(t, tenant, notice.replace(/^Subject: .*$/m, 'Subject: Re: Invoice 7'));
    await resolve(uid, 'SENT');
    await recoverLater(uid);
    await untilBounced(uid);
    await eventually(async () => (await jobsOf(uid)).length === 0 || null);
    // There is nothing more to be done about it.
    await requeueOverdue(t.app);
    expect(await jobsOf(uid)).toEqual([]);
  });

  it('leaves what a person has unlinked since as it is', async () => {
    const { invoiceId } = await createInvoice(t, tenant, 'INV-1');
    const uid = await unconfirmed('maria@acme.example', { type: 'invoice', uid: invoiceId });
    await linkCopy(uid);
    const { organizationId } = tenant;
    expect(await t.app.db.conversationContext.count({ where: { organizationId } })).toBe(2);
    await t.app.db.conversationContext.deleteMany({ where: { organizationId } });
    await linkCopy(uid);
    await runNow(t, tenant, uid, 'fetch-sent-copy');
    await runEverything(uid);
    await eventually(async () => (await jobsOf(uid)).length === 0 || null);
    expect(await t.app.db.conversationContext.count({ where: { organizationId } })).toBe(0);
  });
});

/** What the queue has of its reading back. */
async function jobsOf(uid: string) {
  const { rows } = await t.app.pool.query<{ id: string; attempts: number }>(
    `SELECT id, attempts FROM graphile_worker.jobs WHERE key = $1`,
    [`fetch-sent-copy:${uid}`],
  );
  return rows;
}

describe('the job that reads it back', () => {
  async function unread(): Promise<string> {
    const uid = await unconfirmed('maria@acme.example');
    await reconcileAndDie(uid);
    await enqueue(t.app.pool, 'fetch-sent-copy', refOf(uid), HOUR_MS);
    return uid;
  }

  it('is made anew once the queue has given it up', async () => {
    const uid = await unread();
    await t.app.pool.query(
      'UPDATE graphile_worker._private_jobs SET attempts = max_attempts, run_at = now() WHERE key = $1',
      [`fetch-sent-copy:${uid}`],
    );
    await recoverLater(uid);
    await fetchSentCopy(t, tenant, uid);
  });

  it('is left alone while it waits to be tried again', async () => {
    const uid = await unread();
    await t.app.pool.query('UPDATE graphile_worker._private_jobs SET attempts = 7 WHERE key = $1', [
      `fetch-sent-copy:${uid}`,
    ]);
    const before = await jobsOf(uid);
    await recoverLater(uid);
    expect(await jobsOf(uid)).toEqual(before);
    expect(callsOf(t, tenant.email, 'messages.get')).toBe(0);
  });
});
