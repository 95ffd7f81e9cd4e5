/** Templates are saved in versions, each in one language, and never change: an email that was sent keeps its version. */
import { v7 as uuidv7 } from 'uuid';
import type { App } from '../app.ts';
import type { Identity } from '../auth/keys.ts';
import { requireScope } from '../auth/scopes.ts';
import { reportLocale } from '../contexts/locale.ts';
import { contextKind, KIND_ALLOWED } from '../contexts/registry.ts';
import { inTransaction, type Sql } from '../db/client.ts';
import { sql } from '../db/statement.ts';
import { MAX_SUBJECT_LENGTH, parseContent } from '../email/content.ts';
import { type InputIssue, InvalidInputError, NotFoundError, type TokenProblem } from '../errors.ts';
import { line } from '../input.ts';
import { fillWords, type Words } from './fill-words.ts';

export interface SaveTemplateInput {
  readonly uid?: string | null;
  readonly name: string;
  readonly contextType: string;
  readonly locale?: string | null;
  readonly subject: string;
  readonly bodyText: string;
  readonly bodyHtml?: string | null;
}

export interface SavedTemplate {
  /** Of the new version. */
  readonly versionId: string;
  /** Tokens that are unknown, or where no value can stand. */
  readonly problems: readonly TokenProblem[];
}

/** Gmail shows the first 102 KB of a message. */
const MAX_TEMPLATE_BODY_BYTES = 100_000;
const NAME = line(100);

/**
 * Saves a new version of a template: that of `uid`, or else that of this name, which is new if there is none.
 * @throws {InvalidInputError | NotFoundError} @throws {ForbiddenError} when scheduled emails will leave with the new words, and the
 * key may not send.
 */
export async function saveTemplate(app: App, identity: Identity, input: SaveTemplateInput): Promise<SavedTemplate> {
  const { name, kind, locale, words } = parseTemplate(input);
  const { problems } = fillWords(words, kind.dynamicFields, kind.dynamicFields.sample, {
    locale,
    timeZone: null,
    now: app.now(),
    path: 'input.bodyText',
  });
  const versionId = await inTransaction(app.pool, async (tx) => {
    const saving = { uid: input.uid ?? null, name, contextType: kind.type };
    const templateId = await lockTemplate(tx, identity.organizationId, saving);
    return insertVersion(tx, identity, templateId, { locale, words });
  });
  return { versionId, problems };
}

/** Without effect. @throws {InvalidInputError} with every issue. */
export function parseTemplate(input: SaveTemplateInput) {
  const issues: InputIssue[] = [];
  const kind = contextKind(input.contextType);
  if (kind === undefined) issues.push({ path: 'input.contextType', message: KIND_ALLOWED });
  const name = NAME.safeParse(input.name);
  issues.push(...(name.error?.issues ?? []).map(({ message }) => ({ path: 'input.name', message })));
  const locale = reportLocale(input.locale, 'input.locale', issues);
  const words = parseWords(input, issues);
  if (issues.length > 0 || kind === undefined || !name.success) throw new InvalidInputError(issues);
  return { name: name.data, kind, locale, words };
}

function parseWords(input: SaveTemplateInput, issues: InputIssue[]): Words {
  const { subject, bodyText, bodyHtml } = parseContent(input, 'input', issues);
  if (subject.trim() === '')
    issues.push({ path: 'input.subject', message: `Must be 1 to ${MAX_SUBJECT_LENGTH} characters.` });
  for (const [field, body] of [
    ['bodyText', bodyText],
    ['bodyHtml', bodyHtml],
  ] as const) {
    if (body === null || Buffer.byteLength(body) <= MAX_TEMPLATE_BODY_BYTES) continue;
    issues.push({ path: `input.${field}`, message: `Must be at most ${MAX_TEMPLATE_BODY_BYTES} bytes as UTF-8.` });
  }
  return { subject, bodyText: bodyText ?? '', bodyHtml };
}

interface Saving {
  readonly uid: string | null;
  readonly name: string;
  readonly contextType: string;
}

/** Finds the template and gives it its name, or creates it. @returns its id. */
async function lockTemplate(tx: Sql, organizationId: string, { uid, name, contextType }: Saving): Promise<string> {
  // One save of an organization at a time: names stay unique, and versions are numbered in order.
  await tx.query(sql`SELECT FROM organization WHERE id = ${organizationId} FOR NO KEY UPDATE`);
  const { rows } = await tx.query<{ id: string; name: string; contextType: string }>(
    sql`SELECT id, name, context_type AS "contextType" FROM template
      WHERE organization_id = ${organizationId} AND deleted_at IS NULL AND (id = ${uid} OR name = ${name})`,
  );
  const named = rows.find((row) => row.name === name);
  const template = uid === null ? named : rows.find(({ id }) => id === uid);
  if (template === undefined && uid !== null) throw new NotFoundError('Template', uid);
  const issues: InputIssue[] = [];
  if (template !== undefined && named !== undefined && named !== template) {
    issues.push({ path: 'input.name', message: 'Must not be the name of another template.' });
  }
  if (template !== undefined && template.contextType !== contextType) {
    const message = `Must stay ${template.contextType}, which its emails are about. Save another template under another name.`;
    issues.push({ path: 'input.contextType', message });
  }
  if (issues.length > 0) throw new InvalidInputError(issues);
  const id = template?.id ?? uuidv7();
  await tx.query(
    sql`INSERT INTO template (organization_id, id, name, context_type) VALUES (${organizationId}, ${id}, ${name}, ${contextType})
      ON CONFLICT (organization_id, id) DO UPDATE SET name = excluded.name`,
  );
  return id;
}

async function insertVersion(
  tx: Sql,
  identity: Identity,
  templateId: string,
  { locale, words }: { readonly locale: string | null; readonly words: Words },
): Promise<string> {
  const { organizationId, actor } = identity;
  // An email that is being scheduled with one of the versions is waited for: its foreign key locks the version.
  const { rows } = await tx.query<{ version: number }>(
    sql`SELECT version FROM template_version WHERE organization_id = ${organizationId} AND template_id = ${templateId}
      ORDER BY version DESC FOR UPDATE`,
  );
  if (await isScheduled(tx, organizationId, templateId)) requireScope(identity, 'email:send');
  await tx.query(
    sql`UPDATE template_version SET is_current = false WHERE organization_id = ${organizationId}
      AND template_id = ${templateId} AND is_current AND locale IS NOT DISTINCT FROM ${locale}`,
  );
  const id = uuidv7();
  await tx.query(
    sql`INSERT INTO template_version (organization_id, id, template_id, version, locale, subject, body_text, body_html,
        is_current, actor)
      VALUES (${organizationId}, ${id}, ${templateId}, ${(rows[0]?.version ?? 0) + 1}, ${locale}, ${words.subject},
        ${words.bodyText}, ${words.bodyHtml}, true, ${actor})`,
  );
  return id;
}

/** Whether the words of a scheduled email will be those of the newest version. */
async function isScheduled(tx: Sql, organizationId: string, templateId: string): Promise<boolean> {
  const { rowCount } = await tx.query(
    sql`SELECT FROM outbound_email e JOIN template_version v
        ON v.organization_id = e.organization_id AND v.id = e.template_version_id
      WHERE e.organization_id = ${organizationId} AND v.template_id = ${templateId} AND e.status = 'SCHEDULED'
        AND e.template_use->>'version' IS NULL LIMIT 1`,
  );
  return rowCount !== 0;
}

/**
 * Emails and drafts that use the template keep it. Its name is free again.
 * @returns the id of its newest version.
 * @throws {NotFoundError}
 */
export async function deleteTemplate(app: App, { organizationId }: Identity, templateId: string): Promise<string> {
  const { rows } = await app.pool.query<{ versionId: string }>(
    sql`WITH deleted AS (
        UPDATE template SET deleted_at = ${app.now()}
        WHERE organization_id = ${organizationId} AND id = ${templateId} AND deleted_at IS NULL RETURNING organization_id, id
      )
      SELECT v.id AS "versionId" FROM deleted JOIN template_version v
        ON v.organization_id = deleted.organization_id AND v.template_id = deleted.id ORDER BY version DESC LIMIT 1`,
  );
  const [deleted] = rows;
  if (deleted === undefined) throw new NotFoundError('Template', templateId);
  return deleted.versionId;
}
