import type { DynamicField as DynamicFieldValue } from '../contexts/dynamic-fields.ts';
import { contextKind, KIND_ALLOWED } from '../contexts/registry.ts';
import { InvalidInputError, NotFoundError } from '../errors.ts';
import type { FilledWords } from '../templates/fill-words.ts';
import { parsePrepare, parsePreview, prepareEmail, previewEmail } from '../templates/prepare.ts';
import { builder, type InputFields } from './builder.ts';
import { ContextRefInput } from './context-entity.ts';
import { TokenProblem } from './token-problem.ts';

/** Filling the largest words takes half a second of CPU. */
const FILL_COMPLEXITY = 2_000;

const DynamicField = builder.objectRef<DynamicFieldValue>('DynamicField').implement({
  description: 'A token that a subject or a body can contain. It is replaced by a value of the entity.',
  fields: (t) => ({
    token: t.string({
      description: 'The token with its braces, as it is written in a text: `{invoice_number}`.',
      resolve: ({ token }) => `{${token}}`,
    }),
    label: t.exposeString('label', { description: 'The name of the field for people.' }),
    type: t.exposeString('type', {
      description: 'The type of the value: `str`, `date`, `currency`, `int`, `email` or `url`.',
    }),
  }),
});

const RenderedEmail = builder.objectRef<FilledWords>('RenderedEmail').implement({
  description: 'Subject and bodies with the values of an entity in place of the tokens.',
  fields: (t) => ({
    subject: t.exposeString('subject', { description: 'The rendered subject.' }),
    bodyText: t.exposeString('bodyText', { description: 'The rendered plain-text body.' }),
    bodyHtml: t.exposeString('bodyHtml', {
      description:
        'The rendered HTML body. If none was given, it is made from the text: paragraphs, line breaks and links.',
    }),
    problems: t.field({
      type: [TokenProblem],
      description: 'The tokens that could not be replaced, and stay as they are. Empty: all were replaced.',
      resolve: ({ problems }) => [...problems],
    }),
  }),
});

/** The fields that both inputs have in common. */
const wordsFields = (t: InputFields) => ({
  bodyText: t.string({
    required: true,
    description: 'The plain-text body with tokens, at most 2 MB. `{{` is a literal `{`.',
  }),
  bodyHtml: t.string({
    description:
      'The HTML body with tokens, at most 2 MB. Values are escaped for the place of the token. Omitted: it is made from `bodyText`.',
  }),
  locale: t.string({
    description:
      'The language in which dates and amounts are written (BCP 47), such as `de-DE`. Omitted: that of the customer, or en-US.',
  }),
  timeZone: t.string({
    description:
      'The time zone that decides which day is today (IANA), such as `Europe/Berlin`. Omitted: that of the customer, or UTC.',
  }),
});

const PrepareEmailInput = builder.inputType('PrepareEmailInput', {
  description: 'A subject and bodies with tokens, and the entity whose values replace the tokens.',
  fields: (t) => ({
    ...wordsFields(t),
    context: t.field({ type: ContextRefInput, required: true, description: 'The entity that the email is about.' }),
    subject: t.string({
      required: true,
      description: 'The subject with tokens: at most 998 characters, no line break. `{{` is a literal `{`.',
    }),
  }),
});

const PreviewEmailInput = builder.inputType('PreviewEmailInput', {
  description: 'A subject and bodies with tokens, and what to show in place of the tokens.',
  fields: (t) => ({
    ...wordsFields(t),
    contextType: t.string({ required: true, description: 'The kind of entity: one of `contextTypes`.' }),
    contextUid: t.field({ type: 'UUID', description: 'The entity whose values to show. Omitted: sample data.' }),
    subject: t.string({
      description: 'The subject with tokens: at most 998 characters, no line break. Omitted: empty.',
    }),
  }),
});

builder.queryFields((t) => ({
  dynamicFields: t.field({
    type: [DynamicField],
    description: 'The tokens that an email about this kind of entity can contain.',
    args: { contextType: t.arg.string({ required: true, description: 'The kind of entity: one of `contextTypes`.' }) },
    resolve: (_root, { contextType }) => {
      const kind = contextKind(contextType);
      if (kind !== undefined) return [...kind.dynamicFields.list];
      throw new InvalidInputError([{ path: 'contextType', message: KIND_ALLOWED }]);
    },
  }),
  prepareEmail: t.field({
    type: RenderedEmail,
    description:
      'Replaces the tokens of subject and bodies by the values of an entity. Nothing is stored or sent. A token that cannot be replaced is reported in `problems`.',
    errors: {
      types: [InvalidInputError, NotFoundError],
      union: { description: 'The rendered email, or why it could not be rendered.' },
    },
    args: {
      input: t.arg({ type: PrepareEmailInput, required: true, description: 'The subject, the bodies and the entity.' }),
    },
    complexity: FILL_COMPLEXITY,
    check: ({ input }) => parsePrepare(input),
    resolve: (_root, { input }, { app, identity, bodies }) => bodies.inTurn(() => prepareEmail(app, identity, input)),
  }),
  previewEmail: t.field({
    type: RenderedEmail,
    description: 'As `prepareEmail`, for an editor of templates: without an entity, sample data replaces the tokens.',
    errors: {
      types: [InvalidInputError, NotFoundError],
      union: { description: 'The rendered email, or why it could not be rendered.' },
    },
    args: {
      input: t.arg({ type: PreviewEmailInput, required: true, description: 'The subject, the bodies and the entity.' }),
    },
    complexity: FILL_COMPLEXITY,
    check: ({ input }) => parsePreview(input),
    resolve: (_root, { input }, { app, identity, bodies }) => bodies.inTurn(() => previewEmail(app, identity, input)),
  }),
}));
