/** Validation rules besides GraphQL's own: how much work an operation may request. */
import {
  type ASTNode,
  type ASTVisitor,
  Kind,
  OperationTypeNode,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql';
import { MAX_LIST_LENGTH } from '../input.ts';
import { refusedRequest } from './refused-request.ts';

const MAX_MUTATIONS = 20;

/** Mutations run one after the other, and each may wait for Gmail. */
export function limitMutations(context: ValidationContext): ASTVisitor {
  return {
    OperationDefinition(node) {
      if (node.operation !== OperationTypeNode.MUTATION) return;
      const count = countFields(context, node.selectionSet, new Set());
      if (count <= MAX_MUTATIONS) return;
      const message = `An operation may have at most ${MAX_MUTATIONS} mutations; this one has ${count}.`;
      context.reportError(refusedRequest(message, {}, node));
    },
  };
}

/** Counts a fragment once, as GraphQL executes it. */
function countFields(context: ValidationContext, { selections }: SelectionSetNode, seen: Set<string>): number {
  return selections.reduce((count, selection) => {
    if (selection.kind === Kind.FIELD) return count + 1;
    if (selection.kind === Kind.INLINE_FRAGMENT) return count + countFields(context, selection.selectionSet, seen);
    const fragment = seen.has(selection.name.value) ? null : context.getFragment(selection.name.value);
    seen.add(selection.name.value);
    return fragment == null ? count : count + countFields(context, fragment.selectionSet, seen);
  }, 0);
}

/** Lists in the operation itself; `checkLists` checks those in variables. */
export function limitLists(context: ValidationContext): ASTVisitor {
  return {
    ListValue(node, _key, parent, _path, ancestors) {
      if (node.values.length <= MAX_LIST_LENGTH) return;
      const path = [...ancestors, parent].flatMap(nameOf).join('.');
      const message = `At most ${MAX_LIST_LENGTH} entries are allowed; there are ${node.values.length}.`;
      context.reportError(refusedRequest(`${path}: ${message}`, { issues: [{ path, message }] }, node));
    },
  };
}

function nameOf(ancestor: ASTNode | readonly ASTNode[] | undefined): string[] {
  if (ancestor === undefined || !('kind' in ancestor)) return [];
  return ancestor.kind === Kind.ARGUMENT || ancestor.kind === Kind.OBJECT_FIELD ? [ancestor.name.value] : [];
}
