/** Requests that no HTTP library lets through, over raw TCP: what a stranger can send without a key. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { startTestApp, useTenant, useTestApp } from '../support/harness.ts';

const t = useTestApp();
const tenant = useTenant(t);

/** Everything that the server answers to these bytes before it ends the connection. */
async function send(request: string): Promise<string> {
  const socket = connect(Number(new URL(t.url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write(request);
  return text(socket);
}

function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]);
}

const QUERY = '/graphql?query=%7B__typename%7D';
const PATHS = [QUERY, '/health', '/attachments/x', '/oauth/google/callback', '/nothing'];
const BROKEN_HOSTS = [
  '',
  '[',
  ']',
  '[]',
  '[::1',
  '::1',
  ':',
  ':80',
  '@',
  'a b',
  'user@host',
  'host/path',
  'host?x',
  'host#x',
];
const MORE_BROKEN_HOSTS = ['host\\x', 'a:b', 'a:99999', '1.2.3.4.5', '%', '\u00e9', '<x>', '"x"', '[::1]x', 'http://x'];

describe.each(PATHS)('%s', (path) => {
  it.each([...BROKEN_HOSTS, ...MORE_BROKEN_HOSTS])(
    'answers 400 to "Host: %s", and says nothing of itself',
    async (host) => {
      t.logged.splice(0);
      const answer = await send(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      expect(statusOf(answer)).toBe(400);
      expect(answer).not.toMatch(/node_modules|\.ts\b|\.js\b|Error:|\bat /);
      expect(t.logged).toEqual([]);
    },
  );

  it('answers as ever to the hosts that there are', async () => {
    const hosts = [
      'localhost',
      'my_service:4000',
      'mail.example.com',
      '[::1]:4000',
      '127.0.0.1:1',
      'xn--mller-kva.example',
    ];
    const answers = await Promise.all(
      hosts.map((host) => send(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)),
    );
    const withoutHost = await send(`GET ${path} HTTP/1.0\r\n\r\n`);
    const expected =
      { [QUERY]: 401, '/health': 200, '/attachments/x': 401, '/oauth/google/callback': 400 }[path] ?? 404;
    expect([...answers, withoutHost].map(statusOf)).toEqual(Array.from({ length: 7 }, () => expected));
  });
});

describe('the request target', () => {
  const ask = (target: string, method = 'GET') =>
    send(
      `${method} ${target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${tenant.key}\r\nConnection: close\r\n\r\n`,
    );

  it.each([
    ['an absolute URL, as proxies send it', `http://mail.example.com${QUERY}`],
    ['an absolute URL of another host', `https://[::1]:4000${QUERY}`],
    ['a path', QUERY],
  ])('may be %s', async (_what, target) => {
    const answer = await ask(target);
    expect(statusOf(answer)).toBe(200);
    expect(answer).toContain('{"data":{"__typename":"Query"}}');
  });

  it.each([
    ['*', 'OPTIONS', 400],
    ['http://', 'GET', 400],
    ['http://[', 'GET', 400],
    ['http://a b/graphql', 'GET', 400],
    ['ftp://host/graphql', 'GET', 400],
    ['javascript:/graphql', 'GET', 400],
    ['//', 'GET', 404],
    ['//host/graphql', 'GET', 404],
    ['/%', 'GET', 404],
    ['/graphql%00', 'GET', 404],
    ['/\\', 'GET', 404],
    [`/${'x'.repeat(1_000)}`, 'GET', 404],
  ])('%s is answered to %s with %i', async (target, method, status) => {
    t.logged.splice(0);
    const answer = await ask(target, method);
    expect(statusOf(answer)).toBe(status);
    expect(answer).not.toMatch(/node_modules|Error:/);
    expect(t.logged).toEqual([]);
  });
});

it('answers 431 to more headers than anybody needs', async () => {
  expect(statusOf(await send(`GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`))).toBe(431);
});

describe('methods that the API does not have', () => {
  const METHODS = [
    'PUT',
    'PATCH',
    'DELETE',
    'HEAD',
    'OPTIONS',
    'TRACE',
    'PROPFIND',
    'M-SEARCH',
    'QUERY',
    'SOURCE',
    'BREW',
  ];
  it.each(METHODS.flatMap((method) => PATHS.map((path) => [method, path] as const)))(
    'answers %s %s with a client error or what it says of itself',
    async (method, path) => {
      t.logged.splice(0);
      const answer = await send(
        `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
      );
      expect(statusOf(answer)).toBeLessThan(500);
      expect(answer).not.toMatch(/node_modules|Error:/);
      expect(t.logged).toEqual([]);
    },
  );

  it('ends the connection of CONNECT, and serves the next one', async () => {
    expect(await send('CONNECT mail.example.com:443 HTTP/1.1\r\nHost: mail.example.com:443\r\n\r\n')).toBe('');
    expect((await fetch(`${t.url}/health`)).status).toBe(200);
  });

  it('takes a request for an upgrade as an ordinary one', async () => {
    const upgrade = 'Connection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13';
    expect(statusOf(await send(`GET ${QUERY} HTTP/1.1\r\nHost: localhost\r\n${upgrade}\r\n\r\n`))).toBe(401);
  });
});

describe('/', () => {
  const accept = 'text/html,application/xhtml+xml';
  const visit = (url: string, headers: Record<string, string> = {}) => fetch(url, { headers, redirect: 'manual' });

  it('leads a browser to GraphiQL, and tells other clients where the API is', async () => {
    const browser = await visit(`${t.url}/`, { accept });
    expect([browser.status, browser.headers.get('location')]).toEqual([302, '/graphql']);
    const client = await visit(`${t.url}/`);
    expect([client.status, await client.json()]).toEqual([
      200,
      { message: expect.stringContaining('POST to /graphql') },
    ]);
  });

  it('has no GraphiQL to lead to in production', async () => {
    const production = await startTestApp({
      beside: t,
      env: {
        NODE_ENV: 'production',
        PUBLIC_URL: 'https://mail.example.com',
        DATABASE_URL: 'postgres://unused',
        GOOGLE_CLIENT_ID: 'id',
        GOOGLE_CLIENT_SECRET: 'secret',
        ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
      },
    });
    const response = await visit(`${production.url}/`, { accept });
    expect([response.status, await response.json()]).toEqual([200, { message: expect.stringContaining('key create') }]);
    await production.close();
  });
});
