import { beforeAll, describe, expect, it } from 'vitest';
import { createTenant, request, type Tenant, useTestApp } from '../support/harness.ts';
import { insertConversation, insertEmail, linkContext } from '../support/rows.ts';

let tenant: Tenant;
const day = (n: number) => new Date(Date.UTC(2026, 4, n));

const app = useTestApp();
beforeAll(async () => {
  tenant = await createTenant(app);
});

async function ask(operation: string): Promise<unknown> {
  app.resetStatements();
  const { data, errors } = await request(app, tenant.key, operation);
  expect(errors).toEqual([]);
  return data;
}

describe('outboundEmailCounts', () => {
  it('counts what the list has, by state, in one statement', async () => {
    for (const status of ['FAILED', 'CANCELED', 'CANCELED', 'DRAFT'] as const) {
      await insertEmail(app, tenant, { status, subject: 'Counted', createdAt: day(1) });
    }
    await ask('{ viewer { actor } }');
    const counts = [
      { status: 'FAILED', count: 1 },
      { status: 'CANCELED', count: 2 },
    ];
    expect(await ask('{ outboundEmailCounts(filter: { search: "counted" }) { status count } }')).toEqual({
      outboundEmailCounts: counts,
    });
    expect(app.statements().filter((statement) => statement.includes('outbound_email'))).toHaveLength(1);
    const drafts = '{ outboundEmailCounts(filter: { search: "counted", status: [DRAFT] }) { status count } }';
    expect(await ask(drafts)).toEqual({ outboundEmailCounts: [{ status: 'DRAFT', count: 1 }] });
  });
});

describe('outboundEmail(idempotencyKey)', () => {
  it('finds the email of a request, and needs either a uid or a key', async () => {
    const uid = await insertEmail(app, tenant, { idempotencyKey: 'order-7', requestFingerprint: {} });
    expect(await ask('{ outboundEmail(idempotencyKey: "order-7") { uid } }')).toEqual({ outboundEmail: { uid } });
    expect(await ask('{ outboundEmail(idempotencyKey: "order-8") { uid } }')).toEqual({ outboundEmail: null });
    const other = await createTenant(app);
    const theirs = await request(app, other.key, '{ outboundEmail(idempotencyKey: "order-7") { uid } }');
    expect(theirs.data).toEqual({ outboundEmail: null });
    for (const args of ['uid: null', `uid: "${uid}", idempotencyKey: "order-7"`]) {
      const { errors } = await request(app, tenant.key, `{ outboundEmail(${args}) { uid } }`);
      expect(errors).toMatchObject([{ extensions: { code: 'INVALID_INPUT' } }]);
    }
  });
});

describe('drafts(orderBy)', () => {
  it('lists by the last change or by the planned time, and pages by it', async () => {
    const of = (n: number, changes: object) =>
      insertEmail(app, tenant, { mode: 'DRAFT', status: 'DRAFT', subject: `Draft ${n}`, ...changes });
    await of(1, { updatedAt: day(3), createdAt: day(1) });
    await of(2, { updatedAt: day(2), createdAt: day(2), status: 'SCHEDULED', plannedSendAt: day(9) });
    await of(3, { updatedAt: day(1), createdAt: day(3), status: 'SCHEDULED', plannedSendAt: day(8) });
    const list = (args: string) =>
      ask(`{ drafts(${args}, first: 2) { edges { node { subject } } pageInfo { hasNextPage endCursor } } }`);
    const page = (...numbers: number[]) => ({
      drafts: { edges: numbers.map((n) => ({ node: { subject: `Draft ${n}` } })) },
    });
    const planned = `filter: { planned: { gte: "${day(9).toISOString()}", lt: "${day(10).toISOString()}" } }`;
    expect(await list('orderBy: PLANNED_ASC')).toMatchObject(page(3, 2));
    expect(await list(planned)).toMatchObject(page(2));
    expect(await list(`${planned}, orderBy: PLANNED_ASC`)).toMatchObject(page(2));
    const range = `filter: { scheduled: true }, orderBy: UPDATED_DESC`;
    expect(await list(range)).toMatchObject(page(2, 3));
  });
});

describe('conversations(orderBy)', () => {
  it('lists by the last message in both directions, in a range, and of a kind of context', async () => {
    const [first, second] = [
      await insertConversation(app, tenant, { subject: 'First', lastMessageAt: day(1) }),
      await insertConversation(app, tenant, { subject: 'Second', lastMessageAt: day(2) }),
    ];
    expect(new Set([first, second]).size).toBe(2);
    const list = (args: string) => ask(`{ conversations(${args}) { edges { node { subject } } } }`);
    const page = (...subjects: string[]) => ({
      conversations: { edges: subjects.map((subject) => ({ node: { subject } })) },
    });
    expect(await list('orderBy: LAST_MESSAGE_ASC')).toEqual(page('First', 'Second'));
    expect(await list('orderBy: LAST_MESSAGE_DESC')).toEqual(page('Second', 'First'));
    const since = `filter: { lastMessage: { gte: "${day(2).toISOString()}" } }`;
    expect(await list(since)).toEqual(page('Second'));
    const id = '01990000-0000-7000-8000-000000000001';
    const { organizationId } = tenant;
    await app.app.db.contextEntity.create({ data: { organizationId, type: 'customer', id, externalId: 'c-1' } });
    await linkContext(app, tenant, first, { type: 'customer', id });
    expect(await list('filter: { contextType: "customer" }')).toEqual(page('First'));
    expect(await list('filter: { contextType: "invoice" }')).toEqual(page());
    expect(await list('filter: { contextType: "no such kind" }')).toEqual(page());
  });
});
