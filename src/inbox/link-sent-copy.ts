/** Links an outbound email and its sent copy: the copy that Gmail keeps in SENT. */
import { refreshContacts } from '../contexts/contact-state.ts';
import type { ContextRef } from '../contexts/kind.ts';
import { insertConversationLinks } from '../contexts/links.ts';
import type { Sql } from '../db/client.ts';
import { sql, statement } from '../db/statement.ts';
import { threadingOf } from '../email/threading.ts';
import type { GmailMessage } from '../gmail/gateway.ts';
import { revisionOf } from '../gmail/headers.ts';
import { transition } from '../outbound/apply-transition.ts';
import { DATABASE_NOW } from '../outbound/transition-parts.ts';
import { correlateEarlier, type SentCopy } from './correlate.ts';
import type { Mailbox } from './parse-message.ts';
import { deleteIfEmpty, refreshContactsOf } from './update-messages.ts';

interface ClaimedCopy {
  readonly mailbox: Mailbox;
  readonly message: GmailMessage;
  /** Of the draft that it was composed from. */
  readonly revision: number;
  /** Of the outbound email that the message names as its own. */
  readonly outboundEmailId: string;
}

export const lockSentEmail = statement(
  'confirm-sent-copy',
  ({ mailbox, message: { messageId, internalDate }, revision, outboundEmailId }: ClaimedCopy) => {
    const isUnsent = sql`coalesce(${messageId} = ANY(e.unsent_message_ids) OR e.accepted_not_sent_at >= ${internalDate}, false)`;
    return sql`SELECT e.status IN ('SENT', 'BOUNCED') AS "isSent", e.requested_thread_id AS "requestedThreadId",
        ${isUnsent} AS "isUnsent"
      FROM outbound_email e
      WHERE e.organization_id = ${mailbox.organizationId} AND e.account_id = ${mailbox.id} AND e.id = ${outboundEmailId}
        AND (${isUnsent} OR (
          e.provider_message_id = ${messageId}
            -- A draft that was edited since is another email.
            OR e.provider_message_id IS NULL AND e.status <> 'SCHEDULED' AND e.revision = ${revision}
          ) AND NOT EXISTS (SELECT FROM email_message m WHERE m.organization_id = e.organization_id
            AND m.outbound_email_id = e.id AND m.provider_message_id <> ${messageId}))
      FOR NO KEY UPDATE`;
  },
);

/**
 * Locks the outbound email and checks that this message is its sent copy. It proves that the email was sent: one that is not known
 * to be sent becomes SENT. A mailbox can hold two copies: Gmail keeps an email that it accepted and did not send, and the email
 * was then sent again.
 * @returns `outboundEmailId`: null when it is not. `isUnsent`: it is the copy of an email that Gmail did not send.
 */
export async function confirmSentCopy(
  tx: Sql,
  mailbox: Mailbox,
  message: GmailMessage,
  outboundEmailId: string | null,
): Promise<{ readonly outboundEmailId: string | null; readonly isUnsent: boolean }> {
  if (outboundEmailId === null) return { outboundEmailId, isUnsent: false };
  const revision = revisionOf(message.headers);
  const { rows } = await tx.query<{ isSent: boolean; requestedThreadId: string | null; isUnsent: boolean }>(
    lockSentEmail({ mailbox, message, revision, outboundEmailId }),
  );
  const [email] = rows;
  if (email === undefined || email.isUnsent) return { outboundEmailId: null, isUnsent: email !== undefined };
  if (!email.isSent) {
    const threading = threadingOf(email.requestedThreadId, message.threadId);
    const change = { at: DATABASE_NOW, sent: message, sentAt: message.internalDate, threading, detail: { threading } };
    await transition(tx, 'sentCopyStored', { organizationId: mailbox.organizationId, outboundEmailId }, change);
  }
  return { outboundEmailId, isUnsent: false };
}

/** Links a message that a sync stored before the email was known to be sent. @returns the id of the message. */
export async function linkStored(
  tx: Sql,
  mailbox: Mailbox,
  message: GmailMessage,
  { conversationId, outboundEmailId }: { readonly conversationId: string; readonly outboundEmailId: string | null },
) {
  const { rows } = await tx.query<{ id: string; conversationId: string; messageId: string | null; isNew: boolean }>(
    sql`UPDATE email_message m SET outbound_email_id = coalesce(m.outbound_email_id, ${outboundEmailId})
      FROM (SELECT organization_id, id, outbound_email_id IS NULL AS is_new FROM email_message
        WHERE organization_id = ${mailbox.organizationId} AND account_id = ${mailbox.id}
          AND provider_message_id = ${message.messageId} FOR NO KEY UPDATE) before
      WHERE m.organization_id = before.organization_id AND m.id = before.id
      RETURNING m.id, m.conversation_id AS "conversationId", m.message_id AS "messageId", before.is_new AS "isNew"`,
  );
  const [row] = rows;
  if (row === undefined) throw new Error('a message that was stored is gone');
  if (outboundEmailId !== null) {
    await linkOutboundEmail(tx, mailbox, { ...row, outboundEmailId });
    // Until now it counted as one that was sent by hand.
    if (row.isNew) await refreshContactsOf(tx, mailbox, [row.conversationId]);
  }
  // Gmail has moved it to another thread. It stays in its conversation, and the empty new one is deleted.
  if (row.conversationId !== conversationId) await deleteIfEmpty(tx, mailbox.organizationId, [conversationId]);
  return row.id;
}

interface LinkedCopy extends SentCopy {
  readonly organizationId: string;
  readonly isNew: boolean;
}

export const linkEmail = statement(
  'link-outbound-email',
  (copy: LinkedCopy) => sql`WITH before AS MATERIALIZED (
      SELECT organization_id, id, sent_copy_fetched_at FROM outbound_email
      WHERE organization_id = ${copy.organizationId} AND id = ${copy.outboundEmailId} FOR NO KEY UPDATE
    ), email AS (
      UPDATE outbound_email e SET conversation_id = ${copy.conversationId}, message_id = coalesce(${copy.messageId}, e.message_id),
        sent_copy_fetched_at = coalesce(e.sent_copy_fetched_at, now()),
        updated_at = CASE WHEN e.sent_copy_fetched_at IS NULL THEN now() ELSE e.updated_at END
      FROM before WHERE e.organization_id = before.organization_id AND e.id = before.id
      RETURNING e.organization_id, e.conversation_id, e.id,
        before.sent_copy_fetched_at IS NULL OR e.provider_message_id IS NULL AS is_first
    )
    ${insertConversationLinks(sql`(SELECT * FROM email WHERE is_first AND ${copy.isNew})`)}`,
);

/**
 * Gives the outbound email its conversation and its real Message-ID, and links the conversation to the email's context.
 * Storing the copy again does not restore a link that a user removed.
 */
export async function linkOutboundEmail(
  tx: Sql,
  mailbox: Mailbox,
  sent: SentCopy & { readonly isNew: boolean },
): Promise<void> {
  const { organizationId } = mailbox;
  const { rows } = await tx.query<ContextRef>(linkEmail({ organizationId, ...sent }));
  await refreshContacts(tx, organizationId, rows);
  await correlateEarlier(tx, mailbox, sent);
}
