import { daysOverdue, statusOf } from '../contexts/invoice.ts';
import { isLocale, LOCALE_ALLOWED } from '../contexts/locale.ts';
import { DEFAULT_LOCALE, formatMoney, type Money as MoneyValue } from '../contexts/money.ts';
import { InvalidInputError } from '../errors.ts';
import { builder } from './builder.ts';
import { InvoiceStatus } from './enums.ts';
import { implementEntity } from './implement-entity.ts';
import { Invoice } from './refs.ts';

const Money = builder.objectRef<MoneyValue>('Money').implement({
  description: 'An exact amount of money.',
  fields: (t) => ({
    cents: t.string({
      description:
        'The amount in the smallest unit of the currency, as a string of digits: `150000` for 1,500.00 USD, `1500` for 1,500 JPY.',
      resolve: ({ cents }) => String(cents),
    }),
    currency: t.exposeString('currency', { description: 'The ISO 4217 code of the currency, for example `USD`.' }),
    formatted: t.string({
      description: 'The amount as an invoice shows it: `$1,500.00`. It has the decimals of the currency by ISO 4217.',
      args: {
        locale: t.arg.string({
          description:
            'The language and region to write it for, a BCP 47 tag such as `de-DE`. Omitted: `en-US`. An unknown one is an error with the code INVALID_INPUT.',
        }),
      },
      resolve: (money, { locale }) => {
        if (locale != null && !isLocale(locale))
          throw new InvalidInputError([{ path: 'locale', message: LOCALE_ALLOWED }]);
        return formatMoney(money, locale ?? DEFAULT_LOCALE);
      },
    }),
  }),
});

/** A field that is an amount of an invoice. */
function amount<Column extends string>(column: Column, description: string) {
  // TypeScript widens the key to string: the cast names it again.
  const select = { [column]: true, currency: true } as Record<Column | 'currency', true>;
  const resolve = (row: Record<Column, bigint> & { readonly currency: string }) => {
    return { cents: row[column], currency: row.currency };
  };
  return { type: Money, description, select, resolve };
}

implementEntity('Invoice', { type: 'invoice', entity: 'the invoice' });

builder.prismaObjectFields(Invoice, (t) => ({
  label: t.exposeString('number', { description: 'The same as `number`.' }),
  number: t.exposeString('number', { description: 'The number of the invoice, unique in the organization.' }),
  customer: t.relation('customer', { description: 'The customer who owes the invoice.' }),
  status: t.field({
    type: InvoiceStatus,
    description: 'The state of the invoice. It becomes OVERDUE by itself.',
    select: { status: true, dueDate: true },
    resolve: (invoice, _args, { app }) => statusOf(invoice, app.now()),
  }),
  currency: t.exposeString('currency', { description: 'The ISO 4217 code of the currency of all amounts.' }),
  issueDate: t.expose('issueDate', { type: 'LocalDate', description: 'When the invoice was issued.' }),
  dueDate: t.expose('dueDate', { type: 'LocalDate', description: 'When the invoice is due.' }),
  paidDate: t.expose('paidDate', {
    type: 'LocalDate',
    nullable: true,
    description: 'When the invoice was paid. Null if it is not paid.',
  }),
  subtotal: t.field(amount('subtotalCents', 'The amount before discounts and tax.')),
  discounts: t.field(amount('discountsCents', 'The discounts.')),
  tax: t.field(amount('taxCents', 'The tax.')),
  total: t.field(amount('totalCents', 'The total amount.')),
  amountPaid: t.field(amount('amountPaidCents', 'The amount paid so far.')),
  amountDue: t.field(
    amount(
      'amountDueCents',
      'The amount still owed. 0 if the invoice is PAID or VOID, unless another amount was given with that state.',
    ),
  ),
  creditNotes: t.field(amount('creditNotesCents', 'The credit notes. 0 if there are none.')),
  collectionMethod: t.exposeString('collectionMethod', {
    nullable: true,
    description: 'How the invoice is paid, as your billing system names it. Null if it is not known.',
  }),
  paymentLink: t.expose('paymentLink', {
    type: 'HttpUrl',
    nullable: true,
    description: 'A page where the invoice can be paid. Null if there is none.',
  }),
  daysOverdue: t.int({
    description: 'The number of days since `dueDate`, in UTC. 0 unless the invoice is OVERDUE.',
    select: { status: true, dueDate: true },
    resolve: (invoice, _args, { app }) => daysOverdue(invoice, app.now()),
  }),
}));
