/** Which version of a template an email takes its words from. */
import type { Sql } from '../db/client.ts';
import { sql, statement } from '../db/statement.ts';
import { InvalidInputError, NotFoundError } from '../errors.ts';

/** How an email uses a template. */
export interface TemplateChoice {
  readonly templateId: string;
  /** Null: the newest one in the reader's language when the email leaves. */
  readonly version: number | null;
  /** Of the reader: BCP 47. Null: that of the customer. */
  readonly locale: string | null;
  /** Null: that of the customer. */
  readonly timeZone: string | null;
}

interface FoundTemplate {
  readonly id: string;
  readonly contextType: string;
  readonly newestVersion: number;
}

interface FoundVersion {
  readonly id: string;
  /** Null: for every reader whose language has no version of its own. */
  readonly locale: string | null;
  readonly subject: string;
  readonly bodyText: string;
  /** Null: it is made from the text. */
  readonly bodyHtml: string | null;
}

export const selectTemplate = statement(
  'find-template',
  ({ organizationId, templateId, isStored }: { organizationId: string; templateId: string; isStored: boolean }) =>
    sql`SELECT t.id, t.context_type AS "contextType", (SELECT max(version) FROM template_version v
        WHERE v.organization_id = t.organization_id AND v.template_id = t.id) AS "newestVersion"
      FROM template t
      WHERE t.organization_id = ${organizationId} AND t.id = ${templateId} AND (t.deleted_at IS NULL OR ${isStored})`,
);

export const selectVersion = statement(
  'find-template-version',
  (key: VersionKey & { language: string | null }) => sql`SELECT id, locale, subject,
      body_text AS "bodyText", body_html AS "bodyHtml"
    FROM template_version
    WHERE organization_id = ${key.organizationId} AND template_id = ${key.templateId}
      AND CASE WHEN ${key.version}::int IS NULL THEN is_current ELSE version = ${key.version} END
    ORDER BY locale IS NOT DISTINCT FROM ${key.locale} DESC, locale IS NOT DISTINCT FROM ${key.language} DESC,
      locale IS NULL DESC, version DESC
    LIMIT 1`,
);

interface VersionKey extends Pick<TemplateChoice, 'templateId' | 'version' | 'locale'> {
  readonly organizationId: string;
}

/**
 * @param options.path of the `TemplateUseInput`. @param options.isStored the email has it already: it may be deleted since.
 * @throws {NotFoundError} @throws {InvalidInputError} for a version that does not exist.
 */
export async function findTemplate(
  connection: Sql,
  organizationId: string,
  { templateId, version }: TemplateChoice,
  { path, isStored }: { readonly path: string; readonly isStored: boolean },
): Promise<FoundTemplate> {
  const { rows } = await connection.query<FoundTemplate>(selectTemplate({ organizationId, templateId, isStored }));
  const [template] = rows;
  if (template === undefined) throw new NotFoundError('Template', templateId);
  if (version !== null && (version < 1 || version > template.newestVersion)) {
    const message = `Must be from 1 to ${template.newestVersion}, the newest version.`;
    throw new InvalidInputError([{ path: `${path}.version`, message }]);
  }
  return template;
}

/**
 * The version that was chosen, or the newest one in the locale, in its language, for all languages, or in any language, in this
 * order.
 */
export async function findVersion(connection: Sql, key: VersionKey): Promise<FoundVersion> {
  // `de` of `de-AT`.
  const language = key.locale === null ? null : new Intl.Locale(key.locale).language;
  const { rows } = await connection.query<FoundVersion>(selectVersion({ ...key, language }));
  const [version] = rows;
  if (version === undefined) throw new Error('a template without a version');
  return version;
}
