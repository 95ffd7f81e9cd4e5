import { beforeEach, describe, expect, it } from 'vitest';
import { upsertCustomer } from '../../src/contexts/upsert-customers.ts';
import { upsertInvoice } from '../../src/contexts/upsert-invoices.ts';
import type { SendFreshInput } from '../generated/graphql.ts';
import {
  createInvoice,
  createKey,
  createTenant,
  expectType,
  request,
  type Tenant,
  useTestApp,
} from '../support/harness.ts';
import { accepted, createRecipient, fetchSentCopy, issuesOf, onlyMail, parse, record, send } from '../support/mail.ts';
import { deleted, saved } from '../support/templates.ts';

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

const INVOICE = { type: 'invoice', externalId: 'INV-1' };

/** A sound request with a template, changed as the test needs it. */
function templated(changes: Partial<SendFreshInput> = {}) {
  const input = { fromAccountUid: tenant.accountId, to: [maria], contexts: [INVOICE], template: { uid } };
  return { fresh: { ...input, ...changes } };
}

describe('a new email with a template', () => {
  it('leaves with the values of its invoice, which the record keeps', async () => {
    const { outboundEmail } = await accepted(t, tenant, templated());
    const mail = await parse(onlyMail(t, maria));
    expect(mail).toMatchObject({ subject: 'Invoice INV-1', text: 'Dear Acme Corp, please pay $1,500.00.\n' });
    expect(mail.html).toContain('<p>Dear Acme Corp, please pay $1,500.00.</p>');
    await saved(t, tenant, { uid, subject: 'changed since' });
    await deleted(t, tenant, uid);
    expect(await record(t, tenant, outboundEmail.uid)).toMatchObject({
      subject: 'Invoice INV-1',
      bodyText: 'Dear Acme Corp, please pay $1,500.00.',
      template: {
        version: 1,
        values: { invoice_number: 'INV-1', client_name: 'Acme Corp', amount_due: '$1,500.00' },
        template: { uid, name: 'Reminder', locale: null },
      },
    });
  });

  it('takes the chosen version, locale and time zone, and a subject of its own', async () => {
    await saved(t, tenant, { uid, subject: 'new' });
    const template = { uid, version: 1, locale: 'de-DE', timeZone: 'Europe/Berlin' };
    const { outboundEmail } = await accepted(t, tenant, templated({ template, subject: 'Mine' }));
    const email = await record(t, tenant, outboundEmail.uid);
    expect(email).toMatchObject({ subject: 'Mine', template: { version: 1 } });
    expect(email.bodyText?.replaceAll('\u00a0', ' ')).toBe('Dear Acme Corp, please pay 1.500,00 $.');
  });

  it('takes the version in the language of the customer, or else that for all languages', async () => {
    await saved(t, tenant, { uid, locale: 'de', subject: 'Rechnung {invoice_number}' });
    await saved(t, tenant, { uid, locale: 'de-CH', subject: 'Schweizer Rechnung' });
    const subjectFor = async (locale: string | null) => {
      const acme = { externalId: 'customer-of-INV-1', name: 'Acme Corp', locale };
      await upsertCustomer(t.app.pool, tenant.organizationId, acme);
      const { outboundEmail } = await accepted(t, tenant, templated());
      return (await record(t, tenant, outboundEmail.uid)).subject;
    };
    expect(await subjectFor(null)).toBe('Invoice INV-1');
    expect(await subjectFor('fr')).toBe('Invoice INV-1');
    expect(await subjectFor('de-AT')).toBe('Rechnung INV-1');
    expect(await subjectFor('de-CH')).toBe('Schweizer Rechnung');
  });

  it('lists several invoices with totals for each currency', async () => {
    const customer = { externalId: 'globex', name: 'Globex' };
    const customerUid = await upsertCustomer(t.app.pool, tenant.organizationId, customer);
    for (const [number, currency, cents] of [
      ['INV-2', 'EUR', '30000'],
      ['INV-3', 'USD', '1'],
    ] as const) {
      const dates = { issueDate: '2026-01-01', dueDate: '2026-02-01' };
      const amounts = { currency, subtotalCents: cents, totalCents: cents };
      await upsertInvoice(t.app.pool, tenant.organizationId, {
        number,
        customerUid,
        status: 'OPEN',
        ...dates,
        ...amounts,
      });
    }
    await saved(t, tenant, { uid, bodyText: '{invoice_count}: {total_amount_due}\n{invoice_list}' });
    const contexts = ['INV-1', 'INV-2', 'INV-3'].map((externalId) => ({ type: 'invoice', externalId }));
    const { outboundEmail } = await accepted(t, tenant, templated({ contexts }));
    const { bodyText, bodyHtml, subject } = await record(t, tenant, outboundEmail.uid);
    expect(subject).toBe('Invoice INV-1');
    expect(bodyText).toBe(`3: $1,500.01 and €300.00
INV-1, January 15, 2026, $1,500.00
INV-2, February 1, 2026, €300.00
INV-3, February 1, 2026, $0.01`);
    expect(bodyHtml?.match(/<tr>/g)).toHaveLength(3);
  });

  it('is about the customer of its invoice, for a template about customers', async () => {
    const words = { subject: 'Hello {client_name}', bodyText: '{client_email}' };
    const { uid: customers } = await saved(t, tenant, { name: 'Hello', contextType: 'customer', ...words });
    const { outboundEmail } = await accepted(t, tenant, templated({ template: { uid: customers } }));
    expect(await record(t, tenant, outboundEmail.uid)).toMatchObject({ subject: 'Hello Acme Corp' });
  });

  it('is one email for one key, whatever the template says meanwhile', async () => {
    const first = await accepted(t, tenant, templated({ idempotencyKey: 'k' }));
    await saved(t, tenant, { uid, subject: 'changed since' });
    const again = await accepted(t, tenant, templated({ idempotencyKey: 'k', allowUnresolved: true }));
    expect(again).toMatchObject({ replayed: true, outboundEmail: { uid: first.outboundEmail.uid } });
    onlyMail(t, maria);
    const other = await send(t, tenant, templated({ idempotencyKey: 'k', template: { uid, version: 2 } }));
    expect(other).toMatchObject({ __typename: 'IdempotencyConflictError', differingFields: ['template'] });
  });

  it('is refused while a token has no value or is unknown, unless it may be left', async () => {
    await saved(t, tenant, { uid, bodyText: 'Paid on {paid_date}, {paid_dat}.' });
    const refused = await send(t, tenant, templated());
    expect(refused).toMatchObject({
      __typename: 'UnresolvedTokensError',
      code: 'UNRESOLVED_TOKENS',
      retry: 'AFTER',
      problems: [
        { token: '{paid_date}', kind: 'NO_VALUE', field: 'bodyText', offset: 8, length: 11 },
        { token: '{paid_dat}', kind: 'UNKNOWN', field: 'bodyText', offset: 21, length: 10 },
      ],
    });
    expect(t.sandbox.admin.messages(maria)).toEqual([]);
    await accepted(t, tenant, templated({ allowUnresolved: true }));
    expect((await parse(onlyMail(t, maria))).text).toBe('Paid on {paid_date}, {paid_dat}.\n');
  });

  it('shows no values to a key that may not read', async () => {
    const key = await createKey(t, tenant.organizationId, ['email:send']);
    const operation = `mutation($input: SendEmailInput!) { sendEmail(input: $input) {
      ... on SendEmailPayload { outboundEmail { status subject bodyText template { values } } }
    } }`;
    const { data } = await request(t, key, operation, { input: templated() });
    expect(data).toEqual({
      sendEmail: { outboundEmail: { status: 'SENT', subject: '', bodyText: null, template: null } },
    });
  });

  it('may have values that look like tokens', async () => {
    await upsertCustomer(t.app.pool, tenant.organizationId, {
      externalId: 'customer-of-INV-1',
      name: '{invoice_number}',
    });
    const { outboundEmail } = await accepted(t, tenant, templated());
    expect((await record(t, tenant, outboundEmail.uid)).bodyText).toContain('Dear {invoice_number},');
  });

  it('is refused with every path when the request does not fit', async () => {
    const wrong = { template: { uid, locale: '?', timeZone: 'Mars' }, bodyText: 'x', bodyHtml: 'y' };
    expect(await issuesOf(t, tenant, templated(wrong))).toEqual([
      'input.fresh.template.locale: Must be a language tag of BCP 47, such as de-DE.',
      'input.fresh.template.timeZone: Must be a name of the IANA time zone database, such as Europe/Berlin.',
      'input.fresh.bodyText: Omit it: the template supplies the bodies. To write them yourself, set template to null.',
      'input.fresh.bodyHtml: Omit it: the template supplies the bodies. To write them yourself, set template to null.',
    ]);
    for (const version of [0, 2, -2_147_483_648]) {
      expect(await issuesOf(t, tenant, templated({ template: { uid, version } }))).toEqual([
        'input.fresh.template.version: Must be from 1 to 1, the newest version.',
      ]);
    }
    expect(await issuesOf(t, tenant, templated({ contexts: [] }))).toEqual([
      'input.fresh.template.uid: The template is for emails about an entity of the kind invoice: name one in contexts.',
    ]);
    expect(await issuesOf(t, tenant, templated({ template: null }))).toEqual([
      'input.fresh.subject: Must be 1 to 998 characters.',
      'input.fresh.bodyText: Give bodyText or bodyHtml, or an attachment; an email without text has the bodyText "".',
    ]);
  });

  it('does not find the template of another organization, nor one that was deleted', async () => {
    const other = await createTenant(t);
    const { uid: theirs } = await saved(t, other);
    const answer = await send(t, tenant, templated({ template: { uid: theirs } }));
    expect(answer).toMatchObject({ __typename: 'NotFoundError', entity: 'Template', uid: theirs });
    await deleted(t, tenant, uid);
    expect(await send(t, tenant, templated())).toMatchObject({ __typename: 'NotFoundError', entity: 'Template', uid });
  });

  it('is refused when the filled subject is too long', async () => {
    await saved(t, tenant, { uid, subject: `${'x'.repeat(980)}{client_name}` });
    const acme = { externalId: 'customer-of-INV-1', name: 'A name of thirty characters or so' };
    await upsertCustomer(t.app.pool, tenant.organizationId, acme);
    expect(await issuesOf(t, tenant, templated())).toEqual(['input.fresh.subject: Must be 1 to 998 characters.']);
  });
});

describe('a reply with a template', () => {
  it('keeps the subject of the thread, and has quote and signature below the words', async () => {
    const { outboundEmail } = await accepted(t, tenant, templated());
    const { conversation } = await fetchSentCopy(t, tenant, outboundEmail.uid);
    const reply = { replyToOutboundEmailUid: outboundEmail.uid, template: { uid }, quote: true };
    const answer = expectType(await send(t, tenant, { reply }), 'SendEmailPayload');
    const email = await record(t, tenant, answer.outboundEmail.uid);
    expect(email).toMatchObject({
      subject: 'Re: Invoice INV-1',
      conversation: { uid: conversation.uid },
      threading: 'NATIVE',
      template: { version: 1 },
    });
    expect(email.bodyText).toMatch(/^Dear Acme Corp, please pay \$1,500\.00\.\n\nOn .* wrote:\n> Dear Acme Corp/);
    expect(email.bodyHtml).toMatch(/<blockquote/);
  });
});

describe('an email with words of its own', () => {
  const fresh = (changes: Partial<SendFreshInput>) =>
    templated({ template: null, subject: 'Hello', bodyText: 'Hello', ...changes });

  it('is refused with a token of what it is about, known or misspelt', async () => {
    const answer = await send(
      t,
      tenant,
      fresh({ subject: 'Invoice {invoice_number}', bodyText: 'Dear {Client Name}', bodyHtml: '<p>{client_nmae}</p>' }),
    );
    expect(answer).toMatchObject({
      __typename: 'UnresolvedTokensError',
      retry: 'NEVER',
      problems: [
        { token: '{invoice_number}', kind: 'UNFILLED', field: 'subject', offset: 8 },
        { token: '{Client Name}', kind: 'UNKNOWN', field: 'bodyText', offset: 5 },
        { token: '{client_nmae}', kind: 'UNKNOWN', field: 'bodyHtml', offset: 3 },
      ],
    });
    expect(t.sandbox.admin.messages(maria)).toEqual([]);
    await accepted(t, tenant, fresh({ bodyText: '{invoice_number}', allowUnresolved: true }));
  });

  it.each([
    ['tags', '<p>No. {invoice_<b>number</b>}</p>', 7],
    ['character references', '<p>No. &#123;invoice_number&rbrace;</p>', 7],
  ])('is refused with a token that %s interrupt, also in a template', async (_what, bodyHtml, offset) => {
    const problems = [{ token: '{invoice_number}', kind: 'SPLIT', field: 'bodyHtml', offset }];
    expect(await send(t, tenant, fresh({ bodyHtml }))).toMatchObject({ retry: 'NEVER', problems });
    await saved(t, tenant, { uid, bodyHtml });
    expect(await send(t, tenant, templated())).toMatchObject({ retry: 'AFTER', problems });
    expect(t.sandbox.admin.messages(maria)).toEqual([]);
  });

  it.each([
    ['JSON', '{"invoice_number": "INV-1", "a": {"b": [1]}}'],
    ['code', 'const f = (x) => { return x }; `/users/{user_id}`'],
    ['CSS', '<style>@media print{p{color:red}}</style>'],
  ])('may have %s', async (_what, words) => {
    await accepted(t, tenant, fresh({ bodyText: words, bodyHtml: words }));
    onlyMail(t, maria);
  });

  it('may have anything when it is about nothing', async () => {
    await accepted(t, tenant, fresh({ contexts: [], bodyText: '{invoice_number}' }));
  });
});
