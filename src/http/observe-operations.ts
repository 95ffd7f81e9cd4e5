import { GraphQLError, getOperationAST } from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import { observe, secondsSince } from '../observe.ts';
import { currentRequest } from '../request-scope.ts';
import type { Context } from '../schema/context.ts';
import { traced } from '../trace.ts';

/**
 * Runs each operation in a span, publishes it with the code that its client sees, after the errors were masked, and gives every error
 * the id of the request.
 */
export function observeOperations(): Plugin<Context> {
  const executed = new WeakMap<Request, { readonly name: string; readonly startedAt: number }>();
  return {
    onExecute({ args: { document, operationName, contextValue }, executeFn, setExecuteFn }) {
      const operation = getOperationAST(document, operationName);
      const name = operation?.name?.value ?? 'unnamed';
      executed.set(contextValue.request, { name, startedAt: performance.now() });
      const scope = currentRequest();
      if (scope !== undefined) scope.operation = name;
      const attributes = { requestId: scope?.id, organizationId: contextValue.identity.organizationId };
      setExecuteFn((args) => traced(`graphql ${name}`, attributes, async () => executeFn(args)));
    },
    onResultProcess({ request, result, setResult }) {
      if (isAsyncIterable(result) || Array.isArray(result)) return;
      if (result.errors !== undefined) setResult({ ...result, errors: result.errors.map(withRequestId) });
      const operation = executed.get(request);
      if (operation === undefined) return;
      const code = result.errors?.[0]?.extensions.code ?? 'OK';
      observe('operation', { name: operation.name, code: String(code), seconds: secondsSince(operation.startedAt) });
    },
  };
}

function withRequestId(error: GraphQLError): GraphQLError {
  const { message, nodes, source, positions, path, originalError } = error;
  const extensions = { ...error.extensions, requestId: currentRequest()?.id };
  return new GraphQLError(message, { nodes, source, positions, path, originalError, extensions });
}
