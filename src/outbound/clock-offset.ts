import type { App } from '../app.ts';

/** Leases and schedules have room for as much. */
const TOLERATED_MS = 5_000;

/**
 * Measures how far this process's clock is ahead of the database's, by which all processes go, and warns when it is off
 * by more than 5 s. The answer is taken to be from the middle of the round trip, as in NTP (RFC 5905, section 8).
 * @throws when the database does not answer.
 */
export async function measureClock({
  pool,
  now,
  health,
  log,
}: Pick<App, 'pool' | 'now' | 'health' | 'log'>): Promise<void> {
  const client = await pool.connect();
  try {
    const askedAt = now().getTime();
    const { rows } = await client.query<{ at: Date }>('SELECT clock_timestamp() AS at');
    const answeredAt = now().getTime();
    const offsetMs = Math.round((askedAt + answeredAt) / 2 - (rows[0]?.at.getTime() ?? Number.NaN));
    // The offset is known to half of the round trip only.
    const isOff = Math.abs(offsetMs) - (answeredAt - askedAt) / 2 > TOLERATED_MS;
    const isNew = isOff && health.clockOffsetMs === null;
    health.clockOffsetMs = isOff ? offsetMs : null;
    if (isNew) log.warn({ clockOffsetMs: offsetMs }, "this process's clock differs from the database's");
  } finally {
    client.release();
  }
}
