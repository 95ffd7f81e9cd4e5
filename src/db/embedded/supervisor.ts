/** The server's process, and the pipe that tells it when it is not needed any more. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Account, type Cluster, give, runOptions, workingDirectory } from './cluster.ts';
import { isSystemError } from './failure.ts';

/** Names the socket file (`.s.PGSQL.5432`). The server does not listen on TCP. */
export const PORT = 5432;

const SETTINGS = [
  'listen_addresses=',
  `port=${PORT}`,
  'max_connections=200',
  'shared_buffers=56MB',
  'cluster_name=epistle',
  'timezone=UTC',
  // Until autovacuum first visits its tables, a new database is planned as if it were empty.
  'autovacuum_naptime=15s',
  // The first change of a page after a checkpoint logs the whole page.
  'wal_compression=pglz',
  // The client of a failed statement gets its error. In the log, statements would only expose addresses and keys.
  'log_min_messages=log',
  'log_min_error_statement=panic',
  'log_error_verbosity=terse',
];
const NOT_DURABLE = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];

/**
 * Runs the server (arguments: socket folder, command) until it ends by itself or the pipe on stdin has no writer left.
 * SIGINT is PostgreSQL's fast shutdown. The holders, not the server, react to the signals of a terminal or supervisor. The reader
 * of stderr may be gone (SIGPIPE).
 *
 * A process that joins opens the pipe and writes a line. It may do so between the end of the lines and the signal. So the shell
 * first moves the pipe out of reach, and then reads it once more: a process that joined before has written a line and keeps the
 * server.
 */
const SUPERVISOR = `
  sockets=$1; shift
  trap '' HUP INT TERM PIPE
  exec 3<&0
  "$@" 3<&- & server=$!
  (while
    while read -r _; do :; done
    mv "$sockets/holders" "$sockets/closed" 2>/dev/null
    read -r _
  do
    mv "$sockets/closed" "$sockets/holders" 2>/dev/null
  done
  kill -INT "$server") <&3 & watcher=$!
  wait "$server"; status=$?
  kill -KILL "$watcher" 2>/dev/null
  rm -rf "$sockets"
  exit "$status"`;

export interface SupervisedServer {
  /** The folder of the server's Unix socket. */
  readonly sockets: string;
  /** Settles when the server has ended or could not be run. */
  readonly ended: Promise<true>;
  /** The last lines of the server's log. */
  output(): string;
  /** Releases the server, which stops unless other processes hold it. */
  release(): void;
  /** Whether waiting for the server keeps this process alive. Default true. */
  keepAlive(value: boolean): void;
}

/** Launches the server. It may not be ready yet, or may refuse to start because another server has the data. */
export function superviseServer(cluster: Cluster, log: (line: string) => void): SupervisedServer {
  const sockets = createSocketDirectory(cluster.account);
  const pipe = holdersPipe(sockets);
  execFileSync('mkfifo', ['-m', '600', pipe]);
  give(pipe, cluster.account);
  // Opened for reading and writing, a pipe does not wait for its other end, and the reader does not wait either.
  const holder = openSync(pipe, constants.O_RDWR);
  const reader = openSync(pipe, constants.O_RDONLY);
  const settings = [...SETTINGS, ...(cluster.durable ? [] : NOT_DURABLE)].flatMap((setting) => ['-c', setting]);
  const postgres = [
    path.join(cluster.bin, 'postgres'),
    '-D',
    workingDirectory(cluster.data),
    '-k',
    sockets,
    ...settings,
  ];
  const child = spawn('/bin/sh', ['-c', SUPERVISOR, 'epistle-postgres', sockets, ...postgres], {
    ...runOptions(cluster, cluster.data),
    // A terminal's Ctrl-C reaches this process, which drains and stops the server, but not the server itself.
    detached: true,
    stdio: [reader, 'ignore', 'pipe'],
  });
  closeSync(reader);
  return {
    sockets,
    ...observe(child, log),
    release() {
      closeSync(holder);
    },
    keepAlive(value) {
      const handles = child.stderr instanceof Socket ? [child, child.stderr] : [child];
      for (const handle of handles) {
        if (value) handle.ref();
        else handle.unref();
      }
    },
  };
}

function observe(child: ChildProcess, log: (line: string) => void): Pick<SupervisedServer, 'ended' | 'output'> {
  let output = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-4_000);
    for (const line of text.split('\n')) if (line !== '') log(line);
  });
  const ended = new Promise<true>((resolve) => {
    child.once('close', () => resolve(true));
    child.once('error', (error) => {
      output += error.message;
      resolve(true);
    });
  });
  return { ended, output: () => output };
}

/**
 * Keeps a running server from stopping.
 * @returns a function that releases it. Null when it is about to stop.
 */
export function holdServer(sockets: string): (() => void) | null {
  let holder: number | null = null;
  try {
    holder = openSync(holdersPipe(sockets), constants.O_WRONLY | constants.O_NONBLOCK);
    writeSync(holder, '\n');
  } catch (error) {
    if (holder !== null) closeSync(holder);
    // ENXIO, EPIPE: the pipe has lost its reader. ENOENT: it is out of reach, or the folder is being removed.
    if (['ENXIO', 'EPIPE', 'ENOENT'].some((code) => isSystemError(error, code))) return null;
    throw error;
  }
  const held = holder;
  return () => closeSync(held);
}

/** A socket's path has at most 103 bytes and must be accessible to the server's user, so it cannot be in DATA_DIR. */
function createSocketDirectory(account: Account): string {
  const isSuitable = account.uid === undefined && tmpdir().length <= 64;
  const directory = mkdtempSync(path.join(isSuitable ? tmpdir() : '/tmp', 'epistle-pg-'));
  give(directory, account);
  return directory;
}

function holdersPipe(sockets: string): string {
  return path.join(sockets, 'holders');
}
