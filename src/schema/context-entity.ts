import { queryFromInfo } from '@pothos/plugin-prisma';
import type { GraphQLResolveInfo } from 'graphql';
import { CONTEXT_KINDS, contextKind } from '../contexts/registry.ts';
import { builder } from './builder.ts';
import type { Context } from './context.ts';
import { Customer } from './customer.ts';
import { Invoice } from './invoice.ts';
import { readRows } from './read-rows.ts';
import { asksFor } from './selected-path.ts';

export const ContextEntity = builder.unionType('ContextEntity', {
  description: 'What an email is about. Ask for fields of each kind with `... on Invoice { … }`.',
  types: () => [Invoice, Customer],
  resolveType: ({ contextType }) => contextKind(contextType)?.typename,
});

export const ContextRefInput = builder.inputType('ContextRefInput', {
  description: 'Names a business entity that an email is about.',
  fields: (t) => ({
    type: t.string({ required: true, description: 'One of `contextTypes`: `invoice`, `customer`.' }),
    uid: t.field({ type: 'UUID', required: true, description: "The entity's uid." }),
  }),
});

/** The columns of a row about this entity. A kind that does not exist is what no row is about. */
export function aboutContext(ref: typeof ContextRefInput.$inferInput) {
  return { contextType: contextKind(ref.type)?.type ?? '', contextId: ref.uid };
}

/** Whether a query selects columns only: a row that has them needs no plan of its own (see loaded-columns.ts). */
function isFlat({ select }: { readonly select?: object }): boolean {
  return select !== undefined && Object.values(select).every((selected) => selected === true);
}

/** Where the entity is asked for, from the field that `info` is of. Omitted: there. */
type From = { readonly path?: string[] };

/** How the rows of a kind are read; the selection comes from the operation. */
const READ = {
  invoice(context: Context, info: GraphQLResolveInfo, from: From = {}) {
    const select = { id: true, contextType: true } as const;
    const query = queryFromInfo({ context, info, typeName: 'Invoice', select, ...from });
    return {
      isFlat: isFlat(query),
      many(ids: readonly string[]) {
        const these = { ...query, where: { id: { in: [...ids] } } };
        return readRows(context, 'Invoice', these, () => context.db.invoice.findMany(these));
      },
    };
  },
  customer(context: Context, info: GraphQLResolveInfo, from: From = {}) {
    const select = { id: true, contextType: true } as const;
    const query = queryFromInfo({ context, info, typeName: 'Customer', select, ...from });
    return {
      isFlat: isFlat(query),
      many(ids: readonly string[]) {
        const these = { ...query, where: { id: { in: [...ids] } } };
        return readRows(context, 'Customer', these, () => context.db.customer.findMany(these));
      },
    };
  },
};

/** The columns of a `ContextRef`. */
export const CONTEXT_COLUMNS = { contextType: true, contextId: true } as const;

/** On a row of a list: what it is about, read with the list. */
const ENTITY = Symbol('entity');

interface ContextRef {
  readonly contextType: string | null;
  readonly contextId: string | null;
  [ENTITY]?: ContextRow | null;
}

type ContextRow = Awaited<ReturnType<ReturnType<(typeof READ)[keyof typeof READ]>['many']>>[number];

/**
 * Reads what the rows of a list are about before their fields are resolved, one statement per kind: a row whose entity is
 * there costs no promise. Only where columns alone are asked for; the rest is left to `loadContextEntity`.
 * @param path from the field that `info` is of to the entity.
 */
export async function preloadContextEntities(
  context: Context,
  info: GraphQLResolveInfo,
  path: string[],
  rows: readonly ContextRef[],
): Promise<void> {
  if (!asksFor(info, path)) return;
  const byKind = Map.groupBy(rows, ({ contextType }) => contextKind(contextType ?? '')?.type ?? null);
  const reading = [...byKind].map(async ([kind, refs]) => {
    if (kind === null) return;
    const read = READ[kind](context, info, { path });
    if (!read.isFlat) return;
    const ids = new Set(refs.flatMap(({ contextId }) => contextId ?? []));
    const found = new Map((await read.many([...ids])).map((row) => [row.id, row]));
    for (const ref of refs) ref[ENTITY] = found.get(ref.contextId ?? '') ?? null;
  });
  await Promise.all(reading);
}

/** One statement per kind for all the rows of a list. Null when the email is about nothing. */
export function loadContextEntity(
  context: Context,
  info: GraphQLResolveInfo,
  ref: ContextRef,
): ContextRow | null | Promise<ContextRow | null> {
  if (ref.contextType === null) return null;
  const known = ref[ENTITY];
  return known === undefined ? batchContextEntity(context, info, ref) : known;
}

async function batchContextEntity(
  context: Context,
  info: GraphQLResolveInfo,
  ref: ContextRef,
): Promise<ContextRow | null> {
  const kind = contextKind(ref.contextType ?? '')?.type;
  if (kind === undefined || ref.contextId === null) return null;
  const place = { info, kind };
  const shared = context.batches.once(place, () => READ[kind](context, info));
  // With relations it is planned for each row although one statement serves all: by its own plan a row knows what was
  // read, and is not read a second time.
  const read = shared.isFlat ? shared : READ[kind](context, info);
  const entity = await context.batches.load(place, ref.contextId, async (ids) => {
    const rows = await read.many(ids);
    return new Map(rows.map((row) => [row.id, row]));
  });
  return entity ?? null;
}

builder.queryField('contextTypes', (t) =>
  t.stringList({
    description: 'The kinds of entity that an email can be about; what `ContextRefInput.type` takes.',
    resolve: () => CONTEXT_KINDS.map(({ type }) => type),
  }),
);
