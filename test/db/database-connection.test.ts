/** What a connection to the database asks for, and why a database cannot be used. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { TIMING } from '../../src/config/timing.ts';
import { openDatabase } from '../../src/db/client.ts';
import { prepareDatabase } from '../../src/db/prepare.ts';
import { createLogger } from '../../src/log.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { startDatabaseProxy } from '../support/database-proxy.ts';

/** More than the buffers of the network take, which nobody sees being emptied. */
const LARGE = 64_000_000;

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase({ empty: true });
});
afterAll(() => database.drop());

/** The names in the start-up message: length, version, then names and values. https://www.postgresql.org/docs/current/protocol-message-formats.html */
function parameters(message: Buffer): string[] {
  const words = message.subarray(8).toString().split('\0');
  return words.filter((word, index) => index % 2 === 0 && word !== '').sort();
}

describe('a connection', () => {
  it('asks at the start for nothing that a pooler does not know', async () => {
    const pooler = createServer().listen(0, '127.0.0.1');
    await once(pooler, 'listening');
    onTestFinished(() => void pooler.close());
    const address = pooler.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const asked = once(pooler, 'connection').then(async ([socket]) => {
      const [message] = await once(socket, 'data');
      socket.destroy();
      return parameters(message);
    });
    const connectionString = `postgresql://epistle:secret@127.0.0.1:${address.port}/epistle`;
    const { pool, close } = openDatabase({ connectionString }, createLogger('silent'));
    await expect(pool.query('SELECT 1')).rejects.toThrow('Connection terminated unexpectedly');
    expect(await asked).toEqual(['client_encoding', 'database', 'user']);
    await close();
  });

  it('is not given up while a large file is on its way, for longer than it may be silent', async () => {
    const proxy = await startDatabaseProxy(() => database.url);
    onTestFinished(() => proxy.close());
    const timing = { ...TIMING, databaseSilenceMs: 5_000 };
    const { pool, close } = openDatabase({ connectionString: proxy.url }, createLogger('silent'), timing);
    onTestFinished(close);
    await pool.query('SELECT 1');
    proxy.slowDown(12);
    const begun = performance.now();
    const { rows } = await pool.query('SELECT length($1::bytea) AS bytes', [Buffer.alloc(LARGE)]);
    expect(rows).toEqual([{ bytes: LARGE }]);
    expect(performance.now() - begun).toBeGreaterThan(2 * timing.databaseSilenceMs);
    // And is, when it only waits for an answer.
    await expect(pool.query('SELECT pg_sleep(10)')).rejects.toThrow('Query read timeout');
  });

  it('has time limits, but for the one that migrates', async () => {
    const { pool, close } = openDatabase({ connectionString: database.url }, createLogger('silent'));
    onTestFinished(close);
    const { rows } = await pool.query(`SELECT current_setting('statement_timeout') AS statement,
      current_setting('idle_in_transaction_session_timeout') AS idle`);
    expect(rows).toEqual([{ statement: '25s', idle: '10s' }]);
    const operator = new Client({ connectionString: database.url });
    await operator.connect();
    onTestFinished(() => operator.end());
    await operator.query(`CREATE TABLE limits (statement text);
      CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO limits VALUES (current_setting('statement_timeout')); END $$;
      CREATE EVENT TRIGGER note ON ddl_command_end EXECUTE FUNCTION note()`);
    await prepareDatabase({ connectionString: database.url }, () => {});
    expect((await operator.query('SELECT DISTINCT statement FROM limits')).rows).toEqual([{ statement: '0' }]);
    await operator.query('DROP EVENT TRIGGER note');
  });
});

describe('the statements that Prisma prepares', () => {
  it('are look-ups by id, and no lists', async () => {
    await prepareDatabase({ connectionString: database.url }, () => {});
    const { db, pool, close } = openDatabase({ connectionString: database.url, max: 1 }, createLogger('silent'));
    onTestFinished(close);
    const id = randomUUID();
    for (let n = 0; n < 2; n++) {
      await db.outboundEmail.findFirst({ where: { id, organizationId: id }, select: { id: true, status: true } });
      await db.outboundEmail.findMany({ where: { organizationId: id, subject: 'Hello' }, take: 10 });
    }
    const { rows } = await pool.query<{ statement: string }>('SELECT statement FROM pg_prepared_statements');
    expect(rows.map(({ statement }) => /WHERE \(?"t\d"\."(\w+)"/.exec(statement)?.[1])).toEqual(['id']);
  });
});

describe('a database that cannot be brought up to date', () => {
  it.each([
    { isDirect: false, variable: 'DATABASE_URL' },
    { isDirect: true, variable: 'DATABASE_DIRECT_URL' },
  ])(
    'is named by $variable, host and port, with the reason and without the password',
    async ({ isDirect, variable }) => {
      const empty = await createTestDatabase({ empty: true });
      const proxy = await startDatabaseProxy(() => empty.url);
      onTestFinished(async () => {
        proxy.close();
        await empty.drop();
      });
      const operator = new Client({ connectionString: empty.url });
      await operator.connect();
      await operator.query(`ALTER DATABASE ${operator.database} SET default_transaction_read_only = on`);
      await operator.end();
      const url = new URL(proxy.url);
      url.password = 'not-to-be-told';
      const prepared = prepareDatabase({ connectionString: url.href }, () => {}, { isDirect });
      const failure = await prepared.catch((error: unknown) => error);
      expect(failure).toMatchObject({ name: 'ConfigError' });
      expect(String(failure)).toMatch(
        new RegExp(
          `${variable}: the PostgreSQL at 127\\.0\\.0\\.1, port ${url.port}, cannot be .*read-only transaction`,
        ),
      );
      expect(String(failure)).not.toContain('not-to-be-told');
    },
  );
});
