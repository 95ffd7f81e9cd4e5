/** The words with which a stored draft or a scheduled email leaves: those of its template are filled now. */
import type { App } from '../app.ts';
import type { ContextLink } from '../contexts/links.ts';
import type { Sql } from '../db/client.ts';
import { sql } from '../db/statement.ts';
import type { AttachedFile, EmailContent, WrittenEmail } from '../email/content.ts';
import { mayHaveTokens } from '../email/template.ts';
import { UnresolvedTokensError } from '../errors.ts';
import type { EmailRef } from '../jobs.ts';
import { fillTemplate } from '../templates/fill-template.ts';
import { unfilledTokens } from '../templates/unfilled.ts';
import type { DraftToSend } from './draft-to-send.ts';
import { FILL_NOTHING } from './send-input.ts';
import type { UsedTemplate } from './template-use.ts';
import { complete } from './write-content.ts';

interface Stored {
  readonly draft: DraftToSend;
  readonly found: ReturnType<DraftToSend['found']>;
  readonly files: readonly AttachedFile[];
  readonly allowUnresolved: boolean;
}

/**
 * @throws {UnresolvedTokensError} when tokens are left. Words without a template that `sendEmail` has scheduled were judged then.
 * @throws {InvalidInputError} when the filled words cannot be sent: there is no subject, or they are too long.
 */
export async function fillStored(
  app: App,
  { draft, found, files, allowUnresolved }: Stored,
): Promise<{ content: EmailContent; template: UsedTemplate | null }> {
  const content = { ...draft, attachments: files };
  const { ref, templateUse: use, fromEmail } = draft;
  if (use === null) {
    if (draft.mode === 'DRAFT' && !allowUnresolved) {
      await requireFilled(app.pool, ref, draft, { inherited: found.contexts, retry: 'AFTER' });
    }
    return { content, template: null };
  }
  const path = 'input.draft.template';
  const contexts = await linksOfEmail(app.pool, ref, found.contexts);
  const options = { path, isStored: true, now: app.now() };
  const { words, versionId } = await fillTemplate(app.pool, ref.organizationId, use, contexts, options);
  if (words.problems.length > 0 && !allowUnresolved && !use.allowUnresolved) {
    throw new UnresolvedTokensError(words.problems, 'AFTER');
  }
  const { sender, thread } = found;
  const { keepsSubject, quote, appendSignature: signature } = use;
  const { subject, bodyText, bodyHtml, values } = words;
  // A reply has the subject of its thread.
  const fill = { ...FILL_NOTHING, subject: !keepsSubject, quote, signature };
  const filled = { ...content, bodyText, bodyHtml, subject: keepsSubject ? content.subject : subject };
  const sending = { sender, fromEmail, parentId: thread.replyToMessageId };
  const written = await complete(app.pool, { fill, path: 'input.draft', template: use }, filled, sending);
  return { content: written, template: { use, versionId, values } };
}

/**
 * @param options.inherited what it takes from its conversation when it is sent.
 * @throws {UnresolvedTokensError} when a draft without a template has tokens.
 */
export async function requireFilled(
  connection: Sql,
  ref: EmailRef,
  content: WrittenEmail,
  { inherited, retry }: { readonly inherited: readonly ContextLink[]; readonly retry: 'AFTER' | 'NEVER' },
): Promise<void> {
  if (![content.subject, content.bodyText, content.bodyHtml].some((words) => mayHaveTokens(words ?? ''))) return;
  const contexts = await linksOfEmail(connection, ref, inherited);
  const problems = unfilledTokens(
    content,
    contexts.map(({ type }) => type),
  );
  if (problems.length > 0) throw new UnresolvedTokensError(problems, retry);
}

/** What it is about: its own links, or those that it takes from its conversation. */
async function linksOfEmail(
  connection: Sql,
  { organizationId, outboundEmailId }: EmailRef,
  inherited: readonly ContextLink[],
): Promise<readonly ContextLink[]> {
  if (inherited.length > 0) return inherited;
  const { rows } = await connection.query<ContextLink>(
    sql`SELECT context_type AS type, context_id AS id, position FROM outbound_email_context
      WHERE organization_id = ${organizationId} AND outbound_email_id = ${outboundEmailId} ORDER BY position`,
  );
  return rows;
}
