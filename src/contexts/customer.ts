import { sql } from '../db/statement.ts';
import { dynamicFields } from './dynamic-fields.ts';
import type { ContextKind } from './kind.ts';
import { READER_COLUMNS, READER_FIELDS, READER_JOINS, type ReaderRow, SAMPLE_READER } from './reader.ts';

const dynamicCustomerFields = dynamicFields<ReaderRow>({
  fields: READER_FIELDS,
  select: (organizationId, ids) => sql`SELECT c.id, ${READER_COLUMNS} FROM customer c ${READER_JOINS}
    WHERE c.organization_id = ${organizationId} AND c.id = ANY(${ids})`,
  sample: SAMPLE_READER,
});

export const customerKind = {
  type: 'customer',
  typename: 'Customer',
  relation: 'customer',
  dynamicFields: dynamicCustomerFields,
  closed: null,
} as const satisfies ContextKind;
