/**
 * Deletes files together with their bytes, which several files can share. The contents are locked after the rows that use them: a
 * transaction that writes other files too can deadlock, and is retried.
 */
import type { Sql } from '../db/client.ts';
import { raw, sql } from '../db/statement.ts';

export interface DeletedFile {
  readonly organizationId: string;
  /** Null: its bytes are not stored. */
  readonly sha256: string | null;
}

/** Deletes the files of emails or messages, and their bytes unless something else uses them. */
export async function deleteFiles(
  tx: Sql,
  organizationId: string,
  owner: 'outbound_email_id' | 'message_id',
  ids: readonly string[],
): Promise<void> {
  await deleteUnusedContents(tx, await takeFiles(tx, organizationId, owner, ids));
}

/** Deletes the files of emails or messages. The caller passes them to `deleteUnusedContents` when it has written the new ones. */
export async function takeFiles(
  tx: Sql,
  organizationId: string,
  owner: 'outbound_email_id' | 'message_id',
  ids: readonly string[],
): Promise<DeletedFile[]> {
  const { rows } = await tx.query<DeletedFile>(
    sql`DELETE FROM attachment WHERE organization_id = ${organizationId} AND ${raw(owner)} = ANY(${ids})
      RETURNING organization_id AS "organizationId", sha256`,
  );
  return rows;
}

/** Deletes the bytes of deleted files, unless an email, a message or an upload uses them. */
export async function deleteUnusedContents(tx: Sql, files: readonly DeletedFile[]): Promise<void> {
  const stored = files.filter(({ sha256 }) => sha256 !== null);
  if (stored.length === 0) return;
  const json = JSON.stringify(stored);
  const given = sql`(c.organization_id, c.sha256) IN (
    SELECT "organizationId", sha256 FROM jsonb_to_recordset(${json}::jsonb) AS given ("organizationId" uuid, sha256 text)
  )`;
  // Locked first: the deletion then sees the attachments of the transactions that used a content meanwhile.
  await tx.query(sql`SELECT FROM attachment_content c WHERE ${given} ORDER BY organization_id, sha256 FOR UPDATE`);
  await tx.query(
    sql`DELETE FROM attachment_content c
      WHERE ${given}
        AND NOT EXISTS (
          SELECT FROM attachment a WHERE a.organization_id = c.organization_id AND a.sha256 = c.sha256
        ) AND NOT EXISTS (
          SELECT FROM attachment_upload u WHERE u.organization_id = c.organization_id AND u.sha256 = c.sha256
        )`,
  );
}
