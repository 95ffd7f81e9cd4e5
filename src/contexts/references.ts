import type { Sql } from '../db/client.ts';
import { type Fragment, sql } from '../db/statement.ts';
import { type InputIssue, InvalidInputError, NotFoundError } from '../errors.ts';
import type { ContextRef } from './kind.ts';
import type { ContextLink } from './links.ts';
import { contextKind, KIND_ALLOWED } from './registry.ts';

export interface ContextInput {
  readonly type: string;
  readonly uid?: string | null;
  readonly externalId?: string | null;
}

/** A reference whose form is valid. One of `uid` and `externalId` is null. */
export interface ContextName {
  readonly type: string;
  readonly uid: string | null;
  readonly externalId: string | null;
}

/** An entity that was found, by its index among the names. */
export interface FoundContext extends ContextRef {
  readonly index: number;
  /** What it belongs to. Null: nothing. */
  readonly parentType: string | null;
  readonly parentId: string | null;
}

const MAX_CONTEXTS = 50;
const MAX_EXTERNAL_ID_LENGTH = 255;

/** Reports what is wrong with the form of a list of references. @param path of the list. */
export function parseContextNames(
  inputs: readonly ContextInput[] | null | undefined,
  path: string,
  issues: InputIssue[],
): ContextName[] {
  if ((inputs ?? []).length > MAX_CONTEXTS) {
    issues.push({ path, message: `At most ${MAX_CONTEXTS} contexts are allowed.` });
    return [];
  }
  return (inputs ?? []).map((input, index) => parseContextName(input, `${path}.${index}`, issues));
}

/** Reports what is wrong with the form of a reference. @param path of the reference. */
export function parseContextName(input: ContextInput, path: string, issues: InputIssue[]): ContextName {
  const { type, uid = null, externalId = null } = input;
  if (contextKind(type) === undefined) {
    issues.push({ path: `${path}.type`, message: KIND_ALLOWED });
  }
  if ((uid === null) === (externalId === null)) issues.push({ path, message: 'Give either uid or externalId.' });
  if (externalId !== null && (externalId.length > MAX_EXTERNAL_ID_LENGTH || externalId.includes('\0'))) {
    const message = `Must have at most ${MAX_EXTERNAL_ID_LENGTH} characters, and none of them NUL.`;
    issues.push({ path: `${path}.externalId`, message });
  }
  return { type, uid, externalId };
}

/** @throws {InvalidInputError} with every issue. */
export function requireContextName(input: ContextInput, path: string): ContextName {
  const issues: InputIssue[] = [];
  const name = parseContextName(input, path, issues);
  if (issues.length > 0) throw new InvalidInputError(issues);
  return name;
}

/** A scalar subquery that finds the named entities of an organization: `FoundContext[]` as JSON. */
export function selectContexts(organizationId: string, names: readonly ContextName[]): Fragment {
  return sql`(SELECT coalesce(json_agg(json_build_object('index', n.position - 1, 'type', c.type, 'id', c.id,
      'parentType', c.parent_type, 'parentId', c.parent_id)), '[]')
    FROM unnest(${names.map(({ type }) => type)}::text[], ${names.map(({ uid }) => uid)}::uuid[],
      ${names.map(({ externalId }) => externalId)}::text[]) WITH ORDINALITY n(type, uid, external_id, position)
    JOIN context_entity c ON c.organization_id = ${organizationId} AND c.type = n.type
      AND (c.id = n.uid OR c.external_id = n.external_id))`;
}

/**
 * The links of an email about these entities: one per entity, the first named being the main one.
 * @throws {NotFoundError} for the first name that was not found.
 */
export function linksOf(names: readonly ContextName[], found: readonly FoundContext[]): ContextLink[] {
  const byIndex = new Map(found.map((entity) => [entity.index, entity]));
  const links = new Map<string, ContextLink>();
  for (const [index, name] of names.entries()) {
    const entity = byIndex.get(index);
    if (entity === undefined) {
      throw new NotFoundError(contextKind(name.type)?.typename ?? name.type, name.uid, name.externalId);
    }
    const { type, id } = entity;
    if (!links.has(`${type} ${id}`)) links.set(`${type} ${id}`, { type, id, position: links.size });
  }
  for (const { parentType: type, parentId: id } of found) {
    if (type === null || id === null || links.has(`${type} ${id}`)) continue;
    links.set(`${type} ${id}`, { type, id, position: null });
  }
  return [...links.values()];
}

/** As `linksOf`, of entities that are looked for now. @throws {NotFoundError} for the first name that was not found. */
export async function findContexts(
  connection: Sql,
  organizationId: string,
  names: readonly ContextName[],
): Promise<ContextLink[]> {
  if (names.length === 0) return [];
  const { rows } = await connection.query<{ found: FoundContext[] }>(
    sql`SELECT ${selectContexts(organizationId, names)} AS found`,
  );
  return linksOf(names, rows[0]?.found ?? []);
}
