import type { Identity } from '../auth/keys.ts';
import { builder } from './builder.ts';

const Organization = builder.prismaObject('Organization', {
  description: 'The organization that owns all data.',
  select: { id: true },
  findUnique: ({ id }) => ({ id }),
  fields: (t) => ({
    uid: t.expose('id', { type: 'UUID', description: 'The uid of the organization.' }),
    name: t.exposeString('name', { description: 'The name of the organization.' }),
  }),
});

const Viewer = builder.objectRef<Identity>('Viewer').implement({
  description: 'The caller.',
  fields: (t) => ({
    organization: t.prismaField({
      type: Organization,
      description: 'The organization that the API key belongs to.',
      resolve: (query, _identity, _args, { db }) => db.organization.findFirstOrThrow(query),
    }),
    actor: t.exposeString('actor', {
      description: 'How the audit trail names the caller: `key:<uid of the API key>`.',
    }),
    scopes: t.stringList({ description: 'The scopes of the API key.', resolve: ({ scopes }) => [...scopes] }),
  }),
});

builder.queryField('viewer', (t) =>
  t.field({
    type: Viewer,
    description: 'The caller. Any key can ask for it.',
    skipTypeScopes: true,
    resolve: (_root, _args, { identity }) => identity,
  }),
);
