import type { OutboundEmailStatus, SendMode } from '#generated/prisma/enums.ts';
import type { ContextRef } from '../contexts/kind.ts';
import type { Sql } from '../db/client.ts';
import type { Thread } from '../mail/accept.ts';
import { CONTENT_COLUMNS, type WrittenEmail } from '../email/content.ts';
import {
  inheritedContext,
  isParent,
  isSender,
  NO_THREAD,
  PARENT_COLUMNS,
  PARENT_JOINS,
  type Parent,
  type Row,
  requireActive,
  requireReplyable,
} from './resolve.ts';
import { SENDER_COLUMNS, type Sender } from '../accounts/mailbox-access.ts';

interface DraftRow extends WrittenEmail {
  readonly status: OutboundEmailStatus;
  readonly mode: SendMode;
  readonly revision: number;
  readonly fromEmail: string;
  readonly contextType: string | null;
  readonly contextId: string | null;
  readonly fileCount: number;
  readonly plannedSendAt: Date | null;
}

/** A stored draft, with what it refers to. */
export interface DraftToSend {
  readonly status: OutboundEmailStatus;
  readonly revision: number;
  readonly fromEmail: string;
  /** Null: not scheduled. */
  readonly plannedSendAt: Date | null;
  readonly content: WrittenEmail;
  readonly fileCount: number;
  /** @throws {AccountNotReadyError | ReplyNotPossibleError} */
  found(): { readonly sender: Sender; readonly thread: Thread; readonly context: ContextRef | null };
}

const FIND_DRAFT = {
  name: 'find-draft-to-send',
  text: `SELECT e.status, e.mode, e.revision, e.from_email AS "fromEmail", ${CONTENT_COLUMNS}, e.context_type AS "contextType",
      e.context_id AS "contextId", e.planned_send_at AS "plannedSendAt", ${SENDER_COLUMNS}, ${PARENT_COLUMNS},
      (SELECT count(*)::int FROM attachment f
        WHERE f.organization_id = $1 AND f.outbound_email_id = e.id) AS "fileCount"
    FROM outbound_email e
    LEFT JOIN email_message m ON m.organization_id = $1 AND m.id = e.reply_to_message_id
    ${PARENT_JOINS}
    LEFT JOIN email_account a ON a.organization_id = $1 AND a.id = coalesce(v.account_id, e.account_id)
    WHERE e.organization_id = $1 AND e.id = $2 AND e.mode = 'DRAFT'`,
};

/** In whatever state it is by now. Null when the organization has no draft of this id, and never had. */
export async function findDraftToSend(sql: Sql, organizationId: string, draftId: string): Promise<DraftToSend | null> {
  const { rows } = await sql.query<DraftRow & Row<Sender> & Row<Parent>>({
    ...FIND_DRAFT,
    values: [organizationId, draftId],
  });
  const [row] = rows;
  if (row === undefined) return null;
  const { contextType: type, contextId: id, to, cc, bcc, replyTo, subject, bodyText, bodyHtml } = row;
  const own = type === null || id === null ? null : { type, id };
  return {
    status: row.status,
    revision: row.revision,
    fromEmail: row.fromEmail,
    plannedSendAt: row.plannedSendAt,
    content: { to, cc, bcc, replyTo, subject, bodyText, bodyHtml },
    fileCount: row.fileCount,
    found() {
      // A scheduled reply waits for its mailbox, which may be connected again; what a person sends now has nowhere to go.
      if (row.status === 'SCHEDULED' && isSender(row) && row.accountStatus === 'DISCONNECTED') requireActive(row);
      if (isParent(row)) return { ...requireReplyable(row), context: own ?? inheritedContext(row) };
      if (!isSender(row)) throw new Error('a draft without an account');
      return { sender: requireActive(row), thread: NO_THREAD, context: own };
    },
  };
}
