/** What the log says of a process: what was started, and which process each line is from. */
import { mkdtemp } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from './support/database.ts';
import { eventually } from './support/harness.ts';
import { EpistleProcess, freePort } from './support/processes.ts';

let database: TestDatabase;
let server: EpistleProcess;
let port: number;
beforeAll(async () => {
  database = await createTestDatabase();
  port = await freePort();
  server = new EpistleProcess(port, {
    NODE_ENV: 'test',
    INSTANCE: 'web-7',
    WORKER: 'off',
    DATABASE_URL: database.url,
    DATA_DIR: await mkdtemp(path.join(inject('temporaryFolder'), 'start-')),
    ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
    GOOGLE_CLIENT_ID: 'client',
    GOOGLE_CLIENT_SECRET: 'not-to-be-told',
  });
  await server.start();
});
afterAll(async () => {
  await server.kill();
  await database.drop();
});

const lines = () =>
  server.output
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

it('says at start what was started, and no secret', async () => {
  const start = await eventually(async () => lines().find(({ msg }) => msg === 'listening'));
  const { host, port: databasePort } = addressOf(database.url);
  expect(start).toMatchObject({
    level: 30,
    epistle: expect.stringMatching(/^\d+\.\d+\.\d+/),
    node: process.version,
    postgres: expect.stringMatching(/^\d+/),
    migration: expect.stringMatching(/^\d{14}_\w+$/),
    mode: 'development',
    worker: 'off',
    database: `${host}:${databasePort}`,
    port,
    heapLimitMb: expect.any(Number),
  });
  expect(server.output).not.toContain('not-to-be-told');
});

it('names the process in every line', async () => {
  server.signal('SIGTERM');
  await server.exit();
  expect(lines().map(({ msg }) => msg)).toEqual(['listening', 'stopping']);
  expect(lines().map(({ instance }) => instance)).toEqual(['web-7', 'web-7']);
});

function addressOf(given: string) {
  const url = new URL(given);
  return {
    host: url.searchParams.get('host') ?? url.hostname,
    port: url.searchParams.get('port') || url.port || '5432',
  };
}
