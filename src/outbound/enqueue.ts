/**
 * The first of the send path's transactions: the email is written with its files, its search terms and its first event.
 * One that is sent now is QUEUED and leased to the process that will deliver it. After the commit it cannot be lost: when
 * that process dies its leases end, and the process that notices enqueues the `deliver` job. One that its time sends is
 * SCHEDULED, with its `deliver` job.
 */
import { DatabaseError } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import type { CancelCondition, SendMode } from '#generated/prisma/enums.ts';
import type { App } from '../app.ts';
import { type ContextLink, insertEmailLinks } from '../contexts/links.ts';
import { inTransaction, type Pool, type Sql } from '../db/client.ts';
import { inTransactionWithFiles } from '../db/large-writes.ts';
import type { Sender } from '../db/sender.ts';
import { sql, statement } from '../db/statement.ts';
import type { AttachedFile, EmailContent, WrittenEmail } from '../email/content.ts';
import type { Fingerprint } from '../email/fingerprint.ts';
import { bodyAsText } from '../email/html-text.ts';
import { searchTerms } from '../email/search-terms.ts';
import { NotFoundError } from '../errors.ts';
import type { DraftRef } from '../gmail/gateway.ts';
import { addJob, EMAIL_OF_ROW, type EmailRef } from '../jobs.ts';
import { transitionStatement } from './apply-transition.ts';
import { KEEP_STORED } from './attachments.ts';
import { unlessMet } from './cancel-conditions.ts';
import type { DraftToSend } from './draft-to-send.ts';
import type { NewLease } from './lease.ts';
import { type Lane, PERMIT_COLUMNS, type PermitResult, type RateLimit, takePermit } from './rate-limit.ts';
import type { Thread } from './resolve.ts';
import type { UsedTemplate } from './template-use.ts';
import { type Lease, sendable } from './transition-parts.ts';

/** An email when it is first written, whatever becomes of it next. */
export interface NewEmail {
  readonly ref: EmailRef;
  readonly mode: SendMode;
  readonly accountId: string;
  readonly fromEmail: string;
  readonly content: EmailContent;
  /** Null: its words are its own. */
  readonly template: UsedTemplate | null;
  readonly thread: Thread;
  readonly contexts: readonly ContextLink[];
  readonly idempotency: { readonly key: string; readonly fingerprint: Fingerprint } | null;
  /** Null: it has no time. */
  readonly plannedSendAt: Date | null;
  /** Empty without a time. */
  readonly cancelWhen: readonly CancelCondition[];
  readonly actor: string;
  readonly at: Date;
}

/** An email that is sent now, with everything that is decided about it before it is handed to Gmail. */
export interface NewDelivery extends NewEmail {
  readonly lease: Lease;
  readonly leaseExpiresAt: Date;
  readonly sender: Sender;
  readonly rateLimit: RateLimit;
}

/** An enqueued email, with everything that is needed to compose it. */
export type Delivery = Pick<NewDelivery, 'lease' | 'sender' | 'fromEmail' | 'thread'> & {
  readonly content: WrittenEmail;
  /** Of a draft, from 1. */
  readonly revision: number;
  readonly attachments: () => Promise<readonly AttachedFile[]>;
  /** Number of attempts, including this one. */
  readonly attempts: number;
  /** Number of deferrals since a user last requested its delivery. */
  readonly deferrals: number;
  /** A condition of its `cancelWhen` may cancel it. */
  readonly hasConditions: boolean;
  /** Its permit of the account's rate limit, or the reason why it must wait. */
  readonly permit: PermitResult;
  /** The Gmail draft of an earlier attempt that was refused. Null: none yet. */
  readonly gmailDraft: DraftRef | null;
};

const REPLIES_TO = 'outbound_email_organization_id_reply_to_message_id_fkey';

interface Terms {
  readonly terms: readonly string[];
}

/**
 * The row as `email`, with its first event, its search terms and its contexts. Nothing is written when its idempotency key is taken, or
 * when its account was moved or forgotten since it was found: the account is locked, so that it cannot leave before this is seen.
 * @param delivery the same email if it is sent now. Null: it is not.
 */
function insertNew(email: NewEmail & Terms, delivery: NewDelivery | null) {
  const { ref, content, template, thread, contexts, idempotency, plannedSendAt, cancelWhen, at } = email;
  const status = delivery !== null ? 'QUEUED' : plannedSendAt !== null ? 'SCHEDULED' : 'DRAFT';
  const event = delivery !== null ? 'ACCEPTED' : 'CREATED';
  return sql`WITH email AS (
      INSERT INTO outbound_email (organization_id, id, status, mode, actor, account_id, from_email, "to", cc, bcc, reply_to,
        subject, body_text, body_html, reply_to_message_id, conversation_id,
        requested_thread_id, in_reply_to, "references", idempotency_key, request_fingerprint, planned_send_at,
        cancel_when, template_use, template_version_id, template_values, lease_token, lease_expires_at, lease_owner, attempts,
        created_at, updated_at)
      SELECT a.organization_id, ${ref.outboundEmailId}, ${status}, ${email.mode}, ${email.actor}, a.id,
        ${email.fromEmail}, ${content.to}, ${content.cc}, ${content.bcc}, ${content.replyTo}, ${content.subject},
        ${content.bodyText}, ${content.bodyHtml}, ${thread.replyToMessageId},
        ${thread.conversationId}, ${thread.threadId}, ${thread.inReplyTo}, ${thread.references}, ${idempotency?.key},
        ${idempotency?.fingerprint}, ${plannedSendAt}, ${cancelWhen}, ${template?.use}, ${template?.versionId},
        ${template?.values}, ${delivery?.lease.token}, ${delivery?.leaseExpiresAt},
        ${delivery?.lease.owner}, ${delivery === null ? 0 : 1}, ${at}, ${at}
      FROM email_account a
      WHERE a.organization_id = ${ref.organizationId} AND a.id = ${email.accountId}
        AND (a.released_at IS NULL OR ${status === 'DRAFT'})
      FOR KEY SHARE
      ON CONFLICT (organization_id, idempotency_key) DO NOTHING
      RETURNING organization_id, id, status, actor, account_id, planned_send_at, created_at
    ), event AS (
      INSERT INTO outbound_email_event (organization_id, id, outbound_email_id, at, type, to_status, actor, detail)
      SELECT organization_id, ${uuidv7()}, id, ${at}, ${event}, status, actor, ${plannedSendAt === null ? {} : { plannedSendAt }} FROM email
    ), search AS (
      INSERT INTO outbound_email_search (organization_id, outbound_email_id, terms)
      SELECT organization_id, id, array_to_tsvector(${email.terms}) FROM email
    ), links AS (
      ${insertEmailLinks(contexts)}
    )`;
}

export const insertQueued = statement(
  'enqueue-new',
  (email: NewDelivery & Terms) => sql`${insertNew(email, email)}
    SELECT ${PERMIT_COLUMNS} FROM email
    CROSS JOIN LATERAL ${takePermit(sql`email.organization_id`, sql`email.account_id`, sql`'interactive'`, email.rateLimit)}`,
);

export const insertStored = statement(
  'store-new',
  (email: NewEmail & Terms) => sql`${insertNew(email, null)}
    SELECT CASE WHEN planned_send_at IS NOT NULL THEN ${addJob('deliver', EMAIL_OF_ROW, { runAt: sql`planned_send_at` })} END
    FROM email`,
);

/**
 * Writes an email that is not sent now: a draft, or one that its time sends. With its files, in the caller's transaction.
 * @returns false when the idempotency key is taken or the account is gone: nothing was written.
 * @throws {NotFoundError}
 */
export async function storeNew(tx: Sql, email: NewEmail): Promise<boolean> {
  const statement = insertStored({ ...email, terms: await contentTerms(email.content) });
  const { rowCount } = await orReplyGone(email, tx.query(statement));
  if (rowCount === 0) return false;
  await insertAttachments(tx, email.ref, email.content.attachments);
  return true;
}

/**
 * Enqueues an email that a user sends. It takes its permit of the account's rate limit in the same statement.
 * @returns null when the idempotency key is taken or the account is gone: nothing was written.
 * @throws {NotFoundError}
 */
export async function enqueueNew(app: App, newDelivery: NewDelivery): Promise<PermitResult | null> {
  // Without files, one statement writes everything and needs no transaction around it.
  const { attachments } = newDelivery.content;
  const terms = await contentTerms(newDelivery.content);
  if (attachments.length === 0) return insertEmail(app.pool, newDelivery, terms);
  const { lease } = newDelivery;
  const enqueueing = inTransactionWithFiles(app, attachments, async (tx) => {
    // First, because from its permit on, every other permit of the account waits for the end of this transaction.
    await insertContents(tx, lease, attachments);
    const permit = await insertEmail(tx, newDelivery, terms);
    if (permit === null) throw new NotWrittenError();
    await insertFiles(tx, lease, attachments);
    return permit;
  });
  return enqueueing.catch((error: unknown) => {
    if (error instanceof NotWrittenError) return null;
    throw error;
  });
}

/** Rolls back the files of an email that was not written. To delete them would deadlock: twins lock the same files. */
class NotWrittenError extends Error {}

async function insertEmail(
  connection: Sql,
  newDelivery: NewDelivery,
  terms: readonly string[],
): Promise<PermitResult | null> {
  const inserting = connection.query<PermitResult>(insertQueued({ ...newDelivery, terms }));
  const { rows } = await orReplyGone(newDelivery, inserting);
  return rows[0] ?? null;
}

/** @throws {NotFoundError} when the message that it answers was deleted after it was found. */
async function orReplyGone<Result>({ thread }: Pick<NewEmail, 'thread'>, inserting: Promise<Result>): Promise<Result> {
  try {
    return await inserting;
  } catch (error) {
    const { replyToMessageId } = thread;
    const isGone = error instanceof DatabaseError && error.constraint === REPLIES_TO;
    if (isGone && replyToMessageId !== null) throw new NotFoundError('EmailMessage', replyToMessageId);
    throw error;
  }
}

/** What a stored email gets when it is sent. */
type StoredDelivery = NewLease & Pick<NewEmail, 'content' | 'template' | 'thread' | 'contexts' | 'actor'>;

/**
 * @param lane `interactive`: a user sends it now, which voids a planned time and its conditions.
 * @param draft as it was read: a draft, or an email that is scheduled.
 * @returns null when it has changed since, because another request was faster, or when a condition has canceled it.
 */
export async function enqueueDraft(
  pool: Pool,
  delivery: StoredDelivery,
  { revision, status, hasConditions }: Pick<DraftToSend, 'revision' | 'status' | 'hasConditions'>,
  lane: Lane,
): Promise<PermitResult | null> {
  const { lease, at, template } = delivery;
  const enqueue = async (connection: Sql) => {
    if (template !== null) await writeFilled(connection, delivery, { revision, status });
    const statement = transitionStatement('draftEnqueued', { ...lease, revision, status }, { ...delivery, lane });
    const { rows } = await connection.query<{ permit: PermitResult }>(statement);
    return rows[0]?.permit ?? null;
  };
  const isJudged = hasConditions && lane === 'scheduled';
  // Its words are written in the same transaction.
  if (!isJudged && template !== null) return inTransaction(pool, enqueue);
  return unlessMet(pool, isJudged, lease, at, enqueue);
}

/** Stores the words that a template has brought. Changes nothing when the draft cannot be enqueued as it was read. */
async function writeFilled(
  tx: Sql,
  { lease, content, template }: StoredDelivery,
  { revision, status }: Pick<DraftToSend, 'revision' | 'status'>,
): Promise<void> {
  await tx.query(
    sql`WITH email AS (
        UPDATE outbound_email e SET subject = ${content.subject}, body_text = ${content.bodyText},
          body_html = ${content.bodyHtml}, template_version_id = ${template?.versionId}, template_values = ${template?.values}
        WHERE organization_id = ${lease.organizationId} AND id = ${lease.outboundEmailId}
          AND ${sendable({ ...lease, revision, status })}
        RETURNING organization_id, id
      )
      UPDATE outbound_email_search s SET terms = array_to_tsvector(${await contentTerms(content)}) FROM email
      WHERE s.organization_id = email.organization_id AND s.outbound_email_id = email.id`,
  );
}

/** The files of an email, their bytes once per content. In the caller's transaction. */
export async function insertAttachments(tx: Sql, email: EmailRef, files: readonly AttachedFile[]): Promise<void> {
  await insertContents(tx, email, files);
  await insertFiles(tx, email, files);
}

async function insertContents(
  tx: Sql,
  { organizationId }: Pick<EmailRef, 'organizationId'>,
  files: readonly AttachedFile[],
): Promise<void> {
  // In the same order in every transaction: otherwise two emails with the same new files could wait for each other.
  const contents = [...files].sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
  // Contents that are stored already are locked, so that they are not deleted as unused meanwhile.
  const { rows } = await tx.query<{ sha256: string }>(
    sql`SELECT sha256 FROM attachment_content
      WHERE organization_id = ${organizationId} AND sha256 = ANY(${contents.map(({ sha256 }) => sha256)})
      ORDER BY sha256 FOR KEY SHARE`,
  );
  const stored = new Set(rows.map(({ sha256 }) => sha256));
  for (const file of contents.filter(({ sha256 }) => !stored.has(sha256))) {
    await tx.query(
      sql`INSERT INTO attachment_content (organization_id, sha256, bytes)
        VALUES (${organizationId}, ${file.sha256}, ${file.bytes}) ${KEEP_STORED}`,
    );
  }
}

async function insertFiles(
  tx: Sql,
  { organizationId, outboundEmailId }: EmailRef,
  files: readonly AttachedFile[],
): Promise<void> {
  for (const [position, file] of files.entries()) {
    await tx.query(
      sql`INSERT INTO attachment (organization_id, id, outbound_email_id, position, filename, content_type, size, sha256,
          content_id)
        VALUES (${organizationId}, ${uuidv7()}, ${outboundEmailId}, ${position}, ${file.filename}, ${file.contentType},
          ${file.bytes.length}, ${file.sha256}, ${file.contentId})`,
    );
  }
}

/** The search terms of an outbound email: its words, file names and recipients. */
export function contentTerms(
  content: WrittenEmail & { readonly attachments: readonly { readonly filename: string }[] },
): Promise<string[]> {
  return searchTerms({
    texts: [content.subject, ...content.attachments.map(({ filename }) => filename), bodyAsText(content)],
    addresses: [...content.to, ...content.cc, ...content.bcc],
  });
}
