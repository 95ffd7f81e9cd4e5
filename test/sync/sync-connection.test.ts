import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { endGrant } from '../../src/accounts/release-account.ts';
import { connectAccount } from '../../src/accounts/store-account.ts';
import { inTransaction } from '../../src/db/client.ts';
import { syncMailbox } from '../../src/sync/sync.ts';
import { consent, Disconnect } from '../support/connecting.ts';
import {
  createTenant,
  eventually,
  expectType,
  lockAwaited,
  query,
  startTestApp,
  type Tenant,
  type TestApp,
  UNPOLLED,
} from '../support/harness.ts';
import { deliver, mailboxHere, mailboxInGmail, startReading, whenCurrent } from '../support/syncing.ts';

let t: TestApp;
/** Nobody polls here, and Gmail tells of changes. */
let pushed: TestApp;

/** Nobody looks at a mailbox a second time on his own. */
const ONCE_A_DAY = { SYNC_INTERVAL_MS: '86400000' };

beforeAll(async () => {
  t = await startTestApp({ env: ONCE_A_DAY });
  const push = { GOOGLE_PUBSUB_TOPIC: 'projects/p/topics/gmail', GOOGLE_PUSH_SERVICE_ACCOUNT: 'push@p.example' };
  pushed = await startTestApp({ env: push, timing: { requeueOverdueMs: 600, upkeepMs: 600 } });
});
afterAll(() => Promise.all([t.close(), pushed.close()]));
afterEach(() => t.sandbox.admin.clearFaults());

async function disconnect(tenant: Tenant): Promise<void> {
  const { disconnectEmailAccount } = await query(t, tenant.key, Disconnect, { uid: tenant.accountId });
  expectType(disconnectEmailAccount, 'DisconnectEmailAccountPayload');
}

const tenantOf = ({ organizationId, accountId }: Tenant) => ({ organizationId, accountId });
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

it('reads a mailbox once when it is connected, also where nobody polls and nothing is pushed', async () => {
  const unpolled = await startTestApp({ beside: t, env: UNPOLLED });
  try {
    const tenant = await createTenant(unpolled);
    const email = `new.${tenant.email}`;
    unpolled.sandbox.admin.createMailbox({ email });
    deliver(unpolled, { email }, { subject: 'Before' });
    expect((await consent(unpolled, tenant, { email })).status).toBe(200);
    const { id } = await unpolled.app.db.emailAccount.findFirstOrThrow({ where: { email } });
    const connected = { ...tenant, accountId: id, email };
    await eventually(async () => (await mailboxHere(unpolled, connected)).length === 1 || null);
    expect(await mailboxHere(unpolled, connected)).toEqual(mailboxInGmail(unpolled, connected));
  } finally {
    await unpolled.close();
  }
});

it('says nothing any more of what went wrong with the grant before', async () => {
  const tenant = await createTenant(t);
  await whenCurrent(t, tenant);
  const errorOf = async () => {
    const { errorCode, errorMessage, failedAt } = await t.app.db.mailboxSync.findFirstOrThrow({
      where: tenantOf(tenant),
    });
    return { errorCode, errorMessage, failedAt };
  };
  t.sandbox.admin.revoke(tenant.email);
  await startReading(t, tenant);
  await eventually(async () => (await errorOf()).errorCode === 'reauth' || null);
  // Nothing is read, so that nothing else can have cleared it.
  const held = t.sandbox.admin.hold('history.list', { mailbox: tenant.email });
  expect((await consent(t, tenant, { email: tenant.email })).status).toBe(200);
  expect(await errorOf()).toEqual({ errorCode: null, errorMessage: null, failedAt: null });
  held.release();
});

it.each(['unauthorized', 'invalid_grant'] as const)(
  'a run that began with a grant which was replaced meanwhile (%s) leaves no error, and the mailbox is read',
  async (kind) => {
    const tenant = await createTenant(t);
    await whenCurrent(t, tenant);
    const isRefused = kind === 'unauthorized';
    // The token in memory is of no use.
    t.sandbox.admin.expireAccessTokens(tenant.email);
    if (!isRefused) {
      t.sandbox.admin.fault({
        call: 'token',
        mailbox: tenant.email,
        effect: { kind: 'refusal', name: 'invalid_grant' },
      });
    }
    const held = t.sandbox.admin.hold(isRefused ? 'history.list' : 'token', { mailbox: tenant.email });
    const { signal } = new AbortController();
    const reading = syncMailbox(t.app, tenant, { signal, withFullSync: true });
    await held.arrived;
    if (isRefused) t.sandbox.admin.expireAccessTokens(tenant.email);
    const grant = { email: tenant.email, displayName: null, aliases: [] };
    const refreshToken = t.sandbox.admin.grant(tenant.email);
    await connectAccount(t.app, tenant.organizationId, { ...grant, refreshToken });
    deliver(t, tenant, { subject: 'Afterwards' });
    held.release();
    expect(await reading).toEqual({ outcome: 'later', error: null });
    await eventually(async () => (await mailboxHere(t, tenant)).length === 1 || null);
    await whenCurrent(t, tenant);
    const sync = await t.app.db.mailboxSync.findFirstOrThrow({ where: tenantOf(tenant) });
    expect(sync).toMatchObject({ errorCode: null, failedAt: null, failures: 0 });
    const { status } = await t.app.db.emailAccount.findFirstOrThrow({ where: { email: tenant.email } });
    expect(status).toBe('ACTIVE');
  },
);

it.each(['sync', 'watch'] as const)('begins anew what the queue has given up: %s', async (name) => {
  const tenant = await createTenant(pushed);
  const ref = JSON.stringify({ organizationId: tenant.organizationId, accountId: tenant.accountId });
  await pushed.app.pool.query(
    `SELECT graphile_worker.add_job($1, payload => $2::json, run_at => now() + interval '1 hour', max_attempts => 25, job_key => $3)`,
    [name, ref, `${name}:${tenant.accountId}`],
  );
  await pushed.app.pool.query(
    `SELECT graphile_worker.permanently_fail_jobs(ARRAY(SELECT id FROM graphile_worker.jobs WHERE key = $1))`,
    [`${name}:${tenant.accountId}`],
  );
  const isDone = async () => {
    const sync = await pushed.app.db.mailboxSync.findFirstOrThrow({ where: tenantOf(tenant) });
    return (name === 'sync' ? sync.lastSyncedAt : sync.watchExpiresAt) !== null || null;
  };
  expect(await eventually(isDone)).toBe(true);
});

it('stops at once when the account is disconnected, and goes on from there when it is connected again', async () => {
  const tenant = await createTenant(t);
  await whenCurrent(t, tenant);
  for (let n = 0; n < 20; n++) deliver(t, tenant, { subject: `Mail ${n}` });
  t.sandbox.admin.fault({ call: 'messages.get', nth: 5, times: 'always', effect: { kind: 'delay', ms: 5_000 } });
  const { signal } = new AbortController();
  const reading = syncMailbox(t.app, tenant, { signal, withFullSync: true });
  await eventually(async () => (await mailboxHere(t, tenant)).length > 0 || null);
  await disconnect(tenant);
  const before = await mailboxHere(t, tenant);
  t.sandbox.admin.clearFaults();
  await reading;
  expect(await mailboxHere(t, tenant)).toEqual(before);
  expect(before.length).toBeLessThan(20);

  t.sandbox.admin.resetCalls();
  await startReading(t, tenant);
  expect(await syncMailbox(t.app, tenant, { signal, withFullSync: true })).toEqual({ outcome: 'stopped', error: null });
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
  expect(await syncMailbox(t.app, tenant, { signal, withFullSync: true })).toEqual({ outcome: 'stopped', error: null });
  expect(callsFor(tenant)).toEqual([]);
});

/** A run that has asked Gmail what is new, and waits for its answer. */
async function heldReading() {
  const tenant = await createTenant(t);
  await whenCurrent(t, tenant);
  deliver(t, tenant, { subject: 'Hello' });
  const held = t.sandbox.admin.hold('history.list', { mailbox: tenant.email });
  const { signal } = new AbortController();
  const reading = syncMailbox(t.app, tenant, { signal, withFullSync: true });
  await held.arrived;
  return { tenant, held, reading };
}

it('does not begin with what was asked of Gmail before the account was disconnected', async () => {
  const { tenant, held, reading } = await heldReading();
  await disconnect(tenant);
  t.sandbox.admin.resetCalls();
  held.release();
  await reading;
  expect(callsFor(tenant)).toEqual([]);
  expect(await mailboxHere(t, tenant)).toEqual([]);
});

it('does not begin while the grant of the account is ending', async () => {
  const { tenant, held, reading } = await heldReading();
  const { organizationId, accountId: id } = tenant;
  await inTransaction(t.app.pool, async (tx) => {
    await endGrant(tx, { organizationId, id }, 'It was moved.');
    t.sandbox.admin.resetCalls();
    held.release();
    await lockAwaited(t);
  });
  await reading;
  expect(callsFor(tenant)).toEqual([]);
  expect(await mailboxHere(t, tenant)).toEqual([]);
});
