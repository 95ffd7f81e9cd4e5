import type { EmailAccountStatus as Status } from '#generated/prisma/enums.ts';
import { parseSendAs, type SendAs } from '../accounts/send-as.ts';
import { type SendBudget as Budget, findSendBudgets } from '../outbound/rate-limit.ts';
import { builder } from './builder.ts';
import { EmailAccountStatus } from './enums.ts';
import { MailboxSync, SYNC, toMailboxSync } from './mailbox-sync.ts';
import { EmailAccount } from './refs.ts';

const SendBudget = builder.objectRef<Budget>('SendBudget').implement({
  description: 'How many emails the sending limits still allow, and when.',
  fields: (t) => ({
    sentLast24h: t.exposeInt('sentLast24h', {
      description: 'The number of emails sent through Epistle within the last 24 hours, counted in half-hour steps.',
    }),
    dailyLimit: t.exposeInt('dailyLimit', {
      description: 'The number of emails that the account may send within any 24 hours.',
    }),
    nextSendAt: t.expose('nextSendAt', {
      type: 'DateTime',
      description:
        'When an email requested now would be sent: now, or when the rate limits of Gmail allow it. It is an estimate.',
    }),
  }),
});

const SendAsAddress = builder.objectRef<SendAs>('SendAs').implement({
  description: 'An address that the account may send from, as Gmail reported it within about the last hour.',
  fields: (t) => ({
    email: t.expose('email', {
      type: 'EmailAddress',
      description: 'The address, in lower case. `fromAlias` takes it.',
    }),
    displayName: t.exposeString('displayName', {
      nullable: true,
      description:
        'The sender name that Gmail has for this address, and that recipients see. Null: they see that of the account.',
    }),
    signatureHtml: t.exposeString('signatureHtml', {
      nullable: true,
      description:
        'The signature from the settings of Gmail, as HTML. `appendSignature` appends it. Null if there is none. Sanitize it before you display it.',
    }),
    isDefault: t.exposeBoolean('isDefault', {
      description: 'True for the address that Gmail itself sends from by default.',
    }),
  }),
});

/** Of the input `fromAlias`. */
export const FROM_ALIAS_DESCRIPTION =
  "The sender address: one of `EmailAccount.sendAs`. Omitted: the account's own address.";

const PAUSE = { blockedUntil: true, blockedCode: true } as const;

/** When the pause of an ACTIVE account by its daily limit ends. Null: there is no such pause. */
function pausedUntil(
  account: { status: Status; rateLimit: { blockedUntil: Date | null; blockedCode: string | null } | null },
  now: Date,
): Date | null {
  const { blockedUntil = null, blockedCode = null } = account.rateLimit ?? {};
  const isDay = blockedCode === 'DAILY_LIMIT' || blockedCode === 'DAILY_BUDGET';
  return account.status === 'ACTIVE' && isDay && blockedUntil !== null && blockedUntil > now ? blockedUntil : null;
}

builder.prismaObjectFields(EmailAccount, (t) => ({
  uid: t.expose('id', { type: 'UUID', description: 'Identifies the account, for example as `fromAccountUid`.' }),
  email: t.expose('email', { type: 'EmailAddress', description: 'The primary address of the mailbox, in lower case.' }),
  displayName: t.exposeString('displayName', {
    nullable: true,
    description: 'The sender name that recipients see. Null: they see the address alone.',
  }),
  aliases: t.expose('aliases', {
    type: ['EmailAddress'],
    description: 'The accepted send-as addresses besides `email`. `sendAs` has them with their signatures.',
  }),
  sendAs: t.field({
    type: [SendAsAddress],
    description:
      'The addresses that the account may send from: its own and its accepted aliases, with their signatures.',
    select: { sendAs: true },
    resolve: ({ sendAs }) => parseSendAs(sendAs),
  }),
  status: t.field({
    type: EmailAccountStatus,
    description:
      'Whether the account can send. PAUSED: the daily sending limit is reached; new emails are QUEUED until `pausedUntil`.',
    select: { status: true, rateLimit: { select: PAUSE } },
    resolve: (account, _args, { app }) => (pausedUntil(account, app.now()) === null ? account.status : 'PAUSED'),
  }),
  statusReason: t.string({
    nullable: true,
    description: 'Why the account cannot send, and until when if that is known. Null if it can send.',
    select: { status: true, statusReason: true, rateLimit: { select: PAUSE } },
    resolve(account, _args, { app }) {
      const until = pausedUntil(account, app.now());
      if (until === null) return account.statusReason;
      return `The sending limit of the day is reached; sending resumes at ${until.toISOString()}.`;
    },
  }),
  pausedUntil: t.field({
    type: 'DateTime',
    nullable: true,
    description:
      'When an account that has reached its daily sending limit sends again: until then its `status` is PAUSED. Null if the limit is not reached. `sendBudget.nextSendAt` also includes shorter waits.',
    select: { status: true, rateLimit: { select: PAUSE } },
    resolve: (account, _args, { app }) => pausedUntil(account, app.now()),
  }),
  sendBudget: t.field({
    type: SendBudget,
    description:
      'How many emails the sending limits still allow, and when. It does not consider `status`: an account that is NEEDS_REAUTH or DISCONNECTED sends nothing.',
    resolve: async ({ id }, _args, { app, identity, batches }, info) => {
      const load = (ids: readonly string[]) => findSendBudgets(app, identity.organizationId, ids);
      const budget = await batches.load(info, id, load);
      if (budget === undefined) throw new Error('an account without a budget');
      return budget;
    },
  }),
  lastSyncedAt: t.field({
    type: 'DateTime',
    nullable: true,
    description:
      'Epistle has every change that Gmail reported up to this time. While `sync.state` is IMPORTING or COMPARING, older messages and changes can still be missing. Null if reading has not begun.',
    select: { sync: { select: { lastSyncedAt: true } } },
    resolve: ({ sync }) => sync?.lastSyncedAt ?? null,
  }),
  sync: t.field({
    type: MailboxSync,
    description: 'The progress of reading the mailbox.',
    select: { status: true, sync: { select: SYNC } },
    resolve: ({ status, sync }) => toMailboxSync(status, sync),
  }),
  connectedAt: t.expose('connectedAt', {
    type: 'DateTime',
    description: "When the mailbox was last connected: by its owner's consent, `account add` or `account move`.",
  }),
}));

builder.queryField('emailAccount', (t) =>
  t.prismaField({
    type: EmailAccount,
    nullable: true,
    description: 'Finds an account by its uid. Null if there is none.',
    args: { uid: t.arg({ type: 'UUID', required: true, description: 'The uid of the account.' }) },
    resolve: (query, _root, { uid }, { db }) => db.emailAccount.findFirst({ ...query, where: { id: uid } }),
  }),
);

builder.queryField('emailAccounts', (t) =>
  t.prismaField({
    type: [EmailAccount],
    description: 'Every account of the organization, oldest first, disconnected ones included.',
    resolve: (query, _root, _args, { db }) =>
      db.emailAccount.findMany({ ...query, orderBy: [{ createdAt: 'asc' }, { id: 'asc' }] }),
  }),
);
