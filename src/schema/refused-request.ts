import { type ASTNode, GraphQLError } from 'graphql';

/** The error of a request that must be changed before it is sent again. @param details extensions beside code and advice. */
export function refusedRequest(message: string, details: object, nodes: ASTNode | null = null): GraphQLError {
  return new GraphQLError(message, { nodes, extensions: { code: 'INVALID_INPUT', retry: 'NEVER', ...details } });
}
