import { queryFromInfo } from '@pothos/plugin-prisma';
import { upsertCustomer } from '../contexts/customer.ts';
import { invoiceKind, upsertInvoice } from '../contexts/invoice.ts';
import { InvalidInputError, NotFoundError } from '../errors.ts';
import { builder } from './builder.ts';
import { Customer, CustomerConnection } from './customer.ts';
import { InvoiceStatus } from './enums.ts';
import { Invoice, InvoiceConnection } from './invoice.ts';
import { CREATED_DESC, keysetQuery, parseKeyset, toConnection } from './keyset.ts';

/** One of two ways to name an entity. @throws {InvalidInputError} for none or both. */
function oneOf<Where>(uid: string | null | undefined, name: string, value: string | null | undefined, by: Where) {
  if ((uid == null) === (value == null)) {
    throw new InvalidInputError([{ path: 'uid', message: `Give either uid or ${name}.` }]);
  }
  // PostgreSQL's text cannot hold NUL, so nothing has such a name.
  if (value?.includes('\0')) return { id: { in: [] } };
  return uid == null ? by : { id: uid };
}

builder.queryFields((t) => ({
  invoice: t.prismaField({
    type: Invoice,
    nullable: true,
    description: 'One invoice, by uid or by number. Null when there is none.',
    args: {
      uid: t.arg({ type: 'UUID', description: 'Its uid.' }),
      number: t.arg.string({ description: 'Its number.' }),
    },
    resolve: (query, _root, { uid, number }, { db }) => {
      const where = oneOf(uid, 'number', number, { number: number ?? '' });
      return db.invoice.findFirst({ ...query, where });
    },
  }),
  customer: t.prismaField({
    type: Customer,
    nullable: true,
    description: 'One customer, by uid or by externalId. Null when there is none.',
    args: {
      uid: t.arg({ type: 'UUID', description: 'Its uid.' }),
      externalId: t.arg.string({ description: 'Its id in your own system.' }),
    },
    resolve: (query, _root, { uid, externalId }, { db }) => {
      const where = oneOf(uid, 'externalId', externalId, { externalId: externalId ?? '' });
      return db.customer.findFirst({ ...query, where });
    },
  }),
}));

const InvoiceFilter = builder.inputType('InvoiceFilter', {
  description: 'Every condition that is given must hold.',
  fields: (t) => ({
    status: t.field({ type: [InvoiceStatus], description: 'In one of these states.' }),
    customerUid: t.field({ type: 'UUID', description: 'Of this customer.' }),
    awaitingReply: t.boolean({
      description: 'Contacted with nothing come in since, or not: see `Invoice.awaitingReply`.',
    }),
  }),
});

builder.queryField('invoices', (t) =>
  t.connection(
    {
      type: Invoice,
      description: 'The invoices, newest first.',
      args: { filter: t.arg({ type: InvoiceFilter, description: 'Omitted: all.' }) },
      resolve: async (_root, { filter, ...args }, context, info) => {
        const keyset = parseKeyset(args, CREATED_DESC);
        const { status, customerUid, awaitingReply } = filter ?? {};
        const where = {
          ...(status ? { status: { in: [...status] } } : {}),
          ...(customerUid ? { customerId: customerUid } : {}),
        };
        const select = { id: true, contextType: true, createdAt: true } as const;
        const invoice = queryFromInfo({ context, info, path: ['edges', 'node'], select });
        const { db } = context;
        if (awaitingReply == null) {
          const rows = await db.invoice.findMany({ ...invoice, ...keysetQuery(keyset, where) });
          return toConnection(keyset, rows, () => db.invoice.count({ where }));
        }
        // By their entities, whose index has those that await a reply in this order: they may be few among many.
        const awaiting = {
          type: invoiceKind.type,
          awaitingReply,
          ...(status || customerUid ? { invoice: { is: where } } : {}),
        };
        const entities = await db.contextEntity.findMany({
          ...keysetQuery(keyset, awaiting),
          select: { id: true, createdAt: true, invoice },
        });
        const rows = entities.flatMap((entity) => entity.invoice ?? []);
        return toConnection(keyset, rows, () => db.contextEntity.count({ where: awaiting }));
      },
    },
    InvoiceConnection,
  ),
);

builder.queryField('customers', (t) =>
  t.connection(
    {
      type: Customer,
      description: 'The customers, newest first.',
      resolve: async (_root, args, context, info) => {
        const keyset = parseKeyset(args, CREATED_DESC);
        const select = { id: true, contextType: true, createdAt: true } as const;
        const rows = await context.db.customer.findMany({
          ...queryFromInfo({ context, info, path: ['edges', 'node'], select }),
          ...keysetQuery(keyset, {}),
        });
        return toConnection(keyset, rows, () => context.db.customer.count());
      },
    },
    CustomerConnection,
  ),
);

const UpsertCustomerInput = builder.inputType('UpsertCustomerInput', {
  description: 'A customer, named by its id in your own system.',
  fields: (t) => ({
    externalId: t.string({ required: true, description: 'Its id in your own system, 1 to 255 characters.' }),
    name: t.string({ required: true, description: 'Its name, 1 to 255 characters.' }),
    email: t.field({ type: 'EmailAddress', description: 'Where it is written to. Omitted: as it was; null: unknown.' }),
  }),
});

const UpsertInvoiceInput = builder.inputType('UpsertInvoiceInput', {
  description: "An invoice, named by its number. Amounts are in the currency's smallest unit, as strings of digits.",
  fields: (t) => ({
    number: t.string({ required: true, description: 'Its number, 1 to 100 characters.' }),
    customerUid: t.field({ type: 'UUID', required: true, description: 'Who owes it.' }),
    status: t.field({ type: InvoiceStatus, required: true, description: 'Where it stands.' }),
    currency: t.string({ required: true, description: 'ISO 4217 in capitals: `USD`.' }),
    issueDate: t.field({ type: 'DateTime', required: true, description: 'When it was issued.' }),
    dueDate: t.field({ type: 'DateTime', required: true, description: 'When it is due; not before issueDate.' }),
    paidDate: t.field({ type: 'DateTime', description: 'When it was paid. Omitted or null: not paid.' }),
    subtotalCents: t.string({ required: true, description: 'Before discounts and tax.' }),
    discountsCents: t.string({ description: 'What is taken off. Omitted: 0.' }),
    taxCents: t.string({ description: 'Tax. Omitted: 0.' }),
    totalCents: t.string({ required: true, description: 'What is asked for.' }),
    amountPaidCents: t.string({ description: 'What was paid so far. Omitted: 0.' }),
    amountDueCents: t.string({ description: 'What is still owed. Omitted: the total less what was paid.' }),
    paymentLink: t.field({ type: 'HttpUrl', description: 'Where it can be paid.' }),
  }),
});

const UpsertCustomerPayload = builder.objectRef<{ id: string }>('UpsertCustomerPayload').implement({
  description: 'The customer was stored.',
  fields: (t) => ({
    customer: t.prismaField({
      type: Customer,
      description: 'The customer as it is now.',
      resolve: (query, { id }, _args, { db }) => db.customer.findFirstOrThrow({ ...query, where: { id } }),
    }),
  }),
});

const UpsertInvoicePayload = builder.objectRef<{ id: string }>('UpsertInvoicePayload').implement({
  description: 'The invoice was stored.',
  fields: (t) => ({
    invoice: t.prismaField({
      type: Invoice,
      description: 'The invoice as it is now.',
      resolve: (query, { id }, _args, { db }) => db.invoice.findFirstOrThrow({ ...query, where: { id } }),
    }),
  }),
});

builder.mutationFields((t) => ({
  upsertCustomer: t.field({
    type: UpsertCustomerPayload,
    description: 'Creates or updates the customer with this externalId; safe to repeat.',
    authScopes: { scope: 'contexts:write' },
    errors: { types: [InvalidInputError], union: { description: 'The customer, or why it was not stored.' } },
    args: { input: t.arg({ type: UpsertCustomerInput, required: true, description: 'The customer.' }) },
    resolve: async (_root, { input }, { app, identity }) => ({
      id: await upsertCustomer(app.pool, identity.organizationId, input),
    }),
  }),
  upsertInvoice: t.field({
    type: UpsertInvoicePayload,
    description: 'Creates the invoice with this number or replaces what it says; safe to repeat.',
    authScopes: { scope: 'contexts:write' },
    errors: {
      types: [InvalidInputError, NotFoundError],
      union: { description: 'The invoice, or why it was not stored.' },
    },
    args: { input: t.arg({ type: UpsertInvoiceInput, required: true, description: 'The invoice.' }) },
    resolve: async (_root, { input }, { app, identity }) => ({
      id: await upsertInvoice(app.pool, identity.organizationId, input),
    }),
  }),
}));
