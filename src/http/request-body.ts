/**
 * Reads requests: each within its limits, and all large ones within one budget of memory. The caller is authenticated before
 * the first byte of a body is read.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import PQueue from 'p-queue';
import { BudgetExhaustedError, type ByteBudget } from '../byte-budget.ts';
import { allocationSize } from '../email/base64.ts';
import { RETRY_AFTER_S } from '../schema/mask-error.ts';
import { refusedRequest } from '../schema/refused-request.ts';
import { checkLists, parseJson, tooLarge } from './json-limits.ts';

/** The request and response of Node.js, which Yoga hands on. */
export interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

/** 25 MB of files in base64, two bodies, and the JSON around them. */
const MAX_REQUEST_BYTES = 45 * 1024 * 1024;
/** Requests above this usually contain files, which only JSON can. */
const MAX_SMALL_REQUEST_BYTES = 256 * 1024;

/**
 * @param admit throws if the request must not be read.
 * @param budget the memory that large requests hold until they are answered.
 */
export function readBodies(admit: (request: Request) => Promise<void>, budget: ByteBudget): Plugin<object, Exchange> {
  const large = new PQueue({ concurrency: 1 });
  return {
    onRequestParse({ request, requestParser, serverContext, setRequestParser }) {
      if (requestParser === undefined)
        return setRequestParser(() => Promise.reject(refusedRequest(UNSUPPORTED_BODY, { http: { status: 415 } })));
      setRequestParser(async () => {
        await admit(request);
        const json = async () => {
          const body = await readBody(serverContext, budget, MAX_REQUEST_BYTES);
          return body.length > MAX_SMALL_REQUEST_BYTES ? large.add(() => parseAndFree(body)) : parseJson(body);
        };
        const text = async () => (await readBody(serverContext, budget, MAX_SMALL_REQUEST_BYTES)).toString();
        Object.defineProperties(request, { json: { value: json }, text: { value: text } });
        try {
          const params = await requestParser(request);
          checkLists(params);
          return params;
        } catch (error) {
          // An error in variables or extensions in a URL or a form. Yoga reports those of a body itself.
          throw error instanceof SyntaxError ? refusedRequest(INVALID_JSON, { http: { status: 400 } }) : error;
        }
      });
    },
  };
}

/** Parsing takes tens of milliseconds: other work runs before the next one. */
async function parseAndFree(body: Buffer<ArrayBuffer>): Promise<unknown> {
  try {
    return parseJson(body);
  } finally {
    // Freed now: the garbage collector only considers the heap, and the bytes are outside of it.
    body.buffer.transfer(0);
    await setImmediate();
  }
}

/** The rest of a body that is too large is read and discarded, so that the client gets its answer. */
async function readBody({ req, res }: Exchange, budget: ByteBudget, maxBytes: number): Promise<Buffer<ArrayBuffer>> {
  const header = req.headers['content-length'];
  const announced = header === undefined ? null : Number(header);
  if (announced !== null && announced > maxBytes) throw tooLarge(`${maxBytes} bytes`);
  // One buffer, because each of a million pieces would take a hundred bytes more.
  let body = Buffer.allocUnsafeSlow(0);
  let size = 0;
  let isHeld = false;
  // The end of the loop must not close the connection, which the answer needs.
  for await (const chunk of req.iterator({ destroyOnReturn: false })) {
    const from = size;
    size += chunk.length;
    if (size > maxBytes) continue;
    if (!isHeld && (announced ?? size) > MAX_SMALL_REQUEST_BYTES) {
      await holdShare(budget, announced ?? maxBytes, res);
      isHeld = true;
    }
    if (size > body.length) body = Buffer.from(body.buffer.transfer(allocationSize(announced ?? 2 * size)));
    chunk.copy(body, from);
  }
  if (size > maxBytes) throw tooLarge(`${maxBytes} bytes`);
  return body.subarray(0, size);
}

/** As `hold` of the budget. @throws {GraphQLError} when no memory became free in time. */
export async function holdShare(budget: ByteBudget, bytes: number, response: ServerResponse): Promise<() => void> {
  try {
    return await budget.hold(bytes, response);
  } catch (error) {
    if (!(error instanceof BudgetExhaustedError)) throw error;
    const http = { status: 503, headers: { 'retry-after': String(RETRY_AFTER_S) } };
    throw new GraphQLError('Too many large requests are in progress. Nothing was done. Repeat the request later.', {
      extensions: { code: 'SERVICE_UNAVAILABLE', retry: 'AFTER', http },
    });
  }
}

/** As that of `fetch` with a string and without the header. */
const UNSUPPORTED_BODY = 'Send the operation as JSON, with the header Content-Type: application/json.';
const INVALID_JSON = 'The variables and the extensions must be JSON objects.';
