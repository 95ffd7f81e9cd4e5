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
  const issue = coercionIssue(graphqlError);
  if (issue === null) {
    return new GraphQLError(withoutValues(graphqlError.message), { ...place, extensions: graphqlError.extensions });
  }
  const extensions = { code: 'INVALID_INPUT', retry: 'NEVER', issues: [issue] };
  return new GraphQLError(`${issue.path}: ${issue.message}`, { ...place, extensions });
}

/**
 * The executor's words for a variable that does not fit its type, as an issue with our kind of path:
 * `Variable "$input" got invalid value { … } at "input.fresh.to[1]"; Expected …`. Null for any other error.
 */
function coercionIssue({ message, originalError }: GraphQLError): InputIssue | null {
  const variable = /^Variable "\$(\w+)" /.exec(message)?.[1];
  if (variable === undefined) return null;
  const reason = originalError?.message;
  if (reason === undefined || !message.endsWith(`; ${reason}`))
    return { path: variable, message: withoutValues(message) };
  // The value before it may be anything, so the path is looked for at the very end.
  const path = / at "([\w.[\]]+)"$/.exec(message.slice(0, -reason.length - 2))?.[1] ?? variable;
  return { path: path.replaceAll(/\[(\d+)\]/g, '.$1'), message: withoutValues(reason) };
}

/** graphql repeats the offending value, after "found:" or at the end of "cannot represent …:". */
function withoutValues(message: string): string {
  return message
    .replace(/, found: [\s\S]*$/, '.')
    .replace(/(cannot represent [^:]{1,80}): [\s\S]*$/, '$1.')
    .slice(0, MAX_MESSAGE_LENGTH);
}
