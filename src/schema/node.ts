import { queryFromInfo } from '@pothos/plugin-prisma';
import type { GraphQLResolveInfo } from 'graphql';
import { InvalidInputError } from '../errors.ts';
import { builder } from './builder.ts';
import type { Context } from './context.ts';
import { decodeGlobalId } from './global-id.ts';
import { A_DRAFT } from './outbound-email.ts';

const MAX_IDS = 100;

/** Rows of one type by id, in one statement, within the organization. */
function reader(context: Context, info: GraphQLResolveInfo, ids: readonly string[]) {
  const { db } = context;
  const where = { id: { in: [...ids] } };
  const query = (typeName: string) => queryFromInfo({ context, info, typeName, select: { id: true } });
  return {
    OutboundEmail: () => db.outboundEmail.findMany({ ...query('OutboundEmail'), where }),
    Draft: () => db.outboundEmail.findMany({ ...query('Draft'), where: { ...where, status: A_DRAFT } }),
    OutboundEmailEvent: () => db.outboundEmailEvent.findMany({ ...query('OutboundEmailEvent'), where }),
    Conversation: () => db.conversation.findMany({ ...query('Conversation'), where }),
    EmailMessage: () => db.emailMessage.findMany({ ...query('EmailMessage'), where }),
    EmailAccount: () => db.emailAccount.findMany({ ...query('EmailAccount'), where }),
    Invoice: () => db.invoice.findMany({ ...query('Invoice'), where }),
    Customer: () => db.customer.findMany({ ...query('Customer'), where }),
  };
}

type NodeName = keyof ReturnType<typeof reader>;

function isNodeName(name: string, readers: ReturnType<typeof reader>): name is NodeName {
  return Object.hasOwn(readers, name);
}

async function loadNodes(context: Context, info: GraphQLResolveInfo, globalIds: readonly string[]) {
  const wanted = globalIds.map((globalId) => decodeGlobalId(globalId));
  const found = new Map<string, object>();
  for (const [typename, group] of Map.groupBy(wanted, (each) => each.typename)) {
    const readers = reader(
      context,
      info,
      group.map(({ id }) => id),
    );
    if (!isNodeName(typename, readers)) continue;
    for (const row of await readers[typename]()) {
      // By its __typename an interface's value is resolved to its type.
      found.set(`${typename} ${row.id}`, Object.assign(row, { __typename: typename }));
    }
  }
  return wanted.map(({ typename, id }) => found.get(`${typename} ${id}`) ?? null);
}

const Node = builder.nodeInterfaceRef();

builder.queryFields((t) => ({
  node: t.field({
    type: Node,
    nullable: true,
    description: 'Anything by its `id`. Null when there is none.',
    args: { id: t.arg.id({ required: true, description: 'As a field `id` gave it: `Type_uuid`.' }) },
    resolve: async (_root, { id }, context, info) => (await loadNodes(context, info, [id]))[0] ?? null,
  }),
  nodes: t.field({
    type: [Node],
    nullable: { list: false, items: true },
    description: 'Several things by their ids, in the same order; null where there is none.',
    args: { ids: t.arg.idList({ required: true, description: `At most ${MAX_IDS} ids.` }) },
    resolve: (_root, { ids }, context, info) => {
      if (ids.length > MAX_IDS)
        throw new InvalidInputError([{ path: 'ids', message: `At most ${MAX_IDS} ids are allowed.` }]);
      return loadNodes(context, info, ids);
    },
  }),
}));
