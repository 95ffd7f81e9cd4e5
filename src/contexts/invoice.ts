import type { InvoiceStatus } from '#generated/prisma/enums.ts';
import { DAY_MS } from '../config/timing.ts';
import { sql } from '../db/statement.ts';
import { escapeHtml } from '../email/escape-html.ts';
import { type About, dynamicFields, type FieldOf } from './dynamic-fields.ts';
import { INVOICE_COLUMNS, type InvoiceColumns } from './invoice-input.ts';
import type { ContextKind } from './kind.ts';
import type { Money } from './money.ts';
import { READER_COLUMNS, READER_FIELDS, READER_JOINS, type ReaderRow, SAMPLE_READER } from './reader.ts';

/** The day on which invoices are judged: that of UTC, at its midnight. */
export function utcDate(now: Date): Date {
  return new Date(Math.floor(now.getTime() / DAY_MS) * DAY_MS);
}

interface Due {
  readonly status: InvoiceStatus;
  /** At midnight of UTC. */
  readonly dueDate: Date;
}

/** Whole days since the due date, of an OPEN invoice; 0 of any other. It is overdue from the first day on. */
export function daysOverdue({ status, dueDate }: Due, now: Date): number {
  return status === 'OPEN' ? Math.max(0, (utcDate(now).getTime() - dueDate.getTime()) / DAY_MS) : 0;
}

export function statusOf(invoice: Due, now: Date): InvoiceStatus | 'OVERDUE' {
  return daysOverdue(invoice, now) > 0 ? 'OVERDUE' : invoice.status;
}

type InvoiceRow = ReaderRow & InvoiceColumns;

type Amount = Extract<keyof InvoiceRow, `${string}Cents`>;

const midnight = (day: string) => new Date(`${day}T00:00:00Z`);

function moneyOf(row: InvoiceRow, amount: Amount): Money {
  return { cents: BigInt(row[amount]), currency: row.currency };
}

/** The sum of an amount of all invoices, for each currency. */
function totals({ rows }: About<InvoiceRow>, amount: Amount): Money[] {
  const sums = new Map<string, bigint>();
  for (const row of rows) sums.set(row.currency, (sums.get(row.currency) ?? 0n) + BigInt(row[amount]));
  return Array.from(sums, ([currency, cents]) => ({ currency, cents }));
}

/** Days since the date, as of today in the time zone of the email; at least 0. */
function daysSince(day: string, { formats }: About<InvoiceRow>): number {
  return Math.max(0, Math.round((midnight(formats.today).getTime() - midnight(day).getTime()) / DAY_MS));
}

function listed({ rows, formats }: About<InvoiceRow>): [string, string, string][] {
  return rows.map((row) => [row.number, formats.date(row.dueDate), formats.money(moneyOf(row, 'amountDueCents'))]);
}

function listTable(about: About<InvoiceRow>): string {
  const links = about.rows.map(({ paymentLink }) => paymentLink);
  const rows = listed(about).map(([number, due, amount], index) => {
    const link = links[index] ?? null;
    const name = link === null ? escapeHtml(number) : `<a href="${escapeHtml(link)}">${escapeHtml(number)}</a>`;
    const cell = 'td style="padding:4px 12px 4px 0;text-align:left"';
    const cells = [name, escapeHtml(due), escapeHtml(amount)].map((content) => `<${cell}>${content}</td>`);
    return `<tr>${cells.join('')}</tr>`;
  });
  return `<table style="border-collapse:collapse"><tbody>${rows.join('')}</tbody></table>`;
}

const amount = (token: string, label: string, name: Amount): FieldOf<InvoiceRow> => ({
  token,
  label,
  type: 'currency',
  value: (row) => moneyOf(row, name),
});

const due = (row: InvoiceRow) => ({ status: row.status, dueDate: midnight(row.dueDate) });

const FIELDS: readonly FieldOf<InvoiceRow>[] = [
  { token: 'invoice_number', label: 'Invoice Number', type: 'str', value: ({ number }) => number },
  { token: 'issue_date', label: 'Issue Date', type: 'date', value: ({ issueDate }) => issueDate },
  { token: 'due_date', label: 'Due Date', type: 'date', value: ({ dueDate }) => dueDate },
  { token: 'paid_date', label: 'Paid Date', type: 'date', value: ({ paidDate }) => paidDate },
  {
    token: 'status',
    label: 'Status',
    type: 'str',
    value: (row, { formats }) => statusOf(due(row), midnight(formats.today)).toLowerCase(),
  },
  { token: 'currency', label: 'Currency', type: 'str', value: ({ currency }) => currency },
  {
    token: 'collection_method',
    label: 'Collection Method',
    type: 'str',
    value: ({ collectionMethod }) => collectionMethod,
  },
  amount('total_cents', 'Total Amount', 'totalCents'),
  amount('amount_due', 'Amount Due', 'amountDueCents'),
  amount('subtotal', 'Subtotal', 'subtotalCents'),
  amount('discounts', 'Discounts', 'discountsCents'),
  amount('tax_amount', 'Tax Amount', 'taxCents'),
  amount('credit_notes', 'Credit Notes', 'creditNotesCents'),
  amount('amount_paid', 'Amount Paid', 'amountPaidCents'),
  amount('amount_remaining', 'Amount Remaining', 'amountDueCents'),
  { token: 'payment_link', label: 'Payment Link', type: 'url', value: ({ paymentLink }) => paymentLink },
  {
    token: 'days_overdue',
    label: 'Days Overdue',
    type: 'int',
    value: (row, { formats }) => daysOverdue(due(row), midnight(formats.today)),
  },
  {
    token: 'age_in_days',
    label: 'Invoice Age (Days)',
    type: 'int',
    value: ({ issueDate }, about) => daysSince(issueDate, about),
  },
  { token: 'invoice_count', label: 'Number of Invoices', type: 'int', value: (_row, { rows }) => rows.length },
  {
    token: 'invoice_list',
    label: 'List of Invoices',
    type: 'str',
    value: (_row, about) =>
      listed(about)
        .map((cells) => cells.join(', '))
        .join('\n'),
    html: (_row, about) => listTable(about),
  },
  {
    token: 'total_amount',
    label: 'Total Amount of all Invoices',
    type: 'currency',
    value: (_row, about) => totals(about, 'totalCents'),
  },
  {
    token: 'total_amount_due',
    label: 'Amount Due of all Invoices',
    type: 'currency',
    value: (_row, about) => totals(about, 'amountDueCents'),
  },
  ...READER_FIELDS,
];

const dynamicInvoiceFields = dynamicFields<InvoiceRow>({
  fields: FIELDS,
  select: (organizationId, ids) => sql`SELECT ${INVOICE_COLUMNS}, ${READER_COLUMNS}
    FROM invoice i
    JOIN customer c ON c.organization_id = i.organization_id AND c.id = i.customer_id ${READER_JOINS}
    WHERE i.organization_id = ${organizationId} AND i.id = ANY(${ids})`,
  sample: {
    ...SAMPLE_READER,
    number: 'INV-2024-001',
    status: 'OPEN',
    currency: 'USD',
    collectionMethod: 'send_invoice',
    issueDate: '2024-01-15',
    dueDate: '2024-03-15',
    paidDate: '2024-03-20',
    subtotalCents: '190000',
    discountsCents: '10000',
    taxCents: '20000',
    creditNotesCents: '0',
    totalCents: '200000',
    amountPaidCents: '50000',
    amountDueCents: '150000',
    paymentLink: 'https://pay.example.com/INV-2024-001',
  },
});

export const invoiceKind = {
  type: 'invoice',
  typename: 'Invoice',
  relation: 'invoice',
  dynamicFields: dynamicInvoiceFields,
  closed: { table: 'invoice', when: `status IN ('PAID', 'VOID')` },
} as const satisfies ContextKind;
