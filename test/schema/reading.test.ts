/** What lists answer when one relation is asked for in several ways at once, and what a part that fails does to the rest. */
import { beforeAll, describe, expect, it } from 'vitest';
import { createInvoice, createKey, createTenant, request, type Tenant, useTestApp } from '../support/harness.ts';
import { insertConversation, insertEmail, linkContext } from '../support/rows.ts';

/** Three emails, the newest last: two about an invoice, one about a customer, each in its own conversation. */
const app = useTestApp();

let tenant: Tenant;
beforeAll(async () => {
  tenant = await createTenant(app);
  for (let n = 0; n < 3; n++) {
    const { invoiceId, customerId } = await createInvoice(app, tenant, `INV-${n}`);
    const conversationId = await insertConversation(app, tenant, { subject: `Thread ${n}`, snippet: `Snippet ${n}` });
    await linkContext(app, tenant, conversationId, { type: 'invoice', id: invoiceId });
    await linkContext(app, tenant, conversationId, { type: 'customer', id: customerId });
    const about = n === 1 ? { type: 'customer', id: customerId } : { type: 'invoice', id: invoiceId };
    const createdAt = new Date(Date.UTC(2026, 0, 1, n));
    await insertEmail(app, tenant, { about: [about], conversationId, createdAt, subject: `Email ${n}` });
  }
});

const emails = (fields: string, args = '') => `{ outboundEmails${args} { edges { node { ${fields} } } } }`;

interface Answer {
  outboundEmails: { edges: { node: object }[] };
}

/** By `fields`, what the emails answer, the oldest first. */
const READINGS: Record<string, [string, (n: number) => object]> = {
  'a relation under two names': [
    'a: conversation { subject } b: conversation { subject snippet } conversation { isRead }',
    (n) => ({
      a: { subject: `Thread ${n}` },
      b: { subject: `Thread ${n}`, snippet: `Snippet ${n}` },
      conversation: { isRead: true },
    }),
  ],
  'a relation in fragments': [
    'conversation { __typename ...F ... @include(if: true) { snippet } ... @skip(if: true) { isRead } }',
    (n) => ({
      conversation: {
        ...{ __typename: 'Conversation', subject: `Thread ${n}`, ownerEmail: tenant.email },
        snippet: `Snippet ${n}`,
      },
    }),
  ],
  'what lies behind a relation': [
    'conversation { account { email } contexts { __typename } }',
    () => ({
      conversation: {
        account: { email: tenant.email },
        contexts: [{ __typename: 'Invoice' }, { __typename: 'Customer' }],
      },
    }),
  ],
  'contexts with fields of their own': [
    'contexts { __typename ... on Invoice { number total { cents formatted } } ... on Customer { name } }',
    (n) => ({
      contexts: [
        n === 1
          ? { __typename: 'Customer', name: 'Acme Corp' }
          : { __typename: 'Invoice', number: `INV-${n}`, total: { cents: '150000', formatted: '$1,500.00' } },
      ],
    }),
  ],
  'contexts with the fields that all kinds have': [
    `contexts { id uid contextType label lastContactedAt awaitingReply outboundEmails { totalCount edges { node { subject } } }
      drafts { totalCount } conversations { edges { node { subject } } } }`,
    (n) => ({
      contexts: [
        {
          id: expect.stringMatching(n === 1 ? /^Customer_/ : /^Invoice_/),
          uid: expect.any(String),
          contextType: n === 1 ? 'customer' : 'invoice',
          label: n === 1 ? 'Acme Corp' : `INV-${n}`,
          lastContactedAt: null,
          awaitingReply: false,
          outboundEmails: { totalCount: 1, edges: [{ node: { subject: `Email ${n}` } }] },
          drafts: { totalCount: 0 },
          conversations: { edges: [{ node: { subject: `Thread ${n}` } }] },
        },
      ],
    }),
  ],
  'contexts with fields of one kind, and of the others only which they are': [
    'contexts { id uid contextType ... on Invoice { number } }',
    (n) => ({
      contexts: [
        {
          id: expect.stringMatching(n === 1 ? /^Customer_/ : /^Invoice_/),
          uid: expect.stringMatching(/^[0-9a-f-]{36}$/),
          contextType: n === 1 ? 'customer' : 'invoice',
          ...(n === 1 ? {} : { number: `INV-${n}` }),
        },
      ],
    }),
  ],
  'contexts under two names, with relations below one of them': [
    `a: contexts { ... on Invoice { number } }
     b: contexts { ... on Invoice { status customer { externalId } } ... on Customer { invoices { edges { node { number } } } } }`,
    (n) =>
      n === 1
        ? { a: [{}], b: [{ invoices: { edges: [{ node: { number: 'INV-1' } }] } }] }
        : { a: [{ number: `INV-${n}` }], b: [{ status: 'OVERDUE', customer: { externalId: `customer-of-INV-${n}` } }] },
  ],
};

const FRAGMENTS = 'fragment F on Conversation { subject ...G } fragment G on Conversation { ownerEmail }';

describe('a list of emails', () => {
  it.each(Object.entries(READINGS))('answers %s', async (_what, [fields, expected]) => {
    const operation = `${emails(fields)} ${fields.includes('...F') ? FRAGMENTS : ''}`;
    const { data, errors } = await request<Answer, object>(app, tenant.key, operation);
    expect(errors).toEqual([]);
    expect(data?.outboundEmails.edges.map(({ node }) => node)).toEqual([2, 1, 0].map(expected));
  });
});

describe('a part of a list that fails', () => {
  const refused: [string, string, string][] = [
    ['a page that is too large', emails('uid', '(first: 101)'), 'first'],
    ['a page below a list that is too small', emails('uid events(first: 0) { edges { cursor } }'), 'first'],
    ['a cursor of another list', emails('uid', '(after: "x")'), 'after'],
  ];
  it.each(refused)('is one error with its place: %s', async (_what, operation, path) => {
    const { data, errors } = await request(app, tenant.key, operation);
    expect(data).toBeNull();
    const extensions = { code: 'INVALID_INPUT', retry: 'NEVER', issues: [{ path }] };
    expect(errors).toMatchObject([{ path: ['outboundEmails'], extensions }]);
  });

  it('is told with its place, and leaves the rest, where null may stand', async () => {
    const operation = '{ a: node(id: "nothing") { id } viewer { organization { __typename } } }';
    const { data, errors } = await request(app, tenant.key, operation);
    expect(data).toEqual({ a: null, viewer: { organization: { __typename: 'Organization' } } });
    expect(errors).toMatchObject([{ path: ['a'], extensions: { code: 'INVALID_INPUT', issues: [{ path: 'id' }] } }]);
  });

  it('is one error, however many rows have it', async () => {
    const key = await createKey(app, tenant.organizationId, ['contexts:write']);
    const { customerId } = await createInvoice(app, tenant, 'MANY-0');
    await app.app.db.invoice.updateMany({ where: { organizationId: tenant.organizationId }, data: { customerId } });
    const operation = `mutation { upsertCustomer(input: { externalId: "customer-of-MANY-0", name: "Acme Corp" }) {
      ... on UpsertCustomerPayload { customer { invoices { edges { node { number outboundEmails { totalCount } } } } } }
    } }`;
    const { data, errors } = await request(app, key, operation);
    expect(data).toEqual({ upsertCustomer: { customer: null } });
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  });
});
