/** What the answers of mutations show to a key that may do them and may not read: each payload and error that gives an entity. */
import { randomUUID } from 'node:crypto';
import { type GraphQLObjectType, getNamedType, isInterfaceType, isLeafType, isObjectType, isUnionType } from 'graphql';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Scope } from '../../src/auth/scopes.ts';
import { schema } from '../../src/schema/index.ts';
import { SendEmail } from '../support/documents.ts';
import {
  createInvoice,
  createKey,
  createTenant,
  eventually,
  expectType,
  query,
  request,
  type Tenant,
  useTestApp,
} from '../support/harness.ts';
import { accepted, createRecipient, fresh, record } from '../support/mail.ts';
import { insertConversation, insertEmail, insertMessage } from '../support/rows.ts';
import { CreateDraft } from '../support/send-documents.ts';

const SECRET = 'SECRET-tender';

const keys = new Map<Scope, string>();

const t = useTestApp();

let tenant: Tenant;
let maria: string;
beforeAll(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
  for (const scope of ['email:send', 'drafts:write', 'contexts:write'] as const) {
    keys.set(scope, await createKey(t, tenant.organizationId, [scope]));
  }
});

/** The fields of payloads and errors that give an entity: `Type.field: Entity`. */
function entitiesInAnswers(): string[] {
  const answers = Object.values(schema.getTypeMap()).filter(
    (type) => isObjectType(type) && /(Payload|Error)$/.test(type.name),
  );
  return answers.flatMap((type) =>
    Object.values((type as GraphQLObjectType).getFields())
      .filter((field) => isObjectType(getNamedType(field.type)) && /^[A-Z]/.test(getNamedType(field.type).name))
      .map((field) => `${type.name}.${field.name}: ${field.type}`),
  );
}

/** Everything that can be asked of a type without an argument, so many levels deep. */
function everythingOf(name: string, depth = 2): string {
  const type = schema.getType(name);
  if (isUnionType(type) || isInterfaceType(type)) {
    const members = schema
      .getPossibleTypes(type)
      .map((each) => `... on ${each.name} ${everythingOf(each.name, depth)}`);
    return `{ __typename ${members.join(' ')} }`;
  }
  if (!isObjectType(type)) throw new Error(`${name} has no fields`);
  const fields = Object.values(type.getFields()).flatMap((field) => {
    const named = getNamedType(field.type);
    if (isLeafType(named)) return [field.name];
    return depth === 0 ? [] : [`${field.name} ${everythingOf(named.name, depth - 1)}`];
  });
  return `{ __typename ${fields.join(' ')} }`;
}

const SEND_ERRORS = `... on UserError { code message retry }
  ... on IdempotencyConflictError { differingFields existing ${everythingOf('OutboundEmail')} }
  ... on DraftConflictError { current ${everythingOf('Draft')} }
  ... on SendRejectedError { outboundEmail ${everythingOf('OutboundEmail')} }`;
const SENT = `{ __typename ... on SendEmailPayload { replayed outboundEmail ${everythingOf('OutboundEmail')} } ${SEND_ERRORS} }`;

/** An email with secrets in all its parts, in a conversation that has them too. @returns its uid. */
async function insertSecret(given: Parameters<typeof insertEmail>[2]): Promise<string> {
  const conversationId = await insertConversation(t, tenant, { subject: SECRET, snippet: SECRET });
  const replyToMessageId = await insertMessage(t, tenant, { conversationId, subject: SECRET, bodyText: SECRET });
  const { invoiceId } = await createInvoice(t, tenant, `${SECRET}-${randomUUID()}`);
  const address = `${SECRET}@acme.example`;
  const uid = await insertEmail(t, tenant, {
    to: [address],
    cc: [address],
    bcc: [address],
    replyTo: [address],
    subject: SECRET,
    bodyText: SECRET,
    bodyHtml: SECRET,
    about: [{ type: 'invoice', id: invoiceId }],
    conversationId,
    replyToMessageId,
    ...given,
  });
  const ref = { organizationId: tenant.organizationId, outboundEmailId: uid };
  const file = { position: 0, filename: SECRET, contentType: 'text/plain', size: 1, contentId: SECRET, partId: '1' };
  await t.app.db.attachment.create({
    data: { ...file, organizationId: ref.organizationId, id: randomUUID(), messageId: replyToMessageId },
  });
  const bounce = { recipient: address, status: '5.1.1', diagnostic: SECRET, permanent: false, at: new Date() };
  await t.app.db.bounce.create({ data: { ...bounce, ...ref, id: randomUUID(), messageId: replyToMessageId } });
  const event = { at: new Date(), type: 'DELAYED', actor: 'system', detail: { recipients: [address] } } as const;
  await t.app.db.outboundEmailEvent.create({ data: { ...event, ...ref, id: randomUUID() } });
  return uid;
}

/** Of a draft that another key has written. */
async function createSecretDraft(): Promise<string> {
  const input = {
    fromAccountUid: tenant.accountId,
    to: [`${SECRET}@acme.example`],
    subject: SECRET,
    bodyText: SECRET,
    attachments: [{ filename: SECRET, contentType: 'text/plain', dataBase64: 'eA==' }],
  };
  const { createDraft } = await query(t, tenant.key, CreateDraft, { input });
  return expectType(createDraft, 'CreateDraftPayload').draft.uid;
}

type Answer = Record<string, Record<string, unknown> & { outboundEmail?: object; existing?: object }>;

/** Runs a mutation, and expects that its answer shows no secret and that its errors are about the answer alone. */
async function run(scope: Scope, mutation: string) {
  const { data, errors } = await request<Answer, object>(t, keys.get(scope) ?? '', `mutation { ${mutation} }`);
  expect(JSON.stringify(data)).not.toContain(SECRET);
  for (const { message, path, extensions } of errors) {
    expect(message).toMatch(/^The mutation was carried out, but its result is incomplete\. .*email:read/);
    expect(extensions).toMatchObject({ code: 'FORBIDDEN', retry: 'CHECK_FIRST' });
    expect(path).not.toHaveLength(1);
  }
  expect(data).not.toBeNull();
  return { answer: data?.[/^\w+/.exec(mutation)?.[0] ?? ''], errors };
}

it('knows every place where an answer gives an entity', () => {
  expect(
    entitiesInAnswers()
      .filter((each) => !/InputIssue|TokenProblem/.test(each))
      .toSorted(),
  ).toEqual([
    'AccountNotReadyError.account: EmailAccount!',
    'CancelOutboundEmailPayload.outboundEmail: OutboundEmail!',
    'CreateApiKeyPayload.apiKey: ApiKey!',
    'CreateDraftPayload.draft: Draft!',
    'DisconnectEmailAccountPayload.emailAccount: EmailAccount!',
    'DraftConflictError.current: Draft',
    'IdempotencyConflictError.existing: OutboundEmail!',
    'LinkConversationPayload.conversation: Conversation',
    'MarkConversationReadPayload.conversation: Conversation',
    'MarkMessageAutomaticPayload.message: EmailMessage!',
    'ResolveOutboundEmailPayload.outboundEmail: OutboundEmail!',
    'RevokeApiKeyPayload.apiKey: ApiKey!',
    'SaveTemplatePayload.template: Template!',
    'SendEmailPayload.outboundEmail: OutboundEmail!',
    'SendRejectedError.outboundEmail: OutboundEmail!',
    'SyncEmailAccountPayload.emailAccount: EmailAccount!',
    'SyncNotPossibleError.account: EmailAccount!',
    'UnlinkConversationPayload.conversation: Conversation',
    'UpdateDraftPayload.draft: Draft!',
    'UpsertCustomerPayload.customer: Customer',
    'UpsertCustomersPayload.customers: [Customer!]',
    'UpsertInvoicePayload.invoice: Invoice',
    'UpsertInvoicesPayload.invoices: [Invoice!]',
  ]);
});

describe('email:send without email:read', () => {
  it('sees where an email stands that it cancels, resolves, tries again or meets, and nothing of its content', async () => {
    const emails = {
      cancelOutboundEmail: await insertSecret({ status: 'SCHEDULED', mode: 'DRAFT' }),
      resolveOutboundEmail: await insertSecret({ status: 'UNCONFIRMED' }),
      retryOutboundEmail: await insertSecret({ status: 'FAILED' }),
    };
    const payload = (name: string) => `{ ... on ${name} { outboundEmail ${everythingOf('OutboundEmail')} } }`;
    const { cancelOutboundEmail, resolveOutboundEmail, retryOutboundEmail } = emails;
    const answers = [
      await run(
        'email:send',
        `cancelOutboundEmail(uid: "${cancelOutboundEmail}") ${payload('CancelOutboundEmailPayload')}`,
      ),
      await run(
        'email:send',
        `resolveOutboundEmail(uid: "${resolveOutboundEmail}", outcome: SENT) ${payload('ResolveOutboundEmailPayload')}`,
      ),
      await run('email:send', `retryOutboundEmail(uid: "${retryOutboundEmail}") ${SENT}`),
    ];
    const hidden = {
      to: [],
      cc: [],
      bcc: [],
      replyTo: [],
      subject: '',
      bodyText: null,
      bodyHtml: null,
      attachments: [],
    };
    const nested = { bounces: [], contexts: [], conversation: null, replyToMessage: null };
    expect(answers.map(({ answer }) => answer?.outboundEmail)).toMatchObject([
      { uid: cancelOutboundEmail, status: 'CANCELED', mode: 'DRAFT', ...hidden, ...nested },
      { uid: resolveOutboundEmail, status: 'SENT', ...hidden, ...nested },
      { uid: retryOutboundEmail, status: 'SENT', ...hidden, ...nested },
    ]);
    for (const { errors } of answers) expect(errors.length).toBeGreaterThan(0);
  });

  it('sees nothing of the email that its idempotency key belongs to, and is told of the conflict', async () => {
    const secret = fresh(tenant, `${SECRET}@acme.example`, {
      subject: SECRET,
      bodyText: SECRET,
      idempotencyKey: 'invoice-7',
    });
    const { outboundEmail } = await accepted(t, tenant, secret);
    const input = `fromAccountUid: "${tenant.accountId}", to: ["${maria}"], subject: "x", bodyText: "x", idempotencyKey: "invoice-7"`;
    const { answer } = await run('email:send', `sendEmail(input: { fresh: { ${input} } }) ${SENT}`);
    expect(answer).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT', differingFields: ['bodyText', 'subject', 'to'] });
    expect(answer?.existing).toMatchObject({
      uid: outboundEmail.uid,
      status: 'SENT',
      subject: '',
      to: [],
      bodyText: null,
    });
  });

  it('sends the draft of another key, also one that Gmail refuses or that has changed, without seeing it', async () => {
    const draftUid = await createSecretDraft();
    const send = (more = '') =>
      run('email:send', `sendEmail(input: { draft: { draftUid: "${draftUid}" ${more} } }) ${SENT}`);
    expect((await send('expectedRevision: 9')).answer).toMatchObject({ code: 'DRAFT_CONFLICT', current: null });
    t.sandbox.admin.fault({ call: 'drafts.create', mailbox: tenant.email, effect: { kind: 'status', status: 400 } });
    expect((await send()).answer).toMatchObject({
      code: 'SEND_REJECTED',
      outboundEmail: { uid: draftUid, status: 'DRAFT' },
    });
    expect((await send()).answer).toMatchObject({
      replayed: false,
      outboundEmail: { uid: draftUid, status: 'SENT', to: [] },
    });
    expect((await send()).answer).toMatchObject({ replayed: true, outboundEmail: { status: 'SENT', attachments: [] } });
  });

  it('reads back what the request itself has given, the second time too, and no conversation', async () => {
    const conversationId = await insertConversation(t, tenant, { subject: SECRET, providerThreadId: 'gone' });
    const message = { conversationId, messageId: '<m@acme.example>', subject: SECRET, bodyText: SECRET };
    const replyToMessageUid = await insertMessage(t, tenant, message);
    const own = 'subject: "Own", bodyText: "Own words"';
    for (const input of [
      `fresh: { fromAccountUid: "${tenant.accountId}", to: ["${maria}"], ${own}, idempotencyKey: "own-fresh" }`,
      `reply: { replyToMessageUid: "${replyToMessageUid}", to: ["${maria}"], ${own}, idempotencyKey: "own-reply" }`,
    ]) {
      for (const replayed of [false, true]) {
        const { answer } = await run('email:send', `sendEmail(input: { ${input} }) ${SENT}`);
        const content = { to: [maria], subject: 'Own', bodyText: 'Own words', bounces: [] };
        expect(answer).toMatchObject({ replayed, outboundEmail: { status: 'SENT', ...content, conversation: null } });
      }
    }
  });

  it('sees nothing of what a reply takes from the message, and quotes none', async () => {
    const conversationId = await insertConversation(t, tenant, { subject: SECRET, providerThreadId: 'gone too' });
    const message = { conversationId, messageId: '<n@acme.example>', subject: SECRET, bodyText: SECRET };
    const replyToMessageUid = await insertMessage(t, tenant, message);
    const reply = `reply: { replyToMessageUid: "${replyToMessageUid}", to: ["${maria}"], bodyText: "Own"`;
    const { answer } = await run('email:send', `sendEmail(input: { ${reply} } }) ${SENT}`);
    expect(answer).toMatchObject({ outboundEmail: { status: 'SENT', to: [], subject: '', bodyText: null } });
    const quoting = `mutation { sendEmail(input: { ${reply}, quote: true } }) { __typename } }`;
    const { errors } = await request(t, keys.get('email:send') ?? '', quoting);
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  });

  it('needs to ask for nothing that it may not read', async () => {
    const { data, errors } = await request(t, keys.get('email:send') ?? '', SendEmail, { input: fresh(tenant, maria) });
    expect(errors).toEqual([]);
    expect(data?.sendEmail).toMatchObject({ replayed: false, outboundEmail: { status: 'SENT' } });
  });

  it('marks a conversation read that it cannot see', async () => {
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
    const uid = await eventually(async () => (await record(t, tenant, outboundEmail.uid)).conversation?.uid);
    const mark = `markConversationRead(uid: "${uid}", read: true)`;
    const { answer, errors } = await run(
      'email:send',
      `${mark} { __typename ... on MarkConversationReadPayload { conversation { subject } } }`,
    );
    expect(answer).toEqual({ __typename: 'MarkConversationReadPayload', conversation: null });
    expect(errors).toHaveLength(1);
  });
});

describe('drafts:write without email:read', () => {
  it('reads back drafts, and nothing of what they answer', async () => {
    const uid = await insertSecret({
      status: 'DRAFT',
      mode: 'DRAFT',
      to: [maria],
      cc: [],
      bcc: [],
      replyTo: [],
      subject: 'x',
      bodyText: 'x',
      bodyHtml: null,
    });
    const fields = everythingOf('Draft');
    const { answer } = await run(
      'drafts:write',
      `updateDraft(input: { draftUid: "${uid}", subject: "Own" }) { ... on UpdateDraftPayload { draft ${fields} } }`,
    );
    expect(answer?.draft).toMatchObject({
      uid,
      revision: 2,
      subject: 'Own',
      to: [maria],
      replyToMessage: null,
      contexts: [],
    });
  });
});

describe('contexts:write without email:read', () => {
  it('links and unlinks conversations that it cannot see', async () => {
    const conversationId = await insertConversation(t, tenant, { subject: SECRET });
    const { invoiceId } = await createInvoice(t, tenant, 'INV-linked');
    const linked = () => t.app.db.conversationContext.count({ where: { conversationId, position: 0 } });
    const args = `(uid: "${conversationId}", context: { type: "invoice", uid: "${invoiceId}" })`;
    const link = await run(
      'contexts:write',
      `linkConversation${args} { ... on LinkConversationPayload { conversation { subject } } }`,
    );
    expect([link.answer, await linked()]).toEqual([{ conversation: null }, 1]);
    const unlink = await run(
      'contexts:write',
      `unlinkConversation${args} { ... on UnlinkConversationPayload { conversation { subject } } }`,
    );
    expect([unlink.answer, await linked()]).toEqual([{ conversation: null }, 0]);
  });

  it.each(['outboundEmails { totalCount }', 'conversations { totalCount }'])(
    'writes a customer and sees no %s',
    async (list) => {
      const externalId = randomUUID();
      const { answer, errors } = await run(
        'contexts:write',
        `upsertCustomer(input: { externalId: "${externalId}", name: "Own" }) { ... on UpsertCustomerPayload { customer { name ${list} } } }`,
      );
      expect(answer).toEqual({ customer: null });
      expect(errors).toHaveLength(1);
      expect(await t.app.db.customer.count({ where: { externalId } })).toBe(1);
    },
  );
});

it('says that a mutation has run also when something else of its answer cannot be had', async () => {
  const input = `fresh: { fromAccountUid: "${tenant.accountId}", to: ["${maria}"], subject: "x", bodyText: "x" }`;
  const operation = `mutation { sendEmail(input: { ${input} }) { ... on SendEmailPayload { outboundEmail { events(first: 101) { totalCount } } } } }`;
  const before = t.sandbox.admin.messages(maria).length;
  const { errors } = await request(t, tenant.key, operation);
  expect(errors).toMatchObject([
    { message: expect.stringMatching(/^The mutation was carried out,/), extensions: { retry: 'CHECK_FIRST' } },
  ]);
  expect(t.sandbox.admin.messages(maria)).toHaveLength(before + 1);
});

describe('an error that leaves no result of an operation with several mutations', () => {
  const refused = 'b: createApiKey(input: { name: "key", scopes: ["email:send"] }) { __typename }';
  const sent =
    () => `a: sendEmail(input: { fresh: { fromAccountUid: "${tenant.accountId}", to: ["${maria}"], subject: "s", bodyText: "" } }) {
    __typename }`;
  const ask = (mutations: string) =>
    request<object, object>(t, keys.get('email:send') ?? '', `mutation { ${mutations} }`);

  it('says that the others may have been carried out', async () => {
    const { data, errors } = await ask(`${sent()} ${refused}`);
    expect(data).toBeNull();
    expect(errors).toMatchObject([{ path: ['b'], extensions: { code: 'FORBIDDEN', retry: 'CHECK_FIRST' } }]);
    expect(errors[0]?.message).toMatch(/^Other mutations of this operation may have been carried out\. .*keys:manage/);
  });

  it('does not say so if it is of the first one', async () => {
    const { errors } = await ask(`${refused} ${sent()}`);
    expect(errors).toMatchObject([{ path: ['b'], extensions: { code: 'FORBIDDEN', retry: 'NEVER' } }]);
  });
});
