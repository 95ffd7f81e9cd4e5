import { linkConversation, unlinkConversation } from '../contexts/link-conversation.ts';
import { AccountNotReadyError, InvalidInputError, NotFoundError, ProviderError } from '../errors.ts';
import { markConversationRead } from '../inbox/mark-read.ts';
import { builder } from './builder.ts';
import { ContextRefInput } from './context-entity.ts';
import { Conversation } from './conversation.ts';

/** `LinkConversationPayload` and its kin: the conversation that a mutation has changed. */
function conversationPayload(name: string, description: string) {
  return builder.objectRef<{ conversationId: string }>(name).implement({
    description,
    fields: (t) => ({
      conversation: t.prismaField({
        type: Conversation,
        description: 'The conversation as it is now. To ask for it needs the scope `email:read`.',
        resolve: (query, { conversationId }, _args, { db }) =>
          db.conversation.findFirstOrThrow({ ...query, where: { id: conversationId } }),
      }),
    }),
  });
}

const LinkConversationPayload = conversationPayload(
  'LinkConversationPayload',
  'The conversation is about the entity; it may have been before.',
);
const UnlinkConversationPayload = conversationPayload(
  'UnlinkConversationPayload',
  'The conversation is not about the entity; it may not have been before.',
);
const MarkConversationReadPayload = conversationPayload(
  'MarkConversationReadPayload',
  'Done, in Gmail and here. A message that came in meanwhile stays unread.',
);

builder.mutationFields((t) => ({
  linkConversation: t.field({
    type: LinkConversationPayload,
    description:
      'Says what a conversation is about, as sending an email about it does by itself. Replies in it that name no context inherit the one linked first. Doing it twice is the same.',
    authScopes: { scope: 'contexts:write' },
    errors: {
      types: [InvalidInputError, NotFoundError],
      union: { description: 'The conversation, or why it was not linked.' },
    },
    args: {
      uid: t.arg({ type: 'UUID', required: true, description: 'The conversation.' }),
      context: t.arg({ type: ContextRefInput, required: true, description: 'What it is about.' }),
    },
    resolve: async (_root, { uid, context: { type, uid: id } }, { app, identity }) => {
      await linkConversation(app.pool, identity.organizationId, uid, { type, id });
      return { conversationId: uid };
    },
  }),
  unlinkConversation: t.field({
    type: UnlinkConversationPayload,
    description:
      'Says that a conversation is not about an entity. The emails sent about it keep their context, and the next one that is sent about it in the conversation links it again. Doing it twice is the same.',
    authScopes: { scope: 'contexts:write' },
    errors: {
      types: [InvalidInputError, NotFoundError],
      union: { description: 'The conversation, or why it was not unlinked.' },
    },
    args: {
      uid: t.arg({ type: 'UUID', required: true, description: 'The conversation.' }),
      context: t.arg({ type: ContextRefInput, required: true, description: 'What it is not about.' }),
    },
    resolve: async (_root, { uid, context: { type, uid: id } }, { app, identity }) => {
      await unlinkConversation(app.pool, identity.organizationId, uid, { type, id });
      return { conversationId: uid };
    },
  }),
  markConversationRead: t.field({
    type: MarkConversationReadPayload,
    description:
      'Marks every message of a conversation read, or its last received one unread, in Gmail first and then here. Needs an ACTIVE account. What comes in meanwhile stays unread. Doing it twice is the same.',
    authScopes: { scope: 'email:send' },
    errors: {
      types: [NotFoundError, AccountNotReadyError, ProviderError],
      union: { description: 'The conversation, or why nothing was changed, neither here nor in Gmail.' },
    },
    args: {
      uid: t.arg({ type: 'UUID', required: true, description: 'The conversation.' }),
      read: t.arg.boolean({ required: true, defaultValue: true, description: 'False: unread.' }),
    },
    resolve: async (_root, { uid, read }, { app, identity }) => {
      await markConversationRead(app, identity.organizationId, uid, read);
      return { conversationId: uid };
    },
  }),
}));
