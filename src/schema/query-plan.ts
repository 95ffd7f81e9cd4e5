/**
 * What there is to do for a query, found out once for each operation: its fields by the type of the object that they are
 * asked of, and how the value of each becomes JSON. `execute-query.ts` follows it.
 */
import {
  type DocumentNode,
  defaultFieldResolver,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNullableType,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  visit,
} from 'graphql';
import { type LeafWriter, leafWriter } from './leaf-json.ts';
import { exposedColumn } from './loaded-columns.ts';

export interface FieldPlan {
  /** The name in the answer. */
  readonly key: string;
  /** What stands before the value: `,"uid":`. */
  readonly opening: string;
  readonly field: GraphQLField<unknown, unknown>;
  readonly nodes: readonly FieldNode[];
  readonly resolve: GraphQLFieldResolver<unknown, unknown>;
  /** Non-null: the value is JSON already, as that of `__typename` is. */
  readonly constant: string | null;
  /** Non-null: the property of a row that is the value, to be written by `writeLeaf`. */
  readonly column: string | null;
  readonly writeLeaf: LeafWriter | null;
  readonly isNullable: boolean;
}

export interface ObjectPlan {
  readonly type: GraphQLObjectType;
  readonly fields: readonly FieldPlan[];
}

export interface QueryPlan {
  readonly operation: OperationDefinitionNode;
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
  readonly root: ObjectPlan;
  /** The fields below `nodes` for an object of this type. Planned when they are first reached. */
  below(nodes: readonly FieldNode[], type: GraphQLObjectType): ObjectPlan;
}

/** Null for what is not planned: other operations than queries, directives, and questions about the schema. */
export function planQuery(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) {
  const rootType = schema.getQueryType();
  if (operation.operation !== 'query' || rootType == null || !isPlannable(document)) return null;
  const fragments: Record<string, FragmentDefinitionNode> = Object.create(null);
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments[definition.name.value] = definition;
  }
  const planned = new WeakMap<readonly FieldNode[], Map<GraphQLObjectType, ObjectPlan>>();
  const planObject = (type: GraphQLObjectType, selectionSets: readonly SelectionSetNode[]): ObjectPlan => {
    const collected = new Map<string, FieldNode[]>();
    const spread = new Set<string>();
    for (const selectionSet of selectionSets) collect({ schema, fragments, type, collected, spread }, selectionSet);
    const fields = [...collected].map(([key, nodes], index) => planField(schema, type, key, nodes, index === 0));
    return { type, fields };
  };
  const plan: QueryPlan = {
    operation,
    fragments,
    root: planObject(rootType, [operation.selectionSet]),
    below(nodes, type) {
      const byType = planned.get(nodes) ?? new Map<GraphQLObjectType, ObjectPlan>();
      planned.set(nodes, byType);
      const known = byType.get(type);
      if (known !== undefined) return known;
      const selectionSets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
      const object = planObject(type, selectionSets);
      byType.set(type, object);
      return object;
    },
  };
  return plan;
}

function isPlannable(document: DocumentNode): boolean {
  let plannable = true;
  visit(document, {
    Directive() {
      plannable = false;
    },
    Field({ name }) {
      if (name.value.startsWith('__') && name.value !== '__typename') plannable = false;
    },
  });
  return plannable;
}

interface Collecting {
  readonly schema: GraphQLSchema;
  readonly fragments: QueryPlan['fragments'];
  readonly type: GraphQLObjectType;
  readonly collected: Map<string, FieldNode[]>;
  /** The fragments that were spread here already. */
  readonly spread: Set<string>;
}

function collect(into: Collecting, { selections }: SelectionSetNode): void {
  for (const selection of selections) {
    if (selection.kind === Kind.FIELD) {
      const key = (selection.alias ?? selection.name).value;
      const nodes = into.collected.get(key);
      if (nodes === undefined) into.collected.set(key, [selection]);
      else nodes.push(selection);
      continue;
    }
    const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragmentOnce(into, selection.name.value);
    if (fragment !== null && applies(into, fragment.typeCondition?.name.value)) collect(into, fragment.selectionSet);
  }
}

/** Null when it was spread here before. */
function fragmentOnce({ fragments, spread }: Collecting, name: string): FragmentDefinitionNode | null {
  if (spread.has(name)) return null;
  spread.add(name);
  return fragments[name] ?? null;
}

function applies({ schema, type }: Collecting, condition: string | undefined): boolean {
  if (condition === undefined || condition === type.name) return true;
  const conditional = schema.getType(condition);
  return isAbstractType(conditional) && schema.isSubType(conditional, type);
}

function planField(
  schema: GraphQLSchema,
  parent: GraphQLObjectType,
  key: string,
  nodes: readonly FieldNode[],
  isFirst: boolean,
): FieldPlan {
  const name = nodes[0]?.name.value ?? '';
  const field = schema.getField(parent, name);
  if (field === undefined) throw new Error(`an unknown field ${parent.name}.${name} in a valid operation`);
  const resolve = field.resolve ?? defaultFieldResolver;
  return {
    key,
    opening: `${isFirst ? '' : ','}${JSON.stringify(key)}:`,
    field,
    nodes,
    resolve,
    constant: name === '__typename' ? JSON.stringify(parent.name) : null,
    column: exposedColumn(resolve),
    writeLeaf: writerOfLeaves(field.type),
    isNullable: !isNonNullType(field.type),
  };
}

/** For a leaf and for a list of leaves without nulls. */
function writerOfLeaves(type: GraphQLOutputType): LeafWriter | null {
  const nullable = getNullableType(type);
  if (isLeafType(nullable)) return leafWriter(nullable);
  if (!isListType(nullable) || !isNonNullType(nullable.ofType) || !isLeafType(nullable.ofType.ofType)) return null;
  const write = leafWriter(nullable.ofType.ofType);
  return (value) => {
    if (!Array.isArray(value)) throw new TypeError('not an array');
    return `[${value.map((item) => write(item)).join(',')}]`;
  };
}
