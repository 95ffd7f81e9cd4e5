/**
 * What a client sees of an error outside a result union. The domain's errors keep their code and data. The error of a request that
 * does not fit the schema names the place without the value, which may be a mail body. An unavailable database is reported as
 * such. Every other error is masked.
 */
import { GraphQLError, isLeafType } from 'graphql';
import { isDatabaseUnavailable } from '../db/unavailable.ts';
import { DomainError, ERROR_CODES, InvalidInputError } from '../errors.ts';
import { expectationOf, mustBe } from './expected-values.ts';
import { schema } from './index.ts';

const MAX_MESSAGE_LENGTH = 300;
/** A message of graphql first says what is wrong, and then repeats the value, which may be as long as a request. */
const MAX_READ_LENGTH = 2_000;

/**
 * Null when the error is unexpected: it is to be logged, and masked.
 * @param isOfMutation whether it came from executing a mutation.
 */
export function presentableError(error: unknown, isOfMutation = false): GraphQLError | null {
  const answer = present(error);
  // Below its first field: the mutation itself has run, and only its answer cannot be read.
  return answer !== null && isOfMutation && (answer.path ?? []).length > 1
    ? toCheckFirst(answer, 'The mutation was carried out, but its result is incomplete.')
    : answer;
}

/** An error of one mutation that leaves nothing of the results of the others in its operation. */
export function besideOthers(error: GraphQLError): GraphQLError {
  return toCheckFirst(error, 'Other mutations of this operation may have been carried out.');
}

function toCheckFirst({ message, nodes, path, extensions }: GraphQLError, circumstance: string): GraphQLError {
  return new GraphQLError(`${circumstance} ${message}`, {
    nodes,
    path,
    extensions: { ...extensions, retry: 'CHECK_FIRST' },
  });
}

function present(error: unknown): GraphQLError | null {
  const graphqlError = error instanceof GraphQLError ? error : null;
  const original = graphqlError?.originalError ?? error;
  const place = { nodes: graphqlError?.nodes, path: graphqlError?.path };
  if (original instanceof DomainError) {
    const { code, retry, message } = original;
    const issues = original instanceof InvalidInputError ? { issues: original.issues } : {};
    return new GraphQLError(message, { ...place, extensions: { code, retry, ...issues } });
  }
  // A GraphQLError without another error behind it reports an error of the request, or was written for the client.
  if (graphqlError === null || !(original instanceof GraphQLError || graphqlError.originalError === undefined))
    return null;
  const { originalError: broken, ...extensions } = graphqlError.extensions;
  // A body that is not JSON: the parser's message quotes it.
  const http = broken === undefined ? {} : { http: { status: 400 } };
  return new GraphQLError(withoutValues(graphqlError.message), {
    ...place,
    extensions: { ...extensions, ...known(extensions), ...http },
  });
}

/** GraphQL and Yoga report errors of the request, some of them with codes that ErrorCode does not have. */
function known({ code, retry }: Readonly<Record<string, unknown>>) {
  return { code: ERROR_CODES.find((each) => each === code) ?? 'INVALID_INPUT', retry: retry ?? 'NEVER' };
}

/** A restarted database usually answers again within this time. */
export const RETRY_AFTER_S = 5;

const UNAVAILABLE = 'The database is unavailable. Repeat the request later.';
/** It must be true whenever the connection was lost: also when an email had been accepted just before. */
const PERHAPS_CARRIED_OUT =
  'The database is unavailable. The mutation may have been carried out: repeat sendEmail with the same idempotencyKey; without a key, check outboundEmails first.';

/**
 * HTTP 503 with Retry-After, when the database is unavailable. Null for any other error.
 * @param isOfMutation whether a mutation had begun, whose result is not known.
 */
export function unavailableError(error: unknown, isOfMutation: boolean): GraphQLError | null {
  const graphqlError = error instanceof GraphQLError ? error : null;
  if (!isDatabaseUnavailable(graphqlError?.originalError ?? error)) return null;
  const http = { status: 503, headers: { 'retry-after': String(RETRY_AFTER_S) } };
  return new GraphQLError(isOfMutation ? PERHAPS_CARRIED_OUT : UNAVAILABLE, {
    nodes: graphqlError?.nodes,
    path: graphqlError?.path,
    extensions: { code: 'SERVICE_UNAVAILABLE', retry: isOfMutation ? 'CHECK_FIRST' : 'AFTER', http },
  });
}

/** graphql repeats the offending value in what it says of it. */
const ECHOES: readonly [RegExp, string | typeof expectation][] = [
  [/, but encountered error "([\s\S]*)"; found: [\s\S]*$/, ': $1'],
  [/(unknown field "\w{1,64}")[\s\S]*$/, '$1.'],
  [/, found: [\s\S]*$/, '.'],
  [/^(?:Value "[\s\S]*" does not exist in|Enum) "(\w+)"[\s\S]*$/, expectation],
  [/^(\w+) cannot (?:represent|be represented)\b[\s\S]*$/, expectation],
  [/^(Syntax Error: [\s\S]*?\b(?:String|BlockString|Name|Int|Float)) "[\s\S]*$/, '$1.'],
  [/^(Syntax Error: Invalid [\w ,-]+): [\s\S]*$/, '$1.'],
];

function expectation(_message: string, typeName: string): string {
  const type = schema.getType(typeName);
  return isLeafType(type) ? expectationOf(type) : mustBe(typeName);
}

function withoutValues(message: string): string {
  const head = message.slice(0, MAX_READ_LENGTH);
  const cleaned = ECHOES.reduce(
    (text, [echo, by]) => (typeof by === 'string' ? text.replace(echo, by) : text.replace(echo, by)),
    head,
  );
  return cleaned.slice(0, MAX_MESSAGE_LENGTH);
}
