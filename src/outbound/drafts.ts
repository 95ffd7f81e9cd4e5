/** Drafts: emails that are being written. They may be incomplete, and what they have must be valid. */
import { v7 as uuidv7 } from 'uuid';
import type { CancelCondition, OutboundEmailStatus } from '#generated/prisma/enums.ts';
import type { App } from '../app.ts';
import type { Identity } from '../auth/keys.ts';
import { requireScope } from '../auth/scopes.ts';
import { type ContextLink, insertEmailLinks } from '../contexts/links.ts';
import { findContexts } from '../contexts/references.ts';
import { inTransaction, type Sql } from '../db/client.ts';
import { inTransactionWithFiles } from '../db/large-writes.ts';
import { type Fragment, sql } from '../db/statement.ts';
import { reportLimits, reportMissing, type WrittenEmail } from '../email/content.ts';
import {
  DraftConflictError,
  type InputIssue,
  InvalidInputError,
  NotFoundError,
  ReplyNotPossibleError,
} from '../errors.ts';
import { type EmailRef, removeJob } from '../jobs.ts';
import { transition } from './apply-transition.ts';
import { deleteFiles, deleteUnusedContents, takeFiles } from './delete-files.ts';
import { type CreateDraftInput, parseDraftChanges, parseNewDraft, type UpdateDraftInput } from './draft-input.ts';
import { changeSender, findOrigin, plannedIssues } from './draft-sender.ts';
import { changeTemplate, useTemplate } from './draft-template.ts';
import { CONTENT_COLUMNS, requireRevision } from './draft-to-send.ts';
import { contentTerms, insertAttachments, storeNew } from './enqueue.ts';
import { requireFilled } from './fill-stored.ts';
import { findSentCopy } from './find-sent-copy.ts';
import { parseCancelWhen } from './planned-time.ts';
import { findEarlier, NO_THREAD } from './resolve.ts';
import { requireNew } from './send-input.ts';
import { FROM_TEMPLATE, parseTemplateUse } from './template-use.ts';

/**
 * @returns the id of the new draft, or of the one that the same request has made before.
 * @throws {InvalidInputError | NotFoundError | IdempotencyConflictError | AccountNotReadyError | UnresolvedTokensError | ForbiddenError}
 */
export async function createDraft(
  app: App,
  identity: Identity,
  input: CreateDraftInput,
): Promise<{ readonly draftId: string; readonly replayed: boolean }> {
  if (input.plannedSendAt != null) requireScope(identity, 'email:send');
  const [outboundEmailId, at] = [uuidv7(), app.now()];
  const request = parseNewDraft(input, at);
  const { fromAlias, content, template, contexts, plannedSendAt, cancelWhen, idempotency } = request;
  const { fromAccountUid, replyToOutboundEmailUid } = input;
  const { organizationId, actor } = identity;
  const earlier = await findEarlier(app.pool, organizationId, request);
  if (earlier !== null) return { draftId: earlier.outboundEmailId, replayed: true };
  requireNew(request);
  const replyToMessageUid =
    replyToOutboundEmailUid == null
      ? input.replyToMessageUid
      : await findSentCopy(app, organizationId, replyToOutboundEmailUid);
  if (replyToMessageUid === null && replyToOutboundEmailUid != null) throw new ReplyNotPossibleError('NO_MESSAGE_ID');
  const isStored = await inTransactionWithFiles(app, content.attachments, async (tx) => {
    const origin =
      replyToMessageUid == null
        ? await findOrigin(tx, organizationId, 'EmailAccount', fromAccountUid ?? '')
        : await findOrigin(tx, organizationId, 'EmailMessage', replyToMessageUid);
    const fromEmail = fromAlias ?? origin.email;
    if (plannedSendAt !== null) refuse(plannedIssues(origin, fromEmail));
    const ref = { organizationId, outboundEmailId };
    const isNew = await storeNew(tx, {
      ref,
      mode: 'DRAFT',
      accountId: origin.accountId,
      fromEmail,
      content,
      template: template && (await useTemplate(tx, organizationId, template, content.subject !== '')),
      thread: {
        ...NO_THREAD,
        replyToMessageId: replyToMessageUid ?? null,
        conversationId: origin.conversationId,
      },
      contexts: await findContexts(tx, organizationId, contexts),
      plannedSendAt,
      cancelWhen,
      idempotency,
      at,
      actor,
    });
    if (isNew && plannedSendAt !== null && template === null) await requireFilled(tx, ref, content, FILLED_NOW);
    return isNew;
  });
  if (isStored) return { draftId: outboundEmailId, replayed: false };
  // A twin was faster between the look-up and the insert; the unique index has decided.
  const twin = await findEarlier(app.pool, organizationId, request);
  if (twin === null) throw new Error('an idempotency key that was taken is gone');
  return { draftId: twin.outboundEmailId, replayed: true };
}

interface StoredDraft extends WrittenEmail {
  readonly status: OutboundEmailStatus;
  readonly revision: number;
  readonly accountId: string;
  readonly fromEmail: string;
  readonly isReply: boolean;
  readonly plannedSendAt: Date | null;
  readonly cancelWhen: readonly CancelCondition[];
  readonly templateUse: unknown;
}

/**
 * Omitted fields stay as they are, null clears, lists are replaced whole.
 * @returns its id.
 * @throws {InvalidInputError | NotFoundError | AccountNotReadyError | DraftConflictError | UnresolvedTokensError | ForbiddenError}
 */
export async function updateDraft(app: App, identity: Identity, input: UpdateDraftInput): Promise<string> {
  if (input.plannedSendAt != null) requireScope(identity, 'email:send');
  const now = app.now();
  const { fromAlias, content: given, template, contexts } = parseDraftChanges(input, now);
  const { organizationId, actor } = identity;
  const ref = { organizationId, outboundEmailId: input.draftUid };
  await inTransactionWithFiles(app, given.attachments, async (tx) => {
    const stored = await lockDraft(tx, ref, identity, input.expectedRevision);
    const { fromAccountUid } = input;
    const { origin, fromEmail } = await changeSender(tx, ref, stored, { fromAccountUid, fromAlias });
    if (input.attachments !== undefined) {
      const former = await takeFiles(tx, organizationId, 'outbound_email_id', [input.draftUid]);
      await insertAttachments(tx, ref, given.attachments);
      await deleteUnusedContents(tx, former);
    }
    if (input.contexts !== undefined) await replaceLinks(tx, ref, await findContexts(tx, organizationId, contexts));
    const use = await changeTemplate(tx, ref, parseTemplateUse(stored.templateUse), { input, choice: template });
    // A new template replaces the former words, and the subject unless one is given with it.
    const replaced = template ? { subject: given.subject, bodyText: null, bodyHtml: null } : {};
    const content = { ...overlay(input, given, stored), ...replaced };
    const plannedSendAt = input.plannedSendAt === undefined ? stored.plannedSendAt : input.plannedSendAt;
    const { rows: attachments } = await tx.query<{ filename: string; size: number }>(
      sql`SELECT filename, size FROM attachment WHERE ${isOf(ref)}`,
    );
    // A scheduled draft leaves without anybody looking at it again: it must be complete.
    const issues = plannedSendAt === null ? [] : plannedIssues(origin, fromEmail);
    if (plannedSendAt !== null) {
      reportMissing({ ...content, ...(use && FROM_TEMPLATE), attachments }, 'input', issues);
    }
    const fileBytes = attachments.reduce((sum, { size }) => sum + size, 0);
    reportLimits(content, fileBytes, 'input', issues);
    const options = { path: 'input', isPlanned: plannedSendAt !== null };
    const cancelWhen =
      input.cancelWhen === undefined ? stored.cancelWhen : parseCancelWhen(input.cancelWhen, options, issues);
    refuse(issues);
    if (plannedSendAt !== null && use === null) await requireFilled(tx, ref, content, FILLED_NOW);
    const terms = await contentTerms({ ...content, attachments });
    await tx.query(sql`UPDATE outbound_email_search SET terms = array_to_tsvector(${terms}) WHERE ${isOf(ref)}`);
    const changed = Object.keys(input).filter((field) => field !== 'draftUid' && field !== 'expectedRevision');
    const detail = { revision: stored.revision + 1, changed: changed.sort() };
    const edit = { at: now, actor, content, detail };
    if (plannedSendAt === null) await transition(tx, 'draftEdited', ref, edit);
    else await transition(tx, 'draftScheduled', ref, { ...edit, plannedSendAt, cancelWhen });
  });
  return input.draftUid;
}

/** For good: the draft, its files and its trail. @throws {NotFoundError | DraftConflictError | ForbiddenError} */
export async function deleteDraft(app: App, identity: Identity, draftId: string): Promise<void> {
  const ref = { organizationId: identity.organizationId, outboundEmailId: draftId };
  await inTransaction(app.pool, async (tx) => {
    await lockDraft(tx, ref, identity, null);
    await tx.query(sql`SELECT ${removeJob('deliver', sql`${draftId}::uuid`)}`);
    await deleteLockedDrafts(tx, ref.organizationId, [draftId]);
  });
}

/** Deletes drafts that are locked, with their files. A delivery report about an earlier attempt of one stays. */
export async function deleteLockedDrafts(tx: Sql, organizationId: string, ids: readonly string[]): Promise<void> {
  await tx.query(
    sql`UPDATE email_message SET answers_email_id = NULL
      WHERE organization_id = ${organizationId} AND answers_email_id = ANY(${ids})`,
  );
  await deleteFiles(tx, organizationId, 'outbound_email_id', ids);
  await tx.query(sql`DELETE FROM outbound_email WHERE organization_id = ${organizationId} AND id = ANY(${ids})`);
}

/** SQL: the row belongs to the email. */
function isOf({ organizationId, outboundEmailId }: EmailRef): Fragment {
  return sql`organization_id = ${organizationId} AND outbound_email_id = ${outboundEmailId}`;
}

/** What a reply takes from its conversation is known only when it is sent. */
const FILLED_NOW = { inherited: [], retry: 'NEVER' } as const;

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

/** To change it. One that is SCHEDULED leaves by itself, so that a change decides what leaves, and when. */
async function lockDraft(
  tx: Sql,
  ref: EmailRef,
  identity: Identity,
  expectedRevision: number | null | undefined,
): Promise<StoredDraft> {
  const { rows } = await tx.query<StoredDraft>(
    sql`SELECT status, revision, account_id AS "accountId", from_email AS "fromEmail", reply_to_message_id IS NOT NULL AS "isReply", ${CONTENT_COLUMNS},
        planned_send_at AS "plannedSendAt",
        cancel_when::text[] AS "cancelWhen", template_use AS "templateUse"
      FROM outbound_email e
      WHERE organization_id = ${ref.organizationId} AND id = ${ref.outboundEmailId} AND mode = 'DRAFT' FOR UPDATE`,
  );
  const [draft] = rows;
  if (draft === undefined) throw new NotFoundError('Draft', ref.outboundEmailId);
  if (draft.status !== 'DRAFT' && draft.status !== 'SCHEDULED') {
    throw new DraftConflictError(null, `It is no longer a draft: it is ${draft.status}.`);
  }
  if (draft.status === 'SCHEDULED') requireScope(identity, 'email:send');
  requireRevision(ref.outboundEmailId, draft.revision, expectedRevision);
  return draft;
}

/** @throws {InvalidInputError} unless there are none. */
function refuse(issues: readonly InputIssue[]): void {
  if (issues.length > 0) throw new InvalidInputError(issues);
}

async function replaceLinks(tx: Sql, ref: EmailRef, links: readonly ContextLink[]): Promise<void> {
  await tx.query(sql`DELETE FROM outbound_email_context WHERE ${isOf(ref)}`);
  await tx.query(
    sql`WITH email AS (
        SELECT organization_id, id, created_at FROM outbound_email
        WHERE organization_id = ${ref.organizationId} AND id = ${ref.outboundEmailId}
      ) ${insertEmailLinks(links)}`,
  );
}
