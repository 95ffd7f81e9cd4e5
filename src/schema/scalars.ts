/**
 * The scalars of the contract. Those whose content the domain judges (addresses, base64, links) take any string here:
 * the domain then reports every issue of the input with its path, where a scalar could only fail the whole request at
 * the first. Messages never repeat the value, which may be a mail body.
 */
import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from 'graphql';
import { DateTimeResolver, JSONResolver } from 'graphql-scalars';
import { type Base64, DecodedBase64 } from '../email/base64.ts';
import { builder } from './builder.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

function stringOf(expected: string) {
  return (value: unknown): string => {
    if (typeof value !== 'string') throw new GraphQLError(`Expected ${expected}.`);
    return value;
  };
}

/** A scalar that is a string; `parse` checks it or changes its form. */
function stringScalar(name: string, expected: string, parse: (value: string) => string) {
  const parseValue = (value: unknown) => parse(stringOf(expected)(value));
  return {
    name,
    serialize: stringOf(expected),
    parseValue,
    parseLiteral(node: ValueNode) {
      try {
        return parseValue(node.kind === Kind.STRING ? node.value : null);
      } catch (error) {
        // With its place in the operation, which a literal has instead of a path.
        throw error instanceof GraphQLError ? new GraphQLError(error.message, { nodes: node }) : error;
      }
    },
  };
}

function parseUuid(value: string): string {
  if (!UUID.test(value)) throw new GraphQLError('Expected a UUID such as 0199aa11-2b3c-7def-8123-456789abcdef.');
  return value.toLowerCase();
}

const asGiven = (value: string) => value;
const BASE64 = stringScalar('Base64', 'base64', asGiven);

builder.scalarType('UUID', {
  description: 'A UUID (RFC 9562), in lower case.',
  ...stringScalar('UUID', 'a UUID', parseUuid),
});
builder.scalarType('EmailAddress', {
  description: 'An addr-spec (RFC 5321): `a@b.c`, no display name, at most 254 characters.',
  ...stringScalar('EmailAddress', 'an email address', asGiven),
});
builder.scalarType('Base64', {
  description: 'Bytes in base64 (RFC 4648 section 4), padding optional.',
  ...BASE64,
  // In a large request it was decoded while it arrived.
  parseValue: (value): Base64 => (value instanceof DecodedBase64 ? value : BASE64.parseValue(value)),
});
builder.scalarType('HttpUrl', {
  description: 'An absolute address with the scheme http or https.',
  ...stringScalar('HttpUrl', 'an http or https URL', asGiven),
});
/** Beyond them a date is written in a form that PostgreSQL does not read. In UTC, to which an offset may carry a date over. */
function inYears1To9999(instant: Date | null | undefined): Date {
  const year = instant?.getUTCFullYear() ?? 0;
  if (instant == null || year < 1 || year > 9999) throw new GraphQLError('Expected an instant in the years 1 to 9999.');
  return instant;
}

const DateTime = new GraphQLScalarType({
  ...DateTimeResolver.toConfig(),
  coerceInputValue: (value) => inYears1To9999(DateTimeResolver.parseValue(value)),
  coerceInputLiteral: (node) => inYears1To9999(DateTimeResolver.parseLiteral(node, undefined)),
});

builder.addScalarType('DateTime', DateTime, {
  description: 'An instant, RFC 3339 with a zone: `2026-11-22T16:00:00.000Z`.',
});
builder.addScalarType('JSON', JSONResolver, { description: 'Any JSON value.' });
