import { execFile } from 'node:child_process';
import { getEventListeners, once } from 'node:events';
import { createServer as createHttpServer, type ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import {
  closePeers,
  DRAFT,
  gatewayTo,
  json,
  listen,
  MESSAGE,
  mailbox,
  mailboxOf,
  SENT,
  serve,
} from '../support/gateway-peers.ts';
import { mimeOf } from '../support/mime-of.ts';

afterEach(closePeers);

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
      import { googleGateway } from ${JSON.stringify(path.join(import.meta.dirname, '../../src/gmail/google.ts'))};
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

  it('in an encoding that was not requested has an unknown outcome', async () => {
    const peer = await encoded('gzip', gzipSync(JSON.stringify(SENT)));
    const attempt = gatewayTo(peer.url).sendDraft(mailbox, 'r1');
    await expect(attempt).rejects.toMatchObject({ kind: 'unknown', reason: 'ERR_CONTENT_ENCODING' });
  });
});

describe('an upload', () => {
  it('holds the bytes once, in the second of two parts', async () => {
    const mime = Buffer.from('Subject: x\r\n\r\n'.padEnd(4_000_000, 'äb'));
    const received: Buffer[] = [];
    const peer = await listen(
      createHttpServer((request, response) => {
        request.on('data', (chunk: Buffer) => received.push(chunk));
        request.on('end', () => json(response, DRAFT));
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
