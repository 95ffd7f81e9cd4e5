import { beforeEach, describe, expect, it } from 'vitest';
import { insertEmailLinks } from '../../src/contexts/links.ts';
import { findContexts } from '../../src/contexts/references.ts';
import { upsertInvoice } from '../../src/contexts/upsert-invoices.ts';
import { sql } from '../../src/db/statement.ts';
import { graphql } from '../generated/gql.ts';
import type { ContextRefInput, SendFreshInput } from '../generated/graphql.ts';
import {
  createInvoice,
  createTenant,
  expectType,
  query,
  type Tenant,
  UNPACED,
  useTestApp,
} from '../support/harness.ts';
import { accepted, countRows, createRecipient, fetchSentCopy, fresh, issuesOf, send, write } from '../support/mail.ts';
import { insertConversation, insertEmail } from '../support/rows.ts';
import { CreateDraft, DraftRecord, UpdateDraft } from '../support/send-documents.ts';

const Entities = graphql(`
  query Entities($ids: [ID!]!) {
    nodes(ids: $ids) {
      ... on ContextEntity {
        label
        lastContactedAt
        awaitingReply
        outboundEmails { totalCount edges { node { uid } } }
        drafts { totalCount edges { node { uid } } }
        conversations { totalCount edges { node { uid } } }
      }
    }
  }
`);
const Link = graphql(`
  mutation LinkSeveral($uid: UUID!, $context: ContextRefInput!) {
    linkConversation(uid: $uid, context: $context) {
      __typename
      ... on LinkConversationPayload { conversation { contexts { label } } }
    }
  }
`);
const Unlink = graphql(`
  mutation UnlinkSeveral($uid: UUID!, $context: ContextRefInput!) {
    unlinkConversation(uid: $uid, context: $context) {
      __typename
      ... on UnlinkConversationPayload { conversation { contexts { label } } }
    }
  }
`);

type Created = Awaited<ReturnType<typeof createInvoice>>;

let tenant: Tenant;
let maria: string;
let one: Created;
let two: Created;

const t = useTestApp({ env: UNPACED });
beforeEach(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
  [one, two] = [await createInvoice(t, tenant, 'INV-1'), await createInvoice(t, tenant, 'INV-2')];
});

const invoice = ({ invoiceId }: Created): ContextRefInput => ({ type: 'invoice', uid: invoiceId });
const about = (contexts: ContextRefInput[], changes: Partial<SendFreshInput> = {}) =>
  fresh(tenant, maria, { contexts, ...changes });

/** The two invoices, then their two customers. */
async function entities() {
  const ids = [one, two].map(({ invoiceId }) => `Invoice_${invoiceId}`);
  const customers = [one, two].map(({ customerId }) => `Customer_${customerId}`);
  const { nodes } = await query(t, tenant.key, Entities, { ids: [...ids, ...customers] });
  return nodes.map((node) => {
    if (node === null || !('label' in node)) throw new Error('no entity');
    return node;
  });
}

/** Another customer takes the invoice over. */
async function giveTo(customerUid: string, number: string): Promise<void> {
  const dates = { issueDate: '2026-01-01', dueDate: '2026-01-15' };
  const amounts = { subtotalCents: '150000', totalCents: '150000' };
  await upsertInvoice(t.app.pool, tenant.organizationId, {
    number,
    customerUid,
    status: 'OPEN',
    currency: 'USD',
    ...dates,
    ...amounts,
  });
}

describe('an email about several invoices', () => {
  it('is counted by each of them and by their customers, and so is its answer', async () => {
    const { outboundEmail } = await accepted(
      t,
      tenant,
      about([invoice(two), { type: 'invoice', externalId: 'INV-1' }]),
    );
    const email = await fetchSentCopy(t, tenant, outboundEmail.uid);
    const labels = [{ number: 'INV-2' }, { number: 'INV-1' }];
    expect(email.contexts).toMatchObject(labels);
    expect(email.conversation.contexts).toMatchObject(labels);
    const listed = { totalCount: 1, edges: [{ node: { uid: email.uid } }] };
    const conversed = { totalCount: 1, edges: [{ node: { uid: email.conversation.uid } }] };
    const contacted = { lastContactedAt: email.sentAt, awaitingReply: true };
    expect(await entities()).toMatchObject(
      Array(4).fill({ ...contacted, outboundEmails: listed, drafts: { totalCount: 0 }, conversations: conversed }),
    );

    const [mail] = t.sandbox.admin.messages(maria);
    await write(t, tenant, { from: maria, subject: 'Re: Invoice 7', answers: mail });
    expect(await entities()).toMatchObject(Array(4).fill({ awaitingReply: false, lastContactedAt: email.sentAt }));
  });

  it('names an entity once, however often it is referred to, and the customer once with its own place', async () => {
    const named = [invoice(one), { type: 'invoice', externalId: 'INV-1' }, { type: 'customer', uid: one.customerId }];
    const { outboundEmail } = await accepted(t, tenant, about(named));
    expect(outboundEmail.contexts).toEqual([{ uid: one.invoiceId }, { uid: one.customerId }]);
    const [, , customer] = await entities();
    expect(customer).toMatchObject({ outboundEmails: { totalCount: 1 } });
  });

  it('refuses references that name nothing, two things or too much, each with its path', async () => {
    const uid = one.invoiceId;
    const wrong = [invoice(one), { type: 'invoice' }, { type: 'invoice', uid, externalId: 'INV-1' }];
    expect(await issuesOf(t, tenant, about(wrong))).toEqual([
      'input.fresh.contexts.1: Give either uid or externalId.',
      'input.fresh.contexts.2: Give either uid or externalId.',
    ]);
    const many = Array.from({ length: 51 }, () => invoice(one));
    expect(await issuesOf(t, tenant, about(many))).toEqual(['input.fresh.contexts: At most 50 contexts are allowed.']);
    const missing = await send(t, tenant, about([invoice(one), { type: 'invoice', externalId: 'INV-9' }]));
    expect(expectType(missing, 'NotFoundError')).toMatchObject({ entity: 'Invoice', uid: null });
    expect(missing).toMatchObject({ message: 'Invoice "INV-9" was not found.' });
    expect(await countRows(t, tenant)).toBe(0);
  });

  it('is sent beside others about the same entities in another order', async () => {
    const orders = [
      [invoice(one), invoice(two)],
      [invoice(two), invoice(one)],
    ];
    const emails = Array.from({ length: 16 }, (_, n) => accepted(t, tenant, about(orders[n % 2] ?? [])));
    const statuses = (await Promise.all(emails)).map(({ outboundEmail }) => outboundEmail.status);
    expect(statuses).toEqual(Array(16).fill('SENT'));
    expect(await entities()).toMatchObject(Array(4).fill({ outboundEmails: { totalCount: 16 } }));
  });

  it('is the same request with the same references only', async () => {
    const keyed = (contexts: ContextRefInput[]) => about(contexts, { idempotencyKey: 'statement-1' });
    const first = await accepted(t, tenant, keyed([invoice(one), invoice(two)]));
    expect(await accepted(t, tenant, keyed([invoice(one), invoice(two)]))).toEqual({ ...first, replayed: true });
    const conflict = expectType(await send(t, tenant, keyed([invoice(two), invoice(one)])), 'IdempotencyConflictError');
    expect(conflict.differingFields).toEqual(['contexts']);
  });
});

describe('a draft about several invoices', () => {
  const create = async (input: object) =>
    expectType(
      (
        await query(t, tenant.key, CreateDraft, {
          input: { to: [maria], subject: 'Statement', bodyText: 'x', ...input },
        })
      ).createDraft,
      'CreateDraftPayload',
    ).draft.uid;
  const contextsOf = async (uid: string) => (await query(t, tenant.key, DraftRecord, { uid })).draft?.contexts;

  it('is listed by each of them, has its contexts replaced whole, and keeps them when it is sent', async () => {
    const uid = await create({ fromAccountUid: tenant.accountId, contexts: [invoice(one), invoice(two)] });
    expect(await contextsOf(uid)).toMatchObject([{ uid: one.invoiceId }, { uid: two.invoiceId }]);
    const listed = { totalCount: 1, edges: [{ node: { uid } }] };
    expect(await entities()).toMatchObject(
      Array(4).fill({ drafts: listed, outboundEmails: { totalCount: 0 }, lastContactedAt: null }),
    );
    await query(t, tenant.key, UpdateDraft, { input: { draftUid: uid, subject: 'Reminder' } });
    expect(await contextsOf(uid)).toHaveLength(2);
    await query(t, tenant.key, UpdateDraft, { input: { draftUid: uid, contexts: [invoice(two)] } });
    const { outboundEmail } = await accepted(t, tenant, { draft: { draftUid: uid } });
    expect(outboundEmail.contexts).toEqual([{ uid: two.invoiceId }]);
    const none = { drafts: { totalCount: 0 }, outboundEmails: { totalCount: 0 }, awaitingReply: false };
    const sent = { drafts: { totalCount: 0 }, outboundEmails: { totalCount: 1 }, awaitingReply: true };
    expect(await entities()).toMatchObject([none, sent, none, sent]);
  });

  it('that replies without naming any takes those of the conversation when it is sent', async () => {
    const first = await accepted(t, tenant, about([invoice(two), invoice(one)]));
    await fetchSentCopy(t, tenant, first.outboundEmail.uid);
    const answers = t.sandbox.admin.messages(maria)[0];
    const { uid: replyToMessageUid } = await write(t, tenant, { from: maria, subject: 'Re: Invoice 7', answers });
    const uid = await create({ replyToMessageUid });
    expect(await contextsOf(uid)).toEqual([]);
    const { outboundEmail } = await accepted(t, tenant, { draft: { draftUid: uid } });
    expect(outboundEmail.contexts).toEqual([{ uid: two.invoiceId }, { uid: one.invoiceId }]);
    expect(await entities()).toMatchObject(Array(4).fill({ outboundEmails: { totalCount: 2 }, awaitingReply: true }));
  });
});

describe('a conversation about invoices', () => {
  const link = async (uid: string, context: ContextRefInput) =>
    expectType((await query(t, tenant.key, Link, { uid, context })).linkConversation, 'LinkConversationPayload')
      .conversation?.contexts;
  const unlink = async (uid: string, context: ContextRefInput) =>
    expectType((await query(t, tenant.key, Unlink, { uid, context })).unlinkConversation, 'UnlinkConversationPayload')
      .conversation?.contexts;
  const countOf = async (index: number) => (await entities())[index]?.conversations.totalCount;

  it('is listed by their customer as long as one of them is linked, or the customer itself', async () => {
    await giveTo(one.customerId, 'INV-2');
    const uid = await insertConversation(t, tenant);
    expect(await link(uid, { type: 'invoice', externalId: 'INV-1' })).toEqual([{ label: 'INV-1' }]);
    expect(await link(uid, invoice(two))).toEqual([{ label: 'INV-1' }, { label: 'INV-2' }]);
    expect(await unlink(uid, invoice(one))).toEqual([{ label: 'INV-2' }]);
    expect(await countOf(2)).toBe(1);
    const customer = { type: 'customer', externalId: 'customer-of-INV-1' };
    expect(await link(uid, customer)).toEqual([{ label: 'INV-2' }, { label: 'Acme Corp' }]);
    expect(await unlink(uid, customer)).toEqual([{ label: 'INV-2' }]);
    expect(await countOf(2)).toBe(1);
    expect(await unlink(uid, invoice(two))).toEqual([]);
    expect(await countOf(2)).toBe(0);
  });
});

describe('an invoice that goes to another customer', () => {
  it('takes its emails and conversations along, except those that are also about the former customer', async () => {
    const plain = await accepted(t, tenant, about([invoice(one)]));
    const named = await accepted(t, tenant, about([invoice(one), { type: 'customer', uid: one.customerId }]));
    for (const { outboundEmail } of [plain, named]) await fetchSentCopy(t, tenant, outboundEmail.uid);
    await giveTo(two.customerId, 'INV-1');
    const [, , former, owner] = await entities();
    const both = [{ node: { uid: named.outboundEmail.uid } }, { node: { uid: plain.outboundEmail.uid } }];
    expect(owner).toMatchObject({
      awaitingReply: true,
      lastContactedAt: named.outboundEmail.sentAt,
      outboundEmails: { edges: both },
      conversations: { totalCount: 2 },
    });
    expect(former).toMatchObject({
      lastContactedAt: named.outboundEmail.sentAt,
      outboundEmails: { edges: both.slice(0, 1) },
      conversations: { totalCount: 1 },
    });
  });

  it('is listed by its new customer when an email found it before it went there', async () => {
    const { organizationId } = tenant;
    const found = await findContexts(t.app.pool, organizationId, [
      { type: 'invoice', uid: one.invoiceId, externalId: null },
    ]);
    await giveTo(two.customerId, 'INV-1');
    const id = await insertEmail(t, tenant, { status: 'DRAFT', mode: 'DRAFT' });
    await t.app.pool.query(
      sql`WITH email AS (SELECT organization_id, id, created_at FROM outbound_email WHERE id = ${id}) ${insertEmailLinks(found)}`,
    );
    const [invoiced, , former, owner] = await entities();
    expect([invoiced, former, owner].map((entity) => entity?.drafts.totalCount)).toEqual([1, 0, 1]);
  });
});
