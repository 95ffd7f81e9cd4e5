/**
 * A streaming standby that answers queries. It serves a caller only while it is known to have everything that the caller has
 * written: the standby has replayed the primary's write-ahead log up to a place that was measured after that write. LISTEN reports
 * the caller's writes in other processes.
 */
import pg from 'pg';
import type { Timing } from '../config/timing.ts';
import { describeError, type Logger } from '../log.ts';
import { type Repeating, repeat } from '../repeat.ts';
import { CONNECTING, type Db, limitSilence, openDatabase, type Pool } from './client.ts';
import type { FailureLog } from './failure-log.ts';
import { sql } from './statement.ts';
import { reasonOf } from './unusable.ts';

/** A standby whose state is older answers nothing. */
const MAX_STALE_MS = 2_000;
const MEASURE_EVERY_MS = 250;
const CHANNEL = 'epistle_wrote';

export interface ReadReplica {
  /** The client to read with for this caller. Null: only the primary is known to have its writes. */
  clientFor(actor: string): Db | null;
  /** Notes in all processes that the caller has written something. Call it before the response to the caller. */
  noteWrite(actor: string): Promise<void>;
  /** How old the state of the standby may be, in seconds. Null: not known since the start. */
  staleS(): number | null;
  close(): Promise<void>;
}

export interface ReplicaParts {
  readonly config: pg.PoolConfig;
  /** PostgreSQL itself, the primary: to LISTEN there. */
  readonly primary: pg.PoolConfig;
  readonly pool: Pool;
  readonly log: Logger;
  readonly logFailure: FailureLog;
  readonly timing: Timing;
}

/** Opens it. A standby that is away or behind is used once it is there; nothing waits for it. */
export function openReadReplica(parts: ReplicaParts): ReadReplica {
  const { config, pool, log, logFailure, timing } = parts;
  const database = openDatabase(config, log, timing);
  /** When callers last wrote, in milliseconds of `performance.now()`. */
  const writes = new Map<string, number>();
  const writer = listenForWrites(parts, (actor) => void writes.set(actor, performance.now()));
  /** The standby has everything that was committed before. */
  let freshAsOf: number | null = null;
  let awaited: { readonly at: number; readonly lsn: string } | null = null;
  let isUsed = false;
  let problem: string | null = null;

  const isFresh = () => freshAsOf !== null && performance.now() - freshAsOf < MAX_STALE_MS;

  async function measure(): Promise<void> {
    try {
      awaited ??= await placeOfPrimary(pool);
      if (await hasReplayed(database.pool, awaited.lsn)) {
        freshAsOf = awaited.at;
        awaited = null;
        for (const [actor, at] of writes) if (at < freshAsOf) writes.delete(actor);
      }
      problem = null;
    } catch (error) {
      const reason = reasonOf(error);
      if (reason !== problem) log.warn({ error: describeError(error) }, 'the read replica could not be asked');
      problem = reason;
    }
    if (isFresh() === isUsed) return;
    isUsed = !isUsed;
    if (isUsed) log.info('the read replica answers queries');
    else log.warn('the read replica is away or behind: the primary answers queries');
  }

  const measuring = repeat(MEASURE_EVERY_MS, measure);
  return {
    clientFor(actor) {
      const since = Math.max(writes.get(actor) ?? 0, writer.listeningSince() ?? Number.POSITIVE_INFINITY);
      return freshAsOf !== null && isFresh() && since < freshAsOf ? database.db : null;
    },
    async noteWrite(actor) {
      writes.set(actor, performance.now());
      // A failure does not change the response: without the primary, the other processes do not listen, and do not use the standby.
      await pool.query(sql`SELECT pg_notify(${CHANNEL}, ${actor})`).catch((error: unknown) => {
        logFailure(error, 'a write could not be announced to other processes');
      });
    },
    staleS: () => (freshAsOf === null ? null : (performance.now() - freshAsOf) / 1_000),
    async close() {
      await Promise.all([measuring.stop(), writer.stop()]);
      await database.close();
    },
  };
}

/** The end of the log that the primary has written: everything that it has committed lies before. */
async function placeOfPrimary(pool: Pool): Promise<{ at: number; lsn: string }> {
  const at = performance.now();
  const { rows } = await pool.query<{ lsn: string }>('SELECT pg_current_wal_lsn()::text AS lsn');
  return { at, lsn: rows[0]?.lsn ?? '' };
}

async function hasReplayed(standby: Pool, lsn: string): Promise<boolean> {
  const { rows } = await standby.query<{ replayed: boolean | null }>(
    sql`SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= ${lsn}::pg_lsn AS replayed`,
  );
  return rows[0]?.replayed === true;
}

interface WriteListener extends Repeating {
  /** Since when it has received the writes of other processes, in milliseconds of `performance.now()`. Null: it does not listen now. */
  listeningSince(): number | null;
}

/** Listens on a connection of its own, and on a new one whenever that is lost. */
function listenForWrites({ primary, logFailure, timing }: ReplicaParts, heard: (actor: string) => void): WriteListener {
  let client: pg.Client | null = null;
  let since: number | null = null;
  const lose = (lost: pg.Client) => {
    lost.end().catch(() => undefined);
    if (lost !== client) return;
    client = null;
    since = null;
  };
  const open = () => {
    const opened = new pg.Client({ ...CONNECTING, ...primary });
    opened.on('error', () => lose(opened));
    opened.on('end', () => lose(opened));
    opened.on('notification', ({ payload = '' }) => heard(payload));
    return opened;
  };
  const listen = async (opened: pg.Client): Promise<void> => {
    await opened.connect();
    limitSilence(opened, timing.databaseSilenceMs);
    await opened.query(`LISTEN ${CHANNEL}`);
    client = opened;
    since = performance.now();
  };
  const listening = repeat(MEASURE_EVERY_MS, async () => {
    const asked = client ?? open();
    try {
      // A statement shows that the connection is alive.
      if (asked === client) await asked.query('SELECT 1');
      else await listen(asked);
    } catch (error) {
      lose(asked);
      logFailure(error, 'the writes of other processes cannot be heard of');
    }
  });
  return {
    listeningSince: () => since,
    async stop() {
      await listening.stop();
      await client?.end();
    },
  };
}
