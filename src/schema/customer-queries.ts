import { queryFromInfo } from '@pothos/plugin-prisma';
import type { Prisma } from '#generated/prisma/client.ts';
import { customerKind } from '../contexts/customer.ts';
import { utcDate } from '../contexts/invoice.ts';
import { builder } from './builder.ts';
import { byUidOr } from './by-uid-or.ts';
import { contactConditions, LAST_CONTACTED_DESCRIPTION, listByLastContact } from './contact-filter.ts';
import { enumOf } from './enum-of.ts';
import { type KeysetOrder, keysetQuery, parseKeyset, toConnection } from './keyset.ts';
import { ENTITY_SEARCH_RULES } from './lists.ts';
import { sortedQuery, sortedRows } from './page.ts';
import { DateTimeRange } from './ranges.ts';
import { Customer, CustomerConnection } from './refs.ts';

builder.queryField('customer', (t) =>
  t.prismaField({
    type: Customer,
    nullable: true,
    description: 'Finds a customer by its uid or by its externalId. Null if there is none.',
    args: {
      uid: t.arg({ type: 'UUID', description: 'The uid of the customer. Give either this or `externalId`.' }),
      externalId: t.arg.string({
        description: 'The id of the customer in your own system. Give either this or `uid`.',
      }),
    },
    resolve: (query, _root, { uid, externalId }, { db }) => {
      const where = byUidOr('externalId', uid, externalId);
      return db.customer.findFirst({ ...query, where });
    },
  }),
);

const CustomerFilter = builder.inputType('CustomerFilter', {
  description: 'Selects customers. All given conditions must hold.',
  fields: (t) => ({
    search: t.string({
      description: `Customers with all of these terms in name, externalId or email address. ${ENTITY_SEARCH_RULES}`,
    }),
    awaitingReply: t.boolean({
      description:
        'True: customers that were contacted and have not answered since. False: all others. See `Customer.awaitingReply`.',
    }),
    hasOverdueInvoices: t.boolean({ description: 'True: customers with an OVERDUE invoice. False: all others.' }),
    lastContacted: t.field({ type: DateTimeRange, description: LAST_CONTACTED_DESCRIPTION }),
  }),
});

const CustomerOrder = enumOf('CustomerOrder', 'The order of a list of customers.', {
  NAME_ASC: 'By `name`. Case and accents are ignored.',
  LAST_CONTACTED_ASC: 'By `lastContactedAt`, earliest first. Customers never contacted come first.',
});

const ORDER_COLUMNS = { sortName: true } as const;
const COLUMNS = { id: true, contextType: true, ...ORDER_COLUMNS } as const;
const NAME_ASC: KeysetOrder<'sortName'> = { column: 'sortName', direction: 'asc' };

function hasOverdue(hasOverdueInvoices: boolean | null | undefined, today: Date): Prisma.CustomerWhereInput[] {
  const overdue = { status: 'OPEN', dueDate: { lt: today } } as const;
  if (hasOverdueInvoices == null) return [];
  return [{ invoices: hasOverdueInvoices ? { some: overdue } : { none: overdue } }];
}

builder.queryField('customers', (t) =>
  t.connection(
    {
      type: Customer,
      description: 'The customers of the organization.',
      args: {
        filter: t.arg({ type: CustomerFilter, description: 'Which customers to list. Omitted: all.' }),
        orderBy: t.arg({ type: CustomerOrder, description: 'The order. Omitted: NAME_ASC.' }),
      },
      resolve: async (_root, { filter, orderBy, ...args }, context, info) => {
        const { app, db } = context;
        const { contact, countFound, countContacts } = contactConditions(db, customerKind.type, filter ?? {});
        const overdue = hasOverdue(filter?.hasOverdueInvoices, utcDate(app.now()));
        const query = queryFromInfo({ context, info, select: COLUMNS });
        const read = (rows: Prisma.CustomerFindManyArgs) => db.customer.findMany({ ...query, ...rows });
        if (orderBy === 'LAST_CONTACTED_ASC') {
          const where = {
            type: customerKind.type,
            AND: [contact ?? {}, ...overdue.map((is) => ({ customer: { is } }))],
          };
          return listByLastContact(db, args, where, countFound, read);
        }
        const keyset = parseKeyset(args, NAME_ASC);
        const where = { AND: [...overdue, contact ? { entity: { is: contact } } : {}] };
        const page = keysetQuery(keyset, where);
        const keys = () => db.customer.groupBy({ ...sortedQuery(page), _min: ORDER_COLUMNS });
        const rows = (await sortedRows(countFound ?? countContacts, keys, read)) ?? (await read(page));
        return toConnection(keyset, rows, (limit) => db.customer.count({ where, ...limit }));
      },
    },
    CustomerConnection,
  ),
);
