/**
 * The first of the send path's transactions: the email is written QUEUED, leased to the process that will deliver it,
 * with its files, its search terms and its first event. After it commits the email cannot be lost: when that process dies
 * its leases end, and whoever finds that enqueues the `deliver` job.
 */
import { v7 as uuidv7 } from 'uuid';
import type { SendMode } from '#generated/prisma/enums.ts';
import type { App } from '../app.ts';
import type { ContextRef } from '../contexts/kind.ts';
import { inTransaction, type Pool, type Sql } from '../db/client.ts';
import { type AttachedFile, contentValues, type EmailContent, type WrittenEmail } from '../email/content.ts';
import { type Lease, NO_FAILURE } from '../outbound/delivery.ts';
import type { DraftToSend } from '../outbound/draft-to-send.ts';
import type { Fingerprint } from '../email/fingerprint.ts';
import { type Pace, paceParameters, SLOT_COLUMNS, type Slot, takeSlot } from '../outbound/rate-limit.ts';
import { searchTerms } from '../email/search-terms.ts';
import type { Sender } from '../accounts/mailbox-access.ts';

/** Where an email goes in the account's mailbox and what its reply headers name. */
export interface Thread {
  readonly replyToMessageId: string | null;
  readonly conversationId: string | null;
  /** Null: a thread of its own. */
  readonly threadId: string | null;
  readonly inReplyTo: string | null;
  readonly references: readonly string[];
}

/** Everything that is decided about an email before it is handed to Gmail. */
export interface Acceptance {
  readonly lease: Lease;
  readonly leaseExpiresAt: Date;
  readonly mode: SendMode;
  readonly sender: Sender;
  readonly fromEmail: string;
  readonly content: EmailContent;
  readonly thread: Thread;
  readonly context: ContextRef | null;
  readonly idempotency: { readonly key: string; readonly fingerprint: Fingerprint } | null;
  readonly actor: string;
  readonly at: Date;
  readonly pace: Pace;
}

/** Files up to this size together are written at once, as many emails as there are. */
const MAX_SMALL_BYTES = 1_000_000;

const ACCEPT_NEW = {
  name: 'accept-new',
  text: `WITH email AS (
      INSERT INTO outbound_email (organization_id, id, status, mode, account_id, from_email, "to", cc, bcc, reply_to,
        subject, body_text, body_html, context_type, context_id, reply_to_message_id, conversation_id,
        requested_thread_id, in_reply_to, "references", idempotency_key, request_fingerprint,
        lease_token, lease_expires_at, lease_owner, attempts, created_at, updated_at)
      VALUES ($1, $2, 'QUEUED', $3::send_mode, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
        $20, $21, $22, $23, $28, 1, $24, $24)
      ON CONFLICT (organization_id, idempotency_key) DO NOTHING
      RETURNING organization_id, id, account_id
    ), event AS (
      INSERT INTO outbound_email_event (organization_id, id, outbound_email_id, at, type, actor, detail)
      SELECT organization_id, $25, id, $24, 'accepted', $26, '{"to": "QUEUED"}' FROM email
    ), search AS (
      INSERT INTO outbound_email_search (organization_id, outbound_email_id, terms)
      SELECT organization_id, id, $27 FROM email
    )
    SELECT ${SLOT_COLUMNS}
    FROM email CROSS JOIN LATERAL ${takeSlot({ organization: '$1', account: 'email.account_id', lane: `'interactive'`, first: 29 })}`,
};

/**
 * An email that a person sends takes its slot in the pace of its account as it is accepted.
 * @returns null when the idempotency key is taken: nothing was written.
 */
export async function acceptNew(app: App, acceptance: Acceptance): Promise<Slot | null> {
  // A single statement is a transaction of its own; only files need more than one.
  const { attachments } = acceptance.content;
  if (attachments.length === 0) return insertEmail(app.pool, acceptance);
  return inTransactionWithFiles(app, attachments, async (tx) => {
    const slot = await insertEmail(tx, acceptance);
    if (slot !== null) await insertAttachments(tx, acceptance.lease, attachments);
    return slot;
  });
}

async function insertEmail(sql: Sql, acceptance: Acceptance): Promise<Slot | null> {
  const { lease, content, thread, context, idempotency } = acceptance;
  const { organizationId, outboundEmailId } = lease;
  const { rows } = await sql.query<Slot>({
    ...ACCEPT_NEW,
    values: [
      organizationId,
      outboundEmailId,
      acceptance.mode,
      acceptance.sender.id,
      acceptance.fromEmail,
      ...contentValues(content),
      context?.type ?? null,
      context?.id ?? null,
      thread.replyToMessageId,
      thread.conversationId,
      thread.threadId,
      thread.inReplyTo,
      thread.references,
      idempotency?.key ?? null,
      idempotency?.fingerprint ?? null,
      lease.token,
      acceptance.leaseExpiresAt,
      acceptance.at,
      uuidv7(),
      acceptance.actor,
      contentTerms(content),
      lease.owner,
      ...paceParameters(acceptance.pace),
    ],
  });
  return rows[0] ?? null;
}

const ACCEPT_DRAFT = {
  name: 'accept-draft',
  text: `WITH email AS (
      UPDATE outbound_email SET status = 'QUEUED', next_attempt_at = NULL, resends = 0, deferrals = 0,
        conversation_id = $5, requested_thread_id = $6, in_reply_to = $7, "references" = $8, context_type = $9,
        context_id = $10, lease_token = $11, lease_expires_at = $12, lease_owner = $15, ${NO_FAILURE},
        attempts = attempts + 1, ticket_draft_id = NULL, ticket_message_id = NULL, ticket_thread_id = NULL,
        planned_send_at = CASE $16 WHEN 'scheduled' THEN planned_send_at END, updated_at = $4
      WHERE organization_id = $1 AND id = $2 AND status = $20::outbound_email_status AND revision = $3
      RETURNING organization_id, id, account_id
    ), event AS (
      INSERT INTO outbound_email_event (organization_id, id, outbound_email_id, at, type, actor, detail)
      SELECT organization_id, $13, id, $4, 'accepted', $14, json_build_object('from', $20::text, 'to', 'QUEUED')
      FROM email
    )
    SELECT ${SLOT_COLUMNS}
    FROM email CROSS JOIN LATERAL ${takeSlot({ organization: '$1', account: 'email.account_id', lane: '$16', first: 17 })}`,
};

/**
 * @param lane interactive: a person sends it now; a time it was planned for is void.
 * @param draft as it was read: a draft, scheduled or not.
 * @returns null when it is no longer that: somebody else was faster, nothing was changed.
 */
export async function acceptDraft(
  pool: Pool,
  acceptance: Acceptance,
  { revision, status }: Pick<DraftToSend, 'revision' | 'status'>,
  lane: 'interactive' | 'scheduled',
): Promise<Slot | null> {
  const { lease, thread, context } = acceptance;
  const { organizationId, outboundEmailId } = lease;
  const { rows } = await pool.query<Slot>({
    ...ACCEPT_DRAFT,
    values: [
      organizationId,
      outboundEmailId,
      revision,
      acceptance.at,
      thread.conversationId,
      thread.threadId,
      thread.inReplyTo,
      thread.references,
      context?.type ?? null,
      context?.id ?? null,
      lease.token,
      acceptance.leaseExpiresAt,
      uuidv7(),
      acceptance.actor,
      lease.owner,
      lane,
      ...paceParameters(acceptance.pace),
      status,
    ],
  });
  return rows[0] ?? null;
}

/**
 * One transaction that writes files. While it runs, large ones are in memory five more times, most of it PostgreSQL's: only
 * so many are written at once. The others wait without a connection, which small emails need.
 */
export function inTransactionWithFiles<Result>(
  { pool, largeWrites }: App,
  files: readonly AttachedFile[],
  work: (tx: Sql) => Promise<Result>,
): Promise<Result> {
  const size = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const isLarge = size > MAX_SMALL_BYTES;
  const write = () => inTransaction(pool, work, { isLarge });
  return isLarge ? largeWrites(write) : write();
}

/** The files of an email, their bytes once per content. In the caller's transaction. */
export async function insertAttachments(
  tx: Sql,
  { organizationId, outboundEmailId }: { organizationId: string; outboundEmailId: string },
  files: readonly AttachedFile[],
): Promise<void> {
  // In one order for everybody: two emails with the same new files would else wait for each other.
  const contents = [...files].sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
  for (const file of contents) {
    await tx.query(
      `INSERT INTO attachment_content (organization_id, sha256, bytes) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
      [organizationId, file.sha256, file.bytes],
    );
  }
  for (const [position, file] of files.entries()) {
    await tx.query(
      `INSERT INTO attachment (organization_id, id, outbound_email_id, position, filename, content_type, size, sha256, content_id)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        organizationId,
        uuidv7(),
        outboundEmailId,
        position,
        file.filename,
        file.contentType,
        file.bytes.length,
        file.sha256,
        file.contentId,
      ],
    );
  }
}

/** The terms under which an outbound email is found: its words, file names and recipients. */
export function contentTerms(
  content: WrittenEmail & { readonly attachments: readonly { readonly filename: string }[] },
): string[] {
  return searchTerms({
    texts: [
      content.subject,
      ...content.attachments.map(({ filename }) => filename),
      content.bodyText ?? content.bodyHtml,
    ],
    addresses: [...content.to, ...content.cc, ...content.bcc],
  });
}
