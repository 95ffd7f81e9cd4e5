import type { Identity } from '../auth/keys.ts';
import type { ContextRelation } from '../contexts/kind.ts';
import { CONTEXT_KINDS, contextKind } from '../contexts/registry.ts';
import { InvalidInputError } from '../errors.ts';
import { builder } from './builder.ts';

export const ContextRefInput = builder.inputType('ContextRefInput', {
  description: 'Refers to a business entity that email is about. Give either `uid` or `externalId`.',
  fields: (t) => ({
    type: t.string({ required: true, description: 'The kind of entity: one of `contextTypes`, such as `invoice`.' }),
    uid: t.field({ type: 'UUID', description: 'The uid of the entity.' }),
    externalId: t.string({
      description: "Your own id of the entity: an invoice's `number`, a customer's `externalId`.",
    }),
  }),
});

/**
 * A condition on links: to this entity. An unknown type matches nothing.
 * The organization is named although the email has it: the index of the links begins with it.
 * @param path of the reference in the arguments.
 * @throws {InvalidInputError} when it does not have one of uid and externalId.
 */
export function isLinkedTo(
  { type, uid, externalId }: typeof ContextRefInput.$inferInput,
  path: string,
  { organizationId }: Pick<Identity, 'organizationId'>,
) {
  if ((uid == null) === (externalId == null)) {
    throw new InvalidInputError([{ path, message: 'Give either uid or externalId.' }]);
  }
  const contextType = contextKind(type)?.type ?? '';
  if (uid != null) return { organizationId, contextType, contextId: uid };
  // PostgreSQL's text cannot hold NUL, so nothing has such an id.
  return {
    organizationId,
    contextType,
    entity: { organizationId, type: contextType, externalId: externalId?.replaceAll('\0', '\u{fffd}') ?? '' },
  };
}

const KEY = { select: { id: true, contextType: true } } as const;
/** What a link says of its entity, and Prisma's plugin selects always. */
const KNOWN_COLUMNS = ['id', 'contextType', 'organizationId'];

/** Plans what the operation selects of one kind, beside the columns of `query`. */
type NestedSelection = <Query extends typeof KEY>(query: Query, path: [], typename: string) => Query;

/**
 * Selects the links of an email or a conversation with their entities, each as its kind, with the fields asked of it. A kind of which
 * the operation asks no more than the link says is not read.
 */
export function contextLinks<Order>(nested: NestedSelection, orderBy: Order) {
  const kinds = CONTEXT_KINDS.map(({ relation, typename }) => [relation, nested(KEY, [], typename)] as const);
  const read = kinds.filter(([, { select }]) => Object.keys(select).some((column) => !KNOWN_COLUMNS.includes(column)));
  // Something must be selected. TypeScript widens the keys to string: the cast names them again.
  const select = (read.length > 0 ? Object.fromEntries(read) : { type: true }) as Record<ContextRelation, typeof KEY>;
  const link = { contextType: true, contextId: true, entity: { select } } as const;
  return { contexts: { where: { position: { not: null } }, select: link, orderBy } } as const;
}

interface LinkedEntity {
  readonly id: string;
  readonly contextType: string;
}

interface Links<Entity> {
  readonly contexts: readonly {
    readonly contextType: string;
    readonly contextId: string;
    /** A relation that was not read is absent. */
    readonly entity: Readonly<Partial<Record<ContextRelation, Entity | null>>>;
  }[];
}

/** The rows of `contextLinks`, each of its kind. */
export function linkedEntities<Entity extends LinkedEntity>({ contexts }: Links<Entity>): LinkedEntity[] {
  return contexts.flatMap(({ contextType, contextId: id, entity }) => {
    const kind = contextKind(contextType);
    return kind === undefined ? [] : [entity[kind.relation] ?? { id, contextType }];
  });
}

builder.queryField('contextTypes', (t) =>
  t.stringList({
    description: 'The kinds of entity that email can be about. `ContextRefInput.type` takes these values.',
    resolve: () => CONTEXT_KINDS.map(({ type }) => type),
  }),
);
