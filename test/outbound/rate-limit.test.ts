/** An account with ten permits in 61 seconds: what finds none waits, in order, and leaves when there is one. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectAccount } from '../../src/accounts/store-account.ts';
import { enqueue } from '../../src/jobs.ts';
import type { SendEmailInput } from '../generated/graphql.ts';
import { SendEmail } from '../support/documents.ts';
import { holdInserts } from '../support/failing-statements.ts';
import {
  createAccount,
  createTenant,
  eventually,
  expectType,
  lockAwaited,
  query,
  startTestApp,
  type Tenant,
  type TestApp,
} from '../support/harness.ts';
import {
  accepted,
  agePermits,
  callsOf,
  createRecipient,
  eventTypes,
  fresh,
  quiet,
  record,
  runNow,
  sentFrom,
  untilStatus,
  write,
} from '../support/mail.ts';
import { CancelOutboundEmail, CreateDraft } from '../support/send-documents.ts';

const PERMITS = 10;
const WINDOW_MS = 61_000;
const LIMITED = { GMAIL_UNITS_PER_MINUTE: String(PERMITS * 130) };

let t: TestApp;
let beside: TestApp;
let tenant: Tenant;
let maria: string;

beforeAll(async () => {
  t = await startTestApp({ env: LIMITED });
  beside = await startTestApp({ beside: t, env: LIMITED });
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

/** Takes every permit of the window. */
async function useUp(permits = PERMITS): Promise<void> {
  const sent = await Promise.all(Array.from({ length: permits }, () => sendNow()));
  expect(sent.map(({ status }) => status)).toEqual(sent.map(() => 'SENT'));
}

/** @returns the uid of one that waits. */
async function waiting(input?: SendEmailInput): Promise<string> {
  const { uid, status } = await sendNow(input);
  expect(status).toBe('QUEUED');
  return uid;
}

const left = (uid: string) => untilStatus(t, tenant, uid, 'SENT');

function countOf(status: string): Promise<number> {
  return t.app.db.outboundEmail.count({ where: { organizationId: tenant.organizationId, status: status as 'SENT' } });
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

/** @returns the uid of a draft whose time has come and which waits for a permit. */
async function scheduledWaiting(): Promise<string> {
  const uid = await createDraft(new Date(Date.now() + 3_600_000).toISOString());
  await makeDue([uid]);
  await untilStatus(t, tenant, uid, 'QUEUED');
  await quiet(t, tenant);
  return uid;
}

/** As if the time they were planned for had come. */
async function makeDue(uids: readonly string[]) {
  await t.app.pool.query(`UPDATE outbound_email SET planned_send_at = now() WHERE id = ANY($1)`, [uids]);
  const { organizationId } = tenant;
  await Promise.all(uids.map((uid) => enqueue(t.app.pool, 'deliver', { organizationId, outboundEmailId: uid }, 0)));
}

describe('the email that finds no permit', () => {
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
      ['ACCEPTED', {}],
      ['DEFERRED', { nextAttemptAt: email.nextAttemptAt, code: 'RATE_LIMIT' }],
    ]);
    await agePermits(t, tenant, 10_000);
    await quiet(t, tenant);
    expect(await record(t, tenant, email.uid)).toMatchObject({ status: 'QUEUED', attempts: 0 });
    const calls = t.sandbox.admin.calls().slice(before);
    expect(calls.filter(({ call, mailbox }) => mailbox === tenant.email && call.startsWith('drafts.'))).toEqual([]);

    await agePermits(t, tenant, WINDOW_MS);
    expect(await left(email.uid)).toMatchObject({ attempts: 1, nextAttemptAt: null, failure: null });
    expect(eventTypes(await record(t, tenant, email.uid))).toEqual(['ACCEPTED', 'DEFERRED', 'SENDING', 'SENT']);
    expect(t.sandbox.admin.messages(maria)).toHaveLength(PERMITS + 1);
  });

  it('is answered to a repeated request, which takes no permit', async () => {
    await useUp(PERMITS - 1);
    const one = await sendNow(fresh(tenant, maria, { idempotencyKey: 'one' }));
    expect(one.status).toBe('SENT');
    const uid = await waiting(fresh(tenant, maria, { idempotencyKey: 'two' }));
    for (const key of ['two', 'two', 'one']) {
      const repeated = await accepted(t, tenant, fresh(tenant, maria, { idempotencyKey: key }));
      expect(repeated.replayed).toBe(true);
      expect(repeated.outboundEmail.uid).toBe(key === 'two' ? uid : one.uid);
    }
    await agePermits(t, tenant, WINDOW_MS);
    await left(uid);
    await useUp(PERMITS - 1);
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
    await agePermits(t, tenant, WINDOW_MS);
    expect(await left(reply)).toMatchObject({
      mode: 'REPLY',
      threading: 'NATIVE',
      providerThreadId: question.received.threadId,
    });
    expect(await left(draft)).toMatchObject({ mode: 'DRAFT', attempts: 1 });
    expect(sentFrom(t, tenant.email)).toHaveLength(PERMITS + 2);
  });
});

it('grants permits while the files of another email are being written', async () => {
  const goOn = await holdInserts(t.app, 'attachment_content');
  const file = { filename: 'a.txt', contentType: 'text/plain', dataBase64: 'SGVsbG8=' };
  const large = sendNow(fresh(tenant, maria, { attachments: [file] }));
  await lockAwaited(t);
  const meanwhile = await Promise.race([sendNow(), lockAwaited(t, 2)]);
  await goOn();
  expect([meanwhile, await large]).toMatchObject([{ status: 'SENT' }, { status: 'SENT' }]);
});

it('lets fifty twins of one key take one permit', async () => {
  const input = fresh(tenant, maria, { idempotencyKey: 'twins' });
  const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => accepted(i % 2 ? beside : t, tenant, input)));
  expect(new Set(answers.map(({ outboundEmail }) => outboundEmail.uid)).size).toBe(1);
  expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
  await useUp(PERMITS - 1);
  await waiting();
});

it('lets exactly ten of thirty leave that two processes send at once, and all of them in the end', async () => {
  const sent = await Promise.all(Array.from({ length: 30 }, (_, i) => sendNow(undefined, i % 2 ? beside : t)));
  expect(sent.filter(({ status }) => status === 'SENT')).toHaveLength(PERMITS);
  expect(sent.filter(({ status, attempts }) => status === 'QUEUED' && attempts === 0)).toHaveLength(20);
  expect(t.sandbox.admin.messages(maria)).toHaveLength(PERMITS);
  for (const total of [20, 30]) {
    await agePermits(t, tenant, WINDOW_MS);
    await eventually(async () => ((await countOf('SENT')) === total ? true : null));
    await quiet(t, tenant);
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
      // One permit is free at a time.
      await t.app.pool.query(
        `UPDATE account_rate_limit SET permits[1] = now() - interval '62 s' WHERE account_id = $1`,
        [tenant.accountId],
      );
      await agePermits(t, tenant, 0);
      await left(uid);
      await quiet(t, tenant);
      expect(await countOf('SENT')).toBe(PERMITS + gone + 1);
    }
  });

  it('a scheduled one that a person sends is a person’s', async () => {
    await useUp();
    const scheduled = await scheduledWaiting();
    const uid = await waiting({
      draft: { draftUid: await createDraft(new Date(Date.now() + 3_600_000).toISOString()) },
    });
    await t.app.pool.query(`UPDATE account_rate_limit SET permits[1] = now() - interval '62 s' WHERE account_id = $1`, [
      tenant.accountId,
    ]);
    await agePermits(t, tenant, 0);
    await left(uid);
    expect(await record(t, tenant, scheduled)).toMatchObject({ status: 'QUEUED' });
  });

  it('a cancelled one never leaves, and leaves no gap', async () => {
    await useUp();
    const uids: string[] = [];
    for (let i = 0; i < PERMITS + 2; i++) uids.push(await waiting());
    const [first = '', second = '', ...rest] = uids;
    expect(await cancel(first)).toBe('CANCELED');
    expect(await cancel(second)).toBe('CANCELED');
    await agePermits(t, tenant, WINDOW_MS);
    await Promise.all(rest.map(left));
    await quiet(t, tenant);
    for (const uid of [first, second]) {
      await runNow(t, tenant, uid, 'deliver');
      await quiet(t, tenant);
      expect(await record(t, tenant, uid)).toMatchObject({ status: 'CANCELED', attempts: 0, nextAttemptAt: null });
    }
    expect(t.sandbox.admin.messages(maria)).toHaveLength(2 * PERMITS);
  });

  it('nobody is lost or sent twice when many are cancelled while they are let go', async () => {
    await useUp();
    const uids = await Promise.all(Array.from({ length: 20 }, () => waiting()));
    const canceling = uids.map((uid) => query(t, tenant.key, CancelOutboundEmail, { uid }));
    await agePermits(t, tenant, WINDOW_MS);
    await agePermits(beside, tenant, 2 * WINDOW_MS);
    const answers = await Promise.all(canceling);
    await quiet(t, tenant);
    await agePermits(t, tenant, WINDOW_MS);
    await quiet(t, tenant);
    const canceled = answers.filter(
      ({ cancelOutboundEmail }) => cancelOutboundEmail.__typename === 'CancelOutboundEmailPayload',
    );
    expect(await countOf('CANCELED')).toBe(canceled.length);
    expect(await countOf('SENT')).toBe(PERMITS + 20 - canceled.length);
    expect(t.sandbox.admin.messages(maria)).toHaveLength(PERMITS + 20 - canceled.length);
  });
});

it('lets ten of those leave that were scheduled for one time; the rest waits and follows', async () => {
  const uids = await Promise.all(
    Array.from({ length: 14 }, () => createDraft(new Date(Date.now() + 3_600_000).toISOString())),
  );
  await makeDue(uids);
  await eventually(async () => ((await countOf('SENT')) === PERMITS ? true : null));
  await quiet(t, tenant);
  const emails = await Promise.all(uids.map((uid) => record(t, tenant, uid)));
  const waits = emails.filter(({ status }) => status === 'QUEUED');
  expect(waits).toHaveLength(4);
  for (const email of waits) {
    expect(email).toMatchObject({ attempts: 0, failure: null, nextAttemptAt: expect.any(String) });
    expect(eventTypes(email)).toEqual(['CREATED', 'ACCEPTED', 'DEFERRED']);
  }
  await agePermits(t, tenant, WINDOW_MS);
  await Promise.all(uids.map(left));
  expect(t.sandbox.admin.messages(maria)).toHaveLength(14);
});

it('keeps what waits while the account is disconnected, and lets it go once it is connected again', async () => {
  await useUp();
  const uids = [await waiting(), await waiting()];
  await t.app.pool.query(`UPDATE email_account SET status = 'NEEDS_REAUTH' WHERE id = $1`, [tenant.accountId]);
  await agePermits(t, tenant, WINDOW_MS);
  const isHeld = async (uid: string) => (await record(t, tenant, uid)).failure?.code === 'ACCOUNT_NOT_ACTIVE' || null;
  await Promise.all(uids.map((uid) => eventually(() => isHeld(uid))));
  await quiet(t, tenant);
  for (const uid of uids) await runNow(t, tenant, uid, 'deliver');
  await quiet(t, tenant);
  const held = await record(t, tenant, uids[0] ?? '');
  expect(held).toMatchObject({ status: 'QUEUED', attempts: 0 });
  // One for the permit and one for the account, however often it is looked at.
  expect(eventTypes(held)).toEqual(['ACCEPTED', 'DEFERRED', 'DEFERRED']);
  expect(sentFrom(t, tenant.email)).toHaveLength(PERMITS);

  const refreshToken = t.sandbox.admin.grant(tenant.email);
  await connectAccount(t.app, tenant.organizationId, {
    email: tenant.email,
    displayName: 'Billing',
    aliases: [],
    refreshToken,
  });
  await Promise.all(uids.map(left));
  expect(sentFrom(t, tenant.email)).toHaveLength(PERMITS + 2);
  // Nothing has left that a permit was taken for while the account could not send.
  const { rows } = await t.app.pool.query(
    `SELECT (SELECT sum(n) FROM unnest(sends) n)::int AS sends FROM account_rate_limit WHERE account_id = $1`,
    [tenant.accountId],
  );
  expect(rows).toEqual([{ sends: PERMITS + 2 }]);
});

it('sends nothing for an email without a permit even when its own job runs', async () => {
  await useUp();
  const uid = await waiting();
  const { organizationId } = tenant;
  await enqueue(t.app.pool, 'deliver', { organizationId, outboundEmailId: uid }, 0);
  await quiet(t, tenant);
  expect(await record(t, tenant, uid)).toMatchObject({ status: 'QUEUED', attempts: 0 });
  expect((await query(t, tenant.key, SendEmail, { input: fresh(tenant, maria) })).sendEmail).toMatchObject({
    outboundEmail: { status: 'QUEUED' },
  });
});
