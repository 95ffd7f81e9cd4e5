/**
 * Compares a variable with its type, and reports every difference with its path. GraphQL's own check names the object in which a field is
 * missing or unknown instead of the field, and repeats the value, which may be a mail body.
 */
import {
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLLeafType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredInputField,
} from 'graphql';
import { expectationOf, placeholderOf } from './expected-values.ts';

/** The differences that were found. */
export interface Report {
  /** @param path dotted, from the variable on: `.fresh.to.1`. The variable itself: ''. */
  add(path: string, message: string): void;
  /** Whether enough was found: further scalars are not checked, and replaced. */
  isFull(): boolean;
}

/** Names come from the client. */
const MAX_NAME_LENGTH = 64;

/** @returns the value, with a placeholder in place of each part that was reported. */
export function fitInput(value: unknown, type: GraphQLInputType, path: string, report: Report): unknown {
  if (isNonNullType(type)) {
    if (value != null) return fitInput(value, type.ofType, path, report);
    report.add(path, requirementOf(type.ofType));
    return standInFor(type.ofType);
  }
  if (value == null) return value;
  if (isListType(type)) {
    // One item may be given without brackets.
    if (!Array.isArray(value)) return fitInput(value, type.ofType, path, report);
    return value.map((item, index) => fitInput(item, type.ofType, `${path}.${index}`, report));
  }
  return isInputObjectType(type) ? fitObject(value, type, path, report) : fitLeaf(value, type, path, report);
}

function fitObject(value: unknown, type: GraphQLInputObjectType, path: string, report: Report): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    report.add(path, requirementOf(type));
    return standInFor(type);
  }
  const fields = type.getFields();
  const fitted = new Map<string, unknown>();
  for (const [name, given] of Object.entries(value)) {
    const field = fields[name];
    if (field === undefined) report.add(pathOf(path, name), `${type.name} has no such field, only ${namesOf(type)}.`);
    else fitted.set(name, fitInput(given, field.type, pathOf(path, name), report));
  }
  for (const field of Object.values(fields)) {
    if (!isRequiredInputField(field) || fitted.has(field.name)) continue;
    fitted.set(field.name, fitInput(null, field.type, pathOf(path, field.name), report));
  }
  return Object.fromEntries(type.isOneOf ? fitOneOf(fitted, type, path, report) : fitted);
}

/** Exactly one field, and not null. */
function fitOneOf(
  fitted: ReadonlyMap<string, unknown>,
  type: GraphQLInputObjectType,
  path: string,
  report: Report,
): [string, unknown][] {
  const [first, ...others] = fitted;
  if (first !== undefined && others.length === 0 && first[1] !== null) return [first];
  if (first === undefined || others.length > 0) report.add(path, `Give exactly one of ${namesOf(type)}.`);
  else report.add(pathOf(path, first[0]), 'Must not be null.');
  return Object.values(type.getFields())
    .slice(0, 1)
    .map((field) => [field.name, standInFor(field.type)]);
}

function fitLeaf(value: unknown, type: GraphQLLeafType, path: string, report: Report): unknown {
  if (report.isFull()) return placeholderOf(type);
  try {
    if (type.coerceInputValue(value) !== undefined) return value;
  } catch {
    // Its message repeats the value.
  }
  report.add(path, expectationOf(type));
  return placeholderOf(type);
}

/** A value that fits. */
export function standInFor(type: GraphQLInputType): unknown {
  if (isNonNullType(type)) return standInFor(type.ofType);
  if (isListType(type)) return [];
  return isInputObjectType(type) ? fitObject({}, type, '', IGNORED) : placeholderOf(type);
}

const IGNORED: Report = { add: () => {}, isFull: () => true };

function requirementOf(type: GraphQLInputType): string {
  if (isListType(type)) return 'Required: a list.';
  if (isInputObjectType(type)) return `Must be an object with the fields of ${type.name}: ${namesOf(type)}.`;
  return isNonNullType(type) ? requirementOf(type.ofType) : `Required. ${expectationOf(type)}`;
}

function namesOf(type: GraphQLInputObjectType): string {
  return Object.keys(type.getFields()).join(', ');
}

function pathOf(parent: string, name: string): string {
  return /^\w+$/.test(name) && name.length <= MAX_NAME_LENGTH ? `${parent}.${name}` : parent;
}
