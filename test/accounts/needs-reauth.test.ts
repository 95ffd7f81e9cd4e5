/** An account whose tokens cannot be had: what makes it NEEDS_REAUTH, and what does not. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { renewWatches } from '../../src/sync/watch.ts';
import { consent } from '../support/connecting.ts';
import { createTenant, eventually, startTestApp, type Tenant, type TestApp, warnings } from '../support/harness.ts';
import { accepted, createRecipient, fresh, record, runNow } from '../support/mail.ts';
import { deliver, mailboxHere, startReading, whenCurrent } from '../support/syncing.ts';

let t: TestApp;
let tenant: Tenant;
let maria: string;

beforeAll(async () => {
  const push = { GOOGLE_PUBSUB_TOPIC: 'projects/p/topics/gmail', GOOGLE_PUSH_SERVICE_ACCOUNT: 'push@p.example' };
  t = await startTestApp({ env: { ...push, GMAIL_TIMEOUT_MS: '3000' } });
});
afterAll(() => t.close());
beforeEach(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
  await startReading(t, tenant);
  await whenCurrent(t, tenant);
  t.sandbox.admin.expireAccessTokens(tenant.email);
});
afterEach(() => t.sandbox.admin.clearFaults());

const account = () => t.app.db.emailAccount.findFirstOrThrow({ where: { email: tenant.email } });
const syncOf = () => t.app.db.mailboxSync.findFirstOrThrow({ where: { accountId: tenant.accountId } });

it.each([
  { kind: 'status', status: 400, body: 'html' },
  { kind: 'status', status: 400, body: 'empty' },
  { kind: 'status', status: 401 },
  { kind: 'status', status: 403 },
  { kind: 'status', status: 429 },
  { kind: 'status', status: 500 },
  { kind: 'status', status: 503, body: 'html' },
  { kind: 'reset' },
  { kind: 'hang' },
  { kind: 'truncated' },
] as const)('stays ACTIVE, and goes on by itself, when the token endpoint fails: %j', async (effect) => {
  t.sandbox.admin.fault({ call: 'token', mailbox: tenant.email, times: 'always', effect });
  const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
  expect(outboundEmail).toMatchObject({ status: 'QUEUED', failure: { code: 'UNREACHABLE', retry: 'AFTER' } });
  deliver(t, tenant, { subject: 'Meanwhile' });
  await startReading(t, tenant);
  await eventually(async () => (await syncOf()).errorCode === 'unreachable' || null);
  expect(await account()).toMatchObject({ status: 'ACTIVE', statusReason: null });
  t.sandbox.admin.clearFaults();
  await runNow(t, tenant, outboundEmail.uid, 'deliver');
  await startReading(t, tenant);
  await eventually(async () => (await record(t, tenant, outboundEmail.uid)).status === 'SENT' || null);
  await eventually(async () => (await mailboxHere(t, tenant)).some(({ subject }) => subject === 'Meanwhile') || null);
  await eventually(async () => (await syncOf()).errorCode === null || null);
});

it.each(['a send', 'a sync', 'a watch'] as const)(
  'NEEDS_REAUTH once %s meets invalid_grant, until it is connected',
  async (who) => {
    t.sandbox.admin.revoke(tenant.email);
    const uid = who === 'a send' ? (await accepted(t, tenant, fresh(tenant, maria))).outboundEmail.uid : null;
    if (who === 'a sync') await startReading(t, tenant);
    if (who === 'a watch') {
      await t.app.db.mailboxSync.updateMany({ where: { accountId: tenant.accountId }, data: { watchExpiresAt: null } });
      await renewWatches(t.app);
    }
    await eventually(async () => (await account()).status === 'NEEDS_REAUTH' || null);
    expect((await account()).statusReason).toContain('Connect the account again');
    const { organizationId, accountId } = tenant;
    const told = warnings(t, 'is NEEDS_REAUTH').filter((line) => line.accountId === accountId);
    expect(told).toMatchObject([{ organizationId }]);
    if (uid !== null) expect((await record(t, tenant, uid)).status).toBe('QUEUED');
    expect((await consent(t, tenant, { email: tenant.email })).status).toBe(200);
    expect(await account()).toMatchObject({ status: 'ACTIVE', statusReason: null });
    if (uid !== null) await eventually(async () => (await record(t, tenant, uid)).status === 'SENT' || null);
    expect(t.sandbox.admin.messages(maria)).toHaveLength(uid === null ? 0 : 1);
  },
);
