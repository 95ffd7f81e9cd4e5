import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { App } from './app.ts';
import { authenticate } from './auth/authenticate.ts';
import { GmailError } from './gmail/errors.ts';
import { AttachmentGoneError, contentSlices, ensureContent } from './mail/attachment-content.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

interface StoredFile {
  readonly filename: string;
  readonly contentType: string;
  readonly size: number;
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify({ error: message }));
}

/** Serves GET and HEAD /attachments/:uid, under the same keys as the API. */
export async function serveAttachment(
  app: App,
  request: IncomingMessage,
  response: ServerResponse,
  attachmentId: string,
): Promise<void> {
  const identity = await authenticate(app, request.headers.authorization ?? null);
  if (identity === null) return refuse(response, 401, 'Send an API key: Authorization: Bearer epk_…');
  if (!identity.scopes.has('email:read')) return refuse(response, 403, 'This needs the scope email:read.');
  const { organizationId } = identity;
  const file = UUID.test(attachmentId) ? await findFile(app, organizationId, attachmentId) : null;
  if (file === null) return refuse(response, 404, 'There is no such attachment.');
  let sha256: string;
  try {
    sha256 = await ensureContent(app, organizationId, attachmentId);
  } catch (error) {
    if (error instanceof AttachmentGoneError) return refuse(response, 410, 'The attachment is gone from Gmail.');
    if (error instanceof GmailError) return refuse(response, 502, 'Gmail could not be read; try again.');
    throw error;
  }
  response.writeHead(200, headersOf(file, sha256));
  if (request.method === 'HEAD') response.end();
  else await pipeline(contentSlices(app.pool, organizationId, sha256), response);
}

async function findFile(app: App, organizationId: string, id: string): Promise<StoredFile | null> {
  const { rows } = await app.pool.query<StoredFile>(
    'SELECT filename, content_type AS "contentType", size FROM attachment WHERE organization_id = $1 AND id = $2',
    [organizationId, id],
  );
  return rows[0] ?? null;
}

/** A stranger's file must never run as a page of ours: it is saved, not shown, and not guessed at. */
function headersOf({ filename, contentType }: StoredFile, sha256: string): Record<string, string> {
  const ascii = filename.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const encoded = encodeURIComponent(filename.toWellFormed()).replace(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16)}`,
  );
  return {
    'content-type': /^[\x20-\x7e]+$/.test(contentType) ? contentType : 'application/octet-stream',
    'content-disposition': `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`,
    'content-security-policy': "sandbox; default-src 'none'",
    'x-content-type-options': 'nosniff',
    'cache-control': 'private, max-age=31536000, immutable',
    etag: `"${sha256}"`,
  };
}
