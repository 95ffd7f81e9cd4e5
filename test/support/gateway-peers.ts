/** Servers that a gateway talks to. */
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { MailboxAccess } from '../../src/gmail/gateway.ts';
import { googleGateway } from '../../src/gmail/google.ts';
import type { ProxyEnvironment } from '../../src/gmail/transport.ts';

export const SENT = { id: 'm1', threadId: 't1' };
export const MESSAGE = { ...SENT, internalDate: '1' };
export const DRAFT = { id: 'r1', message: SENT };

/** What to undo after the test. */
export const closing: (() => Promise<void>)[] = [];
/** For `afterEach` of each file that uses these. */
export async function closePeers(): Promise<void> {
  for (const close of closing.splice(0).reverse()) await close();
}

interface Peer {
  readonly url: string;
  readonly port: number;
  /** Every connection that was made, in order. */
  readonly sockets: Socket[];
}

export async function listen(server: Server): Promise<Peer> {
  const sockets: Socket[] = [];
  server.on('connection', (socket) => {
    socket.on('error', () => socket.destroy());
    sockets.push(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, sockets };
}

type Handler = (request: IncomingMessage, response: ServerResponse, count: number) => void;

/** An HTTP server; `handle` gets each request once its body was read, and the number of it, from 1. */
export function serve(handle: Handler) {
  let count = 0;
  return listen(
    createHttpServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      count += 1;
      const number = count;
      request.resume().on('end', () => handle(request, response, number));
    }),
  );
}

export function json(response: ServerResponse, value: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
}

export const mailbox: MailboxAccess = { accountId: 'ann', accessToken: async () => 'ya29.secret-token' };
export const mailboxOf = (accountId: string): MailboxAccess => ({ ...mailbox, accountId });
export const gatewayTo = (rootUrl: string, proxyEnv: ProxyEnvironment = {}, timeoutMs = 60_000) =>
  googleGateway({ rootUrl, timeoutMs, now: () => new Date(), proxyEnv });
