import { z } from 'zod';
import { issueApiKey, revokeApiKey } from '../auth/keys.ts';
import { SCOPES } from '../auth/scopes.ts';
import { InvalidInputError, NotFoundError } from '../errors.ts';
import { line, parseInput } from '../input.ts';
import { builder } from './builder.ts';

const ApiKey = builder.prismaObject('ApiKey', {
  description: 'A key for this API. The key itself is shown once, when it is created.',
  select: { id: true },
  fields: (t) => ({
    uid: t.expose('id', { type: 'UUID', description: 'Its uid.' }),
    name: t.exposeString('name', { description: 'What it is called.' }),
    prefix: t.exposeString('prefix', { description: 'Its first characters, to recognise it by.' }),
    scopes: t.exposeStringList('scopes', { description: 'What it may do.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', nullable: true, description: 'When it ends. Null: never.' }),
    lastUsedAt: t.expose('lastUsedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was last used, to the minute. Null: never.',
    }),
    revokedAt: t.expose('revokedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was revoked. Null: it was not.',
    }),
  }),
});

const CreateApiKeyInput = builder.inputType('CreateApiKeyInput', {
  description: 'A new key.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'What to call it, 1 to 100 characters.' }),
    scopes: t.stringList({
      required: true,
      description: `What it may do: ${SCOPES.join(', ')}. No more than the caller may.`,
    }),
    expiresAt: t.field({ type: 'DateTime', description: 'When it ends; in the future. Omitted: never.' }),
  }),
});

const CreateApiKey = z.object({
  name: line(100),
  scopes: z
    .array(z.enum(SCOPES, `Must be one of: ${SCOPES.join(', ')}.`))
    .min(1, `Name at least one of: ${SCOPES.join(', ')}.`),
  expiresAt: z.date().nullish(),
});

const CreateApiKeyPayload = builder.objectRef<{ id: string; key: string }>('CreateApiKeyPayload').implement({
  description: 'The key was created.',
  fields: (t) => ({
    apiKey: t.prismaField({
      type: ApiKey,
      description: 'Its record.',
      resolve: (query, { id }, _args, { db }) => db.apiKey.findFirstOrThrow({ ...query, where: { id } }),
    }),
    secret: t.exposeString('key', { description: 'The key. It is shown this once and stored nowhere.' }),
  }),
});

const RevokeApiKeyPayload = builder.objectRef<{ id: string }>('RevokeApiKeyPayload').implement({
  description: 'The key no longer works.',
  fields: (t) => ({
    apiKey: t.prismaField({
      type: ApiKey,
      description: 'Its record.',
      resolve: (query, { id }, _args, { db }) => db.apiKey.findFirstOrThrow({ ...query, where: { id } }),
    }),
  }),
});

builder.queryField('apiKeys', (t) =>
  t.prismaField({
    type: [ApiKey],
    description: 'Every key of the organization, revoked ones too, newest first.',
    skipTypeScopes: true,
    authScopes: { scope: 'keys:manage' },
    resolve: (query, _root, _args, { db }) =>
      db.apiKey.findMany({ ...query, orderBy: [{ createdAt: 'desc' }, { id: 'desc' }] }),
  }),
);

builder.mutationFields((t) => ({
  createApiKey: t.field({
    type: CreateApiKeyPayload,
    description: 'Creates a key with no more scopes than the caller has.',
    authScopes: { scope: 'keys:manage' },
    errors: { types: [InvalidInputError], union: { description: 'The key, or why it was not created.' } },
    args: { input: t.arg({ type: CreateApiKeyInput, required: true, description: 'The key to create.' }) },
    resolve: (_root, { input }, { app, identity }) => {
      const { name, scopes, expiresAt } = parseInput(CreateApiKey, input, 'input');
      const beyond = scopes.flatMap((scope, index) =>
        identity.scopes.has(scope)
          ? []
          : [{ path: `input.scopes.${index}`, message: 'A key can only give scopes that it has itself.' }],
      );
      if (beyond.length > 0) throw new InvalidInputError(beyond);
      if (expiresAt != null && expiresAt <= app.now()) {
        throw new InvalidInputError([{ path: 'input.expiresAt', message: 'Must be in the future.' }]);
      }
      const { organizationId } = identity;
      return issueApiKey(app.db, { organizationId, name, scopes, expiresAt: expiresAt ?? null });
    },
  }),
  revokeApiKey: t.field({
    type: RevokeApiKeyPayload,
    description: 'Ends a key at once. One that is revoked already stays as it is.',
    authScopes: { scope: 'keys:manage' },
    errors: { types: [NotFoundError], union: { description: 'The key, or that there is none.' } },
    args: { uid: t.arg({ type: 'UUID', required: true, description: 'The key.' }) },
    resolve: async (_root, { uid }, { app, db }) => {
      if (!(await revokeApiKey(db, uid, app.now()))) throw new NotFoundError('ApiKey', uid);
      return { id: uid };
    },
  }),
}));
