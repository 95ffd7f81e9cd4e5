import type { Prisma } from '#generated/prisma/client.ts';
import type { DynamicFields } from './dynamic-fields.ts';

/** A relation of `ContextEntity` in `prisma/schema.prisma` that leads to the row of one kind. */
export type ContextRelation = Exclude<
  keyof Prisma.ContextEntityInclude,
  'organization' | 'parent' | 'children' | 'outboundEmails' | 'conversations' | 'search' | '_count'
>;

/**
 * A kind of business entity that an email can be about. A new kind is a table (with `context_type`, see the invoice's),
 * a file beside this one, one in `schema/`, and a line in `registry.ts` and in `schema/index.ts`: see docs/extending.md.
 */
export interface ContextKind<Type extends string = string> {
  /** What `ContextRefInput.type` takes and `context_type` holds. */
  readonly type: Type;
  /** The GraphQL type that it resolves to. */
  readonly typename: string;
  /** The relation that leads to its row. */
  readonly relation: ContextRelation;
  /** The tokens of templates about it. */
  readonly dynamicFields: DynamicFields;
  /** Its table, and SQL that is true of a row when nothing more is to be written about it. Null: it is never closed. */
  readonly closed: { readonly table: string; readonly when: string } | null;
}

/** Which entity an email is about. */
export interface ContextRef {
  readonly type: string;
  readonly id: string;
}
