import * as errors from '../errors.ts';
import { parseDraftChanges, parseNewDraft } from '../outbound/draft-input.ts';
import { createDraft, deleteDraft, updateDraft } from '../outbound/drafts.ts';
import { requireNew } from '../outbound/send-input.ts';
import { withStoredFiles } from '../outbound/stored-files.ts';
import { AttachmentInput } from './attachment.ts';
import { builder, type InputFields } from './builder.ts';
import { ContextRefInput } from './context-entity.ts';
import { FROM_ALIAS_DESCRIPTION } from './email-account.ts';
import { CANCEL_DESCRIPTION, CancelCondition } from './enums.ts';
import { encodeGlobalId } from './global-id.ts';
import { Draft } from './refs.ts';
import { TEMPLATE_DESCRIPTION, TemplateUseInput } from './template-use.ts';

/** The fields that creating and changing a draft have in common. @param ofReply what to know of a reply. */
const draftFields = (t: InputFields, ofReply = { to: '', subject: '' }) => ({
  to: t.field({
    type: ['EmailAddress'],
    description: `The recipients in To. At most 100 recipients in To, Cc and Bcc together.${ofReply.to}`,
  }),
  cc: t.field({ type: ['EmailAddress'], description: 'The recipients in Cc.' }),
  bcc: t.field({ type: ['EmailAddress'], description: 'The recipients in Bcc, hidden from the others.' }),
  subject: t.string({ description: `The subject: at most 998 characters, no line break.${ofReply.subject}` }),
  bodyText: t.string({ description: 'The plain-text body, at most 2 MB.' }),
  bodyHtml: t.string({ description: 'The HTML body, at most 2 MB.' }),
  cancelWhen: t.field({ type: [CancelCondition], description: CANCEL_DESCRIPTION }),
});

const NOT_SUGGESTED = ' A reply draft takes nothing from `replySuggestion`: fill it in yourself.';

const CreateDraftInput = builder.inputType('CreateDraftInput', {
  description:
    'The draft to create. Its fields must be valid. It may be incomplete: sending it checks that nothing is missing.',
  fields: (t) => ({
    ...draftFields(t, {
      to: NOT_SUGGESTED,
      subject: `${NOT_SUGGESTED} With a \`template\`, a reply without a subject gets that of its thread.`,
    }),
    fromAccountUid: t.field({
      type: 'UUID',
      description:
        'The account to send from. Give exactly one of this, `replyToMessageUid` and `replyToOutboundEmailUid`.',
    }),
    fromAlias: t.field({
      type: 'EmailAddress',
      description: `${FROM_ALIAS_DESCRIPTION} Sending the draft checks it; with \`plannedSendAt\` it is checked now.`,
    }),
    replyToMessageUid: t.field({
      type: 'UUID',
      description: 'The message to reply to. The account that owns its conversation sends the reply.',
    }),
    replyToOutboundEmailUid: t.field({
      type: 'UUID',
      description:
        'A sent email of your own to follow up, in its thread. An email that was not sent yet is refused with InvalidStateError.',
    }),
    replyTo: t.field({
      type: ['EmailAddress'],
      description: 'The addresses that answers should go to, at most 10. Omitted: the sender.',
    }),
    attachments: t.field({ type: [AttachmentInput], description: 'The files to attach: at most 20, 25 MB together.' }),
    contexts: t.field({
      type: [ContextRefInput],
      description:
        'The entities that the draft is about, the main one first; at most 50. A reply without any is about those of its conversation when it is sent.',
    }),
    template: t.field({ type: TemplateUseInput, description: TEMPLATE_DESCRIPTION }),
    plannedSendAt: t.field({
      type: 'DateTime',
      description:
        'When to send the draft: between now and 400 days from now. The draft must be complete, and text that is not from a template must not contain tokens. Needs the scope `email:send` as well.',
    }),
    idempotencyKey: t.string({
      description:
        'Makes the request safe to repeat: the same key and content return the draft that the first request created, as it is now. 1 to 255 visible characters, unique in the organization among drafts and emails, never expires. Deleting the draft frees it.',
    }),
  }),
});

const UpdateDraftInput = builder.inputType('UpdateDraftInput', {
  description:
    'The changes to a draft. An omitted field stays as it is. Null clears a field, except `fromAccountUid`, which cannot be null. A list replaces the whole list.',
  fields: (t) => ({
    ...draftFields(t),
    draftUid: t.field({ type: 'UUID', required: true, description: 'The uid of the draft.' }),
    expectedRevision: t.int({
      description:
        'The revision that the changes are based on. If the draft has another revision, nothing changes and the result is a DraftConflictError. Omitted: no check.',
    }),
    fromAccountUid: t.field({
      type: 'UUID',
      description: 'Another account to send from, under its own address unless `fromAlias` is given. Not for a reply.',
    }),
    fromAlias: t.field({
      type: 'EmailAddress',
      description: "The sender address: one of `EmailAccount.sendAs`. Null: the account's own address.",
    }),
    replyTo: t.field({ type: ['EmailAddress'], description: 'The addresses that answers should go to, at most 10.' }),
    attachments: t.field({
      type: [AttachmentInput],
      description: 'All files of the draft: at most 20, 25 MB together. They replace the present files.',
    }),
    contexts: t.field({
      type: [ContextRefInput],
      description:
        'All entities that the draft is about, the main one first; at most 50. Null or empty: none; a reply is then about those of its conversation when it is sent.',
    }),
    template: t.field({
      type: TemplateUseInput,
      description:
        'The template that supplies the subject and bodies when the draft is sent. It replaces the present bodies, and the subject unless one is given. Omit `bodyText` and `bodyHtml` then. Null: the draft has its own subject and bodies.',
    }),
    plannedSendAt: t.field({
      type: 'DateTime',
      description:
        'When to send the draft: between now and 400 days from now. The draft must be complete, and text that is not from a template must not contain tokens. Null: not scheduled; `cancelWhen` is cleared too. A time needs the scope `email:send` as well.',
    }),
  }),
});

/** The payload of a mutation that stores a draft. */
function draftPayload<Stored extends { draftId: string }>(name: string, description: string) {
  const payload = builder.objectRef<Stored>(name);
  payload.implement({
    description,
    fields: (t) => ({
      draft: t.prismaField({
        type: Draft,
        description: 'The stored draft.',
        resolve: (query, { draftId }, _args, { db }) =>
          db.outboundEmail.findFirstOrThrow({ ...query, where: { id: draftId } }),
      }),
    }),
  });
  return payload;
}

const CreateDraftPayload = draftPayload<{ draftId: string; replayed: boolean }>(
  'CreateDraftPayload',
  'The draft was stored.',
);
builder.objectField(CreateDraftPayload, 'replayed', (t) =>
  t.exposeBoolean('replayed', {
    description:
      'True: an earlier request with the same `idempotencyKey` stored the draft, and this one changed nothing. The draft may have been edited or sent since.',
  }),
);
const UpdateDraftPayload = draftPayload('UpdateDraftPayload', 'The draft was changed.');

const DeleteDraftPayload = builder.objectRef<{ draftId: string }>('DeleteDraftPayload').implement({
  description: 'The draft was deleted. This cannot be undone.',
  fields: (t) => ({
    deletedId: t.id({
      description: 'The `id` of the deleted draft: clients with a cache remove this object from it.',
      resolve: ({ draftId }) => encodeGlobalId('Draft', draftId),
    }),
    draftUid: t.expose('draftId', { type: 'UUID', description: 'The uid of the deleted draft.' }),
  }),
});

builder.mutationFields((t) => ({
  createDraft: t.field({
    type: CreateDraftPayload,
    description: 'Stores an email to be sent later: by `sendEmail`, or at its `plannedSendAt`.',
    authScopes: { scope: 'drafts:write' },
    errors: {
      types: [
        errors.InvalidInputError,
        errors.NotFoundError,
        errors.IdempotencyConflictError,
        errors.AccountNotReadyError,
        errors.ReplyNotPossibleError,
        errors.InvalidStateError,
        errors.UnresolvedTokensError,
        errors.ProviderError,
      ],
      union: { description: 'The stored draft, or why it was not stored.' },
    },
    args: { input: t.arg({ type: CreateDraftInput, required: true, description: 'The draft to create.' }) },
    check: ({ input }, { app }) => requireNew(parseNewDraft(input, app.now())),
    resolve: async (_root, { input }, { app, identity, holdFiles: hold }) =>
      createDraft(app, identity, await withStoredFiles(app, identity, input, { path: 'input', hold })),
  }),
  updateDraft: t.field({
    type: UpdateDraftPayload,
    description: 'Changes a draft and increases its revision. A SCHEDULED draft also needs `email:send`.',
    authScopes: { scope: 'drafts:write' },
    errors: {
      types: [
        errors.InvalidInputError,
        errors.NotFoundError,
        errors.AccountNotReadyError,
        errors.DraftConflictError,
        errors.UnresolvedTokensError,
        errors.ProviderError,
      ],
      union: { description: 'The changed draft, or why it was not changed.' },
    },
    args: { input: t.arg({ type: UpdateDraftInput, required: true, description: 'The changes.' }) },
    check: ({ input }, { app }) => parseDraftChanges(input, app.now()),
    resolve: async (_root, { input }, { app, identity, holdFiles: hold }) => ({
      draftId: await updateDraft(app, identity, await withStoredFiles(app, identity, input, { path: 'input', hold })),
    }),
  }),
  deleteDraft: t.field({
    type: DeleteDraftPayload,
    description: 'Deletes a draft. A sent email cannot be deleted. A SCHEDULED draft also needs `email:send`.',
    authScopes: { scope: 'drafts:write' },
    errors: {
      types: [errors.NotFoundError, errors.DraftConflictError],
      union: { description: 'The uid of the deleted draft, or why it was not deleted.' },
    },
    args: { uid: t.arg({ type: 'UUID', required: true, description: 'The uid of the draft.' }) },
    resolve: async (_root, { uid }, { app, identity }) => {
      await deleteDraft(app, identity, uid);
      return { draftId: uid };
    },
  }),
}));
