/**
 * A kind of business entity that an email can be about. A new kind is a table (with `context_type`, see the invoice's),
 * a file beside this one, one in `schema/`, and a line in `registry.ts`.
 */
export interface ContextKind<Type extends string = string> {
  /** What `ContextRefInput.type` takes and `context_type` holds. */
  readonly type: Type;
  /** The GraphQL type that it resolves to. */
  readonly typename: string;
}

/** Which entity an email is about. */
export interface ContextRef {
  readonly type: string;
  readonly id: string;
}
