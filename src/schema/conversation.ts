import type { Prisma } from '#generated/prisma/client.ts';
import { countPerParent } from './batch.ts';
import { builder } from './builder.ts';
import { contextLinks, linkedEntities } from './context-entity.ts';
import { keysetQuery, parseKeyset, toConnection } from './keyset.ts';
import { CREATED_DESC, MESSAGE_ORDER, NOT_A_DRAFT, NOT_DELETED } from './lists.ts';
import {
  ContextEntity,
  Conversation,
  EmailMessage,
  EmailMessageConnection,
  OutboundEmail,
  OutboundEmailConnection,
} from './refs.ts';

/** As replies take them: `created_at` is when the link was made. */
const CONVERSATION_ORDER = [{ createdAt: 'asc' }, { position: 'asc' }, { contextId: 'asc' }] as const;

const SHOWN: Prisma.EmailMessageWhereInput = { ...NOT_DELETED, NOT: { labels: { hasSome: ['TRASH', 'SPAM'] } } };
const LATEST_FIRST: Prisma.EmailMessageOrderByWithRelationInput[] = [{ sentAt: 'desc' }, { id: 'desc' }];

builder.prismaObjectFields(Conversation, (t) => ({
  uid: t.expose('id', { type: 'UUID', description: 'Identifies the conversation in mutations and filters.' }),
  account: t.relation('account', { description: 'The account whose mailbox holds the conversation.' }),
  ownerEmail: t.field({
    type: 'EmailAddress',
    description: 'The address of the account. Replies are sent from this account.',
    select: { account: { select: { email: true } } },
    resolve: ({ account }) => account.email,
  }),
  providerThreadId: t.exposeString('providerThreadId', {
    description: 'The id of the thread in Gmail. It is only valid in this account.',
  }),
  subject: t.exposeString('subject', { description: 'The subject of the first message. It may be empty.' }),
  snippet: t.exposeString('snippet', {
    description:
      'The beginning of the last message as plain text. Escape it before you put it into a page. It may be empty.',
  }),
  participants: t.exposeStringList('participants', {
    description:
      'The addresses in From, To and Cc of the messages, in lower case, without the addresses of the account. At most 300 addresses, from the first 200 recipients of each message.',
  }),
  isRead: t.exposeBoolean('isRead', {
    description: 'True if every message was read. `markConversationRead` changes it.',
  }),
  hasReply: t.exposeBoolean('hasReply', {
    description:
      'True if a person answered after an email was sent in this conversation, here or in another thread. Automatic answers do not count.',
  }),
  awaitsOurAnswer: t.exposeBoolean('awaitsOurAnswer', {
    description:
      'True if the last message that a person wrote in this conversation was received, not sent: it is our turn. Conversations that a correspondent began are included. Automatic messages and messages in trash and spam do not count.',
  }),
  messageCount: t.exposeInt('messageCount', {
    description:
      'The number of messages outside trash and spam. If it is 0, the conversation is in no list, and `messages` can still return messages.',
  }),
  lastMessageAt: t.expose('lastMessageAt', {
    type: 'DateTime',
    description: 'When the last message was sent or received. Lists are ordered by it.',
  }),
  lastMessage: t.field({
    type: EmailMessage,
    nullable: true,
    description: 'The latest message outside trash and spam. Null if there is none.',
    select: (_args, _context, nested) => ({ messages: nested({ where: SHOWN, orderBy: LATEST_FIRST, take: 1 }) }),
    resolve: ({ messages }) => messages[0] ?? null,
  }),
  contexts: t.field({
    type: [ContextEntity],
    description:
      'The entities that the conversation is about, in the order in which they were linked. Replies that name no context take these.',
    select: (_args, _context, nested) => contextLinks(nested, CONVERSATION_ORDER),
    extensions: { loadedWith: 'contexts' },
    resolve: linkedEntities,
  }),
  messages: t.connection(
    {
      type: EmailMessage,
      description:
        'The messages, oldest first. Messages in trash and spam are included; their `labels` say so. Use `last` to read the latest.',
      select: (args, _context, nested) => ({
        messages: nested({
          ...keysetQuery(parseKeyset(args, MESSAGE_ORDER), NOT_DELETED),
          select: { id: true, sentAt: true },
        }),
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
        'The emails that Epistle sent or will send in this conversation, newest first, without those in status DRAFT. Scheduled drafts are included.',
      select: (args, _context, nested) => ({
        outboundEmails: nested({
          ...keysetQuery(parseKeyset(args, CREATED_DESC), NOT_A_DRAFT),
          select: { id: true, createdAt: true },
        }),
      }),
      resolve: ({ id, outboundEmails }, args, { db, batches }, info) =>
        toConnection(
          parseKeyset(args, CREATED_DESC),
          outboundEmails,
          countPerParent(batches, info, { column: 'conversationId', id }, (ids) =>
            db.outboundEmail.groupBy({
              by: 'conversationId',
              where: { conversationId: { in: ids }, ...NOT_A_DRAFT },
              _count: true,
            }),
          ),
        ),
    },
    OutboundEmailConnection,
  ),
}));
