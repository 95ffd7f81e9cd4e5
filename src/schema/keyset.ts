/**
 * Relay paging by keyset: a cursor holds the sort key and the id of its row, so that page 1,000 costs what page 1 does
 * and a row that comes or goes shifts nothing. (Prisma's own cursor looks its row up first, and is lost with it.)
 */
import { InvalidInputError } from '../errors.ts';
import { isUuid, MAX_MILLIS, MIN_MILLIS } from '../input.ts';

const DEFAULT_PAGE_SIZE = 20;

/** A connection counts for as many items as it is asked for. */
export const pageComplexity = ({ first, last }: PageSize) => ({ multiplier: first ?? last ?? DEFAULT_PAGE_SIZE });

interface PageSize {
  readonly first?: number | null | undefined;
  readonly last?: number | null | undefined;
}
const MAX_PAGE_SIZE = 100;

/** The column that a list is ordered by, ties broken by `id` in the same direction. Rows without a value are in no such list. */
export interface KeysetOrder<Column extends string> {
  readonly column: Column;
  readonly direction: 'asc' | 'desc';
}

/** Columns of text that lists are ordered by. Any other holds times or dates. */
const TEXT_COLUMNS = ['number', 'sortName'] as const;
type TextColumn = (typeof TEXT_COLUMNS)[number];
type ValueOf<Column extends string> = Column extends TextColumn ? string : Date;
type Value = Date | string;

export interface ConnectionArgs {
  readonly first?: number | null;
  readonly after?: string | null;
  readonly last?: number | null;
  readonly before?: string | null;
}

interface Keyset<Column extends string> {
  readonly order: KeysetOrder<Column>;
  readonly size: number;
  readonly backward: boolean;
  /** Null: from the start, or from the end. */
  readonly position: Position | null;
}

interface Position {
  readonly value: Value;
  readonly id: string;
}

const MAX_TEXT_LENGTH = 1_000;

function encodeCursor(order: KeysetOrder<string>, value: Value, id: string): string {
  const text = value instanceof Date ? value.getTime() : value;
  return Buffer.from(`${order.column}:${id}:${text}`).toString('base64url');
}

function decodeCursor(order: KeysetOrder<string>, cursor: string): Position | null {
  const [, column, id = '', text = ''] =
    /^(\w+):([^:]+):(.*)$/s.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (column !== order.column || !isUuid(id)) return null;
  const value = isText(order.column) ? textOf(text) : timeOf(text);
  return value === null ? null : { value, id };
}

function isText(column: string): boolean {
  return TEXT_COLUMNS.some((each) => each === column);
}

function timeOf(text: string): Date | null {
  const millis = Number(text);
  return /^-?\d{1,15}$/.test(text) && millis >= MIN_MILLIS && millis <= MAX_MILLIS ? new Date(millis) : null;
}

/** PostgreSQL's text cannot hold NUL. */
function textOf(text: string): string | null {
  return text.length > MAX_TEXT_LENGTH || text.includes('\0') ? null : text;
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
    issues.push({
      path: 'first',
      message: 'Use first and after to page forward, or last and before to page backward.',
    });
  }
  const cursor = args.after ?? args.before ?? null;
  const position = cursor === null ? null : decodeCursor(order, cursor);
  if (cursor !== null && position === null) {
    issues.push({
      path: args.after != null ? 'after' : 'before',
      message: 'Must be a cursor from the same list in the same order.',
    });
  }
  if (issues.length > 0) throw new InvalidInputError(issues);
  return { order, size: args.first ?? args.last ?? DEFAULT_PAGE_SIZE, backward, position };
}

type Bound<Of> = { lt?: Of; lte?: Of; gt?: Of; gte?: Of };
type Where<Column extends string, Id extends string> = { [Key in Column]?: Bound<ValueOf<Key>> } & {
  OR?: ({ [Key in Column]?: Bound<ValueOf<Key>> } & { [Key in Id]?: Bound<string> })[];
};
type Directions<Column extends string> = { [Key in Column]?: 'asc' | 'desc' };

/**
 * The `where`, `orderBy` and `take` of a page, one row more than it shows. The bound on the column alone stands beside
 * the exact one because PostgreSQL cannot start an index scan at an OR.
 */
export function keysetQuery<Column extends string, Filter extends object = object>(
  keyset: Keyset<Column>,
  filter?: Filter,
) {
  return keysetQueryBy<'id', Column, Filter>('id', keyset, filter);
}

/** As `keysetQuery`, of a table whose column `idColumn` names the rows that are listed. */
export function keysetQueryBy<Id extends string, Column extends string, Filter extends object = object>(
  idColumn: Id,
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
          [column]: { [bound]: position.value },
          OR: [{ [column]: { [beyond]: position.value } }, { [idColumn]: { [beyond]: position.id } }],
        };
  // TypeScript widens a computed key to string: the casts name the column again.
  return {
    where: { AND: [page as Where<Column, Id>, (filter ?? {}) as Filter] },
    orderBy: [{ [column]: direction }, { [idColumn]: direction }] as [Directions<Column>, Directions<Id>],
    take: size + 1,
  };
}

/** Rows are counted up to here: what a list of a hundred pages is longer by, people do not read. */
export const MAX_COUNTED = 10_000;

/**
 * The order of rows that are all of one organization. Without it, Prisma asks for the first ones in the order of their ids, and
 * PostgreSQL reads rows from all over the table to find them.
 */
export const IN_ANY_ORDER = { organizationId: 'asc' } as const;

/** Stops counting one row later, which tells that there are more. */
interface CountLimit {
  readonly take: number;
  readonly orderBy: typeof IN_ANY_ORDER;
}

/** @param rows as `keysetQuery` asked for them: one more than the page when there is more. */
export function toConnection<Column extends string, Row extends { id: string } & Record<Column, Value | null>>(
  keyset: Keyset<Column>,
  rows: readonly Row[],
  count: (limit: CountLimit) => Promise<number>,
) {
  const hasMore = rows.length > keyset.size;
  const page = rows.slice(0, keyset.size);
  if (keyset.backward) page.reverse();
  const edges = page.map((node) => {
    const value = node[keyset.order.column];
    if (value === null) throw new Error(`a row without ${keyset.order.column} in a list ordered by it`);
    return { cursor: encodeCursor(keyset.order, value, node.id), node };
  });
  const elsewhere = keyset.position !== null;
  let counted: Promise<number> | undefined;
  return {
    edges,
    pageInfo: {
      hasNextPage: keyset.backward ? elsewhere : hasMore,
      hasPreviousPage: keyset.backward ? hasMore : elsewhere,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    count() {
      counted ??= count({ take: MAX_COUNTED + 1, orderBy: IN_ANY_ORDER });
      return counted;
    },
  };
}
