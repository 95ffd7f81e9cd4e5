/** What is still to be read back when a process has died, or the queue has given up: the `recover` job has it done. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { recover } from '../../src/outbound/requeue-overdue.ts';
import { settle } from '../../src/outbound/reconcile.ts';
import { enqueueIn, job } from '../../src/jobs.ts';
import { deciding } from '../support/operator-actions.ts';
import { createInvoice, createTenant, eventually, startTestApp, type Tenant, type TestApp } from '../support/harness.ts';
import { accepted, callsOf, fresh, readBack, record, sentFrom } from '../support/mail.ts';
import { arrive, bouncesOf, importCopy, importInbound, notification } from '../support/notices.ts';
import { gmailOf } from '../support/syncing.ts';

const HOUR_MS = 3_600_000;
const BOUNCING = 'bounce@acme.example';

let t: TestApp;
let tenant: Tenant;

beforeAll(async () => {
  // Settles only when a test says so.
  t = await startTestApp({ env: { SETTLE_DELAYS_MS: String(HOUR_MS) } });
});
afterAll(() => t.close());
beforeEach(async () => {
  tenant = await createTenant(t);
});
afterEach(() => t.sandbox.admin.clearFaults());

const { resolve, runEverything } = deciding(() => ({ t, tenant, maria: BOUNCING }));

const refOf = (outboundEmailId: string) => ({ organizationId: tenant.organizationId, outboundEmailId });

async function unconfirmed(to: string, context: { type: string; uid: string } | null = null): Promise<string> {
  t.sandbox.admin.fault({ call: 'drafts.send', mailbox: tenant.email, when: 'after', effect: { kind: 'reset' } });
  const { outboundEmail } = await accepted(t, tenant, fresh(tenant, to, { context }));
  expect(outboundEmail.status).toBe('UNCONFIRMED');
  return outboundEmail.uid;
}

async function linkCopy(uid: string): Promise<void> {
  const [copy] = sentFrom(t, tenant.email);
  await importCopy(t, tenant, copy?.id ?? '', uid);
  expect((await bouncesOf(t, tenant, uid)).message).not.toBeNull();
}

/** Settles it in a process that dies before it reads anything back. */
async function settleAndDie(uid: string): Promise<void> {
  await settle({ ...t.app, readBack: () => undefined }, refOf(uid));
  expect((await record(t, tenant, uid)).status).toBe('SENT');
}

/** Settled hours after it had left, and as long after that as it takes to be missed. */
async function recoverLater(uid: string): Promise<void> {
  await t.app.pool.query(`UPDATE outbound_email SET sent_at = sent_at + interval '5 hours' WHERE id = $1`, [uid]);
  await recoverHence();
}

function recoverHence(): Promise<void> {
  return recover({ ...t.app, now: () => new Date(Date.now() + 6 * HOUR_MS) });
}

function untilBounced(uid: string) {
  return eventually(async () => {
    const email = await bouncesOf(t, tenant, uid);
    return email.status === 'BOUNCED' ? email : null;
  });
}

describe('what came in before the sending was settled', () => {
  it('counts after the process has died that settled it, when a sync had stored the sent copy', async () => {
    const uid = await unconfirmed(BOUNCING);
    await linkCopy(uid);
    await importInbound(t, tenant);
    await settleAndDie(uid);
    expect(await bouncesOf(t, tenant, uid)).toMatchObject({ status: 'SENT', bounces: [] });
    await recoverLater(uid);
    expect((await untilBounced(uid)).bounces).toHaveLength(1);
  });

  it('counts when the sent copy was deleted before it could be read', async () => {
    const uid = await unconfirmed(BOUNCING);
    await importInbound(t, tenant);
    const gate = t.sandbox.admin.hold('messages.get', { mailbox: tenant.email, when: 'before' });
    await settle(t.app, refOf(uid));
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
    // There is nothing more to be done about it.
    await recoverHence();
    expect(await jobsOf(uid)).toEqual([]);
  });

  it('leaves what a person has unlinked since as it is', async () => {
    const { invoiceId } = await createInvoice(t, tenant, 'INV-1');
    const uid = await unconfirmed('maria@acme.example', { type: 'invoice', uid: invoiceId });
    await linkCopy(uid);
    const { organizationId } = tenant;
    expect(await t.app.db.conversationContext.count({ where: { organizationId } })).toBe(1);
    await t.app.db.conversationContext.deleteMany({ where: { organizationId } });
    await linkCopy(uid);
    await settleAndDie(uid);
    await recoverLater(uid);
    await runEverything(uid);
    await eventually(async () => (await jobsOf(uid)).length === 0 || null);
    expect(await t.app.db.conversationContext.count({ where: { organizationId } })).toBe(0);
  });
});

/** What the queue has of its reading back. */
async function jobsOf(uid: string) {
  const { rows } = await t.app.pool.query<{ id: string; attempts: number }>(
    `SELECT id, attempts FROM graphile_worker.jobs WHERE key = $1`,
    [`read-back:${uid}`],
  );
  return rows;
}

describe('the job that reads it back', () => {
  async function unread(): Promise<string> {
    const uid = await unconfirmed('maria@acme.example');
    await settleAndDie(uid);
    await enqueueIn(t.app.pool, job('read-back', refOf(uid)), HOUR_MS);
    return uid;
  }

  it('is made anew once the queue has given it up', async () => {
    const uid = await unread();
    await t.app.pool.query(
      'UPDATE graphile_worker._private_jobs SET attempts = max_attempts, run_at = now() WHERE key = $1',
      [`read-back:${uid}`],
    );
    await recoverLater(uid);
    await readBack(t, tenant, uid);
  });

  it('is left alone while it waits to be tried again', async () => {
    const uid = await unread();
    await t.app.pool.query('UPDATE graphile_worker._private_jobs SET attempts = 7 WHERE key = $1', [
      `read-back:${uid}`,
    ]);
    const before = await jobsOf(uid);
    await recoverLater(uid);
    expect(await jobsOf(uid)).toEqual(before);
    expect(callsOf(t, tenant.email, 'messages.get')).toBe(0);
  });
});
