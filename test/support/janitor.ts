/**
 * Cleans up after a test run however it ends, Ctrl-C and `kill -9` included: a process of its own that waits for the end
 * of its stdin, which the run holds open, then drops the run's databases and removes its folder.
 *
 *   node test/janitor.ts FOLDER [PREFIX]      the databases are those of DATABASE_URL whose names start with PREFIX
 */

import { rm } from 'node:fs/promises';
import { Client, escapeIdentifier } from 'pg';

const [folder, prefix] = process.argv.slice(2);
const serverUrl = process.env.DATABASE_URL;
if (folder === undefined) throw new Error('usage: node test/janitor.ts FOLDER [PREFIX]');

for await (const _ of process.stdin);
if (serverUrl !== undefined && prefix !== undefined) await dropDatabases(serverUrl, prefix);
// The embedded server may still be writing: it stops when the run is gone, as we do.
await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });

async function dropDatabases(url: string, prefix: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(
      'select datname as name from pg_database where starts_with(datname::text, $1)',
      [prefix],
    );
    for (const { name } of rows) await client.query(`drop database ${escapeIdentifier(name)} with (force)`);
  } finally {
    await client.end();
  }
}
