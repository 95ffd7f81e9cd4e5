import { beforeAll, describe, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import type { OutboundEmailOrder, OutboundEmailsPageQueryVariables } from '../generated/graphql.ts';
import { createTenant, query, request, type Tenant, useTestApp } from '../support/harness.ts';
import { insertConversation, insertEmail, insertMessage } from '../support/rows.ts';

const OutboundEmailsPage = graphql(`
  query OutboundEmailsPage(
    $filter: OutboundEmailFilter, $orderBy: OutboundEmailOrder, $first: Int, $after: String, $last: Int, $before: String
  ) {
    outboundEmails(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
      edges { cursor node { uid } }
      nodes { uid }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
`);

const OutboundEmailsCount = graphql(`
  query OutboundEmailsCount($filter: OutboundEmailFilter) {
    outboundEmails(filter: $filter, first: 2) { totalCount edges { node { uid } } }
  }
`);

const Messages = graphql(`
  query ConversationMessages($uid: UUID!, $first: Int, $after: String, $last: Int, $before: String) {
    conversation(uid: $uid) {
      messages(first: $first, after: $after, last: $last, before: $before) {
        totalCount
        edges { cursor node { uid } }
        pageInfo { hasNextPage hasPreviousPage endCursor startCursor }
      }
    }
  }
`);

const Events = graphql(`
  query OutboundEmailEvents($uid: UUID!, $first: Int, $after: String) {
    outboundEmail(uid: $uid) {
      events(first: $first, after: $after) { totalCount edges { cursor node { type } } pageInfo { hasNextPage } }
    }
  }
`);

let tenant: Tenant;

const app = useTestApp();

const minute = (n: number) => new Date(Date.UTC(2026, 0, 1, 0, n));

async function page(variables: OutboundEmailsPageQueryVariables, key = tenant.key) {
  const { outboundEmails } = await query(app, key, OutboundEmailsPage, variables);
  expect(outboundEmails.nodes).toEqual(outboundEmails.edges.map(({ node }) => node));
  return { ...outboundEmails, uids: outboundEmails.nodes.map(({ uid }) => uid) };
}

/** Every uid, page by page, with the number of pages. */
async function walk(orderBy: OutboundEmailOrder, direction: 'forward' | 'backward', size: number) {
  const uids: string[] = [];
  let cursor: string | null | undefined = null;
  for (let pages = 1; ; pages++) {
    const { uids: found, pageInfo } = await page(
      direction === 'forward' ? { orderBy, first: size, after: cursor } : { orderBy, last: size, before: cursor },
    );
    if (direction === 'forward') uids.push(...found);
    else uids.unshift(...found);
    const more = direction === 'forward' ? pageInfo.hasNextPage : pageInfo.hasPreviousPage;
    if (!more) return { uids, pages };
    cursor = direction === 'forward' ? pageInfo.endCursor : pageInfo.startCursor;
  }
}

describe('a range of one time in the order of another', () => {
  const day = (n: number) => new Date(Date.UTC(2026, 0, n));
  /** Created each fifth day, sent up to twenty days later, changed up to twenty days after that. */
  const times = Array.from({ length: 24 }, (_, n) => {
    const sent = 5 * n + 10 * (n % 3);
    return { created: day(5 * n), sent: day(sent), updated: day(sent + 10 * (n % 2)) };
  });

  it.each(['CREATED_DESC', 'CREATED_ASC', 'SENT_DESC', 'UPDATED_ASC'] as const)(
    'lists what is in the range, by %s',
    async (orderBy) => {
      const other = await createTenant(app);
      const uids: string[] = [];
      for (const { created: createdAt, sent: sentAt, updated: updatedAt } of times) {
        uids.push(await insertEmail(app, other, { createdAt, sentAt, updatedAt, sentCopyFetchedAt: sentAt }));
      }
      for (const name of ['created', 'sent', 'updated'] as const) {
        for (const [gte, lt] of [
          [40, 60],
          [100, 500],
          [-10, 30],
        ] as const) {
          const filter = { [name]: { gte: day(gte).toISOString(), lt: day(lt).toISOString() } };
          const isIn = (_uid: string, n: number) => {
            const at = times[n]?.[name] ?? day(0);
            return at >= day(gte) && at < day(lt);
          };
          const found = await page({ filter, orderBy, first: 50 }, other.key);
          expect(found.uids.toSorted()).toEqual(uids.filter(isIn).toSorted());
          expect(found.uids.length).toBeGreaterThan(0);
        }
      }
    },
  );
});

describe('paging of outboundEmails', () => {
  let oldestFirst: string[];

  beforeAll(async () => {
    tenant = await createTenant(app);
    oldestFirst = [];
    // Three in each minute: the ties are broken by uid, which counts up.
    for (let n = 0; n < 12; n++) {
      const at = minute(Math.floor(n / 3));
      const planned = n % 2 === 0 ? { plannedSendAt: minute(100 - n) } : {};
      oldestFirst.push(
        await insertEmail(app, tenant, {
          createdAt: at,
          sentAt: minute(n),
          updatedAt: minute(50 - n),
          sentCopyFetchedAt: at,
          ...planned,
        }),
      );
    }
  });

  const expectedIn: Record<OutboundEmailOrder, () => string[]> = {
    CREATED_DESC: () => oldestFirst.toReversed(),
    CREATED_ASC: () => oldestFirst,
    SENT_DESC: () => oldestFirst.toReversed(),
    PLANNED_ASC: () => oldestFirst.filter((_uid, n) => n % 2 === 0).toReversed(),
    UPDATED_ASC: () => oldestFirst.toReversed(),
  };

  for (const orderBy of ['CREATED_DESC', 'CREATED_ASC', 'SENT_DESC', 'PLANNED_ASC', 'UPDATED_ASC'] as const) {
    it(`gives every email once, in order, forward and backward, by ${orderBy}`, async () => {
      const expected = expectedIn[orderBy]();
      for (const size of [1, 5, 12]) {
        const pages = Math.ceil(expected.length / size);
        expect(await walk(orderBy, 'forward', size)).toEqual({ uids: expected, pages });
        expect(await walk(orderBy, 'backward', size)).toEqual({ uids: expected, pages });
      }
    });
  }

  it('leaves out of SENT_DESC what was not sent', async () => {
    const nextAttemptAt = new Date('2100-01-01');
    const queued = await insertEmail(app, tenant, { status: 'QUEUED', createdAt: minute(-1), nextAttemptAt });
    expect((await page({ orderBy: 'SENT_DESC', first: 100 })).uids).not.toContain(queued);
    expect((await page({ orderBy: 'CREATED_ASC', first: 1 })).uids).toEqual([queued]);
    await app.app.pool.query(`UPDATE outbound_email SET status = 'CANCELED', created_at = '2025-01-01' WHERE id = $1`, [
      queued,
    ]);
  });

  it('shifts nothing when emails come in while somebody pages', async () => {
    const first = await page({ first: 4 });
    const newest = await insertEmail(app, tenant, { createdAt: minute(500) });
    const second = await page({ first: 4, after: first.pageInfo.endCursor });
    expect([...first.uids, ...second.uids]).toEqual(oldestFirst.toReversed().slice(0, 8));
    expect((await page({ first: 1 })).uids).toEqual([newest]);
  });

  it('gives the newest twenty when no size is asked for', async () => {
    const other = await createTenant(app);
    const uids: string[] = [];
    for (let n = 0; n < 22; n++) uids.push(await insertEmail(app, other, { createdAt: minute(n) }));
    const { uids: found, pageInfo } = await page({}, other.key);
    expect(found).toEqual(uids.toReversed().slice(0, 20));
    expect(pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
  });

  it('counts only when asked to', async () => {
    app.resetStatements();
    await page({ first: 2 });
    expect(app.statements().filter((sql) => /count\(/i.test(sql))).toEqual([]);
    app.resetStatements();
    const { outboundEmails } = await query(app, tenant.key, OutboundEmailsCount, { filter: { status: ['SENT'] } });
    expect(outboundEmails).toMatchObject({ totalCount: 13, edges: [{}, {}] });
    expect(app.statements().filter((sql) => /count\(/i.test(sql))).toHaveLength(1);
  });

  const refused: [string, OutboundEmailsPageQueryVariables, string, RegExp][] = [
    ['a size of 0', { first: 0 }, 'first', /1 to 100/],
    ['a size of -1', { last: -1 }, 'last', /1 to 100/],
    ['a size of 101', { first: 101 }, 'first', /1 to 100/],
    ['a size of 1000', { last: 1000 }, 'last', /1 to 100/],
    ['both directions at once', { first: 1, last: 1 }, 'first', /forward, or .* backward/],
    ['a garbage cursor', { first: 1, after: 'garbage' }, 'after', /cursor from the same list/],
    ['an empty cursor', { last: 1, before: '' }, 'before', /cursor from the same list/],
  ];
  for (const [what, variables, path, message] of refused) {
    it(`refuses ${what} and says what is allowed`, async () => {
      const { data, errors } = await request(app, tenant.key, OutboundEmailsPage, variables);
      expect(data).toBeNull();
      const issues = [{ path, message: expect.stringMatching(message) }];
      expect(errors).toMatchObject([{ path: ['outboundEmails'], extensions: { code: 'INVALID_INPUT', issues } }]);
    });
  }

  it('refuses a cursor of another order', async () => {
    const { pageInfo } = await page({ first: 1 });
    const variables = { orderBy: 'SENT_DESC', first: 1, after: pageInfo.endCursor } as const;
    const { errors } = await request(app, tenant.key, OutboundEmailsPage, variables);
    expect(errors[0]?.extensions).toMatchObject({ code: 'INVALID_INPUT', issues: [{ path: 'after' }] });
  });

  it('refuses a made-up cursor with a time that PostgreSQL does not know', async () => {
    for (const at of ['999999999999999', '-999999999999999', 'NaN', '1e3']) {
      const after = Buffer.from(`createdAt:${at}:${tenant.accountId}`).toString('base64url');
      const { errors } = await request(app, tenant.key, OutboundEmailsPage, { first: 1, after });
      expect(errors[0]?.extensions).toMatchObject({ code: 'INVALID_INPUT', issues: [{ path: 'after' }] });
    }
  });
});

describe('paging below an object', () => {
  it('gives the messages of a conversation oldest first, from either end', async () => {
    const conversationId = await insertConversation(app, tenant);
    const uids: string[] = [];
    for (let n = 0; n < 5; n++) {
      uids.push(await insertMessage(app, tenant, { conversationId, sentAt: minute(Math.floor(n / 2)) }));
    }
    const ask = async (rest: { first?: number; after?: string | null; last?: number; before?: string | null }) => {
      const { conversation } = await query(app, tenant.key, Messages, { uid: conversationId, ...rest });
      const { edges, pageInfo, totalCount } = conversation?.messages ?? { edges: [] };
      expect(totalCount).toBe(5);
      return { uids: edges.map(({ node }) => node.uid), pageInfo };
    };
    const first = await ask({ first: 3 });
    const second = await ask({ first: 3, after: first.pageInfo?.endCursor ?? null });
    expect([first.uids, second.uids]).toEqual([uids.slice(0, 3), uids.slice(3)]);
    const last = await ask({ last: 2 });
    const before = await ask({ last: 2, before: last.pageInfo?.startCursor ?? null });
    expect([before.uids, last.uids]).toEqual([uids.slice(1, 3), uids.slice(3)]);
    expect(before.pageInfo).toMatchObject({ hasPreviousPage: true, hasNextPage: true });
  });

  it('gives the audit trail of an email oldest first', async () => {
    const uid = await insertEmail(app, tenant);
    for (const [n, type] of ['ACCEPTED', 'SENDING', 'SENT'].entries()) {
      await app.app.pool.query(
        `INSERT INTO outbound_email_event (organization_id, id, outbound_email_id, at, type, actor, detail)
         VALUES ($1, gen_random_uuid(), $2, $3, $4, 'system', '{}')`,
        [tenant.organizationId, uid, minute(n), type],
      );
    }
    const first = await query(app, tenant.key, Events, { uid, first: 2 });
    const { totalCount, edges, pageInfo } = first.outboundEmail?.events ?? { edges: [] };
    expect({ totalCount, pageInfo }).toEqual({ totalCount: 3, pageInfo: { hasNextPage: true } });
    const rest = await query(app, tenant.key, Events, { uid, first: 2, after: edges.at(-1)?.cursor ?? null });
    const types = [...edges, ...(rest.outboundEmail?.events.edges ?? [])].map(({ node }) => node.type);
    expect(types).toEqual(['ACCEPTED', 'SENDING', 'SENT']);
  });
});
