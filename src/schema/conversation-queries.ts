import { queryFromInfo } from '@pothos/plugin-prisma';
import type { Prisma } from '#generated/prisma/client.ts';
import type { Identity } from '../auth/keys.ts';
import { contextKind } from '../contexts/registry.ts';
import { addressKey } from '../email/address.ts';
import { isWordless, tsquery } from '../email/search-terms.ts';
import { builder } from './builder.ts';
import { ContextRefInput, isLinkedTo } from './context-entity.ts';
import { enumOf } from './enum-of.ts';
import { keysetQuery, parseKeyset, toConnection } from './keyset.ts';
import {
  CONNECTED,
  CONNECTED_DESCRIPTION,
  CONTEXT_RULES,
  EMAIL_SEARCH_RULES,
  HAS_MESSAGES,
  LAST_MESSAGE_DESC,
} from './lists.ts';
import { countFound, sortedQuery, sortedRows } from './page.ts';
import { DateTimeRange, inRange } from './ranges.ts';
import { Conversation, ConversationConnection } from './refs.ts';

const ConversationFilter = builder.inputType('ConversationFilter', {
  description: 'Selects conversations. All given conditions must hold.',
  fields: (t) => ({
    isRead: t.boolean({ description: 'True: conversations whose messages were all read. False: all others.' }),
    hasReply: t.boolean({
      description:
        'True: conversations with an answer written by a person. False: all others. See `Conversation.hasReply`.',
    }),
    awaitsOurAnswer: t.boolean({
      description:
        'True: conversations whose last message from a person was received: it is our turn. False: all others. See `Conversation.awaitsOurAnswer`.',
    }),
    accountUid: t.field({ type: 'UUID', description: 'Conversations in the mailbox of this account.' }),
    connectedAccountsOnly: t.boolean({ description: CONNECTED_DESCRIPTION('conversations') }),
    context: t.field({
      type: ContextRefInput,
      description: `Conversations about this entity. ${CONTEXT_RULES}`,
    }),
    contextType: t.string({
      description:
        'Conversations about an entity of this kind: one of `contextTypes`. An unknown kind matches nothing. Only direct links count: a conversation about an invoice is not found by `customer`.',
    }),
    lastMessage: t.field({ type: DateTimeRange, description: 'Conversations whose last message is in this range.' }),
    participant: t.field({
      type: 'EmailAddress',
      description: 'Conversations with this address among the participants. Case is ignored.',
    }),
    search: t.string({
      description: `Conversations with a message that contains all of these terms in its subject, body, file names or addresses. ${EMAIL_SEARCH_RULES}`,
    }),
  }),
});

const ConversationOrder = enumOf('ConversationOrder', 'The order of a list of conversations.', {
  LAST_MESSAGE_DESC: 'By `lastMessageAt`, latest first.',
  LAST_MESSAGE_ASC: 'By `lastMessageAt`, earliest first.',
});

const ORDER_COLUMNS = { lastMessageAt: true } as const;

function whereOf(filter: typeof ConversationFilter.$inferInput, identity: Identity): Prisma.ConversationWhereInput {
  const { isRead, hasReply, awaitsOurAnswer, accountUid, connectedAccountsOnly } = filter;
  const { context, contextType, lastMessage, participant, search } = filter;
  const links = [
    ...(context ? [isLinkedTo(context, 'filter.context', identity)] : []),
    ...(contextType == null
      ? []
      : [
          {
            organizationId: identity.organizationId,
            contextType: contextKind(contextType)?.type ?? '',
            position: { not: null },
          },
        ]),
  ];
  return {
    ...HAS_MESSAGES,
    ...(isWordless(search ?? '') ? { id: { in: [] } } : {}),
    ...(isRead == null ? {} : { isRead }),
    ...(hasReply == null ? {} : { hasReply }),
    ...(awaitsOurAnswer == null ? {} : { awaitsOurAnswer }),
    ...(accountUid ? { accountId: accountUid } : {}),
    ...(connectedAccountsOnly ? { account: CONNECTED } : {}),
    AND: links.map((link) => ({ contexts: { some: link } })),
    ...(lastMessage ? { lastMessageAt: inRange(lastMessage) } : {}),
    ...(participant != null ? { participants: { has: addressKey(participant.replaceAll('\0', '')) } } : {}),
    ...(tsquery(search ?? '') === '' ? {} : { foundMessages: { some: {} } }),
  };
}

builder.queryField('conversation', (t) =>
  t.prismaField({
    type: Conversation,
    nullable: true,
    description:
      'Finds a conversation by its uid, including one whose messages are all in trash or spam. Null if there is none.',
    args: { uid: t.arg({ type: 'UUID', required: true, description: 'The uid of the conversation.' }) },
    resolve: (query, _root, { uid }, { db }) => db.conversation.findFirst({ ...query, where: { id: uid } }),
  }),
);

builder.queryField('conversations', (t) =>
  t.connection(
    {
      type: Conversation,
      description:
        'The conversations of the organization. Conversations whose messages are all in trash or spam are left out.',
      args: {
        filter: t.arg({ type: ConversationFilter, description: 'Which conversations to list. Omitted: all.' }),
        orderBy: t.arg({ type: ConversationOrder, description: 'The order. Omitted: LAST_MESSAGE_DESC.' }),
      },
      resolve: async (_root, { filter, orderBy, ...args }, context, info) => {
        const { identity } = context;
        const direction = orderBy === 'LAST_MESSAGE_ASC' ? 'asc' : 'desc';
        const keyset = parseKeyset(args, { ...LAST_MESSAGE_DESC, direction });
        const where = whereOf(filter ?? {}, identity);
        const search = tsquery(filter?.search ?? '');
        const db = search === '' ? context.db : context.db.searching(search);
        const found = search === '' ? null : countFound(db, 'message_search');
        const page = keysetQuery(keyset, where);
        const query = queryFromInfo({ context, info, select: { id: true, ...ORDER_COLUMNS } });
        const keys = () => db.conversation.groupBy({ ...sortedQuery(page), _min: ORDER_COLUMNS });
        const sorted = await sortedRows(found, keys, (ids) => context.db.conversation.findMany({ ...query, ...ids }));
        const rows = sorted ?? (await db.conversation.findMany({ ...query, ...page }));
        return toConnection(keyset, rows, (limit) => db.conversation.count({ where, ...limit }));
      },
    },
    ConversationConnection,
  ),
);
