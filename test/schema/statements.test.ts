import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInvoice, createTenant, request, startTestApp, type Tenant, type TestApp } from '../support/harness.ts';
import { insertConversation, insertEmail, insertMessage, linkContext } from '../support/rows.ts';

let app: TestApp;
let small: Tenant;
let large: Tenant;

beforeAll(async () => {
  app = await startTestApp();
  small = await tenantWith(3);
  large = await tenantWith(30);
});
afterAll(() => app.close());

/** A tenant whose lists have `size` rows, every row with something below it. */
async function tenantWith(size: number): Promise<Tenant> {
  const tenant = await createTenant(app);
  for (let n = 0; n < size; n++) {
    const { invoiceId, customerId } = await createInvoice(app, tenant, `INV-${n}`);
    const invoice = { contextType: 'invoice', contextId: invoiceId };
    const conversationId = await insertConversation(app, tenant);
    const context = n % 2 === 0 ? invoice : { contextType: 'customer', contextId: customerId };
    await linkContext(app, tenant, conversationId, { type: 'invoice', id: invoiceId });
    await linkContext(app, tenant, conversationId, { type: 'customer', id: customerId });
    const replyToMessageId = await insertMessage(app, tenant, { conversationId });
    const emailId = await insertEmail(app, tenant, { ...context, conversationId, replyToMessageId });
    await insertMessage(app, tenant, { conversationId, outboundEmailId: emailId, direction: 'OUTBOUND' });
    await insertEmail(app, tenant, { ...invoice, status: 'DRAFT', mode: 'DRAFT' });
    await app.app.pool.query(
      `INSERT INTO outbound_email_event (organization_id, id, outbound_email_id, type, actor, detail)
       VALUES ($1, gen_random_uuid(), $2, 'sent', 'system', '{}')`,
      [tenant.organizationId, emailId],
    );
  }
  // The key's last use is written once a minute: not in the middle of a count.
  await request(app, tenant.key, '{ viewer { actor } }');
  return tenant;
}

/** The statements behind an operation, the key's look-up left out. */
async function statementsOf(tenant: Tenant, operation: string): Promise<string[]> {
  app.resetStatements();
  const { errors } = await request(app, tenant.key, operation);
  expect(errors).toEqual([]);
  const [lookUp, ...rest] = app.statements();
  expect(lookUp).toMatch(/"api_key"/);
  return rest;
}

const DASHBOARD = (fields: string) => `{
  outboundEmails(first: 50) {
    edges { node {
      uid status subject sentAt ${fields}
      fromAccount { email }
      conversation { uid subject }
      context { ... on Invoice { number } ... on Customer { name } }
    } }
  }
}`;

describe('a page of 50 outbound emails with account, context and conversation', () => {
  it('takes one statement and one for each kind of context in it', async () => {
    const tenant = await tenantWith(50);
    const statements = await statementsOf(tenant, DASHBOARD(''));
    expect(statements).toHaveLength(3);
    const tables = statements.map((sql) => /FROM\s+"public"\."(\w+)"/.exec(sql)?.[1]);
    expect(tables.toSorted()).toEqual(['customer', 'invoice', 'outbound_email']);
  });

  it('takes one statement less when the page has one kind of context', async () => {
    const { organizationId } = large;
    await app.app.pool.query(
      `UPDATE outbound_email SET context_type = NULL, context_id = NULL
       WHERE organization_id = $1 AND context_type = 'customer'`,
      [organizationId],
    );
    expect(await statementsOf(large, DASHBOARD(''))).toHaveLength(2);
  });

  it('reads no body unless it is asked for', async () => {
    const without = await statementsOf(small, DASHBOARD('messageId'));
    expect(without.join('\n')).not.toMatch(/body_(text|html)|request_fingerprint|terms/);
    const withText = await statementsOf(small, DASHBOARD('bodyText'));
    expect(withText.join('\n')).toMatch(/body_text/);
    expect(withText.join('\n')).not.toMatch(/body_html/);
  });

  it('reads no body of a message or a draft unless it is asked for, either', async () => {
    const operation = `{
      conversations { edges { node { messages { edges { node { uid subject from { address } } } } } } }
      drafts { edges { node { uid subject fromAccount { email } } } }
    }`;
    expect((await statementsOf(small, operation)).join('\n')).not.toMatch(/body_(text|html)|sealed_refresh_token/);
  });
});

/** Operations below a list, and what they may cost whatever the number of rows. */
const NESTED: [string, number, string][] = [
  [
    'the emails of invoices',
    1,
    'invoices(first: 50) { edges { node { outboundEmails(first: 3) { edges { node { subject } } } } } }',
  ],
  [
    'emails, drafts and conversations with messages of invoices',
    3,
    `invoices(first: 50) { edges { node {
      number lastContactedAt awaitingReply customer { name }
      outboundEmails(first: 3) { edges { node { subject fromAccount { email } } } }
      drafts(first: 3) { edges { node { uid } } }
      conversations(first: 3) { edges { node { subject messages(last: 1) { edges { node { subject } } } } } }
    } } }`,
  ],
  [
    'the messages of conversations',
    1,
    'conversations(first: 50) { edges { node { messages(first: 3) { edges { node { subject from { address } } } } } } }',
  ],
  [
    'the first and the last message of conversations, by aliases of one field',
    2,
    `conversations(first: 50) { edges { node {
      first: messages(first: 1) { edges { node { uid } } }
      last: messages(last: 1) { edges { node { uid } } }
    } } }`,
  ],
  [
    'three aliases of one list',
    3,
    `invoices(first: 50) { edges { node {
      a: outboundEmails(first: 1) { edges { node { uid } } }
      b: outboundEmails(first: 2) { edges { node { subject } } }
      c: outboundEmails(last: 1) { edges { node { status } } }
    } } }`,
  ],
  [
    'counts below a list',
    5,
    `invoices(first: 50) { edges { node {
      outboundEmails { totalCount } drafts { totalCount } conversations { totalCount }
    } } }`,
  ],
  [
    'counts of messages and emails of conversations',
    3,
    'conversations(first: 50) { edges { node { messages { totalCount } outboundEmails { totalCount } } } }',
  ],
  [
    'lists and counts of customers',
    4,
    `customers(first: 50) { edges { node {
      invoices(first: 2) { totalCount edges { node { number total { formatted } } } }
      outboundEmails(first: 2) { totalCount edges { node { uid } } }
      conversations(first: 2) { totalCount edges { node { uid } } }
    } } }`,
  ],
  [
    'everything around emails',
    2,
    `outboundEmails(first: 50) { edges { node {
      attachments { filename } message { uid } replyToMessage { uid conversation { subject } }
      events(first: 2) { totalCount edges { node { type } } }
    } } }`,
  ],
  [
    'what conversations are about, and the emails about that',
    3,
    `conversations(first: 50) { edges { node { contexts {
      ... on Invoice { number customer { name } outboundEmails(first: 1) { edges { node { uid } } } }
      ... on Customer { name }
    } } } }`,
  ],
];

const EVERYTHING = `uid subject snippet participants isRead hasReply messageCount ownerEmail account { email sendBudget { sentLast24h } }
  contexts { ... on Invoice { number awaitingReply customer { name } } ... on Customer { name } }
  messages(first: 5) { totalCount edges { node {
    subject from { address } to { address } bodyText attachments { filename } replySuggestion { to subject quotedHtml }
    outboundEmail { uid status bounces { recipient } } conversation { uid account { email } }
  } } }
  outboundEmails(first: 5) { totalCount edges { node {
    status replyToMessage { uid from { address } } message { uid } bounces { recipient }
    events(first: 2) { edges { node { type } } } context { ... on Invoice { number } ... on Customer { name } }
  } } }`;

describe('nested lists', () => {
  for (const [what, most, operation] of NESTED) {
    it(`reads ${what} in at most ${most} statements, for 3 rows as for 30`, async () => {
      const few = await statementsOf(small, `{ ${operation} }`);
      const many = await statementsOf(large, `{ ${operation} }`);
      expect(many.length, many.join('\n')).toBe(few.length);
      expect(many.length, many.join('\n')).toBeLessThanOrEqual(most);
    });
  }

  it('reads conversations with all that there is below them in as many statements for 3 as for 30', async () => {
    const lists = [
      `conversations(first: 50) { edges { node { ${EVERYTHING} } } }`,
      `conversations(first: 50, filter: { search: "" }) { totalCount edges { node { ${EVERYTHING} } } }`,
      `invoices(first: 50, filter: { awaitingReply: false }) { edges { node { conversations(first: 2) { edges { node { ${EVERYTHING} } } } } } }`,
    ];
    for (const list of lists) {
      const few = await statementsOf(small, `{ ${list} }`);
      const many = await statementsOf(large, `{ ${list} }`);
      // One less where no email is about a customer.
      expect([few.length, few.length - 1], many.join('\n')).toContain(many.length);
      expect(few.length, few.join('\n')).toBeLessThanOrEqual(9);
    }
  });

  it('reads a hundred nodes in one statement per type', async () => {
    const { rows } = await app.app.pool.query<{ id: string }>('SELECT id FROM invoice WHERE organization_id = $1', [
      large.organizationId,
    ]);
    const { rows: emails } = await app.app.pool.query<{ id: string }>(
      `SELECT id FROM outbound_email WHERE organization_id = $1 AND status = 'SENT'`,
      [large.organizationId],
    );
    const ids = [...rows.map(({ id }) => `Invoice_${id}`), ...emails.map(({ id }) => `OutboundEmail_${id}`)];
    const operation = `{ nodes(ids: ${JSON.stringify(ids)}) { id ... on Invoice { number } ... on OutboundEmail { subject } } }`;
    expect(await statementsOf(large, operation)).toHaveLength(2);
  });
});

it('gives the right count to each row', async () => {
  const tenant = await createTenant(app);
  const expected: Record<string, number> = {};
  for (const count of [0, 1, 4]) {
    const { invoiceId } = await createInvoice(app, tenant, `COUNT-${count}`);
    expected[`COUNT-${count}`] = count;
    for (let n = 0; n < count; n++) await insertEmail(app, tenant, { contextType: 'invoice', contextId: invoiceId });
    await insertEmail(app, tenant, {
      contextType: 'invoice',
      contextId: invoiceId,
      status: 'DRAFT',
      mode: 'DRAFT',
    });
  }
  const operation =
    '{ invoices { edges { node { number outboundEmails(first: 1) { totalCount } drafts { totalCount } } } } }';
  interface Answer {
    invoices: {
      edges: { node: { number: string; outboundEmails: { totalCount: number }; drafts: { totalCount: number } } }[];
    };
  }
  const { data } = await request<Answer, object>(app, tenant.key, operation);
  const nodes = data?.invoices.edges.map(({ node }) => node) ?? [];
  expect(Object.fromEntries(nodes.map((node) => [node.number, node.outboundEmails.totalCount]))).toEqual(expected);
  expect(nodes.map(({ drafts }) => drafts.totalCount)).toEqual([1, 1, 1]);
});
