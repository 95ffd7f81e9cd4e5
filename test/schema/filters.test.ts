import { beforeAll, describe, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import type { ConversationFilter, DraftFilter, OutboundEmailFilter } from '../generated/graphql.ts';
import { createAccount, createInvoice, createTenant, query, type Tenant, useTestApp } from '../support/harness.ts';
import { insertConversation, insertEmail, insertMessage, linkContext } from '../support/rows.ts';

const FilteredEmails = graphql(`
  query FilteredEmails($filter: OutboundEmailFilter) {
    outboundEmails(filter: $filter, orderBy: CREATED_ASC) { totalCount edges { node { uid } } }
  }
`);
const FilteredDrafts = graphql(`
  query FilteredDrafts($filter: DraftFilter) { drafts(filter: $filter) { totalCount edges { node { uid status } } } }
`);
const ConversationOfDraft = graphql(`
  query ConversationOfDraft($uid: UUID!) { draft(uid: $uid) { conversation { uid } } }
`);
const FilteredConversations = graphql(`
  query FilteredConversations($filter: ConversationFilter) {
    conversations(filter: $filter) { totalCount edges { node { uid } } }
  }
`);

// Jobs of a worker would fetch the sent copies of these emails.
const app = useTestApp({ env: { WORKER: 'off' } });

let tenant: Tenant;
let otherAccountId: string;
let invoice: { customerId: string; invoiceId: string };
beforeAll(async () => {
  tenant = await createTenant(app);
  otherAccountId = await createAccount(app, tenant.organizationId, 'second@second.example');
  invoice = await createInvoice(app, tenant, 'INV-1');
});

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

describe('outboundEmails(filter)', () => {
  const about = () => ({ about: [{ type: 'invoice', id: invoice.invoiceId }] });
  let invoiced: string;
  let failed: string;
  let conversed: string;
  let conversationId: string;

  beforeAll(async () => {
    conversationId = await insertConversation(app, tenant);
    await insertEmail(app, tenant, { createdAt: new Date('2026-03-01T00:00:00Z'), subject: 'Plain' });
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
    const of = await createTenant(app);
    const given = async (filter: OutboundEmailFilter) =>
      uidsOf((await query(app, of.key, FilteredEmails, { filter })).outboundEmails);
    const draft = await insertEmail(app, of, { status: 'DRAFT', mode: 'DRAFT' });
    const scheduled = await insertEmail(app, of, { status: 'SCHEDULED', mode: 'DRAFT' });
    const sent = await insertEmail(app, of);
    expect(await given({})).toEqual([scheduled, sent]);
    expect(await given({ status: ['DRAFT', 'SCHEDULED'] })).toEqual([draft, scheduled]);
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

  it('takes the beginning of a range in and leaves its end out', async () => {
    const [gte, lt] = ['2026-03-02T00:00:00Z', '2026-03-04T00:00:00Z'];
    expect(await emails({ created: { gte, lt } })).toEqual([invoiced, failed]);
    expect(await emails({ created: { gte: '2026-03-02T01:00:00+01:00' } })).toEqual([invoiced, failed, conversed]);
  });

  it('filters by the time of sending, of the plan and of a bounce', async () => {
    const range = { gte: '2026-05-01T00:00:00Z', lt: '2026-05-02T00:00:00Z' };
    const at = new Date('2026-05-01T12:00:00Z');
    const mode = 'DRAFT' as const;
    const sent = await insertEmail(app, tenant, { sentAt: at, createdAt: new Date('2026-02-01T00:00:00Z') });
    const planned = await insertEmail(app, tenant, { status: 'SCHEDULED', mode, plannedSendAt: at, createdAt: at });
    const bounced = await insertEmail(app, tenant, { status: 'BOUNCED', createdAt: new Date('2026-02-02T00:00:00Z') });
    const { organizationId } = tenant;
    const report = { recipient: 'maria@acme.example', status: '5.1.1', permanent: true, at };
    await app.app.db.bounce.create({
      data: { organizationId, id: bounced, outboundEmailId: bounced, messageId: bounced, ...report },
    });
    const updated = await insertEmail(app, tenant, {
      updatedAt: at,
      sentCopyFetchedAt: at,
      createdAt: new Date('2026-02-03T00:00:00Z'),
    });
    expect(await emails({ sent: range })).toEqual([sent]);
    expect(await emails({ updated: range })).toEqual([updated]);
    expect(await emails({ planned: range })).toEqual([planned]);
    expect(await emails({ bounced: range })).toEqual([bounced]);
  });

  it('filters by the customer of an invoice, and by whether an answer came', async () => {
    const maria = await insertConversation(app, tenant, { hasReply: true, messageCount: 0 });
    const answered = await insertEmail(app, tenant, { conversationId: maria, status: 'CANCELED' });
    expect(await emails({ hasReply: true })).toEqual([answered]);
    expect(await emails({ hasReply: false, status: ['CANCELED'] })).toEqual([]);
    const customerUid = invoice.customerId;
    const about = { type: 'customer', id: customerUid };
    const own = await insertEmail(app, tenant, { status: 'CANCELED', about: [about] });
    expect(await emails({ customerUid, status: ['CANCELED'] })).toEqual([own]);
    expect(await emails({ hasReply: false, status: ['CANCELED'] })).toEqual([own]);
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
      created: { gte: '2026-03-03T00:00:00Z', lt: '2026-03-03T00:00:01Z' },
    };
    expect(await emails(all)).toEqual([failed]);
    expect(await emails({ ...all, mode: ['REPLY'] })).toEqual([]);
    expect(await emails({ ...all, recipient: 'maria@acme.example' })).toEqual([]);
  });
});

it('leaves out what belongs to disconnected accounts when it is asked to', async () => {
  const of = await createTenant(app);
  const accountId = await createAccount(app, of.organizationId, `gone-${of.email}`);
  const gone = { ...of, accountId };
  const lists = graphql(`
    query OfConnectedAccounts($only: Boolean) {
      outboundEmails(filter: { connectedAccountsOnly: $only }) { totalCount edges { node { uid } } }
      drafts(filter: { connectedAccountsOnly: $only }) { totalCount edges { node { uid } } }
      conversations(filter: { connectedAccountsOnly: $only }) { totalCount edges { node { uid } } }
      outboundEmailCounts(filter: { connectedAccountsOnly: $only }) { status count }
    }
  `);
  const ask = async (only: boolean | null) => {
    const found = await query(app, of.key, lists, { only });
    const counts = Object.fromEntries(found.outboundEmailCounts.map(({ status, count }) => [status, count]));
    return [uidsOf(found.outboundEmails), uidsOf(found.drafts), uidsOf(found.conversations), counts];
  };
  const draft = { status: 'DRAFT', mode: 'DRAFT' } as const;
  const kept = [[await insertEmail(app, of)], [await insertEmail(app, of, draft)], [await insertConversation(app, of)]];
  const left = [
    [await insertEmail(app, gone)],
    [await insertEmail(app, gone, draft)],
    [await insertConversation(app, gone)],
  ];
  const all = kept.map((uids, n) => [...(left[n] ?? []), ...uids]);
  await app.app.db.emailAccount.updateMany({ where: { id: accountId }, data: { status: 'NEEDS_REAUTH' } });
  expect(await ask(true)).toEqual([...all, { SENT: 2 }]);
  await app.app.db.emailAccount.updateMany({ where: { id: accountId }, data: { status: 'DISCONNECTED' } });
  expect(await ask(true)).toEqual([...kept, { SENT: 1 }]);
  for (const only of [false, null]) expect(await ask(only)).toEqual([...all, { SENT: 2 }]);
});

describe('drafts(filter)', () => {
  it('lists the drafts of a context or an account, and nothing that was sent', async () => {
    const about = { about: [{ type: 'customer', id: invoice.customerId }] };
    const draft = await insertEmail(app, tenant, { status: 'DRAFT', mode: 'DRAFT', ...about });
    const scheduled = await insertEmail(app, tenant, { status: 'SCHEDULED', mode: 'DRAFT', ...about });
    await insertEmail(app, tenant, { mode: 'DRAFT', ...about });
    const elsewhere = await insertEmail(app, tenant, { status: 'DRAFT', mode: 'DRAFT', accountId: otherAccountId });
    const context = { type: 'customer', uid: invoice.customerId };
    expect(await drafts({ context })).toEqual([scheduled, draft]);
    expect(await drafts({ accountUid: otherAccountId })).toEqual([elsewhere]);
    expect(await drafts({ context, accountUid: otherAccountId })).toEqual([]);
  });

  it('lists the replies that are being written in a conversation, which each of them names', async () => {
    const conversationId = await insertConversation(app, tenant);
    const reply = await insertEmail(app, tenant, { status: 'DRAFT', mode: 'DRAFT', conversationId });
    await insertEmail(app, tenant, { conversationId });
    expect(await drafts({ conversationUid: conversationId })).toEqual([reply]);
    const { draft } = await query(app, tenant.key, ConversationOfDraft, { uid: reply });
    expect(draft).toEqual({ conversation: { uid: conversationId } });
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
    const messageId = await insertMessage(app, tenant, { conversationId: special });
    await app.app.pool.query(
      `INSERT INTO message_search (organization_id, message_id, conversation_id, terms)
       VALUES ($1, $2, $3, array_to_tsvector($4))`,
      [organizationId, messageId, special, ['reminder', 'anna@north.example']],
    );
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
    expect(await conversations({ participant: 'anna\ud83d@north.example' })).toEqual([]);
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
