import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  buildSchema,
  type ConstDirectiveNode,
  type DefinitionNode,
  type FieldDefinitionNode,
  type InputValueDefinitionNode,
  isScalarType,
  isSpecifiedScalarType,
  Kind,
  parse,
  print,
  printType,
} from 'graphql';
import { expect, it } from 'vitest';

/** What clients build on, and what of it is not there yet. */
const read = (...names: string[]) => readFileSync(path.join(import.meta.dirname, ...names), 'utf8');
const contract = parse(read('contract.graphql'));
const schema = buildSchema(read('..', '..', 'schema.graphql'));
const missing = read('contract-missing.txt').split('\n').filter(Boolean);

/** One line for each thing that a type promises: its name, its type and its default value. */
type Promises = string[];

const inputs = (owner: string, values: readonly InputValueDefinitionNode[] = []): Promises =>
  values.map(({ name, type, defaultValue }) => {
    return `${owner}${name.value}: ${print(type)}${defaultValue ? ` = ${print(defaultValue)}` : ''}`;
  });

const fields = (owner: string, given: readonly FieldDefinitionNode[] = []): Promises =>
  given.flatMap(({ name, type, arguments: args }) => [
    `${owner}.${name.value}: ${print(type)}`,
    ...inputs(`${owner}.${name.value}(`, args),
  ]);

const directives = (owner: string, given: readonly ConstDirectiveNode[] = []): Promises =>
  given.map((directive) => `${owner} ${print(directive)}`);

function promisesOf(definition: DefinitionNode): Promises {
  if (!('name' in definition) || definition.name === undefined) return [];
  const name = definition.name.value;
  switch (definition.kind) {
    case Kind.OBJECT_TYPE_DEFINITION:
    case Kind.INTERFACE_TYPE_DEFINITION:
      return [
        ...(definition.interfaces ?? []).map((each) => `${name} implements ${each.name.value}`),
        ...fields(name, definition.fields),
      ];
    case Kind.INPUT_OBJECT_TYPE_DEFINITION:
      return [...directives(name, definition.directives), ...inputs(`${name}.`, definition.fields)];
    case Kind.ENUM_TYPE_DEFINITION:
      return (definition.values ?? []).map((value) => `${name} ${value.name.value}`);
    case Kind.UNION_TYPE_DEFINITION:
      return (definition.types ?? []).map((member) => `${name} = ${member.name.value}`);
    default:
      return [`scalar ${name}`];
  }
}

/** What the schema does in another way than the contract says, and why. */
const DELIBERATELY_DIFFERENT: Readonly<Record<string, string>> = {
  'Query.apiKeys: [ApiKey!]!': 'A connection: keys are never deleted, so that an organization may have many.',
};

it('of contract.graphql is kept by the schema, but for what is listed in contract-missing.txt', () => {
  const kept = new Set(
    Object.values(schema.getTypeMap()).flatMap((type) => parse(printType(type)).definitions.flatMap(promisesOf)),
  );
  const promised = contract.definitions.flatMap(promisesOf);
  expect(promised.length).toBeGreaterThan(500);
  const expected = [...missing, ...Object.keys(DELIBERATELY_DIFFERENT)].toSorted();
  expect(promised.filter((promise) => !kept.has(promise)).toSorted()).toEqual(expected);
});

it('names the specification of every scalar', () => {
  const scalars = Object.values(schema.getTypeMap()).filter(
    (type) => isScalarType(type) && !isSpecifiedScalarType(type),
  );
  expect(scalars.length).toBeGreaterThan(6);
  for (const scalar of scalars) expect(printType(scalar)).toContain('@specifiedBy(url: "http');
});
