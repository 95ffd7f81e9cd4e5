/**
 * How a page is read when few rows match the filter: the keys of its order first, then the rows.
 *
 * PostgreSQL takes the matches to be spread evenly over the order. So it reads the index of the order until it has found a page: all of
 * the index when the matches are at its far end, as last week's invoices are in the order of the oldest first. A list therefore counts
 * the rows of one condition, as far as they are few, and sorts few matches without the index of the order.
 */
import type { TenantDb } from '../db/tenant.ts';

/** So many rows of one table are counted and sorted within 20 ms. */
export const MAX_SORTED = 10_000;
/** The same of what a search finds: each is looked up in several tables. `found_count` in functions.sql has it too. */
export const MAX_FOUND = 3_000;

/**
 * The rows of one condition, counted in the order of one index, which PostgreSQL then reads alone, or found by a search. Null: no index has
 * the condition.
 */
export type Count = {
  /** So many are sorted. */
  readonly most: number;
  /** How many, up to `take`. */
  readonly rows: (limit: { readonly take: number }) => Promise<number>;
} | null;

/** Counts what a search finds. @param db of `searching`. */
export function countFound(db: TenantDb, termsTable: 'outbound_email_search' | 'message_search'): NonNullable<Count> {
  const rows = async () => (await db.foundCount.findFirst({ where: { termsTable } }))?.found ?? 0;
  return { most: MAX_FOUND, rows };
}

/** Whether a condition of the filter selects so few rows that they are sorted. */
export async function areFew(count: Count): Promise<boolean> {
  return count !== null && (await count.rows({ take: count.most + 1 })) <= count.most;
}

/** Of the keys of a page: groups of one row each, which PostgreSQL reads all before it orders them. @param page of `keysetQuery`. */
export function sortedQuery<Where, Column, Id>(page: { where: Where; orderBy: [Column, Id]; take: number }) {
  const [column, id] = page.orderBy;
  const orderBy: [{ _min: Column }, Id] = [{ _min: column }, id];
  return { by: 'id' as const, where: page.where, orderBy, take: page.take };
}

/** A key of a page: of `findMany`, or a group of `sortedQuery`. */
type Key<Columns> = ({ readonly id: string } & Columns) | { readonly id: string; readonly _min: Columns };

/**
 * Reads a page of few matches.
 * @returns null when the matches are not few, or a row was deleted since its key was read: then the page is read in its order, because
 * one row less would say that no more follow.
 */
export async function sortedRows<Columns extends object, Row extends { readonly id: string }>(
  matches: Count,
  readKeys: () => Promise<readonly Key<Columns>[]>,
  read: ReadRows<Row>,
): Promise<(Row & Columns)[] | null> {
  if (!(await areFew(matches))) return null;
  const keys = await readKeys();
  const rows = await rowsOf(keys, read);
  return rows.length === keys.length ? rows : null;
}

export type ReadRows<Row> = (rows: { where: { id: { in: string[] } } }) => Promise<readonly Row[]>;

/**
 * @param read reads the rows with these ids, in any order. One that was deleted since is left out.
 * @returns each row with its key, so that one that has moved in the order since stays where the page found it.
 */
export async function rowsOf<Columns extends object, Row extends { readonly id: string }>(
  keys: readonly Key<Columns>[],
  read: ReadRows<Row>,
): Promise<(Row & Columns)[]> {
  const rows = keys.length === 0 ? [] : await read({ where: { id: { in: keys.map(({ id }) => id) } } });
  const byId = new Map(rows.map((row) => [row.id, row]));
  return keys.flatMap((key) => {
    const row = byId.get(key.id);
    return row === undefined ? [] : [{ ...row, ...('_min' in key ? key._min : key) }];
  });
}
