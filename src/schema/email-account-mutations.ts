import { InvalidInputError, NotFoundError } from '../errors.ts';
import { beginConnect } from '../accounts/oauth-connect.ts';
import { type Disconnected, disconnectAccount } from '../accounts/disconnect.ts';
import { builder } from './builder.ts';
import { EmailAccount } from './email-account.ts';

const ConnectEmailAccountInput = builder.inputType('ConnectEmailAccountInput', {
  description: 'What Google and the owner of the mailbox are told.',
  fields: (t) => ({
    loginHint: t.field({
      type: 'EmailAddress',
      description: 'The address to be connected, chosen on the page beforehand; its owner can choose another one.',
    }),
    returnTo: t.field({
      type: 'HttpUrl',
      description:
        'Where the browser goes afterwards, with `connected=<uid of the account>` or `error=<code>` in the query. It must be on an origin that CORS_ORIGINS names. Omitted: Epistle shows a page that says what happened.',
    }),
  }),
});

const ConnectEmailAccountPayload = builder
  .objectRef<{ authorizationUrl: string; expiresAt: Date }>('ConnectEmailAccountPayload')
  .implement({
    description: 'Nothing is connected yet: that takes the consent of the owner of the mailbox.',
    fields: (t) => ({
      authorizationUrl: t.expose('authorizationUrl', {
        type: 'HttpUrl',
        description:
          'Google’s consent page: open it in the browser of the owner of the mailbox, whole and not in a frame. It works once.',
      }),
      expiresAt: t.expose('expiresAt', {
        type: 'DateTime',
        description: 'The consent must be given before, ten minutes from now; after it, ask for another address.',
      }),
    }),
  });

const DisconnectEmailAccountPayload = builder.objectRef<Disconnected>('DisconnectEmailAccountPayload').implement({
  description: 'The account is DISCONNECTED: Epistle holds no token for it any more. Its record and its emails stay.',
  fields: (t) => ({
    emailAccount: t.prismaField({
      type: EmailAccount,
      description: 'The account as it is now.',
      resolve: (query, { accountId }, _args, { db }) =>
        db.emailAccount.findFirstOrThrow({ ...query, where: { id: accountId } }),
    }),
    waitingEmails: t.exposeInt('waitingEmails', {
      description:
        'How many of its emails are SCHEDULED or QUEUED. They stay so and wait: they leave when the mailbox is connected again, unless they are cancelled before. What is UNCONFIRMED stays so until then too.',
    }),
    revoked: t.exposeBoolean('revoked', {
      description:
        'Whether Google has confirmed that its grant is over. False: it did not, or there was none to end; the owner of the mailbox can look at https://myaccount.google.com/permissions.',
    }),
  }),
});

builder.mutationFields((t) => ({
  connectEmailAccount: t.field({
    type: ConnectEmailAccountPayload,
    description:
      'Begins to connect a Gmail mailbox, or to connect one anew that NEEDS_REAUTH or is DISCONNECTED: it keeps its uid, and what waits for it leaves.',
    authScopes: { scope: 'accounts:manage' },
    errors: {
      types: [InvalidInputError],
      union: { description: 'Where to consent, or what is wrong with the input.' },
    },
    args: {
      input: t.arg({ type: ConnectEmailAccountInput, required: true, description: 'May be empty: `{}`.' }),
    },
    resolve: (_root, { input }, { app, identity }) => beginConnect(app, identity, input),
  }),
  disconnectEmailAccount: t.field({
    type: DisconnectEmailAccountPayload,
    description:
      'Erases the tokens of an account and ends its grant at Google. What it is to send waits, see `waitingEmails`. Connect the same mailbox again to undo it.',
    authScopes: { scope: 'accounts:manage' },
    errors: { types: [NotFoundError], union: { description: 'The account, or that there is none.' } },
    args: { uid: t.arg({ type: 'UUID', required: true, description: 'The account.' }) },
    resolve: (_root, { uid }, { app, identity }) => disconnectAccount(app, identity, uid),
  }),
}));
