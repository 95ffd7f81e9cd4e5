/**
 * Every node and every connection, declared without fields: the file of an entity adds those. So entities can lead to each
 * other while no two of their files import each other.
 */
import type { OutputType } from '@pothos/core';
import { contextKind } from '../contexts/registry.ts';
import { builder, type ExtendedTypes } from './builder.ts';
import type { Context } from './context.ts';
import { pageComplexity } from './keyset.ts';

const ID_DESCRIPTION = 'The global id, `Type_uuid`. Pass it to `node`; caches use it as the key of the object.';

/** Of every node: its uid is its key within the organization. */
const NODE = {
  id: { resolve: (row: { readonly id: string }) => row.id, description: ID_DESCRIPTION },
  findUnique: (uid: string, { identity: { organizationId } }: Context) => ({
    organizationId_id: { organizationId, id: uid },
  }),
  select: { id: true } as const,
};

/**
 * The connection of a node.
 * @param words for descriptions: its items, and one of them at the beginning of a sentence.
 */
function connectionOf<Type extends OutputType<ExtendedTypes>>(
  type: Type,
  name: string,
  [items, item]: [string, string],
) {
  return builder.connectionObject(
    {
      type,
      name: `${name}Connection`,
      description: `A page of ${items}.`,
      // Where the rows of a page are selected: the Prisma plugin plans what is asked for under any of them into one query.
      extensions: {
        pothosIndirectInclude: {
          getType: () => name,
          paths: [[{ name: 'nodes' }], [{ name: 'edges' }, { name: 'node' }]],
        },
      },
    },
    { name: `${name}Edge`, description: `${item} and its cursor.` },
  );
}

export const OutboundEmail = builder.prismaNode('OutboundEmail', {
  description:
    'An email to be sent, from draft to delivery report. It keeps one record and one uid throughout. A key without the scope `email:read` that gets one from a mutation sees its state, and the content that the same request gave; other content is null or empty.',
  ...NODE,
});
export const OutboundEmailConnection = connectionOf(OutboundEmail, 'OutboundEmail', [
  'outbound emails',
  'An outbound email',
]);

export const Draft = builder.prismaNode('OutboundEmail', {
  variant: 'Draft',
  description: 'An email that is being written. Once it is sent, `outboundEmail` finds it by the same uid.',
  // A key that writes drafts may read them.
  authScopes: { anyScope: ['email:read', 'drafts:write'] },
  ...NODE,
});
export const DraftConnection = connectionOf(Draft, 'Draft', ['drafts', 'A draft']);

export const OutboundEmailEvent = builder.prismaNode('OutboundEmailEvent', {
  description:
    'One entry in the audit trail of an outbound email. Entries are changed or removed only by retention and by an erasure.',
  ...NODE,
});
export const OutboundEmailEventConnection = connectionOf(OutboundEmailEvent, 'OutboundEmailEvent', [
  'events',
  'An event',
]);

export const Conversation = builder.prismaNode('Conversation', {
  description:
    'One Gmail thread in one account. That account owns the conversation and sends the replies. `messageCount` and `lastMessage` leave out messages in trash and spam; the other fields, except `messages`, do so unless there are no others.',
  authScopes: { scope: 'email:read' },
  ...NODE,
});
export const ConversationConnection = connectionOf(Conversation, 'Conversation', ['conversations', 'A conversation']);

export const EmailMessage = builder.prismaNode('EmailMessage', {
  description: 'A stored message of a conversation, received or sent.',
  authScopes: { scope: 'email:read' },
  ...NODE,
});
export const EmailMessageConnection = connectionOf(EmailMessage, 'EmailMessage', ['messages', 'A message']);

export const EmailAccount = builder.prismaNode('EmailAccount', {
  description: 'A Gmail mailbox of the organization, connected now or before.',
  ...NODE,
});

export const Template = builder.prismaNode('TemplateVersion', {
  name: 'Template',
  description:
    'A version of a template: a subject and bodies with tokens for emails about one kind of entity, in one language. The subject and bodies of a version never change; `name` can.',
  // A key that writes templates may read them.
  authScopes: { anyScope: ['email:read', 'drafts:write'] },
  ...NODE,
});
export const TemplateConnection = connectionOf(Template, 'Template', ['templates', 'A template']);

export const ContextEntity = builder
  .interfaceRef<{ readonly id: string; readonly contextType: string }>('ContextEntity')
  .implement({
    description:
      'A business entity that email is about, such as an invoice or a customer. Select the fields of one kind with `... on Invoice { … }`.',
    resolveType: ({ contextType }) => contextKind(contextType)?.typename,
    fields: (t) => ({
      id: t.id({ description: ID_DESCRIPTION }),
      uid: t.field({ type: 'UUID', description: 'Identifies the entity among those of its `contextType`.' }),
      contextType: t.string({ description: 'The kind of entity: one of `contextTypes`.' }),
      label: t.string({
        description: 'A short text that identifies the entity for people: `INV-2026-001`, `Acme Ltd`.',
      }),
      outboundEmails: t.field({
        type: OutboundEmailConnection,
        description:
          'The emails about the entity, newest first, without those in status DRAFT. Scheduled drafts are listed here and in `drafts`.',
        args: t.arg.connectionArgs(),
        complexity: pageComplexity,
      }),
      drafts: t.field({
        type: DraftConnection,
        description: 'The drafts about the entity, newest first.',
        args: t.arg.connectionArgs(),
        complexity: pageComplexity,
      }),
      conversations: t.field({
        type: ConversationConnection,
        description:
          'The conversations about the entity, the one with the latest message first. Conversations whose messages are all in trash or spam are left out.',
        args: t.arg.connectionArgs(),
        complexity: pageComplexity,
      }),
      lastContactedAt: t.field({
        type: 'DateTime',
        nullable: true,
        description:
          'When the last email about the entity was sent, through Epistle or by hand in a conversation that is linked to it. Null if none was sent.',
      }),
      awaitingReply: t.boolean({
        description:
          'True if an email about the entity was sent and no message was received in its conversations since. Automatic answers do not count.',
      }),
    }),
  });

/** Of the node of every kind of entity. */
export const entityNode = {
  // A key that writes entities may read them.
  authScopes: { anyScope: ['email:read', 'contexts:write'] as const },
  interfaces: [ContextEntity],
  ...NODE,
  select: { id: true, contextType: true } as const,
};

export const Invoice = builder.prismaNode('Invoice', {
  description:
    'An invoice that email can be about. Its emails and conversations are also listed and counted at its customer.',
  ...entityNode,
});
export const InvoiceConnection = connectionOf(Invoice, 'Invoice', ['invoices', 'An invoice']);

export const Customer = builder.prismaNode('Customer', {
  description:
    'A customer that email can be about. Its emails, drafts, conversations and contact state include those about its invoices.',
  ...entityNode,
});
export const CustomerConnection = connectionOf(Customer, 'Customer', ['customers', 'A customer']);

export const Attachment = builder.prismaNode('Attachment', {
  description: 'A file of an outbound email or of a message.',
  ...NODE,
});

export const ApiKey = builder.prismaNode('ApiKey', {
  description: 'The record of a key for this API. The secret itself is shown only when the key is created.',
  // Reading one by its id needs the same scope as listing them.
  authScopes: { scope: 'keys:manage' },
  ...NODE,
});
export const ApiKeyConnection = connectionOf(ApiKey, 'ApiKey', ['API keys', 'An API key']);
