import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  buildSchema,
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isUnionType,
} from 'graphql';
import { describe, expect, it } from 'vitest';

const schema = buildSchema(readFileSync(path.join(import.meta.dirname, '..', 'schema.graphql'), 'utf8'));
const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__'));

/** `Type`, `Type.field`, `Type.field(argument)`, `Enum.VALUE`, each with its description. */
function describables(type: GraphQLNamedType): [string, string | null | undefined][] {
  const found: [string, string | null | undefined][] = [[type.name, type.description]];
  if (isObjectType(type) || isInterfaceType(type)) {
    for (const field of Object.values(type.getFields())) {
      found.push([`${type.name}.${field.name}`, field.description]);
      for (const arg of field.args) found.push([`${type.name}.${field.name}(${arg.name})`, arg.description]);
    }
  }
  if (isInputObjectType(type)) {
    for (const field of Object.values(type.getFields())) found.push([`${type.name}.${field.name}`, field.description]);
  }
  if (isEnumType(type)) {
    for (const value of type.getValues()) found.push([`${type.name}.${value.name}`, value.description]);
  }
  return found;
}

/** `field: Type` for every field of a type, sorted; `field(arg: Type): Type` with arguments. */
function shape(name: string): string[] {
  const type = schema.getType(name);
  if (isEnumType(type)) return type.getValues().map((value) => value.name);
  if (isUnionType(type)) return type.getTypes().map((member) => member.name);
  if (isInputObjectType(type)) return Object.values(type.getFields()).map((field) => `${field.name}: ${field.type}`);
  if (!isObjectType(type) && !isInterfaceType(type)) throw new Error(`there is no type ${name}`);
  return Object.values(type.getFields()).map((field) => {
    const args = field.args.map((arg) => `${arg.name}: ${arg.type}`).toSorted();
    return `${field.name}${args.length > 0 ? `(${args.join(', ')})` : ''}: ${field.type}`;
  });
}

/** What clients build on: it may grow, and not change. */
function expectAtLeast(name: string, fields: string): void {
  const promised = fields
    .split('\n')
    .flatMap((line) => line.split(';'))
    .map((field) => field.trim())
    .filter((field) => field !== '');
  expect(shape(name)).toEqual(expect.arrayContaining(promised));
}

describe('the schema', () => {
  it('describes every type, field, argument, input field and enum value', () => {
    const all = types.flatMap(describables);
    expect(all.filter(([, description]) => !description?.trim()).map(([name]) => name)).toEqual([]);
  });

  it('gives a result union of its payload and typed errors to every mutation', () => {
    for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
      const name = `${field.name.charAt(0).toUpperCase()}${field.name.slice(1)}`;
      expect(String(field.type)).toMatch(/^\w+Result!$/);
      const union = schema.getType(String(field.type).slice(0, -1));
      if (!isUnionType(union)) throw new Error(`${field.type} is no union`);
      const members = union.getTypes();
      if (field.name !== 'retryOutboundEmail') expect(members.map((member) => member.name)).toContain(`${name}Payload`);
      const others = members.filter((member) => !member.name.endsWith('Payload'));
      for (const other of others) expect(other.getInterfaces().map((each) => each.name)).toContain('Error');
    }
  });

  it('gives every entity a uid beside its id, and every connection edges, pageInfo and totalCount', () => {
    for (const type of types) {
      if (!isObjectType(type)) continue;
      if (type.getInterfaces().some(({ name }) => name === 'Node')) expectAtLeast(type.name, 'id: ID!; uid: UUID!');
      if (!type.name.endsWith('Connection')) continue;
      const node = type.name.replace(/Connection$/, '');
      expectAtLeast(type.name, `edges: [${node}Edge!]!; pageInfo: PageInfo!; totalCount: Int!`);
      expectAtLeast(`${node}Edge`, `cursor: String!; node: ${node}!`);
    }
  });
});

const PAGE = 'after: String, before: String, first: Int, last: Int';
const sorted = (text: string) => text.split(' ').toSorted();

describe('the contract', () => {
  it('of sendEmail holds', () => {
    expect(schema.getType('SendEmailInput')).toMatchObject({ isOneOf: true });
    expect(shape('SendEmailInput')).toEqual([
      'draft: SendDraftInput',
      'fresh: SendFreshInput',
      'reply: SendReplyInput',
    ]);
    expectAtLeast('SendDraftInput', 'draftUid: UUID!; expectedRevision: Int');
    const content = `to: [EmailAddress!]!; subject: String!; cc: [EmailAddress!]; bcc: [EmailAddress!]
      replyTo: [EmailAddress!]; bodyText: String; bodyHtml: String; attachments: [AttachmentInput!]
      context: ContextRefInput; idempotencyKey: String`;
    expectAtLeast('SendFreshInput', `fromAccountUid: UUID!; fromAlias: EmailAddress; ${content}`);
    expectAtLeast('SendReplyInput', `replyToMessageUid: UUID!; fromAccountUid: UUID; ${content}`);
    expectAtLeast('AttachmentInput', 'filename: String!; contentType: String!; dataBase64: Base64!; contentId: String');
    expectAtLeast('SendEmailPayload', 'outboundEmail: OutboundEmail!; replayed: Boolean!');
    expect(shape('SendEmailResult')).toEqual(
      expect.arrayContaining(
        sorted(
          'SendEmailPayload InvalidInputError NotFoundError IdempotencyConflictError AccountNotReadyError ReplyNotPossibleError DraftConflictError SendRejectedError',
        ),
      ),
    );
  });

  it('of connecting and disconnecting accounts holds', () => {
    expectAtLeast('ConnectEmailAccountInput', 'loginHint: EmailAddress; returnTo: HttpUrl');
    expect(shape('ConnectEmailAccountResult')).toEqual(['ConnectEmailAccountPayload', 'InvalidInputError']);
    expectAtLeast('ConnectEmailAccountPayload', 'authorizationUrl: HttpUrl!; expiresAt: DateTime!');
    expect(shape('DisconnectEmailAccountResult')).toEqual(['DisconnectEmailAccountPayload', 'NotFoundError']);
    expectAtLeast(
      'DisconnectEmailAccountPayload',
      'emailAccount: EmailAccount!; waitingEmails: Int!; revoked: Boolean!',
    );
  });

  it('of errors holds', () => {
    expectAtLeast('Error', 'code: ErrorCode!; message: String!; retry: RetryAdvice!');
    expect(shape('RetryAdvice')).toEqual(['AFTER', 'CHECK_FIRST', 'NEVER', 'SAFE']);
    expectAtLeast('InvalidInputError', 'issues: [InputIssue!]!');
    expectAtLeast('InputIssue', 'path: String!; message: String!');
    expectAtLeast('NotFoundError', 'entity: String!; uid: UUID!');
    expectAtLeast('IdempotencyConflictError', 'existing: OutboundEmail!; differingFields: [String!]!');
    expectAtLeast('AccountNotReadyError', 'account: EmailAccount!');
    expectAtLeast('ReplyNotPossibleError', 'reason: ReplyNotPossibleReason!');
    expectAtLeast('DraftConflictError', 'current: Draft');
    expectAtLeast('SendRejectedError', 'outboundEmail: OutboundEmail!; providerStatus: Int!; providerReason: String!');
  });

  it('of outbound emails and drafts holds', () => {
    const common = `id: ID!; uid: UUID!; status: OutboundEmailStatus!; fromAccount: EmailAccount!
      fromEmail: EmailAddress!; to: [EmailAddress!]!; cc: [EmailAddress!]!; bcc: [EmailAddress!]!
      replyTo: [EmailAddress!]!; subject: String!; bodyText: String; bodyHtml: String; attachments: [Attachment!]!
      context: ContextEntity; contextType: String; contextUid: UUID; replyToMessage: EmailMessage
      createdAt: DateTime!; updatedAt: DateTime!`;
    expectAtLeast(
      'OutboundEmail',
      `${common}; mode: SendMode!; conversation: Conversation; message: EmailMessage; providerMessageId: String
      providerThreadId: String; messageId: String; threading: Threading; idempotencyKey: String; sentAt: DateTime
      attempts: Int!; nextAttemptAt: DateTime; failure: SendFailure; events(${PAGE}): OutboundEmailEventConnection!`,
    );
    expectAtLeast('Draft', `${common}; revision: Int!; lastFailure: SendFailure`);
    expectAtLeast('SendFailure', 'code: String!; message: String!; retry: RetryAdvice!; at: DateTime!');
    expectAtLeast('OutboundEmailEvent', 'at: DateTime!; type: String!; actor: String!; detail: JSON!');
    expectAtLeast('Attachment', 'uid: UUID!; filename: String!; size: Int!; sha256: String!; downloadUrl: HttpUrl!');
    const statuses = 'DRAFT SCHEDULED QUEUED SENDING SENT FAILED CANCELED UNCONFIRMED BOUNCED';
    expect(shape('OutboundEmailStatus').toSorted()).toEqual(sorted(statuses));
    const input = `fromAccountUid: UUID; to: [EmailAddress!]; cc: [EmailAddress!]; bcc: [EmailAddress!]
      replyTo: [EmailAddress!]; subject: String; bodyText: String; bodyHtml: String; attachments: [AttachmentInput!]
      context: ContextRefInput`;
    expectAtLeast('CreateDraftInput', `${input}; replyToMessageUid: UUID`);
    expectAtLeast('UpdateDraftInput', `${input}; draftUid: UUID!; expectedRevision: Int`);
  });

  it('of conversations and messages holds', () => {
    expectAtLeast(
      'Conversation',
      `account: EmailAccount!; ownerEmail: EmailAddress!; providerThreadId: String!; subject: String!
      snippet: String!; participants: [EmailAddress!]!; isRead: Boolean!; hasReply: Boolean!; messageCount: Int!
      lastMessageAt: DateTime!; contexts: [ContextEntity!]!; messages(${PAGE}): EmailMessageConnection!
      outboundEmails(${PAGE}): OutboundEmailConnection!`,
    );
    expectAtLeast(
      'EmailMessage',
      `conversation: Conversation!; direction: Direction!; from: MailboxAddress!; to: [MailboxAddress!]!
      cc: [MailboxAddress!]!; replyTo: [MailboxAddress!]!; subject: String!; snippet: String!; bodyText: String
      bodyHtml: String; sentAt: DateTime!; isRead: Boolean!; labels: [String!]!; messageId: String; inReplyTo: String
      references: [String!]!; providerMessageId: String!; attachments: [Attachment!]!; outboundEmail: OutboundEmail
      replySuggestion(all: Boolean): ReplySuggestion!`,
    );
    expect(shape('Direction').toSorted()).toEqual(['INBOUND', 'OUTBOUND']);
    expectAtLeast('MailboxAddress', 'address: String!; name: String');
    expectAtLeast(
      'ReplySuggestion',
      'to: [EmailAddress!]!; cc: [EmailAddress!]!; subject: String!; quotedText: String!; quotedHtml: String!',
    );
    expectAtLeast('Attachment', 'contentType: String!; contentId: String');
    expectAtLeast(
      'Bounce',
      'recipient: EmailAddress!; status: String!; diagnostic: String; permanent: Boolean!; at: DateTime!',
    );
    expectAtLeast('OutboundEmail', 'bounces: [Bounce!]!');
  });

  it('of accounts holds', () => {
    expectAtLeast(
      'EmailAccount',
      `email: EmailAddress!; displayName: String; aliases: [EmailAddress!]!; status: EmailAccountStatus!
      statusReason: String; sendBudget: SendBudget!; lastSyncedAt: DateTime; connectedAt: DateTime!`,
    );
    expectAtLeast('SendBudget', 'sentLast24h: Int!; dailyLimit: Int!; nextSendAt: DateTime!');
    expect(shape('EmailAccountStatus').toSorted()).toEqual(sorted('ACTIVE NEEDS_REAUTH PAUSED DISCONNECTED'));
  });

  it('of reading holds', () => {
    expectAtLeast(
      'Query',
      `viewer: Viewer!; node(id: ID!): Node; nodes(ids: [ID!]!): [Node]!
      conversation(uid: UUID!): Conversation; emailMessage(uid: UUID!): EmailMessage
      emailAccount(uid: UUID!): EmailAccount; emailAccounts: [EmailAccount!]!
      outboundEmail(uid: UUID!): OutboundEmail; draft(uid: UUID!): Draft
      invoice(number: String, uid: UUID): Invoice; customer(externalId: String, uid: UUID): Customer
      customers(${PAGE}): CustomerConnection!; contextTypes: [String!]!; apiKeys: [ApiKey!]!`,
    );
    const page = PAGE.split(', ');
    const filtered = (filter: string, ...others: string[]) =>
      [...page, `filter: ${filter}`, ...others].toSorted().join(', ');
    expectAtLeast(
      'Query',
      `conversations(${filtered('ConversationFilter')}): ConversationConnection!
      invoices(${filtered('InvoiceFilter')}): InvoiceConnection!
      drafts(${filtered('DraftFilter')}): DraftConnection!
      outboundEmails(${filtered('OutboundEmailFilter', 'orderBy: OutboundEmailOrder')}): OutboundEmailConnection!`,
    );
    expectAtLeast(
      'ConversationFilter',
      `isRead: Boolean; hasReply: Boolean; accountUid: UUID; context: ContextRefInput; participant: EmailAddress
      search: String`,
    );
    expectAtLeast('InvoiceFilter', 'status: [InvoiceStatus!]; customerUid: UUID; awaitingReply: Boolean');
    expectAtLeast('DraftFilter', 'context: ContextRefInput; accountUid: UUID; scheduled: Boolean');
    expectAtLeast(
      'OutboundEmailFilter',
      `status: [OutboundEmailStatus!]; mode: [SendMode!]; accountUid: UUID; context: ContextRefInput
      recipient: EmailAddress; conversationUid: UUID; search: String; createdFrom: DateTime; createdTo: DateTime`,
    );
    expect(shape('OutboundEmailOrder').toSorted()).toEqual(sorted('CREATED_ASC CREATED_DESC PLANNED_ASC SENT_DESC'));
  });

  it('of mutations of conversations, accounts and contexts holds', () => {
    expectAtLeast(
      'Mutation',
      `markConversationRead(read: Boolean!, uid: UUID!): MarkConversationReadResult!
      linkConversation(context: ContextRefInput!, uid: UUID!): LinkConversationResult!
      unlinkConversation(context: ContextRefInput!, uid: UUID!): UnlinkConversationResult!
      syncEmailAccount(uid: UUID!): SyncEmailAccountResult!
      disconnectEmailAccount(uid: UUID!): DisconnectEmailAccountResult!
      upsertCustomer(input: UpsertCustomerInput!): UpsertCustomerResult!
      upsertInvoice(input: UpsertInvoiceInput!): UpsertInvoiceResult!`,
    );
    const read = schema
      .getMutationType()
      ?.getFields()
      .markConversationRead?.args.find(({ name }) => name === 'read');
    expect(read?.default?.literal).toMatchObject({ kind: 'BooleanValue', value: true });
    expectAtLeast('ContextRefInput', 'type: String!; uid: UUID!');
  });

  it('of contexts holds', () => {
    expect(shape('ContextEntity').toSorted()).toEqual(['Customer', 'Invoice']);
    expectAtLeast(
      'Invoice',
      `number: String!; customer: Customer!; status: InvoiceStatus!; issueDate: DateTime!; dueDate: DateTime!
      paidDate: DateTime; subtotal: Money!; discounts: Money!; tax: Money!; total: Money!; amountPaid: Money!
      amountDue: Money!; paymentLink: HttpUrl; daysOverdue: Int!; lastContactedAt: DateTime; awaitingReply: Boolean!
      outboundEmails(${PAGE}): OutboundEmailConnection!; drafts(${PAGE}): DraftConnection!
      conversations(${PAGE}): ConversationConnection!`,
    );
    expectAtLeast('Invoice', 'currency: String!');
    expect(shape('InvoiceStatus').toSorted()).toEqual(sorted('DRAFT OPEN OVERDUE PAID VOID'));
    expectAtLeast('Money', 'cents: String!; currency: String!; formatted: String!');
    expectAtLeast(
      'Customer',
      `externalId: String!; name: String!; email: EmailAddress; invoices(${PAGE}): InvoiceConnection!
      outboundEmails(${PAGE}): OutboundEmailConnection!; conversations(${PAGE}): ConversationConnection!`,
    );
  });
});
