import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/**
 * JSON lines, on stdout unless told otherwise. Nothing that passes here may hold a mail body, an address or a token: log ids, codes and
 * counts, and of an unexpected error only what `describeError` keeps.
 */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** What may be known of an unexpected error: its class, code and stack frames, never its message or properties. */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { name: typeof error };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  // The stack opens with the message, in which a line of a mail body may look like a frame.
  const trace = error.stack?.split(error.message).at(-1);
  const frames = trace?.split('\n').filter((line) => /^\s+at /.test(line));
  const cause = error.cause === undefined ? undefined : describeError(error.cause);
  return { name: error.name, code, frames: frames?.slice(0, 12).map((line) => line.trim()), cause };
}
