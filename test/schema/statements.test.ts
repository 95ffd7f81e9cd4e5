import { Kind, parse, print, visit } from 'graphql';
import { beforeAll, describe, expect, it } from 'vitest';
import { createInvoice, createTenant, request, type Tenant, useTestApp } from '../support/harness.ts';
import { createRecipient } from '../support/mail.ts';
import { insertConversation, insertEmail, insertMessage, linkContext } from '../support/rows.ts';

// The jobs of a worker would be among the statements.
const app = useTestApp({ env: { WORKER: 'off' } });

let small: Tenant;
let large: Tenant;
beforeAll(async () => {
  small = await tenantWith(3);
  large = await tenantWith(30);
});

/** A tenant whose lists have `size` rows, every row with something below it. */
async function tenantWith(size: number): Promise<Tenant> {
  const tenant = await createTenant(app);
  for (let n = 0; n < size; n++) {
    const { invoiceId, customerId } = await createInvoice(app, tenant, `INV-${n}`);
    const invoice = { type: 'invoice', id: invoiceId };
    const conversationId = await insertConversation(app, tenant);
    const context = n % 2 === 0 ? invoice : { type: 'customer', id: customerId };
    await linkContext(app, tenant, conversationId, { type: 'invoice', id: invoiceId });
    await linkContext(app, tenant, conversationId, { type: 'customer', id: customerId });
    const replyToMessageId = await insertMessage(app, tenant, { conversationId });
    const email = { about: [context], conversationId, replyToMessageId, sentCopyFetchedAt: new Date() };
    const emailId = await insertEmail(app, tenant, email);
    await insertMessage(app, tenant, { conversationId, outboundEmailId: emailId, direction: 'OUTBOUND' });
    await insertEmail(app, tenant, { about: [invoice], status: 'DRAFT', mode: 'DRAFT' });
    await app.app.pool.query(
      `INSERT INTO outbound_email_event (organization_id, id, outbound_email_id, type, actor, detail)
       VALUES ($1, gen_random_uuid(), $2, 'SENT', 'system', '{}')`,
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
  // The key was looked up within the last five seconds, or is once.
  const isLookUp = (statement: string) => statement.includes('"api_key"');
  expect(app.statements().filter(isLookUp).length).toBeLessThanOrEqual(5);
  return app.statements().filter((statement) => !isLookUp(statement));
}

const DASHBOARD = (fields: string) => `{
  outboundEmails(first: 50) {
    edges { node {
      uid status subject sentAt ${fields}
      fromAccount { email }
      conversation { uid subject }
      contexts { ... on Invoice { number } ... on Customer { name } }
    } }
  }
}`;

describe('a page of 50 outbound emails with account, context and conversation', () => {
  it('takes one statement, whatever kinds of context are in it', async () => {
    const tenant = await tenantWith(50);
    const statements = await statementsOf(tenant, DASHBOARD(''));
    expect(statements.map((sql) => /FROM\s+"public"\."(\w+)"/.exec(sql)?.[1])).toEqual(['outbound_email']);
  });

  it('takes one statement with the customers of the contexts, and one more with their templates', async () => {
    const about = (fields: string) =>
      `{ outboundEmails(first: 50) { nodes { subject contexts { label ... on Invoice { number customer { name } } } ${fields} } } }`;
    expect(await statementsOf(large, about(''))).toHaveLength(1);
    const used = about('template { version values template { name subject } }');
    expect((await statementsOf(large, used)).length).toBeLessThanOrEqual(2);
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
    'conversations with account, contexts and last message',
    1,
    `conversations(first: 50) { edges { node {
      subject awaitsOurAnswer account { email } contexts { ... on Invoice { number } ... on Customer { name } }
      lastMessage { subject from { address } sentAt }
    } } }`,
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
    'contexts under two names, with other lists below each',
    2,
    `outboundEmails(first: 50) { edges { node {
      a: contexts { ... on Invoice { outboundEmails(first: 1) { edges { node { uid } } } } }
      b: contexts { ... on Invoice { outboundEmails(first: 2) { edges { node { subject } } } } ... on Customer { name } }
    } } }`,
  ],
  [
    'what conversations are about, and the emails about that',
    1,
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
    events(first: 2) { edges { node { type } } } contexts { ... on Invoice { number } ... on Customer { name } }
  } } }`;

/** The operation with `nodes { … }` wherever it has `edges { node { … } }`. */
function underNodes(operation: string): string {
  return print(
    visit(parse(operation), {
      Field: {
        leave(field) {
          const [node] = field.selectionSet?.selections ?? [];
          if (field.name.value !== 'edges' || node?.kind !== Kind.FIELD) return undefined;
          return { ...node, name: { kind: Kind.NAME, value: 'nodes' } };
        },
      },
    }),
  );
}

describe('nested lists', () => {
  for (const [what, most, operation] of NESTED) {
    it(`reads ${what} in at most ${most} statements, for 3 rows as for 30`, async () => {
      const few = await statementsOf(small, `{ ${operation} }`);
      const many = await statementsOf(large, `{ ${operation} }`);
      expect(many.length, many.join('\n')).toBe(few.length);
      expect(many.length, many.join('\n')).toBeLessThanOrEqual(most);
    });
  }

  for (const [what, , operation] of NESTED) {
    it(`reads ${what} with the same statements under nodes as under edges`, async () => {
      const byEdges = await statementsOf(large, `{ ${operation} }`);
      expect(await statementsOf(large, underNodes(`{ ${operation} }`))).toEqual(byEdges);
    });
  }

  it('reads what is asked for under nodes and under edges in one statement', async () => {
    const both = 'nodes { subject } edges { cursor node { uid sentAt fromAccount { email } } }';
    expect(await statementsOf(large, `{ outboundEmails(first: 50) { ${both} } }`)).toHaveLength(1);
    const messages = 'messages(first: 2) { nodes { subject } edges { cursor node { uid attachments { filename } } } }';
    const below = `{ conversations(first: 50) { nodes { subject } edges { node { ${messages} } } } }`;
    expect(await statementsOf(large, below)).toHaveLength(1);
  });

  it('reads conversations with all that there is below them in as many statements for 3 as for 30', async () => {
    const lists = [
      `conversations(first: 50) { edges { node { ${EVERYTHING} } } }`,
      `conversations(first: 50, filter: { search: "" }) { totalCount edges { node { ${EVERYTHING} } } }`,
      `invoices(first: 40, filter: { awaitingReply: false }) { edges { node { conversations(first: 2) { edges { node { ${EVERYTHING} } } } } } }`,
    ];
    for (const list of lists) {
      const few = await statementsOf(small, `{ ${list} }`);
      const many = await statementsOf(large, `{ ${list} }`);
      expect(many.length, many.join('\n')).toBe(few.length);
      expect(few.length, few.join('\n')).toBeLessThanOrEqual(5);
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

describe('the answer to sendEmail', () => {
  const send = async (fields: string) => {
    const to = createRecipient(app, small);
    const input = `{ fresh: { fromAccountUid: "${small.accountId}", to: ["${to}"], subject: "Hello", bodyText: "Hello." } }`;
    const operation = `mutation { sendEmail(input: ${input}) { ... on SendEmailPayload { outboundEmail { ${fields} } } } }`;
    app.resetStatements();
    const { data, errors } = await request<{ sendEmail: { outboundEmail: object } }, object>(app, small.key, operation);
    expect(errors).toEqual([]);
    const reads = app.statements().filter((sql) => /^SELECT .*"public"."outbound_email"/.test(sql));
    return { email: data?.sendEmail.outboundEmail, reads };
  };

  it('reads no row for the columns that the send has just written', async () => {
    const { email, reads } = await send('uid status providerMessageId providerThreadId threading sentAt');
    expect(reads).toEqual([]);
    const id = Reflect.get(email ?? {}, 'uid');
    const row = await app.app.db.outboundEmail.findFirstOrThrow({ where: { id } });
    const { status, providerMessageId, providerThreadId, threading } = row;
    expect(email).toEqual({
      uid: id,
      status,
      providerMessageId,
      providerThreadId,
      threading,
      sentAt: row.sentAt?.toISOString(),
    });
  });

  it('reads the row once for anything else', async () => {
    const { email, reads } = await send('status subject fromAccount { uid }');
    expect(email).toEqual({ status: 'SENT', subject: 'Hello', fromAccount: { uid: small.accountId } });
    expect(reads).toHaveLength(1);
  });
});

it('gives the right count to each row', async () => {
  const tenant = await createTenant(app);
  const expected: Record<string, number> = {};
  for (const count of [0, 1, 4]) {
    const { invoiceId } = await createInvoice(app, tenant, `COUNT-${count}`);
    const about = [{ type: 'invoice', id: invoiceId }];
    expected[`COUNT-${count}`] = count;
    for (let n = 0; n < count; n++) await insertEmail(app, tenant, { about });
    await insertEmail(app, tenant, {
      about,
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
