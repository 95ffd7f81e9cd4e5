import { getOperationAST } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { App } from '../app.ts';
import { scopeToOrganization, withFallback } from '../db/tenant.ts';
import type { Context } from '../schema/context.ts';

/**
 * Lets the read replica answer queries, if there is one: those of callers whose writes it is known to have. A mutation and its payload
 * are read from the primary, and so is a query that fails on the replica.
 */
export function readQueries({ replica, logFailure }: App): Plugin<Context> {
  if (replica === null) return {};
  return {
    onExecute({ args: { document, operationName, contextValue }, extendContext }) {
      const { identity, db, bodiesOn } = contextValue;
      if (getOperationAST(document, operationName)?.operation === 'mutation') {
        // Also of one that has failed: a part of it may have been carried out.
        return { onExecuteDone: () => replica.noteWrite(identity.actor) };
      }
      const client = replica.clientFor(identity.actor);
      if (client === null) return undefined;
      const onReplica = withFallback(scopeToOrganization(client, identity.organizationId), db, (error) =>
        logFailure(error, 'a query failed on the read replica'),
      );
      extendContext({ db: onReplica, bodies: bodiesOn(onReplica) });
      return undefined;
    },
  };
}
