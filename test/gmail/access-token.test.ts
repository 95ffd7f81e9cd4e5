import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findMailbox, mailboxAccess } from '../../src/accounts/mailbox-access.ts';
import { connectAccount } from '../../src/accounts/store-account.ts';
import type { MailboxAccess } from '../../src/gmail/gateway.ts';
import { createTenant, startTestApp, type Tenant, type TestApp, useTestApp } from '../support/harness.ts';
import { mimeOf } from '../support/mime-of.ts';

const BOB = 'bob@example.com';
const MAIL = `To: ${BOB}\r\nSubject: Invoice\r\n\r\nPlease pay.\r\n`;

let tenant: Tenant;
let mailbox: MailboxAccess;
/** Added to the clock of the code under test, milliseconds. */
let clockOffset = 0;

const t = useTestApp({ now: () => new Date(Date.now() + clockOffset), env: { GMAIL_TIMEOUT_MS: '5000' } });

beforeAll(async () => {
  t.sandbox.admin.createMailbox({ email: BOB });
});
beforeEach(async () => {
  tenant = await createTenant(t);
  mailbox = await accessTo(t, tenant);
});
afterEach(() => {
  clockOffset = 0;
  t.sandbox.admin.clearFaults();
});

/** As the process reads the account now. */
async function accessTo({ app }: Pick<TestApp, 'app'>, { organizationId, accountId }: Tenant): Promise<MailboxAccess> {
  const account = await findMailbox(app.pool, organizationId, accountId);
  if (account === null) throw new Error('there is no such account');
  return mailboxAccess(app, account);
}

/** As if the owner had consented again. */
async function reconnect(): Promise<void> {
  const { email, organizationId } = tenant;
  const refreshToken = t.sandbox.admin.grant(email);
  await connectAccount(t.app, organizationId, { email, displayName: null, aliases: [], refreshToken });
  mailbox = await accessTo(t, tenant);
}

const callsOf = (call: string) =>
  t.sandbox.admin.calls().filter((record) => record.call === call && record.mailbox === tenant.email);
const profile = () => t.app.gmail.getProfile(mailbox);

describe('access tokens', () => {
  it('are fetched once for calls that start together, and kept', async () => {
    await Promise.all(Array.from({ length: 8 }, profile));
    await profile();
    expect(callsOf('token')).toHaveLength(1);
  });

  it('cost no statement while they are in memory', async () => {
    await profile();
    t.resetStatements();
    await Promise.all(Array.from({ length: 8 }, profile));
    expect(t.statements().filter((sql) => /email_account/.test(sql))).toEqual([]);
  });

  it('are renewed when Gmail refuses them, and the call is made again, even a send', async () => {
    const { draftId } = await t.app.gmail.createDraft(mailbox, { mime: mimeOf(MAIL), threadId: null });
    t.sandbox.admin.expireAccessTokens(tenant.email);
    expect(await t.app.gmail.sendDraft(mailbox, draftId)).not.toBeNull();
    expect(t.sandbox.admin.calls().filter(({ call }) => call === 'drafts.send')).toMatchObject([
      { status: 401 },
      { status: 200 },
    ]);
    expect(t.sandbox.admin.messages(BOB)).toHaveLength(1);
  });

  it('are renewed once for all calls that were refused the same one', async () => {
    await profile();
    t.sandbox.admin.expireAccessTokens(tenant.email);
    await Promise.all(Array.from({ length: 8 }, profile));
    expect(callsOf('token')).toHaveLength(2);
  });

  it('that are refused twice end in unauthorized', async () => {
    t.sandbox.admin.fault({
      call: 'getProfile',
      mailbox: tenant.email,
      times: 2,
      effect: { kind: 'refusal', name: 'authError' },
    });
    await expect(profile()).rejects.toMatchObject({ kind: 'unauthorized', outcome: 'no' });
    expect(callsOf('getProfile')).toHaveLength(2);
  });

  it('are renewed a minute before they end', async () => {
    await profile();
    clockOffset = 3_530_000;
    await profile();
    clockOffset = 3_545_000;
    await profile();
    expect(callsOf('token')).toHaveLength(2);
  });

  it('of an older grant are not used after the account was connected anew', async () => {
    await profile();
    await reconnect();
    await profile();
    expect(callsOf('token')).toHaveLength(2);
  });

  it('are not fetched any more for a grant that was replaced', async () => {
    const old = mailbox;
    await reconnect();
    const refused = await t.app.gmail.getProfile(old).catch((error: unknown) => error);
    expect(refused).toMatchObject({ kind: 'unreachable', reason: 'grant_over', outcome: 'no' });
    expect(callsOf('token')).toHaveLength(0);
  });

  it('need consent again only when Google says invalid_grant', async () => {
    t.sandbox.admin.revoke(tenant.email);
    await expect(profile()).rejects.toMatchObject({ kind: 'reauth', reason: 'invalid_grant', outcome: 'no' });
  });

  it.each([
    [{ kind: 'status', status: 503 }, 503],
    [{ kind: 'status', status: 400, body: 'html' }, 400],
    [{ kind: 'reset' }, null],
    [{ kind: 'truncated' }, null],
    [{ kind: 'invalid-json' }, 200],
  ] as const)('that cannot be fetched mean that nothing was sent: %j', async (effect, status) => {
    t.sandbox.admin.fault({ call: 'token', mailbox: tenant.email, times: 'always', effect });
    const sends = t.sandbox.admin.calls().filter(({ call }) => call === 'drafts.send').length;
    const error: unknown = await t.app.gmail.sendDraft(mailbox, 'r1').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ kind: 'unreachable', outcome: 'no', status });
    expect(`${JSON.stringify(error, Object.getOwnPropertyNames(error))}`).not.toMatch(/1\/\/0|ya29|GOCSPX/);
    expect(t.sandbox.admin.calls().filter(({ call }) => call === 'drafts.send')).toHaveLength(sends);
  });

  it('can be fetched again after a failure', async () => {
    t.sandbox.admin.revoke(tenant.email);
    await expect(profile()).rejects.toMatchObject({ kind: 'reauth' });
    await reconnect();
    expect(await profile()).toMatchObject({ email: tenant.email });
  });
});

describe('callers that need a token at once', () => {
  it('never get one again that Gmail has refused one of them', async () => {
    const refused = await mailbox.accessToken();
    const fetching = t.sandbox.admin.hold('token', { mailbox: tenant.email });
    const renewed = mailbox.accessToken({ refused });
    await fetching.arrived;
    const others = [mailbox.accessToken(), (await accessTo(t, tenant)).accessToken(), mailbox.accessToken({ refused })];
    fetching.release();
    const tokens = await Promise.all([renewed, ...others]);
    expect(new Set(tokens).size).toBe(1);
    expect(tokens).not.toContain(refused);
    expect(callsOf('token')).toHaveLength(2);
  });

  it('share the failure of the fetch that they wait for, and the next call tries again', async () => {
    const fetching = t.sandbox.admin.hold('token', { mailbox: tenant.email });
    t.sandbox.admin.fault({
      call: 'token',
      mailbox: tenant.email,
      when: 'after',
      effect: { kind: 'refusal', name: 'invalid_grant' },
    });
    const asking = [mailbox.accessToken()];
    await fetching.arrived;
    asking.push(mailbox.accessToken(), mailbox.accessToken());
    fetching.release();
    expect(await Promise.allSettled(asking)).toMatchObject(
      asking.map(() => ({ status: 'rejected', reason: { kind: 'reauth', reason: 'invalid_grant', status: 400 } })),
    );
    expect(callsOf('token')).toHaveLength(1);
    expect(await mailbox.accessToken()).toMatch(/^ya29/);
  });
});

describe('two processes', () => {
  it('have tokens of their own, and each gets another one when Gmail refuses them', async () => {
    const other = await startTestApp({ beside: t });
    try {
      const access = await accessTo(other, tenant);
      const readBoth = () => Promise.all([profile(), other.app.gmail.getProfile(access)]);
      await readBoth();
      expect(callsOf('token')).toHaveLength(2);
      t.sandbox.admin.expireAccessTokens(tenant.email);
      expect(await readBoth()).toHaveLength(2);
      expect(callsOf('token')).toHaveLength(4);
    } finally {
      await other.close();
    }
  });
});
