import { beforeAll, describe, expect, it } from 'vitest';
import { upsertCustomer } from '../../src/contexts/upsert-customers.ts';
import { graphql } from '../generated/gql.ts';
import type { UpsertInvoiceInput } from '../generated/graphql.ts';
import { createTenant, expectType, query, request, type Tenant, useTestApp } from '../support/harness.ts';
import { insertEmail } from '../support/rows.ts';

const UpsertInvoice = graphql(`
  mutation UpsertInvoice($input: UpsertInvoiceInput!) {
    upsertInvoice(input: $input) {
      __typename
      ... on UpsertInvoicePayload {
        invoice {
          uid number status currency issueDate dueDate paidDate paymentLink daysOverdue awaitingReply lastContactedAt
          total { cents formatted } amountPaid { cents } amountDue { cents formatted(locale: "de-DE") } customer { uid }
        }
      }
      ... on InvalidInputError { issues { path message } }
      ... on NotFoundError { entity uid }
    }
  }
`);
const UpsertInvoices = graphql(`
  mutation UpsertInvoices($inputs: [UpsertInvoiceInput!]!) {
    upsertInvoices(inputs: $inputs) {
      __typename
      ... on UpsertInvoicesPayload { invoices { number status total { cents } customer { externalId } } }
      ... on InvalidInputError { issues { path message } }
    }
  }
`);
const Counts = graphql(`
  query Counts($externalId: String!) {
    customer(externalId: $externalId) { lastContactedAt outboundEmails { totalCount } }
  }
`);

const app = useTestApp({ env: { WORKER: 'off' }, now: () => new Date('2026-02-01T12:00:00Z') });

let tenant: Tenant;
let customerUid: string;
beforeAll(async () => {
  tenant = await createTenant(app);
  customerUid = await upsertCustomer(app.app.pool, tenant.organizationId, { externalId: 'acme', name: 'Acme' });
  await upsertCustomer(app.app.pool, tenant.organizationId, { externalId: 'globex', name: 'Globex' });
});

const invoice = (rest: Partial<UpsertInvoiceInput> = {}): UpsertInvoiceInput => ({
  number: 'INV-1',
  customerUid,
  status: 'OPEN',
  currency: 'USD',
  issueDate: '2026-01-01',
  dueDate: '2026-01-15',
  subtotalCents: '150000',
  totalCents: '150000',
  ...rest,
});
const upsertOne = async (input: UpsertInvoiceInput) =>
  (await query(app, tenant.key, UpsertInvoice, { input })).upsertInvoice;
const upsertMany = async (inputs: UpsertInvoiceInput[]) =>
  (await query(app, tenant.key, UpsertInvoices, { inputs })).upsertInvoices;
const stored = async (input: UpsertInvoiceInput) => expectType(await upsertOne(input), 'UpsertInvoicePayload').invoice;
const issuesOf = async (input: UpsertInvoiceInput) =>
  expectType(await upsertOne(input), 'InvalidInputError').issues.map(({ path }) => path);
const count = (number: string) =>
  app.app.db.invoice.count({ where: { organizationId: tenant.organizationId, number } });

describe('upsertInvoice', () => {
  it('creates once, then changes what it is given and nothing else', async () => {
    const first = await stored(invoice({ amountPaidCents: '50000', paymentLink: 'https://pay.example/1' }));
    expect(first).toMatchObject({
      status: 'OVERDUE',
      daysOverdue: 17,
      issueDate: '2026-01-01',
      dueDate: '2026-01-15',
      paidDate: null,
      paymentLink: 'https://pay.example/1',
      amountDue: { cents: '100000', formatted: '1.000,00\u00a0$' },
      customer: { uid: customerUid },
      awaitingReply: false,
      lastContactedAt: null,
    });
    const paid = { status: 'PAID', paidDate: '2026-01-20' } as const;
    const closed = { daysOverdue: 0, amountPaid: { cents: '150000' }, amountDue: { cents: '0' } };
    expect(await stored({ number: 'INV-1', ...paid, amountPaidCents: '150000' })).toMatchObject({
      ...first,
      ...paid,
      ...closed,
    });
    expect(await stored({ number: 'INV-1', paidDate: null, paymentLink: null, amountPaidCents: null })).toMatchObject({
      status: 'PAID',
      paidDate: null,
      paymentLink: null,
      amountPaid: { cents: '0' },
      amountDue: { cents: '0' },
    });
    expect(await count('INV-1')).toBe(1);
  });

  it('counts what is owed from total and paid, until it is told otherwise', async () => {
    const number = 'INV-owed';
    const owed = async (input: Partial<UpsertInvoiceInput>) => (await stored({ number, ...input }))?.amountDue.cents;
    expect(await owed(invoice({ number, amountPaidCents: '200000' }))).toBe('0');
    expect(await owed({ amountDueCents: '7' })).toBe('7');
    expect(await owed({ status: 'OPEN' })).toBe('7');
    expect(await owed({ amountPaidCents: '100000' })).toBe('50000');
    expect(await owed({ totalCents: '99007199254740993' })).toBe('99007199254640993');
    expect(await owed({ amountDueCents: '0' })).toBe('0');
    expect(await owed({ amountDueCents: null })).toBe('99007199254640993');
  });

  it.each(['PAID', 'VOID'] as const)('owes nothing once it is %s, unless it is told otherwise', async (status) => {
    const number = `INV-${status}`;
    const owed = async (input: Partial<UpsertInvoiceInput>) => (await stored({ number, ...input }))?.amountDue.cents;
    expect(await owed(invoice({ number, amountPaidCents: '50000' }))).toBe('100000');
    expect(await owed({ status })).toBe('0');
    expect(await owed({ totalCents: '200000' })).toBe('0');
    expect(await owed({ amountDueCents: '30000' })).toBe('30000');
    expect(await owed({ status })).toBe('30000');
    expect(await owed({ status: 'OPEN' })).toBe('150000');
    expect(await owed(invoice({ number: `${number}-new`, status }))).toBe('0');
  });

  it('stores OPEN for OVERDUE, which the due date alone decides', async () => {
    expect(await stored(invoice({ number: 'INV-due', status: 'OVERDUE', dueDate: '2026-02-01' }))).toMatchObject({
      status: 'OPEN',
      daysOverdue: 0,
    });
    expect(await stored({ number: 'INV-due', dueDate: '2026-01-31' })).toMatchObject({
      status: 'OVERDUE',
      daysOverdue: 1,
    });
  });

  it('lets concurrent twins agree on one invoice', async () => {
    const twins = await Promise.all(Array.from({ length: 12 }, () => stored(invoice({ number: 'INV-twin' }))));
    expect(new Set(twins.map((twin) => twin?.uid)).size).toBe(1);
    expect(await count('INV-twin')).toBe(1);
  });

  it('reports every issue with its path', async () => {
    const bad = {
      number: '',
      customerUid: '0199aa11-2b3c-7def-8123-456789abcdef',
      currency: 'XXY',
      dueDate: '2025-12-31',
      paidDate: '2026-02-30',
      subtotalCents: '1.50',
      totalCents: '1e3',
      taxCents: '1000000000000000000',
      discountsCents: '-1',
      paymentLink: 'javascript:alert(1)',
    };
    const paths = Object.keys(bad).map((field) => `input.${field}`);
    expect((await issuesOf(invoice(bad))).toSorted()).toEqual(paths.toSorted());
    expect(await issuesOf(invoice({ number: 'a\0' }))).toEqual(['input.number']);
    expect(await issuesOf(invoice({ issueDate: '0000-01-01', paymentLink: 'https://a.example/\ud800' }))).toEqual([
      'input.issueDate',
      'input.paymentLink',
    ]);
  });

  it('says what a new invoice needs, and compares a date with the stored one', async () => {
    const needed = ['status', 'currency', 'issueDate', 'dueDate', 'subtotalCents', 'totalCents'];
    expect(await issuesOf({ number: 'INV-new' })).toEqual([
      'input.customerUid',
      ...needed.map((field) => `input.${field}`),
    ]);
    await stored(invoice({ number: 'INV-dates' }));
    expect(await issuesOf({ number: 'INV-dates', dueDate: '2025-12-31' })).toEqual(['input.dueDate']);
    expect(await issuesOf({ number: 'INV-dates', issueDate: '2026-01-16' })).toEqual(['input.issueDate']);
    expect(await issuesOf({ number: 'INV-dates', status: null })).toEqual(['input.status']);
  });

  it('finds the customer by uid or by externalId, and needs one that is there', async () => {
    const named = await stored(invoice({ number: 'INV-acme', customerUid: null, customerExternalId: 'acme' }));
    expect(named).toMatchObject({ customer: { uid: customerUid } });
    expect(await issuesOf(invoice({ customerExternalId: 'acme' }))).toEqual(['input.customerUid']);
    const unknown = '0199aa11-2b3c-7def-8123-456789abcdef';
    const answer = expectType(await upsertOne(invoice({ customerUid: unknown })), 'NotFoundError');
    expect(answer).toMatchObject({ entity: 'Customer', uid: unknown });
    const other = await createTenant(app);
    const theirs = await upsertCustomer(app.app.pool, other.organizationId, { externalId: 'theirs', name: 'Theirs' });
    expectType(await upsertOne(invoice({ customerUid: theirs })), 'NotFoundError');
  });
});

describe('upsertInvoices', () => {
  const many = (size: number, rest: Partial<UpsertInvoiceInput>) =>
    Array.from({ length: size }, (_, n) => invoice({ number: `M-${n}`, totalCents: String(n), ...rest }));

  it('stores a thousand in a few statements, and answers in their order', async () => {
    for (const change of [{}, { status: 'PAID' as const, customerUid: undefined, customerExternalId: 'globex' }]) {
      const inputs = many(1_000, change).toReversed();
      app.resetStatements();
      const { invoices } = expectType(await upsertMany(inputs), 'UpsertInvoicesPayload');
      expect(invoices?.map(({ number }) => number)).toEqual(inputs.map(({ number }) => number));
      expect(invoices?.[0]).toMatchObject({
        total: { cents: '999' },
        status: change.status ?? 'OVERDUE',
        customer: { externalId: change.customerExternalId ?? 'acme' },
      });
      expect(app.statements().length).toBeLessThanOrEqual(14);
    }
  });

  it('stores none when anything is wrong, and says all of it with its index', async () => {
    const inputs = [
      invoice({ number: 'A-1' }),
      invoice({ number: 'A-2', dueDate: '2025-01-01', totalCents: '-1' }),
      invoice({ number: 'A-1', customerUid: undefined, customerExternalId: 'nobody' }),
    ];
    const { issues } = expectType(await upsertMany(inputs), 'InvalidInputError');
    expect(issues).toEqual([
      { path: 'inputs.1.totalCents', message: 'Must not be negative.' },
      { path: 'inputs.1.dueDate', message: 'Must not be before issueDate.' },
      { path: 'inputs.2.number', message: 'Must differ from inputs.0.number.' },
      { path: 'inputs.2.customerExternalId', message: 'Customer "nobody" was not found.' },
    ]);
    expect(await count('A-1')).toBe(0);
  });

  it('takes the emails about an invoice along to its new customer', async () => {
    await upsertMany([invoice({ number: 'MOVED-1' }), invoice({ number: 'MOVED-2' })]);
    const about = await app.app.db.invoice.findMany({
      where: { organizationId: tenant.organizationId, number: { startsWith: 'MOVED' } },
      select: { id: true },
    });
    await insertEmail(app, tenant, { about: about.map(({ id }) => ({ type: 'invoice', id })) });
    await upsertMany(['MOVED-1', 'MOVED-2'].map((number) => ({ number, customerExternalId: 'globex' })));
    const globex = await query(app, tenant.key, Counts, { externalId: 'globex' });
    expect(globex.customer).toMatchObject({ outboundEmails: { totalCount: 1 } });
    expect(globex.customer?.lastContactedAt).not.toBeNull();
  });

  it('allows a thousand inputs', async () => {
    const { errors, data } = await request(app, tenant.key, UpsertInvoices, { inputs: many(1_001, {}) });
    expect(data).toBeNull();
    expect(errors).toMatchObject([{ extensions: { issues: [{ path: 'inputs' }] } }]);
  });
});

describe('Money.formatted', () => {
  it('refuses an unknown locale', async () => {
    await stored(invoice({ number: 'INV-locale' }));
    const ask = (locale: string) =>
      request<{ invoice: object | null }, object>(
        app,
        tenant.key,
        `{ invoice(number: "INV-locale") { total { formatted(locale: "${locale}") } } }`,
      );
    expect((await ask('fr')).data).toEqual({ invoice: { total: { formatted: '1\u202f500,00\u00a0$US' } } });
    const { data, errors } = await ask('de_DE');
    expect(data).toEqual({ invoice: null });
    expect(errors).toMatchObject([{ extensions: { code: 'INVALID_INPUT', issues: [{ path: 'locale' }] } }]);
  });
});
