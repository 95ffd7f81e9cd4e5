import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from '#generated/prisma/client.ts';
import { describeError, type Logger } from '../log.ts';

/** The whole database, every organization's rows: for authentication, jobs and start-up only. Requests use `TenantDb`. */
export type Db = PrismaClient;

/** The pool that Prisma and the hand-written statements of the send path share. */
export type Pool = pg.Pool;

/** What both a pool and one of its connections can do. */
export type Sql = Pick<pg.ClientBase, 'query'>;

const POOL_SIZE = 16;
/** A process that is paused in the middle of a transaction must not keep the others from what it has locked. */
const IDLE_IN_TRANSACTION_MS = 10_000;
/** Better an error than a request that waits for a database that is away. */
const CONNECT_TIMEOUT_MS = 10_000;

export interface Database {
  readonly db: Db;
  readonly pool: Pool;
  close(): Promise<void>;
}

/** Opens the pool; the first connection is made when it is needed. */
export function openDatabase(config: pg.PoolConfig, log: Logger): Database {
  const pool = new pg.Pool({
    max: POOL_SIZE,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    ...config,
  });
  // Without a listener an idle connection that the server closes would end the process.
  let closing = false;
  const lost = (error: Error) => {
    // `pool.end` does not wait for the goodbyes: an embedded server may be gone before they are said.
    if (!closing) log.warn({ error: describeError(error) }, 'database connection lost');
  };
  pool.on('error', lost);
  pool.on('connect', (client) => client.on('error', lost));
  const db = new PrismaClient({ adapter: new PrismaPg(pool), errorFormat: 'minimal' });
  return {
    db,
    pool,
    async close() {
      closing = true;
      await db.$disconnect();
      await pool.end();
    },
  };
}

/**
 * Runs `work` in one transaction on one connection; a throw rolls back. Keep the network out of it.
 * @param options.isLarge closes the connection afterwards: its process at the server would keep the memory it has needed.
 */
export async function inTransaction<Result>(
  pool: Pool,
  work: (tx: Sql) => Promise<Result>,
  { isLarge = false } = {},
): Promise<Result> {
  const client = await pool.connect();
  let broken = false;
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    // A connection that cannot even roll back must not go back into the pool.
    await client.query('ROLLBACK').catch(() => {
      broken = true;
    });
    throw error;
  } finally {
    client.release(broken || isLarge);
  }
}
