import { totalmem } from 'node:os';
import { type DocumentNode, GraphQLError, getOperationAST, Kind, type OperationDefinitionNode } from 'graphql';
import { createYoga, isAsyncIterable, type Plugin } from 'graphql-yoga';
import { LRUCache } from 'lru-cache';
import type { App } from '../app.ts';
import { authenticate, keyProblem } from '../auth/authenticate.ts';
import type { Identity } from '../auth/keys.ts';
import { ByteBudget } from '../byte-budget.ts';
import { scopeToOrganization, type TenantDb } from '../db/tenant.ts';
import { describeError } from '../log.ts';
import { limitAnswer } from '../schema/answer-limits.ts';
import { createBatchLoaders } from '../schema/batch.ts';
import { createBodies } from '../schema/bodies.ts';
import type { Context } from '../schema/context.ts';
import { schema } from '../schema/index.ts';
import { besideOthers, presentableError, unavailableError } from '../schema/mask-error.ts';
import { limitLists, limitMutations } from '../schema/operation-limits.ts';
import { checkVariables } from '../schema/variables.ts';
import { PREFLIGHT_SECONDS } from './answer.ts';
import { type GraphiqlDemo, graphiqlExamples, renderGraphiql } from './graphiql.ts';
import { observeOperations } from './observe-operations.ts';
import { readQueries } from './read-queries.ts';
import { type Exchange, holdShare, readBodies } from './request-body.ts';

const MAX_TOKENS = 5_000;
const MAX_CACHED_TENANTS = 1_000;
/** Of all cached parsed operations, which take a hundred times as many bytes. */
const MAX_CACHED_CHARACTERS = 500_000;

/** Of all large requests that are being answered; at most a quarter of the memory. */
const MAX_LARGE_REQUEST_BYTES = 256 * 1024 * 1024;
/** Of all files that requests name by their uids, and an eighth of the memory at most. */
const MAX_FILE_BYTES = 128 * 1024 * 1024;
/** Of the bodies in all large answers; at most a sixteenth of the memory, because an answer takes several times as much. */
const MAX_LARGE_ANSWER_BYTES = 64 * 1024 * 1024;

export interface GraphqlServerOptions {
  /** The key and the ids that are filled into GraphiQL. Null without the demo. */
  readonly demo: (GraphiqlDemo & { readonly key: string }) | null;
}

export type GraphqlServer = ReturnType<typeof createGraphqlServer>;

/** Serves /graphql. */
export function createGraphqlServer(app: App, { demo }: GraphqlServerOptions) {
  /** A client is cheap to keep and costs time to create. */
  const tenants = new LRUCache<string, TenantDb>({ max: MAX_CACHED_TENANTS });
  const identities: Identities = new WeakMap();
  const memory = Math.min(process.constrainedMemory() || Number.POSITIVE_INFINITY, totalmem());
  const requestBudget = new ByteBudget(Math.min(memory / 4, MAX_LARGE_REQUEST_BYTES));
  const fileBudget = new ByteBudget(Math.min(memory / 8, MAX_FILE_BYTES));
  const answerBudget = new ByteBudget(Math.min(memory / 16, MAX_LARGE_ANSWER_BYTES));

  return createYoga<Exchange, Context>({
    schema,
    graphqlEndpoint: '/graphql',
    landingPage: false,
    renderGraphiQL: renderGraphiql,
    graphiql: app.config.production
      ? false
      : {
          title: 'Epistle',
          defaultQuery: graphiqlExamples(demo),
          headers: JSON.stringify({ authorization: `Bearer ${demo?.key ?? 'epk_…'}` }, null, 2),
        },
    // The API uses no cookies, so origins need no credentials.
    cors:
      app.config.corsOrigins.length > 0
        ? {
            origin: [...app.config.corsOrigins],
            credentials: false,
            exposedHeaders: ['Retry-After', 'X-Request-Id'],
            maxAge: PREFLIGHT_SECONDS,
          }
        : false,
    logging: false,
    parserAndValidationCache: { documentCache: createCache<DocumentNode>(), errorCache: createCache() },
    // `readBodies` has the limits.
    maxRequestBodySize: false,
    multipart: false,
    plugins: [
      readBodies((request) => identify(app, identities, request), requestBudget),
      checkOperations,
      hideValues,
      observeOperations(),
      maskErrorsOfMutations(app),
      readQueries(app),
    ],
    context: ({ request, res }) => {
      const identity = identities.get(request);
      if (identity === undefined) throw unauthenticated(null);
      const { organizationId } = identity;
      const db = tenants.get(organizationId) ?? scopeToOrganization(app.db, organizationId);
      tenants.set(organizationId, db);
      const bodiesOn = (client: TenantDb) => createBodies(client, (bytes) => answerBudget.hold(bytes, res));
      let releaseFiles = () => {};
      const holdFiles = async (bytes: number) => {
        // Mutations run one after the other: the one before has used its files.
        releaseFiles();
        releaseFiles = await holdShare(fileBudget, bytes, res);
      };
      return {
        app,
        identity,
        db,
        batches: createBatchLoaders(),
        bodies: bodiesOn(db),
        bodiesOn,
        holdFiles,
        given: new Set(),
      };
    },
    maskedErrors: {
      isDev: false,
      maskError: (error) => masked(app, error, false),
    },
  });
}

/** Parsed operations by their text. Yoga's own cache keeps a thousand of them of any size. */
function createCache<Known extends object>() {
  return new LRUCache<string, Known>({
    maxSize: MAX_CACHED_CHARACTERS,
    sizeCalculation: (_known, operation) => operation.length + 1,
  });
}

/** @param isOfMutation whether the error comes from the execution of a mutation. */
function masked(app: App, error: unknown, isOfMutation: boolean): GraphQLError {
  return (
    presentableError(error, isOfMutation) ??
    unavailable(app, error, isOfMutation) ??
    unexpected(app, error, isOfMutation)
  );
}

/** A failure of the database, not a bug: logged at most once a second. */
function unavailable(app: App, error: unknown, isOfMutation: boolean): GraphQLError | null {
  const answer = unavailableError(error, isOfMutation);
  if (answer !== null) {
    app.logFailure(originalOf(error), 'database unavailable', { path: answer.path });
    // The next request then fails at its key, before a mutation has begun, and its answer can say that nothing was done.
    app.apiKeys.forget();
  }
  return answer;
}

function originalOf(error: unknown): unknown {
  return error instanceof GraphQLError ? (error.originalError ?? error) : error;
}

/** Logs it once, with the request's id, which is in the answer too. */
function unexpected(app: App, error: unknown, isOfMutation: boolean): GraphQLError {
  const path = error instanceof GraphQLError ? error.path : undefined;
  app.log.error({ path, error: describeError(originalOf(error)) }, 'unexpected error');
  return new GraphQLError('Unexpected error.', {
    path: path ?? null,
    extensions: { code: 'INTERNAL_SERVER_ERROR', retry: isOfMutation ? 'CHECK_FIRST' : 'SAFE' },
  });
}

function unauthenticated(authorization: string | null): GraphQLError {
  const extensions = { code: 'UNAUTHENTICATED', retry: 'NEVER', http: { status: 401 } };
  return new GraphQLError(keyProblem(authorization), { extensions });
}

type Identities = WeakMap<Request, Identity>;

async function identify(app: App, identities: Identities, request: Request): Promise<void> {
  const authorization = request.headers.get('authorization');
  const identity = await authenticate(app, authorization);
  if (identity === null) throw unauthenticated(authorization);
  identities.set(request, identity);
}

const checkOperations: Plugin<Context> = {
  onParse({ parseFn, setParseFn }) {
    setParseFn((source, options) => parseFn(source, { ...options, maxTokens: MAX_TOKENS }));
  },
  onValidate({ addValidationRule }) {
    addValidationRule(limitMutations);
    addValidationRule(limitLists);
  },
  onExecute({ args }) {
    const { schema, document, contextValue: context } = args;
    const operation = getOperationAST(document, args.operationName);
    if (operation == null) return undefined;
    args.variableValues = checkVariables({ schema, document, operation, context }, args.variableValues ?? {});
    return {
      onExecuteDone({ result, setResult }) {
        if (!isAsyncIterable(result)) setResult(limitAnswer(operation, result, context.bodies));
      },
    };
  },
};

/** Validation errors quote literals, and bypass `maskError`. */
const hideValues: Plugin = {
  onValidate: () => (outcome) => {
    if (!outcome.valid) outcome.setResult(outcome.result.map((error) => presentableError(error) ?? error));
  },
};

/** Runs before Yoga's masking, which does not know the operation: despite an error, a mutation may have been carried out. */
function maskErrorsOfMutations(app: App): Plugin {
  return {
    onExecute({ args: { document, operationName } }) {
      const operation = getOperationAST(document, operationName);
      if (operation?.operation !== 'mutation') return undefined;
      return {
        onExecuteDone({ result, setResult }) {
          if (isAsyncIterable(result) || result.errors === undefined) return;
          const errors = result.errors.map((error) => {
            const answer = masked(app, error, true);
            return result.data === null && !isOfFirst(error, operation) ? besideOthers(answer) : answer;
          });
          setResult({ ...result, errors });
        },
      };
    },
  };
}

/** Whether the first mutation of the operation has failed: the others have not begun. */
function isOfFirst({ path }: GraphQLError, { selectionSet: { selections } }: OperationDefinitionNode): boolean {
  const [first] = selections;
  return first?.kind === Kind.FIELD && path?.[0] === (first.alias ?? first.name).value;
}
