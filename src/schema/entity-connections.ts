/** The connections of an entity to the emails, drafts and conversations about it: how they are selected and paged. */
import type { GraphQLResolveInfo } from 'graphql';
import { countPerParent } from './batch.ts';
import type { Context } from './context.ts';
import { type ConnectionArgs, keysetQuery, keysetQueryBy, parseKeyset, toConnection } from './keyset.ts';
import { type A_DRAFT, CREATED_DESC, HAS_MESSAGES, LAST_MESSAGE_DESC, type NOT_A_DRAFT } from './lists.ts';

type Kind = typeof NOT_A_DRAFT | typeof A_DRAFT;

interface Entity {
  readonly id: string;
  readonly contextType: string;
}

interface Emails<Row> {
  readonly entity: { readonly outboundEmails: readonly { readonly outboundEmail: Row }[] };
}

interface Conversations<Row> {
  readonly entity: { readonly conversations: readonly { readonly conversation: Row }[] };
}

/** The columns of an email that its link to an entity selects. */
export const LINKED_EMAIL = { select: { id: true, createdAt: true } } as const;

/**
 * Selects the links of an entity to emails or drafts, newest first.
 * @param outboundEmail the selection of an email.
 */
export function emailLinkPage<Nested>(args: ConnectionArgs, kind: Kind, outboundEmail: Nested) {
  const filter = { outboundEmail: kind };
  return {
    ...keysetQueryBy('outboundEmailId', parseKeyset(args, CREATED_DESC), filter),
    select: { outboundEmail },
  };
}

/** The connection of an `emailLinkPage`. */
export function emailsAbout<Row extends { readonly id: string; readonly createdAt: Date }>(
  { id, contextType, entity }: Entity & Emails<Row>,
  args: ConnectionArgs,
  { db, batches }: Context,
  info: GraphQLResolveInfo,
  kind: Kind,
) {
  const emails = entity.outboundEmails.map(({ outboundEmail }) => outboundEmail);
  const count = countPerParent(batches, info, { column: 'contextId', id }, (ids) =>
    db.outboundEmailContext.groupBy({
      by: 'contextId',
      where: { contextType, contextId: { in: ids }, outboundEmail: kind },
      _count: true,
    }),
  );
  return toConnection(parseKeyset(args, CREATED_DESC), emails, count);
}

/** The columns of a conversation that its link to an entity selects. */
export const LINKED_CONVERSATION = { select: { id: true, lastMessageAt: true } } as const;

/** Selects the links of an entity to conversations, latest message first. @param conversation the selection of a conversation. */
export function conversationLinkPage<Nested>(args: ConnectionArgs, conversation: Nested) {
  const { where, orderBy, take } = keysetQuery(parseKeyset(args, LAST_MESSAGE_DESC), HAS_MESSAGES);
  return {
    where: { conversation: where },
    orderBy: orderBy.map((each) => ({ conversation: each })),
    take,
    select: { conversation },
  };
}

/** The connection of a `conversationLinkPage`. */
export function conversationsAbout<Row extends { readonly id: string; readonly lastMessageAt: Date }>(
  { id, contextType, entity }: Entity & Conversations<Row>,
  args: ConnectionArgs,
  { db, batches }: Context,
  info: GraphQLResolveInfo,
) {
  const conversations = entity.conversations.map(({ conversation }) => conversation);
  const count = countPerParent(batches, info, { column: 'contextId', id }, (ids) =>
    db.conversationContext.groupBy({
      by: 'contextId',
      where: { contextType, contextId: { in: ids }, conversation: HAS_MESSAGES },
      _count: true,
    }),
  );
  return toConnection(parseKeyset(args, LAST_MESSAGE_DESC), conversations, count);
}
