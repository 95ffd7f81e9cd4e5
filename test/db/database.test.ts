import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from 'pg';
import { beforeAll, beforeEach, describe, expect, inject, it, onTestFinished } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/db/embedded-postgres.ts';
import { applyMigrations } from '../../src/db/migrate.ts';
import { createTestDatabase } from '../support/database.ts';

const SOURCE = path.join(import.meta.dirname, '..', '..', 'src', 'db', 'embedded-postgres.ts');

/** An empty database, for the tests that do not look at how one is made. */
let made: string;
let folder: string;
/** Process ids of the servers that the test has had. */
const servers = new Set<number>();

beforeAll(async () => {
  made = await mkdtemp(path.join(inject('temporaryFolder'), 'database-'));
  await (await startEmbeddedPostgres(made, { log: () => {}, durable: false })).stop();
});

beforeEach(async ({ onTestFinished }) => {
  folder = await mkdtemp(path.join(inject('temporaryFolder'), 'database-'));
  // Last registered is first called: all have let go of the servers by then. Who joined one does not wait for its end.
  onTestFinished(async () => {
    await expect.poll(() => [...servers].filter(isAlive), { interval: 5, timeout: 30_000 }).toEqual([]);
    servers.clear();
    await rm(folder, { recursive: true, force: true });
  });
});

/** Its owner, root where the tests run as root, is changed by the start. */
function copyMade(): Promise<void> {
  return cp(made, folder, { recursive: true });
}

/** Not durable, unless that matters: deleting files that were just synced takes most of a second on some disks. */
async function start(dataDir: string, { durable = false } = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres(dataDir, { log: () => {}, durable });
  servers.add(server.pid);
  onTestFinished(() => server.stop());
  return server;
}

async function query<Row extends object>(server: EmbeddedPostgres, sql: string): Promise<Row[]> {
  const client = new Client(server.connection);
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Another process that starts, or joins, the server on `dataDir`, whose pid is given, then does `work`. */
async function spawnOwner(
  dataDir: string,
  work: string,
): Promise<{ owner: ChildProcess; pid: number; lines: AsyncIterator<string> }> {
  const program = `
    import pg from 'pg';
    import { startEmbeddedPostgres } from ${JSON.stringify(SOURCE)};
    const server = await startEmbeddedPostgres(${JSON.stringify(dataDir)}, { log: () => {} });
    console.log(server.pid);
    ${work}`;
  const owner = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: path.join(import.meta.dirname, '..', '..'),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    owner.kill('SIGKILL');
  });
  if (owner.stdout === null) throw new Error('no stdout');
  const lines = createInterface({ input: owner.stdout })[Symbol.asyncIterator]();
  const pid = Number(await nextLine(lines));
  servers.add(pid);
  return { owner, pid, lines };
}

async function nextLine(lines: AsyncIterator<string>): Promise<string> {
  const { done, value } = await lines.next();
  if (done) throw new Error('the process ended early');
  return value;
}

const WAIT = 'process.stdin.resume();';
const INSERT_FOR_EVER = `
  const client = new pg.Client(server.connection);
  await client.connect();
  await client.query('create table acknowledged (id int primary key)');
  for (let id = 1; ; id++) {
    await client.query('insert into acknowledged values ($1)', [id]);
    console.log(id);
  }`;

describe('startEmbeddedPostgres', () => {
  it('starts on a folder that does not exist yet, and has its rows after a restart', async () => {
    const dataDir = path.join(folder, 'with spaces', 'x'.repeat(120), 'data');
    const first = await start(dataDir);
    await query(first, 'create table kept as select 42 as answer');
    await first.stop();
    expect(isAlive(first.pid)).toBe(false);
    expect(existsSync(first.connection.host)).toBe(false);

    const second = await start(dataDir);
    expect(await query(second, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  it('is reached by its URL and its parameters, only through a private socket, with fsync on', async () => {
    const server = await start(folder, { durable: true });
    const client = new Client({ connectionString: server.url });
    await client.connect();
    // Its end is waited for, and that of a pool is not: the server would say goodbye to nobody.
    onTestFinished(() => client.end());
    const { rows } = await client.query(
      `select current_setting('listen_addresses') as addresses, current_setting('fsync') as fsync`,
    );
    expect(rows).toEqual([{ addresses: '', fsync: 'on' }]);
    expect((await stat(server.connection.host)).mode & 0o777).toBe(0o700);
    expect((await stat(path.join(folder, 'postgres-18'))).mode & 0o777).toBe(0o700);
  });

  it('stops when its owner is killed, and then has every acknowledged row', async () => {
    await copyMade();
    const { owner, pid, lines } = await spawnOwner(folder, INSERT_FOR_EVER);
    let acknowledged = 0;
    while (acknowledged < 200) acknowledged = Number(await nextLine(lines));
    owner.kill('SIGKILL');
    for (let line = await lines.next(); !line.done; line = await lines.next()) acknowledged = Number(line.value);
    await expect.poll(() => isAlive(pid), { interval: 5 }).toBe(false);

    const server = await start(folder);
    const [row] = await query<{ count: number }>(server, 'select count(*)::int as count from acknowledged');
    // One more may have been committed and not yet acknowledged.
    expect([acknowledged, acknowledged + 1]).toContain(row?.count);
  });

  it('starts again after a kill, as soon as the old server has stopped', async () => {
    await copyMade();
    const { owner, pid } = await spawnOwner(folder, WAIT);
    const joined = await start(folder);
    const session = new Client(joined.connection);
    const cut: Error[] = [];
    session.on('error', (error) => cut.push(error));
    await session.connect();
    await joined.stop();
    const { rows } = await session.query<{ pid: number }>('select pg_backend_pid() as pid');
    const backend = rows[0]?.pid ?? expect.fail();
    // The server cannot stop before this one has.
    process.kill(backend, 'SIGSTOP');
    owner.kill('SIGKILL');
    const lock = path.join(folder, 'postgres-18', 'postmaster.pid');
    await expect.poll(() => readFile(lock, 'utf8'), { interval: 5 }).toMatch(/^stopping *$/m);
    const starting = start(folder);
    process.kill(backend, 'SIGCONT');
    const server = await starting;
    expect(cut[0]).toMatchObject({ code: '57P01' });
    expect(server.pid).not.toBe(pid);
    expect(await query(server, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('never joins a server that is about to stop, however soon after a kill it is looked for', async () => {
    await copyMade();
    for (let round = 0; round < 6; round++) {
      const { owner } = await spawnOwner(folder, WAIT);
      owner.kill('SIGKILL');
      const server = await start(folder);
      // Another one, or the same, which then goes on: its sessions would be cut at once.
      expect(await query(server, 'select 1 as one from pg_sleep(0.05)')).toEqual([{ one: 1 }]);
      await server.stop();
    }
  });

  it('starts after a crash of the server itself, whatever its lock file says', async () => {
    await copyMade();
    const crashed = await start(folder);
    const sockets = crashed.connection.host;
    process.kill(crashed.pid, 'SIGKILL');
    await expect.poll(() => existsSync(sockets), { interval: 5 }).toBe(false);
    await crashed.stop();
    // As in a container that starts over: the process id in the lock belongs to somebody else now.
    const lock = `${process.pid}\n/proc/self/cwd\n1\n5432\n${sockets}\n\n1 1\nready\n`;
    await writeFile(path.join(folder, 'postgres-18', 'postmaster.pid'), lock);

    expect(await query(await start(folder), 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('is shared by processes, and stops with the last of them', async () => {
    await copyMade();
    const { owner, pid } = await spawnOwner(folder, WAIT);
    const joined = await start(folder);
    expect(joined.pid).toBe(pid);
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    expect(await query(joined, 'select 1 as one')).toEqual([{ one: 1 }]);
    await joined.stop();
    await expect.poll(() => isAlive(pid), { interval: 5 }).toBe(false);
  });

  it('is launched once when several start on an empty folder at the same time', async () => {
    const servers = await Promise.all([start(folder), start(folder), start(folder), start(folder)]);
    expect(new Set(servers.map(({ pid }) => pid)).size).toBe(1);
  });

  it('refuses data of another major version instead of starting empty', async () => {
    await mkdir(path.join(folder, 'postgres-17'));
    await expect(start(folder)).rejects.toThrow(/postgres-17 was written by another major version.*DATABASE_URL/s);
  });

  it('keeps its data where DATA_DIR says, below a folder that is open to its owner alone, and never as root', async () => {
    await chmod(folder, 0o700);
    const server = await start(path.join(folder, 'data'));
    expect(await query(server, 'select 1 as one')).toEqual([{ one: 1 }]);
    const own = process.getuid?.();
    expect((await stat(path.join(folder, 'data'))).uid).toBe(own);
    const { uid } = await stat(path.join(folder, 'data', 'postgres-18'));
    expect(uid).not.toBe(0);
    // Root gives it to another user; anybody else keeps it.
    expect(uid === own).toBe(own !== 0);
  });
});

describe('applyMigrations', () => {
  const warnings: string[] = [];

  beforeEach(() => {
    warnings.length = 0;
  });

  async function emptyDatabase(): Promise<Client> {
    const database = await createTestDatabase({ empty: true });
    onTestFinished(() => database.drop());
    return connect(database.url);
  }

  async function connect(url: string): Promise<Client> {
    const client = new Client({ connectionString: url });
    await client.connect();
    onTestFinished(() => client.end());
    return client;
  }

  const migrations = () => path.join(folder, 'migrations');

  async function writeMigration(name: string, sql: string): Promise<void> {
    await mkdir(path.join(migrations(), name), { recursive: true });
    await writeFile(path.join(migrations(), name, 'migration.sql'), sql);
  }

  const writeFunctions = (body: string) =>
    writeFile(
      path.join(folder, 'functions.sql'),
      `create or replace function stamp() returns text language sql as $$ ${body} $$`,
    );

  const stamp = async (client: Client) =>
    (await client.query<{ stamp: string }>('select stamp()')).rows.map((row) => row.stamp);

  const migrate = (client: Client) =>
    applyMigrations(client, migrations(), { warn: (message) => warnings.push(message) });

  it('applies each migration once, in the order of names, and nothing the next time', async () => {
    const client = await emptyDatabase();
    await writeMigration('2_second', 'alter table letter add column body text');
    await writeMigration('1_first', 'create table letter (id int)');
    expect(await migrate(client)).toEqual(['1_first', '2_second']);
    expect(await migrate(client)).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it('applies once when four processes start at the same time', async () => {
    const database = await createTestDatabase({ empty: true });
    onTestFinished(() => database.drop());
    const clients = await Promise.all([1, 2, 3, 4].map(() => connect(database.url)));
    await writeMigration('1_first', 'create table letter (id int); select pg_sleep(0.1)');
    await writeMigration('2_index', 'create index letter_id on letter (id)');
    const applied = await Promise.all(clients.map(migrate));
    expect(applied.flat()).toEqual(['1_first', '2_index']);
  });

  it('leaves nothing of a migration that failed, and applies it when it is mended', async () => {
    const client = await emptyDatabase();
    await writeMigration('1_first', 'create table letter (id int); select 1 / 0;');
    await expect(migrate(client)).rejects.toThrow('Migration 1_first failed: division by zero');
    expect((await client.query(`select to_regclass('letter') as letter`)).rows).toEqual([{ letter: null }]);
    await writeMigration('1_first', 'create table letter (id int)');
    expect(await migrate(client)).toEqual(['1_first']);
  });

  it('reports a migration that was edited after it was applied', async () => {
    const client = await emptyDatabase();
    await writeMigration('1_first', 'create table letter (id int)');
    await migrate(client);
    await writeMigration('1_first', 'create table letter (id bigint)');
    expect(await migrate(client)).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining('1_first was edited')]);
  });

  it('reports a migration that the database has and this version does not', async () => {
    const client = await emptyDatabase();
    await writeMigration('1_first', 'create table letter (id int)');
    await writeMigration('2_newer', 'create table stamp (id int)');
    await migrate(client);
    await rm(path.join(migrations(), '2_newer'), { recursive: true });
    expect(await migrate(client)).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining('2_newer was applied to the database but is unknown here')]);
  });

  it('applies the functions after the migrations, and again whenever they are not what was applied last', async () => {
    const client = await emptyDatabase();
    await writeMigration('1_first', `create table letter as select 'old' as stamp`);
    await writeFunctions('select stamp from letter');
    expect(await migrate(client)).toEqual(['1_first', 'functions.sql']);
    expect(await migrate(client)).toEqual([]);
    await writeFunctions(`select 'new'`);
    expect(await migrate(client)).toEqual(['functions.sql']);
    expect(await stamp(client)).toEqual(['new']);
    // A version that is taken back brings its own functions.
    await writeFunctions('select stamp from letter');
    expect(await migrate(client)).toEqual(['functions.sql']);
    expect(await stamp(client)).toEqual(['old']);
    expect(warnings).toEqual([]);
  });

  it('leaves the functions of a newer version when an older process starts', async () => {
    const client = await emptyDatabase();
    await writeMigration('1_first', 'create table letter (id int)');
    await writeMigration('2_newer', 'create table stamp (id int)');
    await writeFunctions(`select 'new'`);
    await migrate(client);
    await rm(path.join(migrations(), '2_newer'), { recursive: true });
    await writeFunctions(`select 'old'`);
    expect(await migrate(client)).toEqual([]);
    expect(await stamp(client)).toEqual(['new']);
  });

  it('leaves the functions as they were when the file fails', async () => {
    const client = await emptyDatabase();
    await writeMigration('1_first', 'create table letter (id int)');
    await writeFunctions(`select 'old'`);
    await migrate(client);
    await writeFunctions(`select 'new' $$; select 1 / 0; select $$`);
    await expect(migrate(client)).rejects.toThrow('functions.sql failed: division by zero');
    expect(await stamp(client)).toEqual(['old']);
  });

  it('gives up after the lock timeout while another process migrates', async () => {
    const database = await createTestDatabase({ empty: true });
    onTestFinished(() => database.drop());
    const [holder, client] = [await connect(database.url), await connect(database.url)];
    await holder.query('select pg_advisory_lock(72707369)');
    await writeMigration('1_first', 'create table letter (id int)');
    await expect(applyMigrations(client, migrations(), { warn: () => {}, lockTimeoutMs: 50 })).rejects.toThrow(
      '0.05 s',
    );
  });
});
