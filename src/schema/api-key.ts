import { queryFromInfo } from '@pothos/plugin-prisma';
import { z } from 'zod';
import { type Identity, issueApiKey, revokeApiKey } from '../auth/keys.ts';
import { isScope, SCOPES } from '../auth/scopes.ts';
import { type InputIssue, InvalidInputError, NotFoundError } from '../errors.ts';
import { issuesOf, line } from '../input.ts';
import { builder } from './builder.ts';
import { keysetQuery, parseKeyset, toConnection } from './keyset.ts';
import { CREATED_DESC } from './lists.ts';
import { ApiKey, ApiKeyConnection } from './refs.ts';

builder.prismaObjectFields(ApiKey, (t) => ({
  uid: t.expose('id', { type: 'UUID', description: 'Identifies the key in `revokeApiKey`.' }),
  name: t.exposeString('name', { description: 'The name given when the key was created.' }),
  prefix: t.exposeString('prefix', {
    description: 'The first characters of the secret. Shows which stored secret belongs to this record.',
  }),
  scopes: t.exposeStringList('scopes', { description: 'The scopes of the key: what a request with it may do.' }),
  createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the key was created.' }),
  expiresAt: t.expose('expiresAt', {
    type: 'DateTime',
    nullable: true,
    description: 'When the key stops working. Null: it does not expire.',
  }),
  lastUsedAt: t.expose('lastUsedAt', {
    type: 'DateTime',
    nullable: true,
    description: 'When the key was last used, updated at most once a minute. Null: never used.',
  }),
  revokedAt: t.expose('revokedAt', {
    type: 'DateTime',
    nullable: true,
    description: 'When the key was revoked. Null: it was not revoked.',
  }),
}));

const CreateApiKeyInput = builder.inputType('CreateApiKeyInput', {
  description: 'The key to create.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'A name that tells keys apart, 1 to 100 characters.' }),
    scopes: t.stringList({
      required: true,
      description: `The scopes of the new key, at least one of ${SCOPES.join(', ')}. A key can only pass on scopes that it has itself.`,
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description:
        'When the key stops working: a time in the future. If the calling key expires, this is required and not later than that expiry. Omitted: the key does not expire.',
    }),
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
      description: 'The record of the new key.',
      resolve: (query, { id }, _args, { db }) => db.apiKey.findFirstOrThrow({ ...query, where: { id } }),
    }),
    secret: t.exposeString('key', {
      description:
        'The secret: send it as `Authorization: Bearer <secret>`. It is shown only here and cannot be read again.',
    }),
  }),
});

const RevokeApiKeyPayload = builder.objectRef<{ id: string }>('RevokeApiKeyPayload').implement({
  description: 'The key was revoked, or had been revoked before.',
  fields: (t) => ({
    apiKey: t.prismaField({
      type: ApiKey,
      description: 'The record of the key.',
      resolve: (query, { id }, _args, { db }) => db.apiKey.findFirstOrThrow({ ...query, where: { id } }),
    }),
  }),
});

builder.queryField('apiKeys', (t) =>
  t.connection(
    {
      type: ApiKey,
      description: 'Every API key of the organization, revoked and expired ones included, newest first.',
      skipTypeScopes: true,
      authScopes: { scope: 'keys:manage' },
      resolve: async (_root, args, context, info) => {
        const keyset = parseKeyset(args, CREATED_DESC);
        const rows = await context.db.apiKey.findMany({
          ...queryFromInfo({ context, info, select: { id: true, createdAt: true } }),
          ...keysetQuery(keyset),
        });
        return toConnection(keyset, rows, (limit) => context.db.apiKey.count(limit));
      },
    },
    ApiKeyConnection,
  ),
);

/** Of a key that `identity` asks for: no key gives more than it has, neither in scopes nor in time. */
function expiryIssues(expiresAt: Date | null, identity: Pick<Identity, 'expiresAt'>, now: Date): InputIssue[] {
  const path = 'input.expiresAt';
  if (expiresAt !== null && expiresAt <= now) return [{ path, message: 'Must be in the future.' }];
  const latest = identity.expiresAt;
  if (latest === null || (expiresAt !== null && expiresAt <= latest)) return [];
  return [{ path, message: `Required, and at most ${latest.toISOString()}, when the calling key expires.` }];
}

/** @throws {InvalidInputError} with every issue. */
function parseNewKey(input: typeof CreateApiKeyInput.$inferInput, identity: Identity, now: Date) {
  const beyond = input.scopes.flatMap((scope, index) =>
    !isScope(scope) || identity.scopes.has(scope)
      ? []
      : [{ path: `input.scopes.${index}`, message: 'A key can only pass on scopes that it has itself.' }],
  );
  const issues = [...beyond, ...expiryIssues(input.expiresAt ?? null, identity, now)];
  const parsed = CreateApiKey.safeParse(input);
  if (parsed.success && issues.length === 0) return parsed.data;
  throw new InvalidInputError([...(parsed.success ? [] : issuesOf(parsed.error, 'input')), ...issues]);
}

builder.mutationFields((t) => ({
  createApiKey: t.field({
    type: CreateApiKeyPayload,
    description: 'Creates an API key. The new key cannot have more scopes than the calling key, nor outlive it.',
    authScopes: { scope: 'keys:manage' },
    errors: { types: [InvalidInputError], union: { description: 'The new key, or the input issues.' } },
    args: { input: t.arg({ type: CreateApiKeyInput, required: true, description: 'The key to create.' }) },
    check: ({ input }, { app, identity }) => parseNewKey(input, identity, app.now()),
    resolve: (_root, { input }, { app, identity }) => {
      const { name, scopes, expiresAt = null } = parseNewKey(input, identity, app.now());
      const { organizationId } = identity;
      return issueApiKey(app.db, { organizationId, name, scopes, expiresAt });
    },
  }),
  revokeApiKey: t.field({
    type: RevokeApiKeyPayload,
    description:
      'Revokes an API key. This process refuses it at once, other processes within 5 seconds. Revoking a revoked key changes nothing.',
    authScopes: { scope: 'keys:manage' },
    errors: { types: [NotFoundError], union: { description: 'The revoked key, or why it was not revoked.' } },
    args: { uid: t.arg({ type: 'UUID', required: true, description: 'The uid of the key.' }) },
    resolve: async (_root, { uid }, { app, db }) => {
      const isKnown = await revokeApiKey(db, uid, app.now());
      app.apiKeys.forget();
      if (!isKnown) throw new NotFoundError('ApiKey', uid);
      return { id: uid };
    },
  }),
}));
