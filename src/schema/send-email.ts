import type { OutboundEmail as OutboundEmailRow } from '#generated/prisma/client.ts';
import * as errors from '../errors.ts';
import { retryOutboundEmail } from '../outbound/operator-actions.ts';
import { sendDraft, sendFresh, sendReply } from '../outbound/send.ts';
import { parseFresh, parseReply, requireNew } from '../outbound/send-input.ts';
import type { SendResult } from '../outbound/send-result.ts';
import { withStoredFiles } from '../outbound/stored-files.ts';
import { AttachmentInput } from './attachment.ts';
import { builder, type InputFields } from './builder.ts';
import { ContextRefInput } from './context-entity.ts';
import { FROM_ALIAS_DESCRIPTION } from './email-account.ts';
import { CANCEL_DESCRIPTION, CancelCondition } from './enums.ts';
import { OutboundEmail } from './refs.ts';
import { TEMPLATE_DESCRIPTION, TemplateUseInput, UNRESOLVED_DESCRIPTION } from './template-use.ts';

/** Whether the request itself has all content: nothing is from a template, a signature or the answered message. */
function gaveAll({ fresh, reply }: Pick<typeof SendEmailInput.$inferInput, 'fresh' | 'reply'>): boolean {
  const input = reply ?? fresh;
  if (!input || input.template || input.appendSignature) return false;
  return !reply || (reply.to != null && reply.subject != null && !reply.replyAll && !reply.quote);
}

const CONTEXTS_DESCRIPTION = 'The entities that the email is about, the main one first; at most 50.';

/** The fields that a new email and a reply have in common. */
const newEmailFields = (t: InputFields) => ({
  fromAlias: t.field({ type: 'EmailAddress', description: FROM_ALIAS_DESCRIPTION }),
  cc: t.field({ type: ['EmailAddress'], description: 'The recipients in Cc.' }),
  bcc: t.field({ type: ['EmailAddress'], description: 'The recipients in Bcc, hidden from the others.' }),
  replyTo: t.field({
    type: ['EmailAddress'],
    description: 'The addresses that answers should go to, at most 10. Omitted: the sender.',
  }),
  bodyText: t.string({
    description:
      'The plain-text body, at most 2 MB. Give it, `bodyHtml`, `template` or a file; `""` sends an email without text.',
  }),
  bodyHtml: t.string({
    description:
      'The HTML body, at most 2 MB. With `bodyText` as well, both are sent as alternatives, and most mail programs show the HTML.',
  }),
  attachments: t.field({ type: [AttachmentInput], description: 'The files to attach: at most 20, 25 MB together.' }),
  template: t.field({ type: TemplateUseInput, description: TEMPLATE_DESCRIPTION }),
  allowUnresolved: t.boolean({ defaultValue: false, description: UNRESOLVED_DESCRIPTION }),
  appendSignature: t.boolean({
    defaultValue: false,
    description:
      'True: append the Gmail signature of the sender address, once, above a quote. See `EmailAccount.sendAs`.',
  }),
  plannedSendAt: t.field({
    type: 'DateTime',
    description:
      'When to send the email: between now and 400 days from now. It is then SCHEDULED, and `cancelOutboundEmail` cancels it. Omitted: now.',
  }),
  cancelWhen: t.field({ type: [CancelCondition], description: CANCEL_DESCRIPTION }),
  idempotencyKey: t.string({
    description:
      'Makes the request safe to repeat: the same key and content return the first result and send nothing. 1 to 255 visible characters, unique in the organization, never expires.',
  }),
});

const SendDraftInput = builder.inputType('SendDraftInput', {
  description: 'Sends a draft. A draft is sent at most once: repeating the request returns the first result.',
  fields: (t) => ({
    draftUid: t.field({ type: 'UUID', required: true, description: 'The uid of the draft.' }),
    expectedRevision: t.int({
      description:
        'The revision that was reviewed. If the draft has another revision, nothing is sent and the result is a DraftConflictError. Omitted: no check.',
    }),
    allowUnresolved: t.boolean({ defaultValue: false, description: UNRESOLVED_DESCRIPTION }),
  }),
});

const SendFreshInput = builder.inputType('SendFreshInput', {
  description: 'An email in a conversation of its own.',
  fields: (t) => ({
    ...newEmailFields(t),
    fromAccountUid: t.field({ type: 'UUID', required: true, description: 'The account that sends the email.' }),
    to: t.field({
      type: ['EmailAddress'],
      required: true,
      description: 'The recipients in To. 1 to 100 recipients in To, Cc and Bcc together.',
    }),
    subject: t.string({
      description: 'The subject: 1 to 998 characters, no line break. Required unless a template supplies it.',
    }),
    contexts: t.field({ type: [ContextRefInput], description: CONTEXTS_DESCRIPTION }),
  }),
});

const SendReplyInput = builder.inputType('SendReplyInput', {
  description:
    'A reply to a stored message or a follow-up to a sent email, in its thread, from the account that owns the conversation.',
  fields: (t) => ({
    ...newEmailFields(t),
    replyToMessageUid: t.field({
      type: 'UUID',
      description: 'The uid of the message to reply to. Give this or `replyToOutboundEmailUid`.',
    }),
    replyToOutboundEmailUid: t.field({
      type: 'UUID',
      description:
        'The uid of a sent email of your own to follow up, in its thread. An email that was not sent yet is refused with InvalidStateError.',
    }),
    to: t.field({
      type: ['EmailAddress'],
      description:
        'The recipients in To: 1 to 100 recipients in To, Cc and Bcc together. Omitted: those of `replySuggestion`.',
    }),
    replyAll: t.boolean({
      defaultValue: false,
      description:
        'True: take the suggestion for a reply to all. If `cc` is omitted, the other recipients of the message are in Cc.',
    }),
    quote: t.boolean({
      defaultValue: false,
      description: 'True: append the message to the bodies, as a quote. Needs the scope `email:read`.',
    }),
    subject: t.string({
      description:
        'The subject: 1 to 998 characters, no line break. Omitted: that of `replySuggestion`. If it differs from the subject of the thread, mail programs can show the reply as a new thread.',
    }),
    contexts: t.field({
      type: [ContextRefInput],
      description: `${CONTEXTS_DESCRIPTION} Omitted or empty: those of the conversation.`,
    }),
    fromAccountUid: t.field({
      type: 'UUID',
      description: 'Accepted and ignored: the account that owns the conversation sends the reply.',
    }),
  }),
});

const SendEmailInput = builder.inputType('SendEmailInput', {
  description: 'The email to send. Give exactly one field.',
  isOneOf: true,
  fields: (t) => ({
    draft: t.field({ type: SendDraftInput, description: 'Send a stored draft.' }),
    fresh: t.field({ type: SendFreshInput, description: 'Send a new email in a conversation of its own.' }),
    reply: t.field({ type: SendReplyInput, description: 'Reply to a stored message, or follow up a sent email.' }),
  }),
});

/** Whether `row` has every column that a query selects, and may stand for the row that the query gives. */
function hasSelected(row: object, select: object | null | undefined): row is OutboundEmailRow {
  return select != null && Object.entries(select).every(([column, selected]) => selected === true && column in row);
}

export const SendEmailPayload = builder.objectRef<SendResult>('SendEmailPayload').implement({
  description:
    'The request was accepted. The email was sent, or will be sent once. A repeated request returns the email as it is then.',
  isTypeOf: (value) => typeof value === 'object' && value !== null && 'replayed' in value,
  fields: (t) => ({
    outboundEmail: t.prismaField({
      type: OutboundEmail,
      description:
        'The email: SENT, SCHEDULED, QUEUED (see `nextAttemptAt`), SENDING while Gmail has not answered, or UNCONFIRMED while Epistle finds out whether it was sent. A repeated request can also return BOUNCED, CANCELED, or DRAFT if the email could not be rendered (see `failure`): CANCELED and DRAFT emails are not sent by themselves.',
      // The row is not read again when the columns that were just written are all that the client asks for.
      resolve: (query, { outboundEmailId, sent }, _args, { db }) =>
        sent !== null && hasSelected(sent, query.select)
          ? sent
          : db.outboundEmail.findFirstOrThrow({ ...query, where: { id: outboundEmailId } }),
    }),
    replayed: t.exposeBoolean('replayed', {
      description: 'True if the same request was made before. Then nothing new was sent.',
    }),
  }),
});

const SendEmailResult = builder.errorUnion('SendEmailResult', {
  description: 'The accepted email, or why nothing was sent.',
  types: [
    SendEmailPayload,
    errors.InvalidInputError,
    errors.NotFoundError,
    errors.IdempotencyConflictError,
    errors.AccountNotReadyError,
    errors.ReplyNotPossibleError,
    errors.DraftConflictError,
    errors.SendRejectedError,
    errors.UnresolvedTokensError,
    errors.InvalidStateError,
    errors.ProviderError,
  ],
});

builder.mutationFields((t) => ({
  sendEmail: t.field({
    type: SendEmailResult,
    description:
      'Sends an email through Gmail. The result arrives when Gmail has answered, when the email has to wait, or after `SEND_WAIT_MS` (20 s by default): see its `status`. Closing the connection does not cancel the request.',
    authScopes: { scope: 'email:send' },
    args: {
      input: t.arg({
        type: SendEmailInput,
        required: true,
        description: 'The email to send: exactly one of `draft`, `fresh` and `reply`.',
      }),
    },
    check: ({ input: { fresh, reply } }, { app }) => {
      if (fresh) requireNew(parseFresh(fresh, app.now()));
      if (reply) requireNew(parseReply(reply, app.now()));
    },
    async resolve(_root, { input }, { app, identity, given, holdFiles }) {
      if (input.draft) return sendDraft(app, identity, input.draft);
      const files = { path: input.reply ? 'input.reply' : 'input.fresh', hold: holdFiles };
      const outcome = await (input.reply
        ? sendReply(app, identity, await withStoredFiles(app, identity, input.reply, files))
        : sendFresh(app, identity, await withStoredFiles(app, identity, input.fresh, files)));
      if (gaveAll(input)) given.add(outcome.outboundEmailId);
      return outcome;
    },
  }),
  retryOutboundEmail: t.field({
    type: SendEmailResult,
    description: 'Sends a FAILED email again without changes, and waits for Gmail as `sendEmail` does.',
    authScopes: { scope: 'email:send' },
    args: { uid: t.arg({ type: 'UUID', required: true, description: 'The uid of the email.' }) },
    resolve: (_root, { uid }, { app, identity }) => retryOutboundEmail(app, identity, uid),
  }),
}));
