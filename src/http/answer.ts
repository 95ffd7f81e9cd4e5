/** Answers of the routes outside of GraphQL. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { RETRY_AFTER_S } from '../schema/mask-error.ts';

/** How long a browser keeps the answer to a preflight request. */
export const PREFLIGHT_SECONDS = 600;

export function answer(response: ServerResponse, status: number, body: object): void {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  response.writeHead(status, status === 503 ? { ...headers, 'retry-after': String(RETRY_AFTER_S) } : headers);
  response.end(JSON.stringify(body));
}

export function refuse(response: ServerResponse, status: number, error: string): void {
  answer(response, status, { error, requestId: response.getHeader('x-request-id') });
}

/** Lets pages of the allowed origins read the answer, errors included. */
export function allowOrigin(
  corsOrigins: readonly string[],
  { headers: { origin } }: IncomingMessage,
  response: ServerResponse,
): void {
  if (origin === undefined || !corsOrigins.includes(origin)) return;
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader(
    'access-control-expose-headers',
    'content-disposition, content-range, etag, retry-after, x-request-id',
  );
}

/** Answers the preflight request of a page of another origin. */
export function servePreflight(response: ServerResponse): void {
  response.writeHead(204, {
    'access-control-allow-methods': 'GET, HEAD, POST',
    'access-control-allow-headers': 'authorization, content-disposition, content-type, range, if-range, if-none-match',
    'access-control-max-age': String(PREFLIGHT_SECONDS),
  });
  response.end();
}
