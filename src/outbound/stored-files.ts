import type { App } from '../app.ts';
import type { Identity } from '../auth/keys.ts';
import { requireScope } from '../auth/scopes.ts';
import { sql } from '../db/statement.ts';
import {
  type AttachmentInput,
  filenameProblem,
  isMediaType,
  MAX_ATTACHMENT_BYTES,
  TOO_LARGE,
} from '../email/content.ts';
import { AccountNotReadyError, DomainError, InvalidInputError, NotFoundError } from '../errors.ts';
import { AttachmentGoneError, ContentGoneError, ensureContent, readContent, type StoredFile } from './attachments.ts';

interface InputWithFiles {
  readonly attachments?: readonly AttachmentInput[] | null;
  readonly idempotencyKey?: string | null;
}

/**
 * Gives the files that an input names by the uid of an upload or of an attachment their bytes. The rest of the input stays as
 * it is, and is checked as if the request had carried them. With an idempotency key, a file that is missing is marked instead of
 * thrown: the same request may have been accepted when it was there.
 * @param options.path of the input object: `input.fresh`.
 * @param options.hold waits for this share of the process's memory.
 * @throws {NotFoundError | InvalidInputError | ForbiddenError | ProviderError}
 */
export async function withStoredFiles<Input extends InputWithFiles>(
  app: App,
  identity: Identity,
  input: Input,
  { path, hold }: { readonly path: string; readonly hold: (bytes: number) => Promise<void> },
): Promise<Input> {
  const files: (StoredFile | DomainError | null)[] = [];
  for (const [index, file] of (input.attachments ?? []).entries()) {
    files.push(await findFile(app, identity, file, `${path}.attachments.${index}`));
  }
  if (files.every((file) => file === null)) return input;
  const missing = missingOf(files);
  if (missing !== null && input.idempotencyKey == null) throw missing;
  const bytes = files.reduce((sum, file) => sum + (file !== null && 'size' in file ? file.size : 0), 0);
  if (bytes > MAX_ATTACHMENT_BYTES) throw new InvalidInputError([{ path: `${path}.attachments`, message: TOO_LARGE }]);
  await hold(bytes);
  const attachments: AttachmentInput[] = [];
  for (const [index, file] of (input.attachments ?? []).entries()) {
    const stored = files[index];
    if (stored == null) attachments.push(file);
    else if (stored instanceof DomainError) attachments.push({ ...file, missing: missing ?? stored });
    else {
      const bytes = await readStored(app, identity.organizationId, file, stored);
      if (bytes instanceof NotFoundError) {
        if (input.idempotencyKey == null) throw bytes;
        attachments.push({ ...file, missing: bytes });
        continue;
      }
      // The name and the type of a received file come from its sender, and may be invalid in an email.
      const filename = filenameProblem(stored.filename) === null ? stored.filename : 'attachment';
      const contentType = isMediaType(stored.contentType) ? stored.contentType : 'application/octet-stream';
      attachments.push({
        filename: file.filename ?? filename,
        contentType: file.contentType ?? contentType,
        contentId: file.contentId ?? null,
        stored: bytes,
      });
    }
  }
  return { ...input, attachments };
}

/** Its bytes, or what to tell when it was deleted since it was found. */
async function readStored(
  app: App,
  organizationId: string,
  { uploadUid, attachmentUid }: AttachmentInput,
  stored: StoredFile,
): Promise<Buffer | NotFoundError> {
  try {
    return await readContent(app.pool, organizationId, stored);
  } catch (error) {
    if (!(error instanceof ContentGoneError)) throw error;
    return uploadUid == null
      ? new NotFoundError('Attachment', attachmentUid ?? '')
      : new NotFoundError('Upload', uploadUid);
  }
}

/** What to tell of the files that are missing: the first one that does not exist, or else every one. Null: none is. */
function missingOf(files: readonly (StoredFile | DomainError | null)[]): DomainError | null {
  const missing = files.filter((file) => file instanceof DomainError);
  const issues = missing.flatMap((error) => (error instanceof InvalidInputError ? error.issues : []));
  return (
    missing.find((error) => error instanceof NotFoundError) ??
    (issues.length > 0 ? new InvalidInputError(issues) : null)
  );
}

/**
 * @returns null when the input names none, or has other sources too: that is reported with the rest of the input. An error when the
 * file is missing.
 */
async function findFile(
  app: App,
  identity: Identity,
  { dataBase64, uploadUid, attachmentUid }: AttachmentInput,
  at: string,
): Promise<StoredFile | DomainError | null> {
  if (dataBase64 != null || (uploadUid != null) === (attachmentUid != null)) return null;
  const { organizationId } = identity;
  if (uploadUid != null) {
    const { rows } = await app.pool.query<StoredFile>(
      sql`SELECT filename, content_type AS "contentType", size, sha256 FROM attachment_upload
        WHERE organization_id = ${organizationId} AND id = ${uploadUid} AND sha256 IS NOT NULL`,
    );
    return rows[0] ?? new NotFoundError('Upload', uploadUid);
  }
  const id = attachmentUid ?? '';
  // Attaching a file lets the caller read it.
  requireScope(identity, 'email:read');
  try {
    return await ensureContent(app, organizationId, id);
  } catch (error) {
    if (error instanceof NotFoundError) return error;
    const message = unavailable(error);
    if (message === null) throw error;
    return new InvalidInputError([{ path: `${at}.attachmentUid`, message }]);
  }
}

function unavailable(error: unknown): string | null {
  if (error instanceof AttachmentGoneError) return 'The file is gone from Gmail and was never stored.';
  return error instanceof AccountNotReadyError ? `The file is in Gmail only. ${error.message}` : null;
}
