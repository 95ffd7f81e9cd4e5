import { signedAttachmentUrl } from '../outbound/attachment-url.ts';
import { builder } from './builder.ts';
import { Attachment } from './refs.ts';

builder.prismaObjectFields(Attachment, (t) => ({
  uid: t.expose('id', { type: 'UUID', description: 'The uid of the file.' }),
  filename: t.exposeString('filename', {
    description: 'The file name as the sender gave it, in any script. Do not use it as a path on disk.',
  }),
  contentType: t.exposeString('contentType', {
    description: 'The media type as the sender gave it, for example `application/pdf`.',
  }),
  size: t.exposeInt('size', {
    description:
      'The size in bytes, decoded. For a received file that was not downloaded yet: the size that Gmail reports.',
  }),
  sha256: t.exposeString('sha256', {
    nullable: true,
    description:
      'SHA-256 of the bytes, in hexadecimal. Null until the bytes are stored; a received file is stored when it is first downloaded. Asking for this field fetches nothing.',
  }),
  contentId: t.exposeString('contentId', {
    nullable: true,
    description:
      'The Content-ID of an inline image, which the HTML body refers to as `cid:…`. Null for a plain attachment.',
  }),
  downloadUrl: t.field({
    type: 'HttpUrl',
    description:
      'The URL of the bytes, for `<img>` and `<a>`: it needs no header and expires after 15 minutes; then ask for it again. Images are shown, other files are downloaded. It supports ranges, and can be fetched from the origins in `CORS_ORIGINS`. Without its query it takes the `Authorization` header of a key with the scope `email:read`; a key without that scope gets this form. Status 403: the URL has expired. 410: Gmail no longer has the file. 409: reconnect the account first. 502: Gmail did not answer, try again.',
    select: { id: true, organizationId: true },
    resolve: (attachment, _args, { app, identity }) =>
      identity.scopes.has('email:read')
        ? signedAttachmentUrl(app, attachment)
        : `${app.publicUrl}/attachments/${attachment.id}`,
  }),
}));

export const AttachmentInput = builder.inputType('AttachmentInput', {
  description:
    'A file to attach: exactly one of `dataBase64`, `uploadUid` and `attachmentUid` is its source. An email can have at most 20 files, 25 MB together.',
  fields: (t) => ({
    filename: t.string({
      description:
        'The file name: 1 to 255 characters in any script, no line break. Required with `dataBase64`. Omitted with another source: the name that the source has.',
    }),
    contentType: t.string({
      description:
        'The media type, for example `application/pdf` or `text/plain; charset=utf-8`. Required with `dataBase64`. Omitted with another source: the type that the source has.',
    }),
    contentId: t.string({
      description:
        'For an inline image: the id that the HTML body refers to as `cid:…`, 1 to 255 visible ASCII characters without angle brackets. Omitted: a plain attachment.',
    }),
    dataBase64: t.field({ type: 'Base64', description: 'The bytes of the file. For large files use `uploadUid`.' }),
    uploadUid: t.field({
      type: 'UUID',
      description:
        'The uid that `POST /attachments` returned. An upload can be used several times; one that no email uses is deleted after 24 hours.',
    }),
    attachmentUid: t.field({
      type: 'UUID',
      description:
        'The uid of a file of any email or message of the organization, to send it again or to forward it. Needs the scope `email:read`.',
    }),
  }),
});
