/** Servers of Debian's PostgreSQL: one, or a primary and its streaming standby. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { appendFile, chmod, chown, mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { eventually } from './harness.ts';
import { freePort } from './processes.ts';

const VERSIONS = '/usr/lib/postgresql';

/** PostgreSQL refuses to run as root. */
const NOBODY = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

export interface Server {
  readonly url: string;
  /** Stops it at once, as a lost machine. */
  kill(): Promise<void>;
  /** Stops and continues its replay of the primary's log. */
  pauseReplay(): Promise<void>;
  resumeReplay(): Promise<void>;
}

export interface Replication {
  readonly primary: Server;
  readonly standby: Server;
  close(): Promise<void>;
}

/** A program of the newest installed version. */
export function binary(name: string): string {
  const [version] = readdirSync(VERSIONS).sort((a, b) => Number(b) - Number(a));
  return path.join(VERSIONS, version ?? '', 'bin', name);
}

/** A server alone. */
export async function startPrimary(): Promise<Omit<Replication, 'standby'>> {
  const { primary, close } = await startFirst();
  return { primary, close };
}

export async function startReplication(): Promise<Replication> {
  const { folder, place, run, primary, close } = await startFirst();
  const second = await place('standby');
  run(
    'pg_basebackup',
    '--write-recovery-conf',
    '--pgdata',
    second.data,
    '--dbname',
    primary.url,
    '--checkpoint=fast',
    '--no-sync',
  );
  await appendFile(path.join(second.data, 'postgresql.conf'), `port = ${second.port}\n`);
  const standby = await startServer(folder, second);
  return {
    primary,
    standby,
    async close() {
      await standby.kill();
      await close();
    },
  };
}

async function startFirst() {
  const folder = await mkdtemp(path.join(tmpdir(), 'epistle-standby-'));
  await chmod(folder, 0o755);
  const run = (name: string, ...args: string[]) =>
    execFileSync(binary(name), args, { ...NOBODY, cwd: folder, stdio: 'pipe' });
  const place = async (name: string) => {
    const data = path.join(folder, name);
    await mkdir(data, { mode: 0o700 });
    if (NOBODY.uid !== undefined) await chown(data, NOBODY.uid, NOBODY.gid);
    return { data, port: await freePort() };
  };
  const first = await place('primary');
  run('initdb', '--pgdata', first.data, '--username=epistle', '--auth=trust', '--no-sync');
  await appendFile(
    path.join(first.data, 'postgresql.conf'),
    `listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\nfsync = off\nport = ${first.port}\n`,
  );
  const primary = await startServer(folder, first);
  const close = async () => {
    await primary.kill();
    execFileSync('rm', ['-r', folder]);
  };
  return { folder, place, run, primary, close };
}

async function startServer(folder: string, { data, port }: { data: string; port: number }): Promise<Server> {
  const child: ChildProcess = spawn(binary('postgres'), ['-D', data], { ...NOBODY, cwd: folder, stdio: 'ignore' });
  const url = `postgresql://epistle@127.0.0.1:${port}/postgres`;
  const execute = async (statement: string) => {
    const client = new Client({ connectionString: url });
    client.on('error', () => {});
    await client.connect();
    await client.query(statement).finally(() => client.end());
  };
  await eventually(async () => {
    if (child.exitCode !== null) throw new Error('PostgreSQL ended: is Debian’s package postgresql installed?');
    return execute('SELECT 1').then(
      () => true,
      () => null,
    );
  });
  return {
    url,
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGQUIT');
      await once(child, 'exit');
    },
    pauseReplay: () => execute('SELECT pg_wal_replay_pause()'),
    resumeReplay: () => execute('SELECT pg_wal_replay_resume()'),
  };
}
