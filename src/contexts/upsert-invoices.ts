import { v7 as uuidv7 } from 'uuid';
import type { Pool, Sql } from '../db/client.ts';
import { sql } from '../db/statement.ts';
import { type InputIssue, InvalidInputError, NotFoundError } from '../errors.ts';
import { lockContacts } from './contact-state.ts';
import { customerKind } from './customer.ts';
import { invoiceKind } from './invoice.ts';
import {
  INVOICE_COLUMNS,
  type InvoiceColumns,
  type InvoiceFields,
  type InvoiceInput,
  mergeInvoice,
  parseInvoice,
} from './invoice-input.ts';
import { moveLinks } from './links.ts';
import { storeWords } from './search-words.ts';
import { givenRows, inUpsert, pathOf, type Root, repeatedKeys, upsertRows } from './store-rows.ts';

/** As `upsertInvoices`, of one. @returns its id. @throws {NotFoundError} when nothing is wrong but the customer. */
export async function upsertInvoice(pool: Pool, organizationId: string, input: InvoiceInput): Promise<string> {
  const [id = ''] = await upsertInvoices(pool, organizationId, [input], 'input');
  return id;
}

/** Finds what is wrong with inputs, whatever is stored. Without effect. @throws {InvalidInputError} */
export function checkInvoices(inputs: readonly InvoiceInput[], root: Root): void {
  const { issues } = parseAll(inputs, root);
  if (issues.length > 0) throw new InvalidInputError(issues);
}

function parseAll(inputs: readonly InvoiceInput[], root: Root): { given: Given[]; issues: InputIssue[] } {
  const issues: InputIssue[] = [];
  const given = inputs.map((input, index) => {
    const path = pathOf(root, index);
    return { input, path, fields: parseInvoice(input, path, issues) };
  });
  issues.push(...repeatedKeys('number', given));
  return { given, issues };
}

/** An input: what is valid of it, and its path. */
interface Given {
  readonly input: InvoiceInput;
  readonly fields: InvoiceFields;
  readonly path: string;
}

type Invoice = InvoiceColumns & { readonly id: string; readonly customerId: string };

interface Change {
  /** Null: it is new. */
  readonly before: Invoice | null;
  readonly after: Invoice;
}

/**
 * Creates the invoices with these numbers, or updates them, all or none, in one transaction. An omitted field stays as it is; null
 * clears it. When an invoice gets another customer, its emails and conversations are listed and counted there.
 * @returns their ids, in the order of the inputs.
 * @throws {InvalidInputError} with every issue of every input.
 */
export async function upsertInvoices(
  pool: Pool,
  organizationId: string,
  inputs: readonly InvoiceInput[],
  root: Root = 'inputs',
): Promise<string[]> {
  const { given, issues: ofInputs } = parseAll(inputs, root);
  return inUpsert(pool, organizationId, inputs.length, async (tx) => {
    const issues = [...ofInputs];
    const customers = await readCustomers(tx, organizationId, given);
    const stored = await readStored(tx, organizationId, given);
    const unknown: NotFoundError[] = [];
    const changes = given.map((each): Change => {
      const before = stored.get(each.fields.number ?? '') ?? null;
      const customerId = customerOf(each, before, customers, issues, unknown);
      return { before, after: { ...mergeInvoice(each, before, issues), id: before?.id ?? uuidv7(), customerId } };
    });
    const [missing] = unknown;
    if (root === 'input' && missing !== undefined && issues.length === 1) throw missing;
    if (issues.length > 0) throw new InvalidInputError(issues);
    if (changes.length > 0) await write(tx, organizationId, changes);
    return changes.map(({ after }) => after.id);
  });
}

/** Ids of customers, by what inputs name them by. */
interface Customers {
  readonly byUid: ReadonlyMap<string | undefined, string>;
  readonly byExternalId: ReadonlyMap<string | undefined, string>;
}

async function readCustomers(tx: Sql, organizationId: string, given: readonly Given[]): Promise<Customers> {
  const uids = given.map(({ fields }) => fields.customerUid);
  const externalIds = given.map(({ fields }) => fields.customerExternalId);
  const { rows } = await tx.query<{ id: string; externalId: string }>(
    sql`SELECT id, external_id AS "externalId" FROM customer
      WHERE organization_id = ${organizationId} AND (id = ANY(${uids}::uuid[]) OR external_id = ANY(${externalIds}::text[]))`,
  );
  return {
    byUid: new Map(rows.map(({ id }) => [id, id])),
    byExternalId: new Map(rows.map(({ id, externalId }) => [externalId, id])),
  };
}

/** The id of the customer. Reports it when an input names none, two, or one that does not exist. */
function customerOf(
  { input, fields, path }: Given,
  before: Invoice | null,
  { byUid, byExternalId }: Customers,
  issues: InputIssue[],
  unknown: NotFoundError[],
): string {
  const { customerUid, customerExternalId } = fields;
  const isNamed = input.customerUid != null || input.customerExternalId != null;
  if (!isNamed && before === null) {
    const message = 'This or customerExternalId is required for a new invoice.';
    issues.push({ path: `${path}.customerUid`, message });
  }
  if (customerUid !== undefined && customerExternalId !== undefined) {
    issues.push({ path: `${path}.customerUid`, message: 'Give either customerUid or customerExternalId.' });
  }
  if (!isNamed) return before?.customerId ?? '';
  const id = customerUid !== undefined ? byUid.get(customerUid) : byExternalId.get(customerExternalId);
  if (id !== undefined) return id;
  const name = customerUid ?? customerExternalId;
  if (name !== undefined) {
    const missing = new NotFoundError('Customer', customerUid ?? null, customerExternalId);
    issues.push({
      path: `${path}.${customerUid === undefined ? 'customerExternalId' : 'customerUid'}`,
      message: missing.message,
    });
    unknown.push(missing);
  }
  return '';
}

/** By number. */
async function readStored(tx: Sql, organizationId: string, given: readonly Given[]): Promise<Map<string, Invoice>> {
  const numbers = given.map(({ fields }) => fields.number);
  const { rows } = await tx.query<Invoice>(
    sql`SELECT ${INVOICE_COLUMNS}, i.customer_id AS "customerId"
      FROM invoice i WHERE i.organization_id = ${organizationId} AND i.number = ANY(${numbers}::text[])`,
  );
  return new Map(rows.map((invoice) => [invoice.number, invoice]));
}

async function write(tx: Sql, organizationId: string, changes: readonly Change[]): Promise<void> {
  const invoice = (id: string) => ({ type: invoiceKind.type, id });
  const customer = (id: string) => ({ type: customerKind.type, id });
  const moves = changes.flatMap(({ before, after: { id, customerId } }) => {
    if (before === null || before.customerId === customerId) return [];
    return [{ entity: invoice(id), from: customer(before.customerId), to: customer(customerId) }];
  });
  // Everything at once and in the order of all others, so that this and a send never wait for each other.
  await lockContacts(tx, organizationId, [
    ...changes.flatMap(({ before }) => (before === null ? [] : [invoice(before.id)])),
    ...moves.flatMap(({ from, to }) => [from, to]),
  ]);
  const entities = changes.map(({ after: { id, number, customerId, status, dueDate } }) => {
    return { id, externalId: number, parentId: customerId, dueDate: status === 'OPEN' ? dueDate : null };
  });
  await tx.query(
    sql`INSERT INTO context_entity AS c (organization_id, type, id, external_id, parent_type, parent_id, due_date)
      SELECT ${organizationId}::uuid, ${invoiceKind.type}, r.id, r.external_id, ${customerKind.type}, r.parent_id, r.due_date
      FROM ${givenRows('context_entity', entities)}
      ON CONFLICT (organization_id, type, id) DO UPDATE SET parent_id = excluded.parent_id, due_date = excluded.due_date
        WHERE (c.parent_id, c.due_date) IS DISTINCT FROM (excluded.parent_id, excluded.due_date)`,
  );
  const rows = changes.map(({ after }) => after);
  await tx.query(upsertRows('invoice', organizationId, rows));
  const moved = new Set(moves.map(({ entity }) => entity.id));
  const found = changes.map(({ after: { id, number } }) => ({ id, texts: [number], isMoved: moved.has(id) }));
  await storeWords(tx, organizationId, invoiceKind.type, found);
  if (moves.length > 0) await moveLinks(tx, organizationId, moves);
}
