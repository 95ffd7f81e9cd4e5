/**
 * Checks variables before an operation is executed. GraphQL refuses the whole operation if one value does not fit its type. Here each
 * field of Query or Mutation that uses the variable answers with every issue, as it does for issues that the domain finds, and the others
 * are executed. What executes has a placeholder in place of each refused value; `refused-input.ts` keeps resolvers from seeing it.
 */
import {
  type DocumentNode,
  type FieldNode,
  type GraphQLSchema,
  isInputType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  separateOperations,
  typeFromAST,
  type ValueNode,
  visit,
} from 'graphql';
import { type InputIssue, InvalidInputError } from '../errors.ts';
import { fitInput, standInFor } from './fit-input.ts';

/** By the first node of the field in the operation: issues with paths that begin at an argument, `input.fresh.to.1`. */
type RefusedFields = ReadonlyMap<FieldNode, readonly InputIssue[]>;

const refusedByContext = new WeakMap<object, RefusedFields>();

/** The fields that must not be resolved in the operation that has this context. Undefined: all variables fit. */
export function refusedFields(context: object): RefusedFields | undefined {
  return refusedByContext.get(context);
}

type Variables = Readonly<Record<string, unknown>>;

interface Operation {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly context: object;
}

/** Issues that are looked for, in a request that may have 200,000: each is an exception that is caught. */
const MAX_FOUND_ISSUES = 1_000;
const NOT_CHECKED = { path: '', message: `Not checked: the variables before it have ${MAX_FOUND_ISSUES} issues.` };

/**
 * @param context of the operation, for `refusedFields`.
 * @returns the variables to execute the operation with.
 * @throws {InvalidInputError} for a refused variable that a directive or a nested field uses: nothing is executed.
 */
export function checkVariables({ schema, document, operation, context }: Operation, given: Variables): Variables {
  const { values, issues } = fitVariables(schema, operation, given);
  if (issues.size === 0) return given;
  const fields = rootFields(document, operation.selectionSet);
  const uses = new Map([...fields].map((field) => [field, usesIn(field)]));
  if (
    countUses(document, operation, issues) > [...uses.values()].flat().filter(({ name }) => issues.has(name)).length
  ) {
    throw new InvalidInputError([...issues].flatMap(([name, found]) => found.map((issue) => below(name, issue))));
  }
  const refused = new Map<FieldNode, readonly InputIssue[]>();
  for (const [field, inField] of uses) {
    const found = inField.flatMap(({ name, path }) => (issues.get(name) ?? []).map((issue) => below(path, issue)));
    if (found.length > 0) refused.set(field, found);
  }
  refusedByContext.set(context, refused);
  return values;
}

/** @returns for each refused variable its issues, with paths from the variable on. */
function fitVariables(schema: GraphQLSchema, { variableDefinitions = [] }: OperationDefinitionNode, given: Variables) {
  const values = { ...given };
  const issues = new Map<string, InputIssue[]>();
  let room = MAX_FOUND_ISSUES;
  for (const { variable, type, defaultValue } of variableDefinitions) {
    const name = variable.name.value;
    const inputType = typeFromAST(schema, type);
    const isLeftOut = !Object.hasOwn(given, name) && defaultValue !== undefined;
    if (!isInputType(inputType) || isLeftOut) continue;
    if (room <= 0) {
      issues.set(name, [NOT_CHECKED]);
      values[name] = standInFor(inputType);
      continue;
    }
    const found: InputIssue[] = [];
    const fitted = fitInput(given[name], inputType, '', {
      add: (path, message) => {
        if (room-- > 0) found.push({ path, message });
      },
      isFull: () => room <= 0,
    });
    if (found.length === 0) continue;
    issues.set(name, found);
    values[name] = fitted;
  }
  return { values, issues };
}

function below(parent: string, { path, message }: InputIssue): InputIssue {
  return { path: `${parent}${path}`, message };
}

/** The fields of Query or Mutation, those in fragments included. */
function rootFields(
  document: DocumentNode,
  { selections }: SelectionSetNode,
  found = new Set<FieldNode>(),
): Set<FieldNode> {
  for (const selection of selections) {
    if (selection.kind === Kind.FIELD) found.add(selection);
    else if (selection.kind === Kind.INLINE_FRAGMENT) rootFields(document, selection.selectionSet, found);
    else {
      for (const each of document.definitions) {
        if (each.kind !== Kind.FRAGMENT_DEFINITION || each.name.value !== selection.name.value) continue;
        rootFields(document, each.selectionSet, found);
      }
    }
  }
  return found;
}

interface Use {
  /** Of the variable. */
  readonly name: string;
  /** Of the value that it gives: `input.fresh.fromAccountUid`. */
  readonly path: string;
}

function usesIn({ arguments: args = [] }: FieldNode): Use[] {
  return args.flatMap(({ name, value }) => usesInValue(value, name.value));
}

function usesInValue(value: ValueNode, path: string): Use[] {
  switch (value.kind) {
    case Kind.VARIABLE:
      return [{ name: value.name.value, path }];
    case Kind.LIST:
      return value.values.flatMap((item, index) => usesInValue(item, `${path}.${index}`));
    case Kind.OBJECT:
      return value.fields.flatMap((field) => usesInValue(field.value, `${path}.${field.name.value}`));
    default:
      return [];
  }
}

/** How often the operation and its fragments use one of the variables, wherever it is. */
function countUses(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: ReadonlyMap<string, unknown>,
): number {
  let count = 0;
  visit(separateOperations(document)[operation.name?.value ?? ''] ?? document, {
    VariableDefinition: () => false,
    Variable({ name }) {
      if (variables.has(name.value)) count++;
    },
  });
  return count;
}
