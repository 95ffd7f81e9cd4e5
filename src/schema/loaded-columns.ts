/**
 * Resolves a field straight from a row that has its columns. Pothos's Prisma plugin asks first, for each field of each
 * row, whether the query that has read the row was planned with it: 15 % of the CPU of a page of fifty, by a profile. A
 * column that is there was read, whoever planned it; where one is missing the plugin decides as before.
 */
import SchemaBuilder, { BasePlugin, type PothosOutputFieldConfig, type SchemaTypes } from '@pothos/core';
import type { GraphQLFieldResolver } from 'graphql';

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
    const columns = columnsOf(extensions?.pothosPrismaSelect);
    if (kind !== 'PrismaObject' || columns === null || resolve === undefined) return resolver;
    const direct: GraphQLFieldResolver<unknown, Types['Context'], object> = resolve;
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
