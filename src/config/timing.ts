export const DAY_MS = 86_400_000;

/** Durations that are not configurable, in milliseconds. Tests shorten them. */
export const TIMING = {
  /** Interval between heartbeats of a process. */
  heartbeatMs: 3_000,
  /** A process whose last heartbeat is older is not ready. */
  unreadyAfterMs: 10_000,
  /**
   * The other processes consider a process dead when its last heartbeat is older, and take over its work: four missed heartbeats.
   * Together with the next check and the queue's polling, work continues within 20 s.
   */
  deadAfterMs: 12_000,
  /**
   * Deadline for a request to arrive completely, including its wait for memory. A client that reads nothing of its answer for
   * this long is disconnected.
   */
  requestMs: 60_000,
  /** How long requests, jobs and sends under way may take after a process was told to stop. */
  drainMs: 30_000,
  /** How long to wait for a database connection, new or from the pool. */
  databaseConnectMs: 10_000,
  /** PostgreSQL cancels a statement after this. */
  statementMs: 25_000,
  /** A database connection is given up when nothing was sent or received on it for this long. Above `statementMs`. */
  databaseSilenceMs: 30_000,
  /** Interval between measurements of the clock. */
  clockMs: 10_000,
  /** Interval between runs of `requeue-overdue`, over all processes. */
  requeueOverdueMs: 60_000,
  /** Interval between runs of each task that is not urgent, over all processes. */
  upkeepMs: 600_000,
};

/** Pauses between attempts of an email that Gmail could not take: the first one, doubled after each attempt up to the longest. */
export const RETRY_PAUSE = { firstMs: 5_000, maxMs: 1_800_000 };

/** Truncated exponential backoff. Its jitter spreads what one outage has deferred. */
export function backoffMs(failures: number, { firstMs, maxMs }: typeof RETRY_PAUSE): number {
  return Math.round(Math.min(firstMs * 2 ** failures, maxMs) * (0.75 + Math.random() / 2));
}

export type Timing = Readonly<typeof TIMING>;
