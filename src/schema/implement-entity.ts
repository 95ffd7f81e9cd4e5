/** The fields of `ContextEntity` that are read in the same way for every kind. The file of a kind adds `label` and its own fields. */
import type { ContextRelation } from '../contexts/kind.ts';
import { builder } from './builder.ts';
import {
  conversationLinkPage,
  conversationsAbout,
  emailLinkPage,
  emailsAbout,
  LINKED_CONVERSATION,
  LINKED_EMAIL,
} from './entity-connections.ts';
import { A_DRAFT, NOT_A_DRAFT } from './lists.ts';
import {
  Conversation,
  ConversationConnection,
  Draft,
  DraftConnection,
  OutboundEmail,
  OutboundEmailConnection,
} from './refs.ts';

/**
 * @param model of the kind in `prisma/schema.prisma`.
 * @param words for descriptions: the type in `ContextRefInput`, the entity, such as "the invoice", and what its emails are about if
 * that is more than the entity.
 */
export function implementEntity(
  model: Capitalize<ContextRelation>,
  { type, entity: named, about = named }: { readonly type: string; readonly entity: string; readonly about?: string },
): void {
  // The fields read only what every kind has. TypeScript needs one of them: an invoice.
  builder.prismaObjectFields(model as 'Invoice', (t) => ({
    uid: t.expose('id', {
      type: 'UUID',
      description: `Identifies ${named}, for example in \`ContextRefInput.uid\` with the type \`${type}\`.`,
    }),
    contextType: t.exposeString('contextType', { description: `The kind of entity: \`${type}\`.` }),
    lastContactedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: `When the last email about ${about} was sent, through Epistle or by hand in a conversation that is linked to it. Null if none was sent.`,
      select: { entity: { select: { lastContactedAt: true } } },
      resolve: ({ entity }) => entity.lastContactedAt,
    }),
    awaitingReply: t.boolean({
      description: `True if an email about ${about} was sent and no message was received in its conversations since. Automatic answers do not count.`,
      select: { entity: { select: { awaitingReply: true } } },
      resolve: ({ entity }) => entity.awaitingReply,
    }),
    outboundEmails: t.connection(
      {
        type: OutboundEmail,
        authScopes: { scope: 'email:read' },
        description: `The emails about ${about}, newest first, without those in status DRAFT. Scheduled drafts are listed here and in \`drafts\`.`,
        select: (args, _context, nested) => ({
          entity: { select: { outboundEmails: emailLinkPage(args, NOT_A_DRAFT, nested(LINKED_EMAIL)) } },
        }),
        resolve: (entity, args, context, info) => emailsAbout(entity, args, context, info, NOT_A_DRAFT),
      },
      OutboundEmailConnection,
    ),
    drafts: t.connection(
      {
        type: Draft,
        authScopes: { scope: 'email:read' },
        description: `The drafts about ${about}, newest first.`,
        select: (args, _context, nested) => ({
          entity: { select: { outboundEmails: emailLinkPage(args, A_DRAFT, nested(LINKED_EMAIL)) } },
        }),
        resolve: (entity, args, context, info) => emailsAbout(entity, args, context, info, A_DRAFT),
      },
      DraftConnection,
    ),
    conversations: t.connection(
      {
        type: Conversation,
        authScopes: { scope: 'email:read' },
        description: `The conversations about ${about}, the one with the latest message first. Conversations whose messages are all in trash or spam are left out.`,
        select: (args, _context, nested) => ({
          entity: { select: { conversations: conversationLinkPage(args, nested(LINKED_CONVERSATION)) } },
        }),
        resolve: conversationsAbout,
      },
      ConversationConnection,
    ),
  }));
}
