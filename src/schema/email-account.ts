import type { EmailAccountStatus as Status } from '#generated/prisma/enums.ts';
import { type SendBudget as Budget, findSendBudgets } from '../outbound/rate-limit.ts';
import { builder } from './builder.ts';
import { EmailAccountStatus } from './enums.ts';
import { MailboxSync, SYNC, toMailboxSync } from './mailbox-sync.ts';

const SendBudget = builder.objectRef<Budget>('SendBudget').implement({
  description: 'How much an account may still send, and when.',
  fields: (t) => ({
    sentLast24h: t.exposeInt('sentLast24h', {
      description: 'Emails that left through Epistle within the last 24 hours, counted by half hours.',
    }),
    dailyLimit: t.exposeInt('dailyLimit', { description: 'How many may leave within any 24 hours.' }),
    nextSendAt: t.expose('nextSendAt', {
      type: 'DateTime',
      description: 'When an email sent now would leave: now, or when the pace that Gmail allows lets it.',
    }),
  }),
});

const PAUSE = { blockedUntil: true, blockedCode: true } as const;

/** Until when the day's limit holds it. Null: it does not, or something else is in the way. */
function pausedUntil(
  account: { status: Status; pace: { blockedUntil: Date | null; blockedCode: string | null } | null },
  now: Date,
): Date | null {
  const { blockedUntil = null, blockedCode = null } = account.pace ?? {};
  const isDay = blockedCode === 'DAILY_LIMIT' || blockedCode === 'DAILY_BUDGET';
  return account.status === 'ACTIVE' && isDay && blockedUntil !== null && blockedUntil > now ? blockedUntil : null;
}

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
    status: t.field({
      type: EmailAccountStatus,
      description:
        'Whether it can send. PAUSED: the sending limit of the day is reached; what is sent now is QUEUED until then.',
      select: { status: true, pace: { select: PAUSE } },
      resolve: (account, _args, { app }) => (pausedUntil(account, app.now()) === null ? account.status : 'PAUSED'),
    }),
    statusReason: t.string({
      nullable: true,
      description: 'Why it cannot send, and until when if that is known. Null when it can.',
      select: { status: true, statusReason: true, pace: { select: PAUSE } },
      resolve(account, _args, { app }) {
        const until = pausedUntil(account, app.now());
        if (until === null) return account.statusReason;
        return `The sending limit of the day is reached; sending goes on at ${until.toISOString()}.`;
      },
    }),
    sendBudget: t.field({
      type: SendBudget,
      description: 'How much it may still send, and when.',
      resolve: async ({ id }, _args, { app, identity, batches }, info) => {
        const load = (ids: readonly string[]) => findSendBudgets(app, identity.organizationId, ids);
        const budget = await batches.load({ info }, id, load);
        if (budget === undefined) throw new Error('an account without a budget');
        return budget;
      },
    }),
    lastSyncedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'Every change of the mailbox up to then is here. Null: it was never read.',
      select: { sync: { select: { lastSyncedAt: true } } },
      resolve: ({ sync }) => sync?.lastSyncedAt ?? null,
    }),
    sync: t.field({
      type: MailboxSync,
      description: 'How far its mailbox has been read.',
      select: { status: true, sync: { select: SYNC } },
      resolve: ({ status, sync }) => toMailboxSync(status, sync),
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
