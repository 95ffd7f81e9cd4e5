import { countPerParent } from './batch.ts';
import { builder } from './builder.ts';
import type { Context } from './context.ts';
import { contextLinks, linkedEntities } from './context-entity.ts';
import { CancelCondition, OutboundEmailStatus, SendMode, Threading } from './enums.ts';
import { implementContent } from './implement-content.ts';
import { keysetQuery, parseKeyset, toConnection } from './keyset.ts';
import { EVENT_ORDER } from './lists.ts';
import { ContextEntity, OutboundEmail, OutboundEmailEvent, OutboundEmailEventConnection } from './refs.ts';
import { FAILURE_COLUMNS, SendFailure, sendFailure } from './send-failure.ts';
import { TEMPLATE_VERSION, TemplateUse, templateUse } from './template-use.ts';

/** What an email says and to whom, for its fields: `email:send` alone may read back what the request itself has given. */
function isReadable({ id }: { readonly id: string }, _args: unknown, { identity, given }: Context) {
  return identity.scopes.has('email:read') || given.has(id) || READ;
}

const READ = { scope: 'email:read' } as const;

const Bounce = builder.prismaObject('Bounce', {
  description: 'A delivery report about one recipient: delivery failed or is delayed.',
  fields: (t) => ({
    recipient: t.exposeString('recipient', {
      description:
        'The recipient of the email that could not be reached. If their mail is forwarded, `diagnostic` names the address it is forwarded to. An address that the email was not sent to appears only if the report does not tell whose mail was forwarded there.',
    }),
    status: t.exposeString('status', {
      description:
        'The RFC 3463 status, for example `5.1.1`. If the report had none: 5.0.0 for a failure, 4.0.0 for a delay.',
    }),
    diagnostic: t.exposeString('diagnostic', {
      nullable: true,
      description: 'The text of the mail system, for people. Null if the report had none.',
    }),
    permanent: t.exposeBoolean('permanent', {
      description:
        'True: delivery failed permanently. False: delivery is delayed and the mail system keeps trying; no action is needed.',
    }),
    at: t.expose('at', { type: 'DateTime', description: 'When the report was received.' }),
  }),
});

implementContent(OutboundEmail, isReadable);

builder.prismaObjectFields(OutboundEmail, (t) => ({
  uid: t.expose('id', {
    type: 'UUID',
    description: 'Identifies the email. The sent email carries it in the header X-Epistle-Id.',
  }),
  status: t.expose('status', { type: OutboundEmailStatus, description: 'The state of the email.' }),
  mode: t.expose('mode', { type: SendMode, description: 'How the email was created.' }),
  fromAccount: t.relation('account', { description: 'The account that sends the email.' }),
  fromEmail: t.expose('fromEmail', {
    type: 'EmailAddress',
    description: 'The sender address: the address of the account, or the chosen alias.',
  }),
  subject: t.exposeString('subject', {
    description: 'The subject.',
    authScopes: isReadable,
    unauthorizedResolver: () => '',
  }),
  replyToMessage: t.relation('replyToMessage', {
    nullable: true,
    description: 'The message that the email replies to. Null if it starts a conversation.',
  }),
  conversation: t.relation('conversation', {
    nullable: true,
    description: 'The conversation of the email. Null for an email that starts one, until its sent copy is stored.',
  }),
  message: t.relation('message', {
    nullable: true,
    description:
      'The stored sent copy. Null until Epistle has read it back from Gmail, moments after sending. If it was deleted in Gmail, see `deletedAt`.',
  }),
  providerMessageId: t.exposeString('providerMessageId', {
    nullable: true,
    description:
      'The id of the sent copy in Gmail. It is only valid in this account. Null until the email is sent, and if a user decided that it was.',
  }),
  providerThreadId: t.exposeString('providerThreadId', {
    nullable: true,
    description:
      'The id of the thread in Gmail. It is only valid in this account. Null until the email is sent, and if a user decided that it was.',
  }),
  messageId: t.exposeString('messageId', {
    nullable: true,
    description:
      'The RFC 5322 Message-ID that Gmail gave the email. Null until Epistle has read it back, moments after sending.',
  }),
  threading: t.expose('threading', {
    type: Threading,
    nullable: true,
    description:
      'How the email was placed into a thread. Null until the email is sent, and if a user decided that it was.',
  }),
  idempotencyKey: t.exposeString('idempotencyKey', {
    nullable: true,
    description: 'The idempotencyKey of the request. Null if it had none.',
  }),
  plannedSendAt: t.expose('plannedSendAt', {
    type: 'DateTime',
    nullable: true,
    description: 'The time for which the email is or was scheduled. Null if it was not scheduled.',
  }),
  canceledBecause: t.expose('canceledBecause', {
    type: CancelCondition,
    nullable: true,
    description: 'The condition of `cancelWhen` that canceled it. Null if none did.',
  }),
  actor: t.exposeString('actor', {
    description: 'Who created the email: `key:<uid of the API key>`. `events` says who did what with it later.',
  }),
  createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the email was first stored.' }),
  updatedAt: t.expose('updatedAt', {
    type: 'DateTime',
    description:
      'When its state, content or ids last changed. Replies, delays, further bounces and erasure do not change it.',
  }),
  sentAt: t.expose('sentAt', {
    type: 'DateTime',
    nullable: true,
    description:
      'When Gmail accepted the email; if a user decided that it was sent, when it was handed to Gmail. Null if it was not sent.',
  }),
  contentErasedAt: t.expose('contentErasedAt', {
    type: 'DateTime',
    nullable: true,
    description:
      'When the bodies and files of the email were erased, because of their age or on request; then it cannot be retried. Null: they were not.',
  }),
  attempts: t.exposeInt('attempts', { description: 'The number of attempts to send the email.' }),
  nextAttemptAt: t.expose('nextAttemptAt', {
    type: 'DateTime',
    nullable: true,
    description:
      'When Epistle next tries to send the email or, if it is UNCONFIRMED, reads the mailbox for it. Null if neither is planned.',
  }),
  failure: t.field({
    type: SendFailure,
    nullable: true,
    description: 'Why the last attempt failed. Null if it did not fail.',
    select: FAILURE_COLUMNS,
    resolve: sendFailure,
  }),
  bounces: t.field({
    type: [Bounce],
    description: 'The first 100 delivery reports, oldest first. If one of them is permanent, the status is BOUNCED.',
    authScopes: READ,
    unauthorizedResolver: () => [],
    select: (_args, _context, nested) => ({ bounces: nested({ orderBy: [{ at: 'asc' }, { id: 'asc' }], take: 100 }) }),
    resolve: ({ bounces }) => bounces,
  }),
  contexts: t.field({
    type: [ContextEntity],
    description: 'The entities that the email is about, the main one first.',
    authScopes: { scope: 'email:read' },
    unauthorizedResolver: () => [],
    select: (_args, _context, nested) => contextLinks(nested, { position: 'asc' } as const),
    extensions: { loadedWith: 'contexts' },
    resolve: linkedEntities,
  }),
  template: t.field({
    type: TemplateUse,
    nullable: true,
    description: 'The template of the subject and bodies. Null if the email has its own subject and bodies.',
    authScopes: isReadable,
    select: (_args, _context, nested) => ({
      templateValues: true,
      templateVersion: nested({ select: TEMPLATE_VERSION }, ['template'], 'Template'),
    }),
    resolve: templateUse,
  }),
  events: t.connection(
    {
      type: OutboundEmailEvent,
      description: 'The audit trail of the email, oldest first.',
      select: (args, _context, nested) => ({
        events: nested({ ...keysetQuery(parseKeyset(args, EVENT_ORDER)), select: { id: true, at: true } }),
      }),
      resolve: ({ id, events }, args, { db, batches }, info) =>
        toConnection(
          parseKeyset(args, EVENT_ORDER),
          events,
          countPerParent(batches, info, { column: 'outboundEmailId', id }, (ids) =>
            db.outboundEmailEvent.groupBy({
              by: 'outboundEmailId',
              where: { outboundEmailId: { in: ids } },
              _count: true,
            }),
          ),
        ),
    },
    OutboundEmailEventConnection,
  ),
}));
