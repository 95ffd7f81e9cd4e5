/**
 * Relay paging by keyset: a cursor holds the sort key and the id of its row, so that page 1,000 costs what page 1 does
 * and a row that comes or goes shifts nothing. (Prisma's own cursor looks its row up first, and is lost with it.)
 */
import { InvalidInputError } from '../errors.ts';

export const DEFAULT_PAGE_SIZE = 20;
const MAX_PAGE_SIZE = 100;

/** The time column that a list is ordered by, ties broken by `id` in the same direction. */
export interface KeysetOrder<Column extends string> {
  readonly column: Column;
  readonly direction: 'asc' | 'desc';
}

export const CREATED_DESC: KeysetOrder<'createdAt'> = { column: 'createdAt', direction: 'desc' };

export interface ConnectionArgs {
  readonly first?: number | null;
  readonly after?: string | null;
  readonly last?: number | null;
  readonly before?: string | null;
}

export interface Keyset<Column extends string> {
  readonly order: KeysetOrder<Column>;
  readonly size: number;
  readonly backward: boolean;
  /** Null: from the start, or from the end. */
  readonly position: { readonly at: Date; readonly id: string } | null;
}

/** The years 1 to 9999: beyond them a date is written in a form that PostgreSQL does not read. */
const [MIN_MILLIS, MAX_MILLIS] = [-62_135_596_800_000, 253_402_300_799_999];
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function encodeCursor(order: KeysetOrder<string>, at: Date, id: string): string {
  return Buffer.from(`${order.column}:${at.getTime()}:${id}`).toString('base64url');
}

function decodeCursor(order: KeysetOrder<string>, cursor: string): { at: Date; id: string } | null {
  const [column, millis, id] = Buffer.from(cursor, 'base64url').toString('latin1').split(':');
  if (column !== order.column || !/^-?\d{1,15}$/.test(millis ?? '') || !UUID.test(id ?? '')) return null;
  const at = Number(millis);
  return at < MIN_MILLIS || at > MAX_MILLIS ? null : { at: new Date(at), id: id ?? '' };
}

function pageSizeIssue(path: string, value: number | null | undefined) {
  if (value === null || value === undefined || (value >= 1 && value <= MAX_PAGE_SIZE)) return [];
  return [{ path, message: `Must be from 1 to ${MAX_PAGE_SIZE}.` }];
}

/** @throws {InvalidInputError} for sizes out of range, for both directions at once, and for a cursor of another list. */
export function parseKeyset<Column extends string>(args: ConnectionArgs, order: KeysetOrder<Column>): Keyset<Column> {
  const issues = [...pageSizeIssue('first', args.first), ...pageSizeIssue('last', args.last)];
  const forward = args.first != null || args.after != null;
  const backward = args.last != null || args.before != null;
  if (forward && backward) {
    issues.push({ path: 'first', message: 'Page forward with first and after, or backward with last and before.' });
  }
  const cursor = args.after ?? args.before ?? null;
  const position = cursor === null ? null : decodeCursor(order, cursor);
  if (cursor !== null && position === null) {
    issues.push({
      path: args.after != null ? 'after' : 'before',
      message: 'Must be a cursor of this very list and order.',
    });
  }
  if (issues.length > 0) throw new InvalidInputError(issues);
  return { order, size: args.first ?? args.last ?? DEFAULT_PAGE_SIZE, backward, position };
}

type Bound<Value> = { lt?: Value; lte?: Value; gt?: Value; gte?: Value };
type Where<Column extends string> = { [Key in Column]?: Bound<Date> } & {
  OR?: ({ [Key in Column]?: Bound<Date> } & { id?: Bound<string> })[];
};
type OrderBy<Column extends string> = { [Key in Column]?: 'asc' | 'desc' } & { id?: 'asc' | 'desc' };

/**
 * The `where`, `orderBy` and `take` of a page, one row more than it shows. The bound on the column alone stands beside
 * the exact one because PostgreSQL cannot start an index scan at an OR.
 */
export function keysetQuery<Column extends string, Filter extends object = object>(
  { order, backward, position, size }: Keyset<Column>,
  filter?: Filter,
) {
  const descending = (order.direction === 'desc') !== backward;
  const direction = descending ? 'desc' : 'asc';
  const [bound, beyond] = descending ? (['lte', 'lt'] as const) : (['gte', 'gt'] as const);
  const { column } = order;
  const page =
    position === null
      ? {}
      : {
          [column]: { [bound]: position.at },
          OR: [{ [column]: { [beyond]: position.at } }, { id: { [beyond]: position.id } }],
        };
  // TypeScript widens a computed key to string: the casts name the column again.
  return {
    where: { AND: [page as Where<Column>, (filter ?? {}) as Filter] },
    orderBy: [{ [column]: direction }, { id: direction }] as OrderBy<Column>[],
    take: size + 1,
  };
}

export interface Connection<Row> {
  readonly edges: { readonly cursor: string; readonly node: Row }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
  readonly totalCount: () => Promise<number>;
}

/** @param rows as `keysetQuery` asked for them: one more than the page when there is more. */
export function toConnection<Column extends string, Row extends { id: string } & Record<Column, Date | null>>(
  keyset: Keyset<Column>,
  rows: readonly Row[],
  totalCount: () => Promise<number>,
): Connection<Row> {
  const hasMore = rows.length > keyset.size;
  const page = rows.slice(0, keyset.size);
  if (keyset.backward) page.reverse();
  const edges = page.map((node) => {
    const at = node[keyset.order.column];
    if (at === null) throw new Error(`a row without ${keyset.order.column} in a list ordered by it`);
    return { cursor: encodeCursor(keyset.order, at, node.id), node };
  });
  const elsewhere = keyset.position !== null;
  return {
    edges,
    pageInfo: {
      hasNextPage: keyset.backward ? elsewhere : hasMore,
      hasPreviousPage: keyset.backward ? hasMore : elsewhere,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    totalCount,
  };
}
