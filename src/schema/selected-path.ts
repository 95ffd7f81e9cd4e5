import { type GraphQLResolveInfo, Kind, type SelectionSetNode } from 'graphql';

/** Whether fields of these names are asked for, one below the other, below the field that `info` is of. */
export function asksFor({ fieldNodes, fragments }: GraphQLResolveInfo, path: readonly string[]): boolean {
  return fieldNodes.some(({ selectionSet }) => selectionSet !== undefined && leadsTo(selectionSet, path, fragments));
}

function leadsTo(
  { selections }: SelectionSetNode,
  path: readonly string[],
  fragments: GraphQLResolveInfo['fragments'],
): boolean {
  const [name, ...rest] = path;
  return selections.some((selection) => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) {
      const fragment = fragments[selection.name.value];
      return fragment !== undefined && leadsTo(fragment.selectionSet, path, fragments);
    }
    if (selection.kind === Kind.INLINE_FRAGMENT) return leadsTo(selection.selectionSet, path, fragments);
    if (selection.name.value !== name) return false;
    return (
      rest.length === 0 || (selection.selectionSet !== undefined && leadsTo(selection.selectionSet, rest, fragments))
    );
  });
}
