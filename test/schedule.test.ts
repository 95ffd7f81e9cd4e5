/** A draft with a time: it leaves then, as it is then, once; and not at all when it was taken back before. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CreateDraftInput, UpdateDraftInput } from './generated/graphql.ts';
import { createTenant, eventually, expectType, query, startTestApp, type Tenant, type TestApp } from './harness.ts';
import { accepted, callsOf, createRecipient, eventTypes, onlyMail, parse, record, runNow, write } from './mail.ts';
import {
  CancelOutboundEmail,
  CreateDraft,
  DeleteDraft,
  DraftRecord,
  ScheduledDrafts,
  UpdateDraft,
} from './send-documents.ts';

let t: TestApp;
let tenant: Tenant;
let maria: string;

beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());
beforeEach(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
});
afterEach(() => t.sandbox.admin.clearFaults());

const SOON_MS = 300;
const DAY_MS = 86_400_000;

function inMs(ms: number): string {
  return new Date(Date.now() + ms).toISOString();
}

async function create(changes: Partial<CreateDraftInput>) {
  const input = { fromAccountUid: tenant.accountId, to: [maria], subject: 'Reminder', bodyText: 'Soon.', ...changes };
  return (await query(t, tenant.key, CreateDraft, { input })).createDraft;
}

/** @returns the uid of a draft that is to leave so many milliseconds from now. */
async function plan(ms = SOON_MS, changes: Partial<CreateDraftInput> = {}): Promise<string> {
  const { draft } = expectType(await create({ plannedSendAt: inMs(ms), ...changes }), 'CreateDraftPayload');
  expect(draft.status).toBe('SCHEDULED');
  return draft.uid;
}

async function update(input: UpdateDraftInput) {
  return (await query(t, tenant.key, UpdateDraft, { input })).updateDraft;
}

async function updated(input: UpdateDraftInput) {
  return expectType(await update(input), 'UpdateDraftPayload').draft;
}

async function draftOf(uid: string) {
  return (await query(t, tenant.key, DraftRecord, { uid })).draft;
}

async function drafts(scheduled: boolean) {
  return (await query(t, tenant.key, ScheduledDrafts, { scheduled })).drafts.edges.map(({ node }) => node);
}

/** The record once it has left. */
function left(uid: string) {
  return eventually(async () => {
    const email = await record(t, tenant, uid);
    return email.status === 'SENT' ? email : null;
  });
}

/** Lets the job run whatever its time is, and waits until no job of the email is left. */
async function runToItsEnd(uid: string) {
  await runNow(t, tenant, uid, 'deliver');
  await noJobLeft(uid);
}

function noJobLeft(uid: string) {
  const sql = `SELECT FROM graphile_worker.jobs WHERE key = $1 OR locked_at IS NOT NULL`;
  return eventually(async () => (await t.app.pool.query(sql, [`deliver:${uid}`])).rowCount === 0 || null);
}

function expectNothingLeft() {
  expect(t.sandbox.admin.messages(maria)).toEqual([]);
  expect(t.sandbox.admin.messages(tenant.email)).toEqual([]);
  expect(callsOf(t, tenant.email, 'drafts.send')).toBe(0);
}

describe('a planned time', () => {
  it.each([
    ['in the past', -60_000],
    ['more than 400 days ahead', 400 * DAY_MS + 60_000],
  ])('%s is refused', async (_name, ms) => {
    const { issues } = expectType(await create({ plannedSendAt: inMs(ms) }), 'InvalidInputError');
    expect(issues).toEqual([{ path: 'input.plannedSendAt', message: 'Must be from now to 400 days ahead.' }]);
    const { draft } = expectType(await create({}), 'CreateDraftPayload');
    const error = expectType(await update({ draftUid: draft.uid, plannedSendAt: inMs(ms) }), 'InvalidInputError');
    expect(error.issues.map(({ path }) => path)).toEqual(['input.plannedSendAt']);
    expect(await draftOf(draft.uid)).toMatchObject({ status: 'DRAFT', revision: 1, plannedSendAt: null });
  });

  it('of 400 days less a minute is taken', async () => {
    const uid = await plan(400 * DAY_MS - 60_000);
    expect(await draftOf(uid)).toMatchObject({ status: 'SCHEDULED' });
  });

  it('is refused for what is not complete, when it is created and when it is edited', async () => {
    const given = { plannedSendAt: inMs(DAY_MS), to: [], subject: '' };
    const created = expectType(await create(given), 'InvalidInputError');
    expect(created.issues.map(({ path }) => path)).toEqual(['input.to', 'input.subject']);

    const { draft } = expectType(await create({ to: [], subject: '' }), 'CreateDraftPayload');
    const later = expectType(
      await update({ draftUid: draft.uid, plannedSendAt: inMs(DAY_MS), subject: 'Now it has one' }),
      'InvalidInputError',
    );
    expect(later.issues.map(({ path }) => path)).toEqual(['input.to']);
    expect(await draftOf(draft.uid)).toMatchObject({ status: 'DRAFT', revision: 1, subject: '' });

    const uid = await plan(DAY_MS);
    const emptied = expectType(await update({ draftUid: uid, to: [] }), 'InvalidInputError');
    expect(emptied.issues.map(({ path }) => path)).toEqual(['input.to']);
    expect(await draftOf(uid)).toMatchObject({ status: 'SCHEDULED', revision: 1, to: [maria] });
  });

  it('makes a draft one of the scheduled ones, and no outbound email yet', async () => {
    const plannedSendAt = inMs(DAY_MS);
    const uid = await plan(0, { plannedSendAt });
    const { draft: plain } = expectType(await create({}), 'CreateDraftPayload');
    expect(await drafts(true)).toEqual([{ uid, status: 'SCHEDULED', plannedSendAt }]);
    expect(await drafts(false)).toEqual([{ uid: plain.uid, status: 'DRAFT', plannedSendAt: null }]);
  });
});

describe('at its time', () => {
  it('it leaves, by nobody but the system', async () => {
    const uid = await plan();
    const { plannedSendAt } = (await draftOf(uid)) ?? {};
    const email = await left(uid);
    expect(Date.parse(String(email.sentAt))).toBeGreaterThanOrEqual(Date.parse(String(plannedSendAt)));
    expect(onlyMail(t, maria).header('X-Epistle-Id')).toBe(uid);
    expect(email).toMatchObject({ mode: 'DRAFT', attempts: 1, failure: null, nextAttemptAt: null });
    expect(email.events.edges.map(({ node }) => [node.type, node.actor === 'system'])).toEqual([
      ['created', false],
      ['accepted', true],
      ['sending', true],
      ['sent', true],
    ]);
    expect(email.events.edges[1]?.node.detail).toMatchObject({ from: 'SCHEDULED', to: 'QUEUED' });
    expect(await drafts(true)).toEqual([]);
  });

  it('it leaves as it is then', async () => {
    const uid = await plan(SOON_MS, { bodyText: 'Old words.' });
    const file = { filename: 'new.pdf', contentType: 'application/pdf', dataBase64: 'JVBERi0xLjc=' };
    await updated({ draftUid: uid, subject: 'Second reminder', bodyText: 'New words.', attachments: [file] });
    await left(uid);
    const mail = await parse(onlyMail(t, maria));
    expect({ subject: mail.subject, text: mail.text?.trim() }).toEqual({
      subject: 'Second reminder',
      text: 'New words.',
    });
    expect(mail.attachments.map(({ filename }) => filename)).toEqual(['new.pdf']);
  });

  it('a reply goes into the thread that it answers', async () => {
    const letter = await write(t, tenant, { from: maria, subject: 'A question' });
    const { draft } = expectType(
      await create({
        fromAccountUid: null,
        replyToMessageUid: letter.uid,
        subject: 'Re: A question',
        plannedSendAt: inMs(SOON_MS),
      }),
      'CreateDraftPayload',
    );
    expect(await left(draft.uid)).toMatchObject({
      threading: 'NATIVE',
      providerThreadId: letter.received.threadId,
    });
  });

  it('several leave, each once', async () => {
    const at = inMs(SOON_MS);
    const uids = await Promise.all(Array.from({ length: 12 }, () => plan(0, { plannedSendAt: at })));
    await Promise.all(uids.map(left));
    const ids = t.sandbox.admin.messages(maria).map((message) => message.header('X-Epistle-Id'));
    expect(ids.sort()).toEqual([...uids].sort());
  });

  it('it is a draft again, with the reason, when Gmail refuses it', async () => {
    t.sandbox.admin.fault({ call: 'drafts.create', mailbox: tenant.email, effect: { kind: 'status', status: 413 } });
    const uid = await plan();
    const draft = await eventually(async () => {
      const found = await draftOf(uid);
      return found?.status === 'DRAFT' ? found : null;
    });
    expect(draft).toMatchObject({
      plannedSendAt: null,
      revision: 1,
      lastFailure: { code: 'REJECTED', retry: 'NEVER' },
    });
    expectNothingLeft();
    await noJobLeft(uid);
    const { outboundEmail } = await accepted(t, tenant, { draft: { draftUid: uid } });
    expect(outboundEmail).toMatchObject({ status: 'SENT', failure: null });
  });

  it('waits, as any other, when Gmail cannot take it just then', async () => {
    t.sandbox.admin.fault({ call: 'drafts.create', mailbox: tenant.email, effect: { kind: 'status', status: 503 } });
    const uid = await plan();
    const waiting = await eventually(async () => {
      const email = await record(t, tenant, uid);
      return email.failure === null ? null : email;
    });
    expect(waiting).toMatchObject({ status: 'QUEUED', failure: { code: 'UNREACHABLE' } });
    await runNow(t, tenant, uid, 'deliver');
    await left(uid);
    expect(t.sandbox.admin.messages(maria)).toHaveLength(1);
  });
});

describe('an account that cannot send at the time', () => {
  async function setAccount(status: 'NEEDS_REAUTH' | 'ACTIVE') {
    await t.app.db.emailAccount.updateMany({ where: { id: tenant.accountId }, data: { status } });
  }

  async function waiting(uid: string) {
    return eventually(async () => {
      const row = await t.app.db.outboundEmail.findFirstOrThrow({ where: { id: uid } });
      return row.nextAttemptAt === null ? null : row;
    });
  }

  it('lets it wait where everybody sees it, and it leaves when the account is back', async () => {
    await setAccount('NEEDS_REAUTH');
    const uid = await plan();
    const row = await waiting(uid);
    expect(row).toMatchObject({ status: 'SCHEDULED', failureCode: 'ACCOUNT_NOT_ACTIVE', failureRetry: 'AFTER' });
    expect(Number(row.nextAttemptAt) - Date.now()).toBeGreaterThan(1_000);
    expect(await drafts(true)).toMatchObject([{ uid, status: 'SCHEDULED' }]);
    expect(await draftOf(uid)).toMatchObject({ lastFailure: { code: 'ACCOUNT_NOT_ACTIVE' } });
    expectNothingLeft();

    await setAccount('ACTIVE');
    await runNow(t, tenant, uid, 'deliver');
    expect(await left(uid)).toMatchObject({ failure: null, nextAttemptAt: null });
    expect(t.sandbox.admin.messages(maria)).toHaveLength(1);
  });

  it('does not keep it from being sent by hand, changed or cancelled meanwhile', async () => {
    await setAccount('NEEDS_REAUTH');
    const [byHand, cleared, cancelled] = [await plan(), await plan(), await plan()];
    await Promise.all([byHand, cleared, cancelled].map(waiting));
    await updated({ draftUid: cleared, plannedSendAt: null });
    await query(t, tenant.key, CancelOutboundEmail, { uid: cancelled });
    await setAccount('ACTIVE');
    await accepted(t, tenant, { draft: { draftUid: byHand } });
    for (const uid of [byHand, cleared, cancelled]) await runToItsEnd(uid);
    expect(onlyMail(t, maria).header('X-Epistle-Id')).toBe(byHand);
    expect(await draftOf(cleared)).toMatchObject({ status: 'DRAFT', lastFailure: null });
  });

  it('does not move the time that it is given while it is looked at', async () => {
    await setAccount('NEEDS_REAUTH');
    const uid = await plan();
    await waiting(uid);
    await setAccount('ACTIVE');
    await updated({ draftUid: uid, plannedSendAt: inMs(SOON_MS) });
    await left(uid);
    expect(t.sandbox.admin.messages(maria)).toHaveLength(1);
  });
});

describe('what is taken back', () => {
  it('because its time is cleared never leaves', async () => {
    const uid = await plan(DAY_MS);
    expect(await updated({ draftUid: uid, plannedSendAt: null })).toMatchObject({
      status: 'DRAFT',
      plannedSendAt: null,
    });
    await noJobLeft(uid);
    await runToItsEnd(uid);
    expectNothingLeft();
    expect(await draftOf(uid)).toMatchObject({ status: 'DRAFT', revision: 2 });
  });

  it('because it is deleted never leaves', async () => {
    const uid = await plan(DAY_MS);
    const { deleteDraft } = await query(t, tenant.key, DeleteDraft, { uid });
    expectType(deleteDraft, 'DeleteDraftPayload');
    await noJobLeft(uid);
    await runToItsEnd(uid);
    expectNothingLeft();
    expect(await draftOf(uid)).toBeNull();
  });

  it('because its time is moved leaves at the new one only', async () => {
    const uid = await plan(SOON_MS);
    const plannedSendAt = inMs(1_200);
    await updated({ draftUid: uid, plannedSendAt });
    await runNow(t, tenant, uid, 'deliver');
    const email = await left(uid);
    expect(Date.parse(String(email.sentAt))).toBeGreaterThanOrEqual(Date.parse(plannedSendAt));
    expect(t.sandbox.admin.messages(maria)).toHaveLength(1);
  });

  it('keeps its time when anything else is edited', async () => {
    const plannedSendAt = inMs(DAY_MS);
    const uid = await plan(0, { plannedSendAt });
    expect(await updated({ draftUid: uid, subject: 'Other' })).toMatchObject({ status: 'SCHEDULED', plannedSendAt });
  });

  /** Whatever wins, the answer is the truth: what was taken back never leaves, what could not be leaves once. */
  it.each([
    ['cleared', async (uid: string) => (await update({ draftUid: uid, plannedSendAt: null })).__typename],
    ['moved', async (uid: string) => (await update({ draftUid: uid, plannedSendAt: inMs(DAY_MS) })).__typename],
    ['deleted', async (uid: string) => (await query(t, tenant.key, DeleteDraft, { uid })).deleteDraft.__typename],
    [
      'cancelled',
      async (uid: string) => (await query(t, tenant.key, CancelOutboundEmail, { uid })).cancelOutboundEmail.__typename,
    ],
  ] as const)('%s at the very moment of its time, leaves only when the answer says so', async (_name, takeBack) => {
    const emails = await Promise.all(Array.from({ length: 12 }, () => plan(150)));
    const at = Date.now() + 150;
    const answers = await Promise.all(
      emails.map(async (uid, index) => {
        // Spread around the moment: from 30 ms before it to 80 ms after.
        await eventually(async () => Date.now() >= at - 30 + index * 10 || null);
        return { uid, taken: (await takeBack(uid))?.endsWith('Payload') ?? false };
      }),
    );
    for (const { uid, taken } of answers) {
      if (!taken) await left(uid);
      else await noJobOrLater(uid);
    }
    const arrived = t.sandbox.admin.messages(maria).map((message) => message.header('X-Epistle-Id'));
    expect(arrived.sort()).toEqual(
      answers
        .filter(({ taken }) => !taken)
        .map(({ uid }) => uid)
        .sort(),
    );
    expect(t.sandbox.admin.drafts(tenant.email)).toEqual([]);
  });

  /** No job of it is due or running. */
  function noJobOrLater(uid: string) {
    const sql = `SELECT FROM graphile_worker.jobs
      WHERE locked_at IS NOT NULL OR key = $1 AND run_at < now() + interval '1 hour'`;
    return eventually(async () => (await t.app.pool.query(sql, [`deliver:${uid}`])).rowCount === 0 || null);
  }

  it('because its time is cleared after the job has read it, before it was accepted, never leaves', async () => {
    const uid = await plan();
    const editor = await t.app.pool.connect();
    try {
      // Holds the row as `updateDraft` does: the job reads the draft as it was, and waits to accept it.
      await editor.query('BEGIN');
      await editor.query(
        `UPDATE outbound_email SET status = 'DRAFT', planned_send_at = NULL, revision = revision + 1 WHERE id = $1`,
        [uid],
      );
      await eventually(async () => {
        const sql = `SELECT FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%''accepted''%'`;
        return (await t.app.pool.query(sql)).rowCount === 1 || null;
      });
      await editor.query('COMMIT');
    } finally {
      editor.release();
    }
    await noJobLeft(uid);
    expectNothingLeft();
    expect(await draftOf(uid)).toMatchObject({ status: 'DRAFT', revision: 2 });
  });

  it.each([
    ['clearing', async (uid: string) => update({ draftUid: uid, plannedSendAt: null })],
    ['deleting', async (uid: string) => (await query(t, tenant.key, DeleteDraft, { uid })).deleteDraft],
  ] as const)('comes too late for %s once the job delivers it, and the answer says so', async (_name, takeBack) => {
    const gate = t.sandbox.admin.hold('drafts.create', { mailbox: tenant.email });
    const uid = await plan();
    await gate.arrived;
    expect(await takeBack(uid)).toMatchObject({ __typename: 'DraftConflictError' });
    gate.release();
    await left(uid);
    expect(t.sandbox.admin.messages(maria)).toHaveLength(1);
  });

  it('is in time for cancelling while the job delivers it: it does not leave, nor stay among the drafts', async () => {
    const gate = t.sandbox.admin.hold('drafts.create', { mailbox: tenant.email });
    const uid = await plan();
    await gate.arrived;
    const { cancelOutboundEmail } = await query(t, tenant.key, CancelOutboundEmail, { uid });
    expect(expectType(cancelOutboundEmail, 'CancelOutboundEmailPayload').outboundEmail.status).toBe('CANCELED');
    const late = t.app.deliveries.get(uid);
    gate.release();
    expect(await late).toEqual({ kind: 'superseded' });
    expect(await record(t, tenant, uid)).toMatchObject({ status: 'CANCELED', sentAt: null });
    expectNothingLeft();
  });
});

describe('sent by hand before its time', () => {
  it('it leaves once, and its time changes nothing', async () => {
    const uid = await plan(SOON_MS);
    const { outboundEmail } = await accepted(t, tenant, { draft: { draftUid: uid } });
    expect(outboundEmail).toMatchObject({ status: 'SENT' });
    await runToItsEnd(uid);
    expect(t.sandbox.admin.messages(maria)).toHaveLength(1);
    expect(eventTypes(await record(t, tenant, uid))).toEqual(['created', 'accepted', 'sending', 'sent']);
  });

  it('at its very time it leaves once, and the caller gets that result', async () => {
    const gate = t.sandbox.admin.hold('drafts.send', { mailbox: tenant.email });
    const uid = await plan();
    await gate.arrived;
    const byHand = accepted(t, tenant, { draft: { draftUid: uid } });
    gate.release();
    expect(await byHand).toMatchObject({ replayed: true, outboundEmail: { uid, status: 'SENT' } });
    expect(t.sandbox.admin.messages(maria)).toHaveLength(1);
  });
});
