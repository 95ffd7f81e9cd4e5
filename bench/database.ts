/** Queries of a benchmark to the server's database, each on a connection that is closed afterwards. */
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { ConnectionParameters } from '../src/db/embedded-postgres.ts';

const POLL_MS = 50;
const DRAIN_TIMEOUT_MS = 120_000;

export interface Counters {
  /** Transactions that wrote something, since the database was made. */
  readonly written: number;
  /** Transactions that were committed, those that only read included; some seconds late. */
  readonly committed: number;
  /** Bytes of the write-ahead log. */
  readonly walBytes: number;
}

export async function withClient<Result>(
  database: ConnectionParameters,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ ...database });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/**
 * What autovacuum does within a minute. Until then, plans assume empty tables, and a round would pay for the dead rows of the round before it.
 */
export function vacuum(database: ConnectionParameters): Promise<unknown> {
  return withClient(database, (client) => client.query('VACUUM ANALYZE'));
}

/** @param table a name of ours. */
export function countRows(database: ConnectionParameters, table: string): Promise<number> {
  return withClient(database, async (client) => {
    const { rows } = await client.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${table}`);
    return rows[0]?.count ?? 0;
  });
}

/** Waits until no job is left and every sent copy is stored. @returns the counters at that instant. @throws after two minutes. */
export function whenQueueIsEmpty(database: ConnectionParameters): Promise<Counters> {
  return withClient(database, async (client) => {
    const deadline = performance.now() + DRAIN_TIMEOUT_MS;
    while (performance.now() < deadline) {
      // The next transaction's number, read without taking one.
      const { rows } = await client.query<Counters & { jobs: number }>(
        `SELECT (SELECT count(*)::int FROM graphile_worker.jobs)
             + (SELECT count(*)::int FROM outbound_email WHERE status = 'SENT' AND sent_copy_fetched_at IS NULL) AS jobs,
           pg_snapshot_xmax(pg_current_snapshot())::text::float8 AS written,
           (SELECT sum(xact_commit)::float8 FROM pg_stat_database) AS committed,
           (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::float8 AS "walBytes"`,
      );
      const [row] = rows;
      if (row?.jobs === 0) return row;
      await delay(POLL_MS);
    }
    throw new Error('the queue did not become empty');
  });
}
