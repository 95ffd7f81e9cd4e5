import { queryFromInfo } from '@pothos/plugin-prisma';
import type { Prisma } from '#generated/prisma/client.ts';
import type { Identity } from '../auth/keys.ts';
import { DAY_MS } from '../config/timing.ts';
import { customerKind } from '../contexts/customer.ts';
import type { TenantDb } from '../db/tenant.ts';
import { isWordless, recipientTerm, tsquery } from '../email/search-terms.ts';
import { MAX_MILLIS, MIN_MILLIS } from '../input.ts';
import { builder } from './builder.ts';
import { byUidOr } from './by-uid-or.ts';
import { ContextRefInput, isLinkedTo } from './context-entity.ts';
import { enumOf } from './enum-of.ts';
import { OutboundEmailStatus, SendMode } from './enums.ts';
import { type KeysetOrder, keysetQuery, parseKeyset, toConnection } from './keyset.ts';
import {
  CONNECTED,
  CONNECTED_DESCRIPTION,
  CONTEXT_RULES,
  CREATED_DESC,
  EMAIL_SEARCH_RULES,
  NOT_A_DRAFT,
} from './lists.ts';
import { type Count, countFound, MAX_SORTED, sortedQuery, sortedRows } from './page.ts';
import { DateTimeRange, inRange } from './ranges.ts';
import { OutboundEmail, OutboundEmailConnection } from './refs.ts';

const OutboundEmailFilter = builder.inputType('OutboundEmailFilter', {
  description: 'Selects outbound emails. All given conditions must hold.',
  fields: (t) => ({
    status: t.field({ type: [OutboundEmailStatus], description: 'Emails in one of these states.' }),
    mode: t.field({ type: [SendMode], description: 'Emails created in one of these ways.' }),
    accountUid: t.field({ type: 'UUID', description: 'Emails sent from this account.' }),
    context: t.field({
      type: ContextRefInput,
      description: `Emails about this entity. ${CONTEXT_RULES}`,
    }),
    connectedAccountsOnly: t.boolean({ description: CONNECTED_DESCRIPTION('emails') }),
    recipient: t.field({ type: 'EmailAddress', description: 'Emails with this address in To, Cc or Bcc.' }),
    conversationUid: t.field({ type: 'UUID', description: 'Emails in this conversation.' }),
    search: t.string({
      description: `Emails that contain all of these terms in subject, body, file names or addresses. ${EMAIL_SEARCH_RULES}`,
    }),
    customerUid: t.field({ type: 'UUID', description: 'The same as `context` with the type `customer`.' }),
    hasReply: t.boolean({
      description:
        'True: emails in a conversation with an answer written by a person. False: all others. See `Conversation.hasReply`.',
    }),
    created: t.field({ type: DateTimeRange, description: 'Emails created in this range.' }),
    updated: t.field({ type: DateTimeRange, description: 'Emails that last changed in this range.' }),
    sent: t.field({ type: DateTimeRange, description: 'Emails with a `sentAt` in this range.' }),
    planned: t.field({ type: DateTimeRange, description: 'Emails with a `plannedSendAt` in this range.' }),
    bounced: t.field({ type: DateTimeRange, description: 'Emails with a delivery report received in this range.' }),
  }),
});

type Column = 'createdAt' | 'sentAt' | 'plannedSendAt' | 'updatedAt';

const ORDER_COLUMNS = { createdAt: true, sentAt: true, plannedSendAt: true, updatedAt: true } as const;

const ORDERS: Record<string, KeysetOrder<Column>> = {
  CREATED_DESC,
  CREATED_ASC: { column: 'createdAt', direction: 'asc' },
  SENT_DESC: { column: 'sentAt', direction: 'desc' },
  PLANNED_ASC: { column: 'plannedSendAt', direction: 'asc' },
  UPDATED_ASC: { column: 'updatedAt', direction: 'asc' },
};

type Status = typeof OutboundEmailStatus.$inferType;

/** The emails that have the time of an order. Only SENT and BOUNCED ones have `sentAt`. */
function hasTime(column: Column, statuses: readonly Status[] | null | undefined): Prisma.OutboundEmailWhereInput {
  if (column === 'createdAt' || column === 'updatedAt') return {};
  const time = { [column]: { not: null } };
  if (column === 'plannedSendAt' || !statuses) return time;
  return { ...time, status: { in: statuses.filter((status) => status === 'SENT' || status === 'BOUNCED') } };
}

/**
 * What ranges of other times say of the time of an order. An email is created, then sent, then changed, and the planner does not know
 * it: without these bounds it reads the index of the order from its end. They are a day wider, because clocks differ: Gmail's tells when a
 * lost answer's email was sent.
 */
function boundsOf(column: Column, { created, sent, updated }: Filter): Prisma.OutboundEmailWhereInput {
  const earlier = { createdAt: [], plannedSendAt: [], sentAt: [created], updatedAt: [created, sent] }[column];
  const later = { createdAt: [sent, updated], plannedSendAt: [], sentAt: [updated], updatedAt: [] }[column];
  const bound = (range: typeof DateTimeRange.$inferInput | null | undefined, side: 'gte' | 'lt', slackMs: number) => {
    const time = range?.[side];
    return time
      ? [{ [column]: { [side]: new Date(Math.min(MAX_MILLIS, Math.max(MIN_MILLIS, time.getTime() + slackMs))) } }]
      : [];
  };
  return {
    AND: [
      ...earlier.flatMap((range) => bound(range, 'gte', -DAY_MS)),
      ...later.flatMap((range) => bound(range, 'lt', DAY_MS)),
    ],
  };
}

const OutboundEmailOrder = enumOf('OutboundEmailOrder', 'The order of a list of outbound emails.', {
  CREATED_DESC: 'By `createdAt`, newest first.',
  CREATED_ASC: 'By `createdAt`, oldest first.',
  SENT_DESC: 'By `sentAt`, latest first. Emails that were not sent are left out.',
  PLANNED_ASC: 'By `plannedSendAt`, earliest first. Emails that were never scheduled are left out.',
  UPDATED_ASC:
    'By `updatedAt`, earliest first. To poll for changes, filter by `updated: { gte }` from one minute before your last poll: changes of the same moment can become visible in another order.',
});

type Filter = typeof OutboundEmailFilter.$inferInput;

/** Counts what a search finds, the emails of a range of another time than that of the order, or those of the states. @param db of `finding`. */
function narrowing(column: Column, filter: Filter, db: TenantDb): Count {
  if (searchOf(filter) !== '') {
    return countFound(db, 'outbound_email_search');
  }
  const { status, created, updated, sent, planned } = filter;
  const countOf = (where: Prisma.OutboundEmailWhereInput, indexed: string): Count => {
    const query = { where, orderBy: { [indexed]: 'asc' as const } };
    return { most: MAX_SORTED, rows: (limit) => db.outboundEmail.count({ ...query, ...limit }) };
  };
  const times = { createdAt: created, updatedAt: updated, sentAt: sent, plannedSendAt: planned };
  for (const [time, range] of Object.entries(times)) {
    if (range && time !== column) return countOf({ [time]: inRange(range) }, time);
  }
  return status && column !== 'createdAt' ? countOf({ status: { in: [...status] } }, 'status') : null;
}

function whereOf(filter: Filter, identity: Identity): Prisma.OutboundEmailWhereInput {
  const { status, mode, accountUid, context, customerUid, conversationUid, search, hasReply } = filter;
  const { created, updated, sent, planned, bounced, connectedAccountsOnly } = filter;
  const abouts = [
    ...(context ? [isLinkedTo(context, 'filter.context', identity)] : []),
    ...(customerUid
      ? [{ organizationId: identity.organizationId, contextType: customerKind.type, contextId: customerUid }]
      : []),
  ];
  return {
    ...(status ? { status: { in: [...status] } } : NOT_A_DRAFT),
    ...(mode ? { mode: { in: [...mode] } } : {}),
    ...(accountUid ? { accountId: accountUid } : {}),
    AND: [
      ...abouts.map((about) => ({ contexts: { some: about } })),
      ...(hasReply === false ? [{ OR: [{ conversationId: null }, { conversation: { hasReply } }] }] : []),
    ],
    ...(hasReply ? { conversation: { hasReply } } : {}),
    ...(conversationUid ? { conversationId: conversationUid } : {}),
    ...(created ? { createdAt: inRange(created) } : {}),
    ...(updated ? { updatedAt: inRange(updated) } : {}),
    ...(connectedAccountsOnly ? { account: CONNECTED } : {}),
    ...(sent ? { sentAt: { not: null, ...inRange(sent) } } : {}),
    ...(planned ? { plannedSendAt: { not: null, ...inRange(planned) } } : {}),
    ...(bounced ? { bounces: { some: { at: inRange(bounced) } } } : {}),
    ...(isWordless(search ?? '') ? { id: { in: [] } } : {}),
    ...(searchOf(filter) === '' ? {} : { found: { isNot: null } }),
  };
}

/** What the filter searches for. Empty: nothing. */
function searchOf({ search, recipient }: Filter): string {
  return tsquery(search ?? '', recipient == null ? [] : [recipientTerm(recipient)]);
}

/** A client that finds it. */
function finding(db: TenantDb, filter: Filter): TenantDb {
  const search = searchOf(filter);
  return search === '' ? db : db.searching(search);
}

builder.queryField('outboundEmail', (t) =>
  t.prismaField({
    type: OutboundEmail,
    nullable: true,
    description:
      'Finds an email by its uid or by the idempotencyKey of its request, in any state, drafts included. Null if there is none.',
    args: {
      uid: t.arg({ type: 'UUID', description: 'The uid of the email. Give either this or `idempotencyKey`.' }),
      idempotencyKey: t.arg.string({ description: 'The key of the request. Give either this or `uid`.' }),
    },
    resolve: (query, _root, { uid, idempotencyKey }, { db }) => {
      const where = byUidOr('idempotencyKey', uid, idempotencyKey);
      return db.outboundEmail.findFirst({ ...query, where });
    },
  }),
);

const OutboundEmailCount = builder
  .objectRef<{ status: (typeof OutboundEmailStatus)['$inferType']; _count: number }>('OutboundEmailCount')
  .implement({
    description: 'How many outbound emails are in a state.',
    fields: (t) => ({
      status: t.expose('status', { type: OutboundEmailStatus, description: 'The state.' }),
      count: t.exposeInt('_count', { description: 'The number of emails in it.' }),
    }),
  });

builder.queryField('outboundEmailCounts', (t) =>
  t.field({
    type: [OutboundEmailCount],
    description:
      'Counts the emails that `outboundEmails` lists with the same filter, by their state. A state without emails is left out.',
    args: { filter: t.arg({ type: OutboundEmailFilter, description: 'Which emails to count. Omitted: all.' }) },
    resolve: (_root, { filter }, { db, identity }) =>
      finding(db, filter ?? {}).outboundEmail.groupBy({
        by: 'status',
        where: whereOf(filter ?? {}, identity),
        orderBy: { status: 'asc' },
        _count: true,
      }),
  }),
);

builder.queryField('outboundEmails', (t) =>
  t.connection(
    {
      type: OutboundEmail,
      description:
        'The emails that were sent or are to be sent, scheduled ones included. Emails in status DRAFT are listed only if `filter.status` has DRAFT.',
      args: {
        filter: t.arg({ type: OutboundEmailFilter, description: 'Which emails to list. Omitted: all.' }),
        orderBy: t.arg({ type: OutboundEmailOrder, description: 'The order. Omitted: CREATED_DESC.' }),
      },
      resolve: async (_root, { filter, orderBy, ...args }, context, info) => {
        const { identity } = context;
        const order = ORDERS[orderBy ?? 'CREATED_DESC'] ?? CREATED_DESC;
        const keyset = parseKeyset(args, order);
        const where = {
          AND: [
            whereOf(filter ?? {}, identity),
            hasTime(order.column, filter?.status),
            boundsOf(order.column, filter ?? {}),
          ],
        };
        const db = finding(context.db, filter ?? {});
        const page = keysetQuery(keyset, where);
        const query = queryFromInfo({ context, info, select: { id: true, ...ORDER_COLUMNS } });
        const keys = () => db.outboundEmail.groupBy({ ...sortedQuery(page), _min: { [order.column]: true } });
        const matches = narrowing(order.column, filter ?? {}, db);
        const sorted = await sortedRows(matches, keys, (ids) =>
          context.db.outboundEmail.findMany({ ...query, ...ids }),
        );
        const rows = sorted ?? (await db.outboundEmail.findMany({ ...query, ...page }));
        return toConnection(keyset, rows, (limit) => db.outboundEmail.count({ where, ...limit }));
      },
    },
    OutboundEmailConnection,
  ),
);
