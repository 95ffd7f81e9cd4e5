import { GraphQLError } from 'graphql';
import type { Scope } from '../auth/scopes.ts';

/** The caller is known but may not do this. */
export class ForbiddenError extends GraphQLError {
  /** @param needed the scope that is missing, null when more than one could be. */
  constructor(needed: Scope | string | null) {
    const message =
      needed === null ? 'This key may not do that.' : `This needs the scope ${needed}, which this key does not have.`;
    super(message, { extensions: { code: 'FORBIDDEN', retry: 'NEVER' } });
  }
}
