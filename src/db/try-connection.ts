import type pg from 'pg';
import { TIMING } from '../config/timing.ts';
import { describeError, type Logger } from '../log.ts';
import { CONNECTING, limitSilence } from './client.ts';
import { isPooledByTransaction, keepsStatements, missingSettings } from './pooling.ts';
import { clientOf, type DatabaseVariable, reasonOf, unusable } from './unusable.ts';

/** A pooler without a free connection accepts ours, and the first statement waits. */
const FIRST_ANSWER_MS = 10_000;

/**
 * Checks a database at every start, before anything else is done.
 * @throws {ConfigError} when it cannot be used, naming the variable, the host and the port, never the password.
 */
export async function tryConnection(connectionString: string, variable: DatabaseVariable = 'DATABASE_URL') {
  const remedy =
    variable === 'DATABASE_URL'
      ? 'it must pool by session (PgBouncer: pool_mode=session), or DATABASE_DIRECT_URL must name PostgreSQL itself'
      : 'it must be PostgreSQL itself';
  await withTwoSessions(connectionString, variable, async (first, second) =>
    (await isPooledByTransaction(first, second))
      ? (place) => `the pooler ${place} pools by transaction; ${remedy}`
      : null,
  );
}

/**
 * The same for a pooler that may pool by transaction, beside `DATABASE_DIRECT_URL`.
 * @throws {ConfigError} when it loses prepared statements, or lacks the settings of ops/pgbouncer.ini.
 */
export async function tryPooledConnection(connectionString: string): Promise<void> {
  await withTwoSessions(connectionString, 'DATABASE_URL', async (first, second) => {
    if (!(await keepsStatements(first, second))) {
      return (place) =>
        `the pooler ${place} loses prepared statements; it must keep them (PgBouncer 1.21 or later, max_prepared_statements=200)`;
    }
    const missing = await missingSettings(first, TIMING);
    if (missing === null) return null;
    return (place) =>
      `the pooler ${place} must prepare its connections: connect_query='${missing}' (ops/pgbouncer.ini)`;
  });
}

/**
 * Tries a standby of DATABASE_READ_URL once. One that is away is used when it is back, and one that was promoted must not keep the
 * server from starting after a failover: both are logged.
 * @throws {ConfigError} when it refuses the user or has no such database.
 */
export async function tryStandby(connectionString: string, log: Logger): Promise<void> {
  const client = clientOf({ ...CONNECTING, connectionString }, 'DATABASE_READ_URL');
  try {
    await connect(client);
    const { rows } = await client.query<{ isStandby: boolean }>('SELECT pg_is_in_recovery() AS "isStandby"');
    if (rows[0]?.isStandby !== true) log.warn('DATABASE_READ_URL is a primary: it is not used');
  } catch (error) {
    if (isRefused(error)) throw unusable(connectionString, (place) => refusal(error, place), 'DATABASE_READ_URL');
    log.warn({ error: describeError(error) }, 'the read replica could not be asked');
  } finally {
    await client.end();
  }
}

type Problem = ((place: string) => string) | null;

async function withTwoSessions(
  connectionString: string,
  variable: DatabaseVariable,
  check: (first: pg.Client, second: pg.Client) => Promise<Problem>,
): Promise<void> {
  const config = { ...CONNECTING, connectionString };
  const [first, second] = [clientOf(config, variable), clientOf(config, variable)];
  const refuse = (problem: (place: string) => string) => {
    throw unusable(connectionString, problem, variable);
  };
  try {
    await Promise.all([connect(first), connect(second)]).catch((error) => refuse((place) => refusal(error, place)));
    const problem = await check(first, second).catch((error) =>
      refuse((place) => `the PostgreSQL ${place} lets us in and cannot be used (${reasonOf(error)})`),
    );
    if (problem != null) refuse(problem);
  } finally {
    await Promise.all([first.end(), second.end()]);
  }
}

async function connect(client: pg.Client): Promise<void> {
  // One that could not connect may report more than once.
  client.on('error', () => {});
  await client.connect();
  limitSilence(client, FIRST_ANSWER_MS);
}

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const REFUSED_USER = /^28[0-9A-Z]{3}$/;
const NO_DATABASE = '3D000';

function isRefused(error: unknown): boolean {
  const reason = reasonOf(error);
  return REFUSED_USER.test(reason) || reason === NO_DATABASE;
}

function refusal(error: unknown, place: string): string {
  const reason = reasonOf(error);
  if (REFUSED_USER.test(reason)) {
    return `the PostgreSQL ${place} refuses this user or password; it must accept them (${reason})`;
  }
  if (reason === NO_DATABASE) return `the PostgreSQL ${place} has no database of this name; it must exist (${reason})`;
  return `there must be a PostgreSQL ${place} that takes connections from here; none could be made (${reason})`;
}
