import { createHash, randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { CreateDraftInput } from '../generated/graphql.ts';
import {
  createAccount,
  createInvoice,
  createTenant,
  expectType,
  query,
  type Tenant,
  useTestApp,
} from '../support/harness.ts';
import { accepted, callsOf, createRecipient, onlyMail, record, send, write } from '../support/mail.ts';
import { insertConversation, insertMessage } from '../support/rows.ts';
import { scheduling } from '../support/scheduling.ts';
import { CreateDraft, DeleteDraft, InvoiceContact } from '../support/send-documents.ts';

let tenant: Tenant;
let maria: string;

const t = useTestApp();
beforeEach(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
});

const FILE = { filename: 'invoice.pdf', contentType: 'application/pdf', dataBase64: 'JVBERi0xLjc=' };

const { createDraft, draftOf, update } = scheduling(() => ({ t, tenant, maria }));

describe('createDraft', () => {
  it('stores an email with nothing but its account', async () => {
    const input = { fromAccountUid: tenant.accountId };
    const created = expectType((await query(t, tenant.key, CreateDraft, { input })).createDraft, 'CreateDraftPayload');
    expect(created.draft).toMatchObject({ revision: 1, status: 'DRAFT' });
    expect(await draftOf(created.draft.uid)).toMatchObject({
      fromEmail: tenant.email,
      to: [],
      subject: '',
      bodyText: null,
      bodyHtml: null,
      attachments: [],
      lastFailure: null,
    });
    expect(callsOf(t, tenant.email, 'drafts.create')).toBe(0);
  });

  it('keeps everything that it is given, and shows the files and the invoice', async () => {
    const { invoiceId } = await createInvoice(t, tenant, 'INV-1');
    const given = {
      cc: ['cc@example.com'],
      bcc: ['bcc@example.com'],
      replyTo: ['office@example.com'],
      bodyHtml: '<p>Soon.</p>',
    };
    const contexts = [{ type: 'invoice', uid: invoiceId }];
    const uid = await createDraft({ ...given, contexts, attachments: [FILE] });
    const sha256 = createHash('sha256').update('%PDF-1.7').digest('hex');
    expect(await draftOf(uid)).toMatchObject({
      ...given,
      to: [maria],
      subject: 'Reminder',
      bodyText: 'Soon.',
      contexts: [{ contextType: 'invoice', uid: invoiceId }],
      attachments: [{ filename: 'invoice.pdf', contentType: 'application/pdf', size: 8, sha256, contentId: null }],
    });
    const { invoice } = await query(t, tenant.key, InvoiceContact, { uid: invoiceId });
    expect(invoice).toMatchObject({ drafts: { edges: [{ node: { uid } }] }, lastContactedAt: null });
  });

  it('refuses what is unsound, and an account together with a message', async () => {
    const input = {
      fromAccountUid: tenant.accountId,
      replyToMessageUid: randomUUID(),
      to: ['nobody'],
      subject: 'One\nTwo',
      contexts: [{ type: 'order', uid: randomUUID() }],
    };
    const refused = expectType((await query(t, tenant.key, CreateDraft, { input })).createDraft, 'InvalidInputError');
    expect(refused.issues.map(({ path }) => path).sort()).toEqual([
      'input.contexts.0.type',
      'input.fromAccountUid',
      'input.subject',
      'input.to.0',
    ]);
  });

  it("does not find another organization's account, message or invoice", async () => {
    const stranger = await createTenant(t);
    const { invoiceId } = await createInvoice(t, stranger, 'INV-1');
    const question = await write(t, stranger, { from: maria, subject: 'A question' });
    const inputs: CreateDraftInput[] = [
      { fromAccountUid: stranger.accountId },
      { replyToMessageUid: question.uid },
      { fromAccountUid: tenant.accountId, contexts: [{ type: 'invoice', uid: invoiceId }] },
    ];
    const entities = [];
    for (const input of inputs) {
      const result = (await query(t, tenant.key, CreateDraft, { input })).createDraft;
      entities.push(expectType(result, 'NotFoundError').entity);
    }
    expect(entities).toEqual(['EmailAccount', 'EmailMessage', 'Invoice']);
  });
});

describe('updateDraft', () => {
  it('leaves omitted fields, clears those that are null, replaces lists whole', async () => {
    const uid = await createDraft({
      cc: ['a@example.com', 'b@example.com'],
      bodyHtml: '<p>x</p>',
      attachments: [FILE],
    });
    const result = await update({ draftUid: uid, cc: ['c@example.com'], bodyHtml: null });
    expect(expectType(result, 'UpdateDraftPayload').draft.revision).toBe(2);
    expect(await draftOf(uid)).toMatchObject({
      to: [maria],
      cc: ['c@example.com'],
      subject: 'Reminder',
      bodyText: 'Soon.',
      bodyHtml: null,
      attachments: [{ filename: 'invoice.pdf' }],
    });
    await update({ draftUid: uid, attachments: [{ ...FILE, filename: 'other.pdf' }], to: null, subject: null });
    expect(await draftOf(uid)).toMatchObject({
      revision: 3,
      to: [],
      subject: '',
      attachments: [{ filename: 'other.pdf' }],
    });
    await update({ draftUid: uid, attachments: null });
    expect(await draftOf(uid)).toMatchObject({ attachments: [], cc: ['c@example.com'] });
  });

  it('is refused when the draft would have more recipients than an email may', async () => {
    const to = Array.from({ length: 100 }, (_, n) => `r${n}@example.com`);
    const uid = await createDraft({ to });
    const { issues } = expectType(await update({ draftUid: uid, cc: ['one@example.com'] }), 'InvalidInputError');
    expect(issues).toEqual([{ path: 'input.to', message: expect.stringContaining('there are 101') }]);
    expect(await draftOf(uid)).toMatchObject({ revision: 1, cc: [] });
  });

  it('moves a draft to another account and to another context, or to none', async () => {
    const { invoiceId } = await createInvoice(t, tenant, 'INV-1');
    const other = `other-${tenant.email}`;
    const fromAccountUid = await createAccount(t, tenant.organizationId, other);
    const uid = await createDraft({ contexts: [{ type: 'invoice', uid: invoiceId }] });
    await update({ draftUid: uid, fromAccountUid });
    expect(await draftOf(uid)).toMatchObject({ fromEmail: other, contexts: [{ uid: invoiceId }] });
    await update({ draftUid: uid, contexts: null });
    expect(await draftOf(uid)).toMatchObject({ fromEmail: other, contexts: [] });
    await accepted(t, tenant, { draft: { draftUid: uid } });
    expect(onlyMail(t, maria).header('From')).toBe(`Billing <${other}>`);
  });

  it('of a revision that is past changes nothing and gives the draft as it is', async () => {
    const uid = await createDraft();
    await update({ draftUid: uid, subject: 'Mine', expectedRevision: 1 });
    const conflict = expectType(
      await update({ draftUid: uid, subject: 'Yours', expectedRevision: 1 }),
      'DraftConflictError',
    );
    expect(conflict).toMatchObject({ code: 'DRAFT_CONFLICT', current: { uid, revision: 2, subject: 'Mine' } });
    expect(conflict.message).toContain('revision 2');
    expect(await draftOf(uid)).toMatchObject({ revision: 2, subject: 'Mine' });
  });

  it('by two editors at once lets one of them win', async () => {
    const uid = await createDraft();
    const results = await Promise.all(
      ['A', 'B', 'C', 'D'].map((subject) => update({ draftUid: uid, subject, expectedRevision: 1 })),
    );
    const names = results.map(({ __typename }) => __typename).sort();
    expect(names).toEqual(['DraftConflictError', 'DraftConflictError', 'DraftConflictError', 'UpdateDraftPayload']);
  });

  it('of what was sent is a conflict without a current draft', async () => {
    const uid = await createDraft();
    await accepted(t, tenant, { draft: { draftUid: uid } });
    expect(expectType(await update({ draftUid: uid, subject: 'Late' }), 'DraftConflictError').current).toBeNull();
    expect(await record(t, tenant, uid)).toMatchObject({ subject: 'Reminder', status: 'SENT' });
  });
});

describe('deleteDraft', () => {
  it('removes the draft for good', async () => {
    const uid = await createDraft({ attachments: [FILE] });
    const { deleteDraft } = await query(t, tenant.key, DeleteDraft, { uid });
    expect(deleteDraft).toEqual({ __typename: 'DeleteDraftPayload', deletedId: `Draft_${uid}`, draftUid: uid });
    expect(await draftOf(uid)).toBeNull();
    expect((await query(t, tenant.key, DeleteDraft, { uid })).deleteDraft).toMatchObject({ entity: 'Draft', uid });
    expect(await send(t, tenant, { draft: { draftUid: uid } })).toMatchObject({ __typename: 'NotFoundError', uid });
  });

  it('keeps the delivery report about an earlier attempt', async () => {
    const uid = await createDraft();
    const conversationId = await insertConversation(t, tenant);
    const report = await insertMessage(t, tenant, { conversationId, answersEmailId: uid });
    expect((await query(t, tenant.key, DeleteDraft, { uid })).deleteDraft.__typename).toBe('DeleteDraftPayload');
    const { answersEmailId } = await t.app.db.emailMessage.findFirstOrThrow({ where: { id: report } });
    expect(answersEmailId).toBeNull();
  });

  it('does not touch what was sent, nor what another organization has', async () => {
    const uid = await createDraft();
    const stranger = await createTenant(t);
    expect((await query(t, stranger.key, DeleteDraft, { uid })).deleteDraft.__typename).toBe('NotFoundError');
    await accepted(t, tenant, { draft: { draftUid: uid } });
    expect((await query(t, tenant.key, DeleteDraft, { uid })).deleteDraft.__typename).toBe('DraftConflictError');
    expect((await record(t, tenant, uid)).status).toBe('SENT');
  });
});
