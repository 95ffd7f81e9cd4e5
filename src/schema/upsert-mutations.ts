import { checkCustomers, upsertCustomer, upsertCustomers } from '../contexts/upsert-customers.ts';
import { checkInvoices, upsertInvoice, upsertInvoices } from '../contexts/upsert-invoices.ts';
import { InvalidInputError, NotFoundError } from '../errors.ts';
import { builder } from './builder.ts';
import { InvoiceStatus } from './enums.ts';
import { Customer, Invoice } from './refs.ts';

const CustomerContactInput = builder.inputType('CustomerContactInput', {
  description: 'A person at a customer.',
  fields: (t) => ({
    name: t.string({ description: 'The name of the person, 1 to 255 characters. Null: none.' }),
    email: t.field({ type: 'EmailAddress', required: true, description: 'The email address of the person.' }),
    role: t.string({
      description: 'What the person does there, 1 to 255 characters, for example `Accounts payable`. Null: none.',
    }),
    isPrimary: t.boolean({
      description:
        'True: the person to write to. At most one contact may be primary. If none is, the first contact becomes primary.',
    }),
  }),
});

const UpsertCustomerInput = builder.inputType('UpsertCustomerInput', {
  description: 'A customer, identified by its id in your own system. A field that is omitted stays as it is.',
  fields: (t) => ({
    externalId: t.string({
      required: true,
      description:
        'The id of the customer in your own system, 1 to 255 characters. It decides whether a customer is created or updated.',
    }),
    name: t.string({
      description: 'The name of the customer, 1 to 255 characters. Required for a new customer, and never null.',
    }),
    email: t.field({
      type: 'EmailAddress',
      description: 'The email address of the customer. Null: the stored address is removed.',
    }),
    contacts: t.field({
      type: [CustomerContactInput],
      description: 'The people at the customer, at most 50. The list replaces the stored one. Null: all are removed.',
    }),
    locale: t.string({
      description:
        'The language and region of the customer, a BCP 47 tag such as `de-DE`. Null: the stored one is removed.',
    }),
    timeZone: t.string({
      description:
        'The time zone of the customer, a name of the IANA database such as `Europe/Berlin`. Null: the stored one is removed.',
    }),
  }),
});

const UpsertInvoiceInput = builder.inputType('UpsertInvoiceInput', {
  description:
    'An invoice, identified by its number. A field that is omitted stays as it is; one that is required for a new invoice cannot be null. Amounts are strings of digits in the smallest unit of the currency, for example cents: 0 to 10^17.',
  fields: (t) => ({
    number: t.string({
      required: true,
      description:
        'The number of the invoice, 1 to 100 characters. It decides whether an invoice is created or updated.',
    }),
    customerUid: t.field({
      type: 'UUID',
      description:
        'The uid of the customer who owes the invoice. A new invoice needs either this or `customerExternalId`.',
    }),
    customerExternalId: t.string({
      description: 'The id of that customer in your own system. Give either this or `customerUid`.',
    }),
    status: t.field({
      type: InvoiceStatus,
      description:
        'The state of the invoice. OVERDUE means OPEN. If the invoice becomes PAID or VOID, the amount still owed becomes 0 unless `amountDueCents` is given; `paidDate` and the amount paid stay as they are. Required for a new invoice.',
    }),
    currency: t.string({
      description:
        'The currency of all amounts: an ISO 4217 code in capitals, for example `USD`. Required for a new invoice.',
    }),
    issueDate: t.field({
      type: 'LocalDate',
      description: 'When the invoice was issued. Required for a new invoice.',
    }),
    dueDate: t.field({
      type: 'LocalDate',
      description: 'When the invoice is due; not before `issueDate`. Required for a new invoice.',
    }),
    paidDate: t.field({ type: 'LocalDate', description: 'When the invoice was paid. Null: it is not paid.' }),
    subtotalCents: t.string({ description: 'The amount before discounts and tax. Required for a new invoice.' }),
    discountsCents: t.string({ description: 'The discounts. 0 if null, and in a new invoice.' }),
    taxCents: t.string({ description: 'The tax. 0 if null, and in a new invoice.' }),
    totalCents: t.string({ description: 'The total amount. Required for a new invoice.' }),
    amountPaidCents: t.string({ description: 'The amount paid so far. 0 if null, and in a new invoice.' }),
    amountDueCents: t.string({
      description:
        'The amount still owed. Null: it is computed as the total minus the amount paid, but not below 0; it is 0 if the invoice is PAID or VOID. Omitted: it is computed if the total or the amount paid is given, or if the invoice becomes PAID or VOID or is open again; otherwise it stays as it is.',
    }),
    creditNotesCents: t.string({
      description: 'The credit notes. They do not change the other amounts. 0 if null, and in a new invoice.',
    }),
    collectionMethod: t.string({
      description:
        'How the invoice is paid, as your billing system names it, such as `send_invoice`: 1 to 100 characters. Null: not known.',
    }),
    paymentLink: t.field({
      type: 'HttpUrl',
      description: 'A page where the invoice can be paid, at most 2,000 characters. Null: there is none.',
    }),
  }),
});

const UpsertCustomerPayload = builder.objectRef<{ id: string }>('UpsertCustomerPayload').implement({
  description: 'The customer was stored.',
  fields: (t) => ({
    customer: t.prismaField({
      type: Customer,
      nullable: true,
      description:
        'The stored customer. Null if the operation asks for fields that the key may not read; the customer is still stored.',
      resolve: (query, { id }, _args, { db }) => db.customer.findFirstOrThrow({ ...query, where: { id } }),
    }),
  }),
});

const UpsertInvoicePayload = builder.objectRef<{ id: string }>('UpsertInvoicePayload').implement({
  description: 'The invoice was stored.',
  fields: (t) => ({
    invoice: t.prismaField({
      type: Invoice,
      nullable: true,
      description:
        'The stored invoice. Null if the operation asks for fields that the key may not read; the invoice is still stored.',
      resolve: (query, { id }, _args, { db }) => db.invoice.findFirstOrThrow({ ...query, where: { id } }),
    }),
  }),
});

/** Rows in the order of their ids. */
function inOrder<Row extends { readonly id: string }>(ids: readonly string[], rows: readonly Row[]): Row[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

const UpsertCustomersPayload = builder.objectRef<{ ids: string[] }>('UpsertCustomersPayload').implement({
  description: 'All customers were stored.',
  fields: (t) => ({
    customers: t.prismaField({
      type: [Customer],
      nullable: true,
      description:
        'The stored customers, in the order of the inputs. Null if the operation asks for fields that the key may not read; the customers are still stored.',
      resolve: async (query, { ids }, _args, { db }) =>
        inOrder(ids, await db.customer.findMany({ ...query, where: { id: { in: ids } } })),
    }),
  }),
});

const UpsertInvoicesPayload = builder.objectRef<{ ids: string[] }>('UpsertInvoicesPayload').implement({
  description: 'All invoices were stored.',
  fields: (t) => ({
    invoices: t.prismaField({
      type: [Invoice],
      nullable: true,
      description:
        'The stored invoices, in the order of the inputs. Null if the operation asks for fields that the key may not read; the invoices are still stored.',
      resolve: async (query, { ids }, _args, { db }) =>
        inOrder(ids, await db.invoice.findMany({ ...query, where: { id: { in: ids } } })),
    }),
  }),
});

const LISTED = 'at most 1,000, each with another';

/** The lists of the payloads count for ten items, as every list of which nothing is known. */
const listComplexity = ({ inputs }: { readonly inputs: readonly unknown[] }) => ({
  multiplier: Math.max(1, inputs.length / 10),
});

builder.mutationFields((t) => ({
  upsertCustomer: t.field({
    type: UpsertCustomerPayload,
    description: 'Creates the customer with this externalId, or updates it. Repeating the request is safe.',
    authScopes: { scope: 'contexts:write' },
    errors: { types: [InvalidInputError], union: { description: 'The stored customer, or the input issues.' } },
    args: { input: t.arg({ type: UpsertCustomerInput, required: true, description: 'The customer to store.' }) },
    check: ({ input }) => checkCustomers([input], 'input'),
    resolve: async (_root, { input }, { app, identity }) => ({
      id: await upsertCustomer(app.pool, identity.organizationId, input),
    }),
  }),
  upsertInvoice: t.field({
    type: UpsertInvoicePayload,
    description: 'Creates the invoice with this number, or updates it. Repeating the request is safe.',
    authScopes: { scope: 'contexts:write' },
    errors: {
      types: [InvalidInputError, NotFoundError],
      union: { description: 'The stored invoice, or why it was not stored.' },
    },
    args: { input: t.arg({ type: UpsertInvoiceInput, required: true, description: 'The invoice to store.' }) },
    check: ({ input }) => checkInvoices([input], 'input'),
    resolve: async (_root, { input }, { app, identity }) => ({
      id: await upsertInvoice(app.pool, identity.organizationId, input),
    }),
  }),
  upsertCustomers: t.field({
    type: UpsertCustomersPayload,
    description:
      'As `upsertCustomer`, for many customers: all of them are stored or, if there is any issue, none. Paths of issues have the index: `inputs.17.email`.',
    authScopes: { scope: 'contexts:write' },
    errors: { types: [InvalidInputError], union: { description: 'The stored customers, or the input issues.' } },
    args: {
      inputs: t.arg({
        type: [UpsertCustomerInput],
        required: true,
        description: `The customers to store: ${LISTED} externalId.`,
      }),
    },
    complexity: listComplexity,
    check: ({ inputs }) => checkCustomers(inputs, 'inputs'),
    resolve: async (_root, { inputs }, { app, identity }) => ({
      ids: await upsertCustomers(app.pool, identity.organizationId, inputs),
    }),
  }),
  upsertInvoices: t.field({
    type: UpsertInvoicesPayload,
    description:
      'As `upsertInvoice`, for many invoices: all of them are stored or, if there is any issue, none. Paths of issues have the index: `inputs.17.dueDate`. A customer that does not exist is an issue too.',
    authScopes: { scope: 'contexts:write' },
    errors: { types: [InvalidInputError], union: { description: 'The stored invoices, or the input issues.' } },
    args: {
      inputs: t.arg({
        type: [UpsertInvoiceInput],
        required: true,
        description: `The invoices to store: ${LISTED} number.`,
      }),
    },
    complexity: listComplexity,
    check: ({ inputs }) => checkInvoices(inputs, 'inputs'),
    resolve: async (_root, { inputs }, { app, identity }) => ({
      ids: await upsertInvoices(app.pool, identity.organizationId, inputs),
    }),
  }),
}));
