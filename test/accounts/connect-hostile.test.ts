/** What a hostile browser, a hostile organization or bad luck can make of connecting a mailbox. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { STATE_LIFETIME_MS, sweepStates } from '../../src/accounts/oauth-state.ts';
import { answer, begin, Connect, comeBack, consent, Disconnect } from '../support/connecting.ts';
import {
  createTenant,
  eventually,
  expectType,
  query,
  startTestApp,
  type Tenant,
  useTestApp,
} from '../support/harness.ts';
import { accepted, createRecipient, fresh, record } from '../support/mail.ts';
import { startReading } from '../support/syncing.ts';

const ORIGIN = 'https://app.example.com';

let tenant: Tenant;
let owner: string;
let owners = 0;
let clockOffset = 0;

const t = useTestApp({
  env: { CORS_ORIGINS: `${ORIGIN},http://localhost:3000` },
  now: () => new Date(Date.now() + clockOffset),
  timing: { requeueOverdueMs: 600 },
});
beforeEach(async () => {
  tenant = await createTenant(t);
  owner = `owner-${++owners}@atelier.example`;
  t.sandbox.admin.createMailbox({ email: owner });
});
afterEach(() => {
  clockOffset = 0;
  t.sandbox.admin.clearFaults();
});

const findAccount = (email = owner) => t.app.db.emailAccount.findFirst({ where: { email } });
const codeOf = (callback: string) => new URL(callback).searchParams.get('code') ?? '';

function withParameters(callback: string, parameters: Record<string, string>): string {
  const url = new URL(callback);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}

describe('returnTo', () => {
  it.each([
    'blob:https://app.example.com/0e1b1b2c',
    'data:text/html,<script>alert(1)</script>',
    'https://app.example.com:443@evil.example/',
    'https://app.example.com%2f@evil.example/',
    'https://evil.example\\@app.example.com/',
    'https://evil.example/?https://app.example.com/',
    'https://evil.example#@app.example.com/',
    'https://app.example.com./',
    'https://аpp.example.com/',
    'https://app.example.com%00.evil.example/',
    'https:///evil.example/',
    '/\\evil.example',
    '\\\\app.example.com\\',
    'http://localhost:3001/',
    'http://localhost/',
    'http://127.0.0.1:3000/',
    'http://LOCALHOST.:3000/',
    'java\nscript:alert(1)',
    `${ORIGIN}/${'é'.repeat(400)}`,
  ])('%j is refused', async (returnTo) => {
    const { connectEmailAccount } = await query(t, tenant.key, Connect, { input: { returnTo } });
    const { issues } = expectType(connectEmailAccount, 'InvalidInputError');
    expect(issues.map(({ path }) => path)).toEqual(['input.returnTo']);
  });

  it.each([
    [`${ORIGIN}\\@evil.example/`, `${ORIGIN}/@evil.example/`],
    [`${ORIGIN}\\.evil.example@evil.example/`, `${ORIGIN}/.evil.example@evil.example/`],
    [`${ORIGIN}/..//evil.example/`, `${ORIGIN}//evil.example/`],
    [`${ORIGIN}/a\r\nSet-Cookie: x=1\r\n\r\n<script>`, `${ORIGIN}/aSet-Cookie:%20x=1%3Cscript%3E`],
    [`\t${ORIGIN}/\u0000x`, `${ORIGIN}/%00x`],
    ['https:app.example.com/next', `${ORIGIN}/next`],
    ['HTTPS://APP。EXAMPLE.com:443/', `${ORIGIN}/`],
  ])('%j stays on the allowed origin, in one header', async (returnTo, expected) => {
    const { status, headers } = await consent(t, tenant, { email: owner, allow: false }, { returnTo });
    expect([status, headers.get('location')]).toEqual([303, `${expected}?error=access_denied`]);
    expect(headers.get('set-cookie')).toBeNull();
  });
});

describe('no account comes of', () => {
  afterEach(async () => expect(await findAccount()).toBeNull());

  it('an answer with both an error and a code', async () => {
    for (const error of ['server_error', 'access_denied']) {
      const callback = await answer(t, await begin(t, tenant.key), { email: owner });
      t.sandbox.admin.resetCalls();
      expect((await comeBack(withParameters(callback, { error }))).status).toBeGreaterThanOrEqual(400);
      expect(t.sandbox.admin.calls()).toEqual([]);
    }
  });

  it('two errors and a code', async () => {
    const callback = await answer(t, await begin(t, tenant.key), { email: owner });
    expect((await comeBack(`${callback}&error=a&error=b`)).status).toBe(400);
  });

  it('a code that somebody has used before', async () => {
    const url = await begin(t, tenant.key);
    const callback = await answer(t, url, { email: owner });
    const stolen = new URLSearchParams({
      grant_type: 'authorization_code',
      code: codeOf(callback),
      client_id: t.sandbox.clientId,
      client_secret: t.sandbox.clientSecret,
    });
    // Without the verifier it is worth nothing, and is used up.
    expect((await fetch(`${t.sandbox.url}/oauth2/token`, { method: 'POST', body: stolen })).status).toBe(400);
    const { status, text } = await comeBack(callback);
    expect([status, text]).toEqual([400, expect.stringContaining('has expired or was used before')]);
  });

  it('a code that has expired', async () => {
    const callback = await answer(t, await begin(t, tenant.key), { email: owner });
    await t.app.pool.query(`UPDATE oauth_state SET expires_at = expires_at + interval '1 hour'`);
    clockOffset = STATE_LIFETIME_MS + 1_000;
    const { status, text } = await comeBack(callback);
    expect([status, text]).toEqual([400, expect.stringContaining('has expired or was used before')]);
  });

  it('a code that the mailbox’s owner gave to another organization', async () => {
    const other = await createTenant(t);
    const theirs = await answer(t, await begin(t, other.key), { email: owner });
    const ours = await answer(t, await begin(t, tenant.key), { email: tenant.email });
    const { status, text } = await comeBack(withParameters(ours, { code: codeOf(theirs) }));
    expect([status, text]).toEqual([400, expect.stringContaining('has expired or was used before')]);
  });

  it('a failure of our own, and the page says as much as one may know', async () => {
    const callback = await answer(t, await begin(t, tenant.key), { email: owner });
    await t.app.pool.query(
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''secret %'', NEW.email; END';
       CREATE TRIGGER refuse BEFORE INSERT ON email_account FOR EACH ROW EXECUTE FUNCTION refuse()`,
    );
    try {
      const { status, text } = await comeBack(callback);
      expect([status, text]).toEqual([500, expect.stringContaining('Something went wrong')]);
      expect(`${text}${t.logged.join()}`).not.toContain('secret');
    } finally {
      await t.app.pool.query('DROP TRIGGER refuse ON email_account; DROP FUNCTION refuse');
    }
  });
});

it('a state that was answered by two browsers at once, in two processes, is good for one', async () => {
  const beside = await startTestApp({ beside: t });
  try {
    const callback = await answer(t, await begin(t, tenant.key), { email: owner });
    const elsewhere = callback.replace(t.url, beside.url);
    const outcomes = await Promise.all([callback, elsewhere, callback, elsewhere].map(comeBack));
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual([200, 400, 400, 400]);
    expect((await findAccount())?.organizationId).toBe(tenant.organizationId);
  } finally {
    await beside.close();
  }
});

it('two organizations that connect the same new mailbox at once: one has it, the other is told', async () => {
  const other = await createTenant(t);
  const callbacks = [
    await answer(t, await begin(t, tenant.key), { email: owner }),
    await answer(t, await begin(t, other.key), { email: owner }),
  ];
  const outcomes = await Promise.all(callbacks.map(comeBack));
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual([200, 409]);
  const winner = outcomes[0]?.status === 200 ? tenant : other;
  const account = await findAccount();
  expect(account?.organizationId).toBe(winner.organizationId);
  const maria = createRecipient(t, winner);
  const sender = { ...winner, accountId: account?.id ?? '' };
  expect((await accepted(t, sender, fresh(sender, maria))).outboundEmail.status).toBe('SENT');
});

it('an owner who chooses another mailbox than the hint connects that one, and leaves the hinted one as it is', async () => {
  const before = await findAccount(tenant.email);
  const { text } = await consent(t, tenant, { email: owner }, { loginHint: tenant.email });
  expect(text).toContain(`sent from ${owner}`);
  expect(await findAccount()).toMatchObject({ organizationId: tenant.organizationId, status: 'ACTIVE' });
  expect(await findAccount(tenant.email)).toEqual(before);
});

it('a consent of the last minute of ten is in time', async () => {
  const callback = await answer(t, await begin(t, tenant.key), { email: owner });
  clockOffset = STATE_LIFETIME_MS - 60_000;
  expect((await comeBack(callback)).status).toBe(200);
});

it('a consent without the scope leaves the account that is there as it is', async () => {
  const before = await findAccount(tenant.email);
  const { status } = await consent(t, tenant, { email: tenant.email, scopes: [] });
  expect(status).toBe(403);
  expect(await findAccount(tenant.email)).toEqual(before);
});

it('the page shows an address as text, whatever is in it', async () => {
  const email = `o'brien&co+<b>${owners}@atelier.example`.replace('<b>', '`');
  t.sandbox.admin.createMailbox({ email });
  const { status, text } = await consent(t, tenant, { email });
  expect(status).toBe(200);
  expect(text).toContain(`o&#39;brien&amp;co+\`${owners}@atelier.example`);
});

it('what comes back in the address is never part of a page', async () => {
  const script = '"><script>alert(1)</script>';
  const callback = await answer(t, await begin(t, tenant.key), { email: owner });
  for (const name of ['state', 'code', 'error', 'error_description', 'scope', script]) {
    const { text } = await comeBack(withParameters(callback, { [name]: script }));
    expect(text).not.toContain('alert(1)');
  }
});

it('an account that is disconnected while its owner consents is connected by that', async () => {
  const callback = await answer(t, await begin(t, tenant.key), { email: tenant.email });
  t.sandbox.admin.fault({ call: 'revoke', times: 'always', effect: { kind: 'status', status: 503 } });
  await query(t, tenant.key, Disconnect, { uid: tenant.accountId });
  expect((await comeBack(callback)).status).toBe(200);
  expect(await findAccount(tenant.email)).toMatchObject({ id: tenant.accountId, status: 'ACTIVE', statusReason: null });
});

it('a revocation that Google carries out after the mailbox was connected again: it NEEDS_REAUTH, and its mail waits', async () => {
  const maria = createRecipient(t, tenant);
  t.sandbox.admin.fault({ call: 'drafts.create', times: 'always', effect: { kind: 'status', status: 503 } });
  const { uid } = (await accepted(t, tenant, fresh(tenant, maria))).outboundEmail;
  const revocation = t.sandbox.admin.hold('revoke');
  const disconnecting = query(t, tenant.key, Disconnect, { uid: tenant.accountId });
  await revocation.arrived;
  expect((await consent(t, tenant, { email: tenant.email })).status).toBe(200);
  revocation.release();
  await disconnecting;
  await startReading(t, tenant);
  await eventually(async () => (await findAccount(tenant.email))?.status === 'NEEDS_REAUTH' || null);
  t.sandbox.admin.clearFaults();
  expect((await record(t, tenant, uid)).status).toBe('QUEUED');
  expect((await consent(t, tenant, { email: tenant.email })).status).toBe(200);
  await eventually(async () => (await record(t, tenant, uid)).status === 'SENT' || null);
  expect(t.sandbox.admin.messages(maria)).toHaveLength(1);
});

it('consents that nobody gave are swept an hour after they have expired, without another one', async () => {
  await begin(t, tenant.key);
  const pending = () => t.app.db.oAuthState.count({ where: { organizationId: tenant.organizationId } });
  clockOffset = STATE_LIFETIME_MS + 3_540_000;
  await sweepStates(t.app);
  expect(await pending()).toBe(1);
  clockOffset = STATE_LIFETIME_MS + 3_601_000;
  await eventually(async () => (await pending()) === 0 || null);
});
