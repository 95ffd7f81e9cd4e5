/** A network between a process and its database that a test can break: it falls silent, or cuts what it carries. */
import { once } from 'node:events';
import { connect, createServer, type NetConnectOpts, type Socket } from 'node:net';

export interface DatabaseProxy {
  /** The same database, through here. */
  readonly url: string;
  /** Connections stay open and carry nothing, and new ones are accepted. */
  fallSilent(): void;
  /** The bytes that were held back continue. */
  speakAgain(): void;
  /** From now on, a pause follows every 64 KB that are sent to the database. */
  slowDown(pauseMs: number): void;
  /** Closes every connection. New ones are accepted. */
  cut(): void;
  close(): void;
}

/** @param databaseUrl where to connect to, asked for each connection: a server may have another address after a start. */
export async function startDatabaseProxy(databaseUrl: () => string): Promise<DatabaseProxy> {
  const sockets = new Set<Socket>();
  let isSilent = false;
  let pauseMs = 0;
  const server = createServer((client) => {
    const upstream = connect(addressOf(new URL(databaseUrl())));
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.on('data', (bytes) => {
        other.write(bytes);
        if (socket !== client || pauseMs === 0) return;
        socket.pause();
        setTimeout(() => socket.resume(), pauseMs);
      });
      if (isSilent) socket.pause();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const url = new URL(databaseUrl());
  url.host = `127.0.0.1:${address.port}`;
  url.search = '';
  return {
    url: url.href,
    fallSilent() {
      isSilent = true;
      for (const socket of sockets) socket.pause();
    },
    speakAgain() {
      isSilent = false;
      for (const socket of sockets) socket.resume();
    },
    slowDown(ms) {
      pauseMs = ms;
    },
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** `host` in the query is the folder of a Unix socket. */
function addressOf({ hostname, port, searchParams }: URL): NetConnectOpts {
  const folder = searchParams.get('host');
  if (folder !== null) return { path: `${folder}/.s.PGSQL.${searchParams.get('port') ?? port}` };
  return { host: hostname, port: Number(port || 5432) };
}
