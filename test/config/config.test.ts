/** What an operator is told of the environment: by the program, and by `.env.example`. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, parseConfig } from '../../src/config/config.ts';
import { startServer, startTestApp, type TestApp } from '../support/harness.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');
const CLIENT = { GOOGLE_CLIENT_ID: 'id', GOOGLE_CLIENT_SECRET: 'not-to-be-told' };
const KEY = Buffer.alloc(32, 7).toString('base64');
const PRODUCTION = { NODE_ENV: 'production', ENCRYPTION_KEY: KEY, PUBLIC_URL: 'https://mail.example.com' };

function problemsOf(environment: Record<string, string>): string {
  try {
    parseConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('parseConfig', () => {
  const refused: [Record<string, string>, RegExp][] = [
    [{ PORT: '70000' }, /PORT: must be a number from 0 to 65535/],
    [{ PUBLIC_URL: 'mail.example.com' }, /PUBLIC_URL: must be an http or https URL/],
    [{ DATABASE_URL: 'mysql://x' }, /DATABASE_URL: must start with postgresql:/],
    [{ GOOGLE_CLIENT_SECRET: 'not-to-be-told' }, /GOOGLE_CLIENT_ID: .* go together/],
    [{ GOOGLE_BASE_URL: 'https://x.example' }, /GOOGLE_BASE_URL: needs GOOGLE_CLIENT_ID/],
    [{ ...CLIENT, GOOGLE_BASE_URL: 'https://x.example/y' }, /GOOGLE_BASE_URL: must be an origin/],
    [{ ENCRYPTION_KEY: 'not-to-be-told' }, /ENCRYPTION_KEY: each key must be 32 bytes in base64/],
    [{ CORS_ORIGINS: '*' }, /CORS_ORIGINS: must be an http or https URL/],
    [{ WORKER: 'yes' }, /WORKER: must be one of on, off, only$/],
    [{ SEND_WAIT_MS: '20s' }, /SEND_WAIT_MS: must be whole milliseconds from 0 to 300000/],
    [{ GMAIL_UNITS_PER_MINUTE: '10' }, /GMAIL_UNITS_PER_MINUTE: must be a whole number from 130 to/],
    [{ SYNC_SINCE_DAYS: '-1' }, /SYNC_SINCE_DAYS: must be whole days from 0 to 36500/],
    [{ SYNC_INTERVAL_MS: '300000,15000' }, /SYNC_INTERVAL_MS: the shortest interval comes first/],
    [{ GOOGLE_PUBSUB_TOPIC: 'projects/p/topics/t' }, /GOOGLE_PUSH_SERVICE_ACCOUNT: .* go together/],
    [{ LOG_LEVEL: 'verbose' }, /LOG_LEVEL: must be one of trace, debug, info, warn, error, fatal, silent$/],
    [{ NODE_ENV: 'staging' }, /NODE_ENV: must be one of development, test, production$/],
    [{ GOOGLE_PUSH_AUDIENCE: 'x' }, /GOOGLE_PUSH_AUDIENCE: needs GOOGLE_PUBSUB_TOPIC and GOOGLE_PUSH_SERVICE_ACCOUNT$/],
    [
      { NODE_ENV: 'production' },
      /GOOGLE_CLIENT_ID: production needs .*\n.*ENCRYPTION_KEY: is required in production\n.*PUBLIC_URL: is required in production$/,
    ],
  ];
  it.each(refused)('names what is wrong with %o, what is allowed, and not its value', (environment, expected) => {
    const problems = problemsOf(environment);
    expect(problems).toMatch(expected);
    expect(problems).not.toContain('not-to-be-told');
  });
});

describe('.env.example', () => {
  const lines = readFileSync(path.join(ROOT, '.env.example'), 'utf8').split('\n');
  const example = Object.fromEntries(
    lines.flatMap((line) => [...line.matchAll(/^(?:# )?([A-Z_]+)=(.*)$/g)].map((m) => [m[1], m[2]])),
  );

  it('has the defaults', () => {
    expect(parseConfig(example)).toEqual(parseConfig({}));
  });

  it('has every variable that is read', () => {
    const source = readFileSync(path.join(ROOT, 'src/config/config.ts'), 'utf8');
    const read = [...source.matchAll(/^ {4}([A-Z_]+): /gm)].map(([, name]) => name);
    expect(read.length).toBeGreaterThan(20);
    expect(Object.keys(example).sort()).toEqual([...read, 'NO_PROXY', 'NODE_OPTIONS'].sort());
  });
});

describe('listening', () => {
  let t: TestApp;
  beforeAll(async () => {
    t = await startTestApp();
  });
  afterAll(() => t.close());

  it.each([
    ['PORT', () => ({ port: Number(new URL(t.url).port) })],
    ['HOST', () => ({ host: 'nowhere.invalid' })],
    ['HOST', () => ({ host: '203.0.113.1' })],
  ] as const)('names %s when it cannot listen there', async (variable, change) => {
    const app = { ...t.app, config: { ...t.app.config, ...change() } };
    await expect(startServer(app)).rejects.toThrow(new RegExp(`^Invalid environment:\n {2}${variable}: `));
  });
});

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
    expect(parseConfig({ ...file, ...PRODUCTION }).google).toEqual(none);
    expect(parseConfig({ ...file, GOOGLE_BASE_URL: 'http://localhost:1' }).google?.baseUrl).toBe('http://localhost:1');
    expect(parseConfig({ ...file, ...CLIENT }).google).toMatchObject({
      clientId: 'id',
      clientSecret: 'not-to-be-told',
    });
  });

  it.each([
    [{ GOOGLE_CLIENT_ID: 'id' }, /GOOGLE_CLIENT_SECRET: .* go together$/],
    [{ GOOGLE_SERVICE_ACCOUNT_FILE: '/key.json', GOOGLE_CLIENT_SECRET: 'secret' }, /GOOGLE_CLIENT_ID: .* go together$/],
    [{ GOOGLE_BASE_URL: 'http://localhost:1' }, /GOOGLE_BASE_URL: needs .*, or GOOGLE_SERVICE_ACCOUNT_FILE$/],
    [PRODUCTION, /GOOGLE_CLIENT_ID: production needs .*$/],
  ])('%j is refused', (env, words) => {
    expect(() => parseConfig(env)).toThrow(words);
  });
});
