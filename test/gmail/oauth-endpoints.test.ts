/** What the token endpoint may answer, over real HTTP: only `invalid_grant` means that the owner must consent again. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createOAuthEndpoints, type OAuthEndpoints } from '../../src/gmail/oauth-endpoints.ts';

let server: Server;
let oauth: OAuthEndpoints;
let requests: { path: string | undefined; form: URLSearchParams }[];
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeEach(async () => {
  requests = [];
  server = createServer(async (request, response) => {
    requests.push({ path: request.url, form: new URLSearchParams(await text(request)) });
    answer(request, response);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = { clientId: 'client', clientSecret: 'GOCSPX-secret', serviceAccount: null };
  oauth = createOAuthEndpoints({ ...client, baseUrl, timeoutMs: 3_000, now: () => new Date() });
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function json(status: number, body: unknown) {
  return (_: IncomingMessage, response: ServerResponse) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
}

const refresh = () => oauth.fetchToken({ kind: 'refresh', refreshToken: '1//0secret' });
const exchange = () => oauth.exchange({ code: '4/0secret', codeVerifier: 'verifier-secret', redirectUri: 'http://x' });
const failureOf = (attempt: Promise<unknown>) => attempt.then(() => null).catch((error: unknown) => error);

describe('a refresh', () => {
  it.each([
    ['said to be revoked', { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' }],
    ['that an administrator ended', { error: 'invalid_grant', error_subtype: 'invalid_rapt' }],
  ])('%s needs its owner', async (_, body) => {
    answer = json(400, body);
    expect(await failureOf(refresh())).toMatchObject({ kind: 'reauth', reason: 'invalid_grant', status: 400 });
    expect(requests).toHaveLength(1);
  });

  it.each<[number, unknown, string]>([
    [400, { error: 'invalid_request' }, 'invalid_request'],
    [400, { error: 'unsupported_grant_type' }, 'unsupported_grant_type'],
    [400, { error: { code: 400, message: 'invalid_grant', status: 'INVALID_ARGUMENT' } }, 'http-400'],
    [400, 'invalid_grant', 'http-400'],
    [400, null, 'http-400'],
    [401, { error: 'invalid_client' }, 'invalid_client'],
    [401, { error: 'unauthorized_client' }, 'unauthorized_client'],
    [401, { error: 'deleted_client' }, 'deleted_client'],
    [401, { error: 'invalid_grant' }, 'invalid_grant'],
    [403, { error: 'access_denied' }, 'access_denied'],
    [403, { error: 'rate_limit_exceeded' }, 'rate_limit_exceeded'],
    [404, { error: 'invalid_grant' }, 'invalid_grant'],
    [429, { error: 'rate_limit_exceeded' }, 'rate_limit_exceeded'],
    [500, { error: 'internal_failure' }, 'internal_failure'],
    [503, { error: 'invalid_grant' }, 'invalid_grant'],
    [200, { error: 'invalid_grant' }, 'broken-answer'],
    [200, { access_token: '' }, 'broken-answer'],
    [200, null, 'broken-answer'],
  ])('answered with %i %j is tried again later, and needs nobody', async (status, body, reason) => {
    answer = json(status, body);
    expect(await failureOf(refresh())).toMatchObject({ kind: 'unreachable', outcome: 'no', reason, status });
    expect(requests).toHaveLength(status >= 500 ? 2 : 1);
  });

  it.each<[string, typeof answer]>([
    ['a reset', (request) => request.socket.resetAndDestroy()],
    ['silence', () => undefined],
    ['half an answer', (_, response) => response.writeHead(200, { 'content-length': '99' }).write('{"error":')],
    ['a redirect', (_, response) => response.writeHead(307, { location: '/elsewhere' }).end()],
    ['a page of a proxy', (_, response) => response.writeHead(400).end('<html>invalid_grant</html>')],
  ])('that meets %s is tried again later, and needs nobody', async (_, meet) => {
    answer = meet;
    expect(await failureOf(refresh())).toMatchObject({ kind: 'unreachable', outcome: 'no' });
    expect(requests.map(({ path }) => path)).not.toContain('/elsewhere');
  });

  it('that fails for a moment succeeds', async () => {
    answer = (request) => {
      answer = json(200, { access_token: 'ya29.new', expires_in: 3_599 });
      request.socket.resetAndDestroy();
    };
    expect(await refresh()).toEqual({ accessToken: 'ya29.new', lifetimeMs: 3_599_000 });
  });
});

describe('an exchange', () => {
  it.each<[number, unknown, string]>([
    [400, { error: 'invalid_grant' }, 'rejected'],
    [400, { error: 'redirect_uri_mismatch' }, 'rejected'],
    [401, { error: 'invalid_client' }, 'rejected'],
    [400, '<html>', 'unreachable'],
    [500, { error: 'invalid_grant' }, 'unreachable'],
    [503, null, 'unreachable'],
  ])('answered with %i %j is made once', async (status, body, kind) => {
    answer = json(status, body);
    expect(await failureOf(exchange())).toMatchObject({ kind, status });
    expect(requests).toHaveLength(1);
  });

  it.each([
    ['https://www.googleapis.com/auth/gmail.modify', true],
    ['openid https://www.googleapis.com/auth/gmail.modify email', true],
    ['https://mail.google.com/', true],
    [undefined, true],
    ['', false],
    ['openid email', false],
    ['https://www.googleapis.com/auth/gmail.modify.evil', false],
    ['https://www.googleapis.com/auth/gmail.readonly https://www.googleapis.com/auth/gmail.send', false],
  ])('whose scopes are %j', async (scope, allowsGmail) => {
    answer = json(200, { access_token: 'ya29.new', expires_in: 3_599, scope });
    expect(await exchange()).toMatchObject({ allowsGmail, refreshToken: null });
  });
});

it('no failure holds a token, a code, a verifier or the secret of the client', async () => {
  answer = json(400, { error: '1//0secret 4/0secret', error_description: 'verifier-secret GOCSPX-secret' });
  for (const error of [await failureOf(refresh()), await failureOf(exchange())]) {
    const whole = error instanceof Error ? `${error.stack}${JSON.stringify(error)}${String(error.cause)}` : '';
    expect(whole).not.toMatch(/secret/);
    expect(whole).toContain('http-400');
  }
});
