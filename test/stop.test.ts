/** A process that is told to stop while its database is away. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { startDatabaseProxy } from './support/database-proxy.ts';
import { useTestApp } from './support/harness.ts';
import { EpistleProcess, freePort } from './support/processes.ts';

const t = useTestApp();

describe('SIGTERM while the database is away', () => {
  it('closes everything, and ends with code 0', async () => {
    const proxy = await startDatabaseProxy(() => t.database.url);
    const process = new EpistleProcess(await freePort(), {
      NODE_ENV: 'test',
      DATABASE_URL: proxy.url,
      METRICS_PORT: String(await freePort()),
      ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
      GOOGLE_CLIENT_ID: t.sandbox.clientId,
      GOOGLE_CLIENT_SECRET: t.sandbox.clientSecret,
      GOOGLE_BASE_URL: t.sandbox.url,
    });
    onTestFinished(() => process.kill());
    await process.start();
    proxy.close();
    process.signal('SIGTERM');
    expect(await process.exit()).toEqual([0, null]);
    expect(process.output).not.toContain('unhandled rejection');
  });
});
