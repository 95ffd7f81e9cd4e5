import { requireScope } from '../auth/scopes.ts';
import { NotFoundError } from '../errors.ts';
import { markMessageAutomatic } from '../inbox/mark-automatic.ts';
import { builder } from './builder.ts';
import { EmailMessage } from './refs.ts';

const MarkMessageAutomaticPayload = builder.objectRef<{ messageId: string }>('MarkMessageAutomaticPayload').implement({
  description: 'The message is marked, possibly since before.',
  fields: (t) => ({
    message: t.prismaField({
      type: EmailMessage,
      description:
        'The marked message. An operation that also selects `message` of an error gives one of the two an alias, as in `reason: message`.',
      resolve: (query, { messageId }, _args, { db }) =>
        db.emailMessage.findFirstOrThrow({ ...query, where: { id: messageId } }),
    }),
  }),
});

builder.mutationField('markMessageAutomatic', (t) =>
  t.field({
    type: MarkMessageAutomaticPayload,
    description:
      'Corrects whether a program or a person wrote a message. `hasReply`, `lastContactedAt` and `awaitingReply` change with it, and reading the mailbox again does not change it back. Repeating the request is safe. Also needs `email:read`.',
    authScopes: { scope: 'contexts:write' },
    errors: {
      types: [NotFoundError],
      union: { description: 'The marked message, or why it was not marked.' },
    },
    args: {
      uid: t.arg({ type: 'UUID', required: true, description: 'The uid of the message.' }),
      automatic: t.arg.boolean({
        required: true,
        defaultValue: true,
        description: 'True: a program wrote it, and it does not count as a reply. False: a person wrote it.',
      }),
    },
    resolve: async (_root, { uid, automatic }, { app, identity }) => {
      // Before anything is done: the answer shows the message.
      requireScope(identity, 'email:read');
      await markMessageAutomatic(app, identity.organizationId, uid, automatic);
      return { messageId: uid };
    },
  }),
);
