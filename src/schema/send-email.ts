import * as errors from '../errors.ts';
import type { SendOutcome } from '../outbound/send-result.ts';
import { retryOutboundEmail } from '../outbound/operator-actions.ts';
import { sendDraft, sendFresh, sendReply } from '../outbound/send.ts';
import { AttachmentInput } from './attachment.ts';
import { builder } from './builder.ts';
import { ContextRefInput } from './context-entity.ts';
import { OutboundEmail } from './outbound-email.ts';
import { readRows } from './read-rows.ts';

const KEY_DESCRIPTION =
  'Makes the request safe to repeat: 1 to 255 visible characters, unique in the organization, never expires.';

const SendDraftInput = builder.inputType('SendDraftInput', {
  description: 'Sends a draft. The draft is its own idempotency key: sent twice, it answers the first result.',
  fields: (t) => ({
    draftUid: t.field({ type: 'UUID', required: true, description: 'The draft.' }),
    expectedRevision: t.int({ description: 'Refuse when the draft was edited since this revision.' }),
  }),
});

const SendFreshInput = builder.inputType('SendFreshInput', {
  description: 'Sends an email in a conversation of its own.',
  fields: (t) => ({
    fromAccountUid: t.field({ type: 'UUID', required: true, description: 'The account that sends.' }),
    to: t.field({
      type: ['EmailAddress'],
      required: true,
      description: '1 to 100 recipients with cc and bcc together.',
    }),
    subject: t.string({ required: true, description: '1 to 998 characters, no line break.' }),
    cc: t.field({ type: ['EmailAddress'], description: 'Recipients in copy.' }),
    bcc: t.field({ type: ['EmailAddress'], description: 'Recipients that the others do not see.' }),
    replyTo: t.field({ type: ['EmailAddress'], description: 'Where answers are wanted, at most 10.' }),
    fromAlias: t.field({
      type: 'EmailAddress',
      description: 'One of the aliases of the account. Omitted: its own address.',
    }),
    bodyText: t.string({ description: 'Plain text. `""` for an email without words.' }),
    bodyHtml: t.string({
      description: 'HTML. With bodyText: two forms of one message, of which programs show the html.',
    }),
    attachments: t.field({ type: [AttachmentInput], description: 'At most 20 files, 25 MB together.' }),
    context: t.field({ type: ContextRefInput, description: 'What it is about.' }),
    idempotencyKey: t.string({ description: KEY_DESCRIPTION }),
  }),
});

const SendReplyInput = builder.inputType('SendReplyInput', {
  description: 'Answers a stored message, in its thread, from the account that owns the conversation.',
  fields: (t) => ({
    replyToMessageUid: t.field({ type: 'UUID', required: true, description: 'The message that it answers.' }),
    to: t.field({
      type: ['EmailAddress'],
      required: true,
      description: '1 to 100 recipients with cc and bcc together; see `replySuggestion`.',
    }),
    subject: t.string({
      required: true,
      description: '1 to 998 characters, no line break. Another subject breaks the thread at the recipient.',
    }),
    cc: t.field({ type: ['EmailAddress'], description: 'Recipients in copy.' }),
    bcc: t.field({ type: ['EmailAddress'], description: 'Recipients that the others do not see.' }),
    replyTo: t.field({ type: ['EmailAddress'], description: 'Where answers are wanted, at most 10.' }),
    bodyText: t.string({ description: 'Plain text. `""` for an email without words.' }),
    bodyHtml: t.string({
      description: 'HTML. With bodyText: two forms of one message, of which programs show the html.',
    }),
    attachments: t.field({ type: [AttachmentInput], description: 'At most 20 files, 25 MB together.' }),
    context: t.field({
      type: ContextRefInput,
      description: 'What it is about. Omitted: what the conversation is about.',
    }),
    idempotencyKey: t.string({ description: KEY_DESCRIPTION }),
    fromAccountUid: t.field({
      type: 'UUID',
      description: 'Accepted and ignored: the owner of the conversation sends.',
    }),
  }),
});

const SendEmailInput = builder.inputType('SendEmailInput', {
  description: 'One of three ways to send.',
  isOneOf: true,
  fields: (t) => ({
    draft: t.field({ type: SendDraftInput, description: 'Send a draft as it is.' }),
    fresh: t.field({ type: SendFreshInput, description: 'Send a new email.' }),
    reply: t.field({ type: SendReplyInput, description: 'Answer a message.' }),
  }),
});

export const SendEmailPayload = builder.objectRef<SendOutcome>('SendEmailPayload').implement({
  description: 'The email was accepted: it will leave once, or has.',
  isTypeOf: (value) => typeof value === 'object' && value !== null && 'replayed' in value,
  fields: (t) => ({
    outboundEmail: t.prismaField({
      type: OutboundEmail,
      description: 'SENT with its provider ids; or QUEUED (see nextAttemptAt); or UNCONFIRMED, being settled.',
      async resolve(query, { outboundEmailId }, _args, context) {
        const one = { ...query, where: { id: outboundEmailId } };
        const [email] = await readRows(context, 'OutboundEmail', one, () => context.db.outboundEmail.findMany(one));
        if (email === undefined) throw new Error('an email that was accepted is gone');
        return email;
      },
    }),
    replayed: t.exposeBoolean('replayed', {
      description: 'True: this request had been made before, and nothing new was sent.',
    }),
  }),
});

const SendEmailResult = builder.errorUnion('SendEmailResult', {
  description: 'The payload, or why nothing was sent.',
  types: [
    SendEmailPayload,
    errors.InvalidInputError,
    errors.NotFoundError,
    errors.IdempotencyConflictError,
    errors.AccountNotReadyError,
    errors.ReplyNotPossibleError,
    errors.DraftConflictError,
    errors.SendRejectedError,
    errors.InvalidStateError,
  ],
});

builder.mutationFields((t) => ({
  sendEmail: t.field({
    type: SendEmailResult,
    description:
      'Sends an email through Gmail and answers when Gmail has accepted it. A client that goes away changes nothing.',
    authScopes: { scope: 'email:send' },
    args: {
      input: t.arg({ type: SendEmailInput, required: true, description: 'Exactly one of draft, fresh, reply.' }),
    },
    resolve: (_root, { input }, { app, identity }) => {
      if (input.draft) return sendDraft(app, identity, input.draft);
      if (input.reply) return sendReply(app, identity, input.reply);
      return sendFresh(app, identity, input.fresh);
    },
  }),
  retryOutboundEmail: t.field({
    type: SendEmailResult,
    description: 'Tries a FAILED email again, with everything as it was, and waits for it as sendEmail does.',
    authScopes: { scope: 'email:send' },
    args: { uid: t.arg({ type: 'UUID', required: true, description: 'The email.' }) },
    resolve: (_root, { uid }, { app, identity }) => retryOutboundEmail(app, identity, uid),
  }),
}));
