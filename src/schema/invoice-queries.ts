import { queryFromInfo } from '@pothos/plugin-prisma';
import type { Prisma } from '#generated/prisma/client.ts';
import { invoiceKind, utcDate } from '../contexts/invoice.ts';
import type { TenantDb } from '../db/tenant.ts';
import { builder } from './builder.ts';
import { byUidOr } from './by-uid-or.ts';
import { contactConditions, LAST_CONTACTED_DESCRIPTION, listByLastContact } from './contact-filter.ts';
import type { Context } from './context.ts';
import { enumOf } from './enum-of.ts';
import { InvoiceStatus } from './enums.ts';
import { type KeysetOrder, keysetQuery, parseKeyset, toConnection } from './keyset.ts';
import { ENTITY_SEARCH_RULES, ISSUED_DESC } from './lists.ts';
import { type Count, MAX_SORTED, sortedQuery, sortedRows } from './page.ts';
import { DateTimeRange, inDateRange, LocalDateRange } from './ranges.ts';
import { Invoice, InvoiceConnection } from './refs.ts';

builder.queryField('invoice', (t) =>
  t.prismaField({
    type: Invoice,
    nullable: true,
    description: 'Finds an invoice by its uid or by its number. Null if there is none.',
    args: {
      uid: t.arg({ type: 'UUID', description: 'The uid of the invoice. Give either this or `number`.' }),
      number: t.arg.string({ description: 'The number of the invoice. Give either this or `uid`.' }),
    },
    resolve: (query, _root, { uid, number }, { db }) => {
      const where = byUidOr('number', uid, number);
      return db.invoice.findFirst({ ...query, where });
    },
  }),
);

const InvoiceFilter = builder.inputType('InvoiceFilter', {
  description: 'Selects invoices. All given conditions must hold.',
  fields: (t) => ({
    status: t.field({
      type: [InvoiceStatus],
      description: 'Invoices in one of these states. OPEN does not include OVERDUE: name both for all unpaid ones.',
    }),
    overdue: t.boolean({ description: 'True: OVERDUE invoices. False: all others.' }),
    customerUid: t.field({ type: 'UUID', description: 'Invoices of this customer.' }),
    awaitingReply: t.boolean({
      description:
        'True: invoices that were contacted and have had no answer since. False: all others. See `Invoice.awaitingReply`.',
    }),
    due: t.field({ type: LocalDateRange, description: 'Invoices with a `dueDate` in this range.' }),
    lastContacted: t.field({ type: DateTimeRange, description: LAST_CONTACTED_DESCRIPTION }),
    search: t.string({
      description: `Invoices with all of these terms in their number or in the name of their customer. ${ENTITY_SEARCH_RULES}`,
    }),
  }),
});

const InvoiceOrder = enumOf('InvoiceOrder', 'The order of a list of invoices.', {
  ISSUED_DESC: 'By `issueDate`, last issued first.',
  DUE_ASC: 'By `dueDate`, earliest first.',
  LAST_CONTACTED_ASC: 'By `lastContactedAt`, earliest first. Invoices never contacted come first.',
  NUMBER_ASC: 'By `number`, character by character: `INV-10` is before `INV-9`.',
});

const ORDER_COLUMNS = { issueDate: true, dueDate: true, number: true } as const;
const COLUMNS = { id: true, contextType: true, ...ORDER_COLUMNS } as const;
const ORDERS: Record<string, KeysetOrder<'issueDate' | 'dueDate' | 'number'>> = {
  ISSUED_DESC,
  DUE_ASC: { column: 'dueDate', direction: 'asc' },
  NUMBER_ASC: { column: 'number', direction: 'asc' },
};

type State = (typeof InvoiceStatus)['$inferType'];
const STATES: readonly State[] = ['DRAFT', 'OPEN', 'OVERDUE', 'PAID', 'VOID'];

/** A condition on the state, for a list that starts at the invoices, and for one that starts at their entities. */
interface StateCondition {
  readonly invoice: Prisma.InvoiceWhereInput;
  readonly entity: Prisma.ContextEntityWhereInput;
  /** Whether the second is on the entity alone. */
  readonly isOfEntity: boolean;
}

const ANY_STATE: StateCondition = { invoice: {}, entity: {}, isOfEntity: true };

function inStates({ status, overdue }: typeof InvoiceFilter.$inferInput, today: Date): StateCondition {
  if (status == null && overdue == null) return ANY_STATE;
  const states = (status ?? STATES).filter((state) => overdue == null || (state === 'OVERDUE') === overdue);
  const closed = states.filter((state) => state !== 'OVERDUE' && state !== 'OPEN');
  const [isOpen, isOverdue] = [states.includes('OPEN'), states.includes('OVERDUE')];
  const isClosed = { status: { in: closed } };
  if (!isOpen && !isOverdue) return { invoice: isClosed, entity: { invoice: { is: isClosed } }, isOfEntity: false };
  const due = { ...(isOpen ? {} : { lt: today }), ...(isOverdue ? {} : { gte: today }) };
  // An entity has a due date while its invoice is OPEN.
  const open = { invoice: { status: 'OPEN', dueDate: due }, entity: { dueDate: { not: null, ...due } } } as const;
  if (closed.length === 0) return { ...open, isOfEntity: true };
  return {
    invoice: { OR: [isClosed, open.invoice] },
    entity: { OR: [{ invoice: { is: isClosed } }, open.entity] },
    isOfEntity: false,
  };
}

function conditionsOf(filter: typeof InvoiceFilter.$inferInput, { app, db }: Context) {
  const { customerUid, due } = filter;
  return {
    ...contactConditions(db, invoiceKind.type, filter),
    state: inStates(filter, utcDate(app.now())),
    own: {
      ...(customerUid ? { customerId: customerUid } : {}),
      ...(due ? { dueDate: inDateRange(due, 'filter.due') } : {}),
    },
  };
}

type Column = 'issueDate' | 'dueDate' | 'number' | 'contactedOrder';

/** Counts the invoices by one condition that the index of the order does not know. */
function narrowing(
  column: Column,
  { countFound, countContacts, own: { dueDate }, state }: ReturnType<typeof conditionsOf>,
  db: TenantDb,
): Count {
  if (countFound) return countFound;
  if (countContacts && column !== 'contactedOrder') return countContacts;
  if (dueDate && column !== 'dueDate') {
    const query = { where: { dueDate }, orderBy: { dueDate: 'asc' as const } };
    return { most: MAX_SORTED, rows: (limit) => db.invoice.count({ ...query, ...limit }) };
  }
  const isOfOrder = column === 'dueDate' || (column === 'contactedOrder' && state.isOfEntity);
  if (isOfOrder || state === ANY_STATE || 'OR' in state.invoice) return null;
  const orderBy: Prisma.InvoiceOrderByWithRelationInput[] = [{ status: 'asc' }, { dueDate: 'asc' }];
  return { most: MAX_SORTED, rows: (limit) => db.invoice.count({ where: state.invoice, orderBy, ...limit }) };
}

builder.queryField('invoices', (t) =>
  t.connection(
    {
      type: Invoice,
      description: 'The invoices of the organization.',
      args: {
        filter: t.arg({ type: InvoiceFilter, description: 'Which invoices to list. Omitted: all.' }),
        orderBy: t.arg({ type: InvoiceOrder, description: 'The order. Omitted: ISSUED_DESC.' }),
      },
      resolve: async (_root, { filter, orderBy, ...args }, context, info) => {
        const { db } = context;
        const conditions = conditionsOf(filter ?? {}, context);
        const { state, contact, own } = conditions;
        const query = queryFromInfo({ context, info, select: COLUMNS });
        const read = (rows: Prisma.InvoiceFindManyArgs) => db.invoice.findMany({ ...query, ...rows });
        if (orderBy === 'LAST_CONTACTED_ASC') {
          const isOwn = Object.keys(own).length > 0 ? { invoice: { is: own } } : {};
          const where = { type: invoiceKind.type, AND: [contact ?? {}, state.entity, isOwn] };
          return listByLastContact(db, args, where, narrowing('contactedOrder', conditions, db), read);
        }
        const order = ORDERS[orderBy ?? 'ISSUED_DESC'] ?? ISSUED_DESC;
        const keyset = parseKeyset(args, order);
        const where = { AND: [own, state.invoice, contact ? { entity: { is: contact } } : {}] };
        const page = keysetQuery(keyset, where);
        const keys = () => db.invoice.groupBy({ ...sortedQuery(page), _min: { [order.column]: true } });
        const rows = (await sortedRows(narrowing(order.column, conditions, db), keys, read)) ?? (await read(page));
        return toConnection(keyset, rows, (limit) => db.invoice.count({ where, ...limit }));
      },
    },
    InvoiceConnection,
  ),
);
