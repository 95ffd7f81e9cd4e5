import { randomUUID } from 'node:crypto';
import { type ExecutionArgs, type ExecutionResult, GraphQLError, getOperationAST } from 'graphql';
import { createYoga, type Plugin, type PromiseOrValue } from 'graphql-yoga';
import type { App } from '../app.ts';
import { authenticate } from '../auth/authenticate.ts';
import type { Identity } from '../auth/keys.ts';
import { scopeToOrganization, type TenantDb } from '../db/tenant.ts';
import { type GraphiqlDemo, graphiqlExamples } from './graphiql.ts';
import { describeError } from '../log.ts';
import { readLargeBodies } from './request-body.ts';
import { createBatchLoaders } from '../schema/batch.ts';
import type { Context } from '../schema/context.ts';
import { executeQuery } from '../schema/execute-query.ts';
import { schema } from '../schema/index.ts';
import { presentableError, unavailableError } from '../schema/mask-error.ts';

const MAX_TOKENS = 5_000;
const MAX_CACHED_TENANTS = 1_000;

export interface GraphqlServerOptions {
  /** Filled into GraphiQL: its key and what its example operations name. Null: there is no demo. */
  readonly demo: (GraphiqlDemo & { readonly key: string }) | null;
}

/** Serves /graphql. */
export function createGraphqlServer(app: App, { demo }: GraphqlServerOptions) {
  const tenants = new Map<string, TenantDb>();
  const identities: Identities = new WeakMap();
  const ofMutations = new WeakSet<GraphQLError>();

  /** Clients are cheap to keep and not free to make. */
  function tenantDb(organizationId: string): TenantDb {
    const known = tenants.get(organizationId);
    if (known !== undefined) return known;
    if (tenants.size >= MAX_CACHED_TENANTS) tenants.clear();
    const db = scopeToOrganization(app.db, organizationId);
    tenants.set(organizationId, db);
    return db;
  }

  return createYoga<object, Context>({
    schema,
    graphqlEndpoint: '/graphql',
    landingPage: false,
    // From the package: the default page loads its scripts from a CDN, which a closed network does not reach.
    renderGraphiQL: async (options) => (await import('@graphql-yoga/render-graphiql')).renderGraphiQL(options),
    graphiql: app.config.production
      ? false
      : {
          title: 'Epistle',
          defaultQuery: graphiqlExamples(demo),
          headers: JSON.stringify({ authorization: `Bearer ${demo?.key ?? 'epk_…'}` }, null, 2),
        },
    // Nothing here uses cookies, so origins need no credentials.
    cors:
      app.config.corsOrigins.length > 0
        ? { origin: [...app.config.corsOrigins], credentials: false, exposedHeaders: ['Retry-After'] }
        : false,
    logging: false,
    // `readLargeBodies` has the limit.
    maxRequestBodySize: false,
    multipart: false,
    plugins: [
      // What is large is read only for those who may send something.
      readLargeBodies((request) => identify(app, identities, request)),
      authenticateFirst(app, identities),
      limitTokens,
      hideValues,
      executeByPlan(ofMutations),
    ],
    context: ({ request }) => {
      const identity = identities.get(request);
      if (identity === undefined) throw unauthenticated();
      return { app, identity, db: tenantDb(identity.organizationId), batches: createBatchLoaders() };
    },
    maskedErrors: {
      isDev: false,
      maskError: (error) => presentableError(error) ?? unavailable(app, error, ofMutations) ?? unexpected(app, error),
    },
  });
}

/** The weather, not a mistake of ours: logged as a warning. */
function unavailable(app: App, error: unknown, ofMutations: WeakSet<GraphQLError>): GraphQLError | null {
  const answer = unavailableError(error, error instanceof GraphQLError && ofMutations.has(error));
  if (answer !== null)
    app.log.warn({ path: answer.path, error: describeError(originalOf(error)) }, 'database unreachable');
  return answer;
}

function originalOf(error: unknown): unknown {
  return error instanceof GraphQLError ? (error.originalError ?? error) : error;
}

/** Logged once, under an id that the answer carries too. */
function unexpected(app: App, error: unknown): GraphQLError {
  const requestId = randomUUID();
  const path = error instanceof GraphQLError ? error.path : undefined;
  app.log.error({ requestId, path, error: describeError(originalOf(error)) }, 'unexpected error');
  return new GraphQLError('Unexpected error.', {
    path: path ?? null,
    extensions: { code: 'INTERNAL_SERVER_ERROR', requestId },
  });
}

function unauthenticated(): GraphQLError {
  const message = 'Send an API key: Authorization: Bearer epk_…';
  return new GraphQLError(message, { extensions: { code: 'UNAUTHENTICATED', retry: 'NEVER', http: { status: 401 } } });
}

type Identities = WeakMap<Request, Identity>;

async function identify(app: App, identities: Identities, request: Request): Promise<void> {
  const identity = await authenticate(app, request.headers.get('authorization'));
  if (identity === null) throw unauthenticated();
  identities.set(request, identity);
}

/** Before the operation is even parsed: validation's suggestions tell the schema, and parsing is work. */
function authenticateFirst(app: App, identities: Identities): Plugin {
  return {
    async onParams({ request }) {
      if (!identities.has(request)) await identify(app, identities, request);
    },
  };
}

const limitTokens: Plugin = {
  onParse({ parseFn, setParseFn }) {
    setParseFn((source, options) => parseFn(source, { ...options, maxTokens: MAX_TOKENS }));
  },
};

/** What validation says of a literal repeats it, and does not pass `maskError`. */
const hideValues: Plugin = {
  onValidate: () => (outcome) => {
    if (!outcome.valid) outcome.setResult(outcome.result.map((error) => presentableError(error) ?? error));
  },
};

/** @param ofMutations receives the errors of mutations: what masks an error sees no operation. */
function executeByPlan(ofMutations: WeakSet<GraphQLError>): Plugin {
  return {
    onExecute({ executeFn, setExecuteFn }) {
      setExecuteFn((args) => executeQuery(args) ?? executeNoting(ofMutations, executeFn, args));
    },
  };
}

async function executeNoting(
  ofMutations: WeakSet<GraphQLError>,
  execute: (args: ExecutionArgs) => PromiseOrValue<ExecutionResult>,
  args: ExecutionArgs,
): Promise<ExecutionResult> {
  const result = await execute(args);
  if (getOperationAST(args.document, args.operationName)?.operation === 'mutation') {
    for (const error of result.errors ?? []) ofMutations.add(error);
  }
  return result;
}
