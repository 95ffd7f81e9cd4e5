import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { sendNodeResponse } from '@whatwg-node/server';
import { CALLBACK_PATH } from '../accounts/oauth-connect.ts';
import type { App } from '../app.ts';
import { ByteBudget } from '../byte-budget.ts';
import { ConfigError } from '../config/config.ts';
import { isDatabaseUnavailable } from '../db/unavailable.ts';
import { describeError } from '../log.ts';
import { observe, secondsSince } from '../observe.ts';
import { createRequestScope, inRequest } from '../request-scope.ts';
import { allowOrigin, answer, refuse, servePreflight } from './answer.ts';
import { receiveAttachment } from './attachment-upload.ts';
import { serveAttachment } from './attachments.ts';
import { servePush } from './gmail-push.ts';
import { createGraphqlServer, type GraphqlServer, type GraphqlServerOptions } from './graphql.ts';
import { serveOAuthCallback } from './oauth-callback.ts';
import { readinessOf } from './readiness.ts';

/** Held in memory by all uploads: sixteen at a time, the others wait. */
const MAX_UPLOAD_BYTES = 32 * 1024 * 1024;

/** For requests that were on their way when the listener closed. */
const LATE_REQUESTS_MS = 500;

interface Serving {
  readonly isOpen: boolean;
  /** Null: this process only runs jobs. */
  readonly graphql: Promise<GraphqlServer | null>;
  readonly uploads: ByteBudget;
}

/**
 * Listens on the port, so that a process without one takes no work. Until `open` is called, /ready answers 503 and requests wait.
 * @throws {ConfigError} when it cannot listen, naming the variable to change.
 */
export async function listenForRequests(app: App) {
  const graphql = Promise.withResolvers<GraphqlServer | null>();
  let isOpen = false;
  const uploads = new ByteBudget(MAX_UPLOAD_BYTES);
  let answering = 0;
  let isClosing = false;
  // Node.js answers 408 to a request that has not arrived by then, and closes its connection.
  const { requestMs } = app.timing;
  const timeouts = { requestTimeout: requestMs, connectionsCheckingInterval: Math.ceil(requestMs / 12) };
  const server = createServer(timeouts, (request, response) => {
    answering++;
    const startedAt = performance.now();
    const scope = createRequestScope(request.headers['x-request-id']);
    response.setHeader('x-request-id', scope.id);
    allowOrigin(app.config.corsOrigins, request, response);
    // A client that reads nothing of its answer holds memory that others wait for, and keeps the server from closing.
    response.setTimeout(requestMs, () => {
      if (response.headersSent) response.destroy();
    });
    response.once('close', () => {
      answering--;
      const status = response.writableFinished ? response.statusCode : 0;
      const answered = { route: routeOf(request), status, seconds: secondsSince(startedAt) };
      observe('request', answered);
      if (app.config.logRequests)
        app.log.info({ requestId: scope.id, operation: scope.operation, ...answered }, 'request');
      if (!isClosing) return;
      // A kept connection would bring the next request to a process that is about to end.
      request.socket.end();
      if (answering === 0) server.closeAllConnections();
    });
    // A proxy then closes the connection itself, and asks another process.
    if (app.health.isStopping) response.setHeader('connection', 'close');
    if (isClosing) {
      response.setHeader('connection', 'close');
      refuse(response, 503, 'The server is stopping. Repeat the request.');
      return;
    }
    inRequest(scope, () => {
      const serving = { isOpen, graphql: graphql.promise, uploads };
      route(app, serving, request, response).catch((error: unknown) => fail(app, error, request, response));
    });
  });
  await listen(server, app.config.port, app.config.host);
  return {
    /** The port that it listens on, also if port 0 was configured. */
    port: portOf(server),
    /** Answers requests from now on. */
    open(options: GraphqlServerOptions): void {
      graphql.resolve(app.config.worker === 'only' ? null : createGraphqlServer(app, options));
      isOpen = true;
    },
    /** Accepts no new connections and waits for the requests under way. */
    async close(): Promise<void> {
      // Right after the event loop has accepted what waited in the listener's queue, and so would be reset.
      await nextTurn();
      const closed = new Promise<void>((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
      });
      // The request of a connection that a proxy opened just before may still be under way.
      if (app.config.drainDelayMs > 0) await delay(LATE_REQUESTS_MS);
      isClosing = true;
      // Node.js counts a connection as idle only after its first request, but browsers open connections without one.
      if (answering === 0) server.closeAllConnections();
      else server.closeIdleConnections();
      await closed;
    },
  };
}

const ROUTES = new Set(['graphql', 'attachments', 'oauth', 'google', 'health', 'ready']);

/** The route for metrics: the first segment of a known path. */
function routeOf({ url = '' }: IncomingMessage): string {
  const [, first = ''] = /^\/([\w-]*)/.exec(url) ?? [];
  return ROUTES.has(first) ? first : 'other';
}

/** A host with an optional port (RFC 9110, section 7.2). Other parts that a URL may have before its path are refused. */
const HOST = /^(?:\[[\da-f:.]+\]|[\w!$%&'()*+,;=.~-]+)(?::\d*)?$/i;

/** Absent is allowed: HTTP/1.0 does not have it. */
function isHost(host: string | undefined): boolean {
  return host === undefined || (HOST.test(host) && URL.canParse(`http://${host}`));
}

/** The request target (RFC 9112, section 3.2): a path, or the absolute URL that a proxy sends. Null: neither. */
function targetOf(target: string): URL | null {
  if (target.startsWith('/')) return URL.parse(`http://localhost${target}`);
  return /^https?:\/\//i.test(target) ? URL.parse(target) : null;
}

async function route(app: App, serving: Serving, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const target = targetOf(request.url ?? '');
  if (target === null || !isHost(request.headers.host)) {
    return refuse(response, 400, 'The request target or the Host header is malformed.');
  }
  const { pathname } = target;
  request.url = `${pathname}${target.search}`;
  const { method } = request;
  if (pathname === '/health' && (method === 'GET' || method === 'HEAD')) return answer(response, 200, { status: 'ok' });
  if (pathname === '/ready' && !serving.isOpen) return answer(response, 503, { status: 'starting' });
  // A proxy may have sent it here as soon as the port was bound: it must not fail.
  const graphql = await serving.graphql;
  if (graphql !== null) {
    if (pathname === '/graphql') return serveGraphql(graphql, request, response);
    if (pathname === CALLBACK_PATH) return serveOAuthCallback(app, request, response);
    if (pathname === '/google/push' && method === 'POST') return servePush(app, request, response);
    if (pathname === '/attachments' && method === 'POST')
      return receiveAttachment(app, serving.uploads, request, response);
  }
  if (method === 'OPTIONS') return servePreflight(response);
  const [, first, id, ...rest] = pathname.split('/');
  if (method !== 'GET' && method !== 'HEAD') {
    if (first !== 'attachments') return refuse(response, 404, 'Not found.');
    response.setHeader('allow', id === undefined ? 'POST, OPTIONS' : 'GET, HEAD, OPTIONS');
    return refuse(response, 405, 'The method is not allowed here.');
  }
  if (first === 'attachments' && graphql !== null && id !== undefined && rest.length === 0) {
    return serveAttachment(app, request, response, { id, query: target.searchParams });
  }
  if (pathname === '/' && graphql !== null) return welcome(app, request, response);
  if (pathname === '/ready') {
    const { isReady, body } = await readinessOf(app);
    return answer(response, isReady ? 200 : 503, body);
  }
  return refuse(response, 404, 'Not found. The API is at /graphql.');
}

/** Redirects a browser to GraphiQL, unless in production. */
function welcome({ config }: App, request: IncomingMessage, response: ServerResponse): void {
  if (request.headers.accept?.includes('text/html') === true && !config.production) {
    response.writeHead(302, { location: '/graphql', 'cache-control': 'no-store' });
    response.end();
    return;
  }
  const message =
    'This is Epistle. Send GraphQL operations as POST to /graphql, with an API key: Authorization: Bearer epk_…. `npm run admin -- key create` creates a key.';
  answer(response, 200, { message });
}

/** An error outside of an operation goes to `fail`: Yoga's own listener would answer with its stack trace. */
async function serveGraphql(graphql: GraphqlServer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const result = await graphql.handleNodeRequestAndResponse(request, response, { req: request, res: response });
  await sendNodeResponse(result, response, request, true);
}

/** Handles unexpected errors of every route. */
function fail(app: App, error: unknown, request: IncomingMessage, response: ServerResponse): void {
  // A client that disconnected is not an error of ours, and cannot be answered.
  if (error === request.errored) {
    response.destroy();
    return;
  }
  const pathname = targetOf(request.url ?? '')?.pathname.split('/')[1];
  // After an answer has begun, a broken connection may be the client's.
  if (!response.headersSent && isDatabaseUnavailable(error)) {
    app.logFailure(error, 'database unavailable', { pathname });
    refuse(response, 503, 'The database is unavailable. Repeat the request later.');
    return;
  }
  app.log.error({ pathname, error: describeError(error) }, 'unexpected error');
  if (response.headersSent) response.destroy();
  else refuse(response, 500, 'Unexpected error.');
}

const LISTEN_PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'PORT: is in use by another process',
  EACCES: 'PORT: needs more rights than this process has; take one above 1023',
  EADDRNOTAVAIL: 'HOST: must be an address of this machine',
  EAI_AGAIN: 'HOST: cannot be looked up; give an address of this machine',
  ENOTFOUND: 'HOST: must be an address of this machine, or a name of it',
};

async function listen(server: Server, port: number, host: string): Promise<void> {
  server.listen(port, host);
  await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
    const problem = LISTEN_PROBLEMS[error.code ?? ''];
    throw problem === undefined ? error : new ConfigError(problem);
  });
}

function portOf(server: Server): number {
  const address: string | AddressInfo | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}
