import { linkConversation, unlinkConversation } from '../contexts/link-conversation.ts';
import { requireContextName } from '../contexts/references.ts';
import { AccountNotReadyError, InvalidInputError, NotFoundError, ProviderError } from '../errors.ts';
import { markConversationRead } from '../inbox/mark-read.ts';
import { builder } from './builder.ts';
import { ContextRefInput } from './context-entity.ts';
import { Conversation } from './refs.ts';

/** The payload of a mutation that changes a conversation. */
function conversationPayload(name: string, description: string) {
  return builder.objectRef<{ conversationId: string }>(name).implement({
    description,
    fields: (t) => ({
      conversation: t.prismaField({
        type: Conversation,
        nullable: true,
        description:
          'The changed conversation. Null if the key does not have the scope `email:read`; the change was still made.',
        resolve: (query, { conversationId }, _args, { db }) =>
          db.conversation.findFirstOrThrow({ ...query, where: { id: conversationId } }),
      }),
    }),
  });
}

const LinkConversationPayload = conversationPayload(
  'LinkConversationPayload',
  'The conversation is linked to the entity, possibly since before.',
);
const UnlinkConversationPayload = conversationPayload(
  'UnlinkConversationPayload',
  'The conversation is not linked to the entity, possibly since before.',
);
const MarkConversationReadPayload = conversationPayload(
  'MarkConversationReadPayload',
  'The conversation was changed in Gmail and in Epistle. A message that arrived during the call stays unread.',
);

builder.mutationFields((t) => ({
  linkConversation: t.field({
    type: LinkConversationPayload,
    description:
      'Links a conversation to an entity. Sending an email about an entity does the same for its conversation. Replies that name no context take the contexts of the conversation. Repeating the request is safe.',
    authScopes: { scope: 'contexts:write' },
    errors: {
      types: [InvalidInputError, NotFoundError],
      union: { description: 'The linked conversation, or why it was not linked.' },
    },
    args: {
      uid: t.arg({ type: 'UUID', required: true, description: 'The uid of the conversation.' }),
      context: t.arg({ type: ContextRefInput, required: true, description: 'The entity to link.' }),
    },
    check: ({ context }) => requireContextName(context, 'context'),
    resolve: async (_root, { uid: conversationId, context }, { app, identity: { organizationId } }) => {
      await linkConversation(app.pool, { organizationId, conversationId, context });
      return { conversationId };
    },
  }),
  unlinkConversation: t.field({
    type: UnlinkConversationPayload,
    description:
      'Removes the link between a conversation and an entity. Emails already sent keep their contexts. The next email about the entity in this conversation links it again. Repeating the request is safe.',
    authScopes: { scope: 'contexts:write' },
    errors: {
      types: [InvalidInputError, NotFoundError],
      union: { description: 'The unlinked conversation, or why it was not unlinked.' },
    },
    args: {
      uid: t.arg({ type: 'UUID', required: true, description: 'The uid of the conversation.' }),
      context: t.arg({ type: ContextRefInput, required: true, description: 'The entity to unlink.' }),
    },
    check: ({ context }) => requireContextName(context, 'context'),
    resolve: async (_root, { uid: conversationId, context }, { app, identity: { organizationId } }) => {
      await unlinkConversation(app.pool, { organizationId, conversationId, context });
      return { conversationId };
    },
  }),
  markConversationRead: t.field({
    type: MarkConversationReadPayload,
    description:
      'Marks all messages of a conversation as read, or the last received message as unread, in Gmail first and then in Epistle. The account must be ACTIVE. A message that arrives during the call stays unread. Repeating the request is safe.',
    authScopes: { scope: 'email:send' },
    errors: {
      types: [NotFoundError, AccountNotReadyError, ProviderError],
      union: { description: 'The changed conversation, or why it was not changed.' },
    },
    args: {
      uid: t.arg({ type: 'UUID', required: true, description: 'The uid of the conversation.' }),
      read: t.arg.boolean({
        required: true,
        defaultValue: true,
        description: 'True: mark it as read. False: mark it as unread.',
      }),
    },
    resolve: async (_root, { uid, read }, { app, identity }) => {
      await markConversationRead(app, identity.organizationId, uid, read);
      return { conversationId: uid };
    },
  }),
}));
