/**
 * The scalars of the contract. Those whose content the domain judges (addresses, base64, links, dates) take any string here:
 * the domain then reports every issue of the input with its path, where a scalar could only fail the whole request at
 * the first. Messages never repeat the value, which may be a mail body.
 */
import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from 'graphql';
import { DateTimeResolver, JSONResolver } from 'graphql-scalars';
import { type Base64, DecodedBase64 } from '../email/base64.ts';
import { isUuid } from '../input.ts';
import { builder } from './builder.ts';
import { mustBe } from './expected-values.ts';

function asString(name: string, value: unknown): string {
  if (typeof value !== 'string') throw new GraphQLError(mustBe(name));
  return value;
}

/** A scalar that is a string; `parse` checks it or changes its form. */
function stringScalar(name: string, parse = (value: string) => value) {
  const parseValue = (value: unknown) => parse(asString(name, value));
  return {
    name,
    serialize: (value: unknown) => asString(name, value),
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
  const uuid = value.toLowerCase();
  if (!isUuid(uuid)) throw new GraphQLError(mustBe('UUID'));
  return uuid;
}

const BASE64 = stringScalar('Base64');

builder.scalarType('UUID', {
  description: 'A UUID (RFC 9562), in lower case.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc9562',
  ...stringScalar('UUID', parseUuid),
});
builder.scalarType('EmailAddress', {
  description:
    'An email address (addr-spec of RFC 5321), for example `ada@example.com`: no display name, at most 254 characters.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc5321#section-4.1.2',
  ...stringScalar('EmailAddress'),
});
builder.scalarType('Base64', {
  description: 'Bytes in base64 (RFC 4648 section 4). Padding is optional.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc4648#section-4',
  ...BASE64,
  // Variables were decoded as soon as they were read.
  parseValue: (value): Base64 => (value instanceof DecodedBase64 ? value : BASE64.parseValue(value)),
});
builder.scalarType('HttpUrl', {
  description: 'An absolute URL with the scheme http or https.',
  specifiedByURL: 'https://url.spec.whatwg.org/',
  ...stringScalar('HttpUrl'),
});

/** Beyond them a date is written in a form that PostgreSQL does not read. In UTC, to which an offset may carry a date over. */
function inYears1To9999(parse: () => Date | null | undefined): Date {
  let instant: Date | null | undefined;
  try {
    instant = parse();
  } catch {
    // Its message repeats the value.
  }
  const year = instant?.getUTCFullYear() ?? 0;
  if (instant == null || !(year >= 1 && year <= 9999)) throw new GraphQLError(mustBe('DateTime'));
  return instant;
}

const DateTime = new GraphQLScalarType({
  ...DateTimeResolver.toConfig(),
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339#section-5.6',
  // A number would be taken for milliseconds.
  coerceInputValue: (value) => inYears1To9999(() => DateTimeResolver.parseValue(asString('DateTime', value))),
  coerceInputLiteral: (node) => inYears1To9999(() => DateTimeResolver.parseLiteral(node, undefined)),
});

builder.addScalarType('DateTime', DateTime, {
  description: 'An instant: RFC 3339 with a zone, for example `2026-11-22T16:00:00.000Z`.',
});
builder.scalarType('LocalDate', {
  description: 'A calendar date without a time zone: an RFC 3339 full-date, for example `2026-11-28`.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339#section-5.6',
  ...stringScalar('LocalDate'),
  serialize: (value) => (value instanceof Date ? value.toISOString().slice(0, 10) : asString('LocalDate', value)),
});
builder.addScalarType('JSON', JSONResolver, { description: 'Any JSON value.' });
