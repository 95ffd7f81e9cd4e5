import { execFile } from 'node:child_process';
import { getEventListeners, once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { promisify } from 'node:util';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import type { MailboxAccess } from '../../src/gmail/gateway.ts';
import { googleGateway } from '../../src/gmail/google.ts';
import type { ProxyEnvironment } from '../../src/gmail/transport.ts';
import { mimeOf } from '../support/mime-of.ts';

/** Of a test server named `gmail.example`, valid for a hundred years. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBqzCCAVKgAwIBAgIUIi5skJNZ0l7QUaNM8BpBtWWr3lEwCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNZ21haWwuZXhhbXBsZTAgFw0yNjExMjIxOTE4MjVaGA8yMTI2
MTAyOTE5MTgyNVowGDEWMBQGA1UEAwwNZ21haWwuZXhhbXBsZTBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABL8dvoetQKANkDXbD4Aqj7OlRi6r27aR33haznBE6yQZ
NwtfckiEyKd297T4kY17pZfHR4PV8La8qyXEjtenG+ijeDB2MB0GA1UdDgQWBBRa
mM48wdSIcxtfXG7KcuqFZVdtfTAfBgNVHSMEGDAWgBRamM48wdSIcxtfXG7KcuqF
ZVdtfTAPBgNVHRMBAf8EBTADAQH/MCMGA1UdEQQcMBqCDWdtYWlsLmV4YW1wbGWC
CWxvY2FsaG9zdDAKBggqhkjOPQQDAgNHADBEAiBJiLo5zCfAJDgnGYdN8S09BenG
6WEV7tzyMWPjPOFcyQIgQl3mUc7znUGHbPmU14PO596GDi7wSfhuy8NJOtT9UXI=
-----END CERTIFICATE-----`;
const PRIVATE_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjoG4JmQOrkCq7mku
FRAk6X1w+JGORiiUs/BAgTyyiSehRANCAAS/Hb6HrUCgDZA12w+AKo+zpUYuq9u2
kd94Ws5wROskGTcLX3JIhMindve0+JGNe6WXx0eD1fC2vKslxI7Xpxvo
-----END PRIVATE KEY-----`;

const SENT = { id: 'm1', threadId: 't1' };
const MESSAGE = { ...SENT, internalDate: '1', historyId: '7' };
const DRAFT = { id: 'r1', message: SENT };

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Peer {
  readonly url: string;
  readonly port: number;
  /** Every connection that was made, in order. */
  readonly sockets: Socket[];
}

async function listen(server: Server): Promise<Peer> {
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
function serve(handle: Handler) {
  let count = 0;
  return listen(
    createHttpServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      count += 1;
      const number = count;
      request.resume().on('end', () => handle(request, response, number));
    }),
  );
}

function json(response: ServerResponse, value: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
}

const mailbox: MailboxAccess = { accountId: 'ann', accessToken: async () => 'ya29.secret-token' };
const mailboxOf = (accountId: string): MailboxAccess => ({ ...mailbox, accountId });
const gatewayTo = (rootUrl: string, proxyEnv: ProxyEnvironment = {}, timeoutMs = 5_000) =>
  googleGateway({ rootUrl, timeoutMs, now: () => new Date(), proxyEnv });

describe('connections', () => {
  it('are kept for the calls that follow', async () => {
    const peer = await serve((_, response) => json(response, SENT));
    const gmail = gatewayTo(peer.url);
    for (let i = 0; i < 3; i += 1) await gmail.sendDraft(mailbox, 'r1');
    expect(peer.sockets).toHaveLength(1);
  });

  it('that are reset under a send leave its outcome unknown, and it is not made again', async () => {
    let requests = 0;
    const peer = await serve((request, response, count) => {
      requests += 1;
      if (count === 1) json(response, SENT);
      else request.socket.resetAndDestroy();
    });
    const gmail = gatewayTo(peer.url);
    await gmail.sendDraft(mailbox, 'r1');
    await expect(gmail.sendDraft(mailbox, 'r2')).rejects.toMatchObject({ kind: 'unknown', reason: 'ECONNRESET' });
    expect([requests, peer.sockets.length]).toEqual([2, 1]);
  });

  it('that are reset under a read are replaced, and it is made again', async () => {
    const peer = await serve((request, response, count) => {
      if (count === 2) request.socket.resetAndDestroy();
      else json(response, MESSAGE);
    });
    const gmail = gatewayTo(peer.url);
    await gmail.getMessage(mailbox, 'm1');
    expect(await gmail.getMessage(mailbox, 'm1')).toMatchObject({ messageId: 'm1' });
    expect(peer.sockets).toHaveLength(2);
  });

  it('that the server closed while they were idle are not used', async () => {
    const peer = await serve((_, response) => json(response, SENT));
    const gmail = gatewayTo(peer.url);
    await gmail.sendDraft(mailbox, 'r1');
    const [socket] = peer.sockets;
    socket?.end();
    // Closed on this side only when the other side has closed as well.
    if (socket) await once(socket, 'close');
    expect(await gmail.sendDraft(mailbox, 'r2')).not.toBeNull();
    expect(peer.sockets).toHaveLength(2);
  });

  it('are given up a second before the server says it will', async () => {
    const peer = await serve((_, response) => json(response, SENT, { 'keep-alive': 'timeout=2' }));
    await gatewayTo(peer.url).sendDraft(mailbox, 'r1');
    const [socket] = peer.sockets;
    if (socket) await once(socket, 'close');
    expect(socket?.bytesRead).toBeGreaterThan(0);
  });

  it('are not kept where the server would close them at once', async () => {
    const peer = await serve((_, response) => json(response, SENT, { 'keep-alive': 'timeout=1' }));
    const gmail = gatewayTo(peer.url);
    await gmail.sendDraft(mailbox, 'r1');
    await gmail.sendDraft(mailbox, 'r2');
    expect(peer.sockets).toHaveLength(2);
  });

  it('are 256 at most; further calls wait for one', async () => {
    const waiting: ServerResponse[] = [];
    const peer = await serve((_, response, count) => {
      waiting.push(response);
      if (count >= 256) for (const held of waiting.splice(0)) json(held, SENT);
    });
    const gmail = gatewayTo(peer.url);
    const calls = Array.from({ length: 300 }, (_, i) => gmail.sendDraft(mailboxOf(`a${i}`), 'r1'));
    expect(await Promise.all(calls)).toHaveLength(300);
    expect(peer.sockets).toHaveLength(256);
  });

  it('do not keep the process from ending', async () => {
    const peer = await serve((_, response) => json(response, SENT));
    const script = `
      import { googleGateway } from ${JSON.stringify(path.join(import.meta.dirname, '../src/gmail/google.ts'))};
      const gmail = googleGateway({ rootUrl: '${peer.url}', timeoutMs: 600_000, now: () => new Date() });
      await gmail.sendDraft({ accountId: 'a', accessToken: async () => 't' }, 'r1');
      // One turn later the connection is idle.
      await new Promise(setImmediate);
      console.log(process.getActiveResourcesInfo().filter((name) => /TCP|Timeout/.test(name)).join());`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    expect(stdout.trim()).toBe('');
    expect(peer.sockets).toHaveLength(1);
  });
});

describe('a send that is given up', () => {
  it('before the connection stood was not made', async () => {
    // Takes the TLS greeting and says nothing.
    const peer = await listen(createServer((socket) => socket.resume()));
    const gmail = gatewayTo(peer.url.replace('http:', 'https:'), {}, 300);
    const attempt = gmail.sendDraft(mailbox, 'r1');
    await expect(attempt).rejects.toMatchObject({ kind: 'unreachable', reason: 'TimeoutError', outcome: 'no' });
    const [socket] = peer.sockets;
    if (socket && !socket.destroyed) await once(socket, 'close');
    expect(peer.sockets).toHaveLength(1);
  });

  it('by its caller before the connection stood was not made', async () => {
    const controller = new AbortController();
    const peer = await listen(createServer(() => controller.abort()));
    const gmail = gatewayTo(peer.url.replace('http:', 'https:'));
    const attempt = gmail.sendDraft(mailbox, 'r1', { signal: controller.signal });
    await expect(attempt).rejects.toMatchObject({ kind: 'unreachable', reason: 'AbortError', outcome: 'no' });
  });

  it('while its answer was awaited has an unknown outcome, and its connection is closed', async () => {
    const controller = new AbortController();
    const peer = await serve(() => controller.abort());
    const attempt = gatewayTo(peer.url).sendDraft(mailbox, 'r1', { signal: controller.signal });
    await expect(attempt).rejects.toMatchObject({ kind: 'unknown', reason: 'AbortError' });
    const [socket] = peer.sockets;
    if (socket && !socket.destroyed) await once(socket, 'close');
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  it('in the middle of its answer has an unknown outcome', async () => {
    const controller = new AbortController();
    const peer = await serve((_, response) => {
      response.writeHead(200, { 'content-length': 99 });
      response.write('{"id":', () => controller.abort());
    });
    const attempt = gatewayTo(peer.url).sendDraft(mailbox, 'r1', { signal: controller.signal });
    await expect(attempt).rejects.toMatchObject({ kind: 'unknown', reason: 'AbortError' });
  });

  it('leaves no listener behind when it was answered', async () => {
    const peer = await serve((_, response) => json(response, SENT));
    const { signal } = new AbortController();
    await gatewayTo(peer.url).sendDraft(mailbox, 'r1', { signal });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('in the pause between two reads is not made again', async () => {
    const controller = new AbortController();
    let requests = 0;
    const peer = await listen(
      createServer({ allowHalfOpen: true }, (socket) => {
        socket.once('data', () => {
          requests += 1;
          socket.write('HTTP/1.1 503 Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
        });
        // The client hangs up when it has the whole answer.
        socket.on('end', () => controller.abort());
      }),
    );
    const attempt = gatewayTo(peer.url).getMessage(mailbox, 'm1', { signal: controller.signal });
    await expect(attempt).rejects.toMatchObject({ reason: 'AbortError' });
    expect(requests).toBe(1);
  });
});

describe('an answer', () => {
  const encoded = (encoding: string, body: Buffer) =>
    serve((_, response) => response.writeHead(200, { 'content-encoding': encoding }).end(body));

  it('that is longer than a send can have has an unknown outcome', async () => {
    const peer = await serve((_, response) => json(response, { ...SENT, padding: 'x'.repeat(1024 * 1024) }));
    const attempt = gatewayTo(peer.url).sendDraft(mailbox, 'r1');
    await expect(attempt).rejects.toMatchObject({ kind: 'unknown', reason: 'ERR_ANSWER_TOO_LARGE' });
  });

  it('to a read may be long', async () => {
    const peer = await serve((_, response) => json(response, { ...MESSAGE, snippet: 'x'.repeat(5_000_000) }));
    expect((await gatewayTo(peer.url).getMessage(mailbox, 'm1'))?.snippet).toHaveLength(5_000_000);
  });

  it('without a length ends with its connection', async () => {
    const peer = await listen(
      createServer((socket) => {
        socket.once('data', () => socket.end(`HTTP/1.0 200 OK\r\n\r\n${JSON.stringify(SENT)}`));
      }),
    );
    expect(await gatewayTo(peer.url).sendDraft(mailbox, 'r1')).toEqual({ messageId: 'm1', threadId: 't1' });
  });

  it('that was packed on its way is unpacked', async () => {
    const peer = await encoded('gzip', gzipSync(JSON.stringify(SENT)));
    expect(await gatewayTo(peer.url).sendDraft(mailbox, 'r1')).toEqual({ messageId: 'm1', threadId: 't1' });
  });

  it.each([
    ['in an encoding that nobody asked for', 'br', brotliCompressSync(JSON.stringify(SENT))],
    ['that is cut', 'gzip', gzipSync(JSON.stringify(SENT)).subarray(0, 20)],
    ['that unpacks to more than a send can have', 'gzip', gzipSync(Buffer.alloc(2 * 1024 * 1024))],
  ])('%s has an unknown outcome', async (_, encoding, body) => {
    const peer = await encoded(encoding, body);
    const attempt = gatewayTo(peer.url).sendDraft(mailbox, 'r1');
    await expect(attempt).rejects.toMatchObject({ kind: 'unknown', reason: 'ERR_CONTENT_ENCODING' });
  });
});

describe('an upload', () => {
  it('says how long it is, and holds the bytes once', async () => {
    const mime = Buffer.from('Subject: x\r\n\r\n'.padEnd(4_000_000, 'äb'));
    const received: Buffer[] = [];
    const peer = await listen(
      createHttpServer((request, response) => {
        request.on('data', (chunk: Buffer) => received.push(chunk));
        request.on('end', () => json(response, { ...DRAFT, length: request.headers['content-length'] }));
      }),
    );
    await gatewayTo(peer.url).createDraft(mailbox, { mime: mimeOf(mime), threadId: 't"1' });
    const body = Buffer.concat(received);
    const start = body.indexOf(mime);
    const head = body.subarray(0, start).toString();
    const boundary = /^--([\w-]+)\r\n/.exec(head)?.[1];
    expect(head).toBe(
      `--${boundary}\r\ncontent-type: application/json\r\n\r\n{"message":{"threadId":"t\\"1"}}\r\n` +
        `--${boundary}\r\ncontent-type: message/rfc822\r\n\r\n`,
    );
    expect(body.subarray(start + mime.length).toString()).toBe(`\r\n--${boundary}--`);
  });

  it('that is answered early stops, and its connection is not used again', async () => {
    const peer = await listen(
      createServer((socket) => {
        socket.once('data', () => {
          socket.pause();
          socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n');
        });
      }),
    );
    const attempt = gatewayTo(peer.url).createDraft(mailbox, {
      mime: mimeOf(Buffer.alloc(30_000_000)),
      threadId: null,
    });
    await expect(attempt).rejects.toMatchObject({ kind: 'too-large', outcome: 'no' });
    const [socket] = peer.sockets;
    socket?.resume();
    if (socket && !socket.destroyed) await once(socket, 'close');
    expect(socket?.bytesRead).toBeLessThan(30_000_000);
  });
});

describe('over TLS', () => {
  const server = () => {
    const requests: string[] = [];
    const target = tls.createServer({ cert: CERTIFICATE, key: PRIVATE_KEY }, (socket) => {
      socket.on('error', () => socket.destroy());
      socket.on('data', (bytes) => {
        requests.push(bytes.toString().split('\r\n')[0] ?? '');
        const body = JSON.stringify(SENT);
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
      });
    });
    return { requests, target };
  };
  const trusted = () => {
    const before = tls.getCACertificates('default');
    tls.setDefaultCACertificates([CERTIFICATE]);
    closing.push(async () => tls.setDefaultCACertificates(before));
  };

  it('a server whose certificate is not trusted gets no request', async () => {
    const { requests, target } = server();
    const peer = await listen(target);
    const attempt = gatewayTo(`https://localhost:${peer.port}`).sendDraft(mailbox, 'r1');
    await expect(attempt).rejects.toMatchObject({ kind: 'unreachable', outcome: 'no' });
    expect(requests).toEqual([]);
  });

  it('a server of another name gets no request', async () => {
    trusted();
    const { requests, target } = server();
    const peer = await listen(target);
    const attempt = gatewayTo(`https://127.0.0.1:${peer.port}`).sendDraft(mailbox, 'r1');
    await expect(attempt).rejects.toMatchObject({ reason: 'ERR_TLS_CERT_ALTNAME_INVALID', outcome: 'no' });
    expect(requests).toEqual([]);
  });

  it('a proxy is asked for a tunnel, once for the calls that follow', async () => {
    trusted();
    const { requests, target } = server();
    const { port } = await listen(target);
    const tunnels: (string | undefined)[][] = [];
    const proxy = await listen(
      createHttpServer().on('connect', (request: IncomingMessage, socket: Socket) => {
        tunnels.push([request.url, request.headers['proxy-authorization']]);
        const inner = connect(port, '127.0.0.1', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
        inner.pipe(socket).pipe(inner);
        socket.on('close', () => inner.destroy());
        inner.on('error', () => socket.destroy());
      }),
    );
    const gmail = gatewayTo('https://gmail.example', { https_proxy: proxy.url.replace('//', '//ann:secret@') });
    await gmail.sendDraft(mailbox, 'r1');
    await gmail.sendDraft(mailbox, 'r2');
    expect(tunnels).toEqual([['gmail.example:443', `Basic ${Buffer.from('ann:secret').toString('base64')}`]]);
    expect(requests).toEqual(Array(2).fill('POST /gmail/v1/users/me/drafts/send HTTP/1.1'));
  });

  it.each<[string, (socket: Socket) => void]>([
    ['refuses the tunnel', (socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')],
    ['hangs up', (socket) => socket.destroy()],
    ['hangs up in the handshake', (socket) => socket.write('HTTP/1.1 200 OK\r\n\r\n', () => socket.destroy())],
  ])('a send through a proxy that %s was not made', async (_, answer) => {
    const proxy = await listen(createHttpServer().on('connect', (_request, socket: Socket) => answer(socket)));
    const attempt = gatewayTo('https://gmail.example', { HTTPS_PROXY: proxy.url }).sendDraft(mailbox, 'r1');
    await expect(attempt).rejects.toMatchObject({ kind: 'unreachable', outcome: 'no' });
  });
});

describe('a proxy', () => {
  it('is not asked for what is on this machine, or named as an exception', async () => {
    const peer = await serve((_, response) => json(response, SENT));
    const dead = 'http://127.0.0.1:9';
    expect(
      await gatewayTo(peer.url, { HTTP_PROXY: dead, NO_PROXY: 'x.example' }).sendDraft(mailbox, 'r1'),
    ).not.toBeNull();
    const other = gatewayTo('http://gmail.invalid', { HTTP_PROXY: dead, NO_PROXY: 'x.example, .invalid' });
    await expect(other.sendDraft(mailbox, 'r1')).rejects.toMatchObject({
      reason: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/),
    });
  });

  it('is given the whole address of a plain http origin', async () => {
    const paths: (string | undefined)[] = [];
    const proxy = await serve((request, response) => {
      paths.push(request.url);
      json(response, SENT);
    });
    await gatewayTo('http://gmail.example', { HTTPS_PROXY: proxy.url }).sendDraft(mailbox, 'r1');
    expect(paths).toEqual(['http://gmail.example/gmail/v1/users/me/drafts/send']);
  });
});
