import type { ContextLink } from '../contexts/links.ts';
import { contextKind } from '../contexts/registry.ts';
import type { Sql } from '../db/client.ts';
import { InvalidInputError } from '../errors.ts';
import { fillWords } from './fill-words.ts';
import { findTemplate, findVersion, type TemplateChoice } from './find-version.ts';

interface FillTemplateOptions {
  /** Of the `TemplateUseInput`, for issues. */
  readonly path: string;
  /** The email has the template already: it may be deleted since. */
  readonly isStored: boolean;
  readonly now: Date;
}

/**
 * Fills the version of a template that an email takes, with the values of the entities that the email is about.
 * @throws {NotFoundError} @throws {InvalidInputError} for a version that does not exist, and when the email is about nothing
 * of the template's kind.
 */
export async function fillTemplate(
  connection: Sql,
  organizationId: string,
  choice: TemplateChoice,
  contexts: readonly ContextLink[],
  options: FillTemplateOptions,
) {
  const template = await findTemplate(connection, organizationId, choice, options);
  const kind = contextKind(template.contextType);
  if (kind === undefined) throw new Error(`a template of the unknown kind ${template.contextType}`);
  // The customer of an invoice is linked without a position.
  const links = contexts.filter(({ type }) => type === kind.type);
  const ids = links.toSorted((a, b) => (a.position ?? Infinity) - (b.position ?? Infinity)).map(({ id }) => id);
  const entities = ids.length === 0 ? null : await kind.dynamicFields.load(connection, organizationId, ids);
  if (entities === null) {
    const message = `The template is for emails about an entity of the kind ${kind.type}: name one in contexts.`;
    throw new InvalidInputError([{ path: `${options.path}.uid`, message }]);
  }
  const { templateId, version, timeZone } = choice;
  const reader = choice.locale ?? entities.locale;
  const found = await findVersion(connection, { organizationId, templateId, version, locale: reader });
  const locale = reader ?? found.locale;
  const words = fillWords(found, kind.dynamicFields, entities, {
    locale,
    timeZone,
    now: options.now,
    path: `${options.path}.uid`,
  });
  return { words, versionId: found.id };
}
