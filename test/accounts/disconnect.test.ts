import { beforeEach, describe, expect, it } from 'vitest';
import { connectAccount } from '../../src/accounts/store-account.ts';
import { forgetMailbox } from '../../src/retention/forget-mailbox.ts';
import { consent, Disconnect } from '../support/connecting.ts';
import {
  createKey,
  createTenant,
  eventually,
  expectType,
  lockAwaited,
  query,
  type Tenant,
  useTestApp,
} from '../support/harness.ts';
import { accepted, createRecipient, fetchSentCopy, fresh, record, runNow } from '../support/mail.ts';
import { inMs, scheduling } from '../support/scheduling.ts';

let tenant: Tenant;
let maria: string;

const t = useTestApp({ env: { GMAIL_TIMEOUT_MS: '3000', SETTLE_DELAYS_MS: '50,100,200' } });
beforeEach(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
});

const { plan } = scheduling(() => ({ t, tenant, maria }));

async function disconnect(uid = tenant.accountId) {
  return (await query(t, tenant.key, Disconnect, { uid })).disconnectEmailAccount;
}
const disconnected = async () => expectType(await disconnect(), 'DisconnectEmailAccountPayload');
const account = () => t.app.db.emailAccount.findFirstOrThrow({ where: { email: tenant.email } });
const revocations = () => t.sandbox.admin.calls().filter(({ call }) => call === 'revoke');

/** An email whose answer was lost, and which cannot be settled. */
async function sendUnconfirmed(): Promise<string> {
  t.sandbox.admin.fault({ call: 'drafts.send', mailbox: tenant.email, when: 'after', effect: { kind: 'reset' } });
  t.sandbox.admin.fault({ call: 'threads.get', times: 'always', effect: { kind: 'status', status: 503 } });
  const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
  expect(outboundEmail.status).toBe('UNCONFIRMED');
  return outboundEmail.uid;
}

describe('disconnectEmailAccount', () => {
  it('revokes the grant, the token in the body, and keeps the record without any token', async () => {
    await fetchSentCopy(t, tenant, (await accepted(t, tenant, fresh(tenant, maria))).outboundEmail.uid);
    t.sandbox.admin.resetCalls();
    expect(await disconnected()).toMatchObject({
      revoked: true,
      waitingEmails: 0,
      emailAccount: { uid: tenant.accountId, email: tenant.email, status: 'DISCONNECTED' },
    });
    expect(revocations()).toMatchObject([{ method: 'POST', path: '/oauth2/revoke', status: 200 }]);
    expect(await account()).toMatchObject({ status: 'DISCONNECTED', sealedRefreshToken: null });
    const refused = await query(t, tenant.key, Disconnect, { uid: tenant.organizationId });
    expect(refused.disconnectEmailAccount).toMatchObject({ __typename: 'NotFoundError', entity: 'EmailAccount' });
  });

  it.each([[{ kind: 'status', status: 503 }], [{ kind: 'reset' }], [{ kind: 'hang' }]] as const)(
    'erases the tokens when Google fails: %j',
    async (effect) => {
      t.sandbox.admin.fault({ call: 'revoke', times: 'always', effect });
      expect((await disconnected()).revoked).toBe(false);
      expect((await account()).sealedRefreshToken).toBeNull();
    },
  );

  it('counts a grant that the owner has revoked as revoked, and can be repeated', async () => {
    t.sandbox.admin.revoke(tenant.email);
    expect((await disconnected()).revoked).toBe(true);
    expect(await disconnected()).toMatchObject({ revoked: false, emailAccount: { status: 'DISCONNECTED' } });
  });

  it('needs accounts:manage and nothing else, its payload included', async () => {
    const key = await createKey(t, tenant.organizationId, ['accounts:manage']);
    const { disconnectEmailAccount } = await query(t, key, Disconnect, { uid: tenant.accountId });
    expect(disconnectEmailAccount).toMatchObject({ revoked: true, emailAccount: { status: 'DISCONNECTED' } });
  });

  it('knows no account of another organization', async () => {
    const other = await createTenant(t);
    expect((await disconnect(other.accountId)).__typename).toBe('NotFoundError');
    await accepted(t, other, fresh(other, maria));
  });

  it('lets what is to be sent wait, visibly, until the mailbox is connected again', async () => {
    t.sandbox.admin.fault({ call: 'drafts.create', times: 'always', effect: { kind: 'status', status: 503 } });
    const queued = (await accepted(t, tenant, fresh(tenant, maria, { subject: 'Queued' }))).outboundEmail.uid;
    const scheduled = await plan(60_000, { subject: 'Scheduled' });
    const result = await disconnected();
    expect(result.waitingEmails).toBe(2);
    expect(result.emailAccount.statusReason).toContain('wait until it is connected again');
    t.sandbox.admin.clearFaults();
    await t.app.pool.query('UPDATE outbound_email SET planned_send_at = now() WHERE id = $1', [scheduled]);
    for (const uid of [queued, scheduled]) {
      await runNow(t, tenant, uid, 'deliver');
      const code = await eventually(async () => {
        const row = await t.app.db.outboundEmail.findFirst({ where: { id: uid, leaseToken: null } });
        return row?.failureCode === 'ACCOUNT_NOT_ACTIVE' ? row.failureCode : null;
      });
      expect(code).toBe('ACCOUNT_NOT_ACTIVE');
    }
    expect(await record(t, tenant, queued)).toMatchObject({ status: 'QUEUED', nextAttemptAt: expect.any(String) });
    expect((await record(t, tenant, scheduled)).status).toBe('SCHEDULED');
    expect(t.sandbox.admin.messages(maria)).toEqual([]);

    expect((await consent(t, tenant, { email: tenant.email })).status).toBe(200);
    expect(await account()).toMatchObject({ id: tenant.accountId, status: 'ACTIVE', statusReason: null });
    await eventually(async () => t.sandbox.admin.messages(maria).length === 2 || null);
    for (const uid of [queued, scheduled])
      await eventually(async () => (await record(t, tenant, uid)).status === 'SENT' || null);
  });

  it('lets the reconciling of a lost answer wait, without a word in the audit trail, until then', async () => {
    const uid = await sendUnconfirmed();
    await disconnected();
    t.sandbox.admin.clearFaults();
    await runNow(t, tenant, uid, 'reconcile');
    const minuteAway = inMs(60_000);
    const waiting = await eventually(async () => {
      const email = await record(t, tenant, uid);
      return (email.nextAttemptAt ?? '') > minuteAway ? email : null;
    });
    expect(waiting.status).toBe('UNCONFIRMED');
    const before = waiting.events.edges.length;
    t.sandbox.admin.resetCalls();
    await runNow(t, tenant, uid, 'reconcile');
    await eventually(async () => ((await record(t, tenant, uid)).nextAttemptAt ?? '') > minuteAway || null);
    expect((await record(t, tenant, uid)).events.edges).toHaveLength(before);
    expect(t.sandbox.admin.calls().filter(({ mailbox }) => mailbox === tenant.email)).toEqual([]);

    await consent(t, tenant, { email: tenant.email });
    await eventually(async () => (await record(t, tenant, uid)).status === 'SENT' || null);
    expect(t.sandbox.admin.messages(maria)).toHaveLength(1);
  });
});

describe('a consent that is given while the former one ends', () => {
  it.each([
    ['disconnected', () => disconnected()],
    ['forgotten', () => forgetMailbox(t.app, tenant.email, { organization: null, sent: false })],
  ])('stays when the account is %s', async (_, end) => {
    const held = await t.app.pool.connect();
    try {
      await held.query('BEGIN');
      await held.query('SELECT FROM email_account WHERE id = $1 FOR UPDATE', [tenant.accountId]);
      const ending = end();
      await lockAwaited(t);
      const refreshToken = t.sandbox.admin.grant(tenant.email);
      const profile = { email: tenant.email, displayName: null, aliases: [], refreshToken };
      const connecting = connectAccount(t.app, tenant.organizationId, profile);
      await lockAwaited(t, 2);
      t.sandbox.admin.resetCalls();
      await held.query('COMMIT');
      expect(await connecting).toBe(tenant.accountId);
      expect(await ending).toMatchObject({ revoked: false });
    } finally {
      held.release();
    }
    expect(revocations()).toEqual([]);
    expect((await accepted(t, tenant, fresh(tenant, maria))).outboundEmail.status).toBe('SENT');
  });
});
