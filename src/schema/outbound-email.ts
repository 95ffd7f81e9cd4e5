import type { OutboundEmailStatus as Status } from '#generated/prisma/enums.ts';
import { Attachment } from './attachment.ts';
import { countPerParent } from './batch.ts';
import { builder } from './builder.ts';
import { ContextEntity, loadContextEntity } from './context-entity.ts';
import { OutboundEmailStatus, RetryAdvice, SendMode, Threading } from './enums.ts';
import { keysetQuery, parseKeyset, toConnection } from './keyset.ts';
import { EVENT_ORDER, OutboundEmailEvent, OutboundEmailEventConnection } from './outbound-email-event.ts';

export const A_DRAFT: { in: Status[] } = { in: ['DRAFT', 'SCHEDULED'] };
export const NOT_A_DRAFT: { notIn: Status[] } = { notIn: ['DRAFT', 'SCHEDULED'] };

type RetryAdviceValue = typeof RetryAdvice.$inferType;

export const SendFailure = builder
  .objectRef<{ code: string; message: string; retry: RetryAdviceValue; at: Date }>('SendFailure')
  .implement({
    description: 'Why an email did not leave.',
    fields: (t) => ({
      code: t.exposeString('code', { description: 'For programs: `REJECTED`, `THROTTLED`, `UNREACHABLE`, …' }),
      message: t.exposeString('message', { description: 'For people.' }),
      retry: t.expose('retry', { type: RetryAdvice, description: 'What may be done about it.' }),
      at: t.expose('at', { type: 'DateTime', description: 'When it happened.' }),
    }),
  });

/** The columns behind `SendFailure`. */
export const FAILURE_COLUMNS = { failureCode: true, failureMessage: true, failureRetry: true, failedAt: true } as const;

/** Null when the last attempt did not fail. */
export function sendFailure(email: {
  failureCode: string | null;
  failureMessage: string | null;
  failureRetry: RetryAdviceValue | null;
  failedAt: Date | null;
}) {
  const { failureCode: code, failureMessage: message, failureRetry: retry, failedAt: at } = email;
  return code === null || message === null || retry === null || at === null ? null : { code, message, retry, at };
}

export const OutboundEmail = builder.prismaNode('OutboundEmail', {
  description: 'One intent to send, from draft to bounce: one record, one uid for life.',
  select: { id: true },
  id: { resolve: ({ id }) => id, description: 'For `node`.' },
  findUnique: (id, { identity }) => ({ organizationId_id: { organizationId: identity.organizationId, id } }),
  fields: (t) => ({
    uid: t.expose('id', { type: 'UUID', description: 'Its uid; also in the header X-Epistle-Id of what was sent.' }),
    status: t.expose('status', { type: OutboundEmailStatus, description: 'Where it stands.' }),
    mode: t.expose('mode', { type: SendMode, description: 'How it came to be.' }),
    fromAccount: t.relation('account', { description: 'The account that it leaves from.' }),
    fromEmail: t.expose('fromEmail', {
      type: 'EmailAddress',
      description: "The account's address, or the alias chosen.",
    }),
    to: t.expose('to', { type: ['EmailAddress'], description: 'Its recipients.' }),
    cc: t.expose('cc', { type: ['EmailAddress'], description: 'Its recipients in copy.' }),
    bcc: t.expose('bcc', { type: ['EmailAddress'], description: 'Its recipients that the others do not see.' }),
    replyTo: t.expose('replyTo', {
      type: ['EmailAddress'],
      description: 'Where answers are wanted. Empty: the sender.',
    }),
    subject: t.exposeString('subject', { description: 'Its subject.' }),
    bodyText: t.exposeString('bodyText', { nullable: true, description: 'The plain-text body. Null: none.' }),
    bodyHtml: t.exposeString('bodyHtml', { nullable: true, description: 'The HTML body. Null: none.' }),
    attachments: t.field({
      type: [Attachment],
      description: 'Its files, in the order given.',
      select: (_args, _context, nested) => ({ attachments: nested({ orderBy: { position: 'asc' } }) }),
      resolve: ({ attachments }) => attachments,
    }),
    contextType: t.exposeString('contextType', { nullable: true, description: 'The kind of what it is about.' }),
    contextUid: t.expose('contextId', { type: 'UUID', nullable: true, description: 'The uid of what it is about.' }),
    replyToMessage: t.relation('replyToMessage', {
      nullable: true,
      description: 'The message it answers. Null: none.',
    }),
    conversation: t.relation('conversation', {
      nullable: true,
      description: 'The conversation it is in. Null until a fresh one was stored after sending.',
    }),
    message: t.relation('message', {
      nullable: true,
      description: 'The stored sent copy. Null until it was read back from Gmail, moments after sending.',
    }),
    providerMessageId: t.exposeString('providerMessageId', {
      nullable: true,
      description: "Gmail's id of the sent copy, valid in this account only. Null until it was sent.",
    }),
    providerThreadId: t.exposeString('providerThreadId', {
      nullable: true,
      description: "Gmail's id of the thread that it is in. Null until it was sent.",
    }),
    messageId: t.exposeString('messageId', {
      nullable: true,
      description: 'The RFC 5322 Message-ID that Gmail gave it, read back after sending. Null until then.',
    }),
    threading: t.expose('threading', {
      type: Threading,
      nullable: true,
      description: 'What was achieved for the thread. Null until it was sent.',
    }),
    idempotencyKey: t.exposeString('idempotencyKey', {
      nullable: true,
      description: 'The key it was sent under. Null: none.',
    }),
    plannedSendAt: t.expose('plannedSendAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was planned to leave. Null: it was not scheduled.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was first stored.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When it last changed.' }),
    sentAt: t.expose('sentAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When Gmail accepted it. Null until then.',
    }),
    attempts: t.exposeInt('attempts', { description: 'How often its delivery was begun.' }),
    nextAttemptAt: t.expose('nextAttemptAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When delivery is tried next. Null: not waiting.',
    }),
    failure: t.field({
      type: SendFailure,
      nullable: true,
      description: 'Why the last attempt failed. Null: it did not.',
      select: FAILURE_COLUMNS,
      resolve: sendFailure,
    }),
  }),
});

const Bounce = builder.prismaObject('Bounce', {
  description: 'What a mail system wrote about one recipient: not delivered, or not yet.',
  fields: (t) => ({
    recipient: t.expose('recipient', {
      type: 'EmailAddress',
      description: 'Whom it could not reach: a recipient, or where their mail is forwarded.',
    }),
    status: t.exposeString('status', { description: 'RFC 3463: `5.1.1`. 5.0.0 or 4.0.0 when none was given.' }),
    diagnostic: t.exposeString('diagnostic', {
      nullable: true,
      description: 'The words of the mail system. Null: none were given.',
    }),
    permanent: t.exposeBoolean('permanent', {
      description: 'True: given up. False: a delay; the mail system goes on trying, and nothing need be done.',
    }),
    at: t.expose('at', { type: 'DateTime', description: 'When the notification came.' }),
  }),
});

builder.prismaObjectFields(OutboundEmail, (t) => ({
  bounces: t.field({
    type: [Bounce],
    description:
      'What mail systems wrote about its delivery, oldest first. BOUNCED means that one of them is permanent.',
    authScopes: { scope: 'email:read' },
    select: (_args, _context, nested) => ({ bounces: nested({ orderBy: [{ at: 'asc' }, { id: 'asc' }] }) }),
    resolve: ({ bounces }) => bounces,
  }),
  context: t.field({
    type: ContextEntity,
    nullable: true,
    description: 'What it is about. Null: nothing was named.',
    authScopes: { scope: 'email:read' },
    select: { contextType: true, contextId: true },
    resolve: (email, _args, context, info) => loadContextEntity(context, info, email),
  }),
  events: t.connection(
    {
      type: OutboundEmailEvent,
      description: 'Its audit trail, oldest first.',
      select: (args, _context, nested) => ({
        events: nested({ ...keysetQuery(parseKeyset(args, EVENT_ORDER)), select: { id: true, at: true } }, [
          'edges',
          'node',
        ]),
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

export const OutboundEmailConnection = builder.connectionObject(
  { type: OutboundEmail, name: 'OutboundEmailConnection', description: 'A page of outbound emails.' },
  { name: 'OutboundEmailEdge', description: 'An outbound email and its place.' },
);
