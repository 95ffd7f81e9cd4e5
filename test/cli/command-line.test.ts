/** What the programs say when they cannot start, or are called wrongly: what to change, never a value. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { runAdmin } from '../support/admin.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { environment, freePort, ROOT } from '../support/processes.ts';

const KEY_CREATE = ['key', 'create', '--organization', 'Lumen', '--name', 'first', '--scopes', 'all'];

const DATA_DIR_REFUSED =
  /^Invalid environment:\n {2}DATA_DIR: must be a folder that can be made and written \([A-Z]+\)\n$/;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

async function runMain(env: Record<string, string>) {
  const options = { cwd: ROOT, env: environment({ NODE_ENV: 'test', LOG_LEVEL: 'warn', PORT: '0', ...env }) };
  return promisify(execFile)(process.execPath, ['src/main.ts'], options).catch((error: unknown) => error);
}

describe.each([
  ['npm start', runMain],
  ['npm run admin', (env: Record<string, string>) => runAdmin(KEY_CREATE, env)],
])('%s', (_name, start) => {
  it('names DATABASE_URL, the host and the port of a database that is not there, and no password', async () => {
    const port = await freePort();
    const ended = await start({ DATABASE_URL: `postgresql://epistle:not-to-be-told@127.0.0.1:${port}/epistle` });
    const stderr = `Invalid environment:\n  DATABASE_URL: there must be a PostgreSQL at 127.0.0.1, port ${port}, that takes connections from here; none could be made (ECONNREFUSED)\n`;
    expect(ended).toMatchObject({ code: 1, stderr });
  });

  it('tells a database that does not exist from a server that does not', async () => {
    const url = new URL(database.url);
    url.pathname = '/none';
    const ended = await start({ DATABASE_URL: url.href });
    expect(ended).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/DATABASE_URL: .*it must exist \(3D000\)\n$/),
    });
  });

  it('names a DATA_DIR that cannot be made', async () => {
    const ended = await start({ DATA_DIR: '/proc/x/data' });
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringMatching(DATA_DIR_REFUSED) });
  });

  it('names a DATA_DIR that is a file, or below one', async () => {
    for (const place of ['package.json', 'package.json/data']) {
      const ended = await start({ DATA_DIR: path.join(ROOT, place) });
      expect(ended).toMatchObject({ code: 1, stderr: expect.stringMatching(DATA_DIR_REFUSED) });
    }
  });
});

describe('npm run admin', () => {
  it.each([
    [['key', 'create', '--bogus'], /^The options are --organization, --name, --scopes, --expires, and each needs/],
    [['key', 'create', '--name'], /^The options are /],
    [['key', 'destroy'], /^There are three commands/],
  ])('%j prints the usage', async (args, words) => {
    const { code, stdout, stderr } = await runAdmin(args, {});
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(words);
    expect(stderr).toMatch(/\nUsage: npm run admin -- key create /);
  });

  it('says that a key is the first one of a new organization, and the key in the last line', async () => {
    const env = { DATABASE_URL: database.url, DATA_DIR: path.join(inject('temporaryFolder'), 'unused') };
    const first = await runAdmin(KEY_CREATE, env);
    expect(first.stdout).toMatch(/^There was no organization "Lumen": it is new\.\nepk_[\w-]{43}\n$/);
    const second = await runAdmin(KEY_CREATE, env);
    expect(second.stdout).toMatch(/^epk_[\w-]{43}\n$/);
  });
});
