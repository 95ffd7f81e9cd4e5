import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseError } from 'pg';
import { inject } from 'vitest';
import { databaseUrl, execute } from './template.ts';

export interface TestDatabase {
  readonly url: string;
  /** Also with connections open, which are cut. */
  drop(): Promise<void>;
}

/** A template is busy while anyone is connected to it: autovacuum is at times. */
const OBJECT_IN_USE = '55006';
const ATTEMPTS = 20;
const RETRY_MS = 100;

/**
 * A database of its own for a test file: with all migrations applied, or empty. Those not dropped go with the run.
 */
export async function createTestDatabase({ empty = false } = {}): Promise<TestDatabase> {
  const { url, template, prefix } = inject('postgres');
  const name = `${prefix}${randomBytes(6).toString('hex')}`;
  const sql = `create database ${name} template ${empty ? 'template0' : template}`;
  for (let attempt = 1; ; attempt++) {
    try {
      await execute(url, sql);
      return { url: databaseUrl(url, name), drop: () => execute(url, `drop database if exists ${name} with (force)`) };
    } catch (error) {
      const isBusy = error instanceof DatabaseError && error.code === OBJECT_IN_USE;
      if (!isBusy || attempt === ATTEMPTS) throw error;
      await delay(RETRY_MS);
    }
  }
}
