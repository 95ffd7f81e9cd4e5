import type { CancelCondition } from '#generated/prisma/enums.ts';
import { type ContextInput, type ContextName, parseContextNames } from '../contexts/references.ts';
import { type ContentInput, type EmailContent, parseContent, reportMissing } from '../email/content.ts';
import { type Fingerprint, fingerprintOf, isIdempotencyKey, KEY_RULE } from '../email/fingerprint.ts';
import { type DomainError, type InputIssue, InvalidInputError } from '../errors.ts';
import type { TemplateChoice } from '../templates/find-version.ts';
import { parseCancelWhen, plannedSendAtIssues } from './planned-time.ts';
import { parseAlias } from './sender-address.ts';
import { FROM_TEMPLATE, parseTemplateChoice, reportBodies, type TemplateUseInput } from './template-use.ts';

export interface SendNewInput extends ContentInput {
  readonly fromAlias?: string | null;
  readonly appendSignature?: boolean | null;
  readonly contexts?: readonly ContextInput[] | null;
  readonly template?: TemplateUseInput | null;
  readonly allowUnresolved?: boolean | null;
  readonly plannedSendAt?: Date | null;
  readonly cancelWhen?: readonly CancelCondition[] | null;
  readonly idempotencyKey?: string | null;
}

export interface SendFreshInput extends SendNewInput {
  readonly fromAccountUid: string;
}

export interface SendReplyInput extends SendNewInput {
  readonly replyToMessageUid?: string | null;
  readonly replyToOutboundEmailUid?: string | null;
  readonly replyAll?: boolean | null;
  readonly quote?: boolean | null;
}

export interface SendDraftInput {
  readonly draftUid: string;
  readonly expectedRevision?: number | null;
  readonly allowUnresolved?: boolean | null;
}

/** A request whose form is sound; what it refers to has yet to be found. */
export interface NewRequest {
  /** Of its input object: `input.fresh`. */
  readonly path: string;
  /** What of the content the server fills in. */
  readonly fill: {
    readonly to: boolean;
    readonly subject: boolean;
    readonly replyAll: boolean;
    /** The other recipients of the message: for a reply to all without `cc`. */
    readonly cc: boolean;
    readonly quote: boolean;
    readonly signature: boolean;
  };
  readonly content: EmailContent;
  /** Null: it has words of its own. */
  readonly template: TemplateChoice | null;
  /** It is sent although tokens are left. */
  readonly allowUnresolved: boolean;
  /** The main one first. Empty: none were named. */
  readonly contexts: readonly ContextName[];
  /** Null: it is sent now. */
  readonly plannedSendAt: Date | null;
  readonly cancelWhen: readonly CancelCondition[];
  readonly idempotency: { readonly key: string; readonly fingerprint: Fingerprint } | null;
  /** What is wrong with a new request and was right when the same request was made before: a time that has passed. */
  readonly issuesIfNew: readonly InputIssue[];
  /** Why a file that it names by its uid is missing, as it was not when the same request was made before. Null: none is. */
  readonly missingFile: DomainError | null;
  /** In lower case; null: the account's own address. */
  readonly fromAlias: string | null;
}

/** For a request that was not made before. @throws {InvalidInputError} @throws {NotFoundError} for a file. */
export function requireNew({ issuesIfNew, missingFile }: Pick<NewRequest, 'issuesIfNew' | 'missingFile'>): void {
  if (issuesIfNew.length > 0) throw new InvalidInputError(issuesIfNew);
  if (missingFile !== null) throw missingFile;
}

export const FILL_NOTHING = { to: false, subject: false, replyAll: false, cc: false, quote: false, signature: false };

/** @throws {InvalidInputError} with every issue. */
export function parseFresh(input: SendFreshInput, now: Date): NewRequest & { readonly accountId: string } {
  const target = { mode: 'fresh', fromAccountUid: input.fromAccountUid };
  const fill = { ...FILL_NOTHING, signature: input.appendSignature ?? false };
  return { ...parseNew(input, 'input.fresh', { now, issues: [], target, fill }), accountId: input.fromAccountUid };
}

/** @returns with one of the two ids: of what it answers. @throws {InvalidInputError} with every issue. */
export function parseReply(
  input: SendReplyInput,
  now: Date,
): NewRequest & { readonly messageId: string | null; readonly outboundEmailId: string | null } {
  const issues: InputIssue[] = [];
  const { replyToMessageUid = null, replyToOutboundEmailUid = null } = input;
  if ((replyToMessageUid === null) === (replyToOutboundEmailUid === null)) {
    const message = 'Give exactly one of replyToMessageUid and replyToOutboundEmailUid.';
    issues.push({ path: 'input.reply.replyToMessageUid', message });
  }
  const fill = {
    to: input.to == null,
    subject: input.subject == null,
    replyAll: input.replyAll ?? false,
    cc: input.replyAll === true && input.cc == null,
    quote: input.quote ?? false,
    signature: input.appendSignature ?? false,
  };
  const target = { mode: 'reply', replyToMessageUid, replyToOutboundEmailUid };
  return {
    ...parseNew(input, 'input.reply', { now, issues, target, fill }),
    messageId: replyToMessageUid,
    outboundEmailId: replyToOutboundEmailUid,
  };
}

interface Parsing {
  readonly now: Date;
  readonly issues: InputIssue[];
  /** What belongs to the fingerprint besides what every request has. */
  readonly target: Readonly<Record<string, string | null>>;
  readonly fill: NewRequest['fill'];
  /** Omitted: true. */
  readonly mustBeComplete?: boolean;
}

/** @throws {InvalidInputError} with every issue. */
export function parseNew(
  input: SendNewInput,
  path: string,
  { now, issues, target, fill, mustBeComplete = true }: Parsing,
): NewRequest {
  const fromAlias = parseAlias(input.fromAlias, path, issues);
  const content = parseContent(input, path, issues);
  // What the server fills in is checked when it is there.
  const template = parseTemplateChoice(input.template, `${path}.template`, issues);
  if (template !== null) reportBodies(input, path, issues);
  const filled = { to: fill.to ? [''] : content.to, subject: fill.subject ? 'Re:' : content.subject };
  if (mustBeComplete) reportMissing({ ...content, ...filled, ...(template && FROM_TEMPLATE) }, path, issues);
  const contexts = parseContextNames(input.contexts, `${path}.contexts`, issues);
  const { plannedSendAt = null } = input;
  const cancelWhen = parseCancelWhen(input.cancelWhen, { path, isPlanned: plannedSendAt !== null }, issues);
  const issuesIfNew = plannedSendAtIssues(plannedSendAt, path, now);
  const asked = {
    replyAll: fill.replyAll || null,
    quote: fill.quote || null,
    appendSignature: fill.signature || null,
    // Without recipients in Cc is another request than with those of the message.
    ...(fill.cc ? { cc: null } : {}),
  };
  const request = { ...target, ...asked, fromAlias, content, template, contexts, plannedSendAt, cancelWhen };
  const idempotency = parseIdempotency(input.idempotencyKey, path, issues, request);
  if (issues.length > 0) throw new InvalidInputError([...issues, ...issuesIfNew]);
  const allowUnresolved = input.allowUnresolved ?? false;
  const words = { fill, content, template, allowUnresolved };
  const missingFile = input.attachments?.find(({ missing }) => missing !== undefined)?.missing ?? null;
  const ifNew = { issuesIfNew, missingFile };
  return { path, ...words, fromAlias, contexts, plannedSendAt, cancelWhen, idempotency, ...ifNew };
}

/** @param request what the key stands for: the content, and whatever else makes it another request. */
function parseIdempotency(
  key: string | null | undefined,
  path: string,
  issues: InputIssue[],
  { content, ...request }: { readonly content: EmailContent },
): NewRequest['idempotency'] {
  if (key == null) return null;
  if (!isIdempotencyKey(key)) issues.push({ path: `${path}.idempotencyKey`, message: KEY_RULE });
  const { attachments, ...rest } = content;
  const files = attachments.map(({ filename, contentType, sha256, contentId }) => [
    filename,
    contentType,
    sha256,
    contentId,
  ]);
  return { key, fingerprint: fingerprintOf({ ...rest, ...request, attachments: files }) };
}
