import type { OutboundEmailStatus, SendMode } from '#generated/prisma/enums.ts';
import { inheritedLinks } from '../contexts/links.ts';
import type { Sql } from '../db/client.ts';
import { SENDER_COLUMNS, type Sender } from '../db/sender.ts';
import { sql, statement } from '../db/statement.ts';
import { reportMissing, type WrittenEmail } from '../email/content.ts';
import { DraftConflictError, type InputIssue, InvalidInputError } from '../errors.ts';
import type { EmailRef } from '../jobs.ts';
import {
  isParent,
  isSender,
  NO_THREAD,
  PARENT_COLUMNS,
  PARENT_JOINS,
  type Parent,
  type Resolved,
  type Row,
  requireActive,
  requireReplyable,
} from './resolve.ts';
import { senderIssues } from './sender-address.ts';
import { FROM_TEMPLATE, parseTemplateUse, type TemplateUse } from './template-use.ts';

/** A `WrittenEmail` in the table `outbound_email e`. */
export const CONTENT_COLUMNS = sql`e."to", e.cc, e.bcc, e.reply_to AS "replyTo", e.subject, e.body_text AS "bodyText",
  e.body_html AS "bodyHtml"`;

interface DraftRow extends WrittenEmail {
  /** FRESH or REPLY: a scheduled email, which cannot be edited. */
  readonly mode: SendMode;
  readonly status: OutboundEmailStatus;
  readonly revision: number;
  /** How often it was tried to send it. */
  readonly attempts: number;
  readonly fromEmail: string;
  readonly hasContexts: boolean;
  readonly fileCount: number;
  /** Null: not scheduled. */
  readonly plannedSendAt: Date | null;
  /** Something of its `cancelWhen` may keep it from leaving at that time. */
  readonly hasConditions: boolean;
  readonly templateUse: unknown;
}

/**
 * A draft, or an email that is scheduled, with what it refers to. `found` gives the contexts that it takes from its conversation.
 */
export interface DraftToSend extends DraftRow, Pick<Resolved, 'found'> {
  readonly ref: EmailRef;
  /** Null: its words are its own. */
  readonly templateUse: TemplateUse | null;
  /** What is wrong with its sender address. */
  readonly senderIssues: readonly InputIssue[];
}

export const selectDraft = statement(
  'find-draft-to-send',
  (ref: EmailRef) => sql`SELECT e.status, e.mode, e.revision, e.attempts,
      e.from_email AS "fromEmail", ${CONTENT_COLUMNS}, EXISTS (
        SELECT FROM outbound_email_context l
        WHERE l.organization_id = e.organization_id AND l.outbound_email_id = e.id) AS "hasContexts",
      e.planned_send_at AS "plannedSendAt", cardinality(e.cancel_when) > 0 AS "hasConditions", e.template_use AS "templateUse",
      ${SENDER_COLUMNS}, ${PARENT_COLUMNS},
      (SELECT count(*)::int FROM attachment f
        WHERE f.organization_id = e.organization_id AND f.outbound_email_id = e.id) AS "fileCount"
    FROM outbound_email e
    LEFT JOIN email_message m ON m.organization_id = e.organization_id AND m.id = e.reply_to_message_id
    ${PARENT_JOINS}
    LEFT JOIN email_account a ON a.organization_id = e.organization_id AND a.id = coalesce(v.account_id, e.account_id)
    WHERE e.organization_id = ${ref.organizationId} AND e.id = ${ref.outboundEmailId}
      AND (e.mode = 'DRAFT' OR e.status = 'SCHEDULED')`,
);

/** A draft in any state, also after it was sent, or an email that is scheduled. Null when the organization has neither. */
export async function findDraftToSend(connection: Sql, ref: EmailRef): Promise<DraftToSend | null> {
  const { rows } = await connection.query<DraftRow & Row<Sender> & Row<Parent>>(selectDraft(ref));
  const [row] = rows;
  if (row === undefined) return null;
  return {
    ...row,
    ref,
    templateUse: parseTemplateUse(row.templateUse),
    senderIssues: isSender(row) ? senderIssues(row, row.fromEmail, 'input.draft') : [],
    found() {
      // A scheduled reply waits until its mailbox is connected again. A reply that a user sends now is refused.
      if (row.status === 'SCHEDULED' && isSender(row) && row.accountStatus === 'DISCONNECTED') requireActive(row);
      if (isParent(row)) {
        return { ...requireReplyable(row), contexts: row.hasContexts ? [] : inheritedLinks(row.conversationLinks) };
      }
      if (!isSender(row)) throw new Error('a draft without an account');
      return { sender: requireActive(row), thread: NO_THREAD, contexts: [] };
    },
  };
}

/** @throws {InvalidInputError} for a draft that lacks something that a sent email has, or may not use its sender address. */
export function requireComplete(draft: DraftToSend): void {
  const issues = [...draft.senderIssues];
  const words = { ...draft, ...(draft.templateUse && FROM_TEMPLATE) };
  reportMissing({ ...words, attachments: Array.from({ length: draft.fileCount }) }, 'input.draft', issues);
  if (issues.length > 0) throw new InvalidInputError(issues);
}

/** @param expected null: any. @throws {DraftConflictError} when the draft was changed since the caller read it. */
export function requireRevision(draftId: string, revision: number, expected: number | null | undefined): void {
  if (expected == null || expected === revision) return;
  throw new DraftConflictError(draftId, `The draft is at revision ${revision}, not ${expected}.`);
}
