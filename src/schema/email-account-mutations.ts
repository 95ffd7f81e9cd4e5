import { type Disconnected, disconnectAccount } from '../accounts/disconnect.ts';
import { beginConnect, requireConnectable } from '../accounts/oauth-connect.ts';
import { InvalidInputError, NotFoundError } from '../errors.ts';
import { builder } from './builder.ts';
import { EmailAccount } from './refs.ts';

const ConnectEmailAccountInput = builder.inputType('ConnectEmailAccountInput', {
  description: 'Options for the consent page and for the way back.',
  fields: (t) => ({
    loginHint: t.field({
      type: 'EmailAddress',
      description: "The address of the mailbox. Google's page preselects it; the owner can choose another one.",
    }),
    returnTo: t.field({
      type: 'HttpUrl',
      description:
        'The URL that the browser is sent to afterwards, with `connected=<uid of the account>` or `error=<code>` in the query. It must be on an origin in `CORS_ORIGINS`. Omitted: Epistle shows a page with the result.',
    }),
  }),
});

const ConnectEmailAccountPayload = builder
  .objectRef<{ authorizationUrl: string; expiresAt: Date }>('ConnectEmailAccountPayload')
  .implement({
    description: 'The connection was prepared. The mailbox is connected once its owner consents.',
    fields: (t) => ({
      authorizationUrl: t.expose('authorizationUrl', {
        type: 'HttpUrl',
        description:
          "Google's consent page. Open it in the browser of the mailbox owner, not in a frame. It works once.",
      }),
      expiresAt: t.expose('expiresAt', {
        type: 'DateTime',
        description:
          'The consent must be given before this time, ten minutes from now. After it, call the mutation again.',
      }),
    }),
  });

const DisconnectEmailAccountPayload = builder.objectRef<Disconnected>('DisconnectEmailAccountPayload').implement({
  description: 'The account is DISCONNECTED and Epistle holds no token for it. The record and its emails stay.',
  fields: (t) => ({
    emailAccount: t.prismaField({
      type: EmailAccount,
      description: 'The disconnected account.',
      resolve: (query, { accountId }, _args, { db }) =>
        db.emailAccount.findFirstOrThrow({ ...query, where: { id: accountId } }),
    }),
    waitingEmails: t.exposeInt('waitingEmails', {
      description:
        'The number of emails of the account that are SCHEDULED or QUEUED. They wait, and are sent after the mailbox is connected again, unless they are canceled before. UNCONFIRMED emails wait too and are not counted.',
    }),
    revoked: t.exposeBoolean('revoked', {
      description:
        'True if Google confirmed that the consent was revoked. False if Google did not confirm it, if there was no consent, or if the mailbox has been connected again; the mailbox owner can check https://myaccount.google.com/connections.',
    }),
  }),
});

builder.mutationFields((t) => ({
  connectEmailAccount: t.field({
    type: ConnectEmailAccountPayload,
    description:
      'Starts to connect a Gmail mailbox, or to reconnect one that is NEEDS_REAUTH or DISCONNECTED. A reconnected account keeps its uid, and its waiting emails are sent.',
    authScopes: { scope: 'accounts:manage' },
    errors: {
      types: [InvalidInputError],
      union: { description: 'The consent page, or the input issues.' },
    },
    args: {
      input: t.arg({ type: ConnectEmailAccountInput, required: true, description: 'The options. `{}` is enough.' }),
    },
    check: ({ input }, { app }) => requireConnectable(app, input),
    resolve: (_root, { input }, { app, identity }) => beginConnect(app, identity, input),
  }),
  disconnectEmailAccount: t.field({
    type: DisconnectEmailAccountPayload,
    description:
      'Deletes the tokens of an account and revokes the consent at Google. Its emails wait, see `waitingEmails`. `connectEmailAccount` connects it again.',
    authScopes: { scope: 'accounts:manage' },
    errors: {
      types: [NotFoundError],
      union: { description: 'The disconnected account, or why it was not disconnected.' },
    },
    args: { uid: t.arg({ type: 'UUID', required: true, description: 'The uid of the account.' }) },
    resolve: (_root, { uid }, { app, identity }) => disconnectAccount(app, identity, uid),
  }),
}));
