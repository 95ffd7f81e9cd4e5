/**
 * A real PostgreSQL for installations without one: started from npm's binaries, private to this user, stopped with us.
 *
 *   DATA_DIR/postgres-18     the data: owned by the server's user, 0700, fsync on
 *   /tmp/epistle-pg-XXXXXX   the Unix socket, and `holders`, a pipe that every process using the server keeps open
 *
 * The server runs below a small shell that reads `holders`. When the last holder is gone, however it died, the read ends and the
 * server is stopped. So `kill -9` leaves no orphan, and a second process (such as `npm run admin`) that joined the server may
 * outlive the one that started it.
 *
 * PostgreSQL refuses to run as root. If Epistle runs as root, PostgreSQL runs as the user who owns the data: for new data an
 * unprivileged user of the system (see embedded/cluster.ts). PostgreSQL is started in the folder of its data and uses relative paths
 * only. DATA_DIR may therefore be below a folder that this user cannot enter, such as `/root`.
 */

import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { type Cluster, prepareCluster, USER } from './embedded/cluster.ts';
import { startFailure } from './embedded/failure.ts';
import { type Postmaster, removeStaleLock, runningPostmaster } from './embedded/postmaster.ts';
import { holdServer, PORT, superviseServer } from './embedded/supervisor.ts';

/** How to reach the server: for `pg.Pool`, `PrismaPg` and everything else that takes a pg configuration. */
export interface ConnectionParameters {
  /** The folder of the Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
}

export interface EmbeddedPostgres {
  readonly connection: ConnectionParameters;
  /** The same as a URL for pg and libpq (psql, pg_dump): `host` in the query overrides `localhost`, which URL parsers want. */
  readonly url: string;
  /** Process id of the postmaster. */
  readonly pid: number;
  /** Releases the server. The process that launched it also waits until it has stopped, unless others still use it. May be called twice. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Receives the server's log line by line, without statements and data. Only the process that launches the server receives it. */
  readonly log: (line: string) => void;
  /** False is faster and loses data in a power failure: for tests only. Default true. */
  readonly durable?: boolean;
}

/** The server is only ours, so its first database is used: creating another one would delay the first start. */
const DATABASE = 'postgres';

const POLL_MS = 5;
/** Long enough for a crash recovery, which reads at most 1 GB of write-ahead log. */
const START_TIMEOUT_MS = 60_000;
/** A server that still runs this long after we released it is in use by others. Otherwise it stops within 0.2 s. */
const RELEASE_MS = 500;

/**
 * Starts PostgreSQL on the data in `dataDir`, which is created if it is missing, or joins the server that runs on it.
 * @throws {EmbeddedPostgresError} when PostgreSQL cannot run here, or not with this data.
 */
export async function startEmbeddedPostgres(
  dataDir: string,
  { log, durable = true }: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const cluster = await prepareCluster(dataDir, durable);
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline) {
    const postmaster = runningPostmaster(cluster.data);
    const server = postmaster === null ? await launch(cluster, deadline, log) : join(postmaster);
    if (server !== null) return server;
    // It is starting, or stopping after its last holder ended: wait for either.
    await delay(POLL_MS);
  }
  throw startFailure(`It was not ready after ${START_TIMEOUT_MS / 1000} s.`);
}

/** Null when the server is not ready yet, or about to stop. */
function join(postmaster: Postmaster): EmbeddedPostgres | null {
  const release = postmaster.isReady ? holdServer(postmaster.socketDirectory) : null;
  return release && describe(postmaster, async () => release());
}

/** Null when another process launched a server on the same data at the same time. */
async function launch(
  cluster: Cluster,
  deadline: number,
  log: (line: string) => void,
): Promise<EmbeddedPostgres | null> {
  removeStaleLock(cluster.data);
  const server = superviseServer(cluster, log);
  while (!(await Promise.race([server.ended, delay(POLL_MS, false)])) && Date.now() < deadline) {
    const postmaster = runningPostmaster(cluster.data);
    if (!postmaster?.isReady || postmaster.socketDirectory !== server.sockets) continue;
    // It must not keep a process alive that did not stop it.
    server.keepAlive(false);
    return describe(postmaster, async () => {
      server.release();
      server.keepAlive(true);
      while (!(await Promise.race([server.ended, delay(RELEASE_MS, false)]))) {
        if (runningPostmaster(cluster.data)?.isReady) break;
      }
      server.keepAlive(false);
    });
  }
  server.release();
  rmSync(server.sockets, { recursive: true, force: true });
  if (runningPostmaster(cluster.data) !== null) return null;
  throw startFailure(server.output());
}

function describe({ pid, socketDirectory }: Postmaster, release: () => Promise<void>): EmbeddedPostgres {
  let stopped: Promise<void> | null = null;
  return {
    connection: { host: socketDirectory, port: PORT, user: USER, database: DATABASE },
    url: `postgresql://${USER}@localhost/${DATABASE}?host=${encodeURIComponent(socketDirectory)}&port=${PORT}`,
    pid,
    stop() {
      stopped ??= release();
      return stopped;
    },
  };
}
