import { queryFromInfo } from '@pothos/plugin-prisma';
import type { Prisma } from '#generated/prisma/client.ts';
import { isWordless, queryTerms, recipientTerm } from '../email/search-terms.ts';
import { builder } from './builder.ts';
import { aboutContext, CONTEXT_COLUMNS, ContextRefInput, preloadContextEntities } from './context-entity.ts';
import { Draft, DraftConnection } from './draft.ts';
import { OutboundEmailStatus, SendMode } from './enums.ts';
import { CREATED_DESC, type KeysetOrder, keysetQuery, parseKeyset, toConnection } from './keyset.ts';
import { A_DRAFT, NOT_A_DRAFT, OutboundEmail, OutboundEmailConnection } from './outbound-email.ts';
import { readRows } from './read-rows.ts';

const OutboundEmailFilter = builder.inputType('OutboundEmailFilter', {
  description: 'Every condition that is given must hold.',
  fields: (t) => ({
    status: t.field({ type: [OutboundEmailStatus], description: 'In one of these states.' }),
    mode: t.field({ type: [SendMode], description: 'Come to be in one of these ways.' }),
    accountUid: t.field({ type: 'UUID', description: 'From this account.' }),
    context: t.field({ type: ContextRefInput, description: 'About this entity.' }),
    recipient: t.field({ type: 'EmailAddress', description: 'With this address in to, cc or bcc.' }),
    conversationUid: t.field({ type: 'UUID', description: 'In this conversation.' }),
    search: t.string({
      description:
        'With all of these words, the first 16, in subject, body, file names or addresses: whole, in any order, whatever their case and accents. Of `invoice_7.pdf` each part is a word too. An address is one word. Quotes and operators mean nothing; symbols alone find nothing, blanks everything.',
    }),
    createdFrom: t.field({ type: 'DateTime', description: 'Created at this time or later.' }),
    createdTo: t.field({ type: 'DateTime', description: 'Created before this time.' }),
  }),
});

type Column = 'createdAt' | 'sentAt' | 'plannedSendAt';

const ORDER_COLUMNS = { id: true, createdAt: true, sentAt: true, plannedSendAt: true } as const;

const ORDERS: Record<string, KeysetOrder<Column>> = {
  CREATED_DESC,
  CREATED_ASC: { column: 'createdAt', direction: 'asc' },
  SENT_DESC: { column: 'sentAt', direction: 'desc' },
  PLANNED_ASC: { column: 'plannedSendAt', direction: 'asc' },
};

const OutboundEmailOrder = builder.enumType('OutboundEmailOrder', {
  description: 'How outbound emails are ordered.',
  values: {
    CREATED_DESC: { description: 'The newest first.' },
    CREATED_ASC: { description: 'The oldest first.' },
    SENT_DESC: { description: 'The last sent first; those that were not sent are left out.' },
    PLANNED_ASC: { description: 'The first planned first; those that were not planned are left out.' },
  } as const,
});

function whereOf(filter: typeof OutboundEmailFilter.$inferInput | null | undefined): Prisma.OutboundEmailWhereInput {
  const { status, mode, accountUid, context, recipient, conversationUid, search, createdFrom, createdTo } =
    filter ?? {};
  const terms = [...(recipient == null ? [] : [recipientTerm(recipient)]), ...queryTerms(search ?? '')];
  return {
    AND: [
      { status: NOT_A_DRAFT },
      status ? { status: { in: [...status] } } : {},
      mode ? { mode: { in: [...mode] } } : {},
      accountUid ? { accountId: accountUid } : {},
      context ? aboutContext(context) : {},
      conversationUid ? { conversationId: conversationUid } : {},
      createdFrom ? { createdAt: { gte: createdFrom } } : {},
      createdTo ? { createdAt: { lt: createdTo } } : {},
      isWordless(search ?? '') ? { id: { in: [] } } : {},
      terms.length > 0 ? { search: { terms: { hasEvery: terms } } } : {},
    ],
  };
}

builder.queryField('outboundEmail', (t) =>
  t.prismaField({
    type: OutboundEmail,
    nullable: true,
    description: 'One email, in whatever state. Null when there is none with this uid.',
    args: { uid: t.arg({ type: 'UUID', required: true, description: "The email's uid." }) },
    resolve: (query, _root, { uid }, { db }) => db.outboundEmail.findFirst({ ...query, where: { id: uid } }),
  }),
);

builder.queryField('outboundEmails', (t) =>
  t.connection(
    {
      type: OutboundEmail,
      description: 'What was, is or will be sent. Drafts are not in it.',
      args: {
        filter: t.arg({ type: OutboundEmailFilter, description: 'Omitted: all.' }),
        orderBy: t.arg({ type: OutboundEmailOrder, description: 'Omitted: CREATED_DESC.' }),
      },
      resolve: async (_root, { filter, orderBy, ...args }, context, info) => {
        const order = ORDERS[orderBy ?? 'CREATED_DESC'] ?? CREATED_DESC;
        const keyset = parseKeyset(args, order);
        const hasTime = order.column === 'createdAt' ? {} : { [order.column]: { not: null } };
        const where = { AND: [whereOf(filter), hasTime] };
        const query = {
          ...queryFromInfo({
            context,
            info,
            path: ['edges', 'node'],
            select: { ...ORDER_COLUMNS, ...CONTEXT_COLUMNS },
          }),
          ...keysetQuery(keyset, where),
        };
        const rows = await readRows(context, 'OutboundEmail', query, () => context.db.outboundEmail.findMany(query));
        await preloadContextEntities(context, info, ['edges', 'node', 'context'], rows);
        return toConnection(keyset, rows, () => context.db.outboundEmail.count({ where }));
      },
    },
    OutboundEmailConnection,
  ),
);

const DraftFilter = builder.inputType('DraftFilter', {
  description: 'Every condition that is given must hold.',
  fields: (t) => ({
    context: t.field({ type: ContextRefInput, description: 'About this entity.' }),
    accountUid: t.field({ type: 'UUID', description: 'From this account.' }),
    scheduled: t.boolean({ description: 'Scheduled or not.' }),
  }),
});

builder.queryField('draft', (t) =>
  t.prismaField({
    type: Draft,
    nullable: true,
    description: 'One draft. Null when there is none with this uid, and when it was sent: see outboundEmail.',
    args: { uid: t.arg({ type: 'UUID', required: true, description: "The draft's uid." }) },
    resolve: (query, _root, { uid }, { db }) =>
      db.outboundEmail.findFirst({ ...query, where: { id: uid, status: A_DRAFT } }),
  }),
);

builder.queryField('drafts', (t) =>
  t.connection(
    {
      type: Draft,
      description: 'The emails being written, newest first.',
      args: { filter: t.arg({ type: DraftFilter, description: 'Omitted: all.' }) },
      resolve: async (_root, { filter, ...args }, context, info) => {
        const keyset = parseKeyset(args, CREATED_DESC);
        const about = filter?.context;
        const where: Prisma.OutboundEmailWhereInput = {
          status: filter?.scheduled == null ? A_DRAFT : filter.scheduled ? 'SCHEDULED' : 'DRAFT',
          ...(about ? aboutContext(about) : {}),
          ...(filter?.accountUid ? { accountId: filter.accountUid } : {}),
        };
        const rows = await context.db.outboundEmail.findMany({
          ...queryFromInfo({ context, info, path: ['edges', 'node'], select: { id: true, createdAt: true } }),
          ...keysetQuery(keyset, where),
        });
        return toConnection(keyset, rows, () => context.db.outboundEmail.count({ where }));
      },
    },
    DraftConnection,
  ),
);
