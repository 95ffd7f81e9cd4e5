import DataLoader from 'dataloader';
import type { GraphQLResolveInfo } from 'graphql';

/**
 * One statement for what many rows of a list ask for at the same field. Rows meet by the field's place in the
 * operation, list positions left out, so that they share selection and arguments.
 */
export interface BatchLoaders {
  load<Value>(
    place: { readonly info: GraphQLResolveInfo; readonly kind?: string },
    key: string,
    loadMany: (keys: readonly string[]) => Promise<ReadonlyMap<string, Value>>,
  ): Promise<Value | undefined>;
  /** Gives what `make` made the first time it was asked for at this place. */
  once<Value>(place: { readonly info: GraphQLResolveInfo; readonly kind?: string }, make: () => Value): Value;
}

function fieldPlace(info: GraphQLResolveInfo): string {
  const keys: string[] = [];
  for (let step: GraphQLResolveInfo['path'] | undefined = info.path; step !== undefined; step = step.prev) {
    if (typeof step.key === 'string') keys.push(`${step.typename}.${step.key}`);
  }
  return keys.join(' < ');
}

/** Lives as long as one request. */
export function createBatchLoaders(): BatchLoaders {
  const loaders = new Map<string, DataLoader<string, unknown>>();
  const made = new Map<string, unknown>();
  return {
    once<Value>(place: { readonly info: GraphQLResolveInfo; readonly kind?: string }, make: () => Value) {
      const name = `${place.kind ?? ''} ${fieldPlace(place.info)}`;
      if (!made.has(name)) made.set(name, make());
      // The place fixes what is made there, hence the type.
      return made.get(name) as Value;
    },
    async load<Value>(
      place: { readonly info: GraphQLResolveInfo; readonly kind?: string },
      key: string,
      loadMany: (keys: readonly string[]) => Promise<ReadonlyMap<string, Value>>,
    ) {
      const name = `${place.kind ?? ''} ${fieldPlace(place.info)}`;
      let loader = loaders.get(name);
      if (loader === undefined) {
        loader = new DataLoader(async (keys: readonly string[]) => {
          const found = await loadMany(keys);
          return keys.map((each) => found.get(each));
        });
        loaders.set(name, loader);
      }
      // The place fixes what is loaded there, hence the type.
      return loader.load(key) as Promise<Value | undefined>;
    },
  };
}

type Counted<Column extends string> = { readonly [Key in Column]: string | null } & { readonly _count: number };

/**
 * The `totalCount` of a connection below a list: one statement for all rows of the list, and none unless it is asked for.
 * @param countMany groups by `column`, which holds the parents' ids; a parent without rows is in no group.
 */
export function countPerParent<Column extends string>(
  batches: BatchLoaders,
  info: GraphQLResolveInfo,
  { column, id }: { readonly column: Column; readonly id: string },
  countMany: (ids: string[]) => Promise<readonly Counted<Column>[]>,
): () => Promise<number> {
  return async () => {
    const count = await batches.load({ info }, id, async (ids) => {
      const groups = await countMany([...ids]);
      return new Map(groups.map((group) => [group[column] ?? '', group._count]));
    });
    return count ?? 0;
  };
}
