import type PQueue from 'p-queue';
import { inTransaction, type Pool, type Sql } from './client.ts';

/** Files up to this size together are written without waiting for others. */
export const MAX_SMALL_BYTES = 1_000_000;

/** Runs `work`, which writes these files, in one transaction. Large files wait in the queue, without a connection. */
export function inTransactionWithFiles<Result>(
  { pool, largeWrites }: { readonly pool: Pool; readonly largeWrites: PQueue },
  files: readonly { readonly bytes: Uint8Array }[],
  work: (tx: Sql) => Promise<Result>,
): Promise<Result> {
  const size = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (size <= MAX_SMALL_BYTES) return inTransaction(pool, work);
  return largeWrites.add(() => inTransaction(pool, work, { isLarge: true }));
}
