/**
 * Executes queries by their plan and writes the answer as JSON while it goes: no tree of results is made and walked again.
 * Resolvers are called as ever; a column of a row is read without one. It does what graphql's own executor does, errors
 * and nulls included, for the operations that `planQuery` takes; all others go to that executor.
 */
import {
  type DocumentNode,
  type FieldNode,
  type GraphQLAbstractType,
  GraphQLError,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  getArgumentValues,
  getOperationAST,
  getVariableValues,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  locatedError,
  type OperationDefinitionNode,
  responsePathAsArray,
} from 'graphql';
import { type Eventually, ignore, isIterable, isPromise, Writing } from './json-writing.ts';
import { leafWriter } from './leaf-json.ts';
import { type FieldPlan, type ObjectPlan, planQuery, type QueryPlan } from './query-plan.ts';

const MAX_VARIABLE_ERRORS = 50;

export interface ExecuteArgs {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly rootValue?: unknown;
  readonly contextValue?: unknown;
  readonly variableValues?: Readonly<Record<string, unknown>> | null | undefined;
  readonly operationName?: string | null | undefined;
}

/** The `data` of an answer as JSON. For whoever looks at it, it is what the JSON says. */
class WrittenData {
  readonly json: string;
  constructor(json: string) {
    this.json = json;
  }
  toJSON(): unknown {
    return JSON.parse(this.json);
  }
}

/** With how it is written, which Yoga asks for. */
interface WrittenResult {
  readonly data: WrittenData | null;
  readonly errors?: readonly GraphQLError[];
  stringify(result: { readonly data?: unknown; readonly errors?: readonly GraphQLError[] }): string;
}

type Path = GraphQLResolveInfo['path'];
/** JSON, or null where null came out: what stands above may not allow it. */
type Written = string | null;

interface Run {
  readonly plan: QueryPlan;
  readonly contextValue: unknown;
  readonly variableValues: GraphQLResolveInfo['variableValues'];
  /** What every `info` has in common. */
  readonly shared: Omit<GraphQLResolveInfo, 'fieldName' | 'fieldNodes' | 'returnType' | 'parentType' | 'path'>;
  readonly errors: GraphQLError[];
  /** Where null stands because of an error: what fails below it later is of no interest. */
  readonly nulled: Set<Path | undefined>;
}

const plans = new WeakMap<OperationDefinitionNode, QueryPlan | null>();

/** Null: the operation is none of those that are planned, or its variables do not fit. Nothing has run then. */
export function executeQuery(args: ExecuteArgs): Eventually<WrittenResult> | null {
  const { schema, document, rootValue, contextValue, variableValues: given, operationName } = args;
  const operation = getOperationAST(document, operationName);
  if (operation == null) return null;
  let plan = plans.get(operation);
  if (plan === undefined) {
    plan = planQuery(schema, document, operation);
    plans.set(operation, plan);
  }
  if (plan === null) return null;
  const options = { maxErrors: MAX_VARIABLE_ERRORS };
  const { variableValues } = getVariableValues(schema, operation.variableDefinitions ?? [], given ?? {}, options);
  if (variableValues === undefined) return null;
  const shared: Run['shared'] = {
    schema,
    fragments: plan.fragments,
    rootValue,
    operation,
    variableValues,
    getAbortSignal: () => undefined,
    getAsyncHelpers: () => ({ promiseAll: (values) => Promise.all(values), track: () => undefined }),
  };
  const run: Run = { plan, contextValue, variableValues, shared, errors: [], nulled: new Set() };
  try {
    const written = writeObject(run, plan.root, rootValue, undefined);
    if (typeof written === 'string') return toResult(run, written);
    return written.then(
      (json) => toResult(run, json),
      (error: unknown) => failed(run, error),
    );
  } catch (error) {
    return failed(run, error);
  }
}

function toResult({ errors }: Run, json: string): WrittenResult {
  const data = new WrittenData(json);
  return errors.length === 0 ? { data, stringify } : { errors, data, stringify };
}

/** An error has come up to the root: there is no data. */
function failed(run: Run, error: unknown): WrittenResult {
  const isLocated = error instanceof GraphQLError;
  addError(run, isLocated ? error : new GraphQLError('failed', { originalError: asError(error) }), undefined);
  return { errors: run.errors, data: null, stringify };
}

const stringify: WrittenResult['stringify'] = ({ errors, data }) => {
  const json = data instanceof WrittenData ? data.json : JSON.stringify(data);
  return errors === undefined ? `{"data":${json}}` : `{"errors":${JSON.stringify(errors)},"data":${json}}`;
};

function writeObject(
  run: Run,
  { type, fields }: ObjectPlan,
  source: unknown,
  path: Path | undefined,
): Eventually<string> {
  const writing = new Writing('{');
  try {
    for (const field of fields) {
      const json = field.constant ?? readColumn(field, source) ?? writeField(run, field, type, source, path);
      writing.add(field.opening, json);
    }
  } catch (error) {
    writing.abandon();
    throw error;
  }
  return writing.end('}');
}

/** Null: it is no column, or not there, or not as it should be; the resolver will tell. */
function readColumn({ column, writeLeaf, isNullable }: FieldPlan, source: unknown): string | null {
  if (column === null || writeLeaf === null || typeof source !== 'object' || source === null) return null;
  const value: unknown = Reflect.get(source, column);
  if (value === undefined) return null;
  if (value === null) return isNullable ? 'null' : null;
  try {
    return writeLeaf(value);
  } catch {
    return null;
  }
}

function writeField(
  run: Run,
  plan: FieldPlan,
  parentType: GraphQLObjectType,
  source: unknown,
  parentPath: Path | undefined,
): Eventually<string> {
  const { field, nodes, key } = plan;
  const path: Path = { prev: parentPath, key, typename: parentType.name };
  const site: Site = { run, nodes, path, type: field.type };
  try {
    const [node] = nodes;
    if (node === undefined) throw new Error('a field without a node');
    const info = infoOf(run.shared, plan, parentType, path);
    const args = field.args.length === 0 ? {} : getArgumentValues(field, node, run.variableValues);
    const value = plan.resolve(source, args, run.contextValue, info);
    const written = isPromise(value)
      ? value.then((resolved) => write(info, run, field.type, resolved, path))
      : write(info, run, field.type, value, path);
    return settle(site, written);
  } catch (error) {
    return nullAt(site, error);
  }
}

/** Each property by name: a spread costs more than all the rest of a field. */
function infoOf(
  shared: Run['shared'],
  { field, nodes }: FieldPlan,
  parentType: GraphQLObjectType,
  path: Path,
): GraphQLResolveInfo {
  return {
    fieldName: field.name,
    fieldNodes: nodes,
    returnType: field.type,
    parentType,
    path,
    schema: shared.schema,
    fragments: shared.fragments,
    rootValue: shared.rootValue,
    operation: shared.operation,
    variableValues: shared.variableValues,
    getAbortSignal: shared.getAbortSignal,
    getAsyncHelpers: shared.getAsyncHelpers,
  };
}

/** Where a null may be put in place of a value that has failed. */
interface Site {
  readonly run: Run;
  readonly nodes: readonly FieldNode[];
  readonly path: Path;
  readonly type: GraphQLOutputType;
}

function settle(site: Site, written: Eventually<Written>): Eventually<string> {
  if (!isPromise(written)) return written ?? 'null';
  return written.then(
    (json) => json ?? 'null',
    (error: unknown) => nullAt(site, error),
  );
}

/** @throws the error with its place where the type does not allow null. */
function nullAt({ run, nodes, path, type }: Site, error: unknown): string {
  // Of several at once, as of a host none of whose addresses answers, one is told.
  const [first] = error instanceof AggregateError ? error.errors : [error];
  const located = locatedError(first, nodes, responsePathAsArray(path));
  if (isNonNullType(type)) throw located;
  addError(run, located, path);
  return 'null';
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function addError({ errors, nulled }: Run, error: GraphQLError, path: Path | undefined): void {
  for (let at = path; at !== undefined; at = at.prev) if (nulled.has(at)) return;
  if (nulled.has(undefined)) return;
  nulled.add(path);
  errors.push(error);
}

/** Writes what a resolver gave, or an item of it. */
function write(
  info: GraphQLResolveInfo,
  run: Run,
  type: GraphQLOutputType,
  value: unknown,
  path: Path,
): Eventually<Written> {
  if (value instanceof Error) throw value;
  if (isNonNullType(type)) {
    const written = write(info, run, type.ofType, value, path);
    return isPromise(written) ? written.then((json) => notNull(info, json)) : notNull(info, written);
  }
  if (value === null || value === undefined) return null;
  if (isLeafType(type)) return leafWriter(type)(value);
  if (isListType(type)) return writeList(info, run, type.ofType, value, path);
  if (isAbstractType(type)) return writeAbstract(info, run, type, value, path);
  return writeOfType(info, run, type, value, path);
}

function notNull({ parentType, fieldName }: GraphQLResolveInfo, written: Written): string {
  if (written !== null) return written;
  throw new Error(`Cannot return null for non-nullable field ${parentType.name}.${fieldName}.`);
}

function writeList(
  info: GraphQLResolveInfo,
  run: Run,
  type: GraphQLOutputType,
  list: unknown,
  path: Path,
): Eventually<string> {
  if (!isIterable(list)) throw new Error(`${info.parentType.name}.${info.fieldName} gave no list`);
  const values = Array.isArray(list) ? list : [...list];
  const writing = new Writing('[');
  try {
    for (const [index, value] of values.entries()) {
      writing.add(
        index === 0 ? '' : ',',
        writeItem(info, run, type, value, { prev: path, key: index, typename: undefined }),
      );
    }
  } catch (error) {
    writing.abandon();
    ignore(values);
    throw error;
  }
  return writing.end(']');
}

function writeItem(
  info: GraphQLResolveInfo,
  run: Run,
  type: GraphQLOutputType,
  value: unknown,
  path: Path,
): Eventually<string> {
  const site: Site = { run, nodes: info.fieldNodes, path, type };
  try {
    const written = isPromise(value)
      ? value.then((resolved) => write(info, run, type, resolved, path))
      : write(info, run, type, value, path);
    return settle(site, written);
  } catch (error) {
    return nullAt(site, error);
  }
}

function writeAbstract(
  info: GraphQLResolveInfo,
  run: Run,
  type: GraphQLAbstractType,
  value: unknown,
  path: Path,
): Eventually<string> {
  if (type.resolveType == null) throw new Error(`${type.name} does not tell the type of its values`);
  const named = type.resolveType(value, run.contextValue, info, type);
  const writeNamed = (name: string | undefined) => {
    const actual = name === undefined ? undefined : info.schema.getType(name);
    if (!isObjectType(actual) || !info.schema.isSubType(type, actual)) {
      throw new Error(`a value of ${type.name} is of no type that belongs to it`);
    }
    return writeOfType(info, run, actual, value, path);
  };
  return isPromise(named) ? Promise.resolve(named).then(writeNamed) : writeNamed(named);
}

function writeOfType(
  info: GraphQLResolveInfo,
  run: Run,
  type: GraphQLObjectType,
  value: unknown,
  path: Path,
): Eventually<string> {
  const writeFields = (isOfType: boolean) => {
    if (!isOfType) throw new Error(`a value of ${info.parentType.name}.${info.fieldName} is no ${type.name}`);
    return writeObject(run, run.plan.below(info.fieldNodes, type), value, path);
  };
  if (type.isTypeOf == null) return writeFields(true);
  const isOfType = type.isTypeOf(value, run.contextValue, info);
  return isPromise(isOfType) ? Promise.resolve(isOfType).then(writeFields) : writeFields(isOfType);
}
