/** The data folder and its owner. */

import { execFile, execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { placePostgresBinaries, renameIfFirst } from './binaries.ts';
import { EmbeddedPostgresError, startFailure } from './failure.ts';

/** The superuser of the database. Every process that can open the private socket is trusted. */
export const USER = 'postgres';

/** Creating a database takes seconds: a crash left an unfinished folder that is older than this. */
const ABANDONED_AFTER_MS = 10 * 60_000;

/** User and group that the server runs as; empty for our own. */
export interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

export interface Cluster {
  /** Absolute path of the data folder. */
  readonly data: string;
  readonly bin: string;
  readonly account: Account;
  readonly durable: boolean;
}

/**
 * Finds the data in `dataDir`, or creates an empty database there.
 * @throws {EmbeddedPostgresError}
 */
export async function prepareCluster(dataDir: string, durable: boolean): Promise<Cluster> {
  const home = path.resolve(dataDir);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const isRoot = process.getuid?.() === 0;
  const copyTo = isRoot ? '/var/cache/epistle' : path.join(home, 'binaries');
  const { directory, major } = placePostgresBinaries(isRoot, copyTo);
  const data = path.join(home, `postgres-${major}`);
  const cluster = { data, bin: path.join(directory, 'bin'), account: serverAccount(data, isRoot), durable };
  if (!existsSync(path.join(data, 'PG_VERSION'))) await createCluster(cluster);
  return cluster;
}

/** Options to run the server's programs: in `folder`, and without our environment, which holds secrets and PG variables. */
export function runOptions({ account }: Cluster, folder: string) {
  return { ...account, cwd: folder, env: { PATH: process.env.PATH, LC_ALL: 'C' } };
}

/** The folder as seen by a process that was started in it, which needs no access to the folders above. */
export function workingDirectory(folder: string): string {
  return process.platform === 'linux' ? '/proc/self/cwd' : folder;
}

export function give(file: string, { uid, gid }: Account): void {
  if (uid !== undefined && gid !== undefined) chownSync(file, uid, gid);
}

function serverAccount(data: string, isRoot: boolean): Account {
  const owner = statSync(data, { throwIfNoEntry: false });
  if (!isRoot) {
    if (owner === undefined || owner.uid === process.getuid?.()) return {};
    throw new EmbeddedPostgresError(
      `${data} belongs to another user (uid ${owner.uid}): start as root or as that user.`,
    );
  }
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const nobody = readFileSync('/etc/passwd', 'utf8').match(/^nobody:[^:]*:(-?\d+):(-?\d+):/m);
  // `>>> 0`: macOS writes 4294967294 as -2.
  const account = { uid: Number(nobody?.[1] ?? 65534) >>> 0, gid: Number(nobody?.[2] ?? 65534) >>> 0 };
  // Data that root has restored from a copy.
  if (owner !== undefined) execFileSync('chown', ['-R', `${account.uid}:${account.gid}`, data]);
  return account;
}

/** Created beside its final place and moved there when complete, so that a crash leaves no partial database. */
async function createCluster(cluster: Cluster): Promise<void> {
  const { data, bin, account, durable } = cluster;
  refuseOtherVersions(data);
  removeAbandoned(data);
  const fresh = mkdtempSync(`${data}.new-`);
  give(fresh, account);
  const args = ['-D', workingDirectory(fresh), '-U', USER, '--auth=trust', '--encoding=UTF8', '--locale=C'];
  // A durable server needs its first files on disk too: otherwise a power failure soon after would lose all rows.
  if (!durable) args.push('--no-sync');
  try {
    await promisify(execFile)(path.join(bin, 'initdb'), [...args, '--no-instructions'], runOptions(cluster, fresh));
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    throw startFailure(error instanceof Error ? error.message : String(error), error);
  }
  renameIfFirst(fresh, data);
}

/** An empty database beside the operator's full one would look like a total loss of data. */
function refuseOtherVersions(data: string): void {
  const [home, own] = [path.dirname(data), path.basename(data)];
  const other = readdirSync(home).find((name) => /^postgres-\d+$/.test(name) && name !== own);
  if (other === undefined) return;
  throw new EmbeddedPostgresError(
    `${path.join(home, other)} was written by another major version than this one, ${own}: ` +
      'dump it with the version that wrote it, move it away, start, and restore the dump.',
  );
}

function removeAbandoned(data: string): void {
  const prefix = `${path.basename(data)}.new-`;
  for (const name of readdirSync(path.dirname(data)).filter((entry) => entry.startsWith(prefix))) {
    const folder = path.join(path.dirname(data), name);
    const changed = statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (changed < Date.now() - ABANDONED_AFTER_MS) rmSync(folder, { recursive: true, force: true });
  }
}
