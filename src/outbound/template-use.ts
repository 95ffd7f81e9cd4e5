/** How an email uses a template: what the client has chosen, and what is needed to fill it again when the email leaves. */
import { z } from 'zod';
import { reportLocale, reportTimeZone } from '../contexts/locale.ts';
import type { InputIssue } from '../errors.ts';
import type { TemplateChoice } from '../templates/find-version.ts';

export interface TemplateUseInput {
  readonly uid: string;
  readonly version?: number | null;
  readonly locale?: string | null;
  readonly timeZone?: string | null;
}

/** The column `template_use`. */
const TemplateUse = z.strictObject({
  templateId: z.uuid(),
  version: z.int().nullable(),
  locale: z.string().nullable(),
  timeZone: z.string().nullable(),
  /** The subject is that of the client or of the thread. */
  keepsSubject: z.boolean(),
  appendSignature: z.boolean(),
  quote: z.boolean(),
  /** It leaves although tokens are left. */
  allowUnresolved: z.boolean(),
});

export type TemplateUse = z.infer<typeof TemplateUse>;

/** The template of an email, as its row has it. */
export interface UsedTemplate {
  readonly use: TemplateUse;
  readonly versionId: string;
  /** Of the tokens in its words. Null: they are not filled yet. */
  readonly values: Readonly<Record<string, string>> | null;
}

export function parseTemplateUse(stored: unknown): TemplateUse | null {
  return stored === null ? null : TemplateUse.parse(stored);
}

/** Reports what is wrong with the form of a `TemplateUseInput`. Null: there is no template. */
export function parseTemplateChoice(
  input: TemplateUseInput | null | undefined,
  path: string,
  issues: InputIssue[],
): TemplateChoice | null {
  if (input == null) return null;
  const { uid: templateId, version = null } = input;
  const locale = reportLocale(input.locale, `${path}.locale`, issues);
  const timeZone = reportTimeZone(input.timeZone, `${path}.timeZone`, issues);
  return { templateId, version, locale, timeZone };
}

interface Bodies {
  readonly bodyText?: string | null;
  readonly bodyHtml?: string | null;
}

/** Reports bodies beside a template. @param path of the input that has them. */
export function reportBodies(input: Bodies, path: string, issues: InputIssue[]): void {
  for (const field of ['bodyText', 'bodyHtml'] as const) {
    if (input[field] == null) continue;
    const message = 'Omit it: the template supplies the bodies. To write them yourself, set template to null.';
    issues.push({ path: `${path}.${field}`, message });
  }
}

/** What a template brings, as far as `reportMissing` looks at it. */
export const FROM_TEMPLATE = { subject: '{}', bodyText: '{}' };
