import { builder } from './builder.ts';
import { EmailAccountStatus } from './enums.ts';

export const EmailAccount = builder.prismaNode('EmailAccount', {
  description: 'A connected Gmail mailbox of the organization.',
  select: { id: true },
  id: { resolve: ({ id }) => id, description: 'For `node`.' },
  findUnique: (id, { identity }) => ({ organizationId_id: { organizationId: identity.organizationId, id } }),
  fields: (t) => ({
    uid: t.expose('id', { type: 'UUID', description: 'What `fromAccountUid` takes.' }),
    email: t.expose('email', { type: 'EmailAddress', description: 'The primary address, in lower case.' }),
    displayName: t.exposeString('displayName', {
      nullable: true,
      description: 'The name that recipients see. Null: the address alone.',
    }),
    aliases: t.expose('aliases', {
      type: ['EmailAddress'],
      description: 'Accepted send-as addresses besides `email`; what `fromAlias` takes.',
    }),
    status: t.expose('status', { type: EmailAccountStatus, description: 'Whether it can send.' }),
    statusReason: t.exposeString('statusReason', { nullable: true, description: 'Why it cannot. Null when it can.' }),
    lastSyncedAt: t.expose('lastSyncedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When its mailbox was last read. Null: never.',
    }),
    connectedAt: t.expose('connectedAt', { type: 'DateTime', description: 'When its owner last consented.' }),
  }),
});

builder.queryField('emailAccount', (t) =>
  t.prismaField({
    type: EmailAccount,
    nullable: true,
    description: 'One account. Null when there is none with this uid.',
    args: { uid: t.arg({ type: 'UUID', required: true, description: "The account's uid." }) },
    resolve: (query, _root, { uid }, { db }) => db.emailAccount.findFirst({ ...query, where: { id: uid } }),
  }),
);

builder.queryField('emailAccounts', (t) =>
  t.prismaField({
    type: [EmailAccount],
    description: 'Every account of the organization, oldest first.',
    resolve: (query, _root, _args, { db }) =>
      db.emailAccount.findMany({ ...query, orderBy: [{ createdAt: 'asc' }, { id: 'asc' }] }),
  }),
);
