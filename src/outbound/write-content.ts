/**
 * What an email says once its request is filled in: the words of its template, recipients, subject and quote of a reply, and the
 * signature. Fixed when the row is written; a scheduled email takes the words of its template again when it leaves.
 */
import { findSendAs } from '../accounts/send-as.ts';
import type { App } from '../app.ts';
import type { ContextLink } from '../contexts/links.ts';
import type { Sql } from '../db/client.ts';
import type { Sender } from '../db/sender.ts';
import { sql } from '../db/statement.ts';
import { addressKey } from '../email/address.ts';
import { appendBelow } from '../email/append.ts';
import { type EmailContent, reportLimits, reportMissing, sizeOf } from '../email/content.ts';
import {
  type MailboxColumns,
  type RepliableMessage,
  type ReplySuggestion,
  replySuggestion,
  withMailboxes,
} from '../email/threading.ts';
import {
  type InputIssue,
  InvalidInputError,
  NotFoundError,
  type TokenProblem,
  UnresolvedTokensError,
} from '../errors.ts';
import { fillTemplate } from '../templates/fill-template.ts';
import { unfilledTokens } from '../templates/unfilled.ts';
import type { NewRequest } from './send-input.ts';
import type { UsedTemplate } from './template-use.ts';

interface Sending {
  readonly sender: Sender;
  readonly fromEmail: string;
  /** The message that it answers. Null: none. */
  readonly parentId: string | null;
}

/**
 * @throws {UnresolvedTokensError} when tokens are left. @throws {InvalidInputError} when the resulting email cannot be sent: it has no
 * recipient, or is too large. @throws {NotFoundError} for the template.
 */
export async function writeContent(
  { pool, now }: App,
  request: NewRequest,
  sending: Sending & { readonly contexts: readonly ContextLink[] },
): Promise<{ content: EmailContent; template: UsedTemplate | null }> {
  const { template: choice, content } = request;
  const { sender, contexts } = sending;
  if (choice === null) {
    const types = contexts.map(({ type }) => type);
    refuseTokens(unfilledTokens(content, types), request, 'NEVER');
    return { content: await complete(pool, request, content, sending), template: null };
  }
  const options = { path: `${request.path}.template`, isStored: false, now: now() };
  const { words, versionId } = await fillTemplate(pool, sender.organizationId, choice, contexts, options);
  refuseTokens(words.problems, request, 'AFTER');
  const { fill, allowUnresolved } = request;
  const keepsSubject = fill.subject || content.subject !== '';
  const { subject, bodyText, bodyHtml, values } = words;
  const filled = { ...content, bodyText, bodyHtml, subject: keepsSubject ? content.subject : subject };
  const use = { ...choice, keepsSubject, appendSignature: fill.signature, quote: fill.quote, allowUnresolved };
  return { content: await complete(pool, request, filled, sending), template: { use, versionId, values } };
}

function refuseTokens(problems: readonly TokenProblem[], request: NewRequest, retry: 'AFTER' | 'NEVER'): void {
  if (problems.length > 0 && !request.allowUnresolved) throw new UnresolvedTokensError(problems, retry);
}

/** Adds what the server fills in. @throws as `writeContent`. */
export async function complete(
  connection: Sql,
  { fill, path, template }: Pick<NewRequest, 'fill' | 'path' | 'template'>,
  content: EmailContent,
  { sender, fromEmail, parentId }: Sending,
): Promise<EmailContent> {
  const suggestion =
    parentId !== null && (fill.to || fill.subject || fill.replyAll || fill.quote)
      ? await suggest(connection, sender, parentId, fill.replyAll)
      : null;
  const signatureHtml = fill.signature ? await findSignature(connection, sender, fromEmail) : null;
  if (suggestion === null && signatureHtml === null && template === null) return content;
  const quote = suggestion !== null && fill.quote ? { text: suggestion.quotedText, html: suggestion.quotedHtml } : null;
  const written = {
    ...content,
    ...(suggestion === null ? {} : addressed(content, fill, suggestion)),
    ...appendBelow(hasBody(content) ? content : { bodyText: '', bodyHtml: null }, { signatureHtml, quote }),
  };
  return requireSendable(written, path);
}

/** Without one, as an email of files alone, a signature or a quote is its text. */
function hasBody({ bodyText, bodyHtml }: EmailContent): boolean {
  return bodyText !== null || bodyHtml !== null;
}

/** @throws {InvalidInputError} for what an email must have, and for what is too large. */
function requireSendable(content: EmailContent, path: string): EmailContent {
  const issues: InputIssue[] = [];
  reportMissing(content, path, issues);
  reportLimits(content, sizeOf(content.attachments), path, issues);
  if (issues.length > 0) throw new InvalidInputError(issues);
  return content;
}

function addressed(content: EmailContent, fill: NewRequest['fill'], suggestion: ReplySuggestion) {
  const to = fill.to ? suggestion.to : content.to;
  const taken = new Set(to.map(addressKey));
  const others = suggestion.cc.filter((address) => !taken.has(addressKey(address)));
  return {
    to,
    cc: fill.cc ? others : content.cc,
    subject: fill.subject ? suggestion.subject : content.subject,
  };
}

type ParentRow = MailboxColumns & Pick<RepliableMessage, 'subject' | 'bodyText' | 'bodyHtml' | 'sentAt'>;

async function suggest(connection: Sql, sender: Sender, parentId: string, all: boolean): Promise<ReplySuggestion> {
  const { rows } = await connection.query<ParentRow>(
    sql`SELECT from_address AS "fromAddress", from_name AS "fromName", "to", cc, reply_to AS "replyTo", subject,
        body_text AS "bodyText", body_html AS "bodyHtml", sent_at AS "sentAt"
      FROM email_message WHERE organization_id = ${sender.organizationId} AND id = ${parentId}`,
  );
  const [row] = rows;
  // Deleted since it was found.
  if (row === undefined) throw new NotFoundError('EmailMessage', parentId);
  return replySuggestion({ message: withMailboxes(row), ownAddresses: [sender.email, ...sender.aliases], all });
}

/** The signature of the address that it leaves from. Null: it has none. */
async function findSignature(connection: Sql, sender: Sender, address: string): Promise<string | null> {
  return (await findSendAs(connection, sender, address))?.signatureHtml ?? null;
}
