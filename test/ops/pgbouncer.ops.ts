/** Epistle behind PgBouncer, by session with its own defaults, and by transaction as `ops/pgbouncer.ini` has it. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/harness.ts';
import { accepted, createRecipient, fetchSentCopy, fresh, onlyMail, record } from '../support/mail.ts';
import { environment, freePort, ROOT, startFleet } from '../support/processes.ts';

const PASSWORD = 'not-to-be-told';
/** Half of them repeat the key of another one. */
const EMAILS = 40;

const poolers: ChildProcess[] = [];
const databases: TestDatabase[] = [];
afterEach(async () => {
  for (const pooler of poolers.splice(0)) {
    pooler.kill('SIGKILL');
    await once(pooler, 'exit');
  }
  for (const database of databases.splice(0)) await database.drop();
});

interface Pooler {
  /** A new database through PgBouncer, and the same one without it. */
  readonly url: string;
  readonly directUrl: string;
}

/** @param ini the configuration of PgBouncer, from the parameters of the database and the port to listen on. */
async function startPooler(ini: (upstream: string, port: number) => string | Promise<string>): Promise<Pooler> {
  const database = await createTestDatabase();
  databases.push(database);
  const url = new URL(database.url);
  const host = url.searchParams.get('host') ?? url.hostname;
  const upstreamPort = url.searchParams.get('port') || url.port || 5432;
  const port = await freePort();
  const folder = await mkdtemp(path.join(inject('temporaryFolder'), 'pgbouncer-'));
  const file = path.join(folder, 'pgbouncer.ini');
  // It refuses to run as root.
  await chmod(inject('temporaryFolder'), 0o755);
  await chmod(folder, 0o755);
  const upstream = `host=${host} port=${upstreamPort} dbname=${url.pathname.slice(1)} user=${url.username}`;
  await writeFile(file, await ini(upstream, port));
  const asNobody = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  const pooler = spawn('pgbouncer', [...asNobody, file], { stdio: 'ignore' });
  poolers.push(pooler);
  await eventually(async () => {
    if (pooler.exitCode !== null) throw new Error('pgbouncer ended: is it installed, in version 1.21 or later?');
    const socket = connect(port, '127.0.0.1');
    return Promise.race([once(socket, 'connect').then(() => true), once(socket, 'error').then(() => null)])
      .catch(() => null)
      .finally(() => socket.destroy());
  });
  return { url: `postgresql://epistle:${PASSWORD}@127.0.0.1:${port}/epistle`, directUrl: database.url };
}

/** PgBouncer's own defaults. */
function defaults(mode: 'session' | 'transaction' | 'statement') {
  return (upstream: string, port: number) => `[databases]
epistle = ${upstream}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
`;
}

/** The example of `ops/`, for this database and port, with changes of the test. */
function example(changes: readonly [RegExp, string][] = []) {
  return async (upstream: string, port: number) => {
    const ini = await readFile(path.join(ROOT, 'ops', 'pgbouncer.ini'), 'utf8');
    const all: readonly [RegExp, string][] = [
      [/host=db\.example\.com port=5432 dbname=epistle(?= connect_query)/, upstream],
      [/listen_port = 6432/, `listen_port = ${port}\nunix_socket_dir =`],
      [/auth_type = .*\nauth_file = .*/, 'auth_type = any'],
      ...changes,
    ];
    return all.reduce((text, [pattern, value]) => {
      expect(text).toMatch(pattern);
      return text.replace(pattern, value);
    }, ini);
  };
}

async function startRefused({ url, directUrl }: Pooler, isDirect: boolean): Promise<string> {
  const direct = { DATABASE_DIRECT_URL: isDirect ? directUrl : '' };
  const env = environment({ NODE_ENV: 'test', PORT: '0', DATABASE_URL: url, ...direct });
  const ended = await promisify(execFile)(process.execPath, ['src/main.ts'], { cwd: ROOT, env }).catch(
    (error: { code?: number; stderr?: string }) => error,
  );
  expect(ended).toMatchObject({ code: 1, stderr: expect.stringMatching(/^Invalid environment:\n {2}DATABASE_URL: /) });
  expect(ended.stderr).not.toContain(PASSWORD);
  return ended.stderr ?? '';
}

describe('PgBouncer', () => {
  it('in session mode, with its defaults, lets an email leave and its copy be read', async () => {
    const fleet = await startFleet({ processes: 1, databaseUrl: (await startPooler(defaults('session'))).url });
    try {
      const [server] = fleet.processes;
      if (server === undefined) throw new Error('there is no process');
      const maria = createRecipient(fleet, fleet.tenant);
      const { outboundEmail } = await accepted(server, fleet.tenant, fresh(fleet.tenant, maria));
      expect(outboundEmail.status).toBe('SENT');
      await fetchSentCopy(server, fleet.tenant, outboundEmail.uid);
      expect(onlyMail(fleet, maria).header('X-Epistle-Id')).toBe(outboundEmail.uid);
      expect(server.output).toBe('');
    } finally {
      await fleet.close();
    }
  });

  it.each([
    [
      'transaction',
      /the pooler at 127\.0\.0\.1, port \d+, pools by transaction; it must pool by session .*DATABASE_DIRECT_URL/,
    ],
    ['statement', /the PostgreSQL at 127\.0\.0\.1, port \d+, lets us in and cannot be used \(.*statement pooling/],
  ] as const)('in %s mode is refused at the start, by the name of DATABASE_URL', async (mode, reason) => {
    expect(await startRefused(await startPooler(defaults(mode)), false)).toMatch(reason);
  });

  it('in transaction mode beside DATABASE_DIRECT_URL carries every send of two processes once', async () => {
    // Fewer connections to PostgreSQL than one process asks for: each statement of a session may meet another one.
    const { url, directUrl } = await startPooler(example([[/default_pool_size = 20/, 'default_pool_size = 4']]));
    const fleet = await startFleet({ processes: 2, databaseUrl: url, env: { DATABASE_DIRECT_URL: directUrl } });
    try {
      const maria = createRecipient(fleet, fleet.tenant);
      const sends = Array.from({ length: EMAILS }, (_, index) => {
        const server = fleet.processes[index % 2] ?? expect.fail();
        const idempotencyKey = `k${index >> 1}`;
        return accepted(server, fleet.tenant, fresh(fleet.tenant, maria, { idempotencyKey }));
      });
      const results = await Promise.all(sends);
      expect(results.filter(({ replayed }) => !replayed)).toHaveLength(EMAILS / 2);
      const [first] = results;
      const [server] = fleet.processes;
      if (first === undefined || server === undefined) throw new Error('there is no process');
      await fetchSentCopy(server, fleet.tenant, first.outboundEmail.uid);
      // A job of the queue, which listens on PostgreSQL itself.
      const plannedSendAt = new Date(Date.now() + 10_000).toISOString();
      const planned = await accepted(server, fleet.tenant, fresh(fleet.tenant, maria, { plannedSendAt }));
      await eventually(async () => {
        const { status } = await record(server, fleet.tenant, planned.outboundEmail.uid);
        return status === 'SENT' || null;
      });
      expect(fleet.sandbox.admin.messages(maria)).toHaveLength(EMAILS / 2 + 1);
      expect(fleet.processes.map(({ output }) => output)).toEqual(['', '']);
    } finally {
      await fleet.close();
    }
  });

  it.each([
    [
      'loses prepared statements',
      [[/max_prepared_statements = 200/, 'max_prepared_statements = 0']],
      /the pooler at 127\.0\.0\.1, port \d+, loses prepared statements; it must keep them \(PgBouncer 1\.21 or later/,
    ],
    [
      'does not set what a session needs',
      [[/ connect_query='.*'/, '']],
      /must prepare its connections: connect_query='SET idle_in_transaction_session_timeout=10000; SET statement_timeout=25000; SET enable_memoize=off; SET random_page_cost=1.1'/,
    ],
  ] as const)('in transaction mode is refused when it %s', async (_name, changes, reason) => {
    const pooler = await startPooler(example(changes.map(([pattern, value]) => [pattern, value])));
    expect(await startRefused(pooler, true)).toMatch(reason);
  });
});
