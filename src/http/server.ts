import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { App } from '../app.ts';
import { ConfigError } from '../config/config.ts';
import { isDatabaseUnavailable } from '../db/unavailable.ts';
import { serveAttachment, serveAttachmentPreflight } from './attachments.ts';
import { createGraphqlServer, type GraphqlServerOptions } from './graphql.ts';
import { describeError } from '../log.ts';
import { CALLBACK_PATH } from '../accounts/oauth-connect.ts';
import { serveOAuthCallback } from './oauth-callback.ts';
import { servePush } from './gmail-push.ts';
import { RETRY_AFTER_S } from '../schema/mask-error.ts';

export interface HttpServer {
  /** The port that it listens on, also when any was asked for. */
  readonly port: number;
  /** Takes no new connections and waits for the requests that are being answered. */
  close(): Promise<void>;
}

/**
 * Serves everything that Epistle has over HTTP.
 * @throws {ConfigError} when it cannot listen there, naming the variable to change.
 */
export async function startServer(app: App, options: GraphqlServerOptions): Promise<HttpServer> {
  const graphql = app.config.worker === 'only' ? null : createGraphqlServer(app, options);
  let answering = 0;
  const server = createServer((request, response) => {
    answering++;
    response.once('close', () => {
      answering--;
      if (server.listening) return;
      // Kept alive, it would bring the next request to a process that is about to end.
      request.socket.end();
      if (answering === 0) server.closeAllConnections();
    });
    if (!server.listening) {
      response.setHeader('connection', 'close');
      answer(response, 503, { error: 'Stopping. Ask again.' });
      return;
    }
    const pathname = pathOf(request);
    if (pathname === '/graphql' && graphql !== null) {
      graphql(request, response);
      return;
    }
    route(app, pathname, request, response).catch((error: unknown) => fail(app, pathname, error, request, response));
  });
  await listen(server, app.config.port, app.config.host);
  return {
    port: portOf(server),
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        // Idle is for Node only what has been asked something before; browsers open connections that never are.
        if (answering === 0) server.closeAllConnections();
        else server.closeIdleConnections();
      }),
  };
}

/** `//` and its like are no URL: they are nothing that is here, and must not end the process. */
function pathOf(request: IncomingMessage): string {
  return URL.parse(request.url ?? '/', 'http://localhost')?.pathname ?? '';
}

async function route(app: App, pathname: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (pathname === CALLBACK_PATH && app.config.worker !== 'only') return serveOAuthCallback(app, request, response);
  const [, first, second, ...rest] = pathname.split('/');
  const reads = request.method === 'GET' || request.method === 'HEAD';
  if (pathname === '/google/push' && request.method === 'POST' && app.config.worker !== 'only') {
    return servePush(app, request, response);
  }
  if (first === 'attachments' && request.method === 'OPTIONS') return serveAttachmentPreflight(app, request, response);
  if (!reads) return answer(response, first === 'attachments' ? 405 : 404, { error: 'There is nothing here.' });
  if (first === 'attachments' && app.config.worker !== 'only' && second !== undefined && rest.length === 0) {
    return serveAttachment(app, request, response, second);
  }
  if (pathname === '/health') return answer(response, 200, { status: 'ok' });
  if (pathname === '/ready') return serveReadiness(app, response);
  return answer(response, 404, { error: 'There is nothing here. The API is at /graphql.' });
}

function fail(app: App, pathname: string, error: unknown, request: IncomingMessage, response: ServerResponse): void {
  // Whoever breaks a request off is no error of ours, and is not there to be answered.
  if (error === request.errored) {
    response.destroy();
    return;
  }
  const what = { pathname: pathname.split('/')[1], error: describeError(error) };
  // Once an answer has begun, a connection that breaks may be the client's.
  if (!response.headersSent && isDatabaseUnavailable(error)) {
    app.log.warn(what, 'database unreachable');
    answer(response, 503, { error: 'The database cannot be reached now. Ask again later.' });
    return;
  }
  app.log.error(what, 'unexpected error');
  if (response.headersSent) response.destroy();
  else answer(response, 500, { error: 'Unexpected error.' });
}

/** Whether it can do its work: the database answers. It listens only once migrations are applied and jobs run. */
async function serveReadiness(app: App, response: ServerResponse): Promise<void> {
  try {
    await app.pool.query('SELECT 1');
    answer(response, 200, { status: 'ready' });
  } catch (error) {
    app.log.warn({ error: describeError(error) }, 'not ready');
    answer(response, 503, { status: 'database unreachable' });
  }
}

function answer(response: ServerResponse, status: number, body: object): void {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  response.writeHead(status, status === 503 ? { ...headers, 'retry-after': String(RETRY_AFTER_S) } : headers);
  response.end(JSON.stringify(body));
}

const LISTEN_PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'PORT: is in use by another process',
  EACCES: 'PORT: needs more rights than this process has; take one above 1023',
  EADDRNOTAVAIL: 'HOST: must be an address of this machine',
  EAI_AGAIN: 'HOST: cannot be looked up; give an address of this machine',
  ENOTFOUND: 'HOST: must be an address of this machine, or a name of it',
};

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const problem = LISTEN_PROBLEMS[error.code ?? ''];
      reject(problem === undefined ? error : new ConfigError(`Invalid environment:\n  ${problem}`));
    });
    server.listen(port, host, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

function portOf(server: Server): number {
  const address: string | AddressInfo | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}
