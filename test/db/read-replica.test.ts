/** A DATABASE_READ_URL that does not name a usable standby. Queries on a real one: test/ops/read-replica.ops.ts. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { TIMING } from '../../src/config/timing.ts';
import { openDatabase } from '../../src/db/client.ts';
import { openReadReplica } from '../../src/db/read-replica.ts';
import { tryStandby } from '../../src/db/try-connection.ts';
import { createLogger } from '../../src/log.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/harness.ts';
import { EpistleProcess, freePort } from '../support/processes.ts';

const COULD_NOT_BE_ASKED = '"msg":"the read replica could not be asked"';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

function changed(change: Partial<Pick<URL, 'username' | 'password' | 'pathname'>>): string {
  return Object.assign(new URL(database.url), change).href;
}

function logger() {
  const lines: string[] = [];
  return { lines, log: createLogger('info', { write: (line) => void lines.push(line) }) };
}

describe('DATABASE_READ_URL', () => {
  const refused: [string, () => string, RegExp][] = [
    ['no such database', () => changed({ pathname: '/missing' }), /has no database of this name; .* \(3D000\)$/],
    [
      'a wrong user',
      () => changed({ username: 'stranger', password: 'not-to-be-told' }),
      /refuses this user or password; .* \(28\w{3}\)$/,
    ],
  ];
  it.each(refused)('is refused at the start: %s', async (_what, url, words) => {
    const { log } = logger();
    const failure = await tryStandby(url(), log).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'ConfigError', message: expect.stringMatching(words) });
    expect(failure).toMatchObject({
      message: expect.stringMatching(/^Invalid environment:\n {2}DATABASE_READ_URL: the PostgreSQL at \S+, port \d+, /),
    });
    expect(String(failure)).not.toContain('not-to-be-told');
  });

  it('is accepted while the standby is away, with a warning', async () => {
    const { log, lines } = logger();
    await tryStandby(`postgresql://127.0.0.1:${await freePort()}/epistle`, log);
    expect(lines).toEqual([expect.stringContaining(COULD_NOT_BE_ASKED)]);
  });

  it('is accepted when it is a primary, with a warning: a start after a failover must not fail', async () => {
    const { log, lines } = logger();
    await tryStandby(database.url, log);
    expect(lines).toEqual([expect.stringContaining('DATABASE_READ_URL is a primary: it is not used')]);
  });

  it('stops the start of a process', async () => {
    const process = new EpistleProcess(await freePort(), {
      NODE_ENV: 'test',
      DATABASE_URL: database.url,
      DATABASE_READ_URL: changed({ pathname: '/missing' }),
    });
    await expect(process.start()).rejects.toThrow(/DATABASE_READ_URL: .* has no database of this name/);
  });
});

describe('a standby that cannot be asked', () => {
  it('is logged once, however often it is asked', async () => {
    const { log, lines } = logger();
    const primary = { connectionString: database.url };
    const { pool, logFailure, close } = openDatabase(primary, log);
    let asked = 0;
    const standby = createServer((socket) => {
      asked++;
      socket.destroy();
    }).listen(0, '127.0.0.1');
    await once(standby, 'listening');
    const address = standby.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const config = { connectionString: `postgresql://127.0.0.1:${address.port}/epistle` };
    const replica = openReadReplica({ config, primary, pool, log, logFailure, timing: TIMING });
    onTestFinished(async () => {
      await replica.close();
      await close();
      standby.close();
    });
    // For more than two seconds: an unavailable database is logged once a second at most anyway.
    await eventually(async () => asked > 10 || null);
    expect(lines.filter((line) => line.includes(COULD_NOT_BE_ASKED))).toHaveLength(1);
  });
});
