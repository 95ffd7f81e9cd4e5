import { describeError, type Logger } from '../log.ts';
import { isDatabaseUnavailable } from './unavailable.ts';

/**
 * Logs a failure as a warning. An unavailable database is logged at most once a second in the whole process, because an outage
 * fails everything at the same time.
 * @param fields ids, codes and counts; never content.
 */
export type FailureLog = (error: unknown, message: string, fields?: object) => void;

const PAUSE_MS = 1_000;

export function createFailureLog(log: Logger): FailureLog {
  let silentUntil = 0;
  return (error, message, fields = {}) => {
    if (isDatabaseUnavailable(error)) {
      if (performance.now() < silentUntil) return;
      silentUntil = performance.now() + PAUSE_MS;
    }
    log.warn({ ...fields, error: describeError(error) }, message);
  };
}
