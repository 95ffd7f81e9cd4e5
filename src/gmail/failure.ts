import { z } from 'zod';

/** What can be said of a failed call without its request, which holds the mail and the token. */
export interface Failure {
  /** HTTP status, null when no answer came. */
  readonly status: number | null;
  /** The error's code: of the system ("ECONNRESET"), of Node or node-fetch, "TimeoutError", "AbortError". */
  readonly code: string | null;
  /** The system call that failed, "connect" for instance. */
  readonly systemCall: string | null;
  /** Node's own words. They may hold a URL: match on them, do not pass them on. */
  readonly text: string;
  /** The body of the answer: parsed JSON, else a string, else undefined. Of strangers. */
  readonly body: unknown;
  readonly retryAfter: string | null;
  /** Whether it is certain that not one byte of the request left. Null: nobody saw, so the code has to tell. */
  readonly isNeverWritten: boolean | null;
}

/** What our own transport throws: the failure as it saw it, and nothing of the request. */
export class CallFailure extends Error {
  readonly failure: Failure;

  constructor(seen: Partial<Failure> & Pick<Failure, 'status'>) {
    super('The call to Gmail failed.');
    this.name = 'CallFailure';
    this.failure = {
      code: null,
      systemCall: null,
      text: '',
      body: undefined,
      retryAfter: null,
      isNeverWritten: null,
      ...seen,
    };
  }
}

/** node-fetch has a Headers class of its own. */
const HeaderMap = z.custom<Pick<Headers, 'get'>>(
  (value) => typeof value === 'object' && value !== null && 'get' in value && typeof value.get === 'function',
);

// The shape of gaxios 8 on node-fetch 3, seen with broken servers. `code` of the outer error is the status when there was
// an answer; the inner FetchError holds the system call, and no `cause` of its own.
const GaxiosFailure = z.object({
  message: z.string().catch(''),
  code: z.union([z.string(), z.number()]).optional().catch(undefined),
  response: z
    .object({ status: z.number(), headers: HeaderMap.optional().catch(undefined), data: z.unknown().optional() })
    .optional()
    .catch(undefined),
  cause: z.object({ erroredSysCall: z.string().optional() }).optional().catch(undefined),
});

export function readFailure(error: unknown): Failure {
  if (error instanceof CallFailure) return error.failure;
  const { message, code, response, cause } = GaxiosFailure.catch({ message: '' }).parse(error);
  return {
    status: response?.status ?? null,
    code: typeof code === 'string' ? code : null,
    systemCall: cause?.erroredSysCall ?? null,
    text: message,
    body: response?.data,
    retryAfter: response?.headers?.get('retry-after') ?? null,
    isNeverWritten: null,
  };
}

const BEFORE_REQUEST_CALLS = new Set(['connect', 'getaddrinfo']);
// When every address of a name fails, Node reports one code and no system call.
const NO_CONNECTION_CODES = new Set([
  'ECONNREFUSED',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'EADDRNOTAVAIL',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
// Node checks the certificate before it lets the request through.
const CERTIFICATE_CODES =
  /^(?:CERT_\w+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT\w*|UNABLE_TO_VERIFY_LEAF_SIGNATURE|HOSTNAME_MISMATCH|ERR_TLS_CERT_ALTNAME_INVALID)$/;
// Both come as codes that a connection in use fails with also, so the words have to tell. TLS 1.3 alerts about a client
// certificate are left out: they arrive after the request was written.
const HANDSHAKE_WORDS =
  /before secure TLS connection was established|wrong version number|unsupported protocol|alert protocol version/;

/** Whether it is certain that not one byte of the request left. */
export function isNeverWritten(failure: Failure): boolean {
  if (failure.status !== null) return false;
  if (failure.isNeverWritten !== null) return failure.isNeverWritten;
  if (failure.code === null) return false;
  if (failure.systemCall !== null && BEFORE_REQUEST_CALLS.has(failure.systemCall)) return true;
  if (CERTIFICATE_CODES.test(failure.code) || HANDSHAKE_WORDS.test(failure.text)) return true;
  return failure.systemCall === null && NO_CONNECTION_CODES.has(failure.code);
}
