/**
 * POST /attachments: a file, as it is, in the body. Its name is in Content-Disposition (RFC 6266), its media type in
 * Content-Type. The answer has the uid by which `AttachmentInput.uploadUid` attaches it.
 */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { parse } from 'content-disposition';
import type { App } from '../app.ts';
import { authenticate, keyProblem } from '../auth/authenticate.ts';
import { BudgetExhaustedError, type ByteBudget } from '../byte-budget.ts';
import { filenameProblem, isMediaType, MAX_ATTACHMENT_BYTES } from '../email/content.ts';
import { storeUpload } from '../outbound/uploads.ts';
import { answer, refuse } from './answer.ts';

/** What is held in memory of an upload. */
const PIECE_BYTES = 1024 * 1024;
/** With the copy that is on its way to the database. */
const HELD_BYTES = 2 * PIECE_BYTES;

class TooLargeError extends Error {}

/** @param budget of what all uploads hold in memory. */
export async function receiveAttachment(
  app: App,
  budget: ByteBudget,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { authorization = null } = request.headers;
  const identity = await authenticate(app, authorization);
  if (identity === null) return refuse(response, 401, keyProblem(authorization));
  const { scopes, organizationId } = identity;
  if (!scopes.has('email:send') && !scopes.has('drafts:write')) {
    return refuse(response, 403, 'This needs the scope email:send or drafts:write.');
  }
  const contentType = request.headers['content-type'] ?? '';
  if (!isMediaType(contentType)) return refuse(response, 400, 'Content-Type must be a media type, as application/pdf.');
  const filename = filenameOf(request.headers['content-disposition']);
  if (filename === null) {
    const example = `attachment; filename="invoice.pdf"; filename*=UTF-8''invoice.pdf`;
    return refuse(response, 400, `Content-Disposition must name the file in 1 to 255 characters, as ${example}`);
  }
  const tooLarge = `A file may have at most ${MAX_ATTACHMENT_BYTES} bytes (25 MB).`;
  if (Number(request.headers['content-length'] ?? 0) > MAX_ATTACHMENT_BYTES) return refuse(response, 413, tooLarge);
  try {
    await budget.hold(HELD_BYTES, response);
    const { id, size, sha256 } = await storeUpload(app, organizationId, { filename, contentType }, piecesOf(request));
    answer(response, 201, { uid: id, filename, contentType, size, sha256 });
  } catch (error) {
    if (error instanceof TooLargeError) return refuse(response, 413, tooLarge);
    if (!(error instanceof BudgetExhaustedError)) throw error;
    refuse(response, 503, 'Too many uploads are under way. Send the file again later.');
  }
}

/** Null: it is missing, or not a valid file name. */
function filenameOf(contentDisposition: string | undefined): string | null {
  try {
    // Node.js reads a header as Latin-1; curl sends the name as the terminal has it.
    const bytes = Buffer.from(contentDisposition ?? '', 'latin1');
    const { filename = '' } = parse(bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1')).parameters;
    return filenameProblem(filename) === null ? filename : null;
  } catch {
    return null;
  }
}

/** @throws {TooLargeError} when more comes than a file may have. */
async function* piecesOf(request: IncomingMessage): AsyncGenerator<Buffer> {
  const piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
  let filled = 0;
  let size = 0;
  // The end of the loop must not end the connection, on which the answer goes.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += chunk.length;
    // The rest is read and forgotten: the client gets its answer.
    if (size > MAX_ATTACHMENT_BYTES) continue;
    for (let from = 0; from < chunk.length; ) {
      const copied = chunk.copy(piece, filled, from);
      filled += copied;
      from += copied;
      if (filled === PIECE_BYTES) {
        yield piece;
        filled = 0;
      }
    }
  }
  if (size > MAX_ATTACHMENT_BYTES) throw new TooLargeError();
  if (filled > 0) yield piece.subarray(0, filled);
}
