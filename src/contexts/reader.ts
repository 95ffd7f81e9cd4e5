/** The customer who reads an email, as a source of dynamic fields. */
import { sql } from '../db/statement.ts';
import type { FieldOf, FieldRow } from './dynamic-fields.ts';

export interface ReaderRow extends FieldRow {
  readonly clientName: string;
  readonly clientEmail: string | null;
  /** Of the primary contact. Null: the customer has none, or it does not say. */
  readonly contactName: string | null;
  readonly contactEmail: string | null;
  readonly contactRole: string | null;
}

/** A `ReaderRow` without its id, from `customer c`, `customer_contact p` and `organization o`. */
export const READER_COLUMNS = sql`o.name AS "organizationName", c.locale, c.time_zone AS "timeZone", c.name AS "clientName",
  c.email AS "clientEmail", p.name AS "contactName", p.email AS "contactEmail", p.role AS "contactRole"`;

/** Of `customer c`. */
export const READER_JOINS = sql`JOIN organization o ON o.id = c.organization_id
  LEFT JOIN customer_contact p ON p.organization_id = c.organization_id AND p.customer_id = c.id AND p.is_primary`;

export const READER_FIELDS: readonly FieldOf<ReaderRow>[] = [
  { token: 'client_name', label: 'Client Name', type: 'str', value: ({ clientName }) => clientName },
  { token: 'client_email', label: 'Client Email', type: 'email', value: ({ clientEmail }) => clientEmail },
  { token: 'contact_name', label: 'Contact Name', type: 'str', value: ({ contactName }) => contactName },
  { token: 'contact_email', label: 'Contact Email', type: 'email', value: ({ contactEmail }) => contactEmail },
  { token: 'contact_role', label: 'Contact Role', type: 'str', value: ({ contactRole }) => contactRole },
];

export const SAMPLE_READER: ReaderRow = {
  id: '00000000-0000-4000-8000-000000000000',
  organizationName: 'My Company LLC',
  locale: null,
  timeZone: null,
  clientName: 'Acme Corp',
  clientEmail: 'billing@acme.com',
  contactName: 'Maria Gomez',
  contactEmail: 'maria@acme.com',
  contactRole: 'Accounts Payable',
};
