import { Attachment } from './attachment.ts';
import { builder } from './builder.ts';
import { ContextEntity, loadContextEntity } from './context-entity.ts';
import { OutboundEmailStatus } from './enums.ts';
import { FAILURE_COLUMNS, SendFailure, sendFailure } from './outbound-email.ts';

export const Draft = builder.prismaNode('OutboundEmail', {
  variant: 'Draft',
  description: 'An email being written. Once it is sent, the same uid names the outbound email.',
  select: { id: true },
  id: { resolve: ({ id }) => id, description: 'For `node`.' },
  findUnique: (id, { identity }) => ({ organizationId_id: { organizationId: identity.organizationId, id } }),
  fields: (t) => ({
    uid: t.expose('id', { type: 'UUID', description: 'What `sendEmail(input: { draft })` takes.' }),
    revision: t.exposeInt('revision', {
      description: 'Counts its edits from 1; what `expectedRevision` is compared with.',
    }),
    status: t.expose('status', {
      type: OutboundEmailStatus,
      description: 'DRAFT, or SCHEDULED when plannedSendAt is set.',
    }),
    fromAccount: t.relation('account', { description: 'The account that it will leave from.' }),
    fromEmail: t.expose('fromEmail', { type: 'EmailAddress', description: 'The address that it will leave from.' }),
    to: t.expose('to', { type: ['EmailAddress'], description: 'Its recipients.' }),
    cc: t.expose('cc', { type: ['EmailAddress'], description: 'Its recipients in copy.' }),
    bcc: t.expose('bcc', { type: ['EmailAddress'], description: 'Its recipients that the others do not see.' }),
    replyTo: t.expose('replyTo', {
      type: ['EmailAddress'],
      description: 'Where answers are wanted. Empty: the sender.',
    }),
    subject: t.exposeString('subject', { description: 'Its subject; may be empty until it is sent.' }),
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
      description: 'The message it will answer. Null: none.',
    }),
    plannedSendAt: t.expose('plannedSendAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it will leave. Null: not scheduled.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When it last changed.' }),
    lastFailure: t.field({
      type: SendFailure,
      nullable: true,
      description: 'Why it was refused when it was last sent; it is as it was. Null: it was not.',
      select: FAILURE_COLUMNS,
      resolve: sendFailure,
    }),
  }),
});

builder.prismaObjectFields(Draft, (t) => ({
  context: t.field({
    type: ContextEntity,
    nullable: true,
    description: 'What it is about. Null: nothing was named.',
    authScopes: { scope: 'email:read' },
    select: { contextType: true, contextId: true },
    resolve: (draft, _args, context, info) => loadContextEntity(context, info, draft),
  }),
}));

export const DraftConnection = builder.connectionObject(
  { type: Draft, name: 'DraftConnection', description: 'A page of drafts.' },
  { name: 'DraftEdge', description: 'A draft and its place.' },
);
