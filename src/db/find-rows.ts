/**
 * Reads lists by a prepared statement where Prisma would take four times the CPU: what `findMany` is asked for is written
 * as SQL if it is plain, which is columns, to-one relations to rows of the organization and conditions on columns. The
 * statement is always bound to the organization. Everything else stays with Prisma.
 */
import pg from 'pg';
import { getDatamodel } from '#generated/pothos-types.ts';
import type { Sql } from './client.ts';
import { parseTextArray, parseTimestamp, TEXT_ARRAY_OID } from './parse-column.ts';

type Model = ReturnType<typeof getDatamodel>['datamodel']['models'][string];
type Field = Model['fields'][number];
type Row = Record<string, unknown>;

const READABLE = new Set(['String', 'Int', 'Boolean', 'BigInt', 'DateTime']);
const COMPARISONS: Record<string, string> = { equals: '=', lt: '<', lte: '<=', gt: '>', gte: '>=' };
/** Names are for ever in each connection; what a client makes up beyond them is sent without one. */
const MAX_STATEMENTS = 200;

const models = new Map(
  Object.entries(getDatamodel().datamodel.models).map(([name, model]) => [
    name,
    { table: snakeCase(name), fields: new Map(model.fields.map((field) => [field.name, field])), key: keyOf(model) },
  ]),
);
const statementNames = new Map<string, string>();

/** Thrown where a query turns out to be Prisma's. */
class NotPlain extends Error {}

interface Place {
  readonly fields: ReadonlyMap<string, Field>;
  /** Quoted. */
  readonly alias: string;
}

/** What a statement's next columns become. */
interface Shape {
  readonly columns: readonly string[];
  readonly relations: readonly { readonly name: string; readonly shape: Shape }[];
  readonly width: number;
}

interface Statement {
  readonly text: string;
  readonly values: unknown[];
  readonly shape: Shape;
}

/**
 * The rows of `query`, which is what `findMany` takes, in the organization.
 * @returns null when the query is not plain: Prisma is to be asked.
 */
export async function findRows(sql: Sql, organizationId: string, model: string, query: object): Promise<Row[] | null> {
  const statement = toStatement(organizationId, model, query);
  if (statement === null) return null;
  const { text, values, shape } = statement;
  const { rows } = await sql.query<unknown[]>({ ...named(text), values, rowMode: 'array', types: COLUMN_TYPES });
  return rows.map((columns) => toRow(shape, columns, 0));
}

function named(text: string): { text: string; name?: string } {
  let name = statementNames.get(text);
  if (name === undefined) {
    if (statementNames.size >= MAX_STATEMENTS) return { text };
    name = `find-rows-${statementNames.size}`;
    statementNames.set(text, name);
  }
  return { text, name };
}

function toStatement(organizationId: string, model: string, query: object): Statement | null {
  const { select, where, orderBy, take, ...others } = toRecord(query);
  if (Object.keys(others).length > 0) return null;
  try {
    const known = modelNamed(model);
    const root: Place = { fields: known.fields, alias: '"t"' };
    const values: unknown[] = [organizationId];
    const selected: string[] = [];
    const joins: string[] = [];
    const shape = selection(root, toRecord(select), selected, joins);
    const conditions = [`"t"."organization_id" = $1`, ...conditionsOf(root, toRecord(where ?? {}), values)];
    const order = orderOf(root, orderBy);
    if (take !== undefined) values.push(take);
    const text = [
      `SELECT ${selected.join(', ')} FROM "public"."${known.table}" "t"`,
      ...joins,
      `WHERE ${conditions.join(' AND ')}`,
      ...(order.length > 0 ? [`ORDER BY ${order.join(', ')}`] : []),
      ...(take === undefined ? [] : [`LIMIT $${values.length}`]),
    ].join('\n');
    return { text, values, shape };
  } catch (error) {
    if (error instanceof NotPlain) return null;
    throw error;
  }
}

/** Adds the columns of a `select` to the statement, its own first. */
function selection(place: Place, select: Row, selected: string[], joins: string[]): Shape {
  const columns: string[] = [];
  const relations: { field: Field; nested: Row }[] = [];
  for (const [name, chosen] of Object.entries(select)) {
    const field = fieldNamed(place, name);
    if (chosen === true && field.kind !== 'object') {
      if (field.kind !== 'enum' && !READABLE.has(field.type)) throw new NotPlain();
      if (field.isList && field.type !== 'String') throw new NotPlain();
      columns.push(name);
      // An array that was never given is empty for Prisma.
      selected.push(field.isList ? `coalesce(${column(place, name)}, '{}')` : column(place, name));
    } else if (field.kind === 'object' && !field.isList) relations.push({ field, nested: toRecord(chosen) });
    else throw new NotPlain();
  }
  let width = columns.length;
  const shapes = relations.map(({ field, nested }) => {
    const { select: below, ...others } = nested;
    const [organization, reference, ...more] = field.relationFromFields ?? [];
    const target = modelNamed(field.type);
    const isOwned = organization === 'organizationId' && reference !== undefined && more.length === 0;
    if (!isOwned || target.key !== 'organizationId,id' || below === undefined || Object.keys(others).length > 0) {
      throw new NotPlain();
    }
    const joined: Place = { fields: target.fields, alias: `"${joins.length + 1}"` };
    joins.push(
      `LEFT JOIN "public"."${target.table}" ${joined.alias} ON ${joined.alias}."organization_id" = ${column(place, organization)} AND ${joined.alias}."id" = ${column(place, reference)}`,
    );
    // The id stands in front: without it there is no such row.
    selected.push(column(joined, 'id'));
    const shape = selection(joined, toRecord(below), selected, joins);
    width += 1 + shape.width;
    return { name: field.name, shape };
  });
  return { columns, relations: shapes, width };
}

function conditionsOf(place: Place, where: Row, values: unknown[]): string[] {
  return Object.entries(where).flatMap(([name, condition]) => {
    if (condition === undefined) return [];
    if (name === 'AND') return [condition].flat().flatMap((each) => conditionsOf(place, toRecord(each), values));
    if (name === 'OR') {
      const either = [condition].flat().map((each) => conditionsOf(place, toRecord(each), values).join(' AND '));
      if (either.length === 0 || either.includes('')) throw new NotPlain();
      return [`(${either.map((each) => `(${each})`).join(' OR ')})`];
    }
    return columnConditions(place, name, condition, values);
  });
}

function columnConditions(place: Place, name: string, condition: unknown, values: unknown[]): string[] {
  const field = fieldNamed(place, name);
  if (field.kind === 'object' || field.isList) throw new NotPlain();
  const own = column(place, name);
  const parameter = (value: unknown) => {
    values.push(value instanceof Date ? value.toISOString() : value);
    return `$${values.length}`;
  };
  if (condition === null) return [`${own} IS NULL`];
  if (typeof condition !== 'object' || condition instanceof Date) return [`${own} = ${parameter(condition)}`];
  return Object.entries(condition).flatMap(([operator, value]) => {
    if (value === undefined) return [];
    if (operator === 'not' && value === null) return [`${own} IS NOT NULL`];
    if (operator === 'in' && Array.isArray(value)) return [`${own} = ANY(${parameter(value)})`];
    if (operator === 'notIn' && Array.isArray(value)) return [`${own} <> ALL(${parameter(value)})`];
    const comparison = COMPARISONS[operator];
    if (comparison === undefined || value === null) throw new NotPlain();
    return [`${own} ${comparison} ${parameter(value)}`];
  });
}

function orderOf(place: Place, orderBy: unknown): string[] {
  return [orderBy ?? []].flat().flatMap((each) =>
    Object.entries(toRecord(each)).map(([name, direction]) => {
      if (fieldNamed(place, name).kind === 'object' || (direction !== 'asc' && direction !== 'desc')) {
        throw new NotPlain();
      }
      return `${column(place, name)} ${direction === 'asc' ? 'ASC' : 'DESC'}`;
    }),
  );
}

function toRow({ columns, relations }: Shape, values: readonly unknown[], from: number): Row {
  const row: Row = {};
  let at = from;
  for (const name of columns) row[name] = values[at++];
  for (const { name, shape } of relations) {
    row[name] = values[at] === null ? null : toRow(shape, values, at + 1);
    at += 1 + shape.width;
  }
  return row;
}

const PARSERS = new Map<number, (text: string) => unknown>([
  [pg.types.builtins.TIMESTAMPTZ, parseTimestamp],
  [pg.types.builtins.INT8, BigInt],
  [TEXT_ARRAY_OID, parseTextArray],
]);

const COLUMN_TYPES: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    PARSERS.get(oid) ?? pg.types.getTypeParser(oid, format ?? 'text'),
};

function toRecord(value: unknown): Row {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new NotPlain();
  return { ...value };
}

function modelNamed(name: string) {
  const model = models.get(name);
  if (model === undefined) throw new NotPlain();
  return model;
}

function fieldNamed({ fields }: Place, name: string): Field {
  const field = fields.get(name);
  if (field === undefined) throw new NotPlain();
  return field;
}

function keyOf({ primaryKey }: Model): string {
  return primaryKey?.fields.join(',') ?? '';
}

/** Every column and table of the Prisma schema is named so. */
function snakeCase(name: string): string {
  return name.replaceAll(/(?<!^)[A-Z]/g, '_$&').toLowerCase();
}

const columnNames = new Map<string, string>();

/** @param name of a field of the schema: there are so many and no more. */
function column({ alias }: Place, name: string): string {
  let own = columnNames.get(name);
  if (own === undefined) {
    own = `"${snakeCase(name)}"`;
    columnNames.set(name, own);
  }
  return `${alias}.${own}`;
}
