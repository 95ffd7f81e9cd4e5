/**
 * GET, HEAD and OPTIONS /attachments/:uid: the bytes of an attachment, under the same keys and for the same web origins
 * as the API. Whole or one range of them, so that a broken download goes on where it ended.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { App } from '../app.ts';
import { authenticate } from '../auth/authenticate.ts';
import { parseRange } from './byte-range.ts';
import { AccountNotReadyError, ProviderError } from '../errors.ts';
import { AttachmentGoneError, contentSlices, ensureContent, type StoredContent } from '../outbound/attachments.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const MEDIA_TYPE = /^[\w!#$&^.+-]{1,127}\/[\w!#$&^.+-]{1,127}(?:\s*;[\x20-\x7e]{0,255})?$/;
/** Longer header fields are refused by clients. */
const MAX_FILENAME_LENGTH = 255;
const PREFLIGHT_SECONDS = 600;

interface StoredFile {
  readonly filename: string;
  readonly contentType: string;
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify({ error: message }));
}

/** What a page of another origin asks before it sends its key along. */
export function serveAttachmentPreflight(app: App, request: IncomingMessage, response: ServerResponse): void {
  allowOrigin(app, request, response);
  response.writeHead(204, {
    'access-control-allow-methods': 'GET, HEAD',
    'access-control-allow-headers': 'authorization, range, if-range, if-none-match',
    'access-control-max-age': String(PREFLIGHT_SECONDS),
  });
  response.end();
}

/** Serves GET and HEAD. */
export async function serveAttachment(
  app: App,
  request: IncomingMessage,
  response: ServerResponse,
  attachmentId: string,
): Promise<void> {
  allowOrigin(app, request, response);
  const identity = await authenticate(app, request.headers.authorization ?? null);
  if (identity === null) return refuse(response, 401, 'Send an API key: Authorization: Bearer epk_…');
  if (!identity.scopes.has('email:read')) return refuse(response, 403, 'This needs the scope email:read.');
  const { organizationId } = identity;
  const file = UUID.test(attachmentId) ? await findFile(app, organizationId, attachmentId) : null;
  if (file === null) return refuse(response, 404, 'There is no such attachment.');
  let content: StoredContent;
  try {
    content = await ensureContent(app, organizationId, attachmentId);
  } catch (error) {
    if (error instanceof AttachmentGoneError) return refuse(response, 410, 'The attachment is gone from Gmail.');
    if (error instanceof AccountNotReadyError) return refuse(response, 409, error.message);
    if (error instanceof ProviderError) return refuse(response, 502, 'Gmail could not be read; try again.');
    throw error;
  }
  await sendContent(app, organizationId, request, response, { ...file, ...content });
}

async function sendContent(
  app: App,
  organizationId: string,
  request: IncomingMessage,
  response: ServerResponse,
  file: StoredFile & StoredContent,
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
    if (!isClientGone(error)) throw error;
  }
}

/** Whoever breaks a download off is no error of ours. */
function isClientGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
}

async function findFile(app: App, organizationId: string, id: string): Promise<StoredFile | null> {
  const { rows } = await app.pool.query<StoredFile>(
    'SELECT filename, content_type AS "contentType" FROM attachment WHERE organization_id = $1 AND id = $2',
    [organizationId, id],
  );
  return rows[0] ?? null;
}

function allowOrigin({ config }: App, { headers: { origin } }: IncomingMessage, response: ServerResponse): void {
  if (origin === undefined || !config.corsOrigins.some((allowed) => new URL(allowed).origin === origin)) return;
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('access-control-expose-headers', 'content-disposition, content-range, etag, retry-after');
}

function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  const known = ifNoneMatch?.split(',').map((each) => each.trim().replace(/^W\//, ''));
  return known !== undefined && (known.includes(etag) || known.includes('*'));
}

/** A stranger's file must never run as a page of ours: it is saved, not shown, and not guessed at. */
function headersOf({ filename, contentType, sha256 }: StoredFile & StoredContent) {
  const name = savedName(filename);
  const ascii = name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
  return {
    'content-type': MEDIA_TYPE.test(contentType) ? contentType : 'application/octet-stream',
    'content-disposition': `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`,
    'content-security-policy': "sandbox; default-src 'none'",
    'x-content-type-options': 'nosniff',
    'cache-control': 'private, max-age=31536000, immutable',
    // What a browser keeps is for who may read it, and for the origin that asked.
    vary: 'authorization, origin',
    'accept-ranges': 'bytes',
    etag: `"${sha256}"`,
  };
}

/** Of a folder, of a line break, and of what turns the direction of writing, so that `gnp.exe` reads `exe.png`, nothing is left. */
function savedName(filename: string): string {
  const plain = filename.toWellFormed().replaceAll(/[\p{Cc}/\\\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '_');
  if (plain.length <= MAX_FILENAME_LENGTH) return plain || 'attachment';
  const [extension = ''] = /\.\w{1,16}$/.exec(plain) ?? [];
  return `${plain.slice(0, MAX_FILENAME_LENGTH - extension.length).toWellFormed()}${extension}`;
}
