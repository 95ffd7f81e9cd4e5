/** `sendEmail` with a time: SCHEDULED at once, one email for one key, and it leaves at its time. */
import { beforeEach, describe, expect, it } from 'vitest';
import { createTenant, eventually, expectType, query, type Tenant, useTestApp } from '../support/harness.ts';
import {
  accepted,
  countRows,
  createRecipient,
  eventTypes,
  fresh,
  issuesOf,
  onlyMail,
  record,
  runNow,
  send,
  untilStatus,
  write,
} from '../support/mail.ts';
import { DAY_MS, inMs, SOON_MS, scheduling } from '../support/scheduling.ts';
import { CancelOutboundEmail, DeleteDraft, OutboundUids, RetryOutboundEmail } from '../support/send-documents.ts';

let tenant: Tenant;
let maria: string;

const t = useTestApp();
beforeEach(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
});

const { drafts, expectNothingLeft, left, letLeaveNow, runToItsEnd, update } = scheduling(() => ({ t, tenant, maria }));

const planned = (plannedSendAt: string, changes = {}) =>
  fresh(tenant, maria, { plannedSendAt, idempotencyKey: 'reminder-7', ...changes });

describe('sendEmail with plannedSendAt', () => {
  it('answers SCHEDULED, and the email leaves at its time', async () => {
    const plannedSendAt = inMs(SOON_MS);
    const { outboundEmail, replayed } = await accepted(t, tenant, planned(plannedSendAt));
    expect([outboundEmail.status, replayed]).toEqual(['SCHEDULED', false]);
    const email = await left(outboundEmail.uid);
    expect(Date.parse(String(email.sentAt))).toBeGreaterThanOrEqual(Date.parse(plannedSendAt));
    expect(email).toMatchObject({ mode: 'FRESH', attempts: 1, plannedSendAt, idempotencyKey: 'reminder-7' });
    expect(email.events.edges.map(({ node }) => [node.type, node.actor === 'system'])).toEqual([
      ['CREATED', false],
      ['ACCEPTED', true],
      ['SENDING', true],
      ['SENT', true],
    ]);
    expect(onlyMail(t, maria).header('X-Epistle-Id')).toBe(outboundEmail.uid);
  });

  it('of a reply leaves in the thread that it answers', async () => {
    const letter = await write(t, tenant, { from: maria, subject: 'A question' });
    const reply = { replyToMessageUid: letter.uid, to: [maria], subject: 'Re: A question', bodyText: 'Yes.' };
    const { outboundEmail } = await accepted(t, tenant, { reply: { ...reply, plannedSendAt: inMs(DAY_MS) } });
    expect(outboundEmail.status).toBe('SCHEDULED');
    await letLeaveNow(outboundEmail.uid);
    expect(await left(outboundEmail.uid)).toMatchObject({
      mode: 'REPLY',
      threading: 'NATIVE',
      providerThreadId: letter.received.threadId,
    });
  });

  it('with files leaves with them', async () => {
    const file = { filename: 'a.pdf', contentType: 'application/pdf', dataBase64: 'JVBERi0xLjc=' };
    const { outboundEmail } = await accepted(t, tenant, planned(inMs(DAY_MS), { attachments: [file] }));
    await letLeaveNow(outboundEmail.uid);
    expect((await left(outboundEmail.uid)).attachments).toMatchObject([{ filename: 'a.pdf' }]);
  });

  it('reports a time that has passed with everything else', async () => {
    expect(await issuesOf(t, tenant, planned(inMs(-60_000), { to: ['nobody'], subject: '' }))).toMatchObject([
      expect.stringMatching(/^input\.fresh\.to\.0: /),
      expect.stringMatching(/^input\.fresh\.subject: /),
      'input.fresh.plannedSendAt: Must be from now to 400 days ahead.',
    ]);
    expect(await issuesOf(t, tenant, planned(inMs(-60_000)))).toHaveLength(1);
    expect(await countRows(t, tenant)).toBe(0);
  });

  it('is listed among the emails, and is no draft', async () => {
    const { outboundEmail } = await accepted(t, tenant, planned(inMs(DAY_MS)));
    const { uid } = outboundEmail;
    expect((await query(t, tenant.key, OutboundUids)).outboundEmails.edges).toEqual([{ node: { uid } }]);
    expect(await drafts(true)).toEqual([]);
    expectType(await update({ draftUid: uid, subject: 'Other' }), 'NotFoundError');
    expectType((await query(t, tenant.key, DeleteDraft, { uid })).deleteDraft, 'NotFoundError');
    expectType(await send(t, tenant, { draft: { draftUid: uid } }), 'NotFoundError');
    expect(await record(t, tenant, uid)).toMatchObject({ status: 'SCHEDULED' });
  });

  it('that is cancelled never leaves', async () => {
    const { outboundEmail } = await accepted(t, tenant, planned(inMs(DAY_MS)));
    const { uid } = outboundEmail;
    const { cancelOutboundEmail } = await query(t, tenant.key, CancelOutboundEmail, { uid });
    expectType(cancelOutboundEmail, 'CancelOutboundEmailPayload');
    await runToItsEnd(uid);
    expect(await record(t, tenant, uid)).toMatchObject({ status: 'CANCELED' });
    expectNothingLeft();
  });

  it('that Gmail refuses is FAILED, and can be tried again', async () => {
    t.sandbox.admin.fault({ call: 'drafts.create', mailbox: tenant.email, effect: { kind: 'status', status: 413 } });
    const { outboundEmail } = await accepted(t, tenant, planned(inMs(DAY_MS)));
    const { uid } = outboundEmail;
    await letLeaveNow(uid);
    const failed = await untilStatus(t, tenant, uid, 'FAILED');
    expect(failed.failure).toMatchObject({ code: 'REJECTED' });
    expectNothingLeft();
    expectType((await query(t, tenant.key, RetryOutboundEmail, { uid })).retryOutboundEmail, 'SendEmailPayload');
    expect(t.sandbox.admin.messages(maria)).toHaveLength(1);
  });

  it('of a reply whose owner was disconnected waits, and leaves once it is connected', async () => {
    const letter = await write(t, tenant, { from: maria, subject: 'A question' });
    const reply = { replyToMessageUid: letter.uid, to: [maria], subject: 'Re: A question', bodyText: 'Yes.' };
    const { outboundEmail } = await accepted(t, tenant, { reply: { ...reply, plannedSendAt: inMs(DAY_MS) } });
    const { uid } = outboundEmail;
    const setStatus = (status: 'DISCONNECTED' | 'ACTIVE') =>
      t.app.db.emailAccount.updateMany({ where: { id: tenant.accountId }, data: { status } });
    await setStatus('DISCONNECTED');
    await letLeaveNow(uid);
    const waiting = await eventually(async () => {
      const email = await record(t, tenant, uid);
      return email.failure === null ? null : email;
    });
    expect(waiting).toMatchObject({ status: 'SCHEDULED', failure: { code: 'ACCOUNT_NOT_ACTIVE' } });
    await setStatus('ACTIVE');
    await runNow(t, tenant, uid, 'deliver');
    await left(uid);
    expect(t.sandbox.admin.messages(maria).filter(({ labelIds }) => labelIds.includes('INBOX'))).toHaveLength(1);
  });
});

describe('the same key', () => {
  it('answers the same email: before its time, after it, and when it has left', async () => {
    const plannedSendAt = inMs(SOON_MS);
    const first = await accepted(t, tenant, planned(plannedSendAt));
    expect(await accepted(t, tenant, planned(plannedSendAt))).toEqual({ ...first, replayed: true });
    await left(first.outboundEmail.uid);
    const again = await accepted(t, tenant, planned(plannedSendAt));
    expect(again).toMatchObject({ replayed: true, outboundEmail: { uid: first.outboundEmail.uid, status: 'SENT' } });
    expect(t.sandbox.admin.messages(maria)).toHaveLength(1);
  });

  it('with another time, or with none, is another request', async () => {
    const { outboundEmail } = await accepted(t, tenant, planned(inMs(DAY_MS)));
    for (const other of [inMs(2 * DAY_MS), null]) {
      const conflict = expectType(
        await send(t, tenant, fresh(tenant, maria, { plannedSendAt: other, idempotencyKey: 'reminder-7' })),
        'IdempotencyConflictError',
      );
      expect(conflict).toMatchObject({ existing: { uid: outboundEmail.uid }, differingFields: ['plannedSendAt'] });
    }
    expectNothingLeft();
  });

  it('of twins is one email, which leaves once', async () => {
    const input = planned(inMs(SOON_MS));
    const results = await Promise.all(Array.from({ length: 6 }, () => accepted(t, tenant, input)));
    const uids = new Set(results.map(({ outboundEmail }) => outboundEmail.uid));
    expect(uids.size).toBe(1);
    expect(results.filter(({ replayed }) => !replayed)).toHaveLength(1);
    await left([...uids].join());
    expect(t.sandbox.admin.messages(maria)).toHaveLength(1);
    expect(eventTypes(await record(t, tenant, [...uids].join()))).toEqual(['CREATED', 'ACCEPTED', 'SENDING', 'SENT']);
  });
});
