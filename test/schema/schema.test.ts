import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  buildSchema,
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isUnionType,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { SCOPES } from '../../src/auth/scopes.ts';

const schema = buildSchema(readFileSync(path.join(import.meta.dirname, '..', '..', 'schema.graphql'), 'utf8'));
const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__'));

/** `Type`, `Type.field`, `Type.field(argument)`, `Enum.VALUE`, each with its description. */
function describables(type: GraphQLNamedType): [string, string | null | undefined][] {
  const found: [string, string | null | undefined][] = [[type.name, type.description]];
  if (isObjectType(type) || isInterfaceType(type)) {
    for (const field of Object.values(type.getFields())) {
      found.push([`${type.name}.${field.name}`, field.description]);
      for (const arg of field.args) found.push([`${type.name}.${field.name}(${arg.name})`, arg.description]);
    }
  }
  if (isInputObjectType(type)) {
    for (const field of Object.values(type.getFields())) found.push([`${type.name}.${field.name}`, field.description]);
  }
  if (isEnumType(type)) {
    for (const value of type.getValues()) found.push([`${type.name}.${value.name}`, value.description]);
  }
  return found;
}

describe('the schema', () => {
  it('describes every type, field, argument, input field and enum value', () => {
    const all = types.flatMap(describables);
    expect(all.filter(([, description]) => !description?.trim()).map(([name]) => name)).toEqual([]);
  });

  it('gives a result union of its payload and typed errors to every mutation', () => {
    for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
      const name = `${field.name.charAt(0).toUpperCase()}${field.name.slice(1)}`;
      expect(String(field.type)).toMatch(/^\w+Result!$/);
      const union = schema.getType(String(field.type).slice(0, -1));
      if (!isUnionType(union)) throw new Error(`${field.type} is no union`);
      const members = union.getTypes();
      if (field.name !== 'retryOutboundEmail') expect(members.map((member) => member.name)).toContain(`${name}Payload`);
      const others = members.filter((member) => !member.name.endsWith('Payload'));
      for (const other of others) expect(other.getInterfaces().map((each) => each.name)).toContain('UserError');
    }
  });

  it('names the scope of every mutation in its description', () => {
    for (const { name, description } of Object.values(schema.getMutationType()?.getFields() ?? {})) {
      const [, scope = ''] = / Needs the scope `([^`]+)`\.$/.exec(description ?? '') ?? [];
      expect(SCOPES, name).toContain(scope);
    }
  });

  it('gives every entity a uid beside its id, and every connection edges, pageInfo and totalCount', () => {
    const fieldsOf = (name: string) => {
      const type = schema.getType(name);
      if (!isObjectType(type)) throw new Error(`there is no type ${name}`);
      return Object.fromEntries(Object.values(type.getFields()).map((field) => [field.name, String(field.type)]));
    };
    for (const type of types) {
      if (!isObjectType(type)) continue;
      const isNode = type.getInterfaces().some(({ name }) => name === 'Node');
      if (isNode) expect(fieldsOf(type.name)).toMatchObject({ id: 'ID!', uid: 'UUID!' });
      if (!type.name.endsWith('Connection')) continue;
      const node = type.name.replace(/Connection$/, '');
      const page = { edges: `[${node}Edge!]!`, pageInfo: 'PageInfo!', totalCount: 'Int!' };
      expect(fieldsOf(type.name)).toMatchObject(page);
      expect(fieldsOf(`${node}Edge`)).toMatchObject({ cursor: 'String!', node: `${node}!` });
    }
  });
});
