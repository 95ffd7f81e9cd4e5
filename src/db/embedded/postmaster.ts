/** The server that runs on a data folder, according to PostgreSQL's `postmaster.pid` in it. */

import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { isSystemError } from './failure.ts';

export interface Postmaster {
  readonly pid: number;
  /** Empty during the first moments of a start. */
  readonly socketDirectory: string;
  /** Accepts connections: neither starting nor stopping. */
  readonly isReady: boolean;
}

/** PostgreSQL writes into its lock microseconds after it creates it. */
const EMPTY_LOCK_IS_STALE_AFTER_MS = 1_000;

/** Null when no server runs: the lock file is missing, or a crash left it behind. */
export function runningPostmaster(data: string): Postmaster | null {
  const lock = readLock(data);
  return lock !== null && isRunning(lock) ? lock : null;
}

/**
 * Removes a stale lock that would keep PostgreSQL from starting: its process id now belongs to another process (usual in
 * containers, where ids start over), or a power failure left it empty. PostgreSQL replaces all other stale locks itself, without
 * the race between our check and our removal. Orphaned backends do no harm: the shared memory that they hold still blocks a
 * start.
 */
export function removeStaleLock(data: string): void {
  const lock = readLock(data);
  const isStale =
    lock === null
      ? (lockAgeMs(data) ?? 0) > EMPTY_LOCK_IS_STALE_AFTER_MS
      : commandLine(lock.pid) !== null && !isRunning(lock);
  if (isStale) rmSync(lockFile(data), { force: true });
}

function lockFile(data: string): string {
  return path.join(data, 'postmaster.pid');
}

/** Null when the lock is missing or still empty. */
function readLock(data: string): Postmaster | null {
  try {
    // Lines: process id, data folder, start time, port, socket folder, listen address, shared memory, status.
    const lines = readFileSync(lockFile(data), 'utf8').split('\n');
    const pid = Number(lines[0]);
    if (!Number.isInteger(pid) || pid <= 0) return null;
    return { pid, socketDirectory: lines[4] ?? '', isReady: lines[7]?.trim() === 'ready' };
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return null;
    throw error;
  }
}

/** Null when the lock is missing. */
function lockAgeMs(data: string): number | null {
  const lock = statSync(lockFile(data), { throwIfNoEntry: false });
  return lock === undefined ? null : Date.now() - lock.mtimeMs;
}

/** The random name of the socket folder is among the server's arguments and distinguishes it from any other process. */
function isRunning({ pid, socketDirectory }: Postmaster): boolean {
  return commandLine(pid)?.includes(socketDirectory === '' ? 'postgres' : socketDirectory) ?? false;
}

/** Null when the process does not exist. */
function commandLine(pid: number): string | null {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8') || null;
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return null;
  }
}
