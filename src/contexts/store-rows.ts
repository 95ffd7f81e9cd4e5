/** What upserts of every kind of entity have in common. */
import PQueue from 'p-queue';
import { inTransaction, type Pool, type Sql } from '../db/client.ts';
import { columnOf, type Fragment, raw, sql } from '../db/statement.ts';
import type { InputIssue } from '../errors.ts';

const MANY_ROWS = 100;
/** Of the process. Those of one organization wait for each other, each with a connection. */
const upserts = new PQueue({ concurrency: 3 });

/**
 * Runs an upsert of entities in one transaction. Those of an organization run one after the other: what one has read stays as
 * it is until it has written, and two never lock rows in different orders.
 * @param rowCount how many entities are stored.
 */
export function inUpsert<Result>(
  pool: Pool,
  organizationId: string,
  rowCount: number,
  work: (tx: Sql) => Promise<Result>,
): Promise<Result> {
  const upsert = async (tx: Sql) => {
    await tx.query(sql`SELECT pg_advisory_xact_lock(hashtextextended('upsert ' || ${organizationId}, 0))`);
    const result = await work(tx);
    if (rowCount >= MANY_ROWS) await analyzeNewTables(tx, rowCount);
    return result;
  };
  return upserts.add(() => inTransaction(pool, upsert));
}

/**
 * PostgreSQL analyzes a new table up to a minute after its first rows. Until then it takes an organization for a few rows, and
 * checks each foreign key by reading all of them: ten lists of 1,000 take ten times as long.
 */
async function analyzeNewTables(tx: Sql, rowCount: number): Promise<void> {
  const { rowCount: isNew } = await tx.query(
    sql`SELECT FROM pg_class WHERE oid = 'context_entity'::regclass AND reltuples < ${rowCount}`,
  );
  if (isNew !== 0) await tx.query('ANALYZE context_entity, context_search, customer, invoice');
}

/** A row by the names of its columns, in camel case. Amounts are strings, which hold what a number of JSON cannot. */
type Row = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

/** The relation `r` of given rows, typed as rows of `table`. They are one parameter, however many they are. */
export function givenRows(table: string, rows: readonly Row[]): Fragment {
  const stored = rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [columnOf(name), value])),
  );
  return sql`json_populate_recordset(NULL::${raw(table)}, ${JSON.stringify(stored)}::json) r`;
}

/** Inserts whole rows, or updates those with their ids. Unchanged rows are not written. @param rows not empty. */
export function upsertRows(table: string, organizationId: string, rows: readonly (Row & { id: string })[]): Fragment {
  const names = Object.keys(rows[0] ?? {}).filter((name) => name !== 'id');
  const columns = names.map(columnOf);
  const list = (prefix: string) => raw(columns.map((column) => `${prefix}${column}`).join(', '));
  return sql`INSERT INTO ${raw(table)} AS t (organization_id, id, ${list('')})
    SELECT ${organizationId}::uuid, r.id, ${list('r.')} FROM ${givenRows(table, rows)}
    ON CONFLICT (organization_id, id) DO UPDATE SET (${list('')}, updated_at) = ROW(${list('excluded.')}, now())
      WHERE (${list('t.')}) IS DISTINCT FROM (${list('excluded.')})`;
}

/** The argument of an upsert: of one entity or of a list. */
export type Root = 'input' | 'inputs';

/** The path of an input: `input`, or `inputs.17` in a list. */
export function pathOf(root: Root, index: number): string {
  return root === 'input' ? root : `${root}.${index}`;
}

/** Reports inputs that have the key of an earlier one. */
export function repeatedKeys<Key extends string>(
  key: Key,
  given: readonly { readonly path: string; readonly fields: { readonly [Name in Key]?: string } }[],
): InputIssue[] {
  const firsts = new Map<string, string>();
  return given.flatMap(({ path, fields }) => {
    const value = fields[key];
    if (value === undefined) return [];
    const first = firsts.get(value);
    if (first !== undefined) return [{ path: `${path}.${key}`, message: `Must differ from ${first}.` }];
    firsts.set(value, `${path}.${key}`);
    return [];
  });
}
