import { request as httpRequest } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { finishConnect } from '../../src/accounts/oauth-connect.ts';
import { issueApiKey, revokeApiKey } from '../../src/auth/keys.ts';
import type { ReadReplica } from '../../src/db/read-replica.ts';
import { scopeToOrganization } from '../../src/db/tenant.ts';
import { answer, begin, comeBack, consent, createOwner } from '../support/connecting.ts';
import { startTestApp, useTenant, useTestApp } from '../support/harness.ts';

const ORIGIN = 'https://app.example.com';
const MINUTE_MS = 60_000;

let owner: string;
let clockOffset = 0;

const t = useTestApp({
  env: { CORS_ORIGINS: `${ORIGIN},http://localhost:3000`, GMAIL_TIMEOUT_MS: '3000' },
  now: () => new Date(Date.now() + clockOffset),
});
const tenant = useTenant(t, beforeEach);
beforeEach(() => {
  ({ owner } = createOwner(t));
});
afterEach(() => {
  clockOffset = 0;
});

const findAccount = () => t.app.db.emailAccount.findFirst({ where: { email: owner } });

describe('no account comes of', () => {
  afterEach(async () => expect(await findAccount()).toBeNull());

  it('a denied consent', async () => {
    const { status, text } = await consent(t, tenant, { email: owner, allow: false });
    expect([status, text]).toEqual([403, expect.stringContaining('You did not allow it')]);
  });

  it('a state that nobody issued, none, or two', async () => {
    const callback = new URL(await answer(t, await begin(t, tenant.key), { email: owner }));
    const state = callback.searchParams.get('state') ?? '';
    for (const states of [['other'], [], [state, state], ['x'.repeat(3_000)]]) {
      const changed = new URL(callback);
      changed.searchParams.delete('state');
      for (const each of states) changed.searchParams.append('state', each);
      const { status, text } = await comeBack(changed.href);
      expect([status, text]).toEqual([400, expect.stringContaining('This link is not valid')]);
    }
  });

  it('a state that was used before', async () => {
    const url = await begin(t, tenant.key);
    await comeBack(await answer(t, url, { email: owner, allow: false }));
    const { status } = await comeBack(await answer(t, url, { email: owner }));
    expect(status).toBe(400);
  });

  it('a state of ten minutes ago', async () => {
    const callback = await answer(t, await begin(t, tenant.key), { email: owner });
    clockOffset = 10 * MINUTE_MS;
    const { status, text } = await comeBack(callback);
    expect([status, text]).toEqual([400, expect.stringContaining('This took too long')]);
  });

  it('a key that was revoked meanwhile', async () => {
    const { organizationId } = tenant;
    const scopes = ['accounts:manage'] as const;
    const { id, key } = await issueApiKey(t.app.db, { organizationId, name: 'short', scopes, expiresAt: null });
    const callback = await answer(t, await begin(t, key), { email: owner });
    await revokeApiKey(scopeToOrganization(t.app.db, organizationId), id, t.app.now());
    expect((await comeBack(callback)).status).toBe(403);
  });

  it('a code that Google does not know', async () => {
    const callback = new URL(await answer(t, await begin(t, tenant.key), { email: owner }));
    callback.searchParams.set('code', '4/0other');
    const { status, text } = await comeBack(callback.href);
    expect([status, text]).toEqual([400, expect.stringContaining('code has expired')]);
  });

  it('a code of another consent: the challenge does not fit', async () => {
    const own = new URL(await answer(t, await begin(t, tenant.key), { email: owner }));
    const injected = new URL(await answer(t, await begin(t, tenant.key), { email: owner }));
    own.searchParams.set('code', injected.searchParams.get('code') ?? '');
    expect((await comeBack(own.href)).text).toContain('code has expired');
  });

  it('an answer with another error', async () => {
    const callback = new URL(await answer(t, await begin(t, tenant.key), { email: owner, allow: false }));
    callback.searchParams.set('error', '<script>alert(1)</script>');
    const { status, text } = await comeBack(callback.href);
    expect(status).toBe(400);
    expect(text).not.toContain('<script>');
  });

  it('a consent without the scope, and the owner is told', async () => {
    const { status, text } = await consent(t, tenant, { email: owner, scopes: [] });
    expect([status, text]).toEqual([403, expect.stringContaining('A permission is missing')]);
  });

  it.each([
    ['token', { kind: 'status', status: 503 }, 503, 'Google could not be reached'],
    ['token', { kind: 'reset' }, 503, 'Google could not be reached'],
    ['token', { kind: 'hang' }, 503, 'Google could not be reached'],
    ['token', { kind: 'invalid-json' }, 503, 'Google could not be reached'],
    ['getProfile', { kind: 'status', status: 503 }, 503, 'Gmail could not be read'],
    ['settings.sendAs.list', { kind: 'status', status: 500 }, 503, 'Gmail could not be read'],
    ['getProfile', { kind: 'refusal', name: 'accessNotConfigured' }, 502, 'The Gmail API is not enabled'],
    ['getProfile', { kind: 'refusal', name: 'mail-service-not-enabled' }, 400, 'no Gmail mailbox'],
  ] as const)('Google failing: %s %j', async (call, effect, status, words) => {
    t.sandbox.admin.fault({ call, times: 'always', effect });
    const outcome = await consent(t, tenant, { email: owner });
    expect([outcome.status, outcome.text]).toEqual([status, expect.stringContaining(words)]);
  });
});

describe('the callback', () => {
  /** `fetch` follows no rules for HEAD that matter here, but refuses odd methods. */
  function status(url: string, method: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const call = httpRequest(url, { method }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      call.on('error', reject);
      call.end();
    });
  }

  it('answers GET only, and the state is not used up by anything else', async () => {
    const callback = await answer(t, await begin(t, tenant.key), { email: owner });
    for (const method of ['HEAD', 'POST', 'PUT', 'OPTIONS']) expect(await status(callback, method)).toBe(405);
    expect((await comeBack(callback)).status).toBe(200);
  });

  it('is not served by a process that runs jobs only', async () => {
    const jobs = await startTestApp({ beside: t, env: { WORKER: 'only' } });
    try {
      expect((await comeBack(`${jobs.url}/oauth/google/callback?state=x&code=y`)).status).toBe(404);
    } finally {
      await jobs.close();
    }
  });

  it('notes the write of the key, so that its next query sees the account in spite of a standby that is behind', async () => {
    const noted: string[] = [];
    const replica: ReadReplica = {
      clientFor: () => null,
      noteWrite: async (actor) => void noted.push(actor),
      staleS: () => null,
      close: async () => {},
    };
    const back = new URL(await answer(t, await begin(t, tenant.key), { email: owner })).searchParams;
    await finishConnect({ ...t.app, replica }, { state: back.get('state') ?? '', code: back.get('code'), error: null });
    const key = await t.app.db.apiKey.findFirstOrThrow({ where: { organizationId: tenant.organizationId } });
    expect([await findAccount(), noted]).toEqual([expect.anything(), [`key:${key.id}`]]);
  });

  it('does not follow a returnTo whose origin is no longer allowed', async () => {
    const url = await begin(t, tenant.key, { returnTo: 'http://localhost:3000/done' });
    const stricter = await startTestApp({ beside: t, env: { CORS_ORIGINS: ORIGIN } });
    try {
      const { status: shown, headers } = await comeBack(await answer(stricter, url, { email: owner }));
      expect([shown, headers.get('location')]).toEqual([200, null]);
    } finally {
      await stricter.close();
    }
  });

  it('leaves no secret in the logs or in a page', async () => {
    const callback = await answer(t, await begin(t, tenant.key), { email: owner });
    const { text } = await comeBack(callback);
    const again = await comeBack(callback);
    t.sandbox.admin.fault({ call: 'token', times: 'always', effect: { kind: 'invalid-json' } });
    const failed = await comeBack(await answer(t, await begin(t, tenant.key), { email: owner }));
    const seen = [text, again.text, failed.text, ...t.logged].join('\n');
    for (const name of ['code', 'state']) expect(seen).not.toContain(new URL(callback).searchParams.get(name));
    expect(seen).not.toMatch(/ya29|1\/\/0|GOCSPX|4\/0/);
  });
});
