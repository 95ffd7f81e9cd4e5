/** What every kind of entity has to say of the emails, drafts and conversations about it: how they are selected, and their page. */
import type { GraphQLResolveInfo } from 'graphql';
import { countPerParent } from './batch.ts';
import type { Context } from './context.ts';
import { HAS_MESSAGES, LAST_MESSAGE_DESC } from './conversation.ts';
import { type ConnectionArgs, CREATED_DESC, keysetQuery, parseKeyset, toConnection } from './keyset.ts';
import type { A_DRAFT, NOT_A_DRAFT } from './outbound-email.ts';

type Status = typeof NOT_A_DRAFT | typeof A_DRAFT;

interface Entity {
  readonly id: string;
  readonly contextType: string;
}

interface Emails<Row> {
  readonly entity: { readonly outboundEmails: Row[] };
}

interface Conversations<Row> {
  readonly entity: { readonly conversations: readonly { readonly conversation: Row }[] };
}

/** Of `entity.outboundEmails`: emails or drafts, newest first. */
export function emailPage(args: ConnectionArgs, status: Status) {
  return {
    ...keysetQuery(parseKeyset(args, CREATED_DESC), { status }),
    select: { id: true, createdAt: true },
  } as const;
}

/** The connection of an `emailPage`. */
export function emailsAbout<Row extends { readonly id: string; readonly createdAt: Date }>(
  { id, contextType, entity }: Entity & Emails<Row>,
  args: ConnectionArgs,
  { db, batches }: Context,
  info: GraphQLResolveInfo,
  status: Status,
) {
  const count = countPerParent(batches, info, { column: 'contextId', id }, (ids) =>
    db.outboundEmail.groupBy({ by: 'contextId', where: { contextType, contextId: { in: ids }, status }, _count: true }),
  );
  return toConnection(parseKeyset(args, CREATED_DESC), entity.outboundEmails, count);
}

/** What a conversation is read with when it is reached through its link to an entity. */
export const LINKED_CONVERSATION = { select: { id: true, lastMessageAt: true } } as const;

/** Of `entity.conversations`: the links to conversations, the last touched one first. @param conversation with what it is read. */
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
