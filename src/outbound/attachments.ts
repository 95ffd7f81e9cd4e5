import { createHash } from 'node:crypto';
import type { App } from '../app.ts';
import { inTransaction, type Sql } from '../db/client.ts';
import type { AttachedFile } from '../email/content.ts';
import { refusalOf } from '../accounts/refusal.ts';
import { mailboxAccess, SENDER_COLUMNS, type Sender } from '../accounts/mailbox-access.ts';

/** PostgreSQL writes bytes as text, twice as long: large ones are read piece by piece. */
const SLICE_BYTES = 1024 * 1024;

type StoredFile = Omit<AttachedFile, 'bytes'> & {
  readonly sha256: string;
  readonly size: number;
  readonly head: Buffer;
};

/** The files of an outbound email, bytes included, in their order. */
export async function readAttachments(
  sql: Sql,
  organizationId: string,
  outboundEmailId: string,
): Promise<AttachedFile[]> {
  const { rows } = await sql.query<StoredFile>({
    name: 'read-attachments',
    text: `SELECT f.filename, f.content_type AS "contentType", f.sha256, f.content_id AS "contentId",
        octet_length(c.bytes) AS size, substring(c.bytes FROM 1 FOR $3) AS head
      FROM attachment f JOIN attachment_content c ON c.organization_id = f.organization_id AND c.sha256 = f.sha256
      WHERE f.organization_id = $1 AND f.outbound_email_id = $2 ORDER BY f.position`,
    values: [organizationId, outboundEmailId, SLICE_BYTES],
  });
  const files: AttachedFile[] = [];
  for (const { size, head, ...file } of rows) {
    files.push({
      ...file,
      bytes: head.length === size ? head : await readLarge(sql, organizationId, file.sha256, size),
    });
  }
  return files;
}

async function readLarge(sql: Sql, organizationId: string, sha256: string, size: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(size);
  let read = 0;
  for await (const slice of contentSlices(sql, organizationId, sha256, { from: 0, to: size })) {
    read += slice.copy(bytes, read);
  }
  return bytes;
}

/**
 * The bytes of a stored content from `from` on, counted from 0, to before `to`.
 * @throws when there are fewer: a length that was promised is kept, or the answer is broken off.
 */
export async function* contentSlices(
  sql: Sql,
  organizationId: string,
  sha256: string,
  { from, to }: { readonly from: number; readonly to: number },
): AsyncGenerator<Buffer> {
  for (let at = from; at < to; at += SLICE_BYTES) {
    const length = Math.min(SLICE_BYTES, to - at);
    const { rows } = await sql.query<{ slice: Buffer }>(
      'SELECT substring(bytes FROM $3 FOR $4) AS slice FROM attachment_content WHERE organization_id = $1 AND sha256 = $2',
      [organizationId, sha256, at + 1, length],
    );
    const slice = rows[0]?.slice;
    if (slice?.length !== length) throw new Error('a stored file is not as long as it was');
    yield slice;
  }
}

export interface StoredContent {
  /** In hex. */
  readonly sha256: string;
  /** In bytes. */
  readonly size: number;
}

interface ReceivedAttachment {
  readonly sha256: string | null;
  readonly size: number;
  readonly partId: string | null;
  readonly providerMessageId: string | null;
}

/** The bytes of a received attachment could not be had from Gmail: the message or the part is gone. */
export class AttachmentGoneError extends Error {
  override readonly name = 'AttachmentGoneError';
}

/**
 * Makes sure that an attachment's bytes are stored; those of a received one are fetched from Gmail when first wanted.
 * @throws {AttachmentGoneError} @throws {AccountNotReadyError} @throws {ProviderError} when Gmail did not give them.
 */
export async function ensureContent(app: App, organizationId: string, attachmentId: string): Promise<StoredContent> {
  const { rows } = await app.pool.query<ReceivedAttachment & Sender>(
    `SELECT f.sha256, f.size, f.part_id AS "partId", m.provider_message_id AS "providerMessageId", ${SENDER_COLUMNS}
     FROM attachment f
     LEFT JOIN email_message m ON m.organization_id = f.organization_id AND m.id = f.message_id
     LEFT JOIN email_account a ON a.organization_id = m.organization_id AND a.id = m.account_id
     WHERE f.organization_id = $1 AND f.id = $2`,
    [organizationId, attachmentId],
  );
  const [row] = rows;
  if (row === undefined) throw new AttachmentGoneError('no such attachment');
  if (row.sha256 !== null) return { sha256: row.sha256, size: row.size };
  const bytes = await fetchPart(app, row).catch(async (error: unknown) => {
    throw await refusalOf(app, row, error);
  });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  await inTransaction(app.pool, async (tx) => {
    await tx.query(
      'INSERT INTO attachment_content (organization_id, sha256, bytes) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
      [organizationId, sha256, bytes],
    );
    await tx.query('UPDATE attachment SET sha256 = $3, size = $4 WHERE organization_id = $1 AND id = $2', [
      organizationId,
      attachmentId,
      sha256,
      bytes.length,
    ]);
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
