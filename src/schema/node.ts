import { queryFromInfo } from '@pothos/plugin-prisma';
import type { GraphQLResolveInfo } from 'graphql';
import type { ContextKind, ContextRelation } from '../contexts/kind.ts';
import { CONTEXT_KINDS } from '../contexts/registry.ts';
import { InvalidInputError } from '../errors.ts';
import { builder } from './builder.ts';
import type { Context } from './context.ts';
import { decodeGlobalId } from './global-id.ts';
import { A_DRAFT } from './lists.ts';

const MAX_IDS = 100;

type Rows = Promise<readonly { readonly id: string }[]>;

/** Reads rows of each type by id, in one statement, within the organization. */
function reader(context: Context, info: GraphQLResolveInfo, ids: readonly string[]): Record<string, () => Rows> {
  const { db } = context;
  const where = { id: { in: [...ids] } };
  const query = (typeName: string) => queryFromInfo({ context, info, typeName, select: { id: true } });
  const entities = async ({ type, typename, relation }: ContextKind) => {
    // TypeScript widens the key to string: the cast names it again.
    const select = { [relation]: query(typename) } as Record<ContextRelation, ReturnType<typeof query>>;
    const rows = await db.contextEntity.findMany({ where: { type, ...where }, select });
    return rows.flatMap((row) => row[relation] ?? []);
  };
  return {
    OutboundEmail: () => db.outboundEmail.findMany({ ...query('OutboundEmail'), where }),
    Draft: () => db.outboundEmail.findMany({ ...query('Draft'), where: { ...where, ...A_DRAFT } }),
    OutboundEmailEvent: () => db.outboundEmailEvent.findMany({ ...query('OutboundEmailEvent'), where }),
    Conversation: () => db.conversation.findMany({ ...query('Conversation'), where }),
    EmailMessage: () => db.emailMessage.findMany({ ...query('EmailMessage'), where }),
    Attachment: () => db.attachment.findMany({ ...query('Attachment'), where }),
    EmailAccount: () => db.emailAccount.findMany({ ...query('EmailAccount'), where }),
    Template: () => db.templateVersion.findMany({ ...query('Template'), where }),
    ApiKey: () => db.apiKey.findMany({ ...query('ApiKey'), where }),
    ...Object.fromEntries(CONTEXT_KINDS.map((kind) => [kind.typename, () => entities(kind)])),
  };
}

/** @param pathOf the path in the arguments of the id at an index. */
async function loadNodes(
  context: Context,
  info: GraphQLResolveInfo,
  globalIds: readonly string[],
  pathOf: (index: number) => string,
) {
  const decoded = globalIds.map((id, index) => decodeOrError(id, pathOf(index)));
  const wanted = decoded.flatMap((each) => (each instanceof InvalidInputError ? [] : [each]));
  const found = new Map<string, object>();
  for (const [typename, group] of Map.groupBy(wanted, (each) => each.typename)) {
    const readers = reader(
      context,
      info,
      group.map(({ id }) => id),
    );
    const read = Object.hasOwn(readers, typename) ? readers[typename] : undefined;
    for (const row of (await read?.()) ?? []) {
      // By its __typename an interface's value is resolved to its type.
      found.set(`${typename} ${row.id}`, Object.assign(row, { __typename: typename }));
    }
  }
  // GraphQL reports an error in the list for its entry, which is null, and returns the other entries.
  return decoded.map((each) =>
    each instanceof InvalidInputError ? each : (found.get(`${each.typename} ${each.id}`) ?? null),
  );
}

function decodeOrError(globalId: string, path: string) {
  try {
    return decodeGlobalId(globalId, path);
  } catch (error) {
    if (error instanceof InvalidInputError) return error;
    throw error;
  }
}

const Node = builder.nodeInterfaceRef();

builder.queryFields((t) => ({
  node: t.field({
    type: Node,
    nullable: true,
    description: 'Finds any object by its global `id`. Null if there is none.',
    args: { id: t.arg.id({ required: true, description: 'The value of a field `id`: `Type_uuid`.' }) },
    resolve: async (_root, { id }, context, info) => (await loadNodes(context, info, [id], () => 'id'))[0] ?? null,
  }),
  nodes: t.field({
    type: [Node],
    nullable: { list: false, items: true },
    description: 'Finds several objects by their global ids, in the same order. An entry is null if there is none.',
    complexity: ({ ids }) => ({ multiplier: ids.length }),
    args: { ids: t.arg.idList({ required: true, description: `The values of fields \`id\`, at most ${MAX_IDS}.` }) },
    resolve: (_root, { ids }, context, info) => {
      if (ids.length > MAX_IDS)
        throw new InvalidInputError([{ path: 'ids', message: `At most ${MAX_IDS} ids are allowed.` }]);
      return loadNodes(context, info, ids, (index) => `ids.${index}`);
    },
  }),
}));
