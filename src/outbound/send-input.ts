import type { ContextRef } from '../contexts/kind.ts';
import { contextKind, knownContextTypes } from '../contexts/registry.ts';
import { type InputIssue, InvalidInputError } from '../errors.ts';
import { addressProblem, normaliseAddress } from '../email/address.ts';
import { type ContentInput, type EmailContent, parseContent, reportMissing } from '../email/content.ts';
import { type Fingerprint, fingerprintOf, isIdempotencyKey, KEY_RULE } from '../email/fingerprint.ts';

export interface ContextInput {
  readonly type: string;
  readonly uid: string;
}

interface SendNewInput extends ContentInput {
  readonly context?: ContextInput | null;
  readonly idempotencyKey?: string | null;
}

export interface SendFreshInput extends SendNewInput {
  readonly fromAccountUid: string;
  readonly fromAlias?: string | null;
}

export interface SendReplyInput extends SendNewInput {
  readonly replyToMessageUid: string;
}

export interface SendDraftInput {
  readonly draftUid: string;
  readonly expectedRevision?: number | null;
}

/** A request whose form is sound; what it refers to has yet to be found. */
export interface NewRequest {
  readonly content: EmailContent;
  readonly context: ContextRef | null;
  readonly key: string | null;
  readonly fingerprint: Fingerprint;
  /** Normalised; null: the account's own address. */
  readonly fromAlias: string | null;
}

/** @throws {InvalidInputError} with every issue. */
export function parseFresh(input: SendFreshInput): NewRequest & { readonly accountId: string } {
  const issues: InputIssue[] = [];
  const fromAlias = input.fromAlias == null ? null : normaliseAddress(input.fromAlias);
  const problem = input.fromAlias == null ? null : addressProblem(input.fromAlias);
  if (problem !== null) issues.push({ path: 'input.fresh.fromAlias', message: problem });
  const target = { mode: 'fresh', fromAccountUid: input.fromAccountUid, fromAlias };
  return { ...parseNew(input, 'input.fresh', issues, target), accountId: input.fromAccountUid, fromAlias };
}

/** @throws {InvalidInputError} with every issue. */
export function parseReply(input: SendReplyInput): NewRequest & { readonly messageId: string } {
  const target = { mode: 'reply', replyToMessageUid: input.replyToMessageUid };
  return { ...parseNew(input, 'input.reply', [], target), messageId: input.replyToMessageUid, fromAlias: null };
}

function parseNew(input: SendNewInput, path: string, issues: InputIssue[], target: Record<string, string | null>) {
  const content = parseContent(input, path, issues);
  reportMissing(content, path, issues);
  const context = parseContext(input.context, path, issues);
  const key = input.idempotencyKey ?? null;
  if (key !== null && !isIdempotencyKey(key)) issues.push({ path: `${path}.idempotencyKey`, message: KEY_RULE });
  if (issues.length > 0) throw new InvalidInputError(issues);
  const { attachments, ...rest } = content;
  const files = attachments.map(({ filename, contentType, sha256, contentId }) => [
    filename,
    contentType,
    sha256,
    contentId,
  ]);
  // Hashed for a key only: without one nothing is ever compared.
  const fingerprint = key === null ? {} : fingerprintOf({ ...target, ...rest, attachments: files, context });
  return { content, context, key, fingerprint };
}

/** Null when none is named. An unknown kind is an issue that lists the known ones. */
export function parseContext(
  input: ContextInput | null | undefined,
  path: string,
  issues: InputIssue[],
): ContextRef | null {
  if (input == null) return null;
  if (contextKind(input.type) === undefined) {
    issues.push({ path: `${path}.context.type`, message: `Must be one of: ${knownContextTypes()}.` });
  }
  return { type: input.type, id: input.uid };
}
