/**
 * Binds queries to an organization, and is the only place that does. A request's client adds `organizationId` to the `where` of
 * every read and write and to every row it creates, so that a resolver cannot forget it. The client has only the models: raw SQL
 * and transactions would bypass the binding. Relations are safe, because foreign keys include the organization.
 *
 * A client extension of Prisma would do the same, but Prisma then visits every row of every result once more: a fifth of the CPU
 * of a list.
 */
import { Prisma } from '#generated/prisma/client.ts';
import type { Db } from './client.ts';

type Operation = Record<string, unknown>;

function isObject(value: unknown): value is Operation {
  return typeof value === 'object' && value !== null;
}

/** The arguments of one operation, with the organization wherever rows are selected or created. */
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

type Run = (operation: Prisma.PrismaPromise<unknown>) => unknown;

/** The operations of one model, each bound to `own`. @param run starts an operation. */
function bindModel(delegate: object, own: Operation, run: Run): unknown {
  return new Proxy(delegate, {
    get(target, operation) {
      const method: unknown = Reflect.get(target, operation);
      if (typeof operation !== 'string' || typeof method !== 'function') return method;
      return (args: unknown): unknown =>
        run(method.call(target, bindTo(own, operation, args)) as Prisma.PrismaPromise<unknown>);
    },
  });
}

/** Pothos recognises a client by its `$connect`. */
export interface TenantDb extends Pick<Db, '$connect' | Uncapitalize<Prisma.ModelName>> {
  /** For reads of what a search finds: to them, the views FoundOutboundEmail, FoundMessage and FoundCount tell it. @param query a tsquery. */
  searching(query: string): TenantDb;
}

/** A client that reads and writes only the rows of one organization. */
export function scopeToOrganization(db: Db, organizationId: string): TenantDb {
  return bindModels(db, organizationId, (operation) => operation);
}

/** Each operation runs in a transaction with the search, for which a connection of a pool has no other place. */
function searchIn(db: Db, organizationId: string, query: string): TenantDb {
  return bindModels(db, organizationId, async (operation) => {
    const setSearch = db.$queryRaw`SELECT set_config('epistle.search', ${query}, true)`;
    const [, found] = await db.$transaction([setSearch, operation]);
    return found;
  });
}

function bindModels(db: Db, organizationId: string, run: Run): TenantDb {
  const models = Object.values(Prisma.ModelName).map((model) => {
    const name = `${model.charAt(0).toLowerCase()}${model.slice(1)}`;
    const own = { [model === 'Organization' ? 'id' : 'organizationId']: organizationId };
    return [name, bindModel(Reflect.get(db, name), own, run)];
  });
  // The keys are the names of the models, which the type states.
  return {
    ...Object.fromEntries(models),
    $connect: () => db.$connect(),
    searching: (query: string) => searchIn(db, organizationId, query),
  } as TenantDb;
}

/** Reads with `first`, and what fails there with `second`. @param failed gets the error of `first`. */
export function withFallback(first: TenantDb, second: TenantDb, failed: (error: unknown) => void): TenantDb {
  return new Proxy(first, {
    get(target, model) {
      if (model === 'searching') {
        return (query: string) => withFallback(first.searching(query), second.searching(query), failed);
      }
      const delegate: unknown = Reflect.get(target, model);
      if (typeof delegate !== 'object' || delegate === null) return delegate;
      const fallback: unknown = Reflect.get(second, model);
      return bindFallback(delegate, fallback, failed);
    },
  });
}

function bindFallback(delegate: object, fallback: unknown, failed: (error: unknown) => void): unknown {
  return new Proxy(delegate, {
    get(target, operation) {
      const run: unknown = Reflect.get(target, operation);
      if (typeof run !== 'function' || !isObject(fallback)) return run;
      return async (args: unknown): Promise<unknown> => {
        try {
          return await run(args);
        } catch (error) {
          failed(error);
          const again = fallback[String(operation)];
          if (typeof again !== 'function') throw error;
          return again(args);
        }
      };
    },
  });
}
