/**
 * GET and HEAD /attachments/:uid serve the bytes of an attachment to a signed URL or an API key. A Range request continues an
 * interrupted download.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { create } from 'content-disposition';
import type { App } from '../app.ts';
import { authenticate, keyProblem } from '../auth/authenticate.ts';
import { isMediaType } from '../email/content.ts';
import { AccountNotReadyError, NotFoundError, ProviderError } from '../errors.ts';
import { isUuid } from '../input.ts';
import { signedAttachment } from '../outbound/attachment-url.ts';
import { AttachmentGoneError, contentSlices, ensureContent, type StoredFile } from '../outbound/attachments.ts';
import { refuse } from './answer.ts';
import { parseRange } from './byte-range.ts';

/** Formats in which nothing can run. An SVG can. */
const IMAGE = /^image\/(?:png|gif|jpeg|webp|avif|bmp)\s*(?:;|$)/i;
/** Clients refuse longer header fields. */
const MAX_FILENAME_LENGTH = 255;

/**
 * Serves GET and HEAD.
 * @param target as the URL names it.
 */
export async function serveAttachment(
  app: App,
  request: IncomingMessage,
  response: ServerResponse,
  { id, query }: { readonly id: string; readonly query: URLSearchParams },
): Promise<void> {
  const signed = query.has('signature') ? signedAttachment(app, id, query) : null;
  if (query.has('signature') && signed === null) {
    return refuse(response, 403, 'This URL has expired. Ask for downloadUrl again.');
  }
  const { authorization = null } = request.headers;
  const identity = signed === null ? await authenticate(app, authorization) : null;
  if (signed === null && identity === null) return refuse(response, 401, keyProblem(authorization));
  if (identity?.scopes.has('email:read') === false) return refuse(response, 403, 'This needs the scope email:read.');
  const organizationId = signed?.organizationId ?? identity?.organizationId ?? '';
  const notFound = () => refuse(response, 404, 'Attachment not found.');
  if (!isUuid(id)) return notFound();
  let file: StoredFile;
  try {
    file = await ensureContent(app, organizationId, id);
  } catch (error) {
    if (error instanceof NotFoundError) return notFound();
    if (error instanceof AttachmentGoneError) return refuse(response, 410, 'The attachment is gone from Gmail.');
    if (error instanceof AccountNotReadyError) return refuse(response, 409, error.message);
    if (error instanceof ProviderError) return refuse(response, 502, 'Gmail could not be read; try again.');
    throw error;
  }
  await sendContent(app, organizationId, request, response, file);
}

async function sendContent(
  app: App,
  organizationId: string,
  request: IncomingMessage,
  response: ServerResponse,
  file: StoredFile,
): Promise<void> {
  const { sha256, size } = file;
  const headers = headersOf(file);
  if (isKnown(request.headers['if-none-match'], headers.etag)) {
    const { etag, vary, 'cache-control': caching } = headers;
    response.writeHead(304, { etag, vary, 'cache-control': caching });
    response.end();
    return;
  }
  const ifRange = request.headers['if-range'];
  const takesPart = request.method === 'GET' && (ifRange === undefined || ifRange === headers.etag);
  const range = takesPart ? parseRange(request.headers.range, size) : 'whole';
  if (range === 'unsatisfiable') {
    response.setHeader('content-range', `bytes */${size}`);
    return refuse(response, 416, `The attachment has ${size} bytes.`);
  }
  const part = range === 'whole' ? { from: 0, to: size } : range;
  response.writeHead(range === 'whole' ? 200 : 206, {
    ...headers,
    'content-length': part.to - part.from,
    ...(range === 'whole' ? {} : { 'content-range': `bytes ${part.from}-${part.to - 1}/${size}` }),
  });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  try {
    await pipeline(contentSlices(app.pool, organizationId, sha256, part), response);
  } catch (error) {
    // An interrupted download is not an error of ours.
    const isClientGone = error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
    if (!isClientGone) throw error;
  }
}

function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  const known = ifNoneMatch?.split(',').map((each) => each.trim().replace(/^W\//, ''));
  return known !== undefined && (known.includes(etag) || known.includes('*'));
}

/** A stranger's file must never run as a page of ours: only images are shown, the rest is saved, and none is guessed at. */
function headersOf({ filename, contentType, sha256 }: StoredFile) {
  const isValid = isMediaType(contentType) && !/[^\t\x20-\x7e]/.test(contentType);
  const type = isValid ? contentType : 'application/octet-stream';
  return {
    'content-type': type,
    'content-disposition': create(savedName(filename), { type: IMAGE.test(type) ? 'inline' : 'attachment' }),
    'content-security-policy': "sandbox; default-src 'none'",
    'x-content-type-options': 'nosniff',
    'cache-control': 'private, max-age=31536000, immutable',
    // A browser may keep it only for the user who may read it, and for the origin that requested it.
    vary: 'authorization, origin',
    'accept-ranges': 'bytes',
    etag: `"${sha256}"`,
  };
}

/** Without folders, line breaks and characters that change the direction of writing, by which `gnp.exe` would read `exe.png`. */
function savedName(filename: string): string {
  const plain = filename.toWellFormed().replaceAll(/[\p{Cc}/\\\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '_');
  if (plain.length <= MAX_FILENAME_LENGTH) return plain || 'attachment';
  const [extension = ''] = /\.\w{1,16}$/.exec(plain) ?? [];
  return `${plain.slice(0, MAX_FILENAME_LENGTH - extension.length).toWellFormed()}${extension}`;
}
