import * as errors from '../errors.ts';
import { syncNow } from '../sync/sync-now.ts';
import { builder } from './builder.ts';
import { EmailAccount } from './refs.ts';

const SyncEmailAccountPayload = builder.objectRef<{ accountId: string }>('SyncEmailAccountPayload').implement({
  description: 'The mailbox was read.',
  fields: (t) => ({
    emailAccount: t.prismaField({
      type: EmailAccount,
      description: 'The account. Its `sync` says whether a first import is still running.',
      resolve: (query, { accountId }, _args, { db }) =>
        db.emailAccount.findFirstOrThrow({ ...query, where: { id: accountId } }),
    }),
  }),
});

builder.mutationField('syncEmailAccount', (t) =>
  t.field({
    type: SyncEmailAccountPayload,
    description:
      'Reads the mailbox now, for at most 30 s. When the result arrives, Epistle has every change up to the request. A first import continues in the background.',
    authScopes: { scope: 'accounts:manage' },
    errors: {
      types: [errors.NotFoundError, errors.AccountNotReadyError, errors.SyncNotPossibleError],
      union: { description: 'The account, or why its mailbox was not read.' },
    },
    args: { uid: t.arg({ type: 'UUID', required: true, description: 'The uid of the account.' }) },
    resolve: async (_root, { uid }, { app, identity }) => {
      await syncNow(app, { organizationId: identity.organizationId, accountId: uid });
      return { accountId: uid };
    },
  }),
);
