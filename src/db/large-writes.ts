import PQueue from 'p-queue';
import { inTransaction, type Pool, type Sql } from './client.ts';

/** As many as there are processors to do it, on a small machine. */
const LARGE_WRITES_AT_ONCE = 2;
/** Files up to this size together are written without waiting for others. */
export const MAX_SMALL_BYTES = 1_000_000;

/**
 * Runs the transactions that write large files, few at a time: while a large file is written, it is in memory five more times,
 * mostly in PostgreSQL.
 */
export function createLargeWrites(pool: Pool) {
  const queue = new PQueue({ concurrency: LARGE_WRITES_AT_ONCE });
  return {
    /** Runs `work` in one transaction when its turn has come. Until then it holds no connection. */
    run: <Result>(work: (tx: Sql) => Promise<Result>) => queue.add(() => inTransaction(pool, work, { isLarge: true })),
  };
}

export type LargeWrites = ReturnType<typeof createLargeWrites>;

/** Runs `work`, which writes these files, in one transaction. Large files wait in the queue. */
export function inTransactionWithFiles<Result>(
  { pool, largeWrites }: { readonly pool: Pool; readonly largeWrites: LargeWrites },
  files: readonly { readonly bytes: Uint8Array }[],
  work: (tx: Sql) => Promise<Result>,
): Promise<Result> {
  const size = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
  return size > MAX_SMALL_BYTES ? largeWrites.run(work) : inTransaction(pool, work);
}
