/** The requests of a send: as JSON, or above what Gmail takes of that as an upload of two parts. */
import { randomUUID } from 'node:crypto';
import type { Mime } from './gateway.ts';
import type { GmailRequest, RequestBody } from './transport.ts';

/** Gmail takes about 5 MB of JSON, and base64 makes 4.7 MB of this. */
const MAX_JSON_MIME_BYTES = 3_500_000;
const JSON_TYPE = 'application/json';
/** Whose token it is. */
export const ME = '/gmail/v1/users/me';
const DRAFTS = `${ME}/drafts`;

export type RequestParts = Pick<GmailRequest, 'method' | 'path' | 'body'>;

function jsonBody(json: string): RequestBody {
  return { contentType: JSON_TYPE, size: Buffer.byteLength(json), pieces: [json] };
}

/** `drafts.send`. */
export function sendRequest(draftId: string): RequestParts {
  return { method: 'POST', path: `${DRAFTS}/send`, body: jsonBody(JSON.stringify({ id: draftId })) };
}

/** `drafts.create`. */
export function draftRequest(mime: Mime, threadId: string | null): RequestParts {
  const thread = threadId === null ? '' : `"threadId":${JSON.stringify(threadId)}`;
  if (mime.size <= MAX_JSON_MIME_BYTES) {
    // Written by hand: base64url needs no escapes, and JSON.stringify would look through all of it.
    const json = `{"message":{${thread && `${thread},`}"raw":"${Buffer.concat([...mime.chunks()]).toString('base64url')}"}}`;
    return { method: 'POST', path: DRAFTS, body: jsonBody(json) };
  }
  // The metadata part must be there, empty or not.
  const boundary = randomUUID();
  const head =
    `--${boundary}\r\ncontent-type: ${JSON_TYPE}\r\n\r\n{"message":{${thread}}}\r\n` +
    `--${boundary}\r\ncontent-type: message/rfc822\r\n\r\n`;
  const contentType = `multipart/related; boundary=${boundary}`;
  const tail = `\r\n--${boundary}--`;
  const size = Buffer.byteLength(head) + mime.size + Buffer.byteLength(tail);
  const body = { contentType, size, pieces: uploadPieces(head, mime, tail) };
  return { method: 'POST', path: `/upload${DRAFTS}?uploadType=multipart`, body };
}

function* uploadPieces(head: string, mime: Mime, tail: string): Generator<string | Buffer> {
  yield head;
  yield* mime.chunks();
  yield tail;
}
