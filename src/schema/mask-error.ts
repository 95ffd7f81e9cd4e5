/**
 * What a client sees of an error outside a result union. The domain's errors keep their code and data; a request that
 * does not fit the schema is told where, without its values, which may be a mail body; a database that is away is told as
 * that; everything else is masked.
 */
import { GraphQLError } from 'graphql';
import { isDatabaseUnavailable } from '../db/unavailable.ts';
import { DomainError, type InputIssue, InvalidInputError } from '../errors.ts';

const MAX_MESSAGE_LENGTH = 300;
/** What graphql has to say stands in front of the value that it repeats, which may be as long as a request. */
const MAX_READ_LENGTH = 2_000;

/** Null when the error is unexpected: it is to be logged, and masked. */
export function presentableError(error: unknown): GraphQLError | null {
  const graphqlError = error instanceof GraphQLError ? error : null;
  const original = graphqlError?.originalError ?? error;
  const place = { nodes: graphqlError?.nodes ?? null, path: graphqlError?.path ?? null };
  if (original instanceof DomainError) {
    const { code, retry, message } = original;
    const issues = original instanceof InvalidInputError ? { issues: original.issues } : {};
    return new GraphQLError(message, { ...place, extensions: { code, retry, ...issues } });
  }
  // A GraphQLError that no other error stands behind is a request's own fault, or was meant for the client.
  if (graphqlError === null || !(original instanceof GraphQLError || graphqlError.originalError === undefined))
    return null;
  const issue = coercionIssue(graphqlError, original);
  if (issue === null) {
    const { originalError: broken, ...extensions } = graphqlError.extensions;
    // A body that is no JSON: the parser's words for it quote it.
    const http = broken === undefined ? {} : { http: { status: 400 } };
    return new GraphQLError(withoutValues(graphqlError.message), { ...place, extensions: { ...extensions, ...http } });
  }
  const extensions = { code: 'INVALID_INPUT', retry: 'NEVER', issues: [issue] };
  return new GraphQLError(`${issue.path}: ${issue.message}`, { ...place, extensions });
}

/** A database that was restarted is back within it as a rule. */
export const RETRY_AFTER_S = 5;

const UNAVAILABLE = 'The database cannot be reached now. Make the same request again later.';
/** It must be true whenever the connection was lost: also when an email had been accepted just before. */
const PERHAPS_CARRIED_OUT =
  'The database cannot be reached now. The mutation may have been carried out all the same: repeat sendEmail with the same idempotencyKey; without one, look into outboundEmails first.';

/**
 * HTTP 503 with Retry-After, when the database is away. Null when the error is something else.
 * @param isOfMutation whether a mutation had begun: what became of it is not known.
 */
export function unavailableError(error: unknown, isOfMutation: boolean): GraphQLError | null {
  const graphqlError = error instanceof GraphQLError ? error : null;
  if (!isDatabaseUnavailable(graphqlError?.originalError ?? error)) return null;
  const http = { status: 503, headers: { 'retry-after': String(RETRY_AFTER_S) } };
  return new GraphQLError(isOfMutation ? PERHAPS_CARRIED_OUT : UNAVAILABLE, {
    nodes: graphqlError?.nodes ?? null,
    path: graphqlError?.path ?? null,
    extensions: { code: 'SERVICE_UNAVAILABLE', retry: isOfMutation ? 'CHECK_FIRST' : 'AFTER', http },
  });
}

const VARIABLE = /^Variable "\$(\w+)" (?:got invalid value |of (?:required|non-null) type )/;

/**
 * The executor's words for a variable that does not fit its type, as an issue with our kind of path: `input.fresh.to.1`.
 * It writes the value, where it is, and behind `; ` the error that stands behind this one.
 */
function coercionIssue(error: GraphQLError, original: unknown): InputIssue | null {
  const [, root] = VARIABLE.exec(error.message) ?? [];
  if (root === undefined) return null;
  const reason = original instanceof GraphQLError && original !== error ? original.message : null;
  if (reason === null) return { path: root, message: 'Must be given and not null.' };
  const [, at] = / at "([\w.[\]]+)"$/.exec(error.message.slice(0, -`; ${reason}`.length)) ?? [];
  return { path: (at ?? root).replaceAll(/\[(\d+)\]/g, '.$1'), message: withoutValues(reason) };
}

/** graphql repeats the offending value in what it says of it. */
const ECHOES: readonly [RegExp, string][] = [
  [/, but encountered error "([\s\S]*)"; found: [\s\S]*$/, ': $1'],
  [/(unknown field "\w{1,64}")[\s\S]*$/, '$1.'],
  [/, found: [\s\S]*$/, '.'],
  [/^(?:Value "[\s\S]*" does not exist in|Enum) "(\w+)"[\s\S]*$/, 'Must be a value of the enum $1.'],
  [/^(\w+) cannot (?:represent|be represented)\b[\s\S]*$/, 'Must be a valid $1.'],
  [/^(Syntax Error: [\s\S]*?\b(?:String|BlockString|Name|Int|Float)) "[\s\S]*$/, '$1.'],
  [/^(Syntax Error: Invalid [\w ,-]+): [\s\S]*$/, '$1.'],
];

function withoutValues(message: string): string {
  const head = message.slice(0, MAX_READ_LENGTH);
  const cleaned = ECHOES.reduce((text, [echo, replacement]) => text.replace(echo, replacement), head);
  return cleaned.slice(0, MAX_MESSAGE_LENGTH);
}
