/**
 * Applies prisma/migrations as `prisma migrate deploy` does, on its table and under its lock, without its engine binary.
 * Then it applies prisma/functions.sql, if the file has changed since it was last applied. Any number of processes may start at
 * the same time: one applies, the others wait and then find the database up to date.
 */

import { hash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type ClientBase, DatabaseError } from 'pg';
import { z } from 'zod';

/** The key of the advisory lock that `prisma migrate deploy` takes. */
const LOCK_KEY = 72_707_369;
const LOCK_TIMEOUT_MS = 60_000;
const LOCK_POLL_MS = 20;
const UNDEFINED_TABLE = '42P01';

const CREATE_TABLE = `create table if not exists "_prisma_migrations" (
  id varchar(36) primary key not null, checksum varchar(64) not null, finished_at timestamptz,
  migration_name varchar(255) not null, logs text, rolled_back_at timestamptz,
  started_at timestamptz not null default now(), applied_steps_count integer not null default 0)`;

const SELECT_RECORDS = `select migration_name as name, checksum from "_prisma_migrations"
  where finished_at is not null and rolled_back_at is null order by started_at`;

const TRY_LOCK = 'select pg_try_advisory_lock($1) as acquired';
const LockAttempt = z.tuple([z.object({ acquired: z.boolean() })]);

const Records = z.array(z.object({ name: z.string(), checksum: z.string() }));
type MigrationRecord = z.infer<typeof Records>[number];

/** The file of functions, and its name in the table of migrations. */
export const FUNCTIONS = 'functions.sql';

interface Migration {
  /** The name of the folder, by which migrations are sorted, or of the file of functions, which comes last. */
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of `migration.sql`, in hex. */
  readonly checksum: string;
}

interface MigrateOptions {
  /** Receives warnings for the operator: edited and unknown migrations. */
  readonly warn: (message: string) => void;
  /** How long to wait for another process that is migrating. Default 60,000. */
  readonly lockTimeoutMs?: number;
}

/**
 * Applies the migrations in `dir` that the database does not have, each in a transaction of its own, then the functions beside `dir`.
 * @param client a connection of its own; its session settings are unchanged afterwards.
 * @returns the names of the migrations applied, in order.
 * @throws {Error} when a migration fails, or another process holds the lock for longer than the time-out.
 */
export async function applyMigrations(
  client: ClientBase,
  dir: string,
  { warn, lockTimeoutMs = LOCK_TIMEOUT_MS }: MigrateOptions,
): Promise<string[]> {
  const [migrations, records] = await Promise.all([readMigrations(dir), readRecords(client)]);
  // At almost every start the database is up to date. One statement recognises that, without the lock.
  if (records !== null && pendingMigrations(migrations, records).length === 0) {
    reportDifferences(migrations, records, warn);
    return [];
  }
  await acquireLock(client, lockTimeoutMs);
  try {
    return await applyPending(client, migrations, warn);
  } finally {
    // If this fails, the connection and the lock with it are lost. The first error is the one to report.
    await client.query('select pg_advisory_unlock($1)', [LOCK_KEY]).catch(() => {});
  }
}

async function readMigrations(dir: string): Promise<Migration[]> {
  const entries = await readdir(dir, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const files = names.sort().map((name) => ({ name, file: path.join(dir, name, 'migration.sql') }));
  const functions = path.join(dir, '..', FUNCTIONS);
  if (existsSync(functions)) files.push({ name: FUNCTIONS, file: functions });
  return Promise.all(
    files.map(async ({ name, file }) => {
      const sql = await readFile(file, 'utf8');
      return { name, sql, checksum: hash('sha256', sql, 'hex') };
    }),
  );
}

/** Null when the table does not exist: no migration was ever applied. */
async function readRecords(client: ClientBase): Promise<MigrationRecord[] | null> {
  try {
    return Records.parse((await client.query(SELECT_RECORDS)).rows);
  } catch (error) {
    if (error instanceof DatabaseError && error.code === UNDEFINED_TABLE) return null;
    throw error;
  }
}

/** Polls, because a statement that waits for the lock would need a time limit of its own. */
async function acquireLock(client: ClientBase, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!LockAttempt.parse((await client.query(TRY_LOCK, [LOCK_KEY])).rows)[0].acquired) {
    if (performance.now() > deadline) {
      throw new Error(`Another process has been migrating this database for more than ${timeoutMs / 1000} s.`);
    }
    await delay(LOCK_POLL_MS);
  }
}

/** Under the lock, because state that was read before it may be outdated. */
async function applyPending(
  client: ClientBase,
  migrations: readonly Migration[],
  warn: (message: string) => void,
): Promise<string[]> {
  await client.query(CREATE_TABLE);
  const records = (await readRecords(client)) ?? [];
  const pending = pendingMigrations(migrations, records);
  reportDifferences(migrations, records, warn);
  for (const migration of pending) await apply(client, migration);
  return pending.map(({ name }) => name);
}

/** The functions of a newer version stay when an older process starts, because its tables and its processes need them. */
function pendingMigrations(migrations: readonly Migration[], records: readonly MigrationRecord[]): Migration[] {
  const applied = new Map(records.map(({ name, checksum }) => [name, checksum]));
  const [newest = ''] = migrations
    .map(({ name }) => name)
    .filter((name) => name !== FUNCTIONS)
    .slice(-1);
  const isNewer = records.some(({ name }) => name !== FUNCTIONS && name > newest);
  return migrations.filter(({ name, checksum }) =>
    name === FUNCTIONS ? !isNewer && applied.get(name) !== checksum : !applied.has(name),
  );
}

function reportDifferences(
  migrations: readonly Migration[],
  records: readonly MigrationRecord[],
  warn: (message: string) => void,
): void {
  const checksums = new Map(migrations.map(({ name, checksum }) => [name, checksum]));
  for (const { name, checksum } of records) {
    if (name === FUNCTIONS) continue;
    const current = checksums.get(name);
    if (current === undefined) {
      warn(`Migration ${name} was applied to the database but is unknown here: a newer version has been running.`);
    } else if (current !== checksum) {
      warn(`Migration ${name} was edited after it was applied: the edit has no effect on this database.`);
    }
  }
}

/** Record and effect commit together, so that a failed or killed run leaves no trace, and the next start tries it again. */
async function apply(client: ClientBase, { name, checksum, sql }: Migration): Promise<void> {
  try {
    await client.query('begin');
    await client.query(sql);
    await client.query(
      `insert into "_prisma_migrations" (id, checksum, migration_name, finished_at, applied_steps_count)
       values ($1, $2, $3, clock_timestamp(), 1)`,
      [randomUUID(), checksum, name],
    );
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw new Error(`Migration ${name} failed: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}
