/** Fills words for a preview. Nothing is stored or sent. */
import type { App } from '../app.ts';
import type { Identity } from '../auth/keys.ts';
import type { Entities } from '../contexts/dynamic-fields.ts';
import type { ContextKind } from '../contexts/kind.ts';
import { reportLocale, reportTimeZone } from '../contexts/locale.ts';
import { type ContextInput, findContexts, parseContextName } from '../contexts/references.ts';
import { contextKind, KIND_ALLOWED } from '../contexts/registry.ts';
import { parseContent } from '../email/content.ts';
import { type InputIssue, InvalidInputError, NotFoundError } from '../errors.ts';
import { type FilledWords, fillWords, type Words } from './fill-words.ts';

interface WordsInput {
  readonly subject?: string | null;
  readonly bodyText: string;
  readonly bodyHtml?: string | null;
  readonly locale?: string | null;
  readonly timeZone?: string | null;
}

export interface PrepareEmailInput extends WordsInput {
  readonly context: ContextInput;
}

export interface PreviewEmailInput extends WordsInput {
  readonly contextType: string;
  readonly contextUid?: string | null;
}

/** The time of sample data: its invoice is ten days overdue. */
const SAMPLE_NOW = new Date('2024-03-25T12:00:00Z');

/** Fills words for an entity. @throws {InvalidInputError | NotFoundError} */
export async function prepareEmail(
  app: App,
  { organizationId }: Identity,
  input: PrepareEmailInput,
): Promise<FilledWords> {
  const { name, kind, words, options } = parsePrepare(input);
  const [main] = await findContexts(app.pool, organizationId, [name]);
  const entities = await loadOne(app, organizationId, kind, main?.id ?? '');
  return fillWords(words, kind.dynamicFields, entities, { ...options, now: app.now() });
}

/** Fills words with the values of an entity, or with sample data. @throws {InvalidInputError | NotFoundError} */
export async function previewEmail(
  app: App,
  { organizationId }: Identity,
  input: PreviewEmailInput,
): Promise<FilledWords> {
  const { kind, words, options } = parsePreview(input);
  if (input.contextUid == null)
    return fillWords(words, kind.dynamicFields, kind.dynamicFields.sample, { ...options, now: SAMPLE_NOW });
  const entities = await loadOne(app, organizationId, kind, input.contextUid);
  return fillWords(words, kind.dynamicFields, entities, { ...options, now: app.now() });
}

/** Without effect. @throws {InvalidInputError} with every issue. */
export function parsePrepare(input: PrepareEmailInput) {
  const issues: InputIssue[] = [];
  const name = parseContextName(input.context, 'input.context', issues);
  const parsed = parseWords(input, issues);
  const kind = contextKind(name.type);
  if (issues.length > 0 || kind === undefined) throw new InvalidInputError(issues);
  return { name, kind, ...parsed };
}

/** Without effect. @throws {InvalidInputError} with every issue. */
export function parsePreview(input: PreviewEmailInput) {
  const issues: InputIssue[] = [];
  const kind = contextKind(input.contextType);
  if (kind === undefined) issues.push({ path: 'input.contextType', message: KIND_ALLOWED });
  const parsed = parseWords(input, issues);
  if (issues.length > 0 || kind === undefined) throw new InvalidInputError(issues);
  return { kind, ...parsed };
}

function parseWords(input: WordsInput, issues: InputIssue[]) {
  const { subject, bodyText, bodyHtml } = parseContent(input, 'input', issues);
  const locale = reportLocale(input.locale, 'input.locale', issues);
  const timeZone = reportTimeZone(input.timeZone, 'input.timeZone', issues);
  const words: Words = { subject, bodyText: bodyText ?? '', bodyHtml };
  return { words, options: { locale, timeZone, path: 'input.bodyText' } };
}

async function loadOne(app: App, organizationId: string, kind: ContextKind, id: string): Promise<Entities> {
  const entities = await kind.dynamicFields.load(app.pool, organizationId, [id]);
  if (entities === null) throw new NotFoundError(kind.typename, id);
  return entities;
}
