import * as errors from '../errors.ts';
import { createDraft, deleteDraft, updateDraft } from '../outbound/drafts.ts';
import { AttachmentInput } from './attachment.ts';
import { builder } from './builder.ts';
import { ContextRefInput } from './context-entity.ts';
import { Draft } from './draft.ts';

const CreateDraftInput = builder.inputType('CreateDraftInput', {
  description: 'A draft may be incomplete; it is judged when it is sent. What is there must be sound.',
  fields: (t) => ({
    fromAccountUid: t.field({ type: 'UUID', description: 'The account that will send. Not with replyToMessageUid.' }),
    replyToMessageUid: t.field({
      type: 'UUID',
      description: 'The message it will answer, from the account that owns the conversation.',
    }),
    to: t.field({ type: ['EmailAddress'], description: 'At most 100 recipients with cc and bcc together.' }),
    cc: t.field({ type: ['EmailAddress'], description: 'Recipients in copy.' }),
    bcc: t.field({ type: ['EmailAddress'], description: 'Recipients that the others do not see.' }),
    replyTo: t.field({ type: ['EmailAddress'], description: 'Where answers are wanted, at most 10.' }),
    subject: t.string({ description: 'At most 998 characters, no line break.' }),
    bodyText: t.string({ description: 'Plain text.' }),
    bodyHtml: t.string({ description: 'HTML.' }),
    attachments: t.field({ type: [AttachmentInput], description: 'At most 20 files, 25 MB together.' }),
    context: t.field({ type: ContextRefInput, description: 'What it is about.' }),
    plannedSendAt: t.field({
      type: 'DateTime',
      description: 'Send it then: from now to 400 days ahead. It must be complete.',
    }),
  }),
});

const UpdateDraftInput = builder.inputType('UpdateDraftInput', {
  description: 'Omitted fields stay as they are, null clears, lists are replaced whole.',
  fields: (t) => ({
    draftUid: t.field({ type: 'UUID', required: true, description: 'The draft.' }),
    expectedRevision: t.int({ description: 'Refuse when the draft was edited since this revision.' }),
    fromAccountUid: t.field({ type: 'UUID', description: 'Another account to send from. Not for a reply.' }),
    to: t.field({ type: ['EmailAddress'], description: 'At most 100 recipients with cc and bcc together.' }),
    cc: t.field({ type: ['EmailAddress'], description: 'Recipients in copy.' }),
    bcc: t.field({ type: ['EmailAddress'], description: 'Recipients that the others do not see.' }),
    replyTo: t.field({ type: ['EmailAddress'], description: 'Where answers are wanted, at most 10.' }),
    subject: t.string({ description: 'At most 998 characters, no line break.' }),
    bodyText: t.string({ description: 'Plain text.' }),
    bodyHtml: t.string({ description: 'HTML.' }),
    attachments: t.field({
      type: [AttachmentInput],
      description: 'All files it is to have: at most 20, 25 MB together.',
    }),
    context: t.field({ type: ContextRefInput, description: 'What it is about.' }),
    plannedSendAt: t.field({
      type: 'DateTime',
      description: 'Send it then: from now to 400 days ahead. It must be complete.',
    }),
  }),
});

/** `CreateDraftPayload` and its kin: the draft that a mutation has written. */
function draftPayload(name: string, description: string) {
  return builder.objectRef<{ draftId: string }>(name).implement({
    description,
    fields: (t) => ({
      draft: t.prismaField({
        type: Draft,
        description: 'The draft as it is now.',
        resolve: (query, { draftId }, _args, { db }) =>
          db.outboundEmail.findFirstOrThrow({ ...query, where: { id: draftId } }),
      }),
    }),
  });
}

const CreateDraftPayload = draftPayload('CreateDraftPayload', 'The draft was stored.');
const UpdateDraftPayload = draftPayload('UpdateDraftPayload', 'The draft was changed.');

const DeleteDraftPayload = builder.objectRef<{ draftId: string }>('DeleteDraftPayload').implement({
  description: 'The draft is gone for good.',
  fields: (t) => ({ draftUid: t.expose('draftId', { type: 'UUID', description: 'Its uid.' }) }),
});

builder.mutationFields((t) => ({
  createDraft: t.field({
    type: CreateDraftPayload,
    description: 'Stores an email to be sent later.',
    authScopes: { scope: 'drafts:write' },
    errors: {
      types: [errors.InvalidInputError, errors.NotFoundError],
      union: { description: 'The draft, or why it was not stored.' },
    },
    args: { input: t.arg({ type: CreateDraftInput, required: true, description: 'The draft.' }) },
    resolve: async (_root, { input }, { app, identity }) => ({ draftId: await createDraft(app, identity, input) }),
  }),
  updateDraft: t.field({
    type: UpdateDraftPayload,
    description: 'Changes a draft and counts its revision up.',
    authScopes: { scope: 'drafts:write' },
    errors: {
      types: [errors.InvalidInputError, errors.NotFoundError, errors.DraftConflictError],
      union: { description: 'The draft, or why it was not changed.' },
    },
    args: { input: t.arg({ type: UpdateDraftInput, required: true, description: 'What to change.' }) },
    resolve: async (_root, { input }, { app, identity }) => ({ draftId: await updateDraft(app, identity, input) }),
  }),
  deleteDraft: t.field({
    type: DeleteDraftPayload,
    description: 'Deletes a draft for good. What was sent cannot be deleted.',
    authScopes: { scope: 'drafts:write' },
    errors: {
      types: [errors.NotFoundError, errors.DraftConflictError],
      union: { description: 'The uid, or why it was not deleted.' },
    },
    args: { uid: t.arg({ type: 'UUID', required: true, description: 'The draft.' }) },
    resolve: async (_root, { uid }, { app, identity }) => {
      await deleteDraft(app, identity, uid);
      return { draftId: uid };
    },
  }),
}));
