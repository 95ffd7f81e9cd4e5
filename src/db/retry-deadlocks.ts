/** serialization_failure, deadlock_detected. */
const TRANSIENT = new Set(['40001', '40P01']);
const MAX_ATTEMPTS = 6;

/**
 * For a transaction that cannot lock all it needs in one order: when two wait for each other PostgreSQL ends one of them,
 * and that one begins anew.
 * @param transact one whole transaction; it may run six times.
 */
export async function retryDeadlocks<Result>(transact: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transact();
    } catch (error) {
      if (attempt === MAX_ATTEMPTS || !isTransient(error)) throw error;
    }
  }
}

function isTransient(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && TRANSIENT.has(error.code);
}
