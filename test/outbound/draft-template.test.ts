/** Drafts and scheduled emails with a template, whose words are filled when they leave. */
import { beforeEach, describe, expect, it } from 'vitest';
import { upsertCustomer } from '../../src/contexts/upsert-customers.ts';
import { upsertInvoice } from '../../src/contexts/upsert-invoices.ts';
import { findDraftToSend } from '../../src/outbound/draft-to-send.ts';
import { sendScheduled } from '../../src/outbound/schedule.ts';
import { sendStored } from '../../src/outbound/send.ts';
import type { CreateDraftInput, SendFreshInput } from '../generated/graphql.ts';
import {
  createInvoice,
  createKey,
  createTenant,
  expectType,
  query,
  type Tenant,
  useTestApp,
} from '../support/harness.ts';
import {
  accepted,
  callsOf,
  countRows,
  createRecipient,
  eventTypes,
  fetchSentCopy,
  fresh,
  onlyMail,
  parse,
  record,
  send,
} from '../support/mail.ts';
import { DAY_MS, inMs, scheduling } from '../support/scheduling.ts';
import { deleted, reminder, SaveTemplate, saved } from '../support/templates.ts';

const t = useTestApp();

let tenant: Tenant;
let maria: string;
let uid: string;
beforeEach(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
  await createInvoice(t, tenant, 'INV-1');
  ({ uid } = await saved(t, tenant));
});

const { create, createDraft, draftOf, expectNothingLeft, left, letLeaveNow, plan, runToItsEnd, update, updated } =
  scheduling(() => ({
    t,
    tenant,
    maria,
  }));

const ABOUT = { contexts: [{ type: 'invoice', externalId: 'INV-1' }] };
const templated = (changes: Partial<CreateDraftInput> = {}): Partial<CreateDraftInput> => ({
  subject: null,
  bodyText: null,
  template: { uid },
  ...ABOUT,
  ...changes,
});
const sendDraft = (draftUid: string, allowUnresolved = false) =>
  send(t, tenant, { draft: { draftUid, allowUnresolved } });

/** Changes the invoice: null clears. */
async function invoice(changes: { paidDate?: string | null; amountDueCents?: string }): Promise<void> {
  await upsertInvoice(t.app.pool, tenant.organizationId, { number: 'INV-1', ...changes });
}

/** An email that `sendEmail` has scheduled. */
async function schedule(changes: Partial<SendFreshInput> = {}): Promise<string> {
  const input = { fromAccountUid: tenant.accountId, to: [maria], template: { uid }, plannedSendAt: inMs(DAY_MS) };
  const { outboundEmail } = await accepted(t, tenant, { fresh: { ...input, ...ABOUT, ...changes } });
  expect(outboundEmail.status).toBe('SCHEDULED');
  return outboundEmail.uid;
}

describe('a draft with a template', () => {
  it('has no words until it is sent, with the values of then', async () => {
    const draftUid = await createDraft(templated());
    expect(await draftOf(draftUid)).toMatchObject({
      subject: '',
      bodyText: null,
      template: { version: 1, values: {}, template: { uid } },
    });
    await saved(t, tenant, { uid, subject: 'New: {invoice_number}' });
    await invoice({ amountDueCents: '7' });
    await accepted(t, tenant, { draft: { draftUid } });
    expect(await parse(onlyMail(t, maria))).toMatchObject({
      subject: 'New: INV-1',
      text: 'Dear Acme Corp, please pay $0.07.\n',
    });
    expect(await record(t, tenant, draftUid)).toMatchObject({
      subject: 'New: INV-1',
      bodyText: 'Dear Acme Corp, please pay $0.07.',
      template: { version: 2, values: { invoice_number: 'INV-1', amount_due: '$0.07' } },
    });
  });

  it('is found by the words that it has left with, whatever they are', async () => {
    await saved(t, tenant, { uid, bodyText: `Dear {client_name}, the client's note:important.` });
    const draftUid = await createDraft(templated());
    await accepted(t, tenant, { draft: { draftUid } });
    const { rows } = await t.app.pool.query<{ terms: string[] }>(
      'SELECT tsvector_to_array(terms) AS terms FROM outbound_email_search WHERE outbound_email_id = $1',
      [draftUid],
    );
    expect(rows[0]?.terms).toEqual(expect.arrayContaining(['acme', 'corp', 'important', maria, `to ${maria}`]));
  });

  it('is refused while tokens are left, stays as it is, and is sent with allowUnresolved', async () => {
    await saved(t, tenant, { uid, bodyText: 'Paid on {paid_date}.' });
    const draftUid = await createDraft(templated());
    const before = await draftOf(draftUid);
    expect(await sendDraft(draftUid)).toMatchObject({
      __typename: 'UnresolvedTokensError',
      retry: 'AFTER',
      problems: [{ token: '{paid_date}', kind: 'NO_VALUE' }],
    });
    expect(await draftOf(draftUid)).toEqual(before);
    await accepted(t, tenant, { draft: { draftUid, allowUnresolved: true } });
    expect((await parse(onlyMail(t, maria))).text).toBe('Paid on {paid_date}.\n');
  });

  it('can lose it, get another one, and have a subject of its own', async () => {
    const other = await saved(t, tenant, { name: 'Other', bodyText: 'Other {status}' });
    const draftUid = await createDraft(templated());
    await updated({ draftUid, template: { uid: other.uid } });
    await updated({ draftUid, subject: 'Mine' });
    await updated({ draftUid, to: [maria] });
    expect(await draftOf(draftUid)).toMatchObject({ subject: 'Mine', template: { template: { uid: other.uid } } });
    const refused = expectType(await update({ draftUid, bodyText: 'x' }), 'InvalidInputError');
    expect(refused.issues.map(({ path }) => path)).toEqual(['input.bodyText']);
    await updated({ draftUid, template: null, bodyText: 'Own words' });
    expect(await draftOf(draftUid)).toMatchObject({ subject: 'Mine', bodyText: 'Own words', template: null });
    await updated({ draftUid, template: { uid } });
    expect(await draftOf(draftUid)).toMatchObject({ subject: '', bodyText: null });
    await updated({ draftUid, subject: 'Mine again' });
    await accepted(t, tenant, { draft: { draftUid } });
    expect(await parse(onlyMail(t, maria))).toMatchObject({
      subject: 'Mine again',
      text: expect.stringMatching(/^Dear Acme Corp/),
    });
  });

  it('is refused with every path when the request does not fit', async () => {
    const wrong = templated({ template: { uid, locale: '?' }, bodyText: 'x' });
    const { issues } = expectType(await create(wrong), 'InvalidInputError');
    expect(issues.map(({ path }) => path)).toEqual(['input.template.locale', 'input.bodyText']);
    const version = expectType(await create(templated({ template: { uid, version: 2 } })), 'InvalidInputError');
    expect(version.issues).toMatchObject([{ path: 'input.template.version' }]);
    const other = await createTenant(t);
    const { uid: theirs } = await saved(t, other);
    expect(await create(templated({ template: { uid: theirs } }))).toMatchObject({ entity: 'Template', uid: theirs });
    const draftUid = await createDraft(templated({ contexts: [] }));
    expect(await sendDraft(draftUid)).toMatchObject({ issues: [{ path: 'input.draft.template.uid' }] });
  });

  it('keeps the subject of the thread that it replies in', async () => {
    const { outboundEmail } = await accepted(t, tenant, {
      fresh: { fromAccountUid: tenant.accountId, to: [maria], template: { uid }, ...ABOUT },
    });
    await saved(t, tenant, { uid, subject: 'Second reminder' });
    const reply = { fromAccountUid: null, replyToOutboundEmailUid: outboundEmail.uid };
    const draftUid = await createDraft(templated(reply));
    await accepted(t, tenant, { draft: { draftUid } });
    expect(await record(t, tenant, draftUid)).toMatchObject({ subject: 'Re: Invoice INV-1', threading: 'NATIVE' });
  });

  it('is filled again when Gmail has refused it', async () => {
    const draftUid = await createDraft(templated());
    t.sandbox.admin.fault({ call: 'drafts.create', effect: { kind: 'status', status: 400 } });
    expect(await sendDraft(draftUid)).toMatchObject({ __typename: 'SendRejectedError' });
    expect(await draftOf(draftUid)).toMatchObject({
      status: 'DRAFT',
      bodyText: 'Dear Acme Corp, please pay $1,500.00.',
    });
    await invoice({ amountDueCents: '5' });
    await accepted(t, tenant, { draft: { draftUid } });
    expect((await parse(onlyMail(t, maria))).text).toBe('Dear Acme Corp, please pay $0.05.\n');
  });
});

describe('a draft with words of its own', () => {
  it('is refused with a token of what it is about, when it is sent', async () => {
    const draftUid = await createDraft({ bodyText: 'Dear {client_name}', ...ABOUT });
    expect(await sendDraft(draftUid)).toMatchObject({ problems: [{ token: '{client_name}', kind: 'UNFILLED' }] });
    await accepted(t, tenant, { draft: { draftUid, allowUnresolved: true } });
  });

  it('is not scheduled with such a token', async () => {
    const asked = { bodyText: 'Dear {client_name}', ...ABOUT };
    const problems = [{ token: '{client_name}', kind: 'UNFILLED', field: 'bodyText' }];
    const refused = expectType(await create({ ...asked, plannedSendAt: inMs(DAY_MS) }), 'UnresolvedTokensError');
    expect(refused).toMatchObject({ retry: 'NEVER', problems });
    const draftUid = await createDraft(asked);
    const scheduling = { draftUid, plannedSendAt: inMs(DAY_MS) };
    expect(expectType(await update(scheduling), 'UnresolvedTokensError')).toMatchObject({ problems });
    expect(await draftOf(draftUid)).toMatchObject({ status: 'DRAFT', revision: 1 });
    await updated({ ...scheduling, bodyText: 'Dear Maria' });
    expect(expectType(await update({ draftUid, subject: '{client_name}' }), 'UnresolvedTokensError')).toMatchObject({
      problems: [{ field: 'subject' }],
    });
    expect(await draftOf(draftUid)).toMatchObject({ status: 'SCHEDULED', revision: 2 });
    expect(await countRows(t, tenant)).toBe(1);
  });

  it('goes back to a draft with the reason, when its conversation is about something at its time', async () => {
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria, ABOUT));
    await fetchSentCopy(t, tenant, outboundEmail.uid);
    const reply = { fromAccountUid: null, replyToOutboundEmailUid: outboundEmail.uid };
    const draftUid = await plan(DAY_MS, { ...reply, bodyText: 'Dear {client_name}' });
    await letLeaveNow(draftUid);
    await expect.poll(() => draftOf(draftUid)).toMatchObject({ status: 'DRAFT', plannedSendAt: null });
    const draft = await draftOf(draftUid);
    expect(draft?.lastFailure).toMatchObject({ code: 'UNRESOLVED_TOKENS', retry: 'AFTER' });
    expect(draft?.lastFailure?.message).toContain('{client_name}');
    expect(callsOf(t, tenant.email, 'drafts.send')).toBe(1);
    await updated({ draftUid, bodyText: 'Dear Maria' });
    await accepted(t, tenant, { draft: { draftUid } });
    expect(callsOf(t, tenant.email, 'drafts.send')).toBe(2);
  });
});

describe('a scheduled email with a template', () => {
  it('leaves once, with the values and the version of then', async () => {
    const emailUid = await schedule({ idempotencyKey: 'k' });
    expect(await record(t, tenant, emailUid)).toMatchObject({ subject: 'Invoice INV-1', template: { version: 1 } });
    await saved(t, tenant, { uid, subject: 'Now {invoice_number}' });
    await upsertCustomer(t.app.pool, tenant.organizationId, { externalId: 'customer-of-INV-1', name: 'Acme Inc' });
    await deleted(t, tenant, uid);
    await letLeaveNow(emailUid);
    await left(emailUid);
    expect(await parse(onlyMail(t, maria))).toMatchObject({
      subject: 'Now INV-1',
      text: expect.stringMatching(/^Dear Acme Inc/),
    });
    expect(await record(t, tenant, emailUid)).toMatchObject({
      template: { version: 2, values: { client_name: 'Acme Inc' } },
    });
    await runToItsEnd(emailUid);
    onlyMail(t, maria);
  });

  it('leaves once when two processes find its time come', async () => {
    const emailUid = await schedule();
    await t.app.pool.query('UPDATE outbound_email SET planned_send_at = now() WHERE id = $1', [emailUid]);
    const ref = { organizationId: tenant.organizationId, outboundEmailId: emailUid };
    await Promise.all(Array.from({ length: 5 }, () => sendScheduled(t.app, ref)));
    await left(emailUid);
    onlyMail(t, maria);
    expect(eventTypes(await record(t, tenant, emailUid))).toEqual(['CREATED', 'ACCEPTED', 'SENDING', 'SENT']);
  });

  it('is not changed by a process that has read it before it was edited', async () => {
    const draftUid = await plan(DAY_MS, templated());
    const ref = { organizationId: tenant.organizationId, outboundEmailId: draftUid };
    const draft = await findDraftToSend(t.app.pool, ref);
    if (draft === null) throw new Error('no draft');
    await updated({ draftUid, template: null, subject: 'Own', bodyText: 'Own words' });
    const how = { lane: 'scheduled', allowUnresolved: false } as const;
    expect(await sendStored(t.app, 'system', draft, how)).toBeNull();
    expect(await draftOf(draftUid)).toMatchObject({ status: 'SCHEDULED', subject: 'Own', bodyText: 'Own words' });
    expectNothingLeft();
  });

  it('keeps the chosen version, its subject, quote and signature', async () => {
    const { outboundEmail } = await accepted(t, tenant, {
      fresh: { fromAccountUid: tenant.accountId, to: [maria], template: { uid }, ...ABOUT },
    });
    const reply = { replyToOutboundEmailUid: outboundEmail.uid, template: { uid, version: 1 }, quote: true };
    const answer = await accepted(t, tenant, { reply: { ...reply, plannedSendAt: inMs(DAY_MS) } });
    await saved(t, tenant, { uid, bodyText: 'other' });
    await letLeaveNow(answer.outboundEmail.uid);
    const email = await left(answer.outboundEmail.uid);
    expect(email).toMatchObject({ subject: 'Re: Invoice INV-1', template: { version: 1 } });
    expect(email.bodyText).toMatch(/^Dear Acme Corp, .*\n\nOn .* wrote:\n> Dear Acme/s);
  });

  it('goes back to a draft with the reason when it cannot be filled, and can be sent by hand', async () => {
    const emailUid = await schedule({ idempotencyKey: 'k', cancelWhen: ['CONTEXT_CLOSED'] });
    await saved(t, tenant, { uid, bodyText: 'Paid on {paid_date}.' });
    await letLeaveNow(emailUid);
    await expect.poll(() => draftOf(emailUid)).toMatchObject({ status: 'DRAFT', plannedSendAt: null });
    const draft = await draftOf(emailUid);
    expect(draft?.lastFailure).toMatchObject({ code: 'UNRESOLVED_TOKENS', retry: 'AFTER' });
    expect(draft?.lastFailure?.message).toContain('{paid_date}');
    expect(eventTypes(await record(t, tenant, emailUid)).at(-1)).toBe('REFUSED');
    await runToItsEnd(emailUid);
    expectNothingLeft();

    const again = {
      fromAccountUid: tenant.accountId,
      to: [maria],
      template: { uid },
      plannedSendAt: inMs(DAY_MS),
      ...ABOUT,
    };
    const { plannedSendAt } = await record(t, tenant, emailUid);
    expect(plannedSendAt).toBeNull();
    const other = await send(t, tenant, { fresh: { ...again, idempotencyKey: 'k' } });
    expect(other.__typename).toBe('IdempotencyConflictError');
    await invoice({ paidDate: '2026-02-01' });
    await accepted(t, tenant, { draft: { draftUid: emailUid } });
    expect((await parse(onlyMail(t, maria))).text).toBe('Paid on February 1, 2026.\n');
  });

  it('is canceled instead when a condition keeps it from leaving', async () => {
    const emailUid = await schedule({ cancelWhen: ['CONTEXT_CLOSED'] });
    await saved(t, tenant, { uid, bodyText: 'Please pay at {payment_link}.' });
    await upsertInvoice(t.app.pool, tenant.organizationId, { number: 'INV-1', status: 'PAID' });
    await letLeaveNow(emailUid);
    await expect
      .poll(() => record(t, tenant, emailUid))
      .toMatchObject({ status: 'CANCELED', canceledBecause: 'CONTEXT_CLOSED' });
    expectNothingLeft();
  });

  it('leaves with the tokens that are left, when that was allowed', async () => {
    await saved(t, tenant, { uid, bodyText: 'Paid on {paid_date}.' });
    const emailUid = await schedule({ allowUnresolved: true });
    await letLeaveNow(emailUid);
    await left(emailUid);
    expect((await parse(onlyMail(t, maria))).text).toBe('Paid on {paid_date}.\n');
  });

  it('is refused at once when it cannot be filled now', async () => {
    await saved(t, tenant, { uid, bodyText: '{nothing}' });
    const input = { fromAccountUid: tenant.accountId, to: [maria], template: { uid }, plannedSendAt: inMs(DAY_MS) };
    expect(await send(t, tenant, { fresh: { ...input, ...ABOUT } })).toMatchObject({
      __typename: 'UnresolvedTokensError',
    });
  });

  it('keeps the words of its template from keys that may not send', async () => {
    const writer = await createKey(t, tenant.organizationId, ['drafts:write', 'email:read']);
    const save = (key: string) => query(t, key, SaveTemplate, { input: reminder({ uid, subject: 'Other' }) });
    const emailUid = await schedule({ template: { uid, version: 1 } });
    expectType((await save(writer)).saveTemplate, 'SaveTemplatePayload');
    await schedule();
    await expect(save(writer)).rejects.toThrow('email:send');
    expectType((await save(tenant.key)).saveTemplate, 'SaveTemplatePayload');
    expect(await record(t, tenant, emailUid)).toMatchObject({ template: { version: 1 } });
  });
});
