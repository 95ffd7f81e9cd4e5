import { GraphQLError, type GraphQLLeafType, GraphQLScalarType } from 'graphql';

/** The JSON of a value that is not null. @throws when the value is none of the type. */
export type LeafWriter = (value: unknown) => string;

const writers = new WeakMap<GraphQLLeafType, LeafWriter>();

export function leafWriter(type: GraphQLLeafType): LeafWriter {
  let writer = writers.get(type);
  if (writer === undefined) {
    writer = type instanceof GraphQLScalarType ? (value) => leafJson(type, value) : enumWriter(type);
    writers.set(type, writer);
  }
  return writer;
}

function leafJson(type: GraphQLLeafType, value: unknown): string {
  const coerced = coerce(type, value);
  if (typeof coerced === 'string') return stringJson(coerced);
  if (coerced instanceof Date) return `"${coerced.toISOString()}"`;
  if (coerced == null) throw new Error(`${type.name} gave nothing for a value that is there`);
  return JSON.stringify(coerced);
}

/** What JSON writes as it is: printable and without quote, backslash and surrogates, which may be lone. */
const PLAIN = /^[ !#-[\]-\ud7ff\ue000-\uffff]*$/;
/** Longer ones are faster looked through by JSON itself. */
const MAX_PLAIN_LENGTH = 100;

function stringJson(text: string): string {
  return text.length <= MAX_PLAIN_LENGTH && PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

function coerce(type: GraphQLLeafType, value: unknown): unknown {
  try {
    return type.coerceOutputValue(value);
  } catch (error) {
    // A value of ours that does not fit is no fault of the client's, who is told what a GraphQLError says.
    throw error instanceof GraphQLError ? new Error(error.message) : error;
  }
}

/** The values of an enum are few: each is written once. */
function enumWriter(type: GraphQLLeafType): LeafWriter {
  const written = new Map<unknown, string>();
  return (value) => {
    let json = written.get(value);
    if (json === undefined) {
      json = leafJson(type, value);
      written.set(value, json);
    }
    return json;
  };
}
