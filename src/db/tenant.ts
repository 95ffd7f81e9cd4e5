/**
 * The one place where queries are bound to an organization. A request's client adds `organizationId` to the `where` of
 * every read and write and to every row it creates, so that a resolver cannot forget. Relations need no such care:
 * foreign keys are composite with the organization.
 */
import type { Db } from './client.ts';

type Operation = Record<string, unknown>;

function isObject(value: unknown): value is Operation {
  return typeof value === 'object' && value !== null;
}

/** The arguments of one operation, with the organization in them wherever rows are chosen or made. */
function bindTo(own: Operation, operation: string, args: unknown): Operation {
  const bound: Operation = isObject(args) ? { ...args } : {};
  const withOwn = (value: unknown) => ({ ...(isObject(value) ? value : {}), ...own });
  if (operation.startsWith('create')) {
    bound.data = Array.isArray(bound.data) ? bound.data.map(withOwn) : withOwn(bound.data);
    return bound;
  }
  if (operation === 'upsert') bound.create = withOwn(bound.create);
  bound.where = withOwn(bound.where);
  return bound;
}

/** A client that sees and writes one organization's rows only. */
export function scopeToOrganization(db: Db, organizationId: string) {
  return db.$extends({
    name: 'organization',
    query: {
      $allModels: {
        async $allOperations({ model, operation, args, query }) {
          const own = { [model === 'Organization' ? 'id' : 'organizationId']: organizationId };
          return query(bindTo(own, operation, args));
        },
      },
    },
  });
}

export type TenantDb = ReturnType<typeof scopeToOrganization>;
