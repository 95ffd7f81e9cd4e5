import { beforeAll, describe, expect, it } from 'vitest';
import { rowsOf } from '../../src/schema/page.ts';
import { graphql } from '../generated/gql.ts';
import type { OutboundEmailFilter, OutboundEmailOrder } from '../generated/graphql.ts';
import { createTenant, query, type Tenant, useTestApp } from '../support/harness.ts';

const Page = graphql(`
  query SortedOrWalked($filter: OutboundEmailFilter, $orderBy: OutboundEmailOrder, $first: Int, $after: String, $last: Int, $before: String) {
    outboundEmails(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
      nodes { uid }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
`);

// Jobs of a worker would be among the statements.
const app = useTestApp({ env: { WORKER: 'off' } });

/** As many as are sorted. */
const MANY = 10_000;
const START = Date.parse('2026-01-01T00:00:00Z');
const minute = (n: number) => new Date(START + n * 60_000).toISOString();

let tenant: Tenant;
beforeAll(async () => {
  tenant = await createTenant(app);
  // Created one a minute, and changed in another order, several at the same time.
  await app.app.pool.query(
    `INSERT INTO outbound_email (organization_id, id, account_id, status, mode, actor, from_email, "to", cc, bcc, reply_to, subject, body_text,
       "references", created_at, updated_at)
     SELECT $1, gen_random_uuid(), $2, 'CANCELED', 'FRESH', 'system', 'a@acme.example', '{}', '{}', '{}', '{}', 'Invoice', '', '{}',
       $3::timestamptz + n * interval '1 minute', $3::timestamptz + interval '30 days' + (n * 7919 % 997) * interval '1 second'
     FROM generate_series(0, $4::int) n`,
    [tenant.organizationId, tenant.accountId, minute(0), MANY + 50],
  );
  await app.app.pool.query('ANALYZE outbound_email');
});

interface PageArgs {
  readonly first?: number;
  readonly after?: string | null;
  readonly last?: number;
  readonly before?: string | null;
}

/** The uids from minute `from` to before minute `to` in the order of a list. */
async function expected(from: number, to: number, order: string): Promise<string[]> {
  const { rows } = await app.app.pool.query<{ id: string }>(
    `SELECT id FROM outbound_email WHERE organization_id = $1 AND created_at >= $2 AND created_at < $3 ORDER BY ${order}`,
    [tenant.organizationId, minute(from), minute(to)],
  );
  return rows.map(({ id }) => id);
}

async function read(filter: OutboundEmailFilter, orderBy: OutboundEmailOrder, args: PageArgs) {
  app.resetStatements();
  const { outboundEmails } = await query(app, tenant.key, Page, { filter, orderBy, ...args });
  const statements = app.statements().filter((sql) => sql.includes('"outbound_email"'));
  return {
    uids: outboundEmails.nodes.map(({ uid }) => uid),
    pageInfo: outboundEmails.pageInfo,
    isSorted: statements.some((sql) => sql.includes('MIN(')),
    statements: statements.length,
  };
}

const created = (from: number, to: number) => ({ created: { gte: minute(from), lt: minute(to) } });

describe('a page of a range in the order of another time', () => {
  for (const [what, to, isSorted] of [
    ['60 emails', 60, true],
    ['as many emails as are sorted', MANY, true],
    ['one email more than are sorted', MANY + 1, false],
  ] as const) {
    it(`has the same emails from either end, of ${what}`, async () => {
      const all = await expected(0, to, 'updated_at, id');
      expect(all).toHaveLength(to);
      const filter = created(0, to);
      const first = await read(filter, 'UPDATED_ASC', { first: 25 });
      expect(first.isSorted).toBe(isSorted);
      expect(first.statements).toBe(isSorted ? 3 : 2);
      expect(first.uids).toEqual(all.slice(0, 25));
      const second = await read(filter, 'UPDATED_ASC', { first: 25, after: first.pageInfo.endCursor ?? null });
      expect(second.uids).toEqual(all.slice(25, 50));
      expect(second.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
      const back = await read(filter, 'UPDATED_ASC', { last: 25, before: second.pageInfo.startCursor ?? null });
      expect(back.uids).toEqual(first.uids);
      expect(back.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
      const last = await read(filter, 'UPDATED_ASC', { last: 25 });
      expect(last.uids).toEqual(all.slice(-25));
      expect(last.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    });
  }

  it('counts nothing in the order of the range itself', async () => {
    const page = await read(created(0, 60), 'CREATED_DESC', { first: 25 });
    expect(page.uids).toEqual((await expected(0, 60, 'created_at DESC, id DESC')).slice(0, 25));
    expect([page.isSorted, page.statements]).toEqual([false, 1]);
  });

  it('is empty when nothing matches', async () => {
    const page = await read({ ...created(0, 60), status: ['FAILED'] }, 'UPDATED_ASC', { first: 25 });
    expect(page.uids).toEqual([]);
    expect(page.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: false });
  });
});

describe('rowsOf', () => {
  it('gives rows in the order of their keys, with the keys as they were, without those that are gone', async () => {
    const at = (n: number) => ({ updatedAt: new Date(n) });
    const keys = [
      { id: 'a', _min: at(1) },
      { id: 'b', _min: at(2) },
      { id: 'c', _min: at(3) },
    ];
    const rows = await rowsOf(keys, async ({ where }) => {
      expect(where.id.in).toEqual(['a', 'b', 'c']);
      return [
        { id: 'c', subject: 'C', ...at(3) },
        { id: 'a', subject: 'A', ...at(9) },
      ];
    });
    expect(rows).toEqual([
      { id: 'a', subject: 'A', ...at(1) },
      { id: 'c', subject: 'C', ...at(3) },
    ]);
  });
});
