import { CONNECTION_MESSAGES } from '../log.ts';

/**
 * Whether an error means that the database cannot work now: stopped, starting, unreachable, silent, read-only, or out of disk
 * space, memory or connections. Any other error of a statement is a bug, or is about the data.
 */

/**
 * Of PostgreSQL: the classes 08 (connection exceptions) and 53 (insufficient resources), and these.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const SQLSTATES = new Set([
  '25006', // read_only_sql_transaction: a standby, or a server that an operator made read-only
  '25P03', // idle_in_transaction_session_timeout: this process stalled in the middle of a transaction
  '57014', // query_canceled: by an operator, or by `statement_timeout`
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '57P05', // idle_session_timeout
  '58030', // io_error
]);

/** Of Prisma: not reached, timed out, closed, no connection free; P2028, also for a transaction; and P2037, too many connections. */
const PRISMA_CODES = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028', 'P2037']);

/** Prisma's adapter's names for the codes of a socket. */
const ADAPTER_KINDS = new Set(['ConnectionClosed', 'DatabaseNotReachable', 'SocketTimeout', 'TooManyConnections']);

/** Codes of the socket. A missing Unix socket is ENOENT. */
const SOCKET_CODES = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

/** For an error of a statement or of a connection to the database, by `pg` or Prisma. */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (error instanceof AggregateError) {
    // A host with several addresses, of which none answers.
    return error.errors.length > 0 && error.errors.every(isDatabaseUnavailable);
  }
  if (!(error instanceof Error)) return false;
  if (CONNECTION_MESSAGES.has(error.message)) return true;
  const code = textOf(error, 'code');
  if (code !== null && (isSqlState(code) || PRISMA_CODES.has(code) || isSocketFailure(error, code))) return true;
  return isAdapterFailure(error);
}

function isSqlState(code: string): boolean {
  return SQLSTATES.has(code) || /^(?:08|53)[0-9A-Z]{3}$/.test(code);
}

function isSocketFailure(error: Error, code: string): boolean {
  // Prisma passes the code on, without the error.
  if (error.name === 'PrismaClientKnownRequestError') return SOCKET_CODES.has(code) || code === 'ENOENT';
  const syscall = textOf(error, 'syscall');
  return syscall !== null && (SOCKET_CODES.has(code) || (code === 'ENOENT' && syscall === 'connect'));
}

/**
 * Prisma's codes for errors of PostgreSQL that it does not know are P2010 and P2039. The adapter's error is in `meta`; outside of
 * Prisma it is the error itself.
 */
function isAdapterFailure(error: Error): boolean {
  const meta = propertyOf(error, 'meta');
  const thrown = propertyOf(meta, 'driverAdapterError') ?? (error.name === 'DriverAdapterError' ? error : null);
  const cause = propertyOf(thrown, 'cause');
  const code = textOf(cause, 'originalCode');
  const kind = textOf(cause, 'kind');
  return (code !== null && isSqlState(code)) || (kind !== null && ADAPTER_KINDS.has(kind));
}

function propertyOf(value: unknown, property: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, property) : undefined;
}

function textOf(value: unknown, property: string): string | null {
  const text = propertyOf(value, property);
  return typeof text === 'string' ? text : null;
}
