/**
 * The only transport to Google: a `fetch` for its client, the OAuth endpoints and the keys of push tokens.
 *   A request is written once, on one connection, and never repeated here: repeats are up to the caller.
 *   A failure says whether the request was started. Nothing is written before the connection is open, including TLS.
 *   Redirects are not followed. An answer is complete, of limited size, and not compressed.
 */
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici';
import { PROXY_NAMES } from '../config/config.ts';
import { observe, secondsSince } from '../observe.ts';
import { traced } from '../trace.ts';

/**
 * A request on a connection that the server is closing has an unknown outcome. So idle connections are closed long before Google
 * (minutes) or a proxy (from 5 s) would close them, or this long before the time of the server's Keep-Alive header.
 */
const MAX_IDLE_MS = 4_000;
const IDLE_MARGIN_MS = 1_000;
/** For a proxy to open a tunnel. */
const TUNNEL_TIMEOUT_MS = 10_000;
/** To one origin. */
const MAX_CONNECTIONS = 256;
const MAX_READ_BYTES = 64 * 1024 * 1024;
/** Of the answer to anything but a GET. */
const MAX_ANSWER_BYTES = 1024 * 1024;
export const ANSWER_TOO_LARGE = 'ERR_ANSWER_TOO_LARGE';

/**
 * The environment's proxy variables: `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, in either case. One proxy serves both
 * schemes. Hosts on this machine are called directly.
 */
export type ProxyEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * Needs a signal for its deadline.
 * @param init.size of the largest answer to a GET, in bytes. Omitted: 64 MB.
 * @throws {TransportError} without a complete answer.
 */
export type Transport = (
  input: string | URL | Request,
  init?: RequestInit & { size?: number | undefined },
) => Promise<Response>;

/** Contains nothing of the request, which holds the mail and the token. */
export class TransportError extends Error {
  /** A code of the system ("ECONNRESET") or of Node.js; "TimeoutError" or "AbortError" when the signal ended it. */
  readonly code: string | null;
  /** True when it is certain that no byte of the request left. */
  readonly isNeverWritten: boolean;

  constructor(code: string | null, isNeverWritten: boolean) {
    super('The request to Google failed.');
    this.name = 'TransportError';
    this.code = code;
    this.isNeverWritten = isNeverWritten;
  }
}

export function createTransport(proxyEnv: ProxyEnvironment): Transport {
  const agent = new EnvHttpProxyAgent({
    ...proxiesOf(proxyEnv),
    connections: MAX_CONNECTIONS,
    pipelining: 1,
    // On HTTP/2, undici would repeat a request on another connection.
    allowH2: false,
    keepAliveTimeout: MAX_IDLE_MS,
    keepAliveMaxTimeout: MAX_IDLE_MS,
    keepAliveTimeoutThreshold: IDLE_MARGIN_MS,
    // The signal of each request has the deadline.
    headersTimeout: 0,
    bodyTimeout: 0,
    clientFactory: (proxy, clientOptions) => new Pool(proxy, { ...clientOptions, headersTimeout: TUNNEL_TIMEOUT_MS }),
  });

  return (input, { method = 'GET', headers, body, signal = null, size = MAX_READ_BYTES } = {}) => {
    const { origin, pathname, search } = new URL(input instanceof Request ? input.url : input);
    const call = callName(method, pathname);
    return traced(`google ${call}`, {}, async () => {
      const startedAt = performance.now();
      let isBegun = false;
      const begin = () => {
        if (isBegun) throw new Error('undici would write a request again');
        isBegun = true;
      };
      try {
        const answer = await agent.compose(beginningWith(begin)).request({
          origin,
          path: pathname + search,
          method,
          // Google's client asks for gzip. Answers are small: decompressing one costs more than it saves.
          headers: { ...Object.fromEntries(new Headers(headers)), 'accept-encoding': 'identity' },
          body: bodyOf(body),
          signal,
        });
        const bytes = await read(answer, method === 'GET' ? size : MAX_ANSWER_BYTES);
        // Only then has undici freed the connection for the next request, which would otherwise open another one.
        await nextTurn();
        observe('googleCall', { call, status: String(answer.statusCode), seconds: secondsSince(startedAt) });
        return toResponse(answer, bytes);
      } catch (error) {
        const code = signal?.aborted ? abortCode(signal) : codeOf(error);
        observe('googleCall', { call, status: code ?? 'unknown', seconds: secondsSince(startedAt) });
        throw new TransportError(code, !isBegun);
      }
    });
  };
}

/** The words in the paths of the Gmail API. Everything else in one is an id. */
const PATH_WORD =
  /^(?:messages|drafts|threads|labels|history|profile|watch|stop|send|settings|sendAs|attachments|batchModify|modify|trash)$/;

/** The method and the resource without ids, such as `GET messages/{id}`; of other endpoints the last word, such as `POST token`. */
function callName(method: string, pathname: string): string {
  const [, path] = /\/users\/[^/]+\/(.*)$/.exec(pathname) ?? [];
  if (path === undefined) return `${method} ${pathname.split('/').at(-1)}`;
  const words = path.split('/').map((segment) => (PATH_WORD.test(segment) ? segment : '{id}'));
  return `${method} ${words.join('/')}`;
}

function proxiesOf(env: ProxyEnvironment) {
  const proxy = PROXY_NAMES.map((name) => env[name]).find(Boolean) ?? '';
  const noProxy = [env.NO_PROXY ?? env.no_proxy, 'localhost', '127.0.0.1', '::1'].join(',');
  return { httpProxy: proxy, httpsProxy: proxy, noProxy };
}

/** undici calls this when it has a connection, just before it writes the first byte. If it throws, nothing is written. */
function beginningWith(begin: () => void): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) =>
    dispatch(options, {
      onRequestStart(controller, context) {
        begin();
        handler.onRequestStart?.(controller, context);
      },
      onResponseStart: (...answer) => handler.onResponseStart?.(...answer),
      onResponseData: (...chunk) => handler.onResponseData?.(...chunk),
      onResponseEnd: (...trailers) => handler.onResponseEnd?.(...trailers),
      onResponseError: (...failure) => handler.onResponseError?.(...failure),
    });
}

/** The body from Google's client. A stream is read no faster than the connection takes it. */
function bodyOf(body: unknown): string | Readable | null {
  if (body === undefined || body === null) return null;
  if (typeof body === 'string' || body instanceof Readable) return body;
  throw new TypeError('A request body is a string or a stream.');
}

async function read({ headers, body }: Dispatcher.ResponseData, maxBytes: number) {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) throw new TransportError(ANSWER_TOO_LARGE, false);
    chunks.push(chunk);
  }
  // A compressed answer was not requested.
  if (size > 0 && (headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw new TransportError('ERR_CONTENT_ENCODING', false);
  }
  return Buffer.concat(chunks);
}

function toResponse(answer: Dispatcher.ResponseData, bytes: Buffer<ArrayBuffer>): Response {
  const status = answer.statusCode;
  const headers = new Headers();
  for (const name of ['content-type', 'retry-after']) {
    const value = answer.headers[name];
    if (typeof value === 'string') headers.set(name, value);
  }
  return new Answer(bytes, { status, headers });
}

/** A `Response` would wrap the bytes that are read already into a stream, and its reader would read them once more. */
class Answer extends Response {
  readonly #bytes: Buffer;

  constructor(bytes: Buffer, init: ResponseInit) {
    super(null, init);
    this.#bytes = bytes;
  }

  override async text(): Promise<string> {
    return this.#bytes.toString();
  }

  override async json(): Promise<unknown> {
    return JSON.parse(this.#bytes.toString());
  }
}

function abortCode({ reason }: AbortSignal): string {
  return reason instanceof Error && reason.name === 'TimeoutError' ? 'TimeoutError' : 'AbortError';
}

/** The codes of Node.js for those of undici, where they exist. */
const NODE_CODES: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: 'ETIMEDOUT',
  UND_ERR_HEADERS_OVERFLOW: 'HPE_HEADER_OVERFLOW',
  UND_ERR_SOCKET: 'ECONNRESET',
};

function codeOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  // An answer that is not HTTP, for which undici gives no code.
  if (error.name === 'HTTPParserError') return 'HPE_INVALID_CONSTANT';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : null;
  return code && (NODE_CODES[code] ?? code);
}
