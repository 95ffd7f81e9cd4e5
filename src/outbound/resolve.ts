/**
 * What a request to send refers to, found in one statement each: the account, the message answered and its
 * conversation, the contexts, and an earlier request under the same idempotency key. Everything is looked up within the
 * organization, so another one's object is not found.
 */

import { CONVERSATION_LINKS, type ContextLink, inheritedLinks } from '../contexts/links.ts';
import { type ContextName, type FoundContext, linksOf, selectContexts } from '../contexts/references.ts';
import type { Sql } from '../db/client.ts';
import { SENDER_COLUMNS, type Sender } from '../db/sender.ts';
import { onlyRow, sql, statement } from '../db/statement.ts';
import { differingFields, type Fingerprint } from '../email/fingerprint.ts';
import { isMessageId, replyReferences } from '../email/threading.ts';
import { AccountNotReadyError, IdempotencyConflictError, NotFoundError, ReplyNotPossibleError } from '../errors.ts';
import type { EmailRef } from '../jobs.ts';
import type { NewRequest } from './send-input.ts';

/** Where an email goes in the account's mailbox and what its reply headers name. */
export interface Thread {
  readonly replyToMessageId: string | null;
  readonly conversationId: string | null;
  /** Null: a thread of its own. */
  readonly threadId: string | null;
  readonly inReplyTo: string | null;
  readonly references: readonly string[];
}

/** The email that an idempotency key belongs to already. */
interface EarlierRequest {
  readonly id: string;
  readonly fingerprint: Fingerprint;
}

/** Files that are missing now cannot be compared. @throws {IdempotencyConflictError} when the key belongs to another request. */
export function requireSameRequest(
  earlier: EarlierRequest,
  { idempotency, missingFile }: Pick<NewRequest, 'idempotency' | 'missingFile'>,
): void {
  const differing = differingFields(earlier.fingerprint, idempotency?.fingerprint ?? {});
  const fields = missingFile === null ? differing : differing.filter((field) => field !== 'attachments');
  if (fields.length > 0) throw new IdempotencyConflictError(earlier.id, fields);
}

/**
 * The email that an earlier request under this key has made, also when it was edited or sent since. Null: none.
 * @throws {IdempotencyConflictError}
 */
export async function findEarlier(
  connection: Sql,
  organizationId: string,
  request: Pick<NewRequest, 'idempotency' | 'missingFile'>,
): Promise<EmailRef | null> {
  if (request.idempotency === null) return null;
  const { rows } = await connection.query<EarlierRequest>(
    sql`SELECT id, request_fingerprint AS fingerprint FROM outbound_email
      WHERE organization_id = ${organizationId} AND idempotency_key = ${request.idempotency.key}`,
  );
  const [earlier] = rows;
  if (earlier === undefined) return null;
  requireSameRequest(earlier, request);
  return { organizationId, outboundEmailId: earlier.id };
}

/** The columns of an outer join: all of them are null, or those of the found row. */
export type Row<Found> = { [Key in keyof Found]: Found[Key] | null };

interface Common {
  readonly earlierId: string | null;
  readonly earlierFingerprint: Fingerprint | null;
  readonly namedContexts: readonly FoundContext[];
}

export interface Parent {
  readonly replyToMessageId: string;
  readonly parentMessageId: string | null;
  readonly parentInReplyTo: string | null;
  readonly parentReferences: readonly string[];
  readonly conversationId: string;
  readonly providerThreadId: string;
  readonly conversationLinks: readonly ContextLink[];
}

/** What a request refers to besides where it is sent from. */
interface Request {
  readonly organizationId: string;
  readonly idempotency: { readonly key: string; readonly fingerprint: Fingerprint } | null;
  readonly contexts: readonly ContextName[];
}

const earlierRequest = ({ organizationId, idempotency }: Request) => sql`LEFT JOIN outbound_email k
    ON k.organization_id = ${organizationId} AND k.idempotency_key = ${idempotency?.key}`;
const commonColumns = ({ organizationId, contexts }: Request) => sql`k.id AS "earlierId",
  k.request_fingerprint AS "earlierFingerprint", ${selectContexts(organizationId, contexts)} AS "namedContexts"`;

/** The message answered, its conversation with the links of that, and the account that owns it. */
export const PARENT_COLUMNS = sql`m.id AS "replyToMessageId", m.message_id AS "parentMessageId",
  m.in_reply_to AS "parentInReplyTo", m."references" AS "parentReferences", v.id AS "conversationId",
  v.provider_thread_id AS "providerThreadId", ${CONVERSATION_LINKS} AS "conversationLinks"`;
/** Of the message in `email_message m`. */
export const PARENT_JOINS = sql`LEFT JOIN conversation v
    ON v.organization_id = m.organization_id AND v.id = m.conversation_id`;

export const selectForFresh = statement(
  'resolve-fresh',
  (request: Request & { readonly accountId: string }) => sql`SELECT ${SENDER_COLUMNS}, ${commonColumns(request)}
    FROM (SELECT) request
    LEFT JOIN email_account a ON a.organization_id = ${request.organizationId} AND a.id = ${request.accountId}
    ${earlierRequest(request)}`,
);

export const selectForReply = statement(
  'resolve-reply',
  (
    request: Request & { readonly messageId: string | null },
  ) => sql`SELECT ${SENDER_COLUMNS}, ${commonColumns(request)}, ${PARENT_COLUMNS}
    FROM (SELECT) request
    LEFT JOIN email_message m ON m.organization_id = ${request.organizationId} AND m.id = ${request.messageId}
      AND m.deleted_at IS NULL
    ${PARENT_JOINS}
    LEFT JOIN email_account a ON a.organization_id = v.organization_id AND a.id = v.account_id
    ${earlierRequest(request)}`,
);

export interface Resolved {
  readonly earlier: EarlierRequest | null;
  /** Checks what was found and gives it. @throws {NotFoundError | AccountNotReadyError | ReplyNotPossibleError} */
  found(): { readonly sender: Sender; readonly thread: Thread; readonly contexts: readonly ContextLink[] };
}

export const NO_THREAD: Thread = {
  replyToMessageId: null,
  conversationId: null,
  threadId: null,
  inReplyTo: null,
  references: [],
};

export async function resolveFresh(
  connection: Sql,
  organizationId: string,
  { accountId, idempotency, contexts }: Omit<Request, 'organizationId'> & { readonly accountId: string },
): Promise<Resolved> {
  const select = selectForFresh({ organizationId, accountId, idempotency, contexts });
  const row = onlyRow(await connection.query<Row<Sender> & Common>(select));
  return {
    earlier: earlierOf(row),
    found() {
      if (!isSender(row)) throw new NotFoundError('EmailAccount', accountId);
      const links = linksOf(contexts, row.namedContexts);
      return { sender: requireActive(row), thread: NO_THREAD, contexts: links };
    },
  };
}

export async function resolveReply(
  connection: Sql,
  organizationId: string,
  { messageId, idempotency, contexts }: Omit<Request, 'organizationId'> & { readonly messageId: string | null },
): Promise<Resolved> {
  const select = selectForReply({ organizationId, messageId, idempotency, contexts });
  const row = onlyRow(await connection.query<Row<Sender> & Row<Parent> & Common>(select));
  return {
    earlier: earlierOf(row),
    found() {
      if (messageId === null) throw new ReplyNotPossibleError('NO_MESSAGE_ID');
      if (!isParent(row)) throw new NotFoundError('EmailMessage', messageId);
      const named = linksOf(contexts, row.namedContexts);
      const { sender, thread } = requireReplyable(row);
      return { sender, thread, contexts: contexts.length > 0 ? named : inheritedLinks(row.conversationLinks) };
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

/** @throws {AccountNotReadyError} */
export function requireActive(sender: Sender): Sender {
  if (sender.accountStatus !== 'ACTIVE') throw new AccountNotReadyError(sender.id, sender.accountStatus);
  return sender;
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
