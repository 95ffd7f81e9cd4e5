/**
 * The Prisma plugin, except that a field is resolved at once if its row has the columns, and a relation if its row has it and only
 * columns of it are selected. For each field of each row, the plugin itself first checks whether the query of the row was planned
 * with it, which doubles the CPU of a page of fifty. A column in the row was read, no matter which query planned it; if one is
 * missing, the plugin decides. A field that leads to one relation, without arguments, declares that by
 * `extensions: { loadedWith: 'relation' }`.
 *
 * Only the plugin's own check is skipped. The resolver that it wraps, including the checks of other plugins, always runs.
 */
import SchemaBuilder, { type PothosOutputFieldConfig, type SchemaTypes } from '@pothos/core';
import { PothosPrismaPlugin } from '@pothos/plugin-prisma';
import {
  type FieldNode,
  type GraphQLFieldResolver,
  type GraphQLNamedType,
  type GraphQLResolveInfo,
  getNamedType,
  isAbstractType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from 'graphql';

const PLUGIN = 'prismaLoadedColumns';

declare global {
  export namespace PothosSchemaTypes {
    export interface Plugins<Types extends SchemaTypes> {
      [PLUGIN]: LoadedColumnsPlugin<Types>;
    }
  }
}

/** Listed in place of the Prisma plugin. */
export const PRISMA_WITH_LOADED_COLUMNS = PLUGIN;

type Resolver<Types extends SchemaTypes> = GraphQLFieldResolver<unknown, Types['Context'], object>;

class LoadedColumnsPlugin<Types extends SchemaTypes> extends PothosPrismaPlugin<Types> {
  override wrapResolve(resolver: Resolver<Types>, field: PothosOutputFieldConfig<Types>): Resolver<Types> {
    const planned = super.wrapResolve(resolver, field);
    if (field.kind !== 'PrismaObject') return planned;
    const relation = relationOf(field.extensions ?? {});
    if (relation !== null) {
      return (parent, args, context, info) =>
        (hasAll(parent, [relation]) && asksForColumns(info) ? resolver : planned)(parent, args, context, info);
    }
    const columns = columnsOf(field.extensions?.pothosPrismaSelect);
    if (columns === null) return planned;
    return (parent, args, context, info) => (hasAll(parent, columns) ? resolver : planned)(parent, args, context, info);
  }
}

/** The relation to one row that a field leads to. Null: it is another kind of field. */
function relationOf({
  loadedWith,
  pothosPrismaRelationField: field,
}: Readonly<Record<string, unknown>>): string | null {
  if (typeof loadedWith === 'string') return loadedWith;
  if (typeof field !== 'object' || field === null || !('name' in field) || !('isList' in field)) return null;
  return typeof field.name === 'string' && field.isList === false ? field.name : null;
}

const columnsOnly = new WeakMap<FieldNode, boolean>();

/** Whether only columns are asked of what a field leads to. */
function asksForColumns(info: GraphQLResolveInfo): boolean {
  const [node] = info.fieldNodes;
  if (node?.selectionSet === undefined || info.fieldNodes.length > 1) return false;
  let known = columnsOnly.get(node);
  if (known === undefined) {
    known = selectsColumns(node.selectionSet, getNamedType(info.returnType), info);
    columnsOnly.set(node, known);
  }
  return known;
}

function selectsColumns(
  { selections }: SelectionSetNode,
  type: GraphQLNamedType | undefined,
  info: GraphQLResolveInfo,
): boolean {
  return selections.every((selection) => {
    if (selection.kind === Kind.FIELD) {
      const types = isAbstractType(type) ? info.schema.getPossibleTypes(type) : isObjectType(type) ? [type] : [];
      return types.every((each) => {
        const field = each.getFields()[selection.name.value];
        return field === undefined || columnsOf(field.extensions.pothosPrismaSelect) !== null;
      });
    }
    const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : info.fragments[selection.name.value];
    if (fragment === undefined) return false;
    const condition = fragment.typeCondition?.name.value;
    return selectsColumns(fragment.selectionSet, condition === undefined ? type : info.schema.getType(condition), info);
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
