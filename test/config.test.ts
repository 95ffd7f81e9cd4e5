import { describe, expect, it } from 'vitest';
import { parseConfig } from '../src/config.ts';

const CLIENT = { GOOGLE_CLIENT_ID: 'id', GOOGLE_CLIENT_SECRET: 'secret' };
const KEY = Buffer.alloc(32, 7).toString('base64');

describe('the proxy', () => {
  it.each([
    ['HTTPS_PROXY', 'SECRET'],
    ['https_proxy', 'proxy.example:3128'],
    ['HTTP_PROXY', 'socks5://127.0.0.1:1080'],
    ['http_proxy', 'http://'],
    ['HTTPS_PROXY', '://SECRET'],
  ])('%s=%s is refused by the name of the variable and what is allowed, without its value', (name, value) => {
    const parse = () => parseConfig({ ...CLIENT, [name]: value });
    expect(parse).toThrow(
      new RegExp(`^Invalid environment:\n {2}${name}: must be the http or https URL of a proxy, such as \\S+$`),
    );
    expect(parse).not.toThrow(/SECRET|socks5|proxy\.example:3128$/);
  });

  it('is the one that is used: the others may be for other programs', () => {
    const proxyEnv = { HTTPS_PROXY: 'http://user:word@proxy.example:3128', http_proxy: 'proxy.example:3128' };
    expect(parseConfig({ ...CLIENT, ...proxyEnv, NO_PROXY: '*' }).proxyEnv).toEqual({ ...proxyEnv, NO_PROXY: '*' });
  });

  it('does not matter to the sandbox, which is on this machine', () => {
    expect(parseConfig({ HTTPS_PROXY: 'http://' })).toMatchObject({ google: null, proxyEnv: {} });
  });
});

describe('the way into Gmail', () => {
  it('is an OAuth client, a service account, or both', () => {
    const file = { GOOGLE_SERVICE_ACCOUNT_FILE: '/key.json' };
    const none = { clientId: null, clientSecret: null, baseUrl: null };
    expect(parseConfig({})).toMatchObject({ google: null, googleServiceAccountFile: null });
    expect(parseConfig(file)).toMatchObject({ google: none, googleServiceAccountFile: '/key.json' });
    expect(parseConfig({ ...file, NODE_ENV: 'production', ENCRYPTION_KEY: KEY }).google).toEqual(none);
    expect(parseConfig({ ...file, GOOGLE_BASE_URL: 'http://localhost:1' }).google?.baseUrl).toBe('http://localhost:1');
    expect(parseConfig({ ...file, ...CLIENT }).google).toMatchObject({ clientId: 'id', clientSecret: 'secret' });
  });

  it.each([
    [{ GOOGLE_CLIENT_ID: 'id' }, /GOOGLE_CLIENT_SECRET: .* go together$/],
    [{ GOOGLE_SERVICE_ACCOUNT_FILE: '/key.json', GOOGLE_CLIENT_SECRET: 'secret' }, /GOOGLE_CLIENT_ID: .* go together$/],
    [{ GOOGLE_BASE_URL: 'http://localhost:1' }, /GOOGLE_BASE_URL: needs .*, or GOOGLE_SERVICE_ACCOUNT_FILE$/],
    [{ NODE_ENV: 'production', ENCRYPTION_KEY: KEY }, /GOOGLE_CLIENT_ID: production needs .*$/],
  ])('%j is refused', (env, words) => {
    expect(() => parseConfig(env)).toThrow(words);
  });
});
