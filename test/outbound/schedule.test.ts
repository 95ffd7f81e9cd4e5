/** A draft with a time: it leaves then, as it is then, once. */
import { beforeEach, describe, expect, it } from 'vitest';
import { createTenant, eventually, expectType, type Tenant, useTestApp } from '../support/harness.ts';
import { accepted, createRecipient, eventTypes, onlyMail, parse, record, runNow, write } from '../support/mail.ts';
import { DAY_MS, inMs, SOON_MS, scheduling } from '../support/scheduling.ts';

let tenant: Tenant;
let maria: string;

const t = useTestApp();
beforeEach(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
});

const {
  create,
  draftOf,
  drafts,
  expectNothingLeft,
  left,
  letLeaveNow,
  noJobLeft,
  plan,
  planForNow,
  runToItsEnd,
  update,
  updated,
} = scheduling(() => ({ t, tenant, maria }));

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
    const plannedSendAt = inMs(SOON_MS);
    const uid = await plan(0, { plannedSendAt });
    const email = await left(uid);
    expect(Date.parse(String(email.sentAt))).toBeGreaterThanOrEqual(Date.parse(plannedSendAt));
    expect(onlyMail(t, maria).header('X-Epistle-Id')).toBe(uid);
    expect(email).toMatchObject({ mode: 'DRAFT', attempts: 1, failure: null, nextAttemptAt: null });
    expect(email.events.edges.map(({ node }) => [node.type, node.actor === 'system'])).toEqual([
      ['CREATED', false],
      ['ACCEPTED', true],
      ['SENDING', true],
      ['SENT', true],
    ]);
    expect(email.events.edges[1]?.node).toMatchObject({ fromStatus: 'SCHEDULED', toStatus: 'QUEUED' });
    expect(await drafts(true)).toEqual([]);
  });

  it('it leaves as it is then', async () => {
    const uid = await plan(DAY_MS, { bodyText: 'Old words.' });
    const file = { filename: 'new.pdf', contentType: 'application/pdf', dataBase64: 'JVBERi0xLjc=' };
    await updated({ draftUid: uid, subject: 'Second reminder', bodyText: 'New words.', attachments: [file] });
    await letLeaveNow(uid);
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
        plannedSendAt: inMs(DAY_MS),
      }),
      'CreateDraftPayload',
    );
    await letLeaveNow(draft.uid);
    expect(await left(draft.uid)).toMatchObject({
      threading: 'NATIVE',
      providerThreadId: letter.received.threadId,
    });
  });

  it('several leave, each once', async () => {
    // Time enough to plan them all.
    const at = inMs(5_000);
    const uids = await Promise.all(Array.from({ length: 12 }, () => plan(0, { plannedSendAt: at })));
    await Promise.all(uids.map(left));
    const ids = t.sandbox.admin.messages(maria).map((message) => message.header('X-Epistle-Id'));
    expect(ids.sort()).toEqual([...uids].sort());
  });

  it('it is a draft again, with the reason, when Gmail refuses it', async () => {
    t.sandbox.admin.fault({ call: 'drafts.create', mailbox: tenant.email, effect: { kind: 'status', status: 413 } });
    const uid = await planForNow();
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
    const uid = await planForNow();
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

describe('sent by hand before its time', () => {
  it('it leaves once, and its time changes nothing', async () => {
    const uid = await plan(DAY_MS);
    const { outboundEmail } = await accepted(t, tenant, { draft: { draftUid: uid } });
    expect(outboundEmail).toMatchObject({ status: 'SENT' });
    await runToItsEnd(uid);
    expect(t.sandbox.admin.messages(maria)).toHaveLength(1);
    expect(eventTypes(await record(t, tenant, uid))).toEqual(['CREATED', 'ACCEPTED', 'SENDING', 'SENT']);
  });

  it('at its very time it leaves once, and the caller gets that result', async () => {
    const gate = t.sandbox.admin.hold('drafts.send', { mailbox: tenant.email });
    const uid = await planForNow();
    await gate.arrived;
    const byHand = accepted(t, tenant, { draft: { draftUid: uid } });
    gate.release();
    expect(await byHand).toMatchObject({ replayed: true, outboundEmail: { uid, status: 'SENT' } });
    expect(t.sandbox.admin.messages(maria)).toHaveLength(1);
  });
});
