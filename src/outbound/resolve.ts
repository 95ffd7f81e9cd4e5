/**
 * What a request to send refers to, found in one statement each: the account, the message answered and its
 * conversation, the context, and an earlier request under the same idempotency key. Everything is looked up within the
 * organization, so another one's object is not found.
 */
import type { ContextRef } from '../contexts/kind.ts';
import { contextKind } from '../contexts/registry.ts';
import type { Sql } from '../db/client.ts';
import { AccountNotReadyError, NotFoundError, ReplyNotPossibleError } from '../errors.ts';
import type { Thread } from '../mail/accept.ts';
import type { Fingerprint } from '../email/fingerprint.ts';
import { SENDER_COLUMNS, type Sender } from '../accounts/mailbox-access.ts';
import { isMessageId, replyReferences } from '../email/threading.ts';

/** The email that an idempotency key belongs to already. */
export interface EarlierRequest {
  readonly id: string;
  readonly fingerprint: Fingerprint;
}

/** What an outer join gives: all of it or none. */
export type Row<Found> = { [Key in keyof Found]: Found[Key] | null };

interface Common {
  readonly earlierId: string | null;
  readonly earlierFingerprint: Fingerprint | null;
  readonly contextFound: boolean;
}

export interface Parent {
  readonly replyToMessageId: string;
  readonly parentMessageId: string | null;
  readonly parentInReplyTo: string | null;
  readonly parentReferences: readonly string[];
  readonly conversationId: string;
  readonly providerThreadId: string;
  readonly inheritedType: string | null;
  readonly inheritedId: string | null;
}

const EARLIER_AND_CONTEXT = `LEFT JOIN outbound_email k ON k.organization_id = $1 AND k.idempotency_key = $3
  LEFT JOIN context_entity c ON c.organization_id = $1 AND c.type = $4 AND c.id = $5`;
const COMMON_COLUMNS = `k.id AS "earlierId", k.request_fingerprint AS "earlierFingerprint",
  c.id IS NOT NULL AS "contextFound"`;

/** The message answered, its conversation with the context linked first, and the account that owns it. */
export const PARENT_COLUMNS = `m.id AS "replyToMessageId", m.message_id AS "parentMessageId",
  m.in_reply_to AS "parentInReplyTo", m."references" AS "parentReferences", v.id AS "conversationId",
  v.provider_thread_id AS "providerThreadId", l.context_type AS "inheritedType", l.context_id AS "inheritedId"`;
export const PARENT_JOINS = `LEFT JOIN conversation v ON v.organization_id = $1 AND v.id = m.conversation_id
  LEFT JOIN LATERAL (
    SELECT context_type, context_id FROM conversation_context
    WHERE organization_id = $1 AND conversation_id = v.id ORDER BY created_at, context_id LIMIT 1
  ) l ON true`;

const RESOLVE_FRESH = {
  name: 'resolve-fresh',
  text: `SELECT ${SENDER_COLUMNS}, ${COMMON_COLUMNS} FROM (SELECT) request
    LEFT JOIN email_account a ON a.organization_id = $1 AND a.id = $2
    ${EARLIER_AND_CONTEXT}`,
};

const RESOLVE_REPLY = {
  name: 'resolve-reply',
  text: `SELECT ${SENDER_COLUMNS}, ${COMMON_COLUMNS}, ${PARENT_COLUMNS} FROM (SELECT) request
    LEFT JOIN email_message m ON m.organization_id = $1 AND m.id = $2
    ${PARENT_JOINS}
    LEFT JOIN email_account a ON a.organization_id = $1 AND a.id = v.account_id
    ${EARLIER_AND_CONTEXT}`,
};

export interface Resolved {
  readonly earlier: EarlierRequest | null;
  /** Checks what was found and gives it. @throws {NotFoundError | AccountNotReadyError | ReplyNotPossibleError} */
  found(): { readonly sender: Sender; readonly thread: Thread; readonly context: ContextRef | null };
}

export const NO_THREAD: Thread = {
  replyToMessageId: null,
  conversationId: null,
  threadId: null,
  inReplyTo: null,
  references: [],
};

export async function resolveFresh(
  sql: Sql,
  organizationId: string,
  request: { readonly accountId: string; readonly key: string | null; readonly context: ContextRef | null },
): Promise<Resolved> {
  const { accountId, key, context } = request;
  const values = [organizationId, accountId, key, context?.type ?? null, context?.id ?? null];
  const { rows } = await sql.query<Row<Sender> & Common>({ ...RESOLVE_FRESH, values });
  const row = only(rows);
  return {
    earlier: earlierOf(row),
    found() {
      if (!isSender(row)) throw new NotFoundError('EmailAccount', accountId);
      requireContext(row, context);
      return { sender: requireActive(row), thread: NO_THREAD, context };
    },
  };
}

export async function resolveReply(
  sql: Sql,
  organizationId: string,
  request: { readonly messageId: string; readonly key: string | null; readonly context: ContextRef | null },
): Promise<Resolved> {
  const { messageId, key, context } = request;
  const values = [organizationId, messageId, key, context?.type ?? null, context?.id ?? null];
  const { rows } = await sql.query<Row<Sender> & Row<Parent> & Common>({ ...RESOLVE_REPLY, values });
  const row = only(rows);
  return {
    earlier: earlierOf(row),
    found() {
      if (!isParent(row)) throw new NotFoundError('EmailMessage', messageId);
      requireContext(row, context);
      const { sender, thread } = requireReplyable(row);
      return { sender, thread, context: context ?? inheritedContext(row) };
    },
  };
}

/** The owner and the thread of a reply. @throws {ReplyNotPossibleError | AccountNotReadyError} */
export function requireReplyable(row: Row<Sender> & Parent): { sender: Sender; thread: Thread } {
  if (row.providerThreadId === '') throw new ReplyNotPossibleError('NO_PROVIDER_THREAD');
  if (row.parentMessageId === null) throw new ReplyNotPossibleError('NO_MESSAGE_ID');
  if (!isSender(row) || row.accountStatus === 'DISCONNECTED') throw new ReplyNotPossibleError('NO_OWNER_ACCOUNT');
  const thread = {
    replyToMessageId: row.replyToMessageId,
    conversationId: row.conversationId,
    threadId: row.providerThreadId,
    // Without it the reply goes into Gmail's thread all the same; its recipients see it in theirs by its other references.
    inReplyTo: isMessageId(row.parentMessageId) ? row.parentMessageId : null,
    references: replyReferences({
      messageId: row.parentMessageId,
      inReplyTo: row.parentInReplyTo,
      references: row.parentReferences,
    }),
  };
  return { sender: requireActive(row), thread };
}

export function inheritedContext({ inheritedType: type, inheritedId: id }: Row<Parent>): ContextRef | null {
  return type === null || id === null ? null : { type, id };
}

/** @throws {AccountNotReadyError} */
export function requireActive(sender: Sender): Sender {
  if (sender.accountStatus !== 'ACTIVE') throw new AccountNotReadyError(sender.id, sender.accountStatus);
  return sender;
}

function requireContext({ contextFound }: Common, context: ContextRef | null): void {
  if (context !== null && !contextFound) {
    throw new NotFoundError(contextKind(context.type)?.typename ?? context.type, context.id);
  }
}

function earlierOf({ earlierId: id, earlierFingerprint: fingerprint }: Common): EarlierRequest | null {
  return id === null || fingerprint === null ? null : { id, fingerprint };
}

export function isSender(row: Row<Sender>): row is Sender {
  return row.id !== null;
}

export function isParent<Found extends Row<Parent>>(row: Found): row is Found & Parent {
  return row.replyToMessageId !== null;
}

function only<Found>(rows: readonly Found[]): Found {
  const [row] = rows;
  if (row === undefined) throw new Error('a statement that always answers one row answered none');
  return row;
}
