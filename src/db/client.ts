import { Socket } from 'node:net';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from '#generated/prisma/client.ts';
import { TIMING, type Timing } from '../config/timing.ts';
import { type Logger, SILENT_DATABASE } from '../log.ts';
import { createFailureLog, type FailureLog } from './failure-log.ts';
import { createStatementNames } from './statement-names.ts';

/** The whole database, every organization's rows: for authentication, jobs and start-up only. Requests use `TenantDb`. */
export type Db = PrismaClient;

/** The pool that Prisma, the job queue and the hand-written statements share. */
export type Pool = pg.Pool;

/** A pool or one of its connections. */
export type Sql = Pick<pg.ClientBase, 'query'>;

/** Each process of PostgreSQL takes some 14 MB under load. More connections than these make a process no faster. */
const POOL_SIZE = 8;
/** A process that is paused in the middle of a transaction must not block the others by its locks. */
const IDLE_IN_TRANSACTION_MS = 10_000;

/** For every connection: a request fails with an error instead of waiting for a database that is away. */
export const CONNECTING: pg.PoolConfig = {
  connectionTimeoutMillis: TIMING.databaseConnectMs,
  // Node.js probes an idle connection after this, then every second, and gives it up after ten probes.
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
};

/** What every session sets. A pooler that pools by transaction sets it once for each connection to PostgreSQL (ops/pgbouncer.ini). */
export function sessionSettings({ statementMs }: Pick<Timing, 'statementMs'>): Readonly<Record<string, string>> {
  return {
    idle_in_transaction_session_timeout: String(IDLE_IN_TRANSACTION_MS),
    statement_timeout: String(statementMs),
    // A page joins some fifty rows, but PostgreSQL allocates memory for the joins of all rows of the organization, 1.5 ms at a million.
    enable_memoize: 'off',
    // Indexes are read from memory or from an SSD. By PostgreSQL's default of 4, it reads whole tables to join some thousand rows.
    random_page_cost: '1.1',
  };
}

/**
 * Opens a pool. The first connection is opened when it is needed.
 * @param options.isPooled whether a pooler stands in between that pools by transaction: it has no sessions to set anything in.
 */
export function openPool(
  config: pg.PoolConfig,
  logFailure: FailureLog,
  timing: Timing,
  { isPooled = false } = {},
): { readonly pool: Pool; close(): Promise<void> } {
  const settings = Object.entries(sessionSettings(timing)).map(([name, value]) => `SET ${name} = ${value}`);
  const pool = new pg.Pool({
    max: POOL_SIZE,
    ...CONNECTING,
    connectionTimeoutMillis: timing.databaseConnectMs,
    ...config,
    onConnect: async (client) => {
      limitSilence(client, timing.databaseSilenceMs);
      // By a statement, because PgBouncer refuses start-up parameters that it does not know.
      if (!isPooled) await client.query(settings.join('; '));
    },
  });
  // Without a listener, an idle connection that the server closes would end the process.
  let closing = false;
  const lost = (error: Error) => {
    // `pool.end` does not wait until the connections are closed, and an embedded server may be gone before.
    if (!closing) logFailure(error, 'database connection lost');
  };
  pool.on('error', lost);
  pool.on('connect', (client) => client.on('error', lost));
  return {
    pool,
    async close() {
      closing = true;
      await pool.end();
    },
  };
}

/** Opens the pool and Prisma's client on it. @param options as those of `openPool`. */
export function openDatabase(
  config: pg.PoolConfig,
  log: Logger,
  timing: Timing = TIMING,
  options: { readonly isPooled?: boolean } = {},
) {
  const logFailure = createFailureLog(log);
  const { pool, close } = openPool(config, logFailure, timing, options);
  const db = new PrismaClient({
    adapter: new PrismaPg(pool, { statementNameGenerator: createStatementNames() }),
    errorFormat: 'minimal',
    // A search runs in a transaction, and may take as long as any other statement. Prisma's default is 5 s.
    transactionOptions: { maxWait: timing.databaseConnectMs, timeout: timing.databaseSilenceMs },
  });
  return {
    db,
    pool,
    logFailure,
    async close(): Promise<void> {
      await db.$disconnect();
      await close();
    },
  };
}

export type Database = ReturnType<typeof openDatabase>;

/**
 * Gives up a connection when nothing was sent or received on it for `silenceMs`, whether a statement is under way or not: the
 * network may have failed silently. Its statement fails, and it does not return to the pool. A statement may take longer while
 * bytes are on their way, such as those of a large file.
 * @param silenceMs 0 turns this off.
 */
export function limitSilence(client: pg.ClientBase, silenceMs: number): void {
  if (!(client instanceof pg.Client)) return;
  const { stream } = client.connection;
  if (!(stream instanceof Socket)) return;
  stream.setTimeout(silenceMs, () => stream.destroy(new Error(SILENT_DATABASE)));
}

/** serialization_failure, deadlock_detected. */
const TRANSIENT = new Set(['40001', '40P01']);
const MAX_ATTEMPTS = 6;

/**
 * Runs `work` in one transaction on one connection; a throw rolls back. If two transactions wait for each other, PostgreSQL ends one
 * of them, and that one is run again.
 * @param work may run six times: everything that it changes is in the database. Keep the network out of it.
 * @param options.isLarge closes the connection afterwards: PostgreSQL's process would keep the memory that it allocated.
 */
export async function inTransaction<Result>(
  pool: Pool,
  work: (tx: Sql) => Promise<Result>,
  { isLarge = false } = {},
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transact(pool, work, isLarge);
    } catch (error) {
      if (attempt === MAX_ATTEMPTS || !isTransient(error)) throw error;
    }
  }
}

function isTransient(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && TRANSIENT.has(error.code);
}

async function transact<Result>(pool: Pool, work: (tx: Sql) => Promise<Result>, isLarge: boolean): Promise<Result> {
  const client = await pool.connect();
  let broken = false;
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    // A connection that cannot even roll back must not return to the pool.
    await client.query('ROLLBACK').catch(() => {
      broken = true;
    });
    throw error;
  } finally {
    client.release(broken || isLarge);
  }
}
