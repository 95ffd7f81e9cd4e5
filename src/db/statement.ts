import type { QueryConfig } from 'pg';
import { Prisma } from '#generated/prisma/client.ts';

/**
 * SQL as a tagged template: an interpolated value becomes a parameter, and interpolated SQL is nested. `pg` takes the result as it
 * is.
 */
export const { sql, join, empty } = Prisma;

/** A constant of our own as text of the statement, where a parameter is not possible. Never for values from outside. */
export const { raw } = Prisma;

/** The column of a property: `due_date` of `dueDate`. */
export function columnOf(property: string): string {
  return property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** SQL with its parameters. */
export type Fragment = Prisma.Sql;

/** A prepared statement: each connection parses and plans it once, under its name. */
export interface Statement<Values> {
  (values: Values): QueryConfig;
  readonly statementName: string;
}

/**
 * Names a statement whose text does not depend on its values; `pg` refuses a name with another text. Export the statement: a test
 * prepares every exported one against the migrated database.
 * @param name unique among all statements.
 */
export function statement<Values>(name: string, build: (values: Values) => Fragment): Statement<Values> {
  const query = (given: Values): QueryConfig => {
    const { text, values } = build(given);
    return { name, text, values };
  };
  return Object.assign(query, { statementName: name });
}

/** The row of a statement that always gives one. */
export function onlyRow<Row>({ rows: [row] }: { readonly rows: readonly Row[] }): Row {
  if (row === undefined) throw new Error('the statement returned no row');
  return row;
}
