/**
 * Resolves a field straight from a row that has its columns, and a relation from a row that has it when only columns are
 * asked of what it leads to. Pothos's Prisma plugin asks first, for each field of each
 * row, whether the query that has read the row was planned with it: 15 % of the CPU of a page of fifty, by a profile. A
 * column that is there was read, whoever planned it; where one is missing the plugin decides as before.
 */
import SchemaBuilder, { BasePlugin, type PothosOutputFieldConfig, type SchemaTypes } from '@pothos/core';
import {
  type FieldNode,
  type GraphQLFieldResolver,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  getNamedType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from 'graphql';

const PLUGIN = 'loadedColumns';

declare global {
  export namespace PothosSchemaTypes {
    export interface Plugins<Types extends SchemaTypes> {
      [PLUGIN]: LoadedColumnsPlugin<Types>;
    }
  }
}

/** To be listed directly before the Prisma plugin, which is the only one that it passes by. */
export const LOADED_COLUMNS = PLUGIN;

class LoadedColumnsPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override wrapResolve(
    resolver: GraphQLFieldResolver<unknown, Types['Context'], object>,
    { kind, extensions, resolve }: PothosOutputFieldConfig<Types>,
  ): GraphQLFieldResolver<unknown, Types['Context'], object> {
    if (kind !== 'PrismaObject' || resolve === undefined) return resolver;
    const direct: GraphQLFieldResolver<unknown, Types['Context'], object> = resolve;
    const relation = toOneRelation(extensions?.pothosPrismaRelationField);
    if (relation !== null) {
      return (parent, args, context, info) =>
        (hasAll(parent, [relation]) && asksForColumns(info) ? direct : resolver)(parent, args, context, info);
    }
    const columns = columnsOf(extensions?.pothosPrismaSelect);
    if (columns === null) return resolver;
    const wrapped: GraphQLFieldResolver<unknown, Types['Context'], object> = (parent, args, context, info) =>
      (hasAll(parent, columns) ? direct : resolver)(parent, args, context, info);
    const exposed = extensions?.pothosExposedField;
    if (typeof exposed === 'string') exposedColumns.set(wrapped, exposed);
    return wrapped;
  }
}

const exposedColumns = new WeakMap<object, string>();

/** The column that a field's resolver does nothing but give. Null: it does more, a check of scopes for one. */
export function exposedColumn(resolve: object): string | null {
  return exposedColumns.get(resolve) ?? null;
}

function toOneRelation(field: unknown): string | null {
  if (typeof field !== 'object' || field === null || !('name' in field) || !('isList' in field)) return null;
  return typeof field.name === 'string' && field.isList === false ? field.name : null;
}

const columnsOnly = new WeakMap<FieldNode, boolean>();

/** Whether all that is asked of a field's object are columns. */
function asksForColumns({ fieldNodes, fragments, returnType }: GraphQLResolveInfo): boolean {
  const [node] = fieldNodes;
  const type = getNamedType(returnType);
  if (node?.selectionSet === undefined || fieldNodes.length > 1 || !isObjectType(type)) return false;
  let known = columnsOnly.get(node);
  if (known === undefined) {
    known = selectsColumns(node.selectionSet, type, fragments);
    columnsOnly.set(node, known);
  }
  return known;
}

function selectsColumns(
  { selections }: SelectionSetNode,
  type: GraphQLObjectType,
  fragments: GraphQLResolveInfo['fragments'],
): boolean {
  return selections.every((selection) => {
    if (selection.kind === Kind.FIELD) {
      const field = type.getFields()[selection.name.value];
      return field === undefined || columnsOf(field.extensions.pothosPrismaSelect) !== null;
    }
    const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments[selection.name.value];
    return fragment !== undefined && selectsColumns(fragment.selectionSet, type, fragments);
  });
}

/** Null for a selection with relations in it, and for one that depends on the arguments. */
function columnsOf(select: unknown): string[] | null {
  if (typeof select !== 'object' || select === null) return null;
  const entries = Object.entries(select);
  return entries.length > 0 && entries.every(([, selected]) => selected === true)
    ? entries.map(([name]) => name)
    : null;
}

function hasAll(row: unknown, columns: readonly string[]): boolean {
  if (typeof row !== 'object' || row === null) return false;
  for (const column of columns) if (Reflect.get(row, column) === undefined) return false;
  return true;
}

SchemaBuilder.registerPlugin(PLUGIN, LoadedColumnsPlugin);
