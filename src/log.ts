import { type DestinationStream, type Logger, pino } from 'pino';
import { currentRequest } from './request-scope.ts';

export type { Logger } from 'pino';

/**
 * JSON lines, on stdout by default. A log line never contains a mail body, an address or a token: log ids, codes and counts, and of an
 * unexpected error only the result of `describeError`. A line of a request, or of what it started, has its `requestId`.
 */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const mixin = () => {
    const requestId = currentRequest()?.id;
    return requestId === undefined ? {} : { requestId };
  };
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, mixin };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** Our message for a database that does not answer. `pg` uses it for a statement that took too long. */
export const SILENT_DATABASE = 'Query read timeout';

/** Messages of `pg` and its pool about a connection, word for word. These errors have no code and quote nothing. */
export const CONNECTION_MESSAGES: ReadonlySet<string> = new Set([
  'timeout exceeded when trying to connect',
  'timeout expired',
  'Connection terminated',
  'Connection terminated unexpectedly',
  'Connection terminated due to connection timeout',
  'Client has encountered a connection error and is not queryable',
  'Client was closed and is not queryable',
  SILENT_DATABASE,
]);

/**
 * The loggable part of an unexpected error: its class, code and stack frames, never its properties, and its message only if it is one of
 * a few constants.
 */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { name: typeof error };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  // The stack starts with the message, in which a line of a mail body may look like a frame.
  const trace = error.stack?.split(error.message).at(-1);
  const frames = trace?.split('\n').filter((line) => /^\s+at /.test(line));
  const cause = error.cause === undefined ? undefined : describeError(error.cause);
  const message = CONNECTION_MESSAGES.has(error.message) ? error.message : undefined;
  return { name: error.name, code, message, frames: frames?.slice(0, 12).map((line) => line.trim()), cause };
}
