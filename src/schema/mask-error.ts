/**
 * What a client sees of an error outside a result union. The domain's errors keep their code and data; a request that
 * does not fit the schema is told where, without its values, which may be a mail body; everything else is masked.
 */
import { GraphQLError } from 'graphql';
import { DomainError, type InputIssue, InvalidInputError } from '../errors.ts';

const MAX_MESSAGE_LENGTH = 300;

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
  const issue = coercionIssue(graphqlError.message);
  if (issue === null) {
    return new GraphQLError(withoutValues(graphqlError.message), { ...place, extensions: graphqlError.extensions });
  }
  const extensions = { code: 'INVALID_INPUT', retry: 'NEVER', issues: [issue] };
  return new GraphQLError(`${issue.path}: ${issue.message}`, { ...place, extensions });
}

const COERCION = /^(?:Variable "\$(\w+)"|Argument "[\w.]+\((\w+):\)") has invalid value(?: at \.?(\S+?))?: ([\s\S]*)$/;

/** graphql's words for a value that does not fit its type, as an issue with our kind of path: `input.fresh.to.1`. */
function coercionIssue(message: string): InputIssue | null {
  const [, variable, argument, at, reason] = COERCION.exec(message) ?? [];
  const root = variable ?? argument;
  if (root === undefined || reason === undefined) return null;
  const path = at === undefined ? root : `${root}.${at.replaceAll(/\[(\d+)\]/g, '.$1')}`;
  return { path, message: withoutValues(reason) };
}

/** graphql repeats the offending value, after "found:" or at the end of "cannot represent …:". */
function withoutValues(message: string): string {
  return message
    .replace(/, found: [\s\S]*$/, '.')
    .replace(/(cannot represent [^:]{1,80}): [\s\S]*$/, '$1.')
    .slice(0, MAX_MESSAGE_LENGTH);
}
