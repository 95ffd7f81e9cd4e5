/** A process before it is ready. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { Client } from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { listenForRequests } from '../src/http/server.ts';
import { createTestDatabase } from './support/database.ts';
import { useTestApp } from './support/harness.ts';
import { EpistleProcess, freePort } from './support/processes.ts';

const t = useTestApp();

describe('a process whose port is in use', () => {
  it.each(['PORT', 'METRICS_PORT'])('ends before it takes any work: %s', async (variable) => {
    const [port, taken, database] = await Promise.all([freePort(), freePort(), createTestDatabase()]);
    const other = createServer((socket) => void socket.destroy()).listen(taken, '127.0.0.1');
    await once(other, 'listening');
    const client = new Client({ connectionString: database.url });
    await client.connect();
    onTestFinished(async () => {
      other.close();
      await client.end();
      await database.drop();
    });
    const env = {
      NODE_ENV: 'test',
      DATABASE_URL: database.url,
      ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
      GOOGLE_CLIENT_ID: t.sandbox.clientId,
      GOOGLE_CLIENT_SECRET: t.sandbox.clientSecret,
      GOOGLE_BASE_URL: t.sandbox.url,
    };
    const process = new EpistleProcess(port, { ...env, [variable]: String(taken) });
    await expect(process.start()).rejects.toThrow(new RegExp(` ${variable}: (?:is in use|cannot be listened on)`));
    // The first thing that a worker writes.
    expect((await client.query('SELECT FROM process_heartbeat')).rowCount).toBe(0);
  });
});

describe('a server that is starting', () => {
  it('is not ready, and keeps requests waiting until it is opened', async () => {
    const server = await listenForRequests(t.app);
    onTestFinished(() => server.close());
    const ask = async (route: string) => {
      const { status, headers } = await fetch(`http://127.0.0.1:${server.port}${route}`);
      return [route, status, headers.has('retry-after')];
    };
    let isAnswered = false;
    const waiting = ask('/graphql?query={viewer{scopes}}').finally(() => {
      isAnswered = true;
    });
    expect(await Promise.all(['/health', '/ready'].map(ask))).toEqual([
      ['/health', 200, false],
      ['/ready', 503, true],
    ]);
    expect(isAnswered).toBe(false);
    server.open({ demo: null });
    expect(await waiting).toEqual(['/graphql?query={viewer{scopes}}', 401, false]);
    expect(await ask('/ready')).toEqual(['/ready', 200, false]);
  });
});
