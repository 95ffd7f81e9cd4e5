/** An account with ten slots in 61 seconds: what finds none waits, in order, and leaves when there is one. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectAccount } from '../../src/mail/account.ts';
import { enqueue, job } from '../../src/jobs.ts';
import { SendEmail } from '../support/documents.ts';
import type { SendEmailInput } from '../generated/graphql.ts';
import {
  createAccount,
  createTenant,
  eventually,
  expectType,
  query,
  startTestApp,
  type Tenant,
  type TestApp,
} from '../support/harness.ts';
import {
  accepted,
  agePace,
  callsOf,
  createRecipient,
  eventTypes,
  fresh,
  record,
  runNow,
  sentFrom,
  write,
} from '../support/mail.ts';
import { CancelOutboundEmail, CreateDraft } from '../support/send-documents.ts';

const SLOTS = 10;
const WINDOW_MS = 61_000;
const PACED = { GMAIL_UNITS_PER_MINUTE: String(SLOTS * 130) };

let t: TestApp;
let beside: TestApp;
let tenant: Tenant;
let maria: string;

beforeAll(async () => {
  t = await startTestApp({ env: PACED });
  beside = await startTestApp({ beside: t, env: PACED });
});
afterAll(async () => {
  await beside.close();
  await t.close();
});
beforeEach(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
});
afterEach(() => t.sandbox.admin.clearFaults());

async function sendNow(input: SendEmailInput = fresh(tenant, maria), app: TestApp = t) {
  return (await accepted(app, tenant, input)).outboundEmail;
}

/** Takes every slot of the window. */
async function useUp(slots = SLOTS): Promise<void> {
  const sent = await Promise.all(Array.from({ length: slots }, () => sendNow()));
  expect(sent.map(({ status }) => status)).toEqual(sent.map(() => 'SENT'));
}

/** @returns the uid of one that waits. */
async function waiting(input?: SendEmailInput): Promise<string> {
  const { uid, status } = await sendNow(input);
  expect(status).toBe('QUEUED');
  return uid;
}

function left(uid: string) {
  return eventually(async () => {
    const email = await record(t, tenant, uid);
    return email.status === 'SENT' ? email : null;
  });
}

function countOf(status: string): Promise<number> {
  return t.app.db.outboundEmail.count({ where: { organizationId: tenant.organizationId, status: status as 'SENT' } });
}

/** Until nothing of the tenant is being done, and nothing of it is due. */
function quiet() {
  return eventually(async () => {
    const { rows } = await t.app.pool.query<{ busy: number }>(
      `SELECT (SELECT count(*)::int FROM graphile_worker._private_jobs
          WHERE payload->>'organizationId' = $1 AND (locked_at IS NOT NULL OR run_at <= now()))
        + (SELECT count(*)::int FROM outbound_email WHERE organization_id = $1::uuid AND lease_token IS NOT NULL) AS busy`,
      [tenant.organizationId],
    );
    return rows[0]?.busy === 0 || null;
  });
}

async function cancel(uid: string) {
  const { cancelOutboundEmail } = await query(t, tenant.key, CancelOutboundEmail, { uid });
  return expectType(cancelOutboundEmail, 'CancelOutboundEmailPayload').outboundEmail.status;
}

async function createDraft(plannedSendAt: string | null, app: TestApp = t): Promise<string> {
  const input = {
    fromAccountUid: tenant.accountId,
    to: [maria],
    subject: 'Reminder',
    bodyText: 'Soon.',
    plannedSendAt,
  };
  return expectType((await query(app, tenant.key, CreateDraft, { input })).createDraft, 'CreateDraftPayload').draft.uid;
}

/** @returns the uid of a draft whose time has come and which waits for a slot. */
async function scheduledWaiting(): Promise<string> {
  const uid = await createDraft(new Date(Date.now() + 3_600_000).toISOString());
  await makeDue([uid]);
  await eventually(async () => ((await record(t, tenant, uid)).status === 'QUEUED' ? true : null));
  await quiet();
  return uid;
}

/** As if the time they were planned for had come. */
async function makeDue(uids: readonly string[]) {
  await t.app.pool.query(`UPDATE outbound_email SET planned_send_at = now() WHERE id = ANY($1)`, [uids]);
  const { organizationId } = tenant;
  await Promise.all(
    uids.map((uid) => enqueue(t.app.pool, job('deliver', { organizationId, outboundEmailId: uid }), new Date())),
  );
}

describe('the email that finds no slot', () => {
  it('is QUEUED until there is one, asks nothing of Gmail, and leaves then', async () => {
    await useUp();
    const before = t.sandbox.admin.calls().length;
    const email = await sendNow();
    expect(email).toMatchObject({ status: 'QUEUED', attempts: 0, failure: null, sentAt: null });
    const waitMs = Date.parse(String(email.nextAttemptAt)) - Date.now();
    expect(waitMs).toBeGreaterThan(WINDOW_MS - 20_000);
    expect(waitMs).toBeLessThanOrEqual(WINDOW_MS + 1_000);
    const row = await record(t, tenant, email.uid);
    expect(row.events.edges.map(({ node }) => [node.type, node.detail])).toEqual([
      ['accepted', { to: 'QUEUED' }],
      ['deferred', { to: 'QUEUED', nextAttemptAt: email.nextAttemptAt, code: 'PACED' }],
    ]);
    await agePace(t, tenant, 10_000);
    await quiet();
    expect(await record(t, tenant, email.uid)).toMatchObject({ status: 'QUEUED', attempts: 0 });
    const calls = t.sandbox.admin.calls().slice(before);
    expect(calls.filter(({ call, mailbox }) => mailbox === tenant.email && call.startsWith('drafts.'))).toEqual([]);

    await agePace(t, tenant, WINDOW_MS);
    expect(await left(email.uid)).toMatchObject({ attempts: 1, nextAttemptAt: null, failure: null });
    expect(eventTypes(await record(t, tenant, email.uid))).toEqual(['accepted', 'deferred', 'sending', 'sent']);
    expect(t.sandbox.admin.messages(maria)).toHaveLength(SLOTS + 1);
  });

  it('is answered to a repeated request, which takes no slot', async () => {
    await useUp(SLOTS - 1);
    const one = await sendNow(fresh(tenant, maria, { idempotencyKey: 'one' }));
    expect(one.status).toBe('SENT');
    const uid = await waiting(fresh(tenant, maria, { idempotencyKey: 'two' }));
    for (const key of ['two', 'two', 'one']) {
      const repeated = await accepted(t, tenant, fresh(tenant, maria, { idempotencyKey: key }));
      expect(repeated.replayed).toBe(true);
      expect(repeated.outboundEmail.uid).toBe(key === 'two' ? uid : one.uid);
    }
    await agePace(t, tenant, WINDOW_MS);
    await left(uid);
    await useUp(SLOTS - 1);
    await waiting();
  });

  it('does not hold up another account', async () => {
    await useUp();
    await waiting();
    const email = `sales@${tenant.email.split('@')[1]}`;
    const other = await createAccount(t, tenant.organizationId, email);
    expect(await sendNow(fresh(tenant, maria, { fromAccountUid: other }))).toMatchObject({ status: 'SENT' });
  });

  it('may be a reply, in its thread, or a draft', async () => {
    const question = await write(t, tenant, { from: maria, subject: 'A question' });
    await useUp();
    const reply = await waiting({
      reply: { replyToMessageUid: question.uid, to: [maria], subject: 'Re: A question', bodyText: 'An answer.' },
    });
    const draft = await waiting({ draft: { draftUid: await createDraft(null) } });
    await agePace(t, tenant, WINDOW_MS);
    expect(await left(reply)).toMatchObject({
      mode: 'REPLY',
      threading: 'NATIVE',
      providerThreadId: question.received.threadId,
    });
    expect(await left(draft)).toMatchObject({ mode: 'DRAFT', attempts: 1 });
    expect(sentFrom(t, tenant.email)).toHaveLength(SLOTS + 2);
  });
});

it('lets fifty twins of one key take one slot', async () => {
  const input = fresh(tenant, maria, { idempotencyKey: 'twins' });
  const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => accepted(i % 2 ? beside : t, tenant, input)));
  expect(new Set(answers.map(({ outboundEmail }) => outboundEmail.uid)).size).toBe(1);
  expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
  await useUp(SLOTS - 1);
  await waiting();
});

it('lets exactly ten of thirty leave that two processes send at once, and all of them in the end', async () => {
  const sent = await Promise.all(Array.from({ length: 30 }, (_, i) => sendNow(undefined, i % 2 ? beside : t)));
  expect(sent.filter(({ status }) => status === 'SENT')).toHaveLength(SLOTS);
  expect(sent.filter(({ status, attempts }) => status === 'QUEUED' && attempts === 0)).toHaveLength(20);
  expect(t.sandbox.admin.messages(maria)).toHaveLength(SLOTS);
  for (const total of [20, 30]) {
    await agePace(t, tenant, WINDOW_MS);
    await eventually(async () => ((await countOf('SENT')) === total ? true : null));
    await quiet();
    expect(t.sandbox.admin.messages(maria)).toHaveLength(total);
  }
  expect(callsOf(t, tenant.email, 'drafts.send')).toBe(30);
});

describe('among those that wait', () => {
  it('what people send leaves before what was scheduled, the older one first', async () => {
    await useUp();
    const scheduled = [await scheduledWaiting(), await scheduledWaiting()];
    const people = [await waiting(), await waiting()];
    const order = [...people, ...scheduled];
    for (const [gone, uid] of order.entries()) {
      // One slot is free at a time.
      await t.app.pool.query(`UPDATE account_pace SET slots[1] = now() - interval '62 s' WHERE account_id = $1`, [
        tenant.accountId,
      ]);
      await agePace(t, tenant, 0);
      await left(uid);
      await quiet();
      expect(await countOf('SENT')).toBe(SLOTS + gone + 1);
    }
  });

  it('a scheduled one that a person sends is a person’s', async () => {
    await useUp();
    const scheduled = await scheduledWaiting();
    const uid = await waiting({
      draft: { draftUid: await createDraft(new Date(Date.now() + 3_600_000).toISOString()) },
    });
    await t.app.pool.query(`UPDATE account_pace SET slots[1] = now() - interval '62 s' WHERE account_id = $1`, [
      tenant.accountId,
    ]);
    await agePace(t, tenant, 0);
    await left(uid);
    expect(await record(t, tenant, scheduled)).toMatchObject({ status: 'QUEUED' });
  });

  it('a cancelled one never leaves, and leaves no gap', async () => {
    await useUp();
    const uids: string[] = [];
    for (let i = 0; i < SLOTS + 2; i++) uids.push(await waiting());
    const [first = '', second = '', ...rest] = uids;
    expect(await cancel(first)).toBe('CANCELED');
    expect(await cancel(second)).toBe('CANCELED');
    await agePace(t, tenant, WINDOW_MS);
    await Promise.all(rest.map(left));
    await quiet();
    for (const uid of [first, second]) {
      await runNow(t, tenant, uid, 'deliver');
      await quiet();
      expect(await record(t, tenant, uid)).toMatchObject({ status: 'CANCELED', attempts: 0, nextAttemptAt: null });
    }
    expect(t.sandbox.admin.messages(maria)).toHaveLength(2 * SLOTS);
  });

  it('nobody is lost or sent twice when many are cancelled while they are let go', async () => {
    await useUp();
    const uids = await Promise.all(Array.from({ length: 20 }, () => waiting()));
    const deciding = uids.map((uid) => query(t, tenant.key, CancelOutboundEmail, { uid }));
    await agePace(t, tenant, WINDOW_MS);
    await agePace(beside, tenant, 2 * WINDOW_MS);
    const answers = await Promise.all(deciding);
    await quiet();
    await agePace(t, tenant, WINDOW_MS);
    await quiet();
    const canceled = answers.filter(
      ({ cancelOutboundEmail }) => cancelOutboundEmail.__typename === 'CancelOutboundEmailPayload',
    );
    expect(await countOf('CANCELED')).toBe(canceled.length);
    expect(await countOf('SENT')).toBe(SLOTS + 20 - canceled.length);
    expect(t.sandbox.admin.messages(maria)).toHaveLength(SLOTS + 20 - canceled.length);
  });
});

it('lets ten of those leave that were scheduled for one time; the rest waits and follows', async () => {
  const uids = await Promise.all(
    Array.from({ length: 14 }, () => createDraft(new Date(Date.now() + 3_600_000).toISOString())),
  );
  await makeDue(uids);
  await eventually(async () => ((await countOf('SENT')) === SLOTS ? true : null));
  await quiet();
  const emails = await Promise.all(uids.map((uid) => record(t, tenant, uid)));
  const waits = emails.filter(({ status }) => status === 'QUEUED');
  expect(waits).toHaveLength(4);
  for (const email of waits) {
    expect(email).toMatchObject({ attempts: 0, failure: null, nextAttemptAt: expect.any(String) });
    expect(eventTypes(email)).toEqual(['created', 'accepted', 'deferred']);
  }
  await agePace(t, tenant, WINDOW_MS);
  await Promise.all(uids.map(left));
  expect(t.sandbox.admin.messages(maria)).toHaveLength(14);
});

it('keeps what waits while the account is disconnected, and lets it go once it is connected again', async () => {
  await useUp();
  const uids = [await waiting(), await waiting()];
  await t.app.pool.query(`UPDATE email_account SET status = 'NEEDS_REAUTH' WHERE id = $1`, [tenant.accountId]);
  await agePace(t, tenant, WINDOW_MS);
  const isHeld = async (uid: string) => (await record(t, tenant, uid)).failure?.code === 'ACCOUNT_NOT_ACTIVE' || null;
  await Promise.all(uids.map((uid) => eventually(() => isHeld(uid))));
  await quiet();
  expect(await record(t, tenant, uids[0] ?? '')).toMatchObject({ status: 'QUEUED', attempts: 0 });
  expect(sentFrom(t, tenant.email)).toHaveLength(SLOTS);

  const refreshToken = t.sandbox.admin.grant(tenant.email);
  await connectAccount(t.app, tenant.organizationId, {
    email: tenant.email,
    displayName: 'Billing',
    aliases: [],
    refreshToken,
  });
  await Promise.all(uids.map(left));
  expect(sentFrom(t, tenant.email)).toHaveLength(SLOTS + 2);
  // Nothing has left that a slot was taken for while the account could not send.
  const { rows } = await t.app.pool.query(`SELECT sends FROM account_pace WHERE account_id = $1`, [tenant.accountId]);
  expect(rows).toEqual([{ sends: [SLOTS + 2] }]);
});

it('sends nothing for an email without a slot even when its own job runs', async () => {
  await useUp();
  const uid = await waiting();
  const { organizationId } = tenant;
  await enqueue(t.app.pool, job('deliver', { organizationId, outboundEmailId: uid }), new Date());
  await quiet();
  expect(await record(t, tenant, uid)).toMatchObject({ status: 'QUEUED', attempts: 0 });
  expect((await query(t, tenant.key, SendEmail, { input: fresh(tenant, maria) })).sendEmail).toMatchObject({
    outboundEmail: { status: 'QUEUED' },
  });
});
