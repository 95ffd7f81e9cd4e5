import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { daysOverdue } from '../src/contexts/invoice.ts';
import { formatMoney } from '../src/contexts/money.ts';
import { SendEmail } from './support/documents.ts';
import { graphql } from './generated/gql.ts';
import type { UpsertCustomerInput, UpsertInvoiceInput } from './generated/graphql.ts';
import {
  createInvoice,
  createTenant,
  eventually,
  expectType,
  query,
  receive,
  startTestApp,
  type Tenant,
  type TestApp,
} from './support/harness.ts';

const UpsertCustomer = graphql(`
  mutation UpsertCustomer($input: UpsertCustomerInput!) {
    upsertCustomer(input: $input) {
      __typename
      ... on UpsertCustomerPayload { customer { uid externalId name email } }
      ... on InvalidInputError { issues { path message } }
    }
  }
`);
const UpsertInvoice = graphql(`
  mutation UpsertInvoice($input: UpsertInvoiceInput!) {
    upsertInvoice(input: $input) {
      __typename
      ... on UpsertInvoicePayload {
        invoice {
          uid number status currency paidDate paymentLink daysOverdue awaitingReply lastContactedAt
          total { cents formatted } amountPaid { cents } amountDue { cents formatted } customer { uid }
        }
      }
      ... on InvalidInputError { issues { path message } }
      ... on NotFoundError { entity uid }
    }
  }
`);
const InvoiceState = graphql(`
  query InvoiceState($uid: UUID!) {
    invoice(uid: $uid) {
      lastContactedAt awaitingReply
      conversations { edges { node { uid hasReply isRead messageCount snippet participants messages { edges { node { uid direction } } } } } }
    }
  }
`);

let app: TestApp;
let tenant: Tenant;

beforeAll(async () => {
  app = await startTestApp();
  tenant = await createTenant(app);
});
afterAll(() => app.close());

const upsertCustomer = async (input: UpsertCustomerInput) =>
  (await query(app, tenant.key, UpsertCustomer, { input })).upsertCustomer;
const upsertInvoice = async (input: UpsertInvoiceInput) =>
  (await query(app, tenant.key, UpsertInvoice, { input })).upsertInvoice;

async function stored(table: 'customer' | 'invoice', column: string, value: string): Promise<number> {
  const { rows } = await app.app.pool.query<{ count: string }>(
    `SELECT count(*) FROM ${table} WHERE organization_id = $1 AND ${column} = $2`,
    [tenant.organizationId, value],
  );
  return Number(rows[0]?.count);
}

describe('upsertCustomer', () => {
  it('creates once, updates after, keeps an omitted email and clears a null one', async () => {
    const create = { externalId: 'C-1', name: 'Acme', email: 'maria@acme.example' };
    const { customer } = expectType(await upsertCustomer(create), 'UpsertCustomerPayload');
    expect(customer).toEqual({ uid: customer.uid, ...create });
    const renamed = expectType(await upsertCustomer({ externalId: 'C-1', name: 'Acme Corp' }), 'UpsertCustomerPayload');
    expect(renamed.customer).toEqual({ ...customer, name: 'Acme Corp' });
    const cleared = await upsertCustomer({ externalId: 'C-1', name: 'Acme Corp', email: null });
    expect(expectType(cleared, 'UpsertCustomerPayload').customer).toMatchObject({ uid: customer.uid, email: null });
    expect(await stored('customer', 'external_id', 'C-1')).toBe(1);
  });

  it('lets concurrent twins agree on one customer', async () => {
    const twins = await Promise.all(
      Array.from({ length: 12 }, (_, n) => upsertCustomer({ externalId: 'C-twin', name: `Twin ${n}` })),
    );
    const uids = twins.map((twin) => expectType(twin, 'UpsertCustomerPayload').customer.uid);
    expect(new Set(uids).size).toBe(1);
    expect(await stored('customer', 'external_id', 'C-twin')).toBe(1);
  });

  it('reports every issue and stores nothing', async () => {
    const answer = await upsertCustomer({ externalId: ' ', name: 'x'.repeat(256), email: 'no address' });
    const { issues } = expectType(answer, 'InvalidInputError');
    expect(issues.map(({ path }) => path)).toEqual(['input.externalId', 'input.name', 'input.email']);
    for (const name of ['a\0b', 'a\nb', '\ud800']) {
      expectType(await upsertCustomer({ externalId: 'C-bad', name }), 'InvalidInputError');
    }
    expect(await stored('customer', 'external_id', 'C-bad')).toBe(0);
  });
});

describe('upsertInvoice', () => {
  let customerUid: string;
  const invoice = (rest: Partial<UpsertInvoiceInput> = {}): UpsertInvoiceInput => ({
    number: 'INV-1',
    customerUid,
    status: 'OPEN',
    currency: 'USD',
    issueDate: '2026-01-01T00:00:00Z',
    dueDate: '2026-01-15T00:00:00Z',
    subtotalCents: '150000',
    totalCents: '150000',
    ...rest,
  });

  beforeAll(async () => {
    const answer = await upsertCustomer({ externalId: 'C-invoiced', name: 'Acme' });
    customerUid = expectType(answer, 'UpsertCustomerPayload').customer.uid;
  });

  it('creates once and replaces what it says after', async () => {
    const paid = { amountPaidCents: '50000', paymentLink: 'https://pay.example/1' };
    const first = expectType(await upsertInvoice(invoice(paid)), 'UpsertInvoicePayload').invoice;
    expect(first).toMatchObject({
      status: 'OPEN',
      paymentLink: 'https://pay.example/1',
      amountDue: { cents: '100000', formatted: '$1,000.00' },
      customer: { uid: customerUid },
      awaitingReply: false,
      lastContactedAt: null,
    });
    const change = { status: 'PAID', paidDate: '2026-01-10T00:00:00Z', amountDueCents: '0' } as const;
    const second = expectType(await upsertInvoice(invoice(change)), 'UpsertInvoicePayload').invoice;
    expect(second).toMatchObject({ uid: first.uid, status: 'PAID', paymentLink: null, amountPaid: { cents: '0' } });
    expect(second).toMatchObject({ amountDue: { cents: '0' }, daysOverdue: 0, paidDate: '2026-01-10T00:00:00.000Z' });
    expect(await stored('invoice', 'number', 'INV-1')).toBe(1);
  });

  it('lets concurrent twins agree on one invoice', async () => {
    const twins = await Promise.all(Array.from({ length: 12 }, () => upsertInvoice(invoice({ number: 'INV-twin' }))));
    const uids = twins.map((twin) => expectType(twin, 'UpsertInvoicePayload').invoice.uid);
    expect(new Set(uids).size).toBe(1);
    expect(await stored('invoice', 'number', 'INV-twin')).toBe(1);
  });

  it('reports every issue with its path', async () => {
    const bad = {
      number: '',
      currency: 'XXY',
      subtotalCents: '1.50',
      totalCents: '1e3',
      taxCents: '1000000000000000000',
      paymentLink: 'javascript:alert(1)',
    };
    const { issues } = expectType(await upsertInvoice(invoice(bad)), 'InvalidInputError');
    expect(issues.map(({ path }) => path).toSorted()).toEqual(
      Object.keys(bad)
        .map((field) => `input.${field}`)
        .toSorted(),
    );
    const late = expectType(await upsertInvoice(invoice({ dueDate: '2025-12-31T00:00:00Z' })), 'InvalidInputError');
    expect(late.issues).toMatchObject([{ path: 'input.dueDate' }]);
    expectType(await upsertInvoice(invoice({ number: 'a\0' })), 'InvalidInputError');
  });

  it('needs a customer that is there', async () => {
    const unknown = '0199aa11-2b3c-7def-8123-456789abcdef';
    const answer = expectType(await upsertInvoice(invoice({ customerUid: unknown })), 'NotFoundError');
    expect(answer).toMatchObject({ entity: 'Customer', uid: unknown });
  });
});

describe('formatMoney', () => {
  const amounts: [bigint, string, string][] = [
    [150000n, 'USD', '$1,500.00'],
    [5n, 'USD', '$0.05'],
    [0n, 'EUR', '€0.00'],
    [-123456n, 'USD', '-$1,234.56'],
    [1500n, 'JPY', '¥1,500'],
    [1234567n, 'KWD', 'KWD\u00a01,234.567'],
    [-1n, 'KWD', '-KWD\u00a00.001'],
    [100000000000000001n, 'USD', '$1,000,000,000,000,000.01'],
  ];
  for (const [cents, currency, formatted] of amounts) {
    it(`writes ${cents} of ${currency} as ${formatted}`, () => {
      expect(formatMoney({ cents, currency })).toBe(formatted);
    });
  }
});

describe('daysOverdue', () => {
  const dueDate = new Date('2026-01-15T00:00:00Z');
  it('counts whole days of what can still be collected', () => {
    const at = (now: string, status: 'OPEN' | 'OVERDUE' | 'PAID' | 'VOID' | 'DRAFT' = 'OPEN') =>
      daysOverdue({ status, dueDate }, new Date(now));
    expect(at('2026-01-14T23:00:00Z')).toBe(0);
    expect(at('2026-01-15T23:59:59Z')).toBe(0);
    expect(at('2026-01-16T00:00:00Z', 'OVERDUE')).toBe(1);
    expect(at('2027-01-15T00:00:00Z')).toBe(365);
    for (const status of ['PAID', 'VOID', 'DRAFT'] as const) expect(at('2027-01-15T00:00:00Z', status)).toBe(0);
  });
});

describe('an invoice that was written about', () => {
  it('awaits a reply until a person answers; a program does not count', async () => {
    const { invoiceId } = await createInvoice(app, tenant, 'INV-awaiting');
    const state = async () => (await query(app, tenant.key, InvoiceState, { uid: invoiceId })).invoice;
    expect(await state()).toMatchObject({ lastContactedAt: null, awaitingReply: false });

    const fresh = {
      fromAccountUid: tenant.accountId,
      to: ['maria@acme.example'],
      subject: 'Invoice INV-awaiting',
      bodyText: 'Dear Maria',
      context: { type: 'invoice', uid: invoiceId },
    };
    const { sendEmail } = await query(app, tenant.key, SendEmail, { input: { fresh } });
    const { outboundEmail } = expectType(sendEmail, 'SendEmailPayload');
    expect(await state()).toMatchObject({ lastContactedAt: outboundEmail.sentAt, awaitingReply: true });
    const conversation = await eventually(async () => (await state())?.conversations.edges[0]?.node);
    expect(conversation).toMatchObject({ hasReply: false, isRead: true, messageCount: 1 });

    const [copy] = app.sandbox.admin.messages(tenant.email).filter((each) => each.header('subject') === fresh.subject);
    const answer = (extra: string) => ({
      from: 'maria@acme.example',
      raw: `From: Maria <maria@acme.example>
To: ${tenant.email}
Subject: Re: ${fresh.subject}
Message-ID: <${extra.length}@acme.example>
In-Reply-To: ${copy?.header('message-id')}
References: ${copy?.header('message-id')}
${extra}
Content-Type: text/plain

Paid.
`,
    });
    await receive(app, tenant, answer('Auto-Submitted: auto-replied'));
    expect(await state()).toMatchObject({ awaitingReply: true });
    expect((await state())?.conversations.edges[0]?.node).toMatchObject({
      hasReply: false,
      messageCount: 2,
      isRead: false,
    });

    const uid = await receive(app, tenant, answer('X-Mailer: a person'));
    const answered = await state();
    expect(answered).toMatchObject({ awaitingReply: false, lastContactedAt: outboundEmail.sentAt });
    const [edge] = answered?.conversations.edges ?? [];
    expect(edge?.node).toMatchObject({ uid: conversation.uid, hasReply: true, participants: ['maria@acme.example'] });
    expect(edge?.node.messages.edges.map(({ node }) => node.direction)).toEqual(['OUTBOUND', 'INBOUND', 'INBOUND']);
    expect(edge?.node.messages.edges.at(-1)?.node.uid).toBe(uid);
  });
});
