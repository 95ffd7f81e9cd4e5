import { beforeEach, describe, expect, it } from 'vitest';
import { createInvoice, createTenant, expectType, request, type Tenant, useTestApp } from '../support/harness.ts';
import {
  accepted,
  callsOf,
  createRecipient,
  eventTypes,
  fetchSentCopy,
  issuesOf,
  onlyMail,
  parse,
  record,
  send,
  statementSeen,
  write,
} from '../support/mail.ts';
import { scheduling } from '../support/scheduling.ts';
import { OutboundRecord } from '../support/send-documents.ts';

let tenant: Tenant;
let maria: string;

const t = useTestApp();
beforeEach(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
});

const FILE = { filename: 'invoice.pdf', contentType: 'application/pdf', dataBase64: 'JVBERi0xLjc=' };

const { createDraft, draftOf, update } = scheduling(() => ({ t, tenant, maria }));

describe('a draft that is sent', () => {
  it('arrives as it was written and keeps its uid', async () => {
    const uid = await createDraft({ attachments: [FILE] });
    const { outboundEmail, replayed } = await accepted(t, tenant, { draft: { draftUid: uid, expectedRevision: 1 } });
    expect({ uid: outboundEmail.uid, replayed }).toEqual({ uid, replayed: false });
    expect(outboundEmail).toMatchObject({ status: 'SENT', mode: 'DRAFT', threading: 'NEW_THREAD' });
    const mail = await parse(onlyMail(t, maria));
    expect({ subject: mail.subject, text: mail.text?.trim() }).toEqual({ subject: 'Reminder', text: 'Soon.' });
    expect(mail.attachments.map(({ filename }) => filename)).toEqual(['invoice.pdf']);
    expect(eventTypes(await record(t, tenant, uid))).toEqual(['CREATED', 'ACCEPTED', 'SENDING', 'SENT']);
    expect(await draftOf(uid)).toBeNull();
  });

  it('is no outbound email before that', async () => {
    const uid = await createDraft();
    const before = await request(t, tenant.key, OutboundRecord, { uid });
    expect(before.data?.outboundEmail?.status ?? 'DRAFT').toBe('DRAFT');
    const list = 'query { outboundEmails { totalCount edges { node { uid } } } }';
    expect((await request(t, tenant.key, list)).data).toEqual({ outboundEmails: { totalCount: 0, edges: [] } });
  });

  it('as a reply goes into the thread that it answers, about what that is about', async () => {
    const { invoiceId } = await createInvoice(t, tenant, 'INV-1');
    const question = await write(t, tenant, { from: maria, subject: 'A question' });
    const answered = { fromAccountUid: null, replyToMessageUid: question.uid, subject: 'Re: A question' };
    const uid = await createDraft({ ...answered, contexts: [{ type: 'invoice', uid: invoiceId }] });
    expect(await draftOf(uid)).toMatchObject({ replyToMessage: { uid: question.uid }, fromEmail: tenant.email });
    const moved = await update({ draftUid: uid, fromAccountUid: tenant.accountId });
    expect(expectType(moved, 'InvalidInputError').issues[0]?.path).toBe('input.fromAccountUid');

    const { outboundEmail } = await accepted(t, tenant, { draft: { draftUid: uid } });
    expect(outboundEmail).toMatchObject({ threading: 'NATIVE', providerThreadId: question.received.threadId });
    const reply = t.sandbox.admin.messages(maria).at(-1);
    expect(reply?.header('In-Reply-To')).toBe(question.received.header('Message-ID'));
    expect(reply?.threadId).toBe(question.copy.threadId);
    const { conversation } = await fetchSentCopy(t, tenant, uid);
    expect(conversation.contexts).toEqual([{ __typename: 'Invoice', number: 'INV-1' }]);
  });

  it('again answers the first result', async () => {
    const uid = await createDraft();
    const first = await accepted(t, tenant, { draft: { draftUid: uid } });
    const second = await accepted(t, tenant, { draft: { draftUid: uid } });
    expect(second).toEqual({ ...first, replayed: true });
    expect(t.sandbox.admin.messages(maria)).toHaveLength(1);
  });

  it('ten times at once is one mail and nine replays', async () => {
    const uid = await createDraft();
    const results = await Promise.all(
      Array.from({ length: 10 }, () => accepted(t, tenant, { draft: { draftUid: uid } })),
    );
    expect(results.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(new Set(results.map(({ outboundEmail }) => outboundEmail.providerMessageId)).size).toBe(1);
    expect(results.every(({ outboundEmail }) => outboundEmail.status === 'SENT')).toBe(true);
    expect(t.sandbox.admin.messages(maria)).toHaveLength(1);
    expect(callsOf(t, tenant.email, 'drafts.create')).toBe(1);
  });

  it('of another revision than expected is a conflict and stays a draft', async () => {
    const uid = await createDraft();
    await update({ draftUid: uid, subject: 'Edited' });
    const conflict = await send(t, tenant, { draft: { draftUid: uid, expectedRevision: 1 } });
    expect(expectType(conflict, 'DraftConflictError').current).toEqual({ uid, revision: 2 });
    expect(await draftOf(uid)).toMatchObject({ status: 'DRAFT', revision: 2 });
    expect(t.sandbox.admin.messages(maria)).toEqual([]);
  });

  it('incomplete is refused with everything that is missing', async () => {
    const uid = await createDraft({ to: [], subject: ' ', bodyText: null });
    expect(await issuesOf(t, tenant, { draft: { draftUid: uid } })).toEqual([
      'input.draft.to: Must name 1 to 100 recipients with cc and bcc together.',
      'input.draft.subject: Must be 1 to 998 characters.',
      'input.draft.bodyText: Give bodyText or bodyHtml, or an attachment; an email without text has the bodyText "".',
    ]);
    expect(await draftOf(uid)).toMatchObject({ status: 'DRAFT', revision: 1 });
    expect(callsOf(t, tenant.email, 'drafts.create')).toBe(0);
  });

  it('from an account that is not ACTIVE stays a draft', async () => {
    const uid = await createDraft();
    await t.app.db.emailAccount.updateMany({
      where: { organizationId: tenant.organizationId },
      data: { status: 'NEEDS_REAUTH' },
    });
    const error = expectType(await send(t, tenant, { draft: { draftUid: uid } }), 'AccountNotReadyError');
    expect(error.account).toEqual({ uid: tenant.accountId, status: 'NEEDS_REAUTH' });
    expect(await draftOf(uid)).toMatchObject({ status: 'DRAFT', lastFailure: null });
  });
});

describe('a draft that Gmail refuses', () => {
  it.each(['drafts.create', 'drafts.send'])('at %s is a draft again, as it was, and tells why', async (call) => {
    const uid = await createDraft({ attachments: [FILE] });
    t.sandbox.admin.fault({
      call,
      mailbox: tenant.email,
      effect: { kind: 'refusal', name: 'mail-service-not-enabled' },
    });
    const rejected = expectType(await send(t, tenant, { draft: { draftUid: uid } }), 'SendRejectedError');
    expect(rejected).toMatchObject({
      providerStatus: 400,
      providerReason: 'Mail service not enabled',
      outboundEmail: { uid, status: 'DRAFT' },
    });
    expect(await draftOf(uid)).toMatchObject({
      revision: 1,
      subject: 'Reminder',
      attachments: [{ filename: 'invoice.pdf' }],
      lastFailure: { code: 'MAIL_SERVICE_OFF', message: 'Mail service not enabled' },
    });
    expect(t.sandbox.admin.messages(maria)).toEqual([]);
    expect(t.sandbox.admin.drafts(tenant.email)).toEqual([]);
  });

  it('can be edited and sent', async () => {
    const uid = await createDraft();
    t.sandbox.admin.fault({ call: 'drafts.send', mailbox: tenant.email, effect: { kind: 'status', status: 400 } });
    expectType(await send(t, tenant, { draft: { draftUid: uid } }), 'SendRejectedError');
    const edited = expectType(await update({ draftUid: uid, subject: 'Better' }), 'UpdateDraftPayload');
    expect(edited.draft.revision).toBe(2);
    expect((await draftOf(uid))?.lastFailure).toBeNull();
    const { outboundEmail } = await accepted(t, tenant, { draft: { draftUid: uid, expectedRevision: 2 } });
    expect(outboundEmail).toMatchObject({ uid, status: 'SENT', failure: null });
    expect((await parse(onlyMail(t, maria))).subject).toBe('Better');
  });

  it('can be sent again as it is', async () => {
    const uid = await createDraft();
    t.sandbox.admin.fault({ call: 'drafts.send', mailbox: tenant.email, effect: { kind: 'status', status: 400 } });
    expectType(await send(t, tenant, { draft: { draftUid: uid } }), 'SendRejectedError');
    const { outboundEmail, replayed } = await accepted(t, tenant, { draft: { draftUid: uid } });
    expect({ status: outboundEmail.status, replayed }).toEqual({ status: 'SENT', replayed: false });
    expect(eventTypes(await record(t, tenant, uid))).toEqual([
      'CREATED',
      'ACCEPTED',
      'SENDING',
      'REFUSED',
      'ACCEPTED',
      'SENDING',
      'SENT',
    ]);
    expect(onlyMail(t, maria).header('X-Epistle-Id')).toBe(uid);
  });

  it('refuses the twin that waited for it as well', async () => {
    const uid = await createDraft();
    t.sandbox.admin.fault({ call: 'drafts.send', mailbox: tenant.email, effect: { kind: 'status', status: 400 } });
    const gate = t.sandbox.admin.hold('drafts.send', { mailbox: tenant.email });
    const twins = [send(t, tenant, { draft: { draftUid: uid } })];
    await gate.arrived;
    t.resetStatements();
    twins.push(send(t, tenant, { draft: { draftUid: uid } }));
    await statementSeen(t, '"fileCount"');
    gate.release();
    for (const result of await Promise.all(twins)) {
      expect(expectType(result, 'SendRejectedError').outboundEmail).toEqual({ uid, status: 'DRAFT' });
    }
    expect(callsOf(t, tenant.email, 'drafts.send')).toBe(1);
  });
});
