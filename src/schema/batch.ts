import DataLoader from 'dataloader';
import type { GraphQLResolveInfo } from 'graphql';

function fieldPlace(info: GraphQLResolveInfo): string {
  const keys: string[] = [];
  for (let step: GraphQLResolveInfo['path'] | undefined = info.path; step !== undefined; step = step.prev) {
    if (typeof step.key === 'string') keys.push(`${step.typename}.${step.key}`);
  }
  return keys.join(' < ');
}

/**
 * One statement for what many rows of a list ask for at the same field. Rows meet by the field's place in the
 * operation, list positions left out, so that they share selection and arguments. Lives as long as one request.
 */
export function createBatchLoaders() {
  const loaders = new Map<string, DataLoader<string, unknown>>();
  return {
    load<Value>(
      info: GraphQLResolveInfo,
      key: string,
      loadMany: (keys: readonly string[]) => Promise<ReadonlyMap<string, Value>>,
    ) {
      const place = fieldPlace(info);
      let loader = loaders.get(place);
      if (loader === undefined) {
        loader = new DataLoader(async (keys: readonly string[]) => {
          const found = await loadMany(keys);
          return keys.map((each) => found.get(each));
        });
        loaders.set(place, loader);
      }
      // The place fixes what is loaded there, hence the type.
      return loader.load(key) as Promise<Value | undefined>;
    },
  };
}

export type BatchLoaders = ReturnType<typeof createBatchLoaders>;

type Counted<Column extends string> = { readonly [Key in Column]: string | null } & { readonly _count: number };

/**
 * The `totalCount` of a connection below a list: one statement for all rows of the list, and none unless it is asked for.
 * @param countMany groups by `column`, which holds the parents' ids; a parent without rows is in no group.
 */
export function countPerParent<Column extends string, Group extends Counted<Column>>(
  batches: BatchLoaders,
  info: GraphQLResolveInfo,
  { column, id }: { readonly column: Column; readonly id: string },
  countMany: (ids: string[]) => Promise<readonly Group[]>,
): () => Promise<number> {
  return async () => {
    const count = await batches.load(info, id, async (ids) => {
      const groups = await countMany([...ids]);
      return new Map(groups.map((group) => [group[column] ?? '', group._count]));
    });
    return count ?? 0;
  };
}
