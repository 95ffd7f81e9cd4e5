import { CodeChallengeMethod, type OAuth2Client } from 'google-auth-library';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sandboxGmailClient, sandboxOAuthClient } from '../../sandbox/client.ts';
import { type Sandbox, startSandbox } from '../../sandbox/server.ts';

const ANNA = 'anna@acme.test';
const REDIRECT = 'http://localhost:4000/oauth/google/callback';
const EMAIL = 'https://www.googleapis.com/auth/userinfo.email';
const MODIFY = 'https://www.googleapis.com/auth/gmail.modify';
const SCOPES = ['openid', EMAIL, MODIFY];

let clock: number;
let sandbox: Sandbox;
let client: OAuth2Client;

beforeEach(async () => {
  clock = Date.now();
  sandbox = await startSandbox({ now: () => new Date(clock) });
  sandbox.admin.createMailbox({ email: ANNA, displayName: 'Anna & Co <1>' });
  sandbox.admin.createMailbox({ email: 'ben@gmail.test', consumer: true });
  client = sandboxOAuthClient(sandbox, REDIRECT);
});

afterEach(async () => {
  await sandbox.close();
});

async function authUrl(options: Record<string, string> = {}): Promise<{ url: string; codeVerifier: string }> {
  const { codeVerifier, codeChallenge = '' } = await client.generateCodeVerifierAsync();
  const url = client.generateAuthUrl({
    scope: SCOPES,
    access_type: 'offline',
    prompt: 'consent',
    state: 'state-1',
    code_challenge: codeChallenge,
    code_challenge_method: CodeChallengeMethod.S256,
    ...options,
  });
  return { url, codeVerifier };
}

function codeIn(location: string): string {
  return new URL(location).searchParams.get('code') ?? '';
}

async function consented(options: Record<string, string> = {}) {
  const { url, codeVerifier } = await authUrl(options);
  return { code: codeIn(sandbox.admin.consent(url, { email: ANNA, allow: true })), codeVerifier };
}

async function post(path: string, form: Record<string, string>): Promise<{ status: number; body: unknown }> {
  const body = new URLSearchParams({ client_id: sandbox.clientId, client_secret: sandbox.clientSecret, ...form });
  const response = await fetch(`${sandbox.url}${path}`, { method: 'POST', body });
  return { status: response.status, body: await response.json() };
}

function gmailProfile(token: string): Promise<Response> {
  return fetch(`${sandbox.url}/gmail/v1/users/me/profile`, { headers: { authorization: `Bearer ${token}` } });
}

describe('the consent page', () => {
  it('lists the mailboxes, picks the one hinted at, and escapes what it shows', async () => {
    const { url } = await authUrl({ login_hint: 'ben@gmail.test', state: '"><script>' });
    const html = await (await fetch(url)).text();
    expect(html).toContain('Anna &amp; Co &lt;1&gt;');
    expect(html).toContain('value="ben@gmail.test" required checked');
    expect(html).not.toContain('<script>');
  });

  it('sends the browser back with a code and the state', async () => {
    const { url, codeVerifier } = await authUrl();
    const body = new URLSearchParams([
      ['email', ANNA],
      ['scope', MODIFY],
      ['decision', 'allow'],
    ]);
    const response = await fetch(url, { method: 'POST', body, redirect: 'manual' });
    expect(response.status).toBe(302);
    const location = new URL(response.headers.get('location') ?? '');
    expect(location.origin + location.pathname).toBe(REDIRECT);
    expect(location.searchParams.get('state')).toBe('state-1');
    const { tokens } = await client.getToken({ code: codeIn(location.href), codeVerifier });
    expect(tokens.scope).toBe(MODIFY);
  });

  it('sends the browser back with access_denied', async () => {
    const { url } = await authUrl();
    const location = sandbox.admin.consent(url, { email: ANNA, allow: false });
    expect(location).toBe(`${REDIRECT}?state=state-1&error=access_denied`);
  });

  it('refuses another client, a redirect that is no web address, and a plain code challenge', async () => {
    const wrongs: Record<string, string>[] = [
      { client_id: 'other' },
      { redirect_uri: 'javascript:alert(1)' },
      { code_challenge_method: CodeChallengeMethod.Plain },
    ];
    for (const wrong of wrongs) {
      const { url } = await authUrl(wrong);
      expect((await fetch(url)).status).toBe(400);
    }
  });
});

describe('the token endpoint', () => {
  it('exchanges a code for tokens that open the mailbox', async () => {
    const { tokens } = await client.getToken(await consented());
    expect(tokens).toMatchObject({ refresh_token: expect.any(String), scope: SCOPES.join(' '), token_type: 'Bearer' });
    const response = await gmailProfile(tokens.access_token ?? '');
    expect(await response.json()).toMatchObject({ emailAddress: ANNA });
  });

  it('takes a code once', async () => {
    const code = await consented();
    await client.getToken(code);
    await expect(client.getToken(code)).rejects.toMatchObject({ status: 400, message: 'invalid_grant' });
  });

  it('refuses a code after ten minutes', async () => {
    const code = await consented();
    clock += 10 * 60_000;
    await expect(client.getToken(code)).rejects.toMatchObject({ status: 400, message: 'invalid_grant' });
  });

  it('refuses a code with another verifier, or with none', async () => {
    const first = await consented();
    const second = await consented();
    const other = client.getToken({ code: first.code, codeVerifier: 'another' });
    await expect(other).rejects.toMatchObject({ message: 'invalid_grant' });
    await expect(client.getToken({ code: second.code })).rejects.toMatchObject({ message: 'invalid_grant' });
  });

  it('refuses a code with another redirect', async () => {
    const code = await consented();
    const other = client.getToken({ ...code, redirect_uri: 'http://localhost:4000/elsewhere' });
    await expect(other).rejects.toMatchObject({ status: 400, message: 'redirect_uri_mismatch' });
  });

  it('gives no refresh token at a second consent, unless prompt=consent', async () => {
    const first = await client.getToken(await consented({ prompt: '' }));
    const second = await client.getToken(await consented({ prompt: '' }));
    const forced = await client.getToken(await consented());
    expect(first.tokens.refresh_token).toEqual(expect.any(String));
    expect(second.tokens.refresh_token).toBeUndefined();
    expect(forced.tokens.refresh_token).toEqual(expect.any(String));
    const still = await post('/oauth2/token', {
      grant_type: 'refresh_token',
      refresh_token: first.tokens.refresh_token ?? '',
    });
    expect(still.status).toBe(200);
  });

  it('refreshes without giving a new refresh token', async () => {
    const refresh_token = sandbox.admin.grant(ANNA);
    const { body } = await post('/oauth2/token', { grant_type: 'refresh_token', refresh_token });
    expect(body).toEqual({
      access_token: expect.any(String),
      expires_in: 3599,
      scope: MODIFY,
      token_type: 'Bearer',
    });
  });

  it('says which of client, secret and grant type is wrong', async () => {
    const refresh_token = sandbox.admin.grant(ANNA);
    const request = { grant_type: 'refresh_token', refresh_token };
    const client = await post('/oauth2/token', { ...request, client_id: 'other' });
    const secret = await post('/oauth2/token', { ...request, client_secret: 'other' });
    const type = await post('/oauth2/token', { ...request, grant_type: 'password' });
    expect([client, secret, type]).toMatchObject([
      { status: 401, body: { error: 'invalid_client' } },
      { status: 401, body: { error: 'invalid_client' } },
      { status: 400, body: { error: 'unsupported_grant_type' } },
    ]);
  });
});

describe('access tokens', () => {
  const authError = {
    error: { code: 401, errors: [{ domain: 'global', reason: 'authError' }], status: 'UNAUTHENTICATED' },
  };

  it('are refused when unknown, and once they expire', async () => {
    const { tokens } = await client.getToken(await consented());
    clock += 3_599_000;
    for (const token of ['ya29.unknown', tokens.access_token ?? '']) {
      const response = await gmailProfile(token);
      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject(authError);
    }
  });

  it('are refused for a call outside their scopes', async () => {
    const readonly = sandboxGmailClient(sandbox, ANNA, ['https://www.googleapis.com/auth/gmail.readonly']);
    await readonly.users.getProfile({ userId: 'me' });
    const created = readonly.users.drafts.create({ userId: 'me', requestBody: {} });
    await expect(created).rejects.toMatchObject({
      status: 403,
      message: 'Request had insufficient authentication scopes.',
    });
  });

  it('die with the grant when it is revoked, by the owner or by the client', async () => {
    for (const revoke of [
      async () => sandbox.admin.revoke(ANNA),
      async (token: string) => void (await client.revokeToken(token)),
    ]) {
      const { tokens } = await client.getToken(await consented());
      await revoke(tokens.refresh_token ?? '');
      expect((await gmailProfile(tokens.access_token ?? '')).status).toBe(401);
      const request = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token ?? '' };
      expect(await post('/oauth2/token', request)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    }
  });

  it('can be expired while the refresh token lives', async () => {
    const { tokens } = await client.getToken(await consented());
    sandbox.admin.expireAccessTokens(ANNA);
    expect((await gmailProfile(tokens.access_token ?? '')).status).toBe(401);
    client.setCredentials(tokens);
    const { credentials } = await client.refreshAccessToken();
    expect((await gmailProfile(credentials.access_token ?? '')).status).toBe(200);
  });
});

it('answers unknown paths with 404 in Google’s envelope', async () => {
  for (const path of ['/', '/gmail/v1/users/me/filters', '/gmail/v1/users/me/messages/a/b/c']) {
    const response = await fetch(`${sandbox.url}${path}`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: 404, status: 'NOT_FOUND' } });
  }
});
