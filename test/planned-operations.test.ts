import { execute, parse, validate } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SCOPES, type Scope } from '../src/auth/scopes.ts';
import { scopeToOrganization } from '../src/db/tenant.ts';
import { createBatchLoaders } from '../src/schema/batch.ts';
import type { Context } from '../src/schema/context.ts';
import { executeQuery } from '../src/schema/execute-query.ts';
import { schema } from '../src/schema/index.ts';
import { createInvoice, createTenant, startTestApp, type Tenant, type TestApp } from './support/harness.ts';
import { insertConversation, insertEmail, insertMessage, linkContext } from './support/rows.ts';
import * as documents from './support/send-documents.ts';

let app: TestApp;
let tenant: Tenant;
const uids = { email: '', draft: '', invoice: '', message: '', conversation: '' };

beforeAll(async () => {
  app = await startTestApp();
  tenant = await createTenant(app);
  for (let n = 0; n < 4; n++) {
    const { invoiceId, customerId } = await createInvoice(app, tenant, `INV-${n}`);
    const about =
      n % 2 === 0
        ? { contextType: 'invoice', contextId: invoiceId }
        : { contextType: 'customer', contextId: customerId };
    uids.invoice = invoiceId;
    uids.conversation = await insertConversation(app, tenant);
    await linkContext(app, tenant, uids.conversation, { type: 'invoice', id: invoiceId });
    uids.message = await insertMessage(app, tenant, { conversationId: uids.conversation });
    uids.email = await insertEmail(app, tenant, {
      ...about,
      conversationId: uids.conversation,
      replyToMessageId: uids.message,
    });
    uids.draft = await insertEmail(app, tenant, { ...about, status: 'DRAFT', mode: 'DRAFT' });
  }
  await insertEmail(app, tenant, { status: 'FAILED' });
});
afterAll(() => app.close());

/** A request's own, as the server makes it. */
function contextOf(scopes: readonly Scope[]): Context {
  const { organizationId } = tenant;
  return {
    app: app.app,
    identity: { organizationId, actor: 'key:test', scopes: new Set(scopes) },
    db: scopeToOrganization(app.app.db, organizationId),
    batches: createBatchLoaders(),
  };
}

async function bothAnswers(operation: string, variableValues: Record<string, unknown>, scopes: readonly Scope[]) {
  const document = parse(operation);
  expect(validate(schema, document)).toEqual([]);
  const args = { schema, document, variableValues };
  const written = await executeQuery({ ...args, contextValue: contextOf(scopes) });
  if (written === null) throw new Error('it was not planned');
  const executed = await execute({ ...args, contextValue: contextOf(scopes) });
  return { written: written.stringify(written), executed: JSON.stringify(executed) };
}

const emails = (fields: string, args = '(first: 3)') =>
  `{ outboundEmails${args} { edges { cursor node { ${fields} } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount } }`;
const INVOICE = '... on Invoice { number total { cents formatted } daysOverdue }';

const OPERATIONS: Record<string, string> = {
  'a dashboard': emails(
    'uid status subject to createdAt sentAt fromAccount { email } context { ... on Invoice { number } } conversation { uid subject }',
  ),
  'every plain column': emails(
    'id uid status mode fromEmail to cc bcc replyTo subject bodyText bodyHtml contextType contextUid providerMessageId messageId threading idempotencyKey plannedSendAt createdAt updatedAt sentAt attempts nextAttemptAt',
    '',
  ),
  'one relation under two names': emails(
    'a: conversation { uid } b: conversation { subject snippet } conversation { isRead }',
  ),
  'a relation in fragments': `fragment F on Conversation { subject ...G } fragment G on Conversation { ownerEmail lastMessageAt } ${emails('conversation { __typename ...F } fromAccount { ... on EmailAccount { status statusReason email } }')}`,
  'what lies behind a relation': emails(
    'conversation { account { email sendBudget { dailyLimit } } messages(first: 1) { edges { node { subject conversation { uid } } } } contexts { __typename } }',
  ),
  'contexts with fields of their own': emails(
    `context { __typename ... on Node { id } ${INVOICE} ... on Customer { name } }`,
  ),
  'contexts under two names': emails(
    'a: context { ... on Invoice { number } } b: context { ... on Invoice { status customer { name } } ... on Customer { email } }',
  ),
  'contexts with relations': emails(
    'context { ... on Invoice { customer { name } drafts { edges { node { uid } } } } ... on Customer { externalId } }',
  ),
  'failures, events and files': emails(
    'failure { code message retry at } events { edges { node { type at } } totalCount } attachments { filename } replyToMessage { subject from { address } }',
    '(last: 2)',
  ),
  'emails in an order that not all have': emails('sentAt', '(orderBy: SENT_DESC)'),
  filters: emails(
    'subject',
    '(filter: { status: [SENT], mode: [FRESH], search: "invoice", createdFrom: "2020-01-01T00:00:00Z" })',
  ),
  'a page that is too large': emails('uid', '(first: 101)'),
  'a part that fails in a list': emails('uid events(first: 0) { edges { cursor } }'),
  'a cursor of another list': emails('uid', '(after: "x")'),
  'nodes of several types':
    '{ nodes(ids: ["Invoice_UID", "Invoice_0199aa11-2b3c-7def-8123-456789abcdef"]) { __typename id ... on Invoice { number } } node(id: "nothing") { id } }',
  'several lists at once':
    '{ viewer { actor scopes organization { name } } drafts { edges { node { uid revision } } } conversations { edges { node { subject isRead account { displayName } } } } contextTypes emailAccounts { email aliases } invoices { edges { node { number awaitingReply } } } }',
};

describe('a query by its plan', () => {
  it.each(Object.entries(OPERATIONS))('answers what the executor of graphql answers: %s', async (_what, operation) => {
    const { written, executed } = await bothAnswers(operation.replace('UID', uids.invoice), {}, SCOPES);
    expect(written).toBe(executed);
  });

  it.each(Object.entries(OPERATIONS))('answers the same to a key without its scope: %s', async (_what, operation) => {
    const { written, executed } = await bothAnswers(operation.replace('UID', uids.invoice), {}, ['contexts:write']);
    expect(written).toBe(executed);
    expect(written).toMatch(/"FORBIDDEN"/);
  });

  it.each(
    Object.values(documents)
      .map(String)
      .filter((document) => document.trimStart().startsWith('query')),
  )('answers what the executor of graphql answers: %s', async (operation) => {
    for (const uid of Object.values(uids)) {
      const { written, executed } = await bothAnswers(operation, { uid, scheduled: false }, SCOPES);
      expect(written).toBe(executed);
    }
  });
});
