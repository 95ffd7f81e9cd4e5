import { countPerParent } from './batch.ts';
import { builder } from './builder.ts';
import { ContextEntity, loadContextEntity } from './context-entity.ts';
import { EmailMessage, EmailMessageConnection, MESSAGE_ORDER, NOT_DELETED } from './email-message.ts';
import { CREATED_DESC, type KeysetOrder, keysetQuery, parseKeyset, toConnection } from './keyset.ts';
import { NOT_A_DRAFT, OutboundEmail, OutboundEmailConnection } from './outbound-email.ts';

export const LAST_MESSAGE_DESC: KeysetOrder<'lastMessageAt'> = { column: 'lastMessageAt', direction: 'desc' };

/** Those that say something: what is in trash or spam alone, or was deleted, is in no list. */
export const HAS_MESSAGES = { messageCount: { gt: 0 } } as const;

export const Conversation = builder.prismaNode('Conversation', {
  description:
    'One Gmail thread in one account. That account owns it, and replies leave from there. What it says of its messages leaves out those in trash and spam, unless it has no others.',
  authScopes: { scope: 'email:read' },
  select: { id: true },
  id: { resolve: ({ id }) => id, description: 'For `node`.' },
  findUnique: (id, { identity }) => ({ organizationId_id: { organizationId: identity.organizationId, id } }),
  fields: (t) => ({
    uid: t.expose('id', { type: 'UUID', description: 'Its uid.' }),
    account: t.relation('account', { description: 'The account whose mailbox it is in.' }),
    ownerEmail: t.field({
      type: 'EmailAddress',
      description: "The account's address: replies leave from it.",
      select: { account: { select: { email: true } } },
      resolve: ({ account }) => account.email,
    }),
    providerThreadId: t.exposeString('providerThreadId', {
      description: "Gmail's id of the thread, valid in this account only.",
    }),
    subject: t.exposeString('subject', { description: 'The subject of its first message.' }),
    snippet: t.exposeString('snippet', {
      description: 'The beginning of its last message, as plain text: to be escaped in a page.',
    }),
    participants: t.expose('participants', {
      type: ['EmailAddress'],
      description: 'The addresses in From, To and Cc of its messages, in lower case, without those of the account.',
    }),
    isRead: t.exposeBoolean('isRead', {
      description: 'Whether every message in it was read. See `markConversationRead`.',
    }),
    hasReply: t.exposeBoolean('hasReply', {
      description:
        'Whether a person has written after something was sent from here, or has answered it in another thread. Automatic answers do not count.',
    }),
    messageCount: t.exposeInt('messageCount', {
      description:
        'How many messages it has, those in trash and spam left out always. 0: it is in no list, and `messages` may still have some.',
    }),
    lastMessageAt: t.expose('lastMessageAt', {
      type: 'DateTime',
      description: 'When its last message was sent or came in, by which lists are ordered.',
    }),
  }),
});

builder.prismaObjectFields(Conversation, (t) => ({
  contexts: t.field({
    type: [ContextEntity],
    description:
      'What it is about, in the order in which it was linked: by hand, or by an email about it. Replies that name no context are about the first.',
    select: {
      contexts: {
        select: { contextType: true, contextId: true },
        orderBy: [{ createdAt: 'asc' }, { contextId: 'asc' }],
      },
    },
    resolve: async ({ contexts }, _args, context, info) => {
      const entities = await Promise.all(contexts.map((ref) => loadContextEntity(context, info, ref)));
      return entities.filter((entity) => entity !== null);
    },
  }),
  messages: t.connection(
    {
      type: EmailMessage,
      description:
        'Its messages, oldest first, those in trash and spam included: their labels tell. For the last ones ask with `last`.',
      select: (args, _context, nested) => ({
        messages: nested(
          { ...keysetQuery(parseKeyset(args, MESSAGE_ORDER), NOT_DELETED), select: { id: true, sentAt: true } },
          ['edges', 'node'],
        ),
      }),
      resolve: ({ id, messages }, args, { db, batches }, info) =>
        toConnection(
          parseKeyset(args, MESSAGE_ORDER),
          messages,
          countPerParent(batches, info, { column: 'conversationId', id }, (ids) =>
            db.emailMessage.groupBy({
              by: 'conversationId',
              where: { conversationId: { in: ids }, ...NOT_DELETED },
              _count: true,
            }),
          ),
        ),
    },
    EmailMessageConnection,
  ),
  outboundEmails: t.connection(
    {
      type: OutboundEmail,
      description:
        'The emails that were sent in it through Epistle or are on their way, newest first. Drafts are not in it.',
      select: (args, _context, nested) => ({
        outboundEmails: nested(
          {
            ...keysetQuery(parseKeyset(args, CREATED_DESC), { status: NOT_A_DRAFT }),
            select: { id: true, createdAt: true },
          },
          ['edges', 'node'],
        ),
      }),
      resolve: ({ id, outboundEmails }, args, { db, batches }, info) =>
        toConnection(
          parseKeyset(args, CREATED_DESC),
          outboundEmails,
          countPerParent(batches, info, { column: 'conversationId', id }, (ids) =>
            db.outboundEmail.groupBy({
              by: 'conversationId',
              where: { conversationId: { in: ids }, status: NOT_A_DRAFT },
              _count: true,
            }),
          ),
        ),
    },
    OutboundEmailConnection,
  ),
}));

export const ConversationConnection = builder.connectionObject(
  { type: Conversation, name: 'ConversationConnection', description: 'A page of conversations.' },
  { name: 'ConversationEdge', description: 'A conversation and its place.' },
);
