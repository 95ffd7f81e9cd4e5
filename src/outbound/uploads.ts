/**
 * Files that are uploaded before the email that they are attached to. A file is stored piece by piece, as it arrives, so that
 * the process holds one piece at a time. After the last piece the database joins them.
 */
import { createHash } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import type { App } from '../app.ts';
import { inTransaction, type Sql } from '../db/client.ts';
import { sql } from '../db/statement.ts';
import { KEEP_STORED, type StoredContent } from './attachments.ts';
import { type DeletedFile, deleteUnusedContents } from './delete-files.ts';

/** How long an upload that no email uses is kept. */
const KEPT_UNUSED = sql`interval '24 hours'`;

interface Upload extends StoredContent {
  readonly id: string;
}

/** @param pieces the bytes of the file, in order. When they throw, nothing is stored. */
export async function storeUpload(
  app: App,
  organizationId: string,
  { filename, contentType }: { readonly filename: string; readonly contentType: string },
  pieces: AsyncIterable<Buffer>,
): Promise<Upload> {
  const id = uuidv7();
  await app.pool.query(
    sql`INSERT INTO attachment_upload (organization_id, id, filename, content_type)
      VALUES (${organizationId}, ${id}, ${filename}, ${contentType})`,
  );
  try {
    const hash = createHash('sha256');
    let size = 0;
    let position = 0;
    for await (const bytes of pieces) {
      hash.update(bytes);
      size += bytes.length;
      await app.pool.query(
        sql`INSERT INTO attachment_upload_piece (organization_id, upload_id, position, bytes)
          VALUES (${organizationId}, ${id}, ${position++}, ${bytes})`,
      );
    }
    const upload = { id, size, sha256: hash.digest('hex') };
    await joinPieces(app, organizationId, upload);
    return upload;
  } catch (error) {
    // If this fails too, the upload is deleted with the unused ones.
    await app.pool
      .query(sql`DELETE FROM attachment_upload WHERE organization_id = ${organizationId} AND id = ${id}`)
      .catch(() => undefined);
    throw error;
  }
}

async function joinPieces(
  { pool, largeWrites }: App,
  organizationId: string,
  { id, size, sha256 }: Upload,
): Promise<void> {
  const ofUpload = sql`organization_id = ${organizationId} AND upload_id = ${id}`;
  const join = async (tx: Sql) => {
    await tx.query(
      sql`INSERT INTO attachment_content (organization_id, sha256, bytes)
        SELECT ${organizationId}, ${sha256}, coalesce(string_agg(bytes, '' ORDER BY position), '')
        FROM attachment_upload_piece WHERE ${ofUpload} ${KEEP_STORED}`,
    );
    await tx.query(
      sql`UPDATE attachment_upload SET size = ${size}, sha256 = ${sha256}
        WHERE organization_id = ${organizationId} AND id = ${id}`,
    );
    await tx.query(sql`DELETE FROM attachment_upload_piece WHERE ${ofUpload}`);
  };
  await largeWrites.add(() => inTransaction(pool, join, { isLarge: true }));
}

/**
 * Deletes the uploads of yesterday that no email uses, with their bytes. One that an email uses stays: a request that is
 * repeated with the same idempotency key names it again.
 */
export async function deleteUnusedUploads({ pool }: App): Promise<void> {
  await inTransaction(pool, async (tx) => {
    const { rows } = await tx.query<DeletedFile>(
      sql`DELETE FROM attachment_upload u WHERE u.created_at < now() - ${KEPT_UNUSED} AND NOT EXISTS (
          SELECT FROM attachment a WHERE a.organization_id = u.organization_id AND a.sha256 = u.sha256
        ) RETURNING organization_id AS "organizationId", sha256`,
    );
    await deleteUnusedContents(tx, rows);
  });
}
