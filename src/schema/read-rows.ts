import { findRows } from '../db/find-rows.ts';
import type { Context } from './context.ts';

/** The rows of a list: by a prepared statement when `query` is plain, by Prisma otherwise. */
export async function readRows<Row>(
  { app, identity }: Pick<Context, 'app' | 'identity'>,
  model: string,
  query: object,
  findMany: () => PromiseLike<Row[]>,
): Promise<Row[]> {
  const rows = await findRows(app.pool, identity.organizationId, model, query);
  // The statement selects what Prisma would: hence the type.
  return rows === null ? findMany() : (rows as Row[]);
}
