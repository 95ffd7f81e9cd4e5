import { DatabaseError } from 'pg';

/** Data exception, integrity constraint violation, program limit exceeded. https://www.postgresql.org/docs/current/errcodes-appendix.html */
const DATA_CLASSES = new Set(['22', '23', '54']);

/**
 * Whether a statement failed because of the data to be written, so that it would fail again with the same data. False for
 * errors that may pass (a lost connection, a full disk, a shutdown, a deadlock) and for unknown ones.
 */
export function isDataError(error: unknown): boolean {
  // Limits of Node.js, such as the length of a string.
  if (error instanceof RangeError) return true;
  return error instanceof DatabaseError && DATA_CLASSES.has(error.code?.slice(0, 2) ?? '');
}
