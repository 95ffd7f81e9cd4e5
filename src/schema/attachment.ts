import type { App } from '../app.ts';
import { NotFoundError } from '../errors.ts';
import { AttachmentGoneError, ensureContent } from '../outbound/attachments.ts';
import { builder } from './builder.ts';

export const Attachment = builder.prismaObject('Attachment', {
  description: 'A file of an outbound email or of a message.',
  select: { id: true },
  fields: (t) => ({
    uid: t.expose('id', { type: 'UUID', description: 'Its uid.' }),
    filename: t.exposeString('filename', {
      description: 'Its name as its sender gave it, in any script: not to be used as a path.',
    }),
    contentType: t.exposeString('contentType', {
      description: 'Its media type as its sender gave it: `application/pdf`.',
    }),
    size: t.exposeInt('size', {
      description: 'Its size in bytes, decoded. Of a received file that nobody has opened yet, as Gmail tells it.',
    }),
    sha256: t.string({
      description:
        'SHA-256 of its bytes, in hex. Of a received file that nobody has opened yet, this fetches it from Gmail: ask for it where it is needed, not in lists.',
      // It may take two calls of Gmail.
      complexity: 20,
      select: { sha256: true },
      resolve: async ({ id, sha256 }, _args, { app, identity }) =>
        sha256 ?? (await fetchedHash(app, identity.organizationId, id)),
    }),
    contentId: t.exposeString('contentId', {
      nullable: true,
      description: 'The Content-ID of an inline image, which the html names as `cid:…`. Null: a plain attachment.',
    }),
    downloadUrl: t.field({
      type: 'HttpUrl',
      description:
        'Where its bytes are: GET or HEAD it with the same `Authorization` as here and the scope `email:read`. It stays as it is, is saved rather than shown by a browser, gives ranges, and lets pages of `CORS_ORIGINS` in. 410: it is gone from Gmail; 409: its account must be connected first; 502: Gmail did not answer, try again.',
      resolve: ({ id }, _args, { app }) => `${app.publicUrl}/attachments/${id}`,
    }),
  }),
});

/** @throws {NotFoundError} when Gmail has it no more. @throws {AccountNotReadyError} @throws {ProviderError} */
async function fetchedHash(app: App, organizationId: string, id: string): Promise<string> {
  try {
    return (await ensureContent(app, organizationId, id)).sha256;
  } catch (error) {
    throw error instanceof AttachmentGoneError ? new NotFoundError('Attachment', id) : error;
  }
}

export const AttachmentInput = builder.inputType('AttachmentInput', {
  description: 'A file to send along. At most 20 in one email, 25 MB together.',
  fields: (t) => ({
    filename: t.string({ required: true, description: '1 to 255 characters in any script, no line break.' }),
    contentType: t.string({
      required: true,
      description: 'A media type: `application/pdf`, `text/plain; charset=utf-8`.',
    }),
    dataBase64: t.field({ type: 'Base64', required: true, description: 'The bytes.' }),
    contentId: t.string({
      description: 'For an inline image: what the html names as `cid:…`, without angle brackets.',
    }),
  }),
});
