import { DomainError } from '../errors.ts';

/** The permissions of a caller. A key has a set of them. */
export const SCOPES = [
  'email:read',
  'email:send',
  'drafts:write',
  'accounts:manage',
  'contexts:write',
  'keys:manage',
] as const;
export type Scope = (typeof SCOPES)[number];

export function isScope(value: string): value is Scope {
  return SCOPES.some((scope) => scope === value);
}

/** The caller is known but may not do this. */
export class ForbiddenError extends DomainError {
  readonly code = 'FORBIDDEN';
  readonly retry = 'NEVER';
  /** @param needed the missing scope; null when any of several would do. */
  constructor(needed: string | null) {
    super(
      needed === null
        ? 'The API key does not have the required scopes.'
        : `The API key does not have the scope ${needed}, which this needs.`,
    );
  }
}

/** @throws {ForbiddenError} naming the scope. */
export function requireScope({ scopes }: { readonly scopes: ReadonlySet<Scope> }, scope: Scope): void {
  if (!scopes.has(scope)) throw new ForbiddenError(scope);
}
