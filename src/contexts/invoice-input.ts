/** Checks the input of an upsert of an invoice, and merges it with the stored invoice. */
import { z } from 'zod';
import type { InvoiceStatus } from '#generated/prisma/enums.ts';
import { sql } from '../db/statement.ts';
import type { InputIssue } from '../errors.ts';
import { line, localDate, parseFields } from '../input.ts';
import { isCurrency } from './money.ts';

/** What bigint holds in PostgreSQL, with room for sums. */
const MAX_CENTS = 10n ** 17n;
const MAX_LINK_LENGTH = 2_000;

/** A decimal string. */
const cents = z
  .string()
  .regex(/^-?\d{1,18}$/, 'Must be a whole number of the smallest unit as a string of digits, such as "150000".')
  .transform(BigInt)
  .refine((value) => value >= 0n, 'Must not be negative.')
  .refine((value) => value <= MAX_CENTS, 'Must be at most 10^17.')
  .transform(String);

const orOmitted = (value: string | null | undefined) => value ?? undefined;

const centsOrZero = z.union([z.null().transform(() => '0'), cents]);

const httpUrl = z
  .string()
  .refine(
    (value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol) && !/[\s\p{Cc}]/u.test(value),
    'Must be an absolute http or https URL.',
  )
  .refine((value) => value.isWellFormed(), 'Must be an absolute http or https URL.')
  .refine((value) => value.length <= MAX_LINK_LENGTH, `Must have at most ${MAX_LINK_LENGTH} characters.`);

/** As it is stored: OVERDUE is OPEN after the due date. */
const status = z
  .enum(['DRAFT', 'OPEN', 'OVERDUE', 'PAID', 'VOID'])
  .transform((value): InvoiceStatus => (value === 'OVERDUE' ? 'OPEN' : value));

const INVOICE = {
  number: line(100),
  // Null as omitted: clients that fill all fields give null for the other one.
  customerUid: z.uuid().nullish().transform(orOmitted),
  customerExternalId: line(255).nullish().transform(orOmitted),
  status,
  currency: z.string().refine(isCurrency, 'Must be an ISO 4217 code in capitals, such as USD.'),
  issueDate: localDate,
  dueDate: localDate,
  paidDate: localDate.nullable(),
  subtotalCents: cents,
  discountsCents: centsOrZero,
  taxCents: centsOrZero,
  totalCents: cents,
  amountPaidCents: centsOrZero,
  amountDueCents: cents.nullable(),
  paymentLink: httpUrl.nullable(),
  creditNotesCents: centsOrZero,
  collectionMethod: line(100).nullable(),
};

/** An invoice by its number. An omitted field stays as it is; null clears. */
export type InvoiceInput = { readonly number: string } & {
  readonly [Field in Exclude<keyof typeof INVOICE, 'number'>]?: string | null | undefined;
};

/** The valid fields of an input. */
export type InvoiceFields = ReturnType<typeof parseFields<typeof INVOICE>>;

/** Reports what is wrong with an input, whatever is stored. */
export function parseInvoice(input: InvoiceInput, path: string, issues: InputIssue[]): InvoiceFields {
  const fields = parseFields(INVOICE, input, path, issues);
  const { issueDate, dueDate } = fields;
  if (issueDate !== undefined && dueDate !== undefined && dueDate < issueDate) issues.push(dueTooEarly(path));
  return fields;
}

const dueTooEarly = (path: string) => ({ path: `${path}.dueDate`, message: 'Must not be before issueDate.' });

/** Columns of `invoice`. Amounts are decimal strings, which JSON keeps exactly. Dates are RFC 3339 full-dates. */
export type InvoiceColumns = Readonly<
  Required<Omit<InvoiceFields, 'customerUid' | 'customerExternalId' | 'amountDueCents'>>
> & { readonly amountDueCents: string };

/** `InvoiceColumns` and the id in the table `invoice i`. */
export const INVOICE_COLUMNS = sql`i.id, i.number, i.status, i.currency, i.issue_date::text AS "issueDate",
  i.due_date::text AS "dueDate", i.paid_date::text AS "paidDate", i.subtotal_cents AS "subtotalCents",
  i.discounts_cents AS "discountsCents", i.tax_cents AS "taxCents", i.total_cents AS "totalCents",
  i.amount_paid_cents AS "amountPaidCents", i.amount_due_cents AS "amountDueCents", i.payment_link AS "paymentLink",
  i.credit_notes_cents AS "creditNotesCents", i.collection_method AS "collectionMethod"`;

/** The values of a new invoice that its input does not give. */
const NEW: InvoiceColumns = {
  number: '',
  status: 'DRAFT',
  currency: '',
  issueDate: '',
  dueDate: '',
  paidDate: null,
  subtotalCents: '0',
  discountsCents: '0',
  taxCents: '0',
  totalCents: '0',
  amountPaidCents: '0',
  amountDueCents: '0',
  paymentLink: null,
  creditNotesCents: '0',
  collectionMethod: null,
};

const REQUIRED = ['status', 'currency', 'issueDate', 'dueDate', 'subtotalCents', 'totalCents'] as const;

/**
 * The invoice as it is to be stored.
 * @param before null when it is new.
 * @param issues takes what is missing and what does not fit together: then the result is not to be stored.
 */
export function mergeInvoice(
  { input, fields, path }: { input: InvoiceInput; fields: InvoiceFields; path: string },
  before: InvoiceColumns | null,
  issues: InputIssue[],
): InvoiceColumns {
  const missing = before === null ? REQUIRED.filter((field) => input[field] === undefined) : [];
  issues.push(...missing.map((field) => ({ path: `${path}.${field}`, message: 'Is required for a new invoice.' })));
  const { customerUid, customerExternalId, amountDueCents, ...changes } = fields;
  const invoice = { ...(before ?? NEW), ...changes };
  if (before !== null && before.dueDate >= before.issueDate && invoice.dueDate < invoice.issueDate) {
    if (fields.issueDate === undefined) issues.push(dueTooEarly(path));
    if (fields.dueDate === undefined) issues.push({ path: `${path}.issueDate`, message: 'Must not be after dueDate.' });
  }
  if (typeof amountDueCents === 'string') return { ...invoice, amountDueCents };
  const isChanged = fields.totalCents !== undefined || fields.amountPaidCents !== undefined;
  const isCounted = before === null || isChanged || isClosed(before) !== isClosed(invoice);
  return amountDueCents === null || isCounted ? { ...invoice, amountDueCents: stillOwed(invoice) } : invoice;
}

function isClosed({ status }: InvoiceColumns): boolean {
  return status === 'PAID' || status === 'VOID';
}

/** The total less what is paid. Nothing is owed of an invoice that is closed or overpaid. */
function stillOwed(invoice: InvoiceColumns): string {
  const owed = BigInt(invoice.totalCents) - BigInt(invoice.amountPaidCents);
  return String(isClosed(invoice) || owed < 0n ? 0n : owed);
}
