/**
 * The gateway's own way to Gmail, for the calls that every send makes: one request over a kept connection.
 *   createTransport  the connections to one origin, and the repeats of a read
 *   exchange         one request and its whole answer, or a CallFailure
 * Nothing is written before the connection stands, TLS included, so a failure knows whether Gmail can have seen anything.
 * A request that was begun is never made again, on whatever connection: only a read is repeated, as a new request.
 */

import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { CallFailure } from './failure.ts';

/**
 * A request on a connection that the server is closing has an unknown outcome. So idle ones are given up long before
 * Google (minutes) or a proxy (from 5 s) would; Node goes below this where the server's Keep-Alive header asks for it.
 */
const MAX_IDLE_MS = 4_000;
const MAX_CONNECTIONS = 256;
/** Before each repeat of a read. */
const READ_PAUSES_MS = [100, 500];
const MAX_ANSWER_BYTES = { GET: 64 * 1024 * 1024, POST: 1024 * 1024 };
const CHUNK_BYTES = 64 * 1024;

export interface GmailRequest {
  /** A GET is repeated when it fails, a POST never. */
  readonly method: 'GET' | 'POST';
  /** Query included. */
  readonly path: string;
  readonly token: string;
  readonly body: RequestBody | null;
  readonly signal: AbortSignal | undefined;
}

export interface RequestBody {
  readonly contentType: string;
  /** Bytes of all pieces. */
  readonly size: number;
  /** Sent one after the other, each taken when the connection has room for it. Read once. */
  readonly pieces: Iterable<string | Buffer>;
}

/**
 * The environment's proxy variables: `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, in either case. A proxy that is not
 * named by an http or https URL is none.
 */
export type ProxyEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * @returns the JSON of a 2xx answer; undefined when it is none.
 * @throws {CallFailure} for everything else, redirects included.
 */
export type Transport = (request: GmailRequest) => Promise<unknown>;

/**
 * @param options.origin scheme, host and port; a path is ignored.
 * @param options.timeoutMs of one call, its repeats included.
 */
export function createTransport(options: {
  readonly origin: string;
  readonly timeoutMs: number;
  readonly proxyEnv: ProxyEnvironment;
}): Transport {
  const { protocol, hostname, port } = new URL(options.origin);
  const { Agent, request: open } = protocol === 'https:' ? https : http;
  const agent = new Agent({
    keepAlive: true,
    timeout: MAX_IDLE_MS,
    maxSockets: MAX_CONNECTIONS,
    scheduling: 'lifo',
    proxyEnv: likeGoogleClient(options.proxyEnv),
  });
  // Node takes an IPv6 address without its brackets.
  const target = { agent, hostname: hostname.replace(/^\[|\]$/g, ''), port };
  const connected = protocol === 'https:' ? 'secureConnect' : 'connect';

  /** One request, written at most once, and its whole answer. */
  function exchange({ method, path, token, body, signal }: GmailRequest, timeoutMs: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      let isBegun = false;
      let isOver = false;
      const call = open({ ...target, method, path, headers: headersOf(token, body) });

      const end = () => {
        isOver = true;
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
      };
      const fail = (code: string | null) => {
        if (isOver) return;
        end();
        call.destroy();
        reject(new CallFailure({ status: null, code, isNeverWritten: !isBegun }));
      };
      const abort = () => fail('AbortError');
      const lost = () => fail('ECONNRESET');
      const timer = setTimeout(() => fail('TimeoutError'), timeoutMs);
      signal?.addEventListener('abort', abort);
      if (signal?.aborted) abort();

      call.on('socket', (socket) => {
        const begin = () => {
          isBegun = true;
          writeBody(call, body?.pieces ?? []);
        };
        if (socket.connecting) socket.once(connected, begin);
        else begin();
      });
      // Also for what comes after the end: an error that nobody hears would end the process.
      call.on('error', (error) => fail(codeOf(error)));
      call.on('close', lost);
      call.on('response', (answer) => {
        // The connection may be closed before the end of the answer was read from memory.
        call.off('close', lost);
        answer.on('close', lost);
        const chunks: Buffer[] = [];
        let size = 0;
        answer.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > MAX_ANSWER_BYTES[method]) fail(ANSWER_TOO_LARGE);
          else chunks.push(chunk);
        });
        answer.on('end', () => {
          const text = decode(answer, Buffer.concat(chunks), MAX_ANSWER_BYTES[method]);
          if (text === null) {
            fail('ERR_CONTENT_ENCODING');
            return;
          }
          end();
          // An answer that came early: the rest of the request is not wanted.
          if (!call.writableFinished) call.destroy();
          const { statusCode: status = 0, headers } = answer;
          const json = parseJson(text);
          if (status >= 200 && status < 300) resolve(json);
          else reject(new CallFailure({ status, body: json ?? text, retryAfter: headers['retry-after'] ?? null }));
        });
      });
    });
  }

  return async (request) => {
    const deadline = performance.now() + options.timeoutMs;
    // A process that stood still may be past it.
    const leftMs = () => Math.max(1, deadline - performance.now());
    for (const pauseMs of request.method === 'GET' ? READ_PAUSES_MS : []) {
      try {
        return await exchange(request, leftMs());
      } catch (error) {
        if (!mayPass(error)) throw error;
      }
      const pause = Math.min(pauseMs, leftMs());
      // An abort ends the pause, and then the next request before it is made.
      await delay(pause, undefined, { signal: request.signal }).catch(() => undefined);
    }
    return exchange(request, leftMs());
  };
}

/** As the Google client reads it, which the other calls go through: one proxy for either scheme, none for this machine. */
function likeGoogleClient(env: ProxyEnvironment): ProxyEnvironment {
  const proxy = env.HTTPS_PROXY || env.https_proxy || env.HTTP_PROXY || env.http_proxy;
  const noProxy = [env.NO_PROXY ?? env.no_proxy, 'localhost', '127.0.0.1'].filter((rule) => rule).join(',');
  return { HTTPS_PROXY: proxy, HTTP_PROXY: proxy, NO_PROXY: noProxy };
}

function headersOf(token: string, body: RequestBody | null): Record<string, string | number> {
  const headers = {
    authorization: `Bearer ${token}`,
    accept: 'application/json',
    // Answers are small: unpacking one costs a sixth of the whole read.
    'accept-encoding': 'identity',
    'user-agent': 'epistle',
  };
  if (body === null) return headers;
  return { ...headers, 'content-type': body.contentType, 'content-length': body.size };
}

/** No faster than the connection takes it. */
function writeBody(call: ClientRequest, pieces: Iterable<string | Buffer>): void {
  const chunks = chunksOf(pieces);
  let next = chunks.next();
  const write = () => {
    while (!next.done) {
      const chunk = next.value;
      next = chunks.next();
      // The last one goes with the end: a small request is one write.
      if (next.done) call.end(chunk);
      else if (!call.write(chunk)) {
        call.once('drain', write);
        return;
      }
    }
  };
  if (next.done) call.end();
  else write();
}

function* chunksOf(pieces: Iterable<string | Buffer>): Generator<string | Buffer> {
  for (const piece of pieces) {
    if (typeof piece === 'string') yield piece;
    else for (let from = 0; from < piece.length; from += CHUNK_BYTES) yield piece.subarray(from, from + CHUNK_BYTES);
  }
}

/** Null when the bytes are not what their encoding says, or it is none that is known here. */
function decode(answer: IncomingMessage, bytes: Buffer, maxOutputLength: number): string | null {
  const encoding = answer.headers['content-encoding']?.toLowerCase() ?? 'identity';
  if (encoding === 'identity' || bytes.length === 0) return bytes.toString();
  // Not asked for, but something in between may do so all the same.
  if (encoding !== 'gzip' && encoding !== 'x-gzip') return null;
  try {
    return gunzipSync(bytes, { maxOutputLength }).toString();
  } catch {
    return null;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

/** An answer above `MAX_ANSWER_BYTES`. */
export const ANSWER_TOO_LARGE = 'ERR_ANSWER_TOO_LARGE';
const NEVER_BETTER = new Set(['TimeoutError', 'AbortError', ANSWER_TOO_LARGE]);

/** Whether a read may go better the next time. What Gmail refused stays refused. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof CallFailure)) return false;
  const { status, code } = error.failure;
  return status === null ? !NEVER_BETTER.has(code ?? '') : status >= 500;
}
