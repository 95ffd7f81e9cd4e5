import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import tls from 'node:tls';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { closePeers, closing, gatewayTo, json, listen, mailbox, SENT, serve } from '../support/gateway-peers.ts';

afterEach(closePeers);

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
  it('that never opens the tunnel means that a send was not made', async () => {
    const proxy = await listen(createHttpServer().on('connect', (_, socket: Socket) => socket.resume()));
    const gmail = gatewayTo('https://gmail.example', { HTTPS_PROXY: proxy.url }, 300);
    for (const draftId of ['r1', 'r2']) {
      const attempt = gmail.sendDraft(mailbox, draftId);
      await expect(attempt).rejects.toMatchObject({ kind: 'unreachable', reason: 'TimeoutError', outcome: 'no' });
    }
  });

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

  it('in the environment of the process is not asked for either, when the gateway was given none', async () => {
    const peer = await serve((_, response) => json(response, SENT));
    vi.stubEnv('HTTPS_PROXY', '://no-proxy');
    closing.push(async () => void vi.unstubAllEnvs());
    expect(await gatewayTo(peer.url).sendDraft(mailbox, 'r1')).not.toBeNull();
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
