import { beforeAll, describe, expect, it } from 'vitest';
import { upsertCustomer, upsertCustomers } from '../../src/contexts/upsert-customers.ts';
import { upsertInvoices } from '../../src/contexts/upsert-invoices.ts';
import { graphql } from '../generated/gql.ts';
import type { CustomerFilter, CustomerOrder, InvoiceFilter, InvoiceOrder } from '../generated/graphql.ts';
import { createTenant, query, request, type Tenant, useTestApp } from '../support/harness.ts';
import { insertEmail } from '../support/rows.ts';

const Invoices = graphql(`
  query ListedInvoices($filter: InvoiceFilter, $orderBy: InvoiceOrder, $first: Int, $after: String, $last: Int, $before: String) {
    invoices(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
      totalCount
      edges { node { number status issueDate dueDate lastContactedAt awaitingReply customer { uid name } } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
`);
const Customers = graphql(`
  query ListedCustomers($filter: CustomerFilter, $orderBy: CustomerOrder, $first: Int, $after: String, $last: Int, $before: String) {
    customers(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
      totalCount
      edges { node { name lastContactedAt awaitingReply } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
`);

const TODAY = '2026-05-10';
const app = useTestApp({ env: { WORKER: 'off' }, now: () => new Date(`${TODAY}T12:00:00Z`) });

let tenant: Tenant;
const NAMES = ['acme 10', 'Ácme 2', 'Zeta', 'Épée Works', 'beta:corp'];
const STATUSES = ['OPEN', 'PAID', 'OPEN', 'DRAFT', 'OPEN', 'VOID'] as const;
const date = (n: number) => `2026-05-${String(n).padStart(2, '0')}`;

beforeAll(async () => {
  tenant = await createTenant(app);
  const { organizationId } = tenant;
  const { pool } = app.app;
  await upsertCustomers(
    pool,
    organizationId,
    NAMES.map((name, n) => ({ externalId: `C-${n}`, name, email: `maria@c-${n}.example` })),
  );
  await upsertInvoices(
    pool,
    organizationId,
    Array.from({ length: 36 }, (_, n) => ({
      number: `INV-${2026 + (n % 2)}-${n}`,
      customerExternalId: `C-${n % (NAMES.length - 1)}`,
      status: STATUSES[n % STATUSES.length],
      currency: 'EUR',
      issueDate: date(1 + (n % 4)),
      dueDate: date(8 + (n % 5)),
      subtotalCents: '100',
      totalCents: '100',
    })),
  );
  // A third was never contacted, and some were at the same time.
  await pool.query(
    `UPDATE context_entity SET last_contacted_at = '2026-05-01T00:00:00Z'::timestamptz + (right(external_id, 1)::int / 2) * interval '1 day',
       awaiting_reply = right(external_id, 1) IN ('1', '4', '5')
     WHERE organization_id = $1 AND right(external_id, 1) IN ('1', '3', '4', '5', '7', '8')`,
    [organizationId],
  );
});

interface PageArgs {
  readonly first?: number;
  readonly after?: string | null;
  readonly last?: number;
  readonly before?: string | null;
}

/** All of a list, read in pages from its start and from its end. Its count must be right. */
async function walk<Node>(
  read: (args: PageArgs) => Promise<{
    readonly totalCount: number;
    readonly edges: readonly { readonly node: Node }[];
    readonly pageInfo: {
      hasNextPage: boolean;
      hasPreviousPage: boolean;
      startCursor?: string | null;
      endCursor?: string | null;
    };
  }>,
): Promise<Node[]> {
  const forward: Node[] = [];
  const backward: Node[] = [];
  let page = await read({ first: 7 });
  for (; ; page = await read({ first: 7, after: page.pageInfo.endCursor ?? null })) {
    forward.push(...page.edges.map(({ node }) => node));
    if (!page.pageInfo.hasNextPage) break;
  }
  for (page = await read({ last: 5 }); ; page = await read({ last: 5, before: page.pageInfo.startCursor ?? null })) {
    backward.unshift(...page.edges.map(({ node }) => node));
    if (!page.pageInfo.hasPreviousPage) break;
  }
  expect(backward).toEqual(forward);
  expect(page.totalCount).toBe(forward.length);
  return forward;
}

const invoices = (filter: InvoiceFilter = {}, orderBy?: InvoiceOrder) =>
  walk(async (args) => (await query(app, tenant.key, Invoices, { filter, orderBy, ...args })).invoices);
const customers = (filter: CustomerFilter = {}, orderBy?: CustomerOrder) =>
  walk(async (args) => (await query(app, tenant.key, Customers, { filter, orderBy, ...args })).customers);
type ListedInvoice = Awaited<ReturnType<typeof invoices>>[number];

const ORDERS: Record<InvoiceOrder, (invoice: ListedInvoice) => string> = {
  ISSUED_DESC: ({ issueDate }) => issueDate,
  DUE_ASC: ({ dueDate }) => dueDate,
  NUMBER_ASC: ({ number }) => number,
  LAST_CONTACTED_ASC: ({ lastContactedAt }) => lastContactedAt ?? '',
};
const isOrder = (name: string): name is InvoiceOrder => Object.hasOwn(ORDERS, name);

const FILTERS: [InvoiceFilter, (invoice: ListedInvoice) => boolean][] = [
  [{}, () => true],
  [{ status: ['OVERDUE'] }, ({ status }) => status === 'OVERDUE'],
  [{ status: ['OPEN'] }, ({ status }) => status === 'OPEN'],
  [{ status: ['OPEN', 'PAID', 'OVERDUE'] }, ({ status }) => ['OPEN', 'PAID', 'OVERDUE'].includes(status)],
  [{ status: ['DRAFT', 'VOID'] }, ({ status }) => status === 'DRAFT' || status === 'VOID'],
  [{ status: [] }, () => false],
  [{ overdue: true }, ({ status }) => status === 'OVERDUE'],
  [{ overdue: false }, ({ status }) => status !== 'OVERDUE'],
  [{ overdue: true, status: ['PAID', 'OVERDUE'] }, ({ status }) => status === 'OVERDUE'],
  [{ awaitingReply: true }, ({ awaitingReply }) => awaitingReply],
  [{ awaitingReply: false, overdue: true }, ({ awaitingReply, status }) => !awaitingReply && status === 'OVERDUE'],
  [{ due: { gte: date(9), lt: date(11) } }, ({ dueDate }) => dueDate >= date(9) && dueDate < date(11)],
  [{ due: { lt: date(9) }, status: ['PAID'] }, ({ dueDate, status }) => dueDate < date(9) && status === 'PAID'],
  [
    { lastContacted: { gte: '2026-05-02T00:00:00Z', lt: '2026-05-04T00:00:00Z' } },
    ({ lastContactedAt: at }) => at != null && at >= '2026-05-02' && at < '2026-05-04',
  ],
  [{ lastContacted: { lt: '2026-05-03T00:00:00Z' } }, ({ lastContactedAt: at }) => at == null || at < '2026-05-03'],
  [{ search: 'zet inv-2026' }, ({ number, customer }) => customer.name === 'Zeta' && number.startsWith('INV-2026')],
  [
    { search: 'acme', overdue: true, awaitingReply: true },
    ({ customer, status, awaitingReply }) =>
      ['acme 10', 'Ácme 2'].includes(customer.name) && status === 'OVERDUE' && awaitingReply,
  ],
];

describe('invoices(filter, orderBy)', () => {
  it.each(Object.keys(ORDERS).filter(isOrder))('lists %s in pages, whatever the filter', async (orderBy) => {
    const key = ORDERS[orderBy];
    const all = await invoices({}, orderBy);
    expect(all).toHaveLength(36);
    const keys = all.map(key);
    expect(keys).toEqual(orderBy === 'ISSUED_DESC' ? keys.toSorted().toReversed() : keys.toSorted());
    for (const [filter, matches] of FILTERS) {
      expect(await invoices(filter, orderBy), JSON.stringify(filter)).toEqual(all.filter(matches));
    }
  });

  it('has examples of every state, and lists the last issued first', async () => {
    const all = await invoices();
    const states = Map.groupBy(all, ({ status }) => status);
    expect([...states.keys()].toSorted()).toEqual(['DRAFT', 'OPEN', 'OVERDUE', 'PAID', 'VOID']);
    expect(all).toEqual(await invoices({}, 'ISSUED_DESC'));
    expect(states.get('OVERDUE')?.every(({ dueDate }) => dueDate < TODAY)).toBe(true);
    expect(states.get('OPEN')?.every(({ dueDate }) => dueDate >= TODAY)).toBe(true);
  });

  it('lists those of a customer, whatever the order', async () => {
    const [{ customer } = { customer: { uid: '', name: '' } }] = await invoices({ search: 'zeta' });
    for (const orderBy of Object.keys(ORDERS).filter(isOrder)) {
      const listed = await invoices({ customerUid: customer.uid }, orderBy);
      expect(listed.map((invoice) => invoice.customer.name)).toEqual(Array(9).fill('Zeta'));
    }
  });

  it('finds beginnings of words of number and customer, in any order, without case and accents', async () => {
    const numbers = async (search: string) => (await invoices({ search }, 'NUMBER_ASC')).map(({ number }) => number);
    expect(await numbers('INV-2027-35')).toEqual(['INV-2027-35']);
    expect(await numbers('35 2027 epee')).toEqual(['INV-2027-35']);
    expect(await numbers('202')).toHaveLength(36);
    expect(await numbers('20')).toEqual(['INV-2026-20']);
    expect(await numbers('35 acme')).toEqual([]);
    expect(await numbers('nv-2027')).toEqual([]);
    expect(await numbers('%_')).toEqual([]);
    expect(await numbers('\0')).toHaveLength(0);
    expect(await numbers(' ')).toHaveLength(36);
  });

  it('follows the name of the customer, and the customer of the invoice', async () => {
    const other = await createTenant(app);
    const { pool } = app.app;
    await upsertCustomers(pool, other.organizationId, [
      { externalId: 'a', name: 'Hooli 7' },
      { externalId: 'b', name: 'Initech' },
    ]);
    const invoice = { status: 'OPEN', currency: 'EUR', subtotalCents: '1', totalCents: '1' };
    const dates = { issueDate: date(1), dueDate: date(2) };
    const input = { number: 'INV-7', customerExternalId: 'a', ...invoice, ...dates };
    await upsertInvoices(pool, other.organizationId, [input]);
    const found = async (search: string) =>
      (await query(app, other.key, Invoices, { filter: { search } })).invoices.totalCount;
    expect([await found('hool'), await found('init'), await found('7')]).toEqual([1, 0, 1]);
    await upsertCustomer(pool, other.organizationId, { externalId: 'a', name: 'Umbrella' });
    expect([await found('hool'), await found('umbr'), await found('7')]).toEqual([0, 1, 1]);
    await upsertInvoices(pool, other.organizationId, [{ number: 'INV-7', customerExternalId: 'b' }]);
    expect([await found('umbr'), await found('init'), await found('7')]).toEqual([0, 1, 1]);
  });

  it('refuses a date that is none, and a cursor of another order', async () => {
    const bad = await request(app, tenant.key, Invoices, { filter: { due: { gte: '2026-02-30', lt: 'May' } } });
    expect(bad.errors).toMatchObject([
      { extensions: { code: 'INVALID_INPUT', issues: [{ path: 'filter.due.gte' }, { path: 'filter.due.lt' }] } },
    ]);
    const { pageInfo } = (await query(app, tenant.key, Invoices, { first: 1, orderBy: 'DUE_ASC' })).invoices;
    for (const after of [pageInfo.endCursor, Buffer.from('number:x:y').toString('base64url'), 'ü']) {
      const { errors } = await request(app, tenant.key, Invoices, { first: 1, after, orderBy: 'NUMBER_ASC' });
      expect(errors).toMatchObject([{ extensions: { issues: [{ path: 'after' }] } }]);
    }
  });
});

describe('customers(filter, orderBy)', () => {
  it('lists by name without case and accents, and by last contact', async () => {
    const byName = (await customers()).map(({ name }) => name);
    expect(byName).toEqual(['acme 10', 'Ácme 2', 'beta:corp', 'Épée Works', 'Zeta'].toSorted(byFolded));
    const keys = (await customers({}, 'LAST_CONTACTED_ASC')).map(({ lastContactedAt }) => lastContactedAt ?? '');
    expect(keys).toEqual(keys.toSorted());
    expect(keys.filter((key) => key === '')).toHaveLength(2);
  });

  it.each(['NAME_ASC', 'LAST_CONTACTED_ASC'] as const)('filters in the order %s', async (orderBy) => {
    const all = await customers({}, orderBy);
    const names = async (filter: CustomerFilter) => (await customers(filter, orderBy)).map(({ name }) => name);
    const those = (matches: (customer: (typeof all)[number]) => boolean) => all.filter(matches).map(({ name }) => name);
    expect(await names({ search: 'acm' })).toEqual(those(({ name }) => /cme/.test(name)));
    expect(await names({ search: 'corp c-4' })).toEqual(['beta:corp']);
    expect(await names({ search: 'MARIA@c-4.exa' })).toEqual(['beta:corp']);
    expect(await names({ awaitingReply: true })).toEqual(those(({ awaitingReply }) => awaitingReply));
    expect(await names({ awaitingReply: false })).toEqual(those(({ awaitingReply }) => !awaitingReply));
    const late = new Set((await invoices({ overdue: true })).map(({ customer }) => customer.name));
    expect(late.size).toBeLessThan(NAMES.length);
    expect(await names({ hasOverdueInvoices: true })).toEqual(those(({ name }) => late.has(name)));
    expect(await names({ hasOverdueInvoices: false })).toEqual(those(({ name }) => !late.has(name)));
    expect(await names({ lastContacted: { lt: '2026-05-02T00:00:00Z' } })).toEqual(
      those(({ lastContactedAt: at }) => at == null || at < '2026-05-02'),
    );
    expect(await names({ hasOverdueInvoices: false, awaitingReply: true, search: 'corp' })).toEqual(['beta:corp']);
  });
});

function byFolded(a: string, b: string): number {
  const [left, right] = [a, b].map((name) =>
    name
      .normalize('NFKD')
      .replace(/\p{Mn}/gu, '')
      .toLowerCase(),
  );
  return (left ?? '') < (right ?? '') ? -1 : 1;
}

describe('a page of 50', () => {
  const countStatements = async (operation: string) => {
    app.resetStatements();
    const { errors } = await request(app, tenant.key, operation);
    expect(errors).toEqual([]);
    return app.statements().filter((statement) => !statement.includes('"api_key"')).length;
  };

  it('takes at most three statements and one for the count, whatever filter and order', async () => {
    const lists = [
      ...Object.keys(ORDERS).map((order) => [
        `invoices(first: 50, orderBy: ${order}`,
        'status: [OPEN, OVERDUE], due: { gte: "2026-01-01" }',
      ]),
      ...['NAME_ASC', 'LAST_CONTACTED_ASC'].map((order) => [
        `customers(first: 50, orderBy: ${order}`,
        'hasOverdueInvoices: true',
      ]),
    ];
    for (const [list, filter] of lists) {
      const page = (search: string, fields: string) =>
        `{ ${list}, filter: { ${filter}, awaitingReply: true ${search} }) { ${fields} edges { node { uid awaitingReply lastContactedAt } } } }`;
      const alone = await countStatements(page('', ''));
      expect(alone, list).toBeLessThanOrEqual(3);
      expect(await countStatements(page('', 'totalCount')), list).toBe(alone + 1);
      expect(await countStatements(page('search: "acme"', '')), list).toBeLessThanOrEqual(3);
      expect(await countStatements(`{ ${list}) { edges { node { uid } } } }`), list).toBeLessThanOrEqual(2);
    }
  });

  it('of invoices with all that is known of them takes at most four', async () => {
    const [invoice] = await app.app.db.invoice.findMany({
      where: { organizationId: tenant.organizationId },
      select: { id: true },
    });
    await insertEmail(app, tenant, { about: [{ type: 'invoice', id: invoice?.id ?? '' }] });
    const money = 'cents currency formatted(locale: "de-DE")';
    const amounts = ['subtotal', 'discounts', 'tax', 'total', 'amountPaid', 'amountDue'].map(
      (name) => `${name} { ${money} }`,
    );
    for (const order of ['ISSUED_DESC', 'LAST_CONTACTED_ASC']) {
      const list = `{ invoices(first: 50, orderBy: ${order}) { totalCount edges { node {
        number status currency issueDate dueDate paidDate daysOverdue paymentLink lastContactedAt awaitingReply ${amounts.join(' ')}
        customer { name email locale timeZone lastContactedAt contacts { name email role isPrimary } }
        outboundEmails(first: 1) { totalCount edges { node { subject } } }
      } } } }`;
      expect(await countStatements(list), order).toBeLessThanOrEqual(4);
    }
  });
});
