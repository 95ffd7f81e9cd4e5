/** What belongs to the HTTP request that the running code works for, so that every log line of it has its id. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';

export interface RequestScope {
  /** `X-Request-Id`, of the client or made here. */
  readonly id: string;
  /** The name of the GraphQL operation, once it is known. */
  operation?: string;
}

/** An id of a client must be short, and readable in a log line. */
const CLIENT_ID = /^[\w.:+/=-]{1,128}$/;

const scopes = new AsyncLocalStorage<RequestScope>();

/** @param given the header of the request; one that is malformed is replaced. */
export function createRequestScope(given: string | string[] | undefined): RequestScope {
  return { id: typeof given === 'string' && CLIENT_ID.test(given) ? given : randomUUID() };
}

/** Runs `work`, and whatever it starts, in the scope. */
export function inRequest<Result>(scope: RequestScope, work: () => Result): Result {
  return scopes.run(scope, work);
}

/** Undefined outside of a request. */
export function currentRequest(): RequestScope | undefined {
  return scopes.getStore();
}
