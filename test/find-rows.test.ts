import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getDatamodel } from '#generated/pothos-types.ts';
import { findRows } from '../src/db/find-rows.ts';
import { parseTextArray, parseTimestamp, TEXT_ARRAY_OID } from '../src/db/parse-column.ts';
import { scopeToOrganization, type TenantDb } from '../src/db/tenant.ts';
import { keysetQuery } from '../src/schema/keyset.ts';
import { createInvoice, createTenant, startTestApp, type Tenant, type TestApp } from './support/harness.ts';
import { insertConversation, insertEmail, insertMessage } from './support/rows.ts';

let app: TestApp;
let tenant: Tenant;
let db: TenantDb;

beforeAll(async () => {
  app = await startTestApp();
  tenant = await createTenant(app);
  db = scopeToOrganization(app.app.db, tenant.organizationId);
  for (const each of [tenant, await createTenant(app)]) {
    const { invoiceId } = await createInvoice(app, each, 'INV-1');
    const conversationId = await insertConversation(app, each);
    const messageId = await insertMessage(app, each, { conversationId });
    const about = { contextType: 'invoice', contextId: invoiceId };
    const to = ['a"b@acme.example', '{x}@acme.example', 'null', 'é, ü', ''];
    await insertEmail(app, each, { conversationId, replyToMessageId: messageId, ...about, to });
    await insertEmail(app, each, { status: 'FAILED', bodyHtml: '<p>\\</p>', subject: '' });
    await insertEmail(app, each, {
      status: 'SCHEDULED',
      mode: 'DRAFT',
      createdAt: new Date('2026-01-01T00:00:00.120Z'),
    });
    await insertEmail(app, each, { status: 'DRAFT', mode: 'DRAFT', createdAt: new Date('0099-12-31T23:59:59.999Z') });
  }
});
afterAll(() => app.close());

const find = (model: string, query: object) => findRows(app.app.pool, tenant.organizationId, model, query);

/** Every column that is not for Prisma alone. */
function columnsOf(model: string): Record<string, true> {
  const fields = getDatamodel().datamodel.models[model]?.fields ?? [];
  const plain = fields.filter(
    ({ kind, type, isList }) => kind !== 'object' && !/Json|Bytes/.test(type) && !(isList && type !== 'String'),
  );
  return Object.fromEntries(plain.map(({ name }) => [name, true]));
}

const at = new Date('2026-01-01T00:00:00.120Z');
const id = '0199aa11-2b3c-7def-8123-456789abcdef';
const page = { order: { column: 'createdAt', direction: 'desc' }, size: 2, backward: false, position: null } as const;
const orderBy = [{ createdAt: 'asc' as const }, { id: 'asc' as const }];

describe('findRows', () => {
  it('reads every column as Prisma does', async () => {
    const emails = { select: columnsOf('OutboundEmail'), orderBy };
    expect(await find('OutboundEmail', emails)).toEqual(await db.outboundEmail.findMany(emails));
    const invoices = { select: columnsOf('Invoice') };
    expect(await find('Invoice', invoices)).toEqual(await db.invoice.findMany(invoices));
    const messages = { select: columnsOf('EmailMessage') };
    expect(await find('EmailMessage', messages)).toEqual(await db.emailMessage.findMany(messages));
    const conversations = { select: columnsOf('Conversation') };
    expect(await find('Conversation', conversations)).toEqual(await db.conversation.findMany(conversations));
    const accounts = { select: columnsOf('EmailAccount') };
    expect(await find('EmailAccount', accounts)).toEqual(await db.emailAccount.findMany(accounts));
    const customers = { select: columnsOf('Customer') };
    expect(await find('Customer', customers)).toEqual(await db.customer.findMany(customers));
  });

  it('reads what belongs to a row, and null where nothing does', async () => {
    const query = {
      select: {
        subject: true,
        account: { select: { email: true } },
        conversation: { select: { subject: true, account: { select: { id: true, status: true } } } },
        replyToMessage: { select: { id: true, conversation: { select: { id: true } } } },
      },
      orderBy,
    } as const;
    const rows = await db.outboundEmail.findMany({ ...query, orderBy });
    expect(rows.map(({ conversation }) => conversation === null)).toContain(true);
    expect(rows.map(({ conversation }) => conversation === null)).toContain(false);
    expect(await find('OutboundEmail', query)).toEqual(rows);
  });

  it.each([
    ['the keyset of a first page', keysetQuery(page)],
    ['the keyset of a later page', keysetQuery({ ...page, position: { at, id } })],
    ['the keyset of a page backward', keysetQuery({ ...page, backward: true, position: { at, id } })],
    ['a list of values', { where: { status: { in: ['SENT' as const, 'FAILED' as const] } } }],
    ['no values', { where: { status: { in: [] } } }],
    ['values to leave out', { where: { status: { notIn: ['DRAFT' as const] } } }],
    ['a value', { where: { mode: 'FRESH' as const, contextType: 'invoice', subject: undefined } }],
    ['null', { where: { AND: [{ conversationId: null }, {}] } }],
    ['anything but null', { where: { sentAt: { not: null }, createdAt: { gte: at, lt: undefined } } }],
    [
      'one of several',
      { where: { OR: [{ subject: '' }, { AND: [{ mode: 'DRAFT' as const }, { attempts: { gt: -1 } }] }] } },
    ],
    ['no rows', { take: 0 }],
  ])('takes %s', async (_what, given) => {
    const query = { select: { id: true, status: true, createdAt: true }, orderBy, ...given };
    const rows = await find('OutboundEmail', query);
    expect(rows).not.toBeNull();
    expect(rows).toEqual(await db.outboundEmail.findMany(query));
  });

  it.each([
    ['conditions on relations', { select: { id: true }, where: { search: { terms: { hasEvery: ['a'] } } } }],
    ['lists of rows', { select: { id: true, events: { select: { id: true } } } }],
    ['the other end of a relation', { select: { id: true, message: { select: { id: true } } } }],
    ['relations with conditions', { select: { account: { select: { id: true }, where: { id } } } }],
    ['columns that Prisma decodes', { select: { requestFingerprint: true } }],
    ['includes', { include: { account: true } }],
    ['unknown operators', { select: { id: true }, where: { subject: { contains: 'a' } } }],
    ['conditions on lists', { select: { id: true }, where: { to: { has: 'a' } } }],
    ['an empty choice', { select: { id: true }, where: { OR: [{}] } }],
  ])('leaves %s to Prisma', async (_what, query) => {
    expect(await find('OutboundEmail', query)).toBeNull();
  });
});

describe('the columns of a page', () => {
  it.each([
    '2026-11-22 19:54:47+00',
    '2026-11-22 19:54:47.1+00',
    '2026-11-22 19:54:47.12+00',
    '2026-02-28 00:00:00.007+00',
    '2026-11-22 19:54:47.123+02',
    '2026-11-22 19:54:47-05:30',
    '2026-11-22 19:54:47.123456+00',
    '0099-12-31 23:59:59.999+00',
    '0101-01-01 00:00:00+00',
    '10000-01-01 00:00:00+00',
    '0044-03-15 00:00:00+00 BC',
    'infinity',
  ])('are read as pg reads them: %s', (text) => {
    expect(parseTimestamp(text)).toEqual(pg.types.getTypeParser(pg.types.builtins.TIMESTAMPTZ)(text));
  });

  it.each([
    '{}',
    '{a@b.example}',
    '{a,b}',
    '{"a,b","\\"\\\\"}',
    '{NULL,a}',
    '{"null",nullable}',
    '{{a,b},{c,d}}',
    '{""}',
  ])('are read as pg reads them: %s', (text) => {
    expect(parseTextArray(text)).toEqual(pg.types.getTypeParser(TEXT_ARRAY_OID)(text));
  });
});
