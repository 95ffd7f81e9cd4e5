/** Detects what a pooler in front of PostgreSQL does. */
import pg from 'pg';
import type { Timing } from '../config/timing.ts';
import { sessionSettings } from './client.ts';
import { sql, statement } from './statement.ts';

/** A third connection may take the PostgreSQL process during the check. */
const ROUNDS = 3;

/**
 * Whether a pooler in front of PostgreSQL serves each transaction of a session by another PostgreSQL process, as PgBouncer does with
 * `pool_mode = transaction`. Prepared statements, LISTEN and advisory locks would then fail at times. Checked with two sessions: while
 * one is in a transaction, the pooler is detected by the process that has served the other one before, or that serves it afterwards.
 */
export async function isPooledByTransaction(first: pg.ClientBase, second: pg.ClientBase): Promise<boolean> {
  for (let round = 0; round < ROUNDS; round++) {
    const before = await processOf(first);
    await second.query('BEGIN');
    const held = await processOf(second);
    const after = await processOf(first);
    await second.query('ROLLBACK');
    if (before === held || before !== after) return true;
  }
  return false;
}

/** SQLSTATE: a prepared statement does not exist, or exists already. */
const LOST_STATEMENT = new Set(['26000', '42P05']);

export const checkPooler = statement('check-pooler', (_: object) => sql`SELECT pg_backend_pid()`);

/** Whether a statement that one session has prepared can be run by it on every PostgreSQL process that the pooler gives it. */
export async function keepsStatements(first: pg.ClientBase, second: pg.ClientBase): Promise<boolean> {
  try {
    for (let round = 0; round < ROUNDS; round++) {
      await first.query(checkPooler({}));
      await second.query('BEGIN');
      await second.query(checkPooler({}));
      await first.query(checkPooler({}));
      await second.query('ROLLBACK');
    }
    return true;
  } catch (error) {
    if (error instanceof pg.DatabaseError && LOST_STATEMENT.has(error.code ?? '')) return false;
    throw error;
  }
}

/** The statements that set what a session lacks. Null: it has everything. */
export async function missingSettings(client: pg.ClientBase, timing: Timing): Promise<string | null> {
  const wanted = sessionSettings(timing);
  const { rows } = await client.query<{ name: string; setting: string }>(
    sql`SELECT name, setting FROM pg_settings WHERE name = ANY(${Object.keys(wanted)})`,
  );
  const isSet = rows.every(({ name, setting }) => wanted[name] === setting);
  return isSet
    ? null
    : Object.entries(wanted)
        .map(([name, value]) => `SET ${name}=${value}`)
        .join('; ');
}

async function processOf(client: pg.ClientBase): Promise<number | undefined> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]?.pid;
}
