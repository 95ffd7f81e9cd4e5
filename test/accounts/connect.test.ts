import { beforeEach, describe, expect, it } from 'vitest';
import { refreshProfiles } from '../../src/accounts/send-as.ts';
import { AccountAddresses, answer, begin, Connect, comeBack, consent, createOwner } from '../support/connecting.ts';
import { createTenant, expectType, query, useTenant, useTestApp } from '../support/harness.ts';
import { accepted, createRecipient, fresh, onlyMail } from '../support/mail.ts';

const ORIGIN = 'https://app.example.com';

let owner: string;
let sales: string;

const t = useTestApp({ env: { CORS_ORIGINS: ORIGIN } });
const tenant = useTenant(t, beforeEach);
beforeEach(() => {
  ({ owner, sales } = createOwner(t));
});

const findAccount = (email = owner) => t.app.db.emailAccount.findFirst({ where: { email } });
const pendingStates = () => t.app.db.oAuthState.findMany({ where: { organizationId: tenant.organizationId } });

describe('connectEmailAccount', () => {
  it('asks Google for Gmail alone, offline, with consent and a code challenge', async () => {
    const url = new URL(await begin(t, tenant.key, { loginHint: owner }));
    expect(url.origin + url.pathname).toBe(`${t.sandbox.url}/o/oauth2/v2/auth`);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: t.sandbox.clientId,
      redirect_uri: 'http://epistle.test/oauth/google/callback',
      response_type: 'code',
      scope: 'https://www.googleapis.com/auth/gmail.modify',
      access_type: 'offline',
      prompt: 'consent',
      state: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
      login_hint: owner,
    });
  });

  it('stores neither the state nor the code verifier as they are', async () => {
    const url = new URL(await begin(t, tenant.key));
    const [pending, ...others] = await pendingStates();
    expect(others).toEqual([]);
    expect(pending?.stateHash).toHaveLength(32);
    expect(Buffer.from(pending?.stateHash ?? []).toString('base64url')).not.toBe(url.searchParams.get('state'));
    expect(pending?.sealedCodeVerifier).toMatch(/^v1\.[0-9a-f]{8}\./);
    expect(pending?.actor).toMatch(/^key:/);
  });

  it('refuses a returnTo that is not on an allowed origin, and a hint that is no address, at once', async () => {
    const wrong = [
      'https://evil.example/',
      'https://app.example.com.evil.example/',
      'https://app.example.com@evil.example/',
      'https://user:password@app.example.com/',
      'http://app.example.com/',
      'https://app.example.com:8443/',
      'javascript:alert(1)',
      '//app.example.com/',
      `${ORIGIN}/${'x'.repeat(2_000)}`,
    ];
    for (const returnTo of wrong) {
      const input = { returnTo, loginHint: 'nobody' };
      const { connectEmailAccount } = await query(t, tenant.key, Connect, { input });
      const { issues } = expectType(connectEmailAccount, 'InvalidInputError');
      expect(issues.map(({ path }) => path)).toEqual(['input.loginHint', 'input.returnTo']);
    }
    expect(await pendingStates()).toEqual([]);
  });
});

describe('a consent', () => {
  it('makes an account that sends, with its accepted aliases, and shows a page', async () => {
    const { status, headers, text } = await consent(t, tenant, { email: owner });
    expect(status).toBe(200);
    expect(text).toContain(`Email can now be sent from ${owner}`);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-[^']+';/);
    const account = await findAccount();
    expect(account).toMatchObject({
      organizationId: tenant.organizationId,
      status: 'ACTIVE',
      displayName: 'Ann <Owner> & Co',
      aliases: [sales],
      grantKind: 'CONSENT',
    });
    const maria = createRecipient(t, tenant);
    await accepted(
      t,
      { ...tenant, accountId: account?.id ?? '' },
      fresh({ ...tenant, accountId: account?.id ?? '' }, maria),
    );
    expect(onlyMail(t, maria).header('From')).toContain(owner);
  });

  it('stores the addresses it may send from with their signatures, and reads them again after an hour', async () => {
    const mailbox = (signature: string, displayName: string) => ({
      email: owner,
      displayName: 'Ann',
      signature: '<b>Ann</b>',
      aliases: [{ email: sales, displayName, signature, accepted: true }],
    });
    t.sandbox.admin.createMailbox(mailbox('', 'Sales'));
    await consent(t, tenant, { email: owner });
    const { id = '' } = (await findAccount()) ?? {};
    const sendAs = async () => (await query(t, tenant.key, AccountAddresses, { uid: id })).emailAccount?.sendAs;
    const own = { email: owner, displayName: 'Ann', signatureHtml: '<b>Ann</b>', isDefault: true };
    expect(await sendAs()).toEqual([
      own,
      { email: sales, displayName: 'Sales', signatureHtml: null, isDefault: false },
    ]);

    t.sandbox.admin.createMailbox(mailbox('<i>Sales</i>', 'Sales team'));
    await refreshProfiles(t.app, () => false);
    expect(await sendAs()).toMatchObject([own, { displayName: 'Sales' }]);
    await t.app.pool.query(
      `UPDATE email_account SET profile_read_at = now() - interval '61 minutes' WHERE organization_id = $1`,
      [tenant.organizationId],
    );
    // The other account of the tenant cannot be read just now: this one is all the same.
    t.sandbox.admin.fault({ call: 'getProfile', mailbox: tenant.email, effect: { kind: 'status', status: 500 } });
    await refreshProfiles(t.app, () => false);
    expect(await sendAs()).toEqual([
      own,
      { email: sales, displayName: 'Sales team', signatureHtml: '<i>Sales</i>', isDefault: false },
    ]);
  });

  it('reads the addresses of the next account in the next run, once the time of a run is over', async () => {
    await consent(t, tenant, { email: owner });
    const { organizationId } = tenant;
    await t.app.pool.query(
      `UPDATE email_account SET profile_read_at = now() - interval '61 minutes' WHERE organization_id = $1`,
      [organizationId],
    );
    const due = async () => {
      const hourAgo = new Date(Date.now() - 3_600_000);
      return t.app.db.emailAccount.count({ where: { organizationId, profileReadAt: { lt: hourAgo } } });
    };
    const before = await due();
    let isOver = false;
    const first = t.sandbox.admin.hold('getProfile');
    const refreshing = refreshProfiles(t.app, () => isOver);
    await first.arrived;
    isOver = true;
    first.release();
    await refreshing;
    expect(await due()).toBe(before - 1);
  });

  it('sends the browser to returnTo with the uid of the account, keeping its query', async () => {
    const returnTo = `${ORIGIN}/settings?tab=mail&error=old#accounts`;
    const { status, headers } = await consent(t, tenant, { email: owner }, { returnTo });
    const account = await findAccount();
    expect(status).toBe(303);
    expect(headers.get('location')).toBe(`${ORIGIN}/settings?tab=mail&connected=${account?.id}#accounts`);
    expect(headers.get('referrer-policy')).toBe('no-referrer');
  });

  it('sends the browser to returnTo with the error too', async () => {
    const { headers } = await consent(t, tenant, { email: owner, allow: false }, { returnTo: `${ORIGIN}/settings` });
    expect(headers.get('location')).toBe(`${ORIGIN}/settings?error=access_denied`);
    expect(await findAccount()).toBeNull();
  });

  it('renews an account that is there, and its waiting mail goes', async () => {
    const maria = createRecipient(t, tenant);
    t.sandbox.admin.revoke(tenant.email);
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
    expect(outboundEmail).toMatchObject({ status: 'QUEUED', failure: { code: 'NEEDS_REAUTH' } });
    expect((await findAccount(tenant.email))?.status).toBe('NEEDS_REAUTH');
    expect((await consent(t, tenant, { email: tenant.email })).status).toBe(200);
    expect(await findAccount(tenant.email)).toMatchObject({
      id: tenant.accountId,
      status: 'ACTIVE',
      statusReason: null,
    });
    await expect.poll(() => t.sandbox.admin.messages(maria).length).toBe(1);
  });

  it('without a refresh token keeps the stored one', async () => {
    const before = await findAccount(tenant.email);
    const url = new URL(await begin(t, tenant.key));
    // As Google does when it is not asked to show the consent again.
    url.searchParams.delete('prompt');
    expect((await comeBack(await answer(t, url.href, { email: tenant.email }))).status).toBe(200);
    const after = await findAccount(tenant.email);
    expect(after?.sealedRefreshToken).toBe(before?.sealedRefreshToken);
    await accepted(t, tenant, fresh(tenant, createRecipient(t, tenant)));
  });

  it('without a refresh token asks for another consent when none is stored, or the stored one was refused', async () => {
    t.sandbox.admin.grant(owner);
    const online = async (email: string) => {
      const url = new URL(await begin(t, tenant.key));
      url.searchParams.delete('prompt');
      return comeBack(await answer(t, url.href, { email }));
    };
    const first = await online(owner);
    expect(first.status).toBe(400);
    expect(first.text).toContain('Please consent again');
    expect(await findAccount()).toBeNull();
    await t.app.db.emailAccount.updateMany({ where: { email: tenant.email }, data: { status: 'NEEDS_REAUTH' } });
    expect((await online(tenant.email)).text).toContain('Please consent again');
    expect((await findAccount(tenant.email))?.status).toBe('NEEDS_REAUTH');
  });

  it('for an address of another organization is refused, and changes nothing there', async () => {
    const other = await createTenant(t);
    const before = await findAccount(other.email);
    const { status, text } = await consent(t, tenant, { email: other.email });
    expect(status).toBe(409);
    expect(text).toContain('another organization');
    expect(await findAccount(other.email)).toEqual(before);
    await accepted(t, other, fresh(other, createRecipient(t, other)));
  });

  it('answered twice at once makes one account, and one of the two is refused', async () => {
    const callback = await answer(t, await begin(t, tenant.key), { email: owner });
    const outcomes = await Promise.all([comeBack(callback), comeBack(callback)]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual([200, 400]);
    expect(await t.app.db.emailAccount.count({ where: { organizationId: tenant.organizationId } })).toBe(2);
  });

  it('asked for twice and given twice at once makes one account', async () => {
    const callbacks = [
      await answer(t, await begin(t, tenant.key), { email: owner }),
      await answer(t, await begin(t, tenant.key), { email: owner }),
    ];
    const outcomes = await Promise.all(callbacks.map(comeBack));
    expect(outcomes.map(({ status }) => status)).toEqual([200, 200]);
    expect(await t.app.db.emailAccount.count({ where: { organizationId: tenant.organizationId } })).toBe(2);
  });
});
