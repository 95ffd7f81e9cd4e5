import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import type { Pool, Sql } from '../db/client.ts';
import { sql } from '../db/statement.ts';
import { addressProblem } from '../email/address.ts';
import { fold } from '../email/search-terms.ts';
import { type InputIssue, InvalidInputError } from '../errors.ts';
import { line, parseFields } from '../input.ts';
import { customerKind } from './customer.ts';
import { canonicalLocale, isLocale, isTimeZone, LOCALE_ALLOWED, TIME_ZONE_ALLOWED } from './locale.ts';
import { storeWords } from './search-words.ts';
import { givenRows, inUpsert, pathOf, type Root, repeatedKeys, upsertRows } from './store-rows.ts';

/** A customer by its external id. An omitted field stays as it is; null clears. */
interface CustomerInput {
  readonly externalId: string;
  readonly name?: string | null | undefined;
  readonly email?: string | null | undefined;
  readonly locale?: string | null | undefined;
  readonly timeZone?: string | null | undefined;
  readonly contacts?: readonly ContactInput[] | null | undefined;
}

interface ContactInput {
  readonly name?: string | null | undefined;
  readonly email: string;
  readonly role?: string | null | undefined;
  readonly isPrimary?: boolean | null | undefined;
}

const MAX_CONTACTS = 50;

/** An email address. Reports its problem. */
const emailAddress = z.string().superRefine((value, context) => {
  const problem = addressProblem(value);
  if (problem !== null) context.addIssue({ code: 'custom', message: problem });
});

const CUSTOMER = {
  externalId: line(255),
  name: line(255),
  email: emailAddress.nullable(),
  locale: z.string().refine(isLocale, LOCALE_ALLOWED).transform(canonicalLocale).nullable(),
  timeZone: z.string().refine(isTimeZone, TIME_ZONE_ALLOWED).nullable(),
};

const CONTACT = {
  name: line(255).nullable(),
  email: emailAddress,
  role: line(255).nullable(),
  isPrimary: z.boolean().nullable(),
};

/** As `upsertCustomers`, of one. @returns its id. */
export async function upsertCustomer(pool: Pool, organizationId: string, input: CustomerInput): Promise<string> {
  const [id = ''] = await upsertCustomers(pool, organizationId, [input], 'input');
  return id;
}

/** Finds what is wrong with inputs, whatever is stored. Without effect. @throws {InvalidInputError} */
export function checkCustomers(inputs: readonly CustomerInput[], root: Root): void {
  const { issues } = parseAll(inputs, root);
  if (issues.length > 0) throw new InvalidInputError(issues);
}

function parseAll(inputs: readonly CustomerInput[], root: Root) {
  const issues: InputIssue[] = [];
  const given = inputs.map((input, index) => {
    const path = pathOf(root, index);
    const contacts = parseContacts(input.contacts, `${path}.contacts`, issues);
    return { input, path, fields: parseFields(CUSTOMER, input, path, issues), contacts };
  });
  issues.push(...repeatedKeys('externalId', given));
  return { given, issues };
}

/**
 * Creates the customers with these external ids, or updates them, all or none, in one transaction. An omitted field stays as it
 * is; null clears it. Contacts are replaced as a whole.
 * @returns their ids, in the order of the inputs.
 * @throws {InvalidInputError} with every issue of every input.
 */
export async function upsertCustomers(
  pool: Pool,
  organizationId: string,
  inputs: readonly CustomerInput[],
  root: Root = 'inputs',
): Promise<string[]> {
  const { given, issues: ofInputs } = parseAll(inputs, root);
  return inUpsert(pool, organizationId, inputs.length, async (tx) => {
    const issues = [...ofInputs];
    const externalIds = given.map(({ fields }) => fields.externalId);
    const stored = await readStored(tx, organizationId, externalIds);
    const customers = given.map(({ input, path, fields, contacts }) => {
      const before = stored.get(fields.externalId ?? '') ?? null;
      if (before === null && input.name === undefined)
        issues.push({ path: `${path}.name`, message: 'Is required for a new customer.' });
      return { ...(before ?? { ...NEW, id: uuidv7() }), ...fields, contacts };
    });
    if (issues.length > 0) throw new InvalidInputError(issues);
    if (customers.length > 0) await write(tx, organizationId, customers);
    return customers.map(({ id }) => id);
  });
}

type Contact = ReturnType<typeof parseFields<typeof CONTACT>>;

/** Without a primary contact, the first one becomes it. @returns undefined when they are omitted. */
function parseContacts(contacts: CustomerInput['contacts'], path: string, issues: InputIssue[]): Contact[] | undefined {
  if (contacts === undefined) return undefined;
  const given = contacts ?? [];
  if (given.length > MAX_CONTACTS) issues.push({ path, message: `At most ${MAX_CONTACTS} contacts are allowed.` });
  const primary = given.findIndex(({ isPrimary }) => isPrimary === true);
  return given.map((contact, index) => {
    if (contact.isPrimary === true && index !== primary)
      issues.push({ path: `${path}.${index}.isPrimary`, message: 'Only one contact can be the primary one.' });
    return { ...parseFields(CONTACT, contact, `${path}.${index}`, issues), isPrimary: index === Math.max(primary, 0) };
  });
}

/** Columns of `customer`. */
type Customer = Required<ReturnType<typeof parseFields<typeof CUSTOMER>>> & { readonly id: string };

/** The values of a new customer that its input does not give. */
const NEW: Omit<Customer, 'id'> = { externalId: '', name: '', email: null, locale: null, timeZone: null };

/** By external id. */
async function readStored(
  tx: Sql,
  organizationId: string,
  externalIds: readonly (string | undefined)[],
): Promise<Map<string, Customer>> {
  const { rows } = await tx.query<Customer>(
    sql`SELECT id, external_id AS "externalId", name, email, locale, time_zone AS "timeZone" FROM customer
      WHERE organization_id = ${organizationId} AND external_id = ANY(${externalIds}::text[])`,
  );
  return new Map(rows.map((customer) => [customer.externalId, customer]));
}

/** Undefined contacts stay as they are. */
type Changed = Customer & { readonly contacts: readonly Contact[] | undefined };

async function write(tx: Sql, organizationId: string, customers: readonly Changed[]): Promise<void> {
  const entities = customers.map(({ id, externalId }) => ({ id, externalId }));
  await tx.query(
    sql`INSERT INTO context_entity (organization_id, type, id, external_id)
      SELECT ${organizationId}::uuid, ${customerKind.type}, r.id, r.external_id FROM ${givenRows('context_entity', entities)}
      ON CONFLICT DO NOTHING`,
  );
  const rows = customers.map(({ contacts: _, ...customer }) => ({ ...customer, sortName: sortName(customer.name) }));
  await tx.query(upsertRows('customer', organizationId, rows));
  const found = customers.map(({ id, externalId, name, email }) => ({ id, name, texts: [externalId, email] }));
  await storeWords(tx, organizationId, customerKind.type, found);
  const replaced = customers.filter(({ contacts }) => contacts !== undefined);
  if (replaced.length > 0) await replaceContacts(tx, organizationId, replaced);
}

/** Without case and accents, and not longer than an index takes. */
function sortName(name: string): string {
  return [...fold(name)].slice(0, 255).join('');
}

async function replaceContacts(tx: Sql, organizationId: string, customers: readonly Changed[]): Promise<void> {
  const ids = customers.map(({ id }) => id);
  const rows = customers.flatMap(({ id, contacts = [] }) =>
    contacts.map((contact, position) => ({ name: null, email: '', role: null, ...contact, customerId: id, position })),
  );
  await tx.query(
    sql`DELETE FROM customer_contact WHERE organization_id = ${organizationId} AND customer_id = ANY(${ids}::uuid[])`,
  );
  await tx.query(
    sql`INSERT INTO customer_contact (organization_id, customer_id, position, name, email, role, is_primary)
      SELECT ${organizationId}::uuid, r.customer_id, r.position, r.name, r.email, r.role, r.is_primary
      FROM ${givenRows('customer_contact', rows)}`,
  );
}
