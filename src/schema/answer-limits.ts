import { type ExecutionResult, GraphQLError, type OperationDefinitionNode, OperationTypeNode } from 'graphql';
import type { Bodies } from './bodies.ts';
import { refusedRequest } from './refused-request.ts';

const MAX_ERRORS = 100;
/** Of text besides bodies: with aliases, an operation can repeat the fields of one message a thousand times. */
const MAX_CHARACTERS = 16 * 1024 * 1024;

/**
 * Limits a result: one that is too large has one error and no data, and no result has more than 100 errors. Large bodies do not
 * hide the result of a mutation, which was carried out.
 */
export function limitAnswer(
  { operation }: OperationDefinitionNode,
  result: ExecutionResult,
  bodies: Bodies,
): ExecutionResult {
  const isQuery = operation === OperationTypeNode.QUERY;
  if (isQuery && bodies.refusal !== null) return { data: null, errors: [bodies.refusal] };
  const characters = countCharacters(result.data) - bodies.bytes;
  if (characters > MAX_CHARACTERS) return { data: null, errors: [tooLarge(characters, isQuery)] };
  const { errors = [] } = result;
  if (errors.length <= MAX_ERRORS) return result;
  const more = new GraphQLError(`And ${errors.length - MAX_ERRORS} more errors.`, {
    extensions: errors[0]?.extensions,
  });
  return { ...result, errors: [...errors.slice(0, MAX_ERRORS), more] };
}

function countCharacters(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) for (const each of value) count += countCharacters(each);
  else for (const key in value) count += countCharacters(Reflect.get(value, key));
  return count;
}

function tooLarge(asked: number, isQuery: boolean): GraphQLError {
  const done = isQuery ? 'Ask for smaller pages.' : 'The mutations were carried out.';
  return refusedRequest(
    `The result has ${asked} characters without message bodies. At most ${MAX_CHARACTERS} are allowed. ${done}`,
    { asked, allowed: MAX_CHARACTERS },
  );
}
