import { v7 as uuidv7 } from 'uuid';
import { beforeAll, describe, expect, it } from 'vitest';
import { scopeToOrganization } from '../../src/db/tenant.ts';
import { createInvoice, createTenant, receive, request, type Tenant, useTestApp } from '../support/harness.ts';
import { insertConversation, insertEmail, insertMessage, linkContext } from '../support/rows.ts';

/** Uids of the other organization, by kind. */
let uid: Record<
  'account' | 'invoice' | 'customer' | 'conversation' | 'message' | 'email' | 'draft' | 'attachment' | 'key',
  string
>;

const app = useTestApp();

let ours: Tenant;
let theirs: Tenant;
beforeAll(async () => {
  ours = await createTenant(app);
  theirs = await createTenant(app);
  const { invoiceId, customerId } = await createInvoice(app, theirs, 'INV-1');
  const conversation = await insertConversation(app, theirs);
  await linkContext(app, theirs, conversation, { type: 'invoice', id: invoiceId });
  const about = [{ type: 'invoice', id: invoiceId }];
  const message = await receive(app, theirs, {
    from: 'maria@acme.example',
    raw: `From: maria@acme.example
To: ${theirs.email}
Subject: file
Message-ID: <file@acme.example>
Content-Type: application/pdf; name="a.pdf"
Content-Disposition: attachment; filename="a.pdf"

secret`,
  });
  const one = async (sql: string) =>
    (await app.app.pool.query<{ id: string }>(sql, [theirs.organizationId])).rows[0]?.id ?? '';
  uid = {
    account: theirs.accountId,
    invoice: invoiceId,
    customer: customerId,
    conversation,
    message,
    email: await insertEmail(app, theirs, { about, conversationId: conversation }),
    draft: await insertEmail(app, theirs, { about, status: 'DRAFT', mode: 'DRAFT' }),
    attachment: await one('SELECT id FROM attachment WHERE organization_id = $1'),
    key: await one('SELECT id FROM api_key WHERE organization_id = $1'),
  };
});

async function ask(key: string, operation: string): Promise<string> {
  const { data, errors } = await request(app, key, operation);
  expect(errors).toEqual([]);
  return JSON.stringify(data);
}

/** What a mutation of somebody else's could have changed. */
async function state({ organizationId }: Tenant) {
  const { db } = app.app;
  const where = { organizationId };
  const [accounts, conversations, links, emails] = await Promise.all([
    db.emailAccount.findMany({ where, select: { status: true } }),
    db.conversation.findMany({ where, select: { isRead: true }, orderBy: { id: 'asc' } }),
    db.conversationContext.count({ where }),
    db.outboundEmailContext.count({ where }),
    db.outboundEmail.findMany({ where, select: { status: true, subject: true }, orderBy: { id: 'asc' } }),
  ]);
  return { accounts, conversations, links, emails };
}

describe("another organization's objects", () => {
  const single: [string, () => string][] = [
    ['outboundEmail', () => `(uid: "${uid.email}") { uid }`],
    ['draft', () => `(uid: "${uid.draft}") { uid }`],
    ['conversation', () => `(uid: "${uid.conversation}") { uid }`],
    ['emailMessage', () => `(uid: "${uid.message}") { uid }`],
    ['emailAccount', () => `(uid: "${uid.account}") { uid }`],
    ['invoice', () => `(uid: "${uid.invoice}") { uid }`],
    ['invoice', () => '(number: "INV-1") { uid }'],
    ['customer', () => `(uid: "${uid.customer}") { uid }`],
    ['customer', () => '(externalId: "customer-of-INV-1") { uid }'],
    ['node', () => `(id: "Invoice_${uid.invoice}") { id }`],
    ['node', () => `(id: "OutboundEmail_${uid.email}") { id }`],
    ['node', () => `(id: "Draft_${uid.draft}") { id }`],
    ['node', () => `(id: "Conversation_${uid.conversation}") { id }`],
    ['node', () => `(id: "EmailMessage_${uid.message}") { id }`],
    ['node', () => `(id: "EmailAccount_${uid.account}") { id }`],
    ['node', () => `(id: "Customer_${uid.customer}") { id }`],
  ];
  for (const [field, rest] of single) {
    it(`are null for ${field}, and there for their owner: ${rest.toString().slice(6, 40)}`, async () => {
      const operation = `{ ${field}${rest()} }`;
      expect(await ask(ours.key, operation)).toBe(`{"${field}":null}`);
      expect(await ask(theirs.key, operation)).not.toContain('null');
    });
  }

  it('are null in nodes, beside those that are ours', async () => {
    const ids = `["EmailAccount_${ours.accountId}", "EmailAccount_${theirs.accountId}"]`;
    const answer = await ask(ours.key, `{ nodes(ids: ${ids}) { id } }`);
    expect(answer).toBe(`{"nodes":[{"id":"EmailAccount_${ours.accountId}"},null]}`);
  });

  it('are null under whatever type, and our own under another than theirs', async () => {
    const types = ['Conversation', 'EmailMessage', 'Invoice', 'Customer', 'EmailAccount', 'OutboundEmail', 'Draft'];
    const found = async (id: string) => {
      const ids = JSON.stringify(types.map((type) => `${type}_${id}`));
      const nodes: unknown = JSON.parse(await ask(ours.key, `{ nodes(ids: ${ids}) { __typename } }`));
      return nodes;
    };
    const none = types.map((): { __typename: string } | null => null);
    for (const id of Object.values(uid)) expect(await found(id)).toEqual({ nodes: none });
    expect(await found(conversationOfOurs)).toEqual({ nodes: none.with(0, { __typename: 'Conversation' }) });
    expect(await found(invoiceOfOurs)).toEqual({ nodes: none.with(2, { __typename: 'Invoice' }) });
  });

  it('are in no list, whatever the filter', async () => {
    const stranger = await createTenant(app);
    const lists = [
      'outboundEmails',
      `outboundEmails(filter: { accountUid: "${uid.account}" })`,
      `outboundEmails(filter: { conversationUid: "${uid.conversation}" })`,
      `outboundEmails(filter: { context: { type: "invoice", uid: "${uid.invoice}" } })`,
      'outboundEmails(filter: { recipient: "maria@acme.example", search: "Maria" })',
      'drafts',
      `drafts(filter: { context: { type: "invoice", uid: "${uid.invoice}" } })`,
      `drafts(filter: { accountUid: "${uid.account}" })`,
      'conversations',
      `conversations(filter: { context: { type: "invoice", uid: "${uid.invoice}" } })`,
      'conversations(filter: { participant: "maria@acme.example" })',
      'conversations(filter: { search: "maria@acme.example" })',
      'conversations(filter: { search: "file" })',
      `conversations(filter: { accountUid: "${uid.account}" })`,
      'conversations(filter: { isRead: true })',
      'conversations(filter: { hasReply: false })',
      'invoices',
      'invoices(filter: { awaitingReply: false })',
      'invoices(filter: { status: [OPEN, OVERDUE] })',
      `invoices(filter: { customerUid: "${uid.customer}" })`,
      'customers',
    ];
    for (const list of lists) {
      const operation = `{ list: ${list} { totalCount edges { node { uid } } } }`;
      expect(await ask(stranger.key, operation)).toBe('{"list":{"totalCount":0,"edges":[]}}');
      expect(await ask(theirs.key, operation)).not.toContain('"totalCount":0');
    }
    expect(await ask(ours.key, '{ emailAccounts { uid } apiKeys { edges { node { uid } } } }')).not.toMatch(
      new RegExp(`${uid.account}|${uid.key}`),
    );
  });

  const content = 'to: ["a@b.example"], subject: "s", bodyText: "t"';
  const named = () => `{ type: "invoice", uid: "${uid.invoice}" }`;
  const about = () => `context: ${named()}`;
  const dates = 'issueDate: "2026-01-01", dueDate: "2026-01-02"';
  const mutations: [string, () => string][] = [
    ['EmailAccount', () => `sendEmail(input: { fresh: { fromAccountUid: "${uid.account}", ${content} } })`],
    [
      'Invoice',
      () => `sendEmail(input: { fresh: { fromAccountUid: "${ours.accountId}", ${content}, contexts: [${named()}] } })`,
    ],
    ['EmailMessage', () => `sendEmail(input: { reply: { replyToMessageUid: "${uid.message}", ${content} } })`],
    ['Draft', () => `sendEmail(input: { draft: { draftUid: "${uid.draft}" } })`],
    ['Draft', () => `sendEmail(input: { draft: { draftUid: "${uid.email}" } })`],
    ['EmailAccount', () => `createDraft(input: { fromAccountUid: "${uid.account}" })`],
    ['EmailMessage', () => `createDraft(input: { replyToMessageUid: "${uid.message}" })`],
    ['Invoice', () => `createDraft(input: { fromAccountUid: "${ours.accountId}", contexts: [${named()}] })`],
    ['Draft', () => `updateDraft(input: { draftUid: "${uid.draft}", subject: "x" })`],
    ['Draft', () => `deleteDraft(uid: "${uid.draft}")`],
    [
      'Customer',
      () => `upsertInvoice(input: { number: "X", customerUid: "${uid.customer}", status: OPEN, currency: "USD",
        subtotalCents: "1", totalCents: "1", ${dates} })`,
    ],
    ['ApiKey', () => `revokeApiKey(uid: "${uid.key}")`],
    ['Conversation', () => `linkConversation(uid: "${uid.conversation}", ${aboutOurs()})`],
    ['Conversation', () => `unlinkConversation(uid: "${uid.conversation}", ${aboutOurs()})`],
    ['Invoice', () => `linkConversation(uid: "${conversationOfOurs}", ${about()})`],
    ['Invoice', () => `unlinkConversation(uid: "${conversationOfOurs}", ${about()})`],
    ['Conversation', () => `markConversationRead(uid: "${uid.conversation}")`],
    ['Conversation', () => `markConversationRead(uid: "${uid.conversation}", read: false)`],
    ['EmailAccount', () => `syncEmailAccount(uid: "${uid.account}")`],
    ['EmailAccount', () => `disconnectEmailAccount(uid: "${uid.account}")`],
  ];
  let conversationOfOurs: string;
  let invoiceOfOurs: string;
  const aboutOurs = () => `context: { type: "invoice", uid: "${invoiceOfOurs}" }`;
  beforeAll(async () => {
    conversationOfOurs = await insertConversation(app, ours, { messageCount: 0 });
    ({ invoiceId: invoiceOfOurs } = await createInvoice(app, ours, 'INV-ours'));
  });
  for (const [entity, mutation] of mutations) {
    it(`are not found, and nothing is written: ${mutation.toString().slice(7, 70)}`, async () => {
      const before = await state(theirs);
      const operation = `mutation { answer: ${mutation()} { __typename ... on NotFoundError { entity } } }`;
      expect(await ask(ours.key, operation)).toBe(`{"answer":{"__typename":"NotFoundError","entity":"${entity}"}}`);
      for (const table of ['outbound_email', 'conversation_context']) {
        const { rows } = await app.app.pool.query(`SELECT FROM ${table} WHERE organization_id = $1`, [
          ours.organizationId,
        ]);
        expect(rows).toEqual([]);
      }
      expect(await state(theirs)).toEqual(before);
    });
  }

  it('cannot be moved to by a draft of ours', async () => {
    const created = await request<{ createDraft: { draft: { uid: string } } }, object>(
      app,
      ours.key,
      `mutation { createDraft(input: { fromAccountUid: "${ours.accountId}" }) { ... on CreateDraftPayload { draft { uid } } } }`,
    );
    const draftUid = created.data?.createDraft.draft.uid;
    for (const change of [`fromAccountUid: "${uid.account}"`, `contexts: [${named()}]`]) {
      const operation = `mutation { updateDraft(input: { draftUid: "${draftUid}", ${change} }) { __typename } }`;
      expect(await ask(ours.key, operation)).toContain('NotFoundError');
    }
    expect(await ask(ours.key, `mutation { deleteDraft(uid: "${draftUid}") { __typename } }`)).toContain('Payload');
  });

  it('cannot be downloaded', async () => {
    const download = async (key: string) => {
      const headers = { authorization: `Bearer ${key}` };
      return (await fetch(`${app.url}/attachments/${uid.attachment}`, { headers })).status;
    };
    expect([await download(ours.key), await download(theirs.key)]).toEqual([404, 200]);
  });

  it('do not share what may exist in both: numbers and external ids', async () => {
    const mine = await createInvoice(app, ours, 'INV-1');
    expect(mine.invoiceId).not.toBe(uid.invoice);
    expect(await ask(ours.key, '{ invoice(number: "INV-1") { uid } }')).toContain(mine.invoiceId);
  });
});

describe("a request's client", () => {
  const entity = () => ({ type: 'customer', id: uuidv7(), externalId: uuidv7() });

  it('reads no row of another organization', async () => {
    const db = scopeToOrganization(app.app.db, ours.organizationId);
    const where = { id: uid.customer };
    expect(await db.customer.findFirst({ where })).toBeNull();
    expect(await db.customer.findMany({ where })).toEqual([]);
    expect(await db.customer.findMany({ where: { OR: [where, {}] } })).toEqual([]);
    expect(await db.customer.count({ where })).toBe(0);
    expect(await db.invoice.groupBy({ by: 'customerId', where: { customerId: uid.customer }, _count: true })).toEqual(
      [],
    );
    expect((await db.customer.aggregate({ where, _count: true }))._count).toBe(0);
    const byKey = { organizationId_id: { organizationId: theirs.organizationId, ...where } };
    expect(await db.customer.findUnique({ where: byKey })).toBeNull();
    await expect(db.customer.findUniqueOrThrow({ where: byKey })).rejects.toMatchObject({ code: 'P2025' });
    await expect(db.customer.findFirstOrThrow({ where })).rejects.toMatchObject({ code: 'P2025' });
    expect(await db.organization.findMany({ select: { id: true } })).toEqual([{ id: ours.organizationId }]);
  });

  it('changes and deletes no row of another organization', async () => {
    const db = scopeToOrganization(app.app.db, ours.organizationId);
    const where = { id: uid.customer };
    const byKey = { organizationId_id: { organizationId: theirs.organizationId, ...where } };
    const before = await app.app.db.customer.findMany({ orderBy: { id: 'asc' } });
    expect(await db.customer.updateMany({ where, data: { name: 'x' } })).toEqual({ count: 0 });
    expect(await db.customer.deleteMany({ where })).toEqual({ count: 0 });
    await expect(db.customer.update({ where: byKey, data: { name: 'x' } })).rejects.toMatchObject({ code: 'P2025' });
    await expect(db.customer.delete({ where: byKey })).rejects.toMatchObject({ code: 'P2025' });
    expect(await app.app.db.customer.findMany({ orderBy: { id: 'asc' } })).toEqual(before);
  });

  it('makes rows of its own organization, whatever they say', async () => {
    const db = scopeToOrganization(app.app.db, ours.organizationId);
    const { organizationId } = theirs;
    const [one, two, three] = [entity(), entity(), entity()];
    await db.contextEntity.create({ data: { ...one, organizationId } });
    await db.contextEntity.createMany({
      data: [
        { ...two, organizationId },
        { ...three, organizationId },
      ],
    });
    const created = await app.app.db.contextEntity.findMany({
      where: { id: { in: [one.id, two.id, three.id] } },
      select: { organizationId: true },
    });
    expect(created).toEqual(Array(3).fill({ organizationId: ours.organizationId }));
  });

  it('has no raw SQL and no transaction, which would lead past it', () => {
    const db = scopeToOrganization(app.app.db, ours.organizationId);
    expect(Object.keys(db).filter((name) => name.startsWith('$'))).toEqual(['$connect']);
  });
});

describe('the database', () => {
  const violation = (message: RegExp) => ({ message: expect.stringMatching(message) });

  it('refuses a row that points into another organization', async () => {
    const foreign = /foreign key|Foreign key/;
    const emails = [
      { accountId: uid.account },
      { about: [{ type: 'invoice', id: uid.invoice }] },
      { conversationId: uid.conversation },
    ];
    for (const columns of [...emails, { replyToMessageId: uid.message }]) {
      await expect(insertEmail(app, ours, columns)).rejects.toMatchObject(violation(foreign));
    }
    await expect(insertConversation(app, ours, { accountId: uid.account })).rejects.toMatchObject(violation(foreign));
    await expect(insertMessage(app, ours, { conversationId: uid.conversation })).rejects.toMatchObject(
      violation(foreign),
    );
    const conversationId = await insertConversation(app, ours);
    const link = linkContext(app, ours, conversationId, { type: 'invoice', id: uid.invoice });
    await expect(link).rejects.toMatchObject(violation(foreign));
  });

  const broken: [string, string][] = [
    [`status = 'SENT', provider_message_id = NULL`, 'sent_has_provider_ids'],
    [`status = 'BOUNCED', sent_at = NULL`, 'sent_has_provider_ids'],
    [`status = 'SENT', threading = NULL`, 'sent_has_provider_ids'],
    [`status = 'SENDING'`, 'sending_(has_gmail_draft|is_leased)'],
    [`status = 'UNCONFIRMED'`, 'sending_has_gmail_draft|failed_has_failure'],
    [`status = 'SCHEDULED', planned_send_at = NULL`, 'scheduled_has_time'],
    [`status = 'FAILED'`, 'failed_has_failure'],
    [`failure_code = 'X'`, 'failure_is_whole'],
    [`"to" = '{}'`, 'leaving_has_recipients'],
    [`mode = 'REPLY'`, 'reply_has_message'],
    [`idempotency_key = 'k'`, 'key_has_fingerprint'],
    [`idempotency_key = '', request_fingerprint = '{}'`, 'idempotency_key_length'],
  ];
  for (const [assignment, constraint] of broken) {
    it(`refuses an outbound email with ${assignment}`, async () => {
      const id = await insertEmail(app, ours);
      const update = app.app.pool.query(`UPDATE outbound_email SET ${assignment} WHERE id = $1`, [id]);
      await expect(update).rejects.toMatchObject({ code: '23514', constraint: expect.stringMatching(constraint) });
    });
  }

  it('never changes or deletes an event, and deletes a draft but nothing that was accepted', async () => {
    const { pool } = app.app;
    const insertEvent = (id: string) =>
      pool.query(
        `INSERT INTO outbound_email_event (organization_id, id, outbound_email_id, type, actor, detail)
         VALUES ($1, gen_random_uuid(), $2, 'CREATED', 'system', '{}')`,
        [ours.organizationId, id],
      );
    const sent = await insertEmail(app, ours);
    await insertEvent(sent);
    for (const sql of [`UPDATE outbound_email_event SET type = 'SENT'`, 'DELETE FROM outbound_email_event']) {
      const change = pool.query(`${sql} WHERE outbound_email_id = $1`, [sent]);
      await expect(change).rejects.toMatchObject(violation(/append-only/));
    }
    const remove = (id: string) => pool.query('DELETE FROM outbound_email WHERE id = $1', [id]);
    for (const status of ['SENT', 'QUEUED', 'FAILED', 'CANCELED'] as const) {
      const id = await insertEmail(app, ours, { status });
      await expect(remove(id)).rejects.toMatchObject(violation(/only a draft/));
    }
    const draft = await insertEmail(app, ours, { status: 'DRAFT', mode: 'DRAFT' });
    await insertEvent(draft);
    await remove(draft);
    const { rows } = await pool.query('SELECT FROM outbound_email_event WHERE outbound_email_id = $1', [draft]);
    expect(rows).toEqual([]);
  });
});
