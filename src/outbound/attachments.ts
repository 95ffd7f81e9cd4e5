import { hash } from 'node:crypto';
import { mailboxAccess } from '../accounts/mailbox-access.ts';
import { refusalOf } from '../accounts/refusal.ts';
import type { App } from '../app.ts';
import type { Sql } from '../db/client.ts';
import { inTransactionWithFiles, MAX_SMALL_BYTES } from '../db/large-writes.ts';
import { SENDER_COLUMNS, type Sender } from '../db/sender.ts';
import { sql, statement } from '../db/statement.ts';
import type { AttachedFile } from '../email/content.ts';
import { NotFoundError } from '../errors.ts';
import type { EmailRef } from '../jobs.ts';

/** PostgreSQL writes bytes as text, twice as long: large ones are read piece by piece. */
const SLICE_BYTES = 1024 * 1024;

type AttachmentRow = Omit<AttachedFile, 'bytes'> & {
  readonly sha256: string;
  readonly size: number;
  readonly head: Buffer;
};

export const selectAttachments = statement(
  'read-attachments',
  ({ organizationId, outboundEmailId }: EmailRef) => sql`SELECT f.filename, f.content_type AS "contentType", f.sha256,
      f.content_id AS "contentId", octet_length(c.bytes) AS size, substring(c.bytes FROM 1 FOR ${SLICE_BYTES}) AS head
    FROM attachment f JOIN attachment_content c ON c.organization_id = f.organization_id AND c.sha256 = f.sha256
    WHERE f.organization_id = ${organizationId} AND f.outbound_email_id = ${outboundEmailId} ORDER BY f.position`,
);

/** The files of an outbound email, bytes included, in their order. @throws {ContentGoneError} when a draft got others meanwhile. */
export async function readAttachments(connection: Sql, ref: EmailRef): Promise<AttachedFile[]> {
  const { organizationId } = ref;
  const { rows } = await connection.query<AttachmentRow>(selectAttachments(ref));
  const files: AttachedFile[] = [];
  for (const { size, head, ...file } of rows) {
    files.push({
      ...file,
      bytes: head.length === size ? head : await readContent(connection, organizationId, { sha256: file.sha256, size }),
    });
  }
  return files;
}

/** A stored content, whole. @throws {ContentGoneError} */
export async function readContent(
  connection: Sql,
  organizationId: string,
  { sha256, size }: StoredContent,
): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(size);
  let read = 0;
  for await (const slice of contentSlices(connection, organizationId, sha256, { from: 0, to: size })) {
    read += slice.copy(bytes, read);
  }
  return bytes;
}

/**
 * The bytes of a stored content from `from` on, counted from 0, to before `to`.
 * @throws {ContentGoneError} A response has already stated its length, and is aborted.
 */
export async function* contentSlices(
  connection: Sql,
  organizationId: string,
  sha256: string,
  { from, to }: { readonly from: number; readonly to: number },
): AsyncGenerator<Buffer> {
  for (let at = from; at < to; at += SLICE_BYTES) {
    const length = Math.min(SLICE_BYTES, to - at);
    const { rows } = await connection.query<{ slice: Buffer }>(
      sql`SELECT substring(bytes FROM ${at + 1}::int FOR ${length}::int) AS slice FROM attachment_content
        WHERE organization_id = ${organizationId} AND sha256 = ${sha256}`,
    );
    const slice = rows[0]?.slice;
    if (slice?.length !== length) throw new ContentGoneError('a stored file was deleted while it was read');
    yield slice;
  }
}

export interface StoredContent {
  /** In hex. */
  readonly sha256: string;
  /** In bytes. */
  readonly size: number;
}

/** A file, whose bytes are stored. */
export interface StoredFile extends StoredContent {
  readonly filename: string;
  readonly contentType: string;
}

interface ReceivedAttachment extends Pick<StoredFile, 'filename' | 'contentType'> {
  readonly sha256: string | null;
  readonly size: number;
  readonly partId: string | null;
  readonly providerMessageId: string | null;
}

/** Of the insertion of a content: one that is stored already is locked, so that it is not deleted as unused meanwhile. */
export const KEEP_STORED = sql`ON CONFLICT (organization_id, sha256) DO UPDATE SET sha256 = excluded.sha256`;

/** The last file that has the content was deleted since it was found. */
export class ContentGoneError extends Error {
  override readonly name = 'ContentGoneError';
}

/** The message or the part of a received attachment is gone from Gmail, so its bytes cannot be read. */
export class AttachmentGoneError extends Error {
  override readonly name = 'AttachmentGoneError';
}

/**
 * Makes sure that an attachment's bytes are stored; those of a received one are fetched from Gmail when first wanted.
 * @throws {NotFoundError} @throws {AttachmentGoneError} @throws {AccountNotReadyError} @throws {ProviderError} when Gmail did not give them.
 */
export async function ensureContent(app: App, organizationId: string, attachmentId: string): Promise<StoredFile> {
  const { rows } = await app.pool.query<ReceivedAttachment & Sender>(
    sql`SELECT f.filename, f.content_type AS "contentType", f.sha256, f.size, f.part_id AS "partId",
        m.provider_message_id AS "providerMessageId", ${SENDER_COLUMNS}
      FROM attachment f
      LEFT JOIN email_message m ON m.organization_id = f.organization_id AND m.id = f.message_id
      LEFT JOIN email_account a ON a.organization_id = m.organization_id AND a.id = m.account_id
      WHERE f.organization_id = ${organizationId} AND f.id = ${attachmentId}`,
  );
  const [row] = rows;
  if (row === undefined) throw new NotFoundError('Attachment', attachmentId);
  const { filename, contentType, sha256, size } = row;
  if (sha256 !== null) return { filename, contentType, sha256, size };
  const { contentFetches } = app;
  const underWay = contentFetches.get(attachmentId);
  if (underWay !== undefined) return { filename, contentType, ...(await underWay) };
  const store = () => storePart(app, row, attachmentId);
  const isLarge = size > MAX_SMALL_BYTES;
  const fetching = (isLarge ? app.largeFetches(row.id, store) : store())
    .catch(async (error: unknown) => {
      throw await refusalOf(app, row, error);
    })
    .finally(() => contentFetches.delete(attachmentId));
  contentFetches.set(attachmentId, fetching);
  return { filename, contentType, ...(await fetching) };
}

async function storePart(app: App, row: ReceivedAttachment & Sender, attachmentId: string): Promise<StoredContent> {
  const { organizationId } = row;
  const bytes = await fetchPart(app, row);
  const sha256 = hash('sha256', bytes, 'hex');
  await inTransactionWithFiles(app, [{ bytes }], async (tx) => {
    await tx.query(
      sql`INSERT INTO attachment_content (organization_id, sha256, bytes) VALUES (${organizationId}, ${sha256}, ${bytes})
        ${KEEP_STORED}`,
    );
    const { rowCount } = await tx.query(
      sql`UPDATE attachment SET sha256 = ${sha256}, size = ${bytes.length}
        WHERE organization_id = ${organizationId} AND id = ${attachmentId}`,
    );
    if (rowCount === 0) throw new NotFoundError('Attachment', attachmentId);
  });
  return { sha256, size: bytes.length };
}

async function fetchPart(app: App, row: ReceivedAttachment & Sender): Promise<Buffer> {
  const mailbox = mailboxAccess(app, row);
  const messageId = row.providerMessageId ?? '';
  // Gmail's attachment ids do not last: the part is found by its place in the message, and fetched by today's id.
  const message = await app.gmail.getMessage(mailbox, messageId);
  const part = message?.parts.find(({ partId }) => partId === row.partId);
  const attachmentId = part?.attachmentId ?? null;
  const bytes =
    attachmentId === null ? part?.data : await app.gmail.getAttachment(mailbox, { messageId, attachmentId });
  if (bytes == null) throw new AttachmentGoneError('the attachment is gone from Gmail');
  return bytes;
}
