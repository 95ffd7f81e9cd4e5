import { fileURLToPath } from 'node:url';
import { runMigrations } from 'graphile-worker';
import type { Pool } from './client.ts';
import { applyMigrations } from './migrate.ts';

const MIGRATIONS = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));

/** Brings our tables and the job queue's up to date; safe when several processes start at once. */
export async function prepareDatabase(pool: Pool, warn: (message: string) => void): Promise<void> {
  const client = await pool.connect();
  try {
    await applyMigrations(client, MIGRATIONS, { warn });
  } finally {
    client.release();
  }
  await runMigrations({ pgPool: pool });
}
