import { queryFromInfo } from '@pothos/plugin-prisma';
import type { Prisma } from '#generated/prisma/client.ts';
import { addressKey } from '../email/address.ts';
import { isWordless, queryTerms } from '../email/search-terms.ts';
import { builder } from './builder.ts';
import { aboutContext, ContextRefInput } from './context-entity.ts';
import { Conversation, ConversationConnection, HAS_MESSAGES, LAST_MESSAGE_DESC } from './conversation.ts';
import { keysetQuery, parseKeyset, toConnection } from './keyset.ts';

const ConversationFilter = builder.inputType('ConversationFilter', {
  description: 'Every condition that is given must hold.',
  fields: (t) => ({
    isRead: t.boolean({ description: 'Read wholly, or not.' }),
    hasReply: t.boolean({ description: 'Answered by a person, or not: see `Conversation.hasReply`.' }),
    accountUid: t.field({ type: 'UUID', description: "In this account's mailbox." }),
    context: t.field({
      type: ContextRefInput,
      description: 'About this entity. One of an unknown type is what nothing is about.',
    }),
    participant: t.field({
      type: 'EmailAddress',
      description: 'With this address among the participants, whatever its case.',
    }),
    search: t.string({
      description:
        'With all of these words, the first 16, in subjects, bodies, file names or addresses: whole, in any order, whatever their case and accents. Of `invoice_7.pdf` each part is a word too. An address is one word. Quotes and operators mean nothing; symbols alone find nothing, blanks everything.',
    }),
  }),
});

function whereOf(filter: typeof ConversationFilter.$inferInput | null | undefined): Prisma.ConversationWhereInput {
  const { isRead, hasReply, accountUid, context, participant, search } = filter ?? {};
  const terms = queryTerms(search ?? '');
  return {
    ...HAS_MESSAGES,
    ...(isWordless(search ?? '') ? { id: { in: [] } } : {}),
    ...(isRead == null ? {} : { isRead }),
    ...(hasReply == null ? {} : { hasReply }),
    ...(accountUid ? { accountId: accountUid } : {}),
    ...(context ? { contexts: { some: aboutContext(context) } } : {}),
    ...(participant != null ? { participants: { has: addressKey(participant.replaceAll('\0', '')) } } : {}),
    ...(terms.length > 0 ? { search: { terms: { hasEvery: terms } } } : {}),
  };
}

builder.queryField('conversation', (t) =>
  t.prismaField({
    type: Conversation,
    nullable: true,
    description: 'One conversation, also one that is in trash or spam alone. Null when there is none with this uid.',
    args: { uid: t.arg({ type: 'UUID', required: true, description: "The conversation's uid." }) },
    resolve: (query, _root, { uid }, { db }) => db.conversation.findFirst({ ...query, where: { id: uid } }),
  }),
);

builder.queryField('conversations', (t) =>
  t.connection(
    {
      type: Conversation,
      description: 'The conversations, the last touched one first, without those that are in trash or spam alone.',
      args: { filter: t.arg({ type: ConversationFilter, description: 'Omitted: all.' }) },
      resolve: async (_root, { filter, ...args }, context, info) => {
        const keyset = parseKeyset(args, LAST_MESSAGE_DESC);
        const where = whereOf(filter);
        const rows = await context.db.conversation.findMany({
          ...queryFromInfo({ context, info, path: ['edges', 'node'], select: { id: true, lastMessageAt: true } }),
          ...keysetQuery(keyset, where),
        });
        return toConnection(keyset, rows, () => context.db.conversation.count({ where }));
      },
    },
    ConversationConnection,
  ),
);
