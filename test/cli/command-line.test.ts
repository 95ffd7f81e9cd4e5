/** What the programs say when they cannot start, or are called wrongly: what to change, never a value. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
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
    ['organization list', ['--json'], '`organization list` does not take --json.'],
    ['account move', ['billing@lumen.example', '--sent'], '`account move` does not take --sent.'],
    ['key create', ['--bogus'], '`key create` does not take --bogus.'],
    ['key create', ['--name'], "Option '--name <value>' argument missing."],
    ['key create', ['--name', '--scopes', 'all'], "Option '--name' argument is ambiguous."],
    ['status', ['--json=yes'], "Option '--json' does not take an argument."],
    ['status', ['now'], '`status` does not take now.'],
    ['key revoke', ['one', 'two'], '`key revoke` does not take two.'],
  ])('%s %j is refused, with the usage of the command', async (command, more, problem) => {
    const { code, stdout, stderr } = await runAdmin([...command.split(' '), ...more], {});
    const [said, ...usage] = stderr.split('\n');
    expect([code, stdout, said]).toEqual([1, '', problem]);
    expect(usage).toEqual([
      'Usage: npm run admin -- COMMAND',
      expect.stringContaining(`  ${command}`),
      expect.any(String),
      '',
    ]);
  });

  it.each([[[]], [['key']], [['key', 'destroy']]])('%j is answered with the commands', async (args) => {
    const { code, stdout, stderr } = await runAdmin(args, {});
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      /^The commands are: status, key create, .*\nUsage: npm run admin -- COMMAND\n {2}status \[--json\]\n/,
    );
  });

  it('--help prints what each command takes and does, and nothing else', async () => {
    const { code, stdout, stderr } = await runAdmin(['--help'], {});
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Usage: npm run admin -- COMMAND\n(?: {2}[a-z].*\n {6}[A-Z].*\.\n){12}$/);
    const ofOne = await runAdmin(['key', 'revoke', '--help'], {});
    expect(ofOne.stdout).toBe(
      'Usage: npm run admin -- COMMAND\n  key revoke UID\n      Revokes a key. Servers refuse it within 5 s.\n',
    );
  });

  it('erase says that a database has no organization', async () => {
    const empty = await createTestDatabase();
    const env = { DATABASE_URL: empty.url, ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64') };
    const { code, stderr } = await runAdmin(['erase', 'maria@example.com'], env);
    await empty.drop();
    expect([code, stderr]).toEqual([1, 'There is no organization.\n']);
  });

  it.each([['status'], ['keys', 'rotate'], ['account', 'forget', 'billing@lumen.example']])(
    '%s %s refuses to make up an encryption key, unless the database is that of DATA_DIR',
    async (...args) => {
      const folder = await mkdtemp(path.join(inject('temporaryFolder'), 'no-key-'));
      const { code, stdout, stderr } = await runAdmin(args, { DATABASE_URL: database.url, DATA_DIR: folder });
      expect([code, stdout, stderr]).toEqual([
        1,
        '',
        expect.stringMatching(/^Invalid environment:\n {2}ENCRYPTION_KEY: /),
      ]);
      expect(await readdir(folder)).toEqual([]);
      await writeFile(path.join(folder, 'encryption-key'), Buffer.alloc(32, 7).toString('base64'));
      expect((await runAdmin(args, { DATABASE_URL: database.url, DATA_DIR: folder })).stderr).not.toContain(
        'ENCRYPTION_KEY',
      );
    },
  );

  it('says that a key is the first one of a new organization, and the key in the last line', async () => {
    const env = { DATABASE_URL: database.url, DATA_DIR: path.join(inject('temporaryFolder'), 'unused') };
    const first = await runAdmin(KEY_CREATE, env);
    expect(first.stdout).toMatch(/^Created the organization "Lumen", which did not exist\.\nepk_[\w-]{43}\n$/);
    const second = await runAdmin(KEY_CREATE, env);
    expect(second.stdout).toMatch(/^epk_[\w-]{43}\n$/);
  });

  it('warns of a key for a database that no server uses', async () => {
    const env = { DATABASE_URL: database.url, DATA_DIR: path.join(inject('temporaryFolder'), 'unused') };
    const alone = await runAdmin(KEY_CREATE, env);
    expect([alone.code, alone.stderr]).toEqual([0, expect.stringMatching(/^Warning: no server uses .*DATABASE_URL/)]);
    expect(alone.stderr).not.toContain(database.url);
    const server = new Client({ connectionString: database.url });
    await server.connect();
    await server.query(
      `INSERT INTO process_heartbeat (id, beat_at, worker_pool, instance, worker, version)
       VALUES (gen_random_uuid(), now() + interval '1 hour', '', '', '', '')`,
    );
    expect(await runAdmin(KEY_CREATE, env)).toMatchObject({ code: 0, stderr: '' });
    await server.query('DELETE FROM process_heartbeat');
    await server.end();
  });

  it('lists keys without their secrets, and revokes them', async () => {
    const env = { DATABASE_URL: database.url, DATA_DIR: path.join(inject('temporaryFolder'), 'unused') };
    const create = (organization: string, ...more: string[]) =>
      runAdmin(
        ['key', 'create', '--organization', organization, '--name', 'app', '--scopes', 'email:read', ...more],
        env,
      );
    const key = (await create('Listed', '--expires', '2099-12-31')).stdout.split('\n').at(-2) ?? '';
    await create('Other');
    const list = async (...more: string[]) =>
      (await runAdmin(['key', 'list', '--organization', 'Listed', ...more], env)).stdout;
    const line = await list();
    const [, uid = ''] = line.split('  ');
    expect(line).toBe(`Listed  ${uid}  ${key.slice(0, 10)}…  app  email:read  never used  expires 2099-12-31\n`);
    expect(JSON.parse(await list('--json'))).toMatchObject([
      { uid, name: 'app', scopes: ['email:read'], revokedAt: null },
    ]);
    expect((await runAdmin(['key', 'list'], env)).stdout).toMatch(/^Listed .*\n(.*\n)*Other /);

    expect(await runAdmin(['key', 'revoke', uid], env)).toMatchObject({
      code: 0,
      stdout: 'The key "app" of "Listed" is revoked.\n',
    });
    const [revoked] = JSON.parse(await list('--json'));
    expect(revoked.revokedAt).not.toBeNull();
    await runAdmin(['key', 'revoke', uid], env);
    expect(JSON.parse(await list('--json'))).toEqual([revoked]);
    expect(await list()).toMatch(/ revoked \d{4}-\d\d-\d\d\n$/);
    const none = '0199aa11-2b3c-7def-8123-456789abcdef';
    expect(await runAdmin(['key', 'revoke', none], env)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(none),
    });
    expect(await runAdmin(['key', 'revoke'], env)).toMatchObject({ code: 1, stderr: expect.stringMatching(/^UID is/) });
  });
});
