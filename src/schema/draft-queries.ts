import { queryFromInfo } from '@pothos/plugin-prisma';
import type { Prisma } from '#generated/prisma/client.ts';
import type { TenantDb } from '../db/tenant.ts';
import { builder } from './builder.ts';
import { ContextRefInput, isLinkedTo } from './context-entity.ts';
import { enumOf } from './enum-of.ts';
import { type KeysetOrder, keysetQuery, parseKeyset, toConnection } from './keyset.ts';
import { A_DRAFT, CONNECTED, CONNECTED_DESCRIPTION, CONTEXT_RULES, CREATED_DESC } from './lists.ts';
import { type Count, MAX_SORTED, sortedQuery, sortedRows } from './page.ts';
import { DateTimeRange, inRange } from './ranges.ts';
import { Draft, DraftConnection } from './refs.ts';

const DraftFilter = builder.inputType('DraftFilter', {
  description: 'Selects drafts. All given conditions must hold.',
  fields: (t) => ({
    context: t.field({
      type: ContextRefInput,
      description: `Drafts about this entity. ${CONTEXT_RULES}`,
    }),
    accountUid: t.field({ type: 'UUID', description: 'Drafts to be sent from this account.' }),
    conversationUid: t.field({ type: 'UUID', description: 'Replies in this conversation.' }),
    connectedAccountsOnly: t.boolean({ description: CONNECTED_DESCRIPTION('drafts') }),
    scheduled: t.boolean({ description: 'True: SCHEDULED drafts. False: drafts without a planned time.' }),
    planned: t.field({ type: DateTimeRange, description: 'Drafts with a `plannedSendAt` in this range.' }),
  }),
});

type Column = 'createdAt' | 'updatedAt' | 'plannedSendAt';

const ORDER_COLUMNS = { createdAt: true, updatedAt: true, plannedSendAt: true } as const;

const ORDERS: Record<string, KeysetOrder<Column>> = {
  CREATED_DESC,
  UPDATED_DESC: { column: 'updatedAt', direction: 'desc' },
  PLANNED_ASC: { column: 'plannedSendAt', direction: 'asc' },
};

/** Counts the drafts of a range of planned times, in the order of another time. */
function narrowing(column: Column, planned: typeof DateTimeRange.$inferInput | null | undefined, db: TenantDb): Count {
  if (!planned || column === 'plannedSendAt') return null;
  const where = { ...A_DRAFT, plannedSendAt: { not: null, ...inRange(planned) } };
  const rows = (limit: { readonly take: number }) =>
    db.outboundEmail.count({ where, orderBy: { plannedSendAt: 'asc' }, ...limit });
  return { most: MAX_SORTED, rows };
}

const DraftOrder = enumOf('DraftOrder', 'The order of a list of drafts.', {
  CREATED_DESC: 'By `createdAt`, newest first.',
  UPDATED_DESC: 'By `updatedAt`, last changed first.',
  PLANNED_ASC: 'By `plannedSendAt`, earliest first. Drafts without a planned time are left out.',
});

builder.queryField('draft', (t) =>
  t.prismaField({
    type: Draft,
    nullable: true,
    description: 'Finds a draft by its uid. Null if there is none or if it was sent; then see `outboundEmail`.',
    args: { uid: t.arg({ type: 'UUID', required: true, description: 'The uid of the draft.' }) },
    resolve: (query, _root, { uid }, { db }) =>
      db.outboundEmail.findFirst({ ...query, where: { id: uid, ...A_DRAFT } }),
  }),
);

builder.queryField('drafts', (t) =>
  t.connection(
    {
      type: Draft,
      description:
        'The drafts of the organization, scheduled ones included. An email that `sendEmail` scheduled is not a draft: see `outboundEmails`.',
      args: {
        filter: t.arg({ type: DraftFilter, description: 'Which drafts to list. Omitted: all.' }),
        orderBy: t.arg({ type: DraftOrder, description: 'The order. Omitted: CREATED_DESC.' }),
      },
      resolve: async (_root, { filter, orderBy, ...args }, context, info) => {
        const { db, identity } = context;
        const order = ORDERS[orderBy ?? 'CREATED_DESC'] ?? CREATED_DESC;
        const keyset = parseKeyset(args, order);
        const about = filter?.context;
        const where: Prisma.OutboundEmailWhereInput = {
          ...A_DRAFT,
          ...(filter?.scheduled == null ? {} : { status: filter.scheduled ? 'SCHEDULED' : 'DRAFT' }),
          ...(about ? { contexts: { some: isLinkedTo(about, 'filter.context', identity) } } : {}),
          ...(order.column === 'plannedSendAt' ? { AND: { plannedSendAt: { not: null } } } : {}),
          ...(filter?.planned ? { plannedSendAt: { not: null, ...inRange(filter.planned) } } : {}),
          ...(filter?.accountUid ? { accountId: filter.accountUid } : {}),
          ...(filter?.conversationUid ? { conversationId: filter.conversationUid } : {}),
          ...(filter?.connectedAccountsOnly ? { account: CONNECTED } : {}),
        };
        const page = keysetQuery(keyset, where);
        const query = queryFromInfo({ context, info, select: { id: true, ...ORDER_COLUMNS } });
        const read = (rows: Prisma.OutboundEmailFindManyArgs) => db.outboundEmail.findMany({ ...query, ...rows });
        const keys = () => db.outboundEmail.groupBy({ ...sortedQuery(page), _min: { [order.column]: true } });
        const matches = narrowing(order.column, filter?.planned, db);
        const rows = (await sortedRows(matches, keys, read)) ?? (await read(page));
        return toConnection(keyset, rows, (limit) => db.outboundEmail.count({ where, ...limit }));
      },
    },
    DraftConnection,
  ),
);
