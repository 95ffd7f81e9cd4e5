/** What a benchmark asks the server's database, over one connection that does not stay open. */
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

/** What autovacuum does within a minute of the first rows. Before, plans are made for tables that are empty. */
export function analyze(database: ConnectionParameters): Promise<unknown> {
  return withClient(database, (client) => client.query('ANALYZE'));
}

/** Waits until no job is left and every sent copy is stored. @returns the counters at that instant. @throws after two minutes. */
export function whenQueueIsEmpty(database: ConnectionParameters): Promise<Counters> {
  return withClient(database, async (client) => {
    const deadline = performance.now() + DRAIN_TIMEOUT_MS;
    while (performance.now() < deadline) {
      // The next transaction's number, read without taking one.
      const { rows } = await client.query<{ jobs: number; written: number; committed: number }>(
        `SELECT (SELECT count(*)::int FROM graphile_worker.jobs)
             + (SELECT count(*)::int FROM outbound_email WHERE status = 'SENT' AND read_back_at IS NULL) AS jobs,
           pg_snapshot_xmax(pg_current_snapshot())::text::float8 AS written,
           (SELECT sum(xact_commit)::float8 FROM pg_stat_database) AS committed`,
      );
      const [row] = rows;
      if (row?.jobs === 0) return row;
      await delay(POLL_MS);
    }
    throw new Error('the queue did not become empty');
  });
}
