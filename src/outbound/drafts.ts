/** Drafts: emails being written. They may be incomplete; what is there must be sound. */
import { v7 as uuidv7 } from 'uuid';
import type { OutboundEmailStatus } from '#generated/prisma/enums.ts';
import type { App } from '../app.ts';
import type { Identity } from '../auth/keys.ts';
import type { ContextRef } from '../contexts/kind.ts';
import { contextKind } from '../contexts/registry.ts';
import { inTransaction, type Sql } from '../db/client.ts';
import { DraftConflictError, type InputIssue, InvalidInputError, NotFoundError } from '../errors.ts';
import { contentTerms, insertAttachments, inTransactionWithFiles } from '../mail/accept.ts';
import {
  CONTENT_COLUMNS,
  type ContentInput,
  contentValues,
  parseContent,
  reportMissing,
  type WrittenEmail,
} from '../email/content.ts';
import { parsePlannedSendAt, schedule } from './schedule.ts';
import { type ContextInput, parseContext } from './send-input.ts';

interface DraftFields extends ContentInput {
  readonly fromAccountUid?: string | null;
  readonly context?: ContextInput | null;
  readonly plannedSendAt?: Date | null;
}

export interface CreateDraftInput extends DraftFields {
  readonly replyToMessageUid?: string | null;
}

export interface UpdateDraftInput extends DraftFields {
  readonly draftUid: string;
  readonly expectedRevision?: number | null;
}

/** @returns its id. @throws {InvalidInputError | NotFoundError} */
export async function createDraft(app: App, identity: Identity, input: CreateDraftInput): Promise<string> {
  const issues: InputIssue[] = [];
  const content = parseContent(input, 'input', issues);
  const context = parseContext(input.context, 'input', issues);
  if ((input.fromAccountUid == null) === (input.replyToMessageUid == null)) {
    const message =
      'Give fromAccountUid, or replyToMessageUid for a reply from the account that owns the conversation.';
    issues.push({ path: 'input.fromAccountUid', message });
  }
  const [id, now] = [uuidv7(), app.now()];
  const plannedSendAt = parsePlannedSendAt(input.plannedSendAt, now, issues);
  if (plannedSendAt !== null) reportMissing(content, 'input', issues);
  if (issues.length > 0) throw new InvalidInputError(issues);

  const { organizationId, actor } = identity;
  await inTransactionWithFiles(app, content.attachments, async (tx) => {
    const origin =
      input.replyToMessageUid == null
        ? await findOrigin(tx, organizationId, 'EmailAccount', input.fromAccountUid ?? '')
        : await findOrigin(tx, organizationId, 'EmailMessage', input.replyToMessageUid);
    if (context !== null) await requireContext(tx, organizationId, context);
    await tx.query(
      `INSERT INTO outbound_email (organization_id, id, status, mode, account_id, from_email, "to", cc, bcc, reply_to,
         subject, body_text, body_html, context_type, context_id, reply_to_message_id, conversation_id, created_at,
         updated_at, planned_send_at)
       VALUES ($1, $2, $18::outbound_email_status, 'DRAFT', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16, $17)`,
      [
        organizationId,
        id,
        origin.accountId,
        origin.email,
        ...contentValues(content),
        context?.type ?? null,
        context?.id ?? null,
        input.replyToMessageUid ?? null,
        origin.conversationId,
        now,
        plannedSendAt,
        plannedSendAt === null ? 'DRAFT' : 'SCHEDULED',
      ],
    );
    await insertAttachments(tx, { organizationId, outboundEmailId: id }, content.attachments);
    await tx.query(
      'INSERT INTO outbound_email_search (organization_id, outbound_email_id, terms) VALUES ($1, $2, $3)',
      [organizationId, id, contentTerms(content)],
    );
    const ref = { organizationId, outboundEmailId: id };
    const to = plannedSendAt === null ? 'DRAFT' : 'SCHEDULED';
    await insertEvent(tx, ref, now, 'created', actor, { to, plannedSendAt });
    if (plannedSendAt !== null) await schedule(tx, ref, plannedSendAt);
  });
  return id;
}

interface StoredDraft extends WrittenEmail {
  readonly status: OutboundEmailStatus;
  readonly revision: number;
  readonly isReply: boolean;
  readonly contextType: string | null;
  readonly contextId: string | null;
  readonly plannedSendAt: Date | null;
}

/**
 * Omitted fields stay as they are, null clears, lists are replaced whole.
 * @returns its id.
 * @throws {InvalidInputError | NotFoundError | DraftConflictError}
 */
export async function updateDraft(app: App, identity: Identity, input: UpdateDraftInput): Promise<string> {
  const issues: InputIssue[] = [];
  const given = parseContent(input, 'input', issues);
  const context = parseContext(input.context, 'input', issues);
  if (input.fromAccountUid === null) {
    issues.push({ path: 'input.fromAccountUid', message: 'A draft always has an account: name another, or omit it.' });
  }
  const now = app.now();
  const planned = parsePlannedSendAt(input.plannedSendAt, now, issues);
  if (issues.length > 0) throw new InvalidInputError(issues);

  const { organizationId, actor } = identity;
  const ref = { organizationId, outboundEmailId: input.draftUid };
  await inTransactionWithFiles(app, given.attachments, async (tx) => {
    const stored = await lockDraft(tx, ref, input.expectedRevision ?? null);
    if (context !== null) await requireContext(tx, organizationId, context);
    if (input.fromAccountUid != null) await moveToAccount(tx, ref, stored, input.fromAccountUid);
    if (input.attachments !== undefined) {
      await tx.query('DELETE FROM attachment WHERE organization_id = $1 AND outbound_email_id = $2', refValues(ref));
      await insertAttachments(tx, ref, given.attachments);
    }
    const kept = { type: stored.contextType, id: stored.contextId };
    const content = overlay(input, given, stored);
    const plannedSendAt = input.plannedSendAt === undefined ? stored.plannedSendAt : planned;
    const filenames = await writeContent(
      tx,
      ref,
      now,
      content,
      input.context === undefined ? kept : context,
      plannedSendAt,
    );
    if (plannedSendAt !== null) requireSendable(content, filenames);
    await schedule(tx, ref, plannedSendAt);
    const changed = Object.keys(input).filter((field) => field !== 'draftUid' && field !== 'expectedRevision');
    await insertEvent(tx, ref, now, 'edited', actor, { revision: stored.revision + 1, changed: changed.sort() });
  });
  return input.draftUid;
}

/** For good: the draft, its files and its trail. @throws {NotFoundError | DraftConflictError} */
export async function deleteDraft(app: App, identity: Identity, draftId: string): Promise<void> {
  const ref = { organizationId: identity.organizationId, outboundEmailId: draftId };
  await inTransaction(app.pool, async (tx) => {
    await lockDraft(tx, ref, null);
    await schedule(tx, ref, null);
    await tx.query('DELETE FROM outbound_email WHERE organization_id = $1 AND id = $2', refValues(ref));
  });
}

interface Ref {
  readonly organizationId: string;
  readonly outboundEmailId: string;
}

function refValues({ organizationId, outboundEmailId }: Ref): string[] {
  return [organizationId, outboundEmailId];
}

/** The given fields over the stored ones. */
function overlay(input: UpdateDraftInput, given: WrittenEmail, stored: WrittenEmail): WrittenEmail {
  const from = (field: keyof WrittenEmail) => (input[field] === undefined ? stored : given);
  return {
    to: from('to').to,
    cc: from('cc').cc,
    bcc: from('bcc').bcc,
    replyTo: from('replyTo').replyTo,
    subject: from('subject').subject,
    bodyText: from('bodyText').bodyText,
    bodyHtml: from('bodyHtml').bodyHtml,
  };
}

async function lockDraft(tx: Sql, ref: Ref, expectedRevision: number | null): Promise<StoredDraft> {
  const { rows } = await tx.query<StoredDraft>(
    `SELECT status, revision, reply_to_message_id IS NOT NULL AS "isReply", ${CONTENT_COLUMNS},
       context_type AS "contextType", context_id AS "contextId", planned_send_at AS "plannedSendAt"
     FROM outbound_email e WHERE organization_id = $1 AND id = $2 AND mode = 'DRAFT' FOR UPDATE`,
    refValues(ref),
  );
  const [draft] = rows;
  if (draft === undefined) throw new NotFoundError('Draft', ref.outboundEmailId);
  if (draft.status !== 'DRAFT' && draft.status !== 'SCHEDULED') {
    throw new DraftConflictError(null, `It is no longer a draft: it is ${draft.status}.`);
  }
  if (expectedRevision !== null && expectedRevision !== draft.revision) {
    const message = `The draft is at revision ${draft.revision}, not ${expectedRevision}.`;
    throw new DraftConflictError(ref.outboundEmailId, message);
  }
  return draft;
}

async function writeContent(
  tx: Sql,
  ref: Ref,
  now: Date,
  content: WrittenEmail,
  context: { readonly type: string | null; readonly id: string | null } | null,
  plannedSendAt: Date | null,
): Promise<string[]> {
  // What was refused was the former content: a changed draft has not failed.
  await tx.query(
    `UPDATE outbound_email SET revision = revision + 1, "to" = $3, cc = $4, bcc = $5, reply_to = $6, subject = $7,
       body_text = $8, body_html = $9, context_type = $10, context_id = $11, updated_at = $12,
       planned_send_at = $13, status = $14::outbound_email_status, next_attempt_at = NULL,
       failure_code = NULL, failure_message = NULL, failure_retry = NULL, failed_at = NULL, failure_status = NULL
     WHERE organization_id = $1 AND id = $2`,
    [
      ...refValues(ref),
      ...contentValues(content),
      context?.type ?? null,
      context?.id ?? null,
      now,
      plannedSendAt,
      plannedSendAt === null ? 'DRAFT' : 'SCHEDULED',
    ],
  );
  const { rows } = await tx.query<{ filename: string }>(
    'SELECT filename FROM attachment WHERE organization_id = $1 AND outbound_email_id = $2',
    refValues(ref),
  );
  await tx.query('UPDATE outbound_email_search SET terms = $3 WHERE organization_id = $1 AND outbound_email_id = $2', [
    ...refValues(ref),
    contentTerms({ ...content, attachments: rows }),
  ]);
  return rows.map(({ filename }) => filename);
}

/** A scheduled draft leaves without anybody looking at it again: it must be complete. @throws {InvalidInputError} */
function requireSendable(content: WrittenEmail, filenames: readonly string[]): void {
  const issues: InputIssue[] = [];
  reportMissing({ ...content, attachments: filenames }, 'input', issues);
  if (issues.length > 0) throw new InvalidInputError(issues);
}

/** @throws {InvalidInputError} for a reply, which leaves from the account that owns its conversation. */
async function moveToAccount(tx: Sql, ref: Ref, draft: StoredDraft, accountId: string): Promise<void> {
  if (draft.isReply) {
    const message = 'A reply leaves from the account that owns its conversation; omit fromAccountUid.';
    throw new InvalidInputError([{ path: 'input.fromAccountUid', message }]);
  }
  const { email } = await findOrigin(tx, ref.organizationId, 'EmailAccount', accountId);
  await tx.query('UPDATE outbound_email SET account_id = $3, from_email = $4 WHERE organization_id = $1 AND id = $2', [
    ...refValues(ref),
    accountId,
    email,
  ]);
}

const ORIGIN = {
  EmailAccount: `SELECT id AS "accountId", email, NULL::uuid AS "conversationId" FROM email_account
    WHERE organization_id = $1 AND id = $2`,
  EmailMessage: `SELECT a.id AS "accountId", a.email, m.conversation_id AS "conversationId"
    FROM email_message m
    JOIN conversation v ON v.organization_id = m.organization_id AND v.id = m.conversation_id
    JOIN email_account a ON a.organization_id = v.organization_id AND a.id = v.account_id
    WHERE m.organization_id = $1 AND m.id = $2`,
};

/** Where a draft leaves from: an account, or for a reply the account of the message's conversation. */
async function findOrigin(tx: Sql, organizationId: string, entity: keyof typeof ORIGIN, id: string) {
  const { rows } = await tx.query<{ accountId: string; email: string; conversationId: string | null }>(ORIGIN[entity], [
    organizationId,
    id,
  ]);
  const [origin] = rows;
  if (origin === undefined) throw new NotFoundError(entity, id);
  return origin;
}

async function requireContext(tx: Sql, organizationId: string, { type, id }: ContextRef): Promise<void> {
  const { rowCount } = await tx.query(
    'SELECT FROM context_entity WHERE organization_id = $1 AND type = $2 AND id = $3',
    [organizationId, type, id],
  );
  if (rowCount === 0) throw new NotFoundError(contextKind(type)?.typename ?? type, id);
}

async function insertEvent(tx: Sql, ref: Ref, at: Date, type: string, actor: string, detail: object): Promise<void> {
  await tx.query(
    `INSERT INTO outbound_email_event (organization_id, id, outbound_email_id, at, type, actor, detail)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [ref.organizationId, uuidv7(), ref.outboundEmailId, at, type, actor, detail],
  );
}
