import { afterAll, beforeAll, expect, it } from 'vitest';
import { syncMailbox } from '../src/sync/sync.ts';
import { consent, Disconnect } from './connecting.ts';
import { createTenant, eventually, expectType, query, startTestApp, type Tenant, type TestApp } from './harness.ts';
import { deliver, mailboxHere, mailboxInGmail, startReading, whenCurrent } from './syncing.ts';

let t: TestApp;

/** Nobody looks at a mailbox a second time on his own. */
const ONCE_A_DAY = { SYNC_INTERVAL_MS: '86400000' };

beforeAll(async () => {
  t = await startTestApp({ env: ONCE_A_DAY });
});
afterAll(() => t.close());

async function disconnect(tenant: Tenant): Promise<void> {
  const { disconnectEmailAccount } = await query(t, tenant.key, Disconnect, { uid: tenant.accountId });
  expectType(disconnectEmailAccount, 'DisconnectEmailAccountPayload');
}

const callsFor = ({ email }: Tenant) => t.sandbox.admin.calls().filter(({ mailbox }) => mailbox === email);

it('reads a mailbox as soon as it is connected, and connected again', async () => {
  const tenant = await createTenant(t);
  await whenCurrent(t, tenant);
  await disconnect(tenant);
  deliver(t, tenant, { subject: 'Meanwhile' });
  expect((await consent(t, tenant, { email: tenant.email })).status).toBe(200);
  await eventually(async () => (await mailboxHere(t, tenant)).length === 1 || null);
  expect(await mailboxHere(t, tenant)).toEqual(mailboxInGmail(t, tenant));
});

it('stops at once when the account is disconnected, and goes on from there when it is connected again', async () => {
  const tenant = await createTenant(t);
  await whenCurrent(t, tenant);
  for (let n = 0; n < 20; n++) deliver(t, tenant, { subject: `Mail ${n}` });
  t.sandbox.admin.fault({ call: 'messages.get', times: 'always', effect: { kind: 'delay', ms: 100 } });
  const { signal } = new AbortController();
  const reading = syncMailbox(t.app, tenant, { signal, withListing: true });
  await eventually(async () => (await mailboxHere(t, tenant)).length > 0 || null);
  await disconnect(tenant);
  const before = await mailboxHere(t, tenant);
  t.sandbox.admin.clearFaults();
  await reading;
  expect(await mailboxHere(t, tenant)).toEqual(before);
  expect(before.length).toBeLessThan(20);

  t.sandbox.admin.resetCalls();
  await startReading(t, tenant);
  expect(await syncMailbox(t.app, tenant, { signal, withListing: true })).toEqual({ outcome: 'stopped', error: null });
  await eventually(async () => {
    const { rows } = await t.app.pool.query(`SELECT FROM graphile_worker.jobs WHERE key = 'sync:' || $1`, [
      tenant.accountId,
    ]);
    return rows.length === 0 || null;
  });
  expect(callsFor(tenant)).toEqual([]);

  await consent(t, tenant, { email: tenant.email });
  await eventually(async () => (await mailboxHere(t, tenant)).length === 20 || null);
  expect(await mailboxHere(t, tenant)).toEqual(mailboxInGmail(t, tenant));
});

it('asks for nothing while the account needs its owner', async () => {
  const tenant = await createTenant(t);
  await whenCurrent(t, tenant);
  await t.app.db.emailAccount.updateMany({ where: { email: tenant.email }, data: { status: 'NEEDS_REAUTH' } });
  t.sandbox.admin.resetCalls();
  const { signal } = new AbortController();
  expect(await syncMailbox(t.app, tenant, { signal, withListing: true })).toEqual({ outcome: 'stopped', error: null });
  expect(callsFor(tenant)).toEqual([]);
});

it('does not begin with what was asked of Gmail before the account was disconnected', async () => {
  const tenant = await createTenant(t);
  await whenCurrent(t, tenant);
  deliver(t, tenant, { subject: 'Hello' });
  const held = t.sandbox.admin.hold('history.list', { mailbox: tenant.email });
  const { signal } = new AbortController();
  const reading = syncMailbox(t.app, tenant, { signal, withListing: true });
  await held.arrived;
  await disconnect(tenant);
  t.sandbox.admin.resetCalls();
  held.release();
  await reading;
  expect(callsFor(tenant)).toEqual([]);
  expect(await mailboxHere(t, tenant)).toEqual([]);
});
