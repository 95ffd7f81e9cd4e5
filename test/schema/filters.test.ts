import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import type { ConversationFilter, DraftFilter, InvoiceFilter, OutboundEmailFilter } from '../generated/graphql.ts';
import {
  createAccount,
  createInvoice,
  createTenant,
  query,
  startTestApp,
  type Tenant,
  type TestApp,
} from '../support/harness.ts';
import { insertConversation, insertEmail, linkContext } from '../support/rows.ts';

const FilteredEmails = graphql(`
  query FilteredEmails($filter: OutboundEmailFilter) {
    outboundEmails(filter: $filter, orderBy: CREATED_ASC) { totalCount edges { node { uid } } }
  }
`);
const FilteredDrafts = graphql(`
  query FilteredDrafts($filter: DraftFilter) { drafts(filter: $filter) { totalCount edges { node { uid status } } } }
`);
const FilteredConversations = graphql(`
  query FilteredConversations($filter: ConversationFilter) {
    conversations(filter: $filter) { totalCount edges { node { uid } } }
  }
`);
const FilteredInvoices = graphql(`
  query FilteredInvoices($filter: InvoiceFilter) { invoices(filter: $filter) { totalCount edges { node { uid } } } }
`);
const Customers = graphql(`
  query Customers($first: Int, $after: String) {
    customers(first: $first, after: $after) { totalCount edges { cursor node { uid externalId } } pageInfo { endCursor } }
  }
`);

let app: TestApp;
let tenant: Tenant;
let otherAccountId: string;
let invoice: { customerId: string; invoiceId: string };

beforeAll(async () => {
  app = await startTestApp();
  tenant = await createTenant(app);
  otherAccountId = await createAccount(app, tenant.organizationId, 'second@second.example');
  invoice = await createInvoice(app, tenant, 'INV-1');
});
afterAll(() => app.close());

interface List {
  readonly totalCount: number;
  readonly edges: readonly { readonly node: { readonly uid: string } }[];
}

/** The uids of a list that is one page, whose count must be right. */
function uidsOf({ totalCount, edges }: List): string[] {
  expect(totalCount).toBe(edges.length);
  return edges.map(({ node }) => node.uid);
}

const emails = async (filter: OutboundEmailFilter) =>
  uidsOf((await query(app, tenant.key, FilteredEmails, { filter })).outboundEmails);
const drafts = async (filter: DraftFilter) => uidsOf((await query(app, tenant.key, FilteredDrafts, { filter })).drafts);
const conversations = async (filter: ConversationFilter) =>
  uidsOf((await query(app, tenant.key, FilteredConversations, { filter })).conversations);
const invoices = async (filter: InvoiceFilter) =>
  uidsOf((await query(app, tenant.key, FilteredInvoices, { filter })).invoices);

describe('outboundEmails(filter)', () => {
  const about = () => ({ contextType: 'invoice', contextId: invoice.invoiceId });
  let plain: string;
  let invoiced: string;
  let failed: string;
  let conversed: string;
  let conversationId: string;

  beforeAll(async () => {
    conversationId = await insertConversation(app, tenant);
    plain = await insertEmail(app, tenant, { createdAt: new Date('2026-03-01T00:00:00Z'), subject: 'Plain' });
    invoiced = await insertEmail(app, tenant, {
      createdAt: new Date('2026-03-02T00:00:00Z'),
      mode: 'DRAFT',
      ...about(),
    });
    failed = await insertEmail(app, tenant, {
      createdAt: new Date('2026-03-03T00:00:00Z'),
      status: 'FAILED',
      accountId: otherAccountId,
      to: ['joe@elsewhere.example'],
      cc: ['Copy@Elsewhere.example'],
      bcc: ['hidden@elsewhere.example'],
      ...about(),
    });
    conversed = await insertEmail(app, tenant, { createdAt: new Date('2026-03-04T00:00:00Z'), conversationId });
  });

  it('gives everything but drafts when nothing is asked for', async () => {
    await insertEmail(app, tenant, { status: 'DRAFT', mode: 'DRAFT' });
    await insertEmail(app, tenant, { status: 'SCHEDULED', mode: 'DRAFT' });
    expect(await emails({})).toEqual([plain, invoiced, failed, conversed]);
    expect(await emails({ status: ['DRAFT', 'SCHEDULED'] })).toEqual([]);
  });

  it('filters by each field', async () => {
    expect(await emails({ status: ['FAILED', 'UNCONFIRMED'] })).toEqual([failed]);
    expect(await emails({ status: [] })).toEqual([]);
    expect(await emails({ mode: ['DRAFT'] })).toEqual([invoiced]);
    expect(await emails({ accountUid: otherAccountId })).toEqual([failed]);
    expect(await emails({ context: { type: 'invoice', uid: invoice.invoiceId } })).toEqual([invoiced, failed]);
    expect(await emails({ context: { type: 'customer', uid: invoice.invoiceId } })).toEqual([]);
    expect(await emails({ context: { type: 'no such kind\0', uid: invoice.invoiceId } })).toEqual([]);
    expect(await emails({ conversationUid: conversationId })).toEqual([conversed]);
  });

  it('finds a recipient in to, cc and bcc, whatever its case', async () => {
    for (const recipient of ['joe@elsewhere.example', 'COPY@elsewhere.EXAMPLE', 'Hidden@elsewhere.example']) {
      expect(await emails({ recipient })).toEqual([failed]);
    }
    expect(await emails({ recipient: 'elsewhere.example' })).toEqual([]);
  });

  it('takes createdFrom in and leaves createdTo out', async () => {
    const [createdFrom, createdTo] = ['2026-03-02T00:00:00Z', '2026-03-04T00:00:00Z'];
    expect(await emails({ createdFrom, createdTo })).toEqual([invoiced, failed]);
    expect(await emails({ createdFrom: '2026-03-02T01:00:00+01:00' })).toEqual([invoiced, failed, conversed]);
  });

  it('demands every condition that is given', async () => {
    const context = { type: 'invoice', uid: invoice.invoiceId };
    const all: OutboundEmailFilter = {
      status: ['FAILED'],
      mode: ['FRESH'],
      accountUid: otherAccountId,
      context,
      recipient: 'joe@elsewhere.example',
      search: 'invoice',
      createdFrom: '2026-03-03T00:00:00Z',
      createdTo: '2026-03-03T00:00:01Z',
    };
    expect(await emails(all)).toEqual([failed]);
    expect(await emails({ ...all, mode: ['REPLY'] })).toEqual([]);
    expect(await emails({ ...all, recipient: 'maria@acme.example' })).toEqual([]);
  });
});

describe('drafts(filter)', () => {
  it('lists the drafts of a context or an account, and nothing that was sent', async () => {
    const about = { contextType: 'customer', contextId: invoice.customerId };
    const draft = await insertEmail(app, tenant, { status: 'DRAFT', mode: 'DRAFT', ...about });
    const scheduled = await insertEmail(app, tenant, { status: 'SCHEDULED', mode: 'DRAFT', ...about });
    await insertEmail(app, tenant, { mode: 'DRAFT', ...about });
    const elsewhere = await insertEmail(app, tenant, { status: 'DRAFT', mode: 'DRAFT', accountId: otherAccountId });
    const context = { type: 'customer', uid: invoice.customerId };
    expect(await drafts({ context })).toEqual([scheduled, draft]);
    expect(await drafts({ accountUid: otherAccountId })).toEqual([elsewhere]);
    expect(await drafts({ context, accountUid: otherAccountId })).toEqual([]);
  });
});

describe('conversations(filter)', () => {
  it('filters by each field and by all of them together', async () => {
    const plain = await insertConversation(app, tenant);
    const special = await insertConversation(app, tenant, {
      isRead: false,
      hasReply: true,
      accountId: otherAccountId,
      participants: ['anna@north.example', 'bob@north.example'],
      lastMessageAt: new Date('2026-04-01T00:00:00Z'),
    });
    await linkContext(app, tenant, special, { type: 'invoice', id: invoice.invoiceId });
    const { organizationId } = tenant;
    await app.app.db.conversationSearch.create({
      data: { organizationId, conversationId: special, terms: ['reminder', 'anna@north.example'] },
    });
    const context = { type: 'invoice', uid: invoice.invoiceId };
    const each: ConversationFilter[] = [
      { isRead: false },
      { hasReply: true },
      { accountUid: otherAccountId },
      { context },
      { participant: 'Anna@North.example' },
      { search: 'Reminder' },
    ];
    for (const filter of each) expect(await conversations(filter)).toEqual([special]);
    expect(await conversations(Object.assign({}, ...each))).toEqual([special]);
    expect(await conversations({ isRead: false, search: 'elephant' })).toEqual([]);
    expect(await conversations({ participant: 'anna\0@north.example' })).toEqual([special]);
    for (const participant of ['', '%@north.example', 'north.example', 'Anna <anna@north.example>']) {
      expect(await conversations({ participant })).toEqual([]);
    }
    // Any two of them as well, and with one that does not hold nothing.
    const opposite: ConversationFilter[] = [
      { isRead: true },
      { hasReply: false },
      { accountUid: tenant.accountId },
      { context: { type: 'customer', uid: invoice.invoiceId } },
      { participant: 'maria@acme.example' },
      { search: 'reminder elephant' },
    ];
    for (const [n, one] of each.entries()) {
      for (const [m, other] of each.entries()) {
        expect(await conversations({ ...one, ...other })).toEqual([special]);
        if (n !== m) expect(await conversations({ ...one, ...opposite[m] })).toEqual([]);
      }
    }
    expect((await conversations({})).indexOf(special)).toBe(0);
    expect(await conversations({ isRead: true, hasReply: false })).toContain(plain);
  });
});

describe('invoices and customers', () => {
  it('filters invoices by status, customer and whether they await a reply', async () => {
    const other = await createInvoice(app, tenant, 'INV-2');
    await app.app.pool.query(`UPDATE invoice SET status = 'PAID' WHERE id = $1`, [other.invoiceId]);
    await app.app.pool.query('UPDATE context_entity SET awaiting_reply = true WHERE id = $1', [other.invoiceId]);
    expect(await invoices({})).toEqual([other.invoiceId, invoice.invoiceId]);
    expect(await invoices({ status: ['PAID'] })).toEqual([other.invoiceId]);
    expect(await invoices({ customerUid: invoice.customerId })).toEqual([invoice.invoiceId]);
    expect(await invoices({ awaitingReply: true })).toEqual([other.invoiceId]);
    expect(await invoices({ awaitingReply: false, status: ['OPEN', 'PAID'] })).toEqual([invoice.invoiceId]);
  });

  it('pages customers, newest first', async () => {
    const first = (await query(app, tenant.key, Customers, { first: 1 })).customers;
    const rest = (await query(app, tenant.key, Customers, { first: 5, after: first.pageInfo.endCursor })).customers;
    const names = [...first.edges, ...rest.edges].map(({ node }) => node.externalId);
    expect(names).toEqual(['customer-of-INV-2', 'customer-of-INV-1']);
    expect(first.totalCount).toBe(2);
  });
});
