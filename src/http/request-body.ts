import { text } from 'node:stream/consumers';
import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { parseLargeJson } from '../large-json.ts';

/** 25 MB of files in base64, two bodies, and the JSON around them. */
const MAX_REQUEST_BYTES = 45 * 1024 * 1024;
/** Above it a request has files in it, as a rule. */
const MAX_SMALL_REQUEST_BYTES = 256 * 1024;

/**
 * Reads large requests, and those that do not say how large they are. Yoga's own way has all of the JSON in memory three
 * times and for as long as it is being answered; and its limit leaves the connection blocked when a body turns out to be too
 * large.
 * @param admit throws when the request is not to be read.
 */
export function readLargeBodies(admit: (request: Request) => Promise<void>): Plugin {
  return {
    onRequestParse({ request, requestParser, setRequestParser }) {
      const { body } = request;
      const announced = request.headers.get('content-length');
      const length = announced === null ? null : Number(announced);
      if (length !== null && length > MAX_REQUEST_BYTES) throw tooLarge();
      // Node holds a request to the length that it has announced.
      if (requestParser === undefined || body === null || (length !== null && length <= MAX_SMALL_REQUEST_BYTES))
        return;
      setRequestParser(async () => {
        await admit(request);
        const json = { value: () => parseLargeJson(limited(body), length) };
        // Of other content types.
        const plain = { value: () => text(limited(body)) };
        return requestParser(Object.defineProperties(request, { json, text: plain }));
      });
    },
  };
}

/** What is too much is read all the same, and forgotten: the client gets its answer, and can go on with its connection. */
async function* limited(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.byteLength;
    if (size <= MAX_REQUEST_BYTES) yield chunk;
  }
  if (size > MAX_REQUEST_BYTES) throw tooLarge();
}

function tooLarge(): GraphQLError {
  return new GraphQLError(`A request may have at most ${MAX_REQUEST_BYTES} bytes.`, {
    extensions: { code: 'REQUEST_ENTITY_TOO_LARGE', http: { status: 413 } },
  });
}
