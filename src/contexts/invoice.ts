import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { InvoiceStatus } from '#generated/prisma/enums.ts';
import type { Pool } from '../db/client.ts';
import { InvalidInputError, NotFoundError } from '../errors.ts';
import { line, parseInput } from '../input.ts';
import type { ContextKind } from './kind.ts';
import { isCurrency } from './money.ts';

export const invoiceKind = { type: 'invoice', typename: 'Invoice' } as const satisfies ContextKind;

const DAY_MS = 86_400_000;
/** What bigint holds in PostgreSQL, with room for sums. */
const MAX_CENTS = 10n ** 17n;

const cents = z
  .string()
  .regex(/^-?\d{1,18}$/, 'Must be whole cents as a string of digits, such as "150000".')
  .transform(BigInt)
  .refine((value) => value <= MAX_CENTS && value >= -MAX_CENTS, 'Must be at most 10^17 cents.');

const httpUrl = z
  .string()
  .refine(
    (value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol) && !/[\s\p{Cc}]/u.test(value),
    'Must be an absolute http or https URL.',
  );

const UpsertInvoice = z.object({
  number: line(100),
  customerUid: z.uuid(),
  status: z.enum(InvoiceStatus),
  currency: z.string().refine(isCurrency, 'Must be an ISO 4217 code in capitals, such as USD.'),
  issueDate: z.date(),
  dueDate: z.date(),
  paidDate: z.date().nullish(),
  subtotalCents: cents,
  discountsCents: cents.nullish(),
  taxCents: cents.nullish(),
  totalCents: cents,
  amountPaidCents: cents.nullish(),
  amountDueCents: cents.nullish(),
  paymentLink: httpUrl.nullish(),
});

/**
 * Creates the invoice with this number, or replaces what it says; safe against a concurrent twin. What is omitted or
 * null is cleared: amounts become 0, and `amountDueCents` becomes the total less what is paid.
 * @returns the invoice's id.
 * @throws {InvalidInputError} @throws {NotFoundError} for the customer.
 */
export async function upsertInvoice(pool: Pool, organizationId: string, input: unknown): Promise<string> {
  const invoice = parseInput(UpsertInvoice, input, 'input');
  if (invoice.dueDate < invoice.issueDate) {
    throw new InvalidInputError([{ path: 'input.dueDate', message: 'Must not be before issueDate.' }]);
  }
  const paid = invoice.amountPaidCents ?? 0n;
  const { rows } = await pool.query<{ id: string }>(
    `WITH invoice AS (
       INSERT INTO invoice (organization_id, id, number, customer_id, status, currency, issue_date, due_date, paid_date,
         subtotal_cents, discounts_cents, tax_cents, total_cents, amount_paid_cents, amount_due_cents, payment_link)
       SELECT $1, $2, $3, c.id, $5::invoice_status, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16
         FROM customer c WHERE c.organization_id = $1 AND c.id = $4
       ON CONFLICT (organization_id, number) DO UPDATE SET
         customer_id = excluded.customer_id, status = excluded.status, currency = excluded.currency,
         issue_date = excluded.issue_date, due_date = excluded.due_date, paid_date = excluded.paid_date,
         subtotal_cents = excluded.subtotal_cents, discounts_cents = excluded.discounts_cents,
         tax_cents = excluded.tax_cents, total_cents = excluded.total_cents,
         amount_paid_cents = excluded.amount_paid_cents, amount_due_cents = excluded.amount_due_cents,
         payment_link = excluded.payment_link, updated_at = now()
       RETURNING organization_id, context_type, id
     ), entity AS (
       INSERT INTO context_entity (organization_id, type, id)
       SELECT organization_id, context_type, id FROM invoice ON CONFLICT DO NOTHING
     )
     SELECT id FROM invoice`,
    [
      organizationId,
      uuidv7(),
      invoice.number,
      invoice.customerUid,
      invoice.status,
      invoice.currency,
      invoice.issueDate,
      invoice.dueDate,
      invoice.paidDate ?? null,
      invoice.subtotalCents,
      invoice.discountsCents ?? 0n,
      invoice.taxCents ?? 0n,
      invoice.totalCents,
      paid,
      invoice.amountDueCents ?? invoice.totalCents - paid,
      invoice.paymentLink ?? null,
    ],
  );
  const id = rows[0]?.id;
  if (id === undefined) throw new NotFoundError('Customer', invoice.customerUid);
  return id;
}

/** Whole days past the due date, counted for OPEN and OVERDUE invoices only; 0 otherwise. */
export function daysOverdue(invoice: { status: InvoiceStatus; dueDate: Date }, now: Date): number {
  const collectable = invoice.status === 'OPEN' || invoice.status === 'OVERDUE';
  if (!collectable) return 0;
  return Math.max(0, Math.floor((now.getTime() - invoice.dueDate.getTime()) / DAY_MS));
}
