/** Google's keys for the tokens of pushes: from a server that fails, changes its keys, or is behind a proxy. */
import { execFile } from 'node:child_process';
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPushTokenVerifier, type PushTokenVerifier } from '../../src/gmail/push-token.ts';

const AUDIENCE = 'https://epistle.example/google/push';
const EMAIL = 'push@project.iam.gserviceaccount.com';
const HOUR_MS = 3_600_000;

interface Signer {
  readonly kid: string;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

function signer(kid: string): Signer {
  return { kid, ...generateKeyPairSync('rsa', { modulusLength: 2048 }) };
}

const first = signer('first');
const second = signer('second');
const jwk = ({ kid, publicKey }: Signer) => ({ ...publicKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' });
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

let nowMs: number;
let server: Server;
let verifier: PushTokenVerifier;
let asked: number;
let serve: (request: IncomingMessage, response: ServerResponse) => void;

beforeEach(async () => {
  nowMs = Date.now();
  asked = 0;
  serve = serveKeys(jwk(first));
  server = createServer((request, response) => {
    asked++;
    serve(request, response);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  verifier = createPushTokenVerifier({ baseUrl: `http://127.0.0.1:${portOf(server)}`, now: () => new Date(nowMs) });
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function portOf(listening: Server): number {
  return (listening.address() as AddressInfo).port;
}

function serveKeys(...keys: unknown[]) {
  return (_: IncomingMessage, response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys }));
  };
}

function claims(changes: object = {}): object {
  const iat = Math.floor(nowMs / 1000);
  const good = { iss: 'https://accounts.google.com', aud: AUDIENCE, email: EMAIL, email_verified: true };
  return { ...good, iat, exp: iat + 3_600, ...changes };
}

function tokenOf({ kid, privateKey }: Signer, changes: object = {}, alg = 'RS256'): string {
  const signed = `${encode({ alg, kid, typ: 'JWT' })}.${encode(claims(changes))}`;
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), privateKey).toString('base64url')}`;
}

const isValid = (token: string) => verifier.isValid(token, { audience: AUDIENCE, email: EMAIL });

describe('the keys', () => {
  it('are fetched once for pushes that come at once, and kept', async () => {
    const tokens = Array.from({ length: 50 }, () => isValid(tokenOf(first)));
    expect(new Set(await Promise.all(tokens))).toEqual(new Set([true]));
    expect(await isValid(tokenOf(first))).toBe(true);
    expect(asked).toBe(1);
  });

  it('are fetched again for a key that is new, and the old one is good no longer than Google has it', async () => {
    expect(await isValid(tokenOf(first))).toBe(true);
    serve = serveKeys(jwk(second));
    nowMs += 61_000;
    expect(await isValid(tokenOf(second))).toBe(true);
    expect(await isValid(tokenOf(first))).toBe(false);
    expect(asked).toBe(2);
  });

  it('that no push is signed with are passed over', async () => {
    const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
    serve = serveKeys({ ...elliptic, kid: 'elliptic' }, { kid: 'odd' }, 'odd', jwk(first));
    expect(await isValid(tokenOf(first))).toBe(true);
  });

  it.each<[string, (request: IncomingMessage, response: ServerResponse) => void]>([
    ['503', (_, response) => response.writeHead(503).end()],
    ['a reset', (request) => request.socket.destroy()],
    ['no JSON', (_, response) => response.writeHead(200).end('<html>')],
    ['another answer', (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{}')],
    ['a redirect', (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end()],
  ])(
    'that cannot be had (%s) make a push fail, not be refused; those that were had serve for a day',
    async (_, fail) => {
      serve = fail;
      await expect(isValid(tokenOf(first))).rejects.toThrow();
      serve = serveKeys(jwk(first));
      nowMs += 6_000;
      expect(await isValid(tokenOf(first))).toBe(true);
      serve = fail;
      nowMs += 2 * HOUR_MS;
      expect(await isValid(tokenOf(first))).toBe(true);
      await expect(isValid(tokenOf(second))).rejects.toThrow();
      nowMs += 23 * HOUR_MS;
      await expect(isValid(tokenOf(first))).rejects.toThrow();
    },
  );

  it('are not asked for by every push while they cannot be had', async () => {
    serve = (_, response) => response.writeHead(503).end();
    const failed = async () => (await isValid(tokenOf(first)).catch(() => 'failed')) === 'failed';
    for (let n = 0; n < 20; n++) expect(await failed()).toBe(true);
    expect(asked).toBe(1);
  });
});

describe('a token', () => {
  it.each([
    ['whose clock is a minute off', { iat: 50, exp: 3_650 }, true],
    ['that ended within the last minute', { iat: -3_640, exp: -40 }, true],
    ['from the future', { iat: 70, exp: 3_670 }, false],
    ['that has ended', { iat: -3_670, exp: -70 }, false],
  ] as const)('%s', async (_, { iat, exp }, expected) => {
    const now = Math.floor(nowMs / 1000);
    expect(await isValid(tokenOf(first, { iat: now + iat, exp: now + exp }))).toBe(expected);
  });

  it.each([
    ['two audiences', { aud: [AUDIENCE, 'https://elsewhere.example'] }],
    ['the audience in another case', { aud: AUDIENCE.toUpperCase() }],
    ['the word "true" for the address', { email_verified: 'true' }],
    ['no address', { email: undefined }],
    ['another address', { email: `${EMAIL}.evil.example` }],
    ['no end', { exp: undefined }],
    ['an end that is no number', { exp: '99999999999' }],
    ['an issuer that looks like Google', { iss: 'https://accounts.google.com.evil.example' }],
  ])('with %s is refused', async (_, changes) => {
    expect(await isValid(tokenOf(first, changes))).toBe(false);
  });

  it('signed with the public key as if it were a secret is refused, and so is any other algorithm', async () => {
    for (const secret of [
      first.publicKey.export({ format: 'pem', type: 'spki' }),
      first.publicKey.export({ format: 'der', type: 'spki' }),
      JSON.stringify(jwk(first)),
    ]) {
      const signed = `${encode({ alg: 'HS256', kid: 'first', typ: 'JWT' })}.${encode(claims())}`;
      expect(await isValid(`${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`)).toBe(false);
    }
    for (const alg of ['none', 'None', 'rs256', 'RS512', 'PS256', '']) {
      expect(await isValid(tokenOf(first, {}, alg))).toBe(false);
    }
  });

  it('in pieces, with too many of them or with more in its head is refused or read as it is signed', async () => {
    const [head = '', body = '', signature = ''] = tokenOf(first).split('.');
    for (const token of ['', '.', '..', `${head}.${body}`, `${head}.${body}.`, `${head}.${body}.${signature}.x`]) {
      expect(await isValid(token)).toBe(false);
    }
    const bad = [`${head}.${Buffer.from('[]').toString('base64url')}.${signature}`, `x${head}.${body}.${signature}`];
    for (const token of bad) expect(await isValid(token)).toBe(false);
    // Its own key, and where that is said to be: neither is looked at.
    const own = encode({ alg: 'RS256', kid: 'first', jwk: jwk(second), jku: 'http://127.0.0.1:9/', crit: ['x'] });
    const signed = `${own}.${body}`;
    const forged = sign('RSA-SHA256', Buffer.from(signed), second.privateKey).toString('base64url');
    expect(await isValid(`${signed}.${forged}`)).toBe(false);
  });
});

it('behind a proxy the keys are fetched through it', async () => {
  const tunnels: string[] = [];
  const proxy = createServer().on('connect', (request, socket: Socket) => {
    tunnels.push(String(request.url));
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  try {
    const code = `const { createPushTokenVerifier } = await import('./src/gmail/push-token.ts');
      const verifier = createPushTokenVerifier({ baseUrl: null, now: () => new Date(), proxyEnv: process.env });
      await verifier.isValid(${JSON.stringify(tokenOf(first))}, ${JSON.stringify({ audience: AUDIENCE, email: EMAIL })})
        .catch(() => undefined);`;
    const env = { PATH: process.env.PATH, HTTPS_PROXY: `http://127.0.0.1:${portOf(proxy)}` };
    const cwd = path.join(import.meta.dirname, '..', '..');
    await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], { cwd, env });
    expect(tunnels).toEqual(['www.googleapis.com:443']);
  } finally {
    proxy.close();
  }
});
