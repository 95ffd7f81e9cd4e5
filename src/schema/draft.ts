import { builder } from './builder.ts';
import { contextLinks, linkedEntities } from './context-entity.ts';
import { OutboundEmailStatus } from './enums.ts';
import { implementContent } from './implement-content.ts';
import { ContextEntity, Draft } from './refs.ts';
import { FAILURE_COLUMNS, SendFailure, sendFailure } from './send-failure.ts';
import { TEMPLATE_VERSION, TemplateUse, templateUse } from './template-use.ts';

implementContent(Draft);

builder.prismaObjectFields(Draft, (t) => ({
  uid: t.expose('id', {
    type: 'UUID',
    description: 'Identifies the draft in `sendEmail(input: { draft })`. The outbound email has the same uid.',
  }),
  revision: t.exposeInt('revision', {
    description:
      'The number of the current revision. It starts at 1 and increases with every change. Pass it as `expectedRevision`.',
  }),
  status: t.expose('status', {
    type: OutboundEmailStatus,
    description:
      'DRAFT, or SCHEDULED if `plannedSendAt` is set. A repeated `createDraft` can return a draft that was sent since: it has the state of its email.',
  }),
  fromAccount: t.relation('account', { description: 'The account that the draft will be sent from.' }),
  fromEmail: t.expose('fromEmail', {
    type: 'EmailAddress',
    description: 'The address that the draft will be sent from.',
  }),
  subject: t.exposeString('subject', { description: 'The subject. It may be empty until the draft is sent.' }),
  replyToMessage: t.relation('replyToMessage', {
    nullable: true,
    description: 'The message that the draft replies to. Null if it starts a conversation.',
  }),
  conversation: t.relation('conversation', {
    nullable: true,
    description: 'The conversation of the message that the draft replies to. Null if it starts a conversation.',
  }),
  plannedSendAt: t.expose('plannedSendAt', {
    type: 'DateTime',
    nullable: true,
    description: 'When the draft will be sent. Null if it is not scheduled.',
  }),
  createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the draft was created.' }),
  updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When the draft was last changed.' }),
  lastFailure: t.field({
    type: SendFailure,
    nullable: true,
    description:
      'Why the last attempt to send the draft failed. The content is as it was. If the attempt was refused, the status is DRAFT, and a planned time and `cancelWhen` are cleared. Null if no attempt failed since the last change.',
    select: FAILURE_COLUMNS,
    resolve: sendFailure,
  }),
  template: t.field({
    type: TemplateUse,
    nullable: true,
    description:
      'The template that supplies the subject and bodies when the draft is sent. Null if the draft has its own subject and bodies.',
    select: (_args, _context, nested) => ({
      templateValues: true,
      templateVersion: nested({ select: TEMPLATE_VERSION }, ['template'], 'Template'),
    }),
    resolve: templateUse,
  }),
  contexts: t.field({
    type: [ContextEntity],
    description: 'The entities that the draft is about, the main one first.',
    authScopes: { scope: 'email:read' },
    unauthorizedResolver: () => [],
    select: (_args, _context, nested) => contextLinks(nested, { position: 'asc' } as const),
    extensions: { loadedWith: 'contexts' },
    resolve: linkedEntities,
  }),
}));
