import { builder } from './builder.ts';
import { Template } from './refs.ts';

export const TemplateUseInput = builder.inputType('TemplateUseInput', {
  description: 'The template that supplies the subject and bodies of an email.',
  fields: (t) => ({
    uid: t.field({
      type: 'UUID',
      required: true,
      description: 'The uid of the template. The email must be about an entity of its `contextType`.',
    }),
    version: t.int({
      description:
        'The number of the version. Omitted: when the email is sent, the newest in `locale` or else in the language of the customer, or else the newest for all languages, or else the newest in any language.',
    }),
    locale: t.string({
      description:
        'The language of the text, dates and amounts (BCP 47), such as `de-DE`. Omitted: that of the customer, of the version, or en-US.',
    }),
    timeZone: t.string({
      description:
        'The time zone that decides which day is today (IANA), such as `Europe/Berlin`. Omitted: that of the customer, or UTC.',
    }),
  }),
});

export const TEMPLATE_DESCRIPTION =
  'The template that supplies the bodies, and the subject unless one is given or the email is a reply. Omit `bodyText` and `bodyHtml` then. Its tokens are replaced by the values of `contexts` when the email is sent.';

export const UNRESOLVED_DESCRIPTION =
  'True: send the email even if it still contains tokens, which then stay as they are. False: such an email is refused with an UnresolvedTokensError.';

interface Use {
  readonly values: unknown;
  readonly version: { readonly id: string; readonly version: number };
}

export const TemplateUse = builder.objectRef<Use>('TemplateUse').implement({
  description: 'The template of an email.',
  fields: (t) => ({
    template: t.field({
      type: Template,
      description: 'The version that supplies the subject and bodies, also if the template was deleted since.',
      resolve: ({ version }) => version,
    }),
    version: t.int({
      description:
        'The number of the version. Until the email is sent, it is the version that was current when the template was chosen.',
      resolve: ({ version }) => version.version,
    }),
    values: t.field({
      type: 'JSON',
      description:
        'The values of the tokens in the subject and bodies, by the name of the token: `{ "invoice_number": "INV-1" }`. Empty until the email is rendered.',
      resolve: ({ values }) => values ?? {},
    }),
  }),
});

/** What a version is read with, beside what the operation asks for. */
export const TEMPLATE_VERSION = { id: true, version: true } as const;

/** Null when the email has its own subject and bodies. */
export function templateUse<Version extends Use['version']>(email: {
  readonly templateValues: unknown;
  readonly templateVersion: Version | null;
}): Use | null {
  const { templateVersion: version, templateValues: values } = email;
  return version === null ? null : { version, values };
}
