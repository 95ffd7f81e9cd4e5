/** `lastSyncedAt`: every change of the mailbox up to then is here, at every moment. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { graphql } from './generated/gql.ts';
import { createTenant, query, startTestApp, type Tenant, type TestApp } from './harness.ts';
import { deliver, mailboxHere, syncWholly, whenCurrent } from './syncing.ts';

const LastSyncedAt = graphql(`
  query LastSyncedAt($uid: UUID!) {
    emailAccount(uid: $uid) { lastSyncedAt sync { state } }
  }
`);

let t: TestApp;
let tenant: Tenant;

beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());
beforeEach(async () => {
  tenant = await createTenant(t);
  deliver(t, tenant, { subject: 'First' });
  await syncWholly(t, tenant);
});
afterEach(() => t.sandbox.admin.clearFaults());

async function lastSyncedAt(): Promise<number> {
  const { emailAccount } = await query(t, tenant.key, LastSyncedAt, { uid: tenant.accountId });
  return Date.parse(emailAccount?.lastSyncedAt ?? '');
}

it('moves on with a look at which nothing is new, once Gmail has said so', async () => {
  const before = await lastSyncedAt();
  const gate = t.sandbox.admin.hold('history.list', { mailbox: tenant.email });
  const began = Date.now();
  const syncing = syncWholly(t, tenant);
  await gate.arrived;
  expect(await lastSyncedAt()).toBe(before);
  gate.release();
  await syncing;
  expect(await lastSyncedAt()).toBeGreaterThanOrEqual(began);
});

it('stays while what is new is being read, and when that fails', async () => {
  const before = await lastSyncedAt();
  deliver(t, tenant, { subject: 'Second' });
  const gate = t.sandbox.admin.hold('messages.get', { mailbox: tenant.email });
  t.sandbox.admin.fault({
    call: 'messages.get',
    mailbox: tenant.email,
    times: 'always',
    effect: { kind: 'status', status: 503 },
  });
  const syncing = syncWholly(t, tenant).catch((error: unknown) => error);
  await gate.arrived;
  expect(await lastSyncedAt()).toBe(before);
  gate.release();
  expect(await syncing).toBeInstanceOf(Error);
  expect(await mailboxHere(t, tenant)).toHaveLength(1);
  expect(await lastSyncedAt()).toBe(before);
});

it('stays until everything is compared when Gmail has forgotten what changed', async () => {
  const before = await lastSyncedAt();
  for (let n = 0; n < 3; n++) deliver(t, tenant, { subject: `Mail ${n}` });
  t.sandbox.admin.expireHistory(tenant.email);
  const gate = t.sandbox.admin.hold('messages.get', { mailbox: tenant.email });
  const syncing = syncWholly(t, tenant);
  await gate.arrived;
  expect(await lastSyncedAt()).toBe(before);
  gate.release();
  await syncing;
  await whenCurrent(t, tenant);
  expect(await mailboxHere(t, tenant)).toHaveLength(4);
  expect(await lastSyncedAt()).toBeGreaterThan(before);
});
