import { queryFromInfo } from '@pothos/plugin-prisma';
import { InvalidInputError, NotFoundError } from '../errors.ts';
import { deleteTemplate, parseTemplate, type SavedTemplate, saveTemplate } from '../templates/save-template.ts';
import { bodyOf } from './bodies.ts';
import { builder } from './builder.ts';
import { encodeGlobalId } from './global-id.ts';
import { keysetQuery, parseKeyset, toConnection } from './keyset.ts';
import { CREATED_DESC } from './lists.ts';
import { Template, TemplateConnection } from './refs.ts';
import { TokenProblem } from './token-problem.ts';

builder.prismaObjectFields(Template, (t) => ({
  uid: t.expose('templateId', {
    type: 'UUID',
    description: 'Identifies the template, whatever its version. `id` identifies this version.',
  }),
  name: t.string({
    description: 'The name of the template, unique in the organization.',
    select: { template: { select: { name: true } } },
    resolve: ({ template }) => template.name,
  }),
  contextType: t.string({
    description: 'The kind of entity that its emails are about: one of `contextTypes`. See `dynamicFields`.',
    select: { template: { select: { contextType: true } } },
    resolve: ({ template }) => template.contextType,
  }),
  locale: t.exposeString('locale', {
    nullable: true,
    description: 'The language of this version (BCP 47). Null: for customers whose language has no version of its own.',
  }),
  version: t.exposeInt('version', {
    description: 'The number of this version, from 1. Versions of all languages are counted together.',
  }),
  subject: t.exposeString('subject', { description: 'The subject with tokens.' }),
  bodyText: t.string({
    description: 'The plain-text body with tokens.',
    select: { bodyTextBytes: true },
    resolve: async ({ id, bodyTextBytes: bytes }, _args, { bodies }) =>
      (await bodies.load({ table: 'templateVersion', id, column: 'bodyText', bytes, field: 'bodyText' })) ?? '',
  }),
  bodyHtml: t.field({
    ...bodyOf('templateVersion', 'bodyHtml'),
    description: 'The HTML body with tokens. Null: it is made from `bodyText`.',
  }),
  createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When this version was saved.' }),
}));

const TemplateFilter = builder.inputType('TemplateFilter', {
  description: 'Selects templates. All given conditions must hold.',
  fields: (t) => ({
    contextType: t.string({
      description: 'Templates about this kind of entity: one of `contextTypes`. An unknown kind matches nothing.',
    }),
    search: t.string({ description: 'Templates whose name contains this text, in any case.' }),
  }),
});

builder.queryFields((t) => ({
  template: t.prismaField({
    type: Template,
    nullable: true,
    description:
      'Finds a template by its uid. Null if there is none, if it was deleted, or if it does not have the version.',
    args: {
      uid: t.arg({ type: 'UUID', required: true, description: 'The uid of the template.' }),
      version: t.arg.int({
        description:
          'The number of a version. Omitted: the newest version for all languages. If there is none, that of the first language in alphabetical order.',
      }),
    },
    resolve: (query, _root, { uid, version }, { db }) =>
      db.templateVersion.findFirst({
        ...query,
        where: {
          templateId: uid,
          template: { deletedAt: null },
          ...(version == null ? { isCurrent: true } : { version }),
        },
        orderBy: [{ locale: { sort: 'asc', nulls: 'first' } }, { version: 'desc' }],
      }),
  }),
}));

builder.queryField('templates', (t) =>
  t.connection(
    {
      type: Template,
      description:
        'The templates of the organization: of each template the newest version of each language, the one that was saved last first.',
      args: { filter: t.arg({ type: TemplateFilter, description: 'Which templates to list. Omitted: all.' }) },
      resolve: async (_root, { filter, ...args }, context, info) => {
        const keyset = parseKeyset(args, CREATED_DESC);
        const { contextType, search } = filter ?? {};
        const template = {
          deletedAt: null,
          ...(contextType == null ? {} : { contextType: text(contextType) }),
          ...(search == null ? {} : { name: { contains: literal(search), mode: 'insensitive' as const } }),
        };
        const where = { isCurrent: true, template };
        const rows = await context.db.templateVersion.findMany({
          ...queryFromInfo({ context, info, select: { id: true, createdAt: true } }),
          ...keysetQuery(keyset, where),
        });
        return toConnection(keyset, rows, (limit) => context.db.templateVersion.count({ where, ...limit }));
      },
    },
    TemplateConnection,
  ),
);

/** PostgreSQL's text cannot hold NUL, so nothing contains it. */
function text(value: string): string {
  return value.replaceAll('\0', '\u{fffd}');
}

/** Prisma hands what LIKE takes for a pattern on as it is. */
function literal(search: string): string {
  return text(search).replace(/[\\%_]/g, (character) => `\\${character}`);
}

const SaveTemplateInput = builder.inputType('SaveTemplateInput', {
  description: 'A new version of a template.',
  fields: (t) => ({
    uid: t.field({
      type: 'UUID',
      description:
        'The template that gets a new version. Omitted: the template with this name, or a new one if there is none.',
    }),
    name: t.string({
      required: true,
      description: 'The name of the template: 1 to 100 characters, no line break, unique in the organization.',
    }),
    contextType: t.string({
      required: true,
      description: 'The kind of entity that its emails are about: one of `contextTypes`. It cannot be changed later.',
    }),
    locale: t.string({
      description:
        'The language of this version (BCP 47), such as `de`. Customers of this language get it. Omitted: for customers whose language has no version of its own.',
    }),
    subject: t.string({
      required: true,
      description: 'The subject with tokens: 1 to 998 characters, no line break. `{{` is a literal `{`.',
    }),
    bodyText: t.string({
      required: true,
      description: 'The plain-text body with tokens, at most 100,000 bytes. `{{` is a literal `{`.',
    }),
    bodyHtml: t.string({
      description: 'The HTML body with tokens, at most 100,000 bytes. Omitted: it is made from `bodyText`.',
    }),
  }),
});

const SaveTemplatePayload = builder.objectRef<SavedTemplate>('SaveTemplatePayload').implement({
  description: 'The new version was stored.',
  fields: (t) => ({
    template: t.prismaField({
      type: Template,
      description: 'The new version.',
      resolve: (query, { versionId: id }, _args, { db }) =>
        db.templateVersion.findFirstOrThrow({ ...query, where: { id } }),
    }),
    problems: t.field({
      type: [TokenProblem],
      description:
        'Tokens that cannot be replaced in any email, because they are unknown, interrupted by tags or in a forbidden place. Emails with this version are refused, except with `allowUnresolved`.',
      resolve: ({ problems }) => [...problems],
    }),
  }),
});

const DeleteTemplatePayload = builder
  .objectRef<{ templateUid: string; versionId: string }>('DeleteTemplatePayload')
  .implement({
    description: 'The template was deleted. Emails and drafts that use it keep it.',
    fields: (t) => ({
      deletedId: t.id({
        description: 'The `id` of its newest version: clients with a cache remove this object from it.',
        resolve: ({ versionId }) => encodeGlobalId('Template', versionId),
      }),
      templateUid: t.expose('templateUid', { type: 'UUID', description: 'The uid of the deleted template.' }),
    }),
  });

builder.mutationFields((t) => ({
  saveTemplate: t.field({
    type: SaveTemplatePayload,
    description:
      'Saves a new version of a template, or a new template. Scheduled emails that use the newest version are sent with the new text; if there are any, this also needs `email:send`.',
    authScopes: { scope: 'drafts:write' },
    errors: {
      types: [InvalidInputError, NotFoundError],
      union: { description: 'The new version, or why it was not stored.' },
    },
    args: { input: t.arg({ type: SaveTemplateInput, required: true, description: 'The new version.' }) },
    check: ({ input }) => parseTemplate(input),
    resolve: (_root, { input }, { app, identity }) => saveTemplate(app, identity, input),
  }),
  deleteTemplate: t.field({
    type: DeleteTemplatePayload,
    description:
      'Deletes a template with all its versions: new emails cannot use it, and its name is free. Emails and drafts that use it keep it.',
    authScopes: { scope: 'drafts:write' },
    errors: { types: [NotFoundError], union: { description: 'The deleted template, or why it was not deleted.' } },
    args: { uid: t.arg({ type: 'UUID', required: true, description: 'The uid of the template.' }) },
    resolve: async (_root, { uid }, { app, identity }) => ({
      templateUid: uid,
      versionId: await deleteTemplate(app, identity, uid),
    }),
  }),
}));
