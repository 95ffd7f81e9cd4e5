/**
 * Whether an error means that the database is away: stopped, starting, unreachable, or out of connections. Everything else
 * that a statement may throw is a mistake of ours, or of the schema, and must not be taken for the weather.
 */

/** Of PostgreSQL: class 08 (connection exceptions) and these. https://www.postgresql.org/docs/current/errcodes-appendix.html */
const SQLSTATES = new Set([
  '53300', // too_many_connections
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
]);

/** Of Prisma: not reached, timed out, closed, no connection free; and P2037, too many connections. */
const PRISMA_CODES = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2037']);

/** What Prisma's adapter makes of a socket's code. */
const ADAPTER_KINDS = new Set(['ConnectionClosed', 'DatabaseNotReachable', 'SocketTimeout', 'TooManyConnections']);

/** Of the socket. A Unix socket that is gone is ENOENT. */
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

/** `pg` and its pool give these no code. */
const PG_MESSAGES = new Set([
  'timeout exceeded when trying to connect',
  'timeout expired',
  'Connection terminated',
  'Connection terminated unexpectedly',
  'Connection terminated due to connection timeout',
  'Client has encountered a connection error and is not queryable',
  'Client was closed and is not queryable',
]);

/** For an error of a statement or of a connection to the database, by `pg` or Prisma. */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (error instanceof AggregateError) {
    // A host with several addresses, none of which answers.
    return error.errors.length > 0 && error.errors.every(isDatabaseUnavailable);
  }
  if (!(error instanceof Error)) return false;
  if (PG_MESSAGES.has(error.message)) return true;
  const code = textOf(error, 'code');
  if (code !== null && (isSqlState(code) || PRISMA_CODES.has(code) || isSocketFailure(error, code))) return true;
  return isAdapterFailure(error);
}

function isSqlState(code: string): boolean {
  return SQLSTATES.has(code) || /^08[0-9A-Z]{3}$/.test(code);
}

function isSocketFailure(error: Error, code: string): boolean {
  // Prisma passes the code on, without what failed.
  if (error.name === 'PrismaClientKnownRequestError') return SOCKET_CODES.has(code) || code === 'ENOENT';
  const syscall = textOf(error, 'syscall');
  return syscall !== null && (SOCKET_CODES.has(code) || (code === 'ENOENT' && syscall === 'connect'));
}

/**
 * Prisma gives P2010 and P2039 to whatever PostgreSQL says that it has no code of its own for. What its adapter made of it is
 * in `meta`; seen from outside Prisma it is the error itself.
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
