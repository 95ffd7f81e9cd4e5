/** What a person decides of an email that was accepted: cancel it, try it again, say what became of it. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FaultEffect } from '../sandbox/faults.ts';
import { findMailbox, mailboxAccess } from '../src/mail/sender.ts';
import { settle } from '../src/mail/settle.ts';
import type { UnconfirmedOutcome } from './generated/graphql.ts';
import { createTenant, eventually, expectType, query, startTestApp, type Tenant, type TestApp } from './harness.ts';
import {
  accepted,
  callsOf,
  createRecipient,
  eventTypes,
  fresh,
  type OutboundEmailRecord,
  onlyMail,
  record,
  runNow,
  send,
} from './mail.ts';
import { CancelOutboundEmail, CreateDraft, ResolveOutboundEmail, RetryOutboundEmail } from './send-documents.ts';

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

const LOST: FaultEffect = { kind: 'reset' };

function fault(call: string, effect: FaultEffect, when: 'before' | 'after' = 'before', times: number | 'always' = 1) {
  t.sandbox.admin.fault({ call, mailbox: tenant.email, when, times, effect });
}

async function cancel(uid: string, key = tenant.key) {
  return (await query(t, key, CancelOutboundEmail, { uid })).cancelOutboundEmail;
}

async function retry(uid: string, key = tenant.key) {
  return (await query(t, key, RetryOutboundEmail, { uid })).retryOutboundEmail;
}

async function resolve(uid: string, outcome: UnconfirmedOutcome, key = tenant.key) {
  return (await query(t, key, ResolveOutboundEmail, { uid, outcome })).resolveOutboundEmail;
}

function refOf(uid: string) {
  return { organizationId: tenant.organizationId, outboundEmailId: uid };
}

function untilStatus(uid: string, status: string) {
  return eventually(async () => {
    const email = await record(t, tenant, uid);
    return email.status === status ? email : null;
  });
}

/** Until no job of the email is left, and none is running. */
function noJobLeft(uid: string) {
  const sql = 'SELECT FROM graphile_worker.jobs WHERE key = ANY($1) OR locked_at IS NOT NULL';
  const keys = [`deliver:${uid}`, `settle:${uid}`];
  return eventually(async () => (await t.app.pool.query(sql, [keys])).rowCount === 0 || null);
}

/** Lets every job that could still send it do its worst. */
async function runEverything(uid: string) {
  for (const name of ['deliver', 'settle'] as const) await runNow(t, tenant, uid, name);
  await noJobLeft(uid);
}

/** The decision among its events: who, and from which state to which. */
function decisionOf(email: OutboundEmailRecord, type: string) {
  const nodes = email.events.edges.map(({ node }) => node).filter((node) => node.type === type);
  return nodes.map(({ actor, detail }) => ({ byTheSystem: actor === 'system', detail }));
}

/** The actor of the request that was accepted is the key of the tenant, as is that of every decision. */
function expectDecidedByKey(email: OutboundEmailRecord, type: string, from: string, to: string) {
  expect(decisionOf(email, type)).toEqual([{ byTheSystem: false, detail: { from, to } }]);
  const events = email.events.edges.map(({ node }) => node);
  const first = events.find((event) => event.type === 'accepted' || event.type === 'created');
  expect(events.find((event) => event.type === type)?.actor).toBe(first?.actor);
}

async function deferred(): Promise<string> {
  fault('drafts.create', { kind: 'status', status: 503 });
  const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
  expect(outboundEmail.status).toBe('QUEUED');
  return outboundEmail.uid;
}

async function failed(): Promise<string> {
  fault('drafts.create', { kind: 'status', status: 400 });
  const { outboundEmail } = expectType(await send(t, tenant, fresh(tenant, maria)), 'SendRejectedError');
  return outboundEmail.uid;
}

async function unconfirmed(when: 'before' | 'after'): Promise<string> {
  fault('drafts.send', LOST, when);
  const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
  expect(outboundEmail.status).toBe('UNCONFIRMED');
  return outboundEmail.uid;
}

async function scheduled(): Promise<string> {
  const plannedSendAt = new Date(Date.now() + 3_600_000).toISOString();
  const input = { fromAccountUid: tenant.accountId, to: [maria], subject: 'Later', bodyText: 'Later.', plannedSendAt };
  return expectType((await query(t, tenant.key, CreateDraft, { input })).createDraft, 'CreateDraftPayload').draft.uid;
}

/** As its owner could in Gmail. */
async function deleteTicket() {
  const [draft] = t.sandbox.admin.drafts(tenant.email);
  const mailbox = await findMailbox(t.app.pool, tenant.organizationId, tenant.accountId);
  if (draft === undefined || mailbox === null) throw new Error('there is no ticket');
  await t.app.gmail.deleteDraft(mailboxAccess(t.app, mailbox), draft.draftId);
}

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
    expectDecidedByKey(email, 'canceled', from, 'CANCELED');
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
      message: 'Only what is SCHEDULED or QUEUED can be cancelled; it is SENT.',
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
    expect(await jobKeys()).toEqual([`deliver:${uids.queued}`, `settle:${uids.unconfirmed}`].sort());
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
    expect(rows.map(({ key }) => key)).toEqual([`deliver:${waiting}`, `settle:${uid}`]);
    expect(eventTypes(await record(t, tenant, uid))).toEqual(['accepted', 'sending', 'unconfirmed']);
  });
});

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
    expect(eventTypes(email)).toEqual(['accepted', 'refused', 'retried', 'sending', 'sent']);
    expectDecidedByKey(email, 'retried', 'FAILED', 'QUEUED');
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
