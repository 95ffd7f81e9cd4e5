import { beforeAll, describe, expect, it } from 'vitest';
import { upsertCustomer } from '../../src/contexts/upsert-customers.ts';
import { upsertInvoice } from '../../src/contexts/upsert-invoices.ts';
import { graphql } from '../generated/gql.ts';
import type { PrepareEmailInput, PreviewEmailInput } from '../generated/graphql.ts';
import { createTenant, expectType, query, request, type Tenant, useTestApp } from '../support/harness.ts';

const t = useTestApp({ env: { WORKER: 'off' }, now: () => new Date('2026-03-25T23:30:00Z') });

const DynamicFields = graphql(`
  query DynamicFields($contextType: String!) { dynamicFields(contextType: $contextType) { token label type } }
`);
const Prepare = graphql(`
  query Prepare($input: PrepareEmailInput!) {
    prepareEmail(input: $input) {
      __typename
      ... on RenderedEmail { subject bodyText bodyHtml problems { token kind message field offset length } }
      ... on InvalidInputError { issues { path message } }
      ... on NotFoundError { entity uid }
    }
  }
`);
const Preview = graphql(`
  query Preview($input: PreviewEmailInput!) {
    previewEmail(input: $input) {
      __typename
      ... on RenderedEmail { subject bodyText bodyHtml problems { token kind } }
      ... on InvalidInputError { issues { path message } }
      ... on NotFoundError { entity uid }
    }
  }
`);

let tenant: Tenant;
let invoice: { type: string; uid: string };
let customerUid: string;
beforeAll(async () => {
  tenant = await createTenant(t, 'prepare');
  const { pool } = t.app;
  customerUid = await upsertCustomer(pool, tenant.organizationId, {
    externalId: 'acme',
    name: `Acme & <Sons>`,
    email: 'billing@acme.com',
    contacts: [
      { email: 'first@acme.com' },
      { name: 'Jörg', email: 'joerg@acme.com', role: 'Accounting', isPrimary: true },
    ],
  });
  const uid = await upsertInvoice(pool, tenant.organizationId, {
    number: 'INV-2026-001',
    customerUid,
    status: 'OPEN',
    currency: 'USD',
    issueDate: '2026-01-15',
    dueDate: '2026-03-15',
    paidDate: '2026-03-20',
    subtotalCents: '190000',
    discountsCents: '10000',
    taxCents: '20000',
    creditNotesCents: '5000',
    totalCents: '200000',
    amountPaidCents: '50000',
    paymentLink: 'https://pay.example.com/INV-2026-001',
    collectionMethod: 'send_invoice',
  });
  invoice = { type: 'invoice', uid };
});

async function prepare(input: Partial<PrepareEmailInput>) {
  const whole = { context: invoice, subject: 's', bodyText: 'b', ...input };
  return (await query(t, tenant.key, Prepare, { input: whole })).prepareEmail;
}
async function rendered(bodyText: string, input: Partial<PrepareEmailInput> = {}) {
  return expectType(await prepare({ bodyText, ...input }), 'RenderedEmail');
}
async function preview(input: PreviewEmailInput) {
  return (await query(t, tenant.key, Preview, { input })).previewEmail;
}

describe('dynamicFields', () => {
  it.each(['invoice', 'customer'])('of %s all have a value in the sample', async (contextType) => {
    const { dynamicFields } = await query(t, tenant.key, DynamicFields, { contextType });
    expect(new Set(dynamicFields.map(({ token }) => token)).size).toBe(dynamicFields.length);
    for (const { token, label, type } of dynamicFields) {
      expect(token).toMatch(/^\{[a-z_]+\}$/);
      expect(label).not.toBe('');
      expect(type).toMatch(/^(?:str|date|currency|int|email|url)$/);
    }
    const bodyText = dynamicFields.map(({ token }) => token).join('\n');
    const shown = expectType(await preview({ contextType, bodyText }), 'RenderedEmail');
    expect(shown.problems).toEqual([]);
    expect(shown.bodyText).not.toMatch(/[{}]/);
  });

  it('of a kind that does not exist names the kinds', async () => {
    const { errors } = await request(t, tenant.key, DynamicFields, { contextType: 'order' });
    expect(errors).toMatchObject([{ extensions: { code: 'INVALID_INPUT' } }]);
    expect(errors[0]?.message).toContain('Must be one of: invoice, customer.');
  });
});

describe('prepareEmail', () => {
  it.each([
    ['{invoice_number}', 'INV-2026-001'],
    ['{issue_date}', 'January 15, 2026'],
    ['{due_date}', 'March 15, 2026'],
    ['{paid_date}', 'March 20, 2026'],
    ['{status}', 'overdue'],
    ['{currency}', 'USD'],
    ['{collection_method}', 'send_invoice'],
    ['{total_cents}', '$2,000.00'],
    ['{amount_due}', '$1,500.00'],
    ['{subtotal}', '$1,900.00'],
    ['{discounts}', '$100.00'],
    ['{tax_amount}', '$200.00'],
    ['{credit_notes}', '$50.00'],
    ['{amount_paid}', '$500.00'],
    ['{amount_remaining}', '$1,500.00'],
    ['{payment_link}', 'https://pay.example.com/INV-2026-001'],
    ['{days_overdue}', '10'],
    ['{age_in_days}', '69'],
    ['{client_name}', 'Acme & <Sons>'],
    ['{client_email}', 'billing@acme.com'],
    ['{contact_name}', 'Jörg'],
    ['{contact_email}', 'joerg@acme.com'],
    ['{contact_role}', 'Accounting'],
    ['{organization_name}', 'prepare'],
    ['{current_date}', 'March 25, 2026'],
    ['{invoice_count}', '1'],
    ['{invoice_list}', 'INV-2026-001, March 15, 2026, $1,500.00'],
    ['{total_amount_due}', '$1,500.00'],
  ])('fills %s with %s', async (token, value) => {
    expect(await rendered(token, { subject: token })).toMatchObject({ subject: value, bodyText: value, problems: [] });
  });

  it('writes dates and amounts in the locale, and reckons days in the time zone', async () => {
    const words = '{due_date} {amount_due} {current_date} {days_overdue}';
    const german = await rendered(words, { locale: 'de-DE', timeZone: 'Europe/Berlin' });
    expect(german.bodyText.replaceAll('\u00a0', ' ')).toBe('15. März 2026 1.500,00 $ 26. März 2026 11');
  });

  it('takes locale and time zone of the customer when none are given', async () => {
    const { pool } = t.app;
    const name = { externalId: 'zone', name: 'Zone' };
    const uid = await upsertCustomer(pool, tenant.organizationId, { ...name, locale: 'fr', timeZone: 'Asia/Tokyo' });
    const context = { type: 'customer', uid };
    expect((await rendered('{current_date}', { context })).bodyText).toBe('26 mars 2026');
    expect((await rendered('{current_date}', { context, locale: 'en', timeZone: 'UTC' })).bodyText).toBe(
      'March 25, 2026',
    );
  });

  it('makes HTML of the text, and escapes values in given HTML', async () => {
    const { bodyHtml } = await rendered('Dear {client_name},\n\n{payment_link}\n{invoice_list}');
    expect(bodyHtml).toContain('<p>Dear Acme &amp; &lt;Sons&gt;,</p>');
    expect(bodyHtml).toContain('<a href="https://pay.example.com/INV-2026-001">');
    expect(bodyHtml).toMatch(/<\/p>\n<table.*INV-2026-001.*<\/table>$/s);
    const html = await rendered('', { bodyHtml: '<a href="{payment_link}" title="{client_name}">{client_name}</a>' });
    expect(html.bodyHtml).toBe(
      '<a href="https://pay.example.com/INV-2026-001" title="Acme &amp; &lt;Sons&gt;">Acme &amp; &lt;Sons&gt;</a>',
    );
  });

  it('reports what it cannot fill, and fills the rest', async () => {
    const answer = await rendered('{invoice_number} {paid_dat}', {
      context: { type: 'customer', externalId: 'acme' },
      subject: 'To {client_name}: {nothing}',
      bodyHtml: '<p style="{client_name}">',
    });
    expect(answer).toMatchObject({
      subject: 'To Acme & <Sons>: {nothing}',
      bodyText: '{invoice_number} {paid_dat}',
      problems: [
        { token: '{nothing}', kind: 'UNKNOWN', field: 'subject', offset: 18, length: 9 },
        { token: '{invoice_number}', kind: 'UNKNOWN', field: 'bodyText', offset: 0, length: 16 },
        { token: '{paid_dat}', kind: 'UNKNOWN', field: 'bodyText', offset: 17, length: 10 },
        { token: '{client_name}', kind: 'FORBIDDEN_PLACE', field: 'bodyHtml', offset: 10, length: 13 },
      ],
    });
  });

  it('refuses unknown kinds, locales and time zones with every path, and entities of others', async () => {
    const wrong = await prepare({
      context: { type: 'order', uid: invoice.uid },
      locale: 'xx-nope!',
      timeZone: 'Mars/One',
    });
    expect(expectType(wrong, 'InvalidInputError').issues.map(({ path }) => path)).toEqual([
      'input.context.type',
      'input.locale',
      'input.timeZone',
    ]);
    const other = await createTenant(t);
    const { prepareEmail } = await query(t, other.key, Prepare, {
      input: { context: invoice, subject: '{client_name}', bodyText: '{client_name}' },
    });
    expect(prepareEmail).toMatchObject({ __typename: 'NotFoundError', entity: 'Invoice', uid: invoice.uid });
    const { previewEmail } = await query(t, other.key, Preview, {
      input: { contextType: 'invoice', contextUid: invoice.uid, bodyText: '{client_name}' },
    });
    expect(previewEmail).toMatchObject({ __typename: 'NotFoundError', entity: 'Invoice', uid: invoice.uid });
  });

  it('refuses words that the values make too long', async () => {
    const bodyText = '{invoice_list}'.repeat(100_000);
    expect(expectType(await prepare({ bodyText }), 'InvalidInputError').issues).toEqual([
      { path: 'input.bodyText', message: 'With the values, a body is longer than 2097152 bytes.' },
    ]);
  });

  it('takes two statements', async () => {
    await rendered('{client_name}');
    t.resetStatements();
    await rendered('{client_name} {invoice_list}');
    expect(t.statements().filter((statement) => !statement.includes('api_key'))).toHaveLength(2);
  });
});

describe('previewEmail', () => {
  it('shows sample data without an entity', async () => {
    const bodyText =
      '{invoice_number} {issue_date} {amount_due} {days_overdue} {client_name} {organization_name} {current_date}';
    expect(await preview({ contextType: 'invoice', subject: '{status}', bodyText })).toMatchObject({
      subject: 'overdue',
      bodyText: 'INV-2024-001 January 15, 2024 $1,500.00 10 Acme Corp My Company LLC March 25, 2024',
      problems: [],
    });
  });

  it('shows the values of an entity', async () => {
    const answer = await preview({ contextType: 'customer', contextUid: customerUid, bodyText: '{client_email}' });
    expect(answer).toMatchObject({ subject: '', bodyText: 'billing@acme.com' });
  });

  it('refuses an unknown kind', async () => {
    expect(await preview({ contextType: 'order', bodyText: '' })).toMatchObject({
      issues: [{ path: 'input.contextType', message: 'Must be one of: invoice, customer.' }],
    });
  });
});
