/**
 * Applies prisma/migrations as `prisma migrate deploy` does, on its table and under its lock, without its engine binary.
 * Any number of processes may start at once: one applies, the others wait and find nothing left to do.
 */

import { createHash, randomUUID } from 'node:crypto';
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

const SELECT_RECORDS = `select migration_name as name, checksum, finished_at is not null as finished, logs
  from "_prisma_migrations" where rolled_back_at is null`;

const TRY_LOCK = 'select pg_try_advisory_lock($1) as acquired';
const LockAttempt = z.tuple([z.object({ acquired: z.boolean() })]);

const Records = z.array(
  z.object({ name: z.string(), checksum: z.string(), finished: z.boolean(), logs: z.string().nullable() }),
);
type MigrationRecord = z.infer<typeof Records>[number];

interface Migration {
  /** The folder's name; migrations run in the order of their names. */
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of `migration.sql`, in hex. */
  readonly checksum: string;
}

export interface MigrateOptions {
  /** Receives what an operator should know although it does not stop us: edited and unknown migrations. */
  readonly warn: (message: string) => void;
  /** How long to wait for another process that is migrating. Default 60,000. */
  readonly lockTimeoutMs?: number;
}

/** A migration's SQL failed. Unless it is marked `-- no-transaction`, it left nothing behind and the next start tries again. */
export class MigrationFailedError extends Error {
  readonly migration: string;
  constructor(migration: string, cause: unknown) {
    super(`Migration ${migration} failed: ${messageOf(cause)}`, { cause });
    this.name = 'MigrationFailedError';
    this.migration = migration;
  }
}

/** A migration was begun earlier and did not finish, so that nobody knows how far it got: a person has to look. */
export class MigrationUnfinishedError extends Error {
  readonly migration: string;
  constructor(migration: string, logs: string | null) {
    super(
      `Migration ${migration} was begun and did not finish${logs === null ? '' : ` (${logs})`}. ` +
        'Undo what it did, then delete its row from the table _prisma_migrations; or finish it by hand and set finished_at.',
    );
    this.name = 'MigrationUnfinishedError';
    this.migration = migration;
  }
}

/** Another process has held the migration lock for longer than we were willing to wait. */
export class MigrationLockTimeoutError extends Error {
  constructor(lockTimeoutMs: number) {
    super(`Another process has been migrating this database for more than ${lockTimeoutMs / 1000} s.`);
    this.name = 'MigrationLockTimeoutError';
  }
}

/**
 * Applies what is in `dir` and not yet in the database, each migration in a transaction of its own. A migration with the
 * line `-- no-transaction` (for `create index concurrently`: one statement only) runs outside of one.
 * @param client a connection of its own; its session settings are unchanged afterwards.
 * @returns the names of the migrations applied, in order.
 * @throws {MigrationFailedError} {MigrationUnfinishedError} {MigrationLockTimeoutError}
 */
export async function applyMigrations(
  client: ClientBase,
  dir: string,
  { warn, lockTimeoutMs = LOCK_TIMEOUT_MS }: MigrateOptions,
): Promise<string[]> {
  const [migrations, records] = await Promise.all([readMigrations(dir), readRecords(client)]);
  // An up-to-date database, at almost every start, is recognised by one statement and without the lock.
  if (records !== null && pendingMigrations(migrations, records).length === 0) {
    reportDifferences(migrations, records, warn);
    return [];
  }
  await acquireLock(client, lockTimeoutMs);
  try {
    return await applyPending(client, migrations, warn);
  } finally {
    // When this fails the connection is lost, and the lock with it: the first error is the one to see.
    await client.query('select pg_advisory_unlock($1)', [LOCK_KEY]).catch(() => {});
  }
}

async function readMigrations(dir: string): Promise<Migration[]> {
  const entries = await readdir(dir, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.sort().map(async (name) => {
      const sql = await readFile(path.join(dir, name, 'migration.sql'), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

/** Null when the table does not exist: nothing was ever applied. */
async function readRecords(client: ClientBase): Promise<MigrationRecord[] | null> {
  try {
    return Records.parse((await client.query(SELECT_RECORDS)).rows);
  } catch (error) {
    if (error instanceof DatabaseError && error.code === UNDEFINED_TABLE) return null;
    throw error;
  }
}

/**
 * Asks again and again instead of waiting in the database: a waiting statement holds a snapshot, for whose end a
 * `create index concurrently` of the process with the lock would wait in turn.
 */
async function acquireLock(client: ClientBase, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!LockAttempt.parse((await client.query(TRY_LOCK, [LOCK_KEY])).rows)[0].acquired) {
    if (performance.now() > deadline) throw new MigrationLockTimeoutError(timeoutMs);
    await delay(LOCK_POLL_MS);
  }
}

/** Under the lock: what was read before it may be out of date by now. */
async function applyPending(
  client: ClientBase,
  migrations: readonly Migration[],
  warn: (message: string) => void,
): Promise<string[]> {
  await client.query(CREATE_TABLE);
  const records = (await readRecords(client)) ?? [];
  const pending = pendingMigrations(migrations, records);
  reportDifferences(migrations, records, warn);
  for (const migration of pending) {
    const apply = /^--\s*no-transaction\b/m.test(migration.sql) ? applyOutsideTransaction : applyInTransaction;
    await apply(client, migration);
  }
  return pending.map(({ name }) => name);
}

/** @throws {MigrationUnfinishedError} */
function pendingMigrations(migrations: readonly Migration[], records: readonly MigrationRecord[]): Migration[] {
  const unfinished = records.find((record) => !record.finished);
  if (unfinished !== undefined) throw new MigrationUnfinishedError(unfinished.name, unfinished.logs);
  const applied = new Set(records.map(({ name }) => name));
  return migrations.filter(({ name }) => !applied.has(name));
}

function reportDifferences(
  migrations: readonly Migration[],
  records: readonly MigrationRecord[],
  warn: (message: string) => void,
): void {
  const checksums = new Map(migrations.map(({ name, checksum }) => [name, checksum]));
  for (const { name, checksum } of records) {
    const current = checksums.get(name);
    if (current === undefined) {
      warn(`Migration ${name} was applied to the database but is unknown here: a newer version has been running.`);
    } else if (current !== checksum) {
      warn(`Migration ${name} was edited after it was applied: the edit has no effect on this database.`);
    }
  }
}

/** Record and effect commit together, so that a failed or killed run leaves no trace. */
async function applyInTransaction(client: ClientBase, migration: Migration): Promise<void> {
  try {
    await client.query('begin');
    const id = await recordStart(client, migration);
    await client.query(migration.sql);
    await recordFinish(client, id);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw new MigrationFailedError(migration.name, error);
  }
}

/** The record of the start stays when it fails or is killed: its effect is unknown, and the next run refuses to go on. */
async function applyOutsideTransaction(client: ClientBase, migration: Migration): Promise<void> {
  const id = await recordStart(client, migration);
  try {
    await client.query(migration.sql);
  } catch (error) {
    const logs = [messageOf(error), id];
    await client.query('update "_prisma_migrations" set logs = $1 where id = $2', logs).catch(() => {});
    throw new MigrationFailedError(migration.name, error);
  }
  await recordFinish(client, id);
}

async function recordStart(client: ClientBase, { name, checksum }: Migration): Promise<string> {
  const id = randomUUID();
  await client.query('insert into "_prisma_migrations" (id, checksum, migration_name) values ($1, $2, $3)', [
    id,
    checksum,
    name,
  ]);
  return id;
}

async function recordFinish(client: ClientBase, id: string): Promise<void> {
  await client.query(
    'update "_prisma_migrations" set finished_at = clock_timestamp(), applied_steps_count = 1 where id = $1',
    [id],
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
