/** What makes mail leave, or another mail, or at another time, needs `email:send`: `drafts:write` alone schedules nothing. */
import { isInputObjectType } from 'graphql';
import { beforeEach, describe, expect, it } from 'vitest';
import { schema } from '../../src/schema/index.ts';
import type { CreateDraftInput, SendEmailMutation, UpdateDraftInput } from '../generated/graphql.ts';
import { SendEmail } from '../support/documents.ts';
import {
  createAccount,
  createInvoice,
  createKey,
  createTenant,
  expectType,
  lockAwaited,
  query,
  request,
  type Tenant,
  useTestApp,
} from '../support/harness.ts';
import { createRecipient } from '../support/mail.ts';
import { insertConversation, insertMessage } from '../support/rows.ts';
import { DAY_MS, inMs } from '../support/scheduling.ts';
import { CreateDraft, DeleteDraft, UpdateDraft } from '../support/send-documents.ts';
import { saved } from '../support/templates.ts';

let tenant: Tenant;
let maria: string;
let writer: string;
let both: string;

const t = useTestApp();
beforeEach(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
  writer = await createKey(t, tenant.organizationId, [
    'drafts:write',
    'email:read',
    'contexts:write',
    'accounts:manage',
  ]);
  both = await createKey(t, tenant.organizationId, ['drafts:write', 'email:send']);
});

const complete = (): CreateDraftInput => ({
  fromAccountUid: tenant.accountId,
  to: [maria],
  subject: 'Reminder',
  bodyText: 'Soon.',
});

async function create(key: string, input: CreateDraftInput): Promise<string> {
  return expectType((await query(t, key, CreateDraft, { input })).createDraft, 'CreateDraftPayload').draft.uid;
}

/** All that is stored of the tenant's emails and their jobs. */
async function stored(): Promise<unknown> {
  const { rows } = await t.app.pool.query(
    `SELECT e::text AS email, j.key, j.run_at, (SELECT count(*) FROM outbound_email_event v WHERE v.outbound_email_id = e.id) AS events
     FROM outbound_email e LEFT JOIN graphile_worker.jobs j ON j.key = 'deliver:' || e.id WHERE e.organization_id = $1`,
    [tenant.organizationId],
  );
  return rows;
}

/** Expects that nothing happens, and that the scope is named. */
async function expectForbidden(
  document: typeof CreateDraft | typeof UpdateDraft | typeof DeleteDraft | typeof SendEmail,
  variables: object,
) {
  const before = await stored();
  const { data, errors } = await request<unknown, object>(t, writer, String(document), variables);
  expect(data).toBeNull();
  expect(errors).toMatchObject([
    { message: expect.stringContaining('email:send'), extensions: { code: 'FORBIDDEN', retry: 'NEVER' } },
  ]);
  expect(await stored()).toEqual(before);
}

function fieldsOf(name: string): string[] {
  const type = schema.getType(name);
  if (!isInputObjectType(type)) throw new Error(`${name} is no input`);
  return Object.keys(type.getFields());
}

describe('createDraft with plannedSendAt', () => {
  it('is for keys that may send', async () => {
    await expectForbidden(CreateDraft, { input: { ...complete(), plannedSendAt: inMs(DAY_MS) } });
    const conversationId = await insertConversation(t, tenant);
    const replyToMessageUid = await insertMessage(t, tenant, { conversationId, messageId: '<m@acme.example>' });
    const { fromAccountUid: _, ...content } = complete();
    await expectForbidden(CreateDraft, { input: { ...content, replyToMessageUid, plannedSendAt: inMs(DAY_MS) } });
    await create(both, { ...complete(), plannedSendAt: inMs(DAY_MS) });
  });

  it('is judged before anything else: neither what is wrong nor what is there is told', async () => {
    await expectForbidden(CreateDraft, { input: { to: ['nobody'], plannedSendAt: inMs(-DAY_MS) } });
  });

  it('that is null is an ordinary draft', async () => {
    await create(writer, { ...complete(), plannedSendAt: null });
  });
});

describe('updateDraft', () => {
  /** A change of each field that there is. */
  const changes: Record<keyof Omit<UpdateDraftInput, 'draftUid'>, () => unknown> = {
    expectedRevision: () => 1,
    fromAccountUid: () => createAccount(t, tenant.organizationId, `other@${tenant.email.split('@')[1]}`),
    fromAlias: () => tenant.email,
    to: () => ['stranger@evil.example'],
    cc: () => ['stranger@evil.example'],
    bcc: () => ['stranger@evil.example'],
    replyTo: () => ['stranger@evil.example'],
    subject: () => 'Other',
    bodyText: () => 'Other.',
    bodyHtml: () => '<p>Other.</p>',
    attachments: () => [{ filename: 'x.txt', contentType: 'text/plain', dataBase64: 'eA==' }],
    contexts: async () => [{ type: 'invoice', uid: (await createInvoice(t, tenant, 'INV-1')).invoiceId }],
    plannedSendAt: () => inMs(2 * DAY_MS),
    cancelWhen: () => ['REPLIED'],
    template: async () => ({ uid: (await saved(t, tenant)).uid }),
  };

  it('is tested with every field', () => {
    expect([...Object.keys(changes), 'draftUid'].toSorted()).toEqual(fieldsOf('UpdateDraftInput').toSorted());
  });

  it.each(Object.keys(changes))('of %s, of a SCHEDULED draft, needs email:send', async (field) => {
    const draftUid = await create(both, { ...complete(), plannedSendAt: inMs(DAY_MS) });
    const value = await changes[field as keyof typeof changes]();
    await expectForbidden(UpdateDraft, { input: { draftUid, [field]: value } });
    const input = { draftUid, [field]: value };
    expectType((await query(t, both, UpdateDraft, { input })).updateDraft, 'UpdateDraftPayload');
  });

  it.each([
    ['nothing at all', {}],
    ['its time, to none', { plannedSendAt: null }],
    ['its time, to one that is past', { plannedSendAt: '2020-01-01T00:00:00Z' }],
    ['its recipients, to none', { to: null, cc: null, bcc: null }],
    ['a revision that it does not have', { expectedRevision: 9 }],
  ])('of %s, of a SCHEDULED draft, needs email:send', async (_what, change) => {
    const draftUid = await create(both, { ...complete(), plannedSendAt: inMs(DAY_MS) });
    await expectForbidden(UpdateDraft, { input: { draftUid, ...change } });
  });

  it('that gives a draft a time needs email:send, and nothing else does', async () => {
    const draftUid = await create(writer, complete());
    await expectForbidden(UpdateDraft, { input: { draftUid, plannedSendAt: inMs(DAY_MS) } });
    for (const [field, change] of Object.entries(changes)) {
      // Conditions belong to a time.
      if (['plannedSendAt', 'expectedRevision', 'cancelWhen'].includes(field)) continue;
      const input = { draftUid, [field]: await change() };
      expectType((await query(t, writer, UpdateDraft, { input })).updateDraft, 'UpdateDraftPayload');
    }
    const input = { draftUid, plannedSendAt: null };
    expectType((await query(t, writer, UpdateDraft, { input })).updateDraft, 'UpdateDraftPayload');
  });

  it('of a draft that is scheduled at the same moment waits for what the database decides', async () => {
    const draftUid = await create(writer, complete());
    const holder = await t.app.pool.connect();
    try {
      await holder.query('BEGIN');
      await holder.query(
        `UPDATE outbound_email SET status = 'SCHEDULED', planned_send_at = now() + interval '1 day' WHERE id = $1`,
        [draftUid],
      );
      const answer = request(t, writer, UpdateDraft, { input: { draftUid, to: ['stranger@evil.example'] } });
      await lockAwaited(t);
      await holder.query('COMMIT');
      expect((await answer).errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    } finally {
      holder.release();
    }
    expect(await t.app.db.outboundEmail.findFirst({ where: { id: draftUid } })).toMatchObject({
      to: [maria],
      revision: 1,
    });
  });
});

describe('deleteDraft', () => {
  it('of a SCHEDULED draft needs email:send: it decides that the mail does not leave', async () => {
    const uid = await create(both, { ...complete(), plannedSendAt: inMs(DAY_MS) });
    await expectForbidden(DeleteDraft, { uid });
    expectType((await query(t, both, DeleteDraft, { uid })).deleteDraft, 'DeleteDraftPayload');
  });

  it('of any other draft does not', async () => {
    const uid = await create(writer, complete());
    expectType((await query(t, writer, DeleteDraft, { uid })).deleteDraft, 'DeleteDraftPayload');
  });
});

describe('sendEmail with plannedSendAt', () => {
  it.each(['fresh', 'reply'] as const)('as %s is for keys that may send', async (mode) => {
    const conversationId = await insertConversation(t, tenant);
    const replyToMessageUid = await insertMessage(t, tenant, { conversationId, messageId: '<m@acme.example>' });
    const { fromAccountUid, ...content } = complete();
    const from = mode === 'fresh' ? { fromAccountUid } : { replyToMessageUid };
    const input = { [mode]: { ...from, ...content, plannedSendAt: inMs(DAY_MS) } };
    await expectForbidden(SendEmail, { input });
    const { data } = await request<SendEmailMutation, object>(t, both, String(SendEmail), { input });
    expect(data?.sendEmail).toMatchObject({ outboundEmail: { status: 'SCHEDULED' } });
  });
});

it('is known of every input that has a time at which mail leaves', () => {
  const inputs = Object.values(schema.getTypeMap()).filter(isInputObjectType);
  const timed = inputs.filter((type) => 'plannedSendAt' in type.getFields()).map(({ name }) => name);
  expect(timed.toSorted()).toEqual(['CreateDraftInput', 'SendFreshInput', 'SendReplyInput', 'UpdateDraftInput']);
});
