/** A page of an origin in CORS_ORIGINS, as its browser asks. */
import { expect, it } from 'vitest';
import { useTenant, useTestApp } from '../support/harness.ts';

const ORIGIN = 'https://app.example';

const t = useTestApp({ env: { CORS_ORIGINS: ORIGIN } });
const tenant = useTenant(t);

const allowedOrigin = ({ headers }: Response) => headers.get('access-control-allow-origin');

it('may send JSON and a key, and need not ask again for ten minutes', async () => {
  const headers = {
    origin: ORIGIN,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,content-type',
  };
  const preflight = await fetch(`${t.url}/graphql`, { method: 'OPTIONS', headers });
  expect(allowedOrigin(preflight)).toBe(ORIGIN);
  expect(Object.fromEntries(preflight.headers)).toMatchObject({
    'access-control-allow-methods': 'POST',
    'access-control-allow-headers': 'authorization,content-type',
    'access-control-max-age': '600',
  });
});

it.each([
  ['the data', 200, () => ({ authorization: `Bearer ${tenant.key}` }), '{"query":"{ viewer { actor } }"}', 'key:'],
  ['that its key is wrong', 401, () => ({ authorization: 'Bearer epk_wrong' }), '{}', 'is wrong, expired or revoked'],
  ['that it has no key', 401, () => ({}), '{}', 'Send an API key'],
  ['that its JSON is broken', 400, () => ({ authorization: `Bearer ${tenant.key}` }), '{', 'INVALID_INPUT'],
])('can read %s', async (_what, status, key, body, text) => {
  const headers = { origin: ORIGIN, 'content-type': 'application/json', ...key() };
  const response = await fetch(`${t.url}/graphql`, { method: 'POST', headers, body });
  expect([response.status, allowedOrigin(response)]).toEqual([status, ORIGIN]);
  expect(await response.text()).toContain(text);
});

it.each([
  ['an upload', 'POST', '/attachments'],
  ['a download', 'GET', '/attachments/0199aa11-2b3c-7def-8123-456789abcdef'],
])('can read that the key of %s is wrong', async (_what, method, path) => {
  const headers = { origin: ORIGIN, authorization: 'Bearer epk_wrong' };
  const response = await fetch(`${t.url}${path}`, { method, headers });
  expect([response.status, allowedOrigin(response)]).toEqual([401, ORIGIN]);
  expect(await response.json()).toMatchObject({ error: expect.stringMatching(/^The API key is wrong/) });
});

it.each([
  ['there is nothing at a path', 'GET', '/nothing', 404],
  ['a path takes no POST', 'POST', '/health', 404],
  ['a file takes no POST', 'POST', '/attachments/0199aa11-2b3c-7def-8123-456789abcdef', 405],
  ['the server is healthy', 'GET', '/health', 200],
])('can read that %s, also after a preflight request', async (_what, method, path, status) => {
  const preflight = await fetch(`${t.url}${path}`, { method: 'OPTIONS', headers: { origin: ORIGIN } });
  expect([preflight.status, allowedOrigin(preflight)]).toEqual([204, ORIGIN]);
  const response = await fetch(`${t.url}${path}`, { method, headers: { origin: ORIGIN } });
  expect([response.status, allowedOrigin(response)]).toEqual([status, ORIGIN]);
  expect(response.headers.get('allow')).toBe(status === 405 ? 'GET, HEAD, OPTIONS' : null);
});

it('cannot be a page of another origin', async () => {
  const headers = { origin: 'https://other.example' };
  for (const method of ['OPTIONS', 'GET']) {
    expect(allowedOrigin(await fetch(`${t.url}/nothing`, { method, headers }))).toBeNull();
  }
});
