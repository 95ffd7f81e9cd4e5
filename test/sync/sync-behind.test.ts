/** A mailbox that is behind says so, and why; however a run ends, it gives its lease back. */
import { v7 as uuidv7 } from 'uuid';
import { beforeEach, describe, expect, it } from 'vitest';
import { claim, postpone } from '../../src/sync/lease.ts';
import { syncMailbox } from '../../src/sync/sync.ts';
import { failWrites } from '../support/failing-statements.ts';
import { createAccount, createTenant, mailboxOf, request, type Tenant, useTestApp } from '../support/harness.ts';
import { statementSeen } from '../support/mail.ts';
import { deliver, mailboxHere, mailboxInGmail, syncWholly } from '../support/syncing.ts';

let tenant: Tenant;

const t = useTestApp({ env: { WORKER: 'off' } });
beforeEach(async () => {
  tenant = await createTenant(t);
  deliver(t, tenant, { subject: 'One' });
  await syncWholly(t, tenant);
  expect(await syncState()).toEqual(CURRENT);
});

const { signal } = new AbortController();
const sync = () => syncMailbox(t.app, tenant, { signal, withFullSync: true });

const CURRENT = { state: 'CURRENT', error: null };

async function syncState(): Promise<unknown> {
  interface Answer {
    emailAccounts: { sync: unknown }[];
  }
  const { data } = await request<Answer, object>(t, tenant.key, '{ emailAccounts { sync { state error { code } } } }');
  return data?.emailAccounts[0]?.sync;
}

function rowOf() {
  return t.app.db.mailboxSync.findFirstOrThrow({ where: { accountId: tenant.accountId } });
}

/** Leaves a lease behind as a process does that is killed, and is found dead. */
async function leaveLease(): Promise<void> {
  await t.app.pool.query(
    `UPDATE mailbox_sync SET lease_token = $2, lease_owner = $2, lease_expires_at = now() - interval '1 s' WHERE account_id = $1`,
    [tenant.accountId, uuidv7()],
  );
}

async function expectCurrent(): Promise<void> {
  expect(await sync()).toMatchObject({ outcome: 'current' });
  expect(await syncState()).toEqual(CURRENT);
  expect(await mailboxHere(t, tenant)).toEqual(mailboxInGmail(t, tenant));
}

describe('a mailbox is BEHIND', () => {
  it('while something is being brought', async () => {
    deliver(t, tenant, { subject: 'Two' });
    const held = t.sandbox.admin.hold('messages.get', { mailbox: tenant.email });
    const syncing = sync();
    await held.arrived;
    expect(await syncState()).toEqual({ state: 'BEHIND', error: null });
    held.release();
    await syncing;
    expect(await syncState()).toEqual(CURRENT);
  });

  it('after a run that was broken off, without an error', async () => {
    deliver(t, tenant, { subject: 'Two' });
    const held = t.sandbox.admin.hold('messages.get', { mailbox: tenant.email });
    const stopping = new AbortController();
    const syncing = syncMailbox(t.app, tenant, { signal: stopping.signal, withFullSync: true });
    await held.arrived;
    stopping.abort();
    expect(await syncing).toMatchObject({ outcome: 'later' });
    expect(await syncState()).toEqual({ state: 'BEHIND', error: null });
    held.release();
    await expectCurrent();
  });

  it('when Gmail cannot be read', async () => {
    const effect = { kind: 'refusal', name: 'userRateLimitExceeded' } as const;
    t.sandbox.admin.fault({ call: 'history.list', mailbox: tenant.email, effect });
    expect(await sync()).toMatchObject({ outcome: 'later' });
    expect(await syncState()).toEqual({ state: 'BEHIND', error: { code: 'RATE_LIMITED' } });
    // Also when nothing is new.
    await expectCurrent();
  });

  it('when its account is connected again, until it is read', async () => {
    await createAccount(t, tenant.organizationId, tenant.email);
    expect(await syncState()).toEqual({ state: 'BEHIND', error: null });
    await expectCurrent();
  });

  it('when what was read cannot be stored', async () => {
    deliver(t, tenant, { subject: 'Two' });
    const end = await failWrites(t.app, 'email_message', { code: '53100' });
    await expect(sync()).rejects.toMatchObject({ code: '53100' });
    expect(await syncState()).toEqual({ state: 'BEHIND', error: { code: 'UNEXPECTED' } });
    await end();
    await expectCurrent();
  });

  it('when its lease is lost again and again', async () => {
    deliver(t, tenant, { subject: 'Two' });
    await leaveLease();
    for (const failures of [1, 2, 3]) {
      expect(await syncState()).toMatchObject({ state: 'BEHIND' });
      const held = t.sandbox.admin.hold('messages.get', { mailbox: tenant.email });
      const syncing = sync();
      await held.arrived;
      expect(await syncState()).toEqual({ state: 'BEHIND', error: { code: 'INTERRUPTED' } });
      expect(await rowOf()).toMatchObject({ failures });
      await leaveLease();
      held.release();
      expect(await syncing).toMatchObject({ outcome: 'held' });
    }
    await expectCurrent();
    expect(await rowOf()).toMatchObject({ failures: 0 });
  });

  it('when a run did not come to its end, until it is known that nothing is new', async () => {
    await leaveLease();
    expect(await syncState()).toMatchObject({ state: 'BEHIND' });
    await expectCurrent();
  });
});

describe('the lease of a run that ends', () => {
  it('is given back as soon as the database can be written again', async () => {
    deliver(t, tenant, { subject: 'Two' });
    const held = t.sandbox.admin.hold('messages.get', { mailbox: tenant.email });
    const syncing = expect(sync()).rejects.toMatchObject({ code: '53100' });
    await held.arrived;
    const ends = await Promise.all(
      ['email_message', 'mailbox_sync'].map((table) => failWrites(t.app, table, { code: '53100' })),
    );
    t.resetStatements();
    held.release();
    // It tries more than once.
    await statementSeen(t, 'SET lease_token = NULL', 2);
    expect((await rowOf()).leaseToken).not.toBeNull();
    for (const end of ends) await end();
    await syncing;
    expect(await rowOf()).toMatchObject({ leaseToken: null, failures: 1, errorCode: 'unexpected' });
    await expectCurrent();
  });

  it('is given back also when it was not told that it has it', async () => {
    const mailbox = await mailboxOf(t, tenant);
    const token = uuidv7();
    expect(await claim(t.app, mailbox, token, null)).not.toBeNull();
    const next = { delayMs: null, failure: { code: 'unexpected', message: 'The answer was lost.' } } as const;
    await postpone(t.app, { mailbox, token, isClaimed: false, before: null }, next);
    expect(await rowOf()).toMatchObject({ leaseToken: null, failures: 1 });
    await expectCurrent();
  });
});
