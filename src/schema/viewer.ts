import type { Identity } from '../auth/keys.ts';
import { builder } from './builder.ts';

const Organization = builder.prismaObject('Organization', {
  description: 'The tenant that everything belongs to.',
  select: { id: true },
  findUnique: ({ id }) => ({ id }),
  fields: (t) => ({
    uid: t.expose('id', { type: 'UUID', description: 'Its uid.' }),
    name: t.exposeString('name', { description: 'Its name.' }),
  }),
});

const Viewer = builder.objectRef<Identity>('Viewer').implement({
  description: 'Who is asking.',
  fields: (t) => ({
    organization: t.prismaField({
      type: Organization,
      description: 'The organization that everything here is about.',
      resolve: (query, _identity, _args, { db }) => db.organization.findFirstOrThrow(query),
    }),
    actor: t.exposeString('actor', { description: 'How the audit trail names the caller: `key:<uid>`.' }),
    scopes: t.stringList({ description: 'What the caller may do.', resolve: ({ scopes }) => [...scopes] }),
  }),
});

builder.queryField('viewer', (t) =>
  t.field({
    type: Viewer,
    description: 'Who is asking; needs no scope.',
    skipTypeScopes: true,
    resolve: (_root, _args, { identity }) => identity,
  }),
);
