import { beforeEach, describe, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import type { ConversationsPageQueryVariables } from '../generated/graphql.ts';
import { createInvoice, lockAwaited, query, request, useTenant, useTestApp } from '../support/harness.ts';
import { insertConversation, insertMessage, linkContext } from '../support/rows.ts';
import { gmailMessage, store } from '../support/stored.ts';

const ConversationsPage = graphql(`
  query ConversationsPage($filter: ConversationFilter, $first: Int, $after: String, $last: Int, $before: String) {
    conversations(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
      totalCount
      edges { cursor node { uid subject } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
`);
const LinkedPage = graphql(`
  query LinkedPage($number: String!, $first: Int, $after: String, $last: Int, $before: String) {
    invoice(number: $number) {
      conversations(first: $first, after: $after, last: $last, before: $before) {
        totalCount
        edges { cursor node { uid subject } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      }
    }
  }
`);

const t = useTestApp();
const tenant = useTenant(t, beforeEach);

const day = (n: number) => new Date(Date.UTC(2026, 4, n));

interface PageArgs {
  readonly first?: number;
  readonly after?: string | null;
  readonly last?: number;
  readonly before?: string | null;
}

interface Page<Node> {
  readonly totalCount: number;
  readonly edges: readonly { readonly cursor: string; readonly node: Node }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor?: string | null;
    readonly endCursor?: string | null;
  };
}

/** All of a list, read in pages of `size` from its start and from its end. */
async function walk<Node>(size: number, read: (args: PageArgs) => Promise<Page<Node>>) {
  const forward: Node[] = [];
  for (let after: string | null = null, more = true; more; ) {
    const { edges, pageInfo }: Page<Node> = await read({ first: size, after });
    forward.push(...edges.map(({ node }) => node));
    [after, more] = [pageInfo.endCursor ?? null, pageInfo.hasNextPage];
  }
  const backward: Node[] = [];
  for (let before: string | null = null, more = true; more; ) {
    const { edges, pageInfo }: Page<Node> = await read({ last: size, before });
    backward.unshift(...edges.map(({ node }) => node));
    [before, more] = [pageInfo.startCursor ?? null, pageInfo.hasPreviousPage];
  }
  return { forward, backward };
}

async function conversations(variables: ConversationsPageQueryVariables = {}) {
  return (await query(t, tenant.key, ConversationsPage, variables)).conversations;
}
const subjects = ({ edges }: Page<{ subject: string }>) => edges.map(({ node }) => node.subject);

describe('conversations', () => {
  it('come the last touched one first, ties by uid, from either end, without those that show nothing', async () => {
    const uids: string[] = [];
    for (let n = 0; n < 7; n++) {
      uids.unshift(await insertConversation(t, tenant, { lastMessageAt: day(Math.floor(n / 3)) }));
      await insertConversation(t, tenant, { lastMessageAt: day(Math.floor(n / 3)), messageCount: 0 });
    }
    for (const size of [1, 3, 7, 100]) {
      const { forward, backward } = await walk(size, conversations);
      expect(forward.map(({ uid }) => uid)).toEqual(uids);
      expect(backward.map(({ uid }) => uid)).toEqual(uids);
    }
    expect((await conversations({ first: 1 })).totalCount).toBe(7);
  });

  it('are each shown once or newly while mail comes in and somebody pages', async () => {
    for (let n = 1; n <= 6; n++) {
      const headers = { Subject: `Thread ${n}` };
      await store(
        t,
        tenant,
        gmailMessage(tenant, { messageId: `m${n}`, threadId: `t${n}`, internalDate: day(n), headers }),
      );
    }
    const first = await conversations({ first: 2 });
    expect(subjects(first)).toEqual(['Thread 6', 'Thread 5']);
    // The row that the cursor names moves, one behind it moves before it, and a new one comes.
    for (const [messageId, threadId] of [
      ['again', 't5'],
      ['moved', 't3'],
      ['new', 't7'],
    ] as const) {
      await store(
        t,
        tenant,
        gmailMessage(tenant, { messageId, threadId, internalDate: day(9), headers: { Subject: threadId } }),
      );
    }
    const second = await conversations({ first: 2, after: first.pageInfo.endCursor ?? null });
    expect(subjects(second)).toEqual(['Thread 4', 'Thread 2']);
    expect(second.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
    const back = await conversations({ last: 9, before: second.pageInfo.startCursor ?? null });
    expect(subjects(back).toSorted()).toEqual(['Thread 3', 'Thread 5', 'Thread 6', 't7']);
  });

  it('go on after a conversation that is deleted while a page of a search is read', async () => {
    for (let n = 1; n <= 4; n++) {
      const headers = { Subject: `Thread ${n}` };
      const message = gmailMessage(tenant, { messageId: `m${n}`, threadId: `t${n}`, internalDate: day(n), headers });
      await store(t, tenant, message);
    }
    const where = { organizationId: tenant.organizationId, providerThreadId: 't4' };
    const { id } = await t.app.db.conversation.findFirstOrThrow({ where });
    const document = `{ conversations(filter: { search: "thread" }, first: 2) {
      nodes { subject account { email } } pageInfo { hasNextPage }
    } }`;
    const deleting = await t.app.pool.connect();
    try {
      await deleting.query('BEGIN');
      // The keys of the page are read without it, and the rows with it.
      await deleting.query('LOCK TABLE email_account');
      const reading = request(t, tenant.key, document);
      await lockAwaited(t);
      await deleting.query(`DELETE FROM message_search WHERE conversation_id = $1`, [id]);
      await deleting.query('DELETE FROM email_message WHERE conversation_id = $1', [id]);
      await deleting.query('DELETE FROM conversation WHERE id = $1', [id]);
      await deleting.query('COMMIT');
      const account = { email: tenant.email };
      expect((await reading).data).toEqual({
        conversations: {
          nodes: [
            { subject: 'Thread 3', account },
            { subject: 'Thread 2', account },
          ],
          pageInfo: { hasNextPage: true },
        },
      });
    } finally {
      deleting.release();
    }
  });

  it('refuse a size that is none, both directions, and the cursor of another list', async () => {
    const uid = await insertConversation(t, tenant);
    const message = await insertMessage(t, tenant, { conversationId: uid });
    const others = [`createdAt:0:${uid}`, `sentAt:0:${message}`, `lastMessageAt:x:${uid}`, 'lastMessageAt:0:x', ''];
    const refused: [ConversationsPageQueryVariables, string][] = [
      [{ first: 0 }, 'first'],
      [{ last: -1 }, 'last'],
      [{ first: 101 }, 'first'],
      [{ first: 1, last: 1 }, 'first'],
      [{ last: 1, after: 'x' }, 'first'],
      ...others.map((text): [ConversationsPageQueryVariables, string] => [
        { first: 1, after: Buffer.from(text).toString('base64url') },
        'after',
      ]),
    ];
    for (const [variables, path] of refused) {
      const { errors } = await request(t, tenant.key, ConversationsPage, variables);
      expect(errors[0]?.extensions).toMatchObject({
        code: 'INVALID_INPUT',
        issues: expect.arrayContaining([expect.objectContaining({ path })]),
      });
    }
    const { errors } = await request(t, tenant.key, ConversationsPage, { first: 1_000_000_000 });
    expect(errors).toMatchObject([
      { message: expect.stringContaining('smaller pages'), extensions: { code: 'INVALID_INPUT' } },
    ]);
  });

  it('of an invoice are paged in their order too', async () => {
    const { invoiceId } = await createInvoice(t, tenant, 'INV-1');
    const uids: string[] = [];
    for (let n = 0; n < 5; n++) {
      const uid = await insertConversation(t, tenant, { lastMessageAt: day(5 - Math.floor(n / 2)) });
      uids.push(uid);
      await linkContext(t, tenant, uid, { type: 'invoice', id: invoiceId });
    }
    const hidden = await insertConversation(t, tenant, { messageCount: 0 });
    await linkContext(t, tenant, hidden, { type: 'invoice', id: invoiceId });
    const [a = '', b = '', c = '', d = '', e = ''] = uids;
    const read = async (args: PageArgs) => {
      const { invoice } = await query(t, tenant.key, LinkedPage, { number: 'INV-1', ...args });
      if (!invoice) throw new Error('there is no such invoice');
      expect(invoice.conversations.totalCount).toBe(5);
      return invoice.conversations;
    };
    for (const size of [2, 5]) {
      const { forward, backward } = await walk(size, read);
      expect(forward.map(({ uid }) => uid)).toEqual([b, a, d, c, e]);
      expect(backward.map(({ uid }) => uid)).toEqual([b, a, d, c, e]);
    }
  });

  it('do not ask for more than one operation may', async () => {
    const nested = (inner: string) => `messages(first: 100) { edges { node { uid conversation { ${inner} } } } }`;
    const wide = `{ conversations(first: 100) { edges { node { ${nested(nested('uid'))} } } } }`;
    const below = (levels: number): string =>
      levels === 0 ? 'uid' : `messages(first: 1) { edges { node { conversation { ${below(levels - 1)} } } } }`;
    const deep = `{ conversations(first: 1) { edges { node { ${below(6)} } } } }`;
    const files = 'messages(first: 50) { edges { node { attachments { sha256 } } } }';
    for (const operation of [
      wide,
      `{ conversations(first: 100) { edges { node { ${files} } } } }`,
      deep,
      `{ a: conversations(first: -1000000000) { edges { node { uid } } } ${wide.slice(1)}`,
    ]) {
      t.resetStatements();
      const { errors } = await request(t, tenant.key, operation);
      expect(errors[0]?.message).toMatch(/asks for about \d+ values\. At most 50000|has \d+ levels\. At most 16/);
      expect(t.statements().filter((sql) => /email_message/.test(sql))).toEqual([]);
    }
  });
});
