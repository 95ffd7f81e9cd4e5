/** What Gmail fails to give, again and again: it must not hold up the rest of a mailbox. */
import { beforeEach, describe, expect, it } from 'vitest';
import { syncMailbox } from '../../src/sync/sync.ts';
import { request, useTenant, useTestApp, warnings } from '../support/harness.ts';
import { callsOf } from '../support/mail.ts';
import { deliver, gmailOf, mailboxHere, mailboxInGmail, syncWholly } from '../support/syncing.ts';

// Runs begin when the test says so: the job of one that failed would be in its way.
const app = useTestApp({ env: { WORKER: 'off' } });
const tenant = useTenant(app, beforeEach);

const { signal } = new AbortController();
const sync = () => syncMailbox(app.app, tenant, { signal, withFullSync: true });

/** Runs it again and again, as its jobs do with pauses in between. @returns how often it failed. */
async function syncStubbornly(): Promise<number> {
  for (let failures = 0; failures < 10; failures++) if ((await sync())?.outcome === 'current') return failures;
  throw new Error('the mailbox is stuck');
}

async function errorOf(): Promise<unknown> {
  interface Answer {
    emailAccounts: { sync: { state: string; error: { code: string; message: string } | null } }[];
  }
  const operation = '{ emailAccounts { sync { state error { code message } } } }';
  return (await request<Answer, object>(app, tenant.key, operation)).data?.emailAccounts[0]?.sync;
}

function poison(id: string, status = 500): void {
  app.sandbox.admin.fault({
    call: 'messages.get',
    mailbox: tenant.email,
    id,
    times: 'always',
    effect: { kind: 'status', status, body: 'json' },
  });
}

const allBut = (id: string) => mailboxInGmail(app, tenant).filter((message) => message.id !== id);

describe('a message that Gmail cannot give', () => {
  it.each([500, 403])('(%i) is left out of a first import, named, and asked for later', async (status) => {
    const ids = Array.from({ length: 12 }, (_, n) => deliver(app, tenant, { subject: `Mail ${n}` }));
    const [, , id = ''] = ids;
    poison(id, status);
    expect(await syncStubbornly()).toBe(5);
    expect(await mailboxHere(app, tenant)).toEqual(allBut(id));
    expect(await errorOf()).toEqual({
      state: 'CURRENT',
      error: { code: 'UNREADABLE', message: expect.stringContaining('1 of its messages') },
    });
    const words = 'a message cannot be read whole';
    const told = warnings(app, words).filter(({ messageId }) => messageId === id);
    expect(told[0]).toMatchObject({ organizationId: tenant.organizationId, accountId: tenant.accountId });
    // It costs nothing until it is asked for again.
    app.resetStatements();
    app.sandbox.admin.resetCalls();
    expect(await sync()).toMatchObject({ outcome: 'current' });
    expect(app.statements()).toHaveLength(1);
    expect(app.sandbox.admin.calls().map(({ call }) => call)).toEqual(['history.list']);
    await passTime();
    expect(await sync()).toMatchObject({ outcome: 'current' });
    expect(await mailboxHere(app, tenant)).toEqual(allBut(id));
    app.sandbox.admin.clearFaults();
    await passTime();
    expect(await sync()).toMatchObject({ outcome: 'current' });
    expect(await mailboxHere(app, tenant)).toEqual(mailboxInGmail(app, tenant));
    expect(await errorOf()).toEqual({ state: 'CURRENT', error: null });
  });

  it('is passed over by what comes later, and forgotten when it is deleted', async () => {
    await syncWholly(app, tenant);
    const id = deliver(app, tenant, { subject: 'Poison' });
    poison(id);
    deliver(app, tenant, { subject: 'Beside it' });
    expect(await syncStubbornly()).toBe(5);
    deliver(app, tenant, { subject: 'After it' });
    expect(await sync()).toMatchObject({ outcome: 'current' });
    expect(await mailboxHere(app, tenant)).toEqual(allBut(id));
    // Listing everything again does not begin all that anew.
    app.sandbox.admin.expireHistory(tenant.email);
    expect(await sync()).toMatchObject({ outcome: 'current' });
    app.sandbox.admin.clearFaults();
    await gmailOf(app, tenant).messages.delete({ userId: 'me', id });
    await passTime();
    await syncWholly(app, tenant);
    expect(await errorOf()).toEqual({ state: 'CURRENT', error: null });
  });

  it('is asked for again once an hour, also when that is broken off', async () => {
    await syncWholly(app, tenant);
    const ids = ['One', 'Two', 'Three'].map((subject) => deliver(app, tenant, { subject }));
    for (const id of ids) poison(id);
    await syncStubbornly();
    app.sandbox.admin.clearFaults();
    await passTime();
    app.sandbox.admin.fault({
      call: 'messages.get',
      mailbox: tenant.email,
      nth: 2,
      effect: { kind: 'refusal', name: 'userRateLimitExceeded' },
    });
    expect(await sync()).toMatchObject({ outcome: 'later' });
    expect(await mailboxHere(app, tenant)).toHaveLength(1);
    app.sandbox.admin.resetCalls();
    expect(await sync()).toMatchObject({ outcome: 'current' });
    expect(callsOf(app, tenant.email, 'messages.get')).toBe(0);
    await passTime();
    expect(await sync()).toMatchObject({ outcome: 'current' });
    expect(callsOf(app, tenant.email, 'messages.get')).toBe(2);
    expect(await mailboxHere(app, tenant)).toEqual(mailboxInGmail(app, tenant));
    expect(await errorOf()).toEqual({ state: 'CURRENT', error: null });
  });

  it('does not let the mailbox count as read', async () => {
    await syncWholly(app, tenant);
    const lastRead = () => app.app.db.mailboxSync.findFirstOrThrow({ where: { accountId: tenant.accountId } });
    const before = (await lastRead()).lastSyncedAt;
    poison(deliver(app, tenant, { subject: 'Poison' }));
    expect(await sync()).toMatchObject({ outcome: 'later' });
    expect((await lastRead()).lastSyncedAt).toEqual(before);
    app.sandbox.admin.clearFaults();
    expect(await sync()).toMatchObject({ outcome: 'current' });
    expect((await lastRead()).lastSyncedAt?.getTime()).toBeGreaterThan(before?.getTime() ?? Number.NaN);
  });

  /** So much that what could not be read is asked for again. */
  async function passTime(): Promise<void> {
    await app.app.pool.query(
      `UPDATE mailbox_sync SET unreadable_retry_at = now() - interval '1 s' WHERE account_id = $1`,
      [tenant.accountId],
    );
  }
});

it('a message that Gmail refuses is stored by its headers at once', async () => {
  const id = deliver(app, tenant, { subject: 'Guarded' });
  app.sandbox.admin.fault({
    call: 'messages.get',
    mailbox: tenant.email,
    id,
    effect: { kind: 'status', status: 403, body: 'json' },
  });
  await syncWholly(app, tenant);
  const stored = await app.app.db.emailMessage.findFirstOrThrow({ where: { accountId: tenant.accountId } });
  expect(stored).toMatchObject({ subject: 'Guarded', bodyText: null, problem: expect.stringContaining('content') });
});

it('a place in the list that Gmail no longer knows is none: it is listed from the beginning', async () => {
  for (let n = 0; n < 60; n++) deliver(app, tenant, { subject: `Mail ${n}` });
  app.sandbox.admin.fault({
    call: 'messages.list',
    mailbox: tenant.email,
    // The count, the first page, and the second with its repeats.
    nth: 3,
    times: 3,
    effect: { kind: 'status', status: 500, body: 'json' },
  });
  expect(await sync()).toMatchObject({ outcome: 'later' });
  await app.app.pool.query(`UPDATE mailbox_sync SET page_token = 'none' WHERE account_id = $1`, [tenant.accountId]);
  app.sandbox.admin.resetCalls();
  await syncWholly(app, tenant);
  expect(await mailboxHere(app, tenant)).toEqual(mailboxInGmail(app, tenant));
  expect(callsOf(app, tenant.email, 'messages.get')).toBe(10);
  const { imported } = await app.app.db.mailboxSync.findFirstOrThrow({ where: { accountId: tenant.accountId } });
  expect(imported).toBe(60);
});

describe('the comparison of a label with more messages than a page', () => {
  it('goes on where it was broken off', async () => {
    const ids = Array.from({ length: 510 }, (_, n) => deliver(app, tenant, { subject: `Mail ${n}` }));
    await syncWholly(app, tenant);
    const { messages } = gmailOf(app, tenant);
    const [first = '', second = ''] = ids;
    const last = ids.at(-1) ?? '';
    await messages.modify({ userId: 'me', id: first, requestBody: { removeLabelIds: ['INBOX'] } });
    await messages.modify({ userId: 'me', id: last, requestBody: { removeLabelIds: ['INBOX', 'UNREAD'] } });
    await messages.modify({ userId: 'me', id: second, requestBody: { addLabelIds: ['STARRED'] } });
    app.sandbox.admin.expireHistory(tenant.email);
    app.sandbox.admin.resetCalls();
    // After the two pages of ids; each time with the repeats of the call.
    for (const nth of [4, 2, 2, 2, 2, 2, 2, 2]) {
      const effect = { kind: 'status', status: 500, body: 'json' } as const;
      app.sandbox.admin.fault({ call: 'messages.list', mailbox: tenant.email, nth, times: 3, effect });
      expect(await sync()).toMatchObject({ outcome: 'later' });
    }
    await syncWholly(app, tenant);
    expect(await mailboxHere(app, tenant)).toEqual(mailboxInGmail(app, tenant));
    const calls = app.sandbox.admin.calls().filter(({ call, status }) => call === 'messages.list' && status === 200);
    const pages = calls.map(({ path }) => path).filter((path) => path.includes('labelIds='));
    expect(pages.filter((path) => path.includes('labelIds=INBOX'))).toHaveLength(2);
    expect(new Set(pages).size).toBe(pages.length);
    expect(await app.app.db.fullSyncMessage.count()).toBe(0);
  });
});
