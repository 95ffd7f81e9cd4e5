import {
  buildSchema,
  execute,
  GraphQLError,
  type GraphQLFieldResolver,
  type GraphQLOutputType,
  type GraphQLSchema,
  isAbstractType,
  isEnumType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  isScalarType,
  parse,
  responsePathAsArray,
  validate,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { executeQuery } from '../src/schema/execute-query.ts';

const SCHEMA = `
  scalar Json
  enum Color { RED GREEN }
  interface Named { name: String  strict: String! }
  type Thing implements Named {
    name: String  strict: String!  count: Int  size: Float!  flag: Boolean!  id: ID!
    color: Color  colors: [Color!]  words: [String]!  json: Json
    thing(n: Int = 3, word: String): Thing  sure: Thing!  things(first: Int): [Thing]!  all: [Thing!]  grid: [[Int!]]
    any: Either  named: Named!  list: [Named]
  }
  type Other implements Named { name: String  strict: String!  thing: Thing  other: Other! }
  union Either = Thing | Other
  type Query { thing: Thing  sure: Thing!  any: Either  things: [Thing!]!  word(word: String!, n: Int! = 2): String }
`;

const OPERATIONS = [
  '{ thing { name strict count size flag id color colors words json grid __typename } }',
  '{ a: thing { name } thing { b: name name } sure { id } thing { strict } }',
  '{ sure { sure { sure { strict count } name } thing(n: 1) { id } } things { strict } }',
  '{ things { things(first: 2) { name strict } all { id } any { __typename ... on Thing { name } ... on Other { strict } } } }',
  '{ any { ... on Named { name } ...T ... on Other { thing { ...T } other { name } } } } fragment T on Thing { id named { name ...N } } fragment N on Named { strict ... on Thing { color } }',
  '{ __typename things { list { __typename name ... on Thing { words } } named { ... on Other { other { strict } } } } }',
  'query Q($n: Int, $word: String = "x") { thing { thing(n: $n, word: $word) { name } b: thing(n: 7) { name } } word(word: "é\\"\\n", n: 1) }',
];

/** What a resolver gives is told by the place alone, so that every executor meets the same. */
function chance(seed: number, place: string): number {
  let hash = seed * 2_654_435_761;
  for (const char of place) hash = Math.imul(hash ^ char.charCodeAt(0), 16_777_619);
  hash = Math.imul(hash ^ (hash >>> 15), 2_246_822_507);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}

function someValue(type: GraphQLOutputType, roll: (what: string) => number): unknown {
  if (isNonNullType(type)) return someValue(type.ofType, roll);
  if (isListType(type)) {
    const items = Array.from({ length: Math.floor(roll('length') * 4) }, (_, index) =>
      behaveAsItem(type.ofType, (what) => roll(`${index}${what}`)),
    );
    return roll('set') < 0.2 ? new Set(items) : items;
  }
  if (isEnumType(type)) return roll('enum') < 0.1 ? 'BLUE' : roll('enum') < 0.5 ? 'RED' : 'GREEN';
  if (isAbstractType(type)) return { __typename: roll('type') < 0.5 ? 'Thing' : 'Other' };
  if (isObjectType(type)) return {};
  if (!isScalarType(type)) throw new Error(`no values for ${String(type)}`);
  if (type.name === 'Int') return Math.floor(roll('int') * 100);
  if (type.name === 'Float') return roll('float') < 0.05 ? Number.NaN : roll('float');
  if (type.name === 'Boolean') return roll('boolean') < 0.5;
  if (type.name === 'Json') return { a: [1, null, { b: 'ü' }], '"': new Date(0), none: undefined };
  return `${type.name} \u2028 "quoted" \\ ${roll('text')}`;
}

/** A value, or null, or an error, each at once or later. */
function behave(type: GraphQLOutputType, roll: (what: string) => number): unknown {
  const kind = roll('kind');
  const give = () => {
    if (kind < 0.03) throw new Error('thrown');
    if (kind < 0.05) throw new GraphQLError('meant for the client', { extensions: { code: 'X' } });
    if (kind < 0.07) return new Error('given');
    if (kind < 0.12) return kind < 0.1 ? null : undefined;
    return someValue(type, roll);
  };
  return roll('later') < 0.3 ? later(give, Math.floor(roll('turns') * 1_000)) : give();
}

/** An item cannot throw: it is an error. */
function behaveAsItem(type: GraphQLOutputType, roll: (what: string) => number): unknown {
  try {
    return behave(type, roll);
  } catch (error) {
    return error;
  }
}

/** Far more turns apart than executors differ in what they take for themselves. */
async function later<Value>(give: () => Value, turns: number): Promise<Value> {
  for (let turn = 0; turn < turns * 20; turn++) await null;
  return give();
}

/** The context of graphql's executor, which leaves some rejections unhandled when it gives up. Ours must not. */
const HANDLED = {};

function handleAll(value: unknown): void {
  if (value instanceof Promise) value.then(handleAll, () => undefined);
  else if (Array.isArray(value) || value instanceof Set) for (const item of value) handleAll(item);
}

function schemaOf(seed: number): GraphQLSchema {
  const schema = buildSchema(SCHEMA);
  const resolve: GraphQLFieldResolver<unknown, unknown> = (_source, args, context, info) => {
    const place = `${responsePathAsArray(info.path).join('.')} ${JSON.stringify(args)} ${info.parentType.name}`;
    const value = behave(info.returnType, (what) => chance(seed, `${place} ${what}`));
    if (context === HANDLED) handleAll(value);
    return value;
  };
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) {
      if (isInterfaceType(type) || isAbstractType(type)) type.resolveType = ({ __typename }) => __typename;
      continue;
    }
    for (const field of Object.values(type.getFields())) field.resolve = resolve;
  }
  return schema;
}

/** As JSON of what came, and its errors in any order: siblings fail when they do. */
function comparable(text: string) {
  const { data, errors = [] } = JSON.parse(text);
  return { data: JSON.stringify(data), errors: errors.map((error: unknown) => JSON.stringify(error)).toSorted() };
}

describe('executeQuery', () => {
  it.each(OPERATIONS)('answers as the executor of graphql does, whatever the resolvers do: %s', async (operation) => {
    const document = parse(operation);
    let failed = 0;
    for (let seed = 1; seed <= 150; seed++) {
      const schema = schemaOf(seed);
      expect(validate(schema, document)).toEqual([]);
      const args = { schema, document: parse(operation), contextValue: {}, variableValues: { n: seed } };
      const expected = await execute({ ...args, contextValue: HANDLED });
      const written = await executeQuery(args);
      if (written === null) throw new Error('it was not planned');
      expect(comparable(written.stringify(written)), `seed ${seed}`).toEqual(comparable(JSON.stringify(expected)));
      if (expected.errors !== undefined) failed++;
    }
    expect(failed).toBeGreaterThan(10);
    expect(failed).toBeLessThan(150);
  });

  it.each([
    ['mutations', 'mutation { thing { name } }'],
    ['directives', '{ thing @include(if: true) { name } }'],
    ['directives in fragments', '{ thing { ...T } } fragment T on Thing { name @skip(if: false) }'],
    ['questions about the schema', '{ __schema { queryType { name } } }'],
    ['variables that do not fit', 'query Q($n: Int!) { thing { thing(n: $n) { name } } }'],
    ['an operation that it is not told', 'query A { __typename } query B { __typename }'],
  ])('leaves %s to the other executor', (_what, operation) => {
    expect(executeQuery({ schema: schemaOf(1), document: parse(operation) })).toBeNull();
  });

  it('gives data that reads as what it writes', async () => {
    const written = await executeQuery({ schema: buildSchema(SCHEMA), document: parse('{ __typename }') });
    expect(JSON.parse(JSON.stringify(written))).toEqual({ data: { __typename: 'Query' } });
  });
});
