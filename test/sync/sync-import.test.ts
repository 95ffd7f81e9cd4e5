import { describe, expect, it } from 'vitest';
import { syncMailbox } from '../../src/sync/sync.ts';
import { createTenant, eventually, request, type Tenant, useTestApp } from '../support/harness.ts';
import { accepted, callsOf, createRecipient, fetchSentCopy, fresh } from '../support/mail.ts';
import {
  deliver,
  gmailOf,
  insertOld,
  mailboxHere,
  mailboxInGmail,
  startReading,
  syncWholly,
  whenCurrent,
  wrongConversations,
} from '../support/syncing.ts';

const DAY_MS = 86_400_000;

const app = useTestApp();

/** A tenant with so many mails in its mailbox, of which nothing is here. */
async function tenantWith(mails: number): Promise<Tenant> {
  const tenant = await createTenant(app);
  for (let n = 0; n < mails; n++) deliver(app, tenant, { subject: `Mail ${n}` });
  return tenant;
}

interface SyncAnswer {
  emailAccounts: {
    lastSyncedAt: string | null;
    sync: { state: string; imported: number; estimated: number | null; error: { code: string } | null };
  }[];
}

async function syncOf(tenant: Tenant) {
  const operation = '{ emailAccounts { lastSyncedAt sync { state imported estimated error { code } } } }';
  const { data } = await request<SyncAnswer, object>(app, tenant.key, operation);
  const [account] = data?.emailAccounts ?? [];
  if (account === undefined) throw new Error('there is no account');
  return account;
}

describe('the first import', () => {
  it('begins by itself once it is asked for, shows how far it is, and ends with the mailbox as Gmail has it', async () => {
    const tenant = await tenantWith(130);
    expect((await syncOf(tenant)).sync).toEqual({ state: 'WAITING', imported: 0, estimated: null, error: null });
    const held = app.sandbox.admin.hold('messages.get', { mailbox: tenant.email });
    await startReading(app, tenant);
    await held.arrived;
    expect((await syncOf(tenant)).sync).toMatchObject({ state: 'IMPORTING', imported: 0, estimated: 130 });
    held.release();
    await whenCurrent(app, tenant);
    expect(await mailboxHere(app, tenant)).toEqual(mailboxInGmail(app, tenant));
    const { lastSyncedAt, sync } = await syncOf(tenant);
    expect(sync).toEqual({ state: 'CURRENT', imported: 130, estimated: 130, error: null });
    expect(lastSyncedAt).not.toBeNull();
    expect(callsOf(app, tenant.email, 'messages.get')).toBe(130);
  });

  it('has the tables analyzed after 500 messages, so that PostgreSQL plans for more than none', async () => {
    const tenant = await tenantWith(510);
    await syncWholly(app, tenant);
    const analyzed = await eventually(async () => {
      const { rows } = await app.app.pool.query<{ table: string }>(
        `SELECT relname AS table FROM pg_stat_user_tables WHERE schemaname = 'public' AND analyze_count > 0 ORDER BY 1`,
      );
      return rows.length > 0 ? rows.map(({ table }) => table) : null;
    });
    expect(analyzed).toEqual(['attachment', 'conversation', 'email_message', 'message_search']);
  });

  it('takes the newest first, and nothing older than SYNC_SINCE_DAYS', async () => {
    const tenant = await createTenant(app);
    for (let n = 0; n < 25; n++) await insertOld(app, tenant, new Date(Date.now() - 100 * DAY_MS - n), `Old ${n}`);
    const kept: string[] = [];
    for (let n = 1; n <= 5; n++) kept.push(await insertOld(app, tenant, new Date(Date.now() - n * DAY_MS), `New ${n}`));
    await syncWholly(app, tenant);
    const { rows } = await app.app.pool.query<{ id: string }>(
      'SELECT provider_message_id AS id FROM email_message WHERE account_id = $1 ORDER BY sent_at DESC',
      [tenant.accountId],
    );
    expect(rows.map(({ id }) => id)).toEqual(kept);
    expect((await syncOf(tenant)).sync).toMatchObject({ imported: 5, estimated: 5 });
  });

  it('reads what is too old once, however often it is broken off', async () => {
    const tenant = await createTenant(app);
    for (let n = 0; n < 30; n++) await insertOld(app, tenant, new Date(Date.now() - 100 * DAY_MS - n), `Old ${n}`);
    app.sandbox.admin.fault({
      call: 'messages.get',
      mailbox: tenant.email,
      nth: 12,
      effect: { kind: 'refusal', name: 'userRateLimitExceeded' },
    });
    const sync = () => syncMailbox(app.app, tenant, { signal: new AbortController().signal, withFullSync: true });
    expect(await sync()).toMatchObject({ outcome: 'later' });
    expect(await sync()).toMatchObject({ outcome: 'current' });
    // And the one that was refused.
    expect(callsOf(app, tenant.email, 'messages.get')).toBe(31);
    expect(await app.app.db.fullSyncMessage.count()).toBe(0);
  });

  it('has its bound to the minute, for older messages of a newer thread too, and whatever becomes of them', async () => {
    const tenant = await createTenant(app);
    const bound = Date.now() - 90 * DAY_MS;
    const before = await insertOld(app, tenant, new Date(bound - 60_000), 'Thread');
    const after = await insertOld(app, tenant, new Date(bound + 60_000), 'Inside');
    const thread = app.sandbox.admin.messages(tenant.email).find(({ id }) => id === before)?.threadId ?? '';
    const raw = Buffer.from(`From: ${tenant.email}\r\nTo: a@acme.example\r\nSubject: Re: Thread\r\n\r\nNew.`);
    const { messages } = gmailOf(app, tenant);
    await messages.send({ userId: 'me', requestBody: { raw: raw.toString('base64url'), threadId: thread } });
    await syncWholly(app, tenant);
    const here = async () => (await mailboxHere(app, tenant)).map(({ subject }) => subject).toSorted();
    expect(await here()).toEqual(['Inside', 'Re: Thread']);
    await messages.modify({ userId: 'me', id: before, requestBody: { addLabelIds: ['STARRED'] } });
    await messages.modify({ userId: 'me', id: after, requestBody: { addLabelIds: ['STARRED'] } });
    await syncWholly(app, tenant);
    app.sandbox.admin.expireHistory(tenant.email);
    await syncWholly(app, tenant);
    expect(await here()).toEqual(['Inside', 'Re: Thread']);
    expect(await wrongConversations(app, tenant)).toEqual([]);
  });

  it('leaves chats out, and so does what follows', async () => {
    const tenant = await tenantWith(1);
    const chat = async () => {
      const raw = Buffer.from('From: maria@acme.example\r\n\r\nHi.').toString('base64url');
      await gmailOf(app, tenant).messages.insert({ userId: 'me', requestBody: { raw, labelIds: ['CHAT'] } });
    };
    await chat();
    await syncWholly(app, tenant);
    await chat();
    await syncWholly(app, tenant);
    expect((await mailboxHere(app, tenant)).map(({ subject }) => subject)).toEqual(['Mail 0']);
  });

  it('takes spam and trash with their labels, which no conversation counts, and leaves drafts out', async () => {
    const tenant = await tenantWith(1);
    deliver(app, tenant, { subject: 'Spam', spam: true });
    const trashed = deliver(app, tenant, { subject: 'Trash' });
    await gmailOf(app, tenant).messages.trash({ userId: 'me', id: trashed });
    const raw = Buffer.from('Subject: Draft\r\n\r\nNot yet.').toString('base64url');
    await gmailOf(app, tenant).drafts.create({ userId: 'me', requestBody: { message: { raw } } });
    await syncWholly(app, tenant);
    expect(await mailboxHere(app, tenant)).toEqual(mailboxInGmail(app, tenant));
    expect(await wrongConversations(app, tenant)).toEqual([]);
    const counts = await app.app.db.conversation.findMany({
      where: { accountId: tenant.accountId },
      select: { subject: true, messageCount: true },
      orderBy: { subject: 'asc' },
    });
    expect(counts).toEqual([
      { subject: 'Mail 0', messageCount: 1 },
      { subject: 'Spam', messageCount: 0 },
      { subject: 'Trash', messageCount: 0 },
    ]);
    const { data } = await request(app, tenant.key, '{ conversations { totalCount edges { node { subject } } } }');
    expect(data).toEqual({ conversations: { totalCount: 1, edges: [{ node: { subject: 'Mail 0' } }] } });
  });

  it('passes over a message that is gone by the time it is read', async () => {
    const tenant = await tenantWith(3);
    const [first] = app.sandbox.admin.messages(tenant.email);
    const held = app.sandbox.admin.hold('messages.get', { mailbox: tenant.email });
    const syncing = syncWholly(app, tenant);
    await held.arrived;
    await gmailOf(app, tenant).messages.delete({ userId: 'me', id: first?.id ?? '' });
    held.release();
    await syncing;
    expect(await mailboxHere(app, tenant)).toEqual(mailboxInGmail(app, tenant));
  });

  it('brings what comes in meanwhile before it goes on', async () => {
    const tenant = await tenantWith(120);
    const held = app.sandbox.admin.hold('messages.get', { mailbox: tenant.email });
    const syncing = syncWholly(app, tenant);
    await held.arrived;
    const late = deliver(app, tenant, { subject: 'Just now' });
    // Somebody asks, and does not get the lease: whoever has it looks at the history before the next page.
    const { signal } = new AbortController();
    expect(await syncMailbox(app.app, tenant, { signal, withFullSync: false })).toMatchObject({ outcome: 'held' });
    const nextPage = app.sandbox.admin.hold('messages.list', { mailbox: tenant.email });
    held.release();
    await eventually(async () => (await mailboxHere(app, tenant)).some(({ id }) => id === late) || null);
    expect((await syncOf(tenant)).sync.state).toBe('IMPORTING');
    nextPage.release();
    await syncing;
    expect(await mailboxHere(app, tenant)).toEqual(mailboxInGmail(app, tenant));
  });

  it('goes on where it was broken off, and reads nothing twice', async () => {
    const tenant = await tenantWith(140);
    const abort = new AbortController();
    const { email: mailbox } = tenant;
    app.sandbox.admin.fault({ call: 'messages.get', mailbox, nth: 71, times: 4, effect: { kind: 'delay', ms: 5_000 } });
    const syncing = syncMailbox(app.app, tenant, { signal: abort.signal, withFullSync: true });
    await eventually(async () => (await mailboxHere(app, tenant)).length >= 60 || null);
    abort.abort();
    expect(await syncing).toMatchObject({ outcome: 'later', error: null });
    app.sandbox.admin.clearFaults();
    await whenCurrent(app, tenant);
    expect(await mailboxHere(app, tenant)).toEqual(mailboxInGmail(app, tenant));
    // Up to four were under way when it was broken off.
    expect(callsOf(app, tenant.email, 'messages.get')).toBeLessThanOrEqual(144);
  });

  it('stores as far as it can be read what Gmail does not give whole, and what PostgreSQL does not take', async () => {
    const tenant = await tenantWith(3);
    app.sandbox.admin.fault({
      call: 'messages.get',
      mailbox: tenant.email,
      nth: 2,
      times: 1,
      effect: { kind: 'status', status: 400, body: 'json' },
    });
    await app.app.pool.query(`
      CREATE FUNCTION refuse_long() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE program_limit_exceeded; END $$;
      CREATE TRIGGER refuse_long BEFORE INSERT ON email_message FOR EACH ROW
        WHEN (NEW.subject = 'Long' AND NEW.body_text IS NOT NULL) EXECUTE FUNCTION refuse_long()`);
    deliver(app, tenant, { subject: 'Long' });
    await syncWholly(app, tenant);
    expect(await mailboxHere(app, tenant)).toEqual(mailboxInGmail(app, tenant));
    const { rows } = await app.app.pool.query<{ subject: string; problem: string; text: string | null }>(
      `SELECT subject, problem, body_text AS text FROM email_message
       WHERE account_id = $1 AND problem IS NOT NULL ORDER BY subject`,
      [tenant.accountId],
    );
    expect(rows).toEqual([
      { subject: 'Long', problem: expect.stringMatching(/could not be stored whole/), text: null },
      { subject: expect.stringMatching(/^Mail/), problem: expect.stringMatching(/could not be read/), text: null },
    ]);
  });
});

describe('the sent copy of our own mail', () => {
  it('joins its outbound email, whoever stores it first', async () => {
    const tenant = await createTenant(app);
    const maria = createRecipient(app, tenant);
    const { outboundEmail } = await accepted(app, tenant, fresh(tenant, maria));
    await syncWholly(app, tenant);
    const { message } = await fetchSentCopy(app, tenant, outboundEmail.uid);
    const stored = await app.app.db.emailMessage.findMany({
      where: { accountId: tenant.accountId },
      select: { id: true, outboundEmailId: true },
    });
    expect(stored).toEqual([{ id: message.uid, outboundEmailId: outboundEmail.uid }]);
    expect(await wrongConversations(app, tenant)).toEqual([]);
  });

  it('is not what arrives with its op id from elsewhere', async () => {
    const tenant = await createTenant(app);
    const { outboundEmail } = await accepted(app, tenant, fresh(tenant, createRecipient(app, tenant)));
    await fetchSentCopy(app, tenant, outboundEmail.uid);
    const forged = deliver(app, tenant, { subject: 'Forged', headers: [`X-Epistle-Id: ${outboundEmail.uid}`] });
    await syncWholly(app, tenant);
    const { outboundEmailId } = await app.app.db.emailMessage.findFirstOrThrow({
      where: { accountId: tenant.accountId, providerMessageId: forged },
      select: { outboundEmailId: true },
    });
    expect(outboundEmailId).toBeNull();
  });
});

describe('an account that cannot be read', () => {
  it('needs its owner when the grant is gone, and is stopped', async () => {
    const tenant = await tenantWith(1);
    app.sandbox.admin.revoke(tenant.email);
    const { signal } = new AbortController();
    expect(await syncMailbox(app.app, tenant, { signal, withFullSync: true })).toMatchObject({ outcome: 'stopped' });
    expect((await syncOf(tenant)).sync).toMatchObject({ state: 'STOPPED', error: { code: 'REAUTH' } });
  });

  it('is tried again when Gmail throttles', async () => {
    const tenant = await tenantWith(2);
    const fault = { call: 'messages.get', mailbox: tenant.email, times: 1 } as const;
    app.sandbox.admin.fault({ ...fault, effect: { kind: 'refusal', name: 'user-rate-limit', retryAfterMs: 10 } });
    const { signal } = new AbortController();
    expect(await syncMailbox(app.app, tenant, { signal, withFullSync: true })).toMatchObject({ outcome: 'later' });
    expect((await syncOf(tenant)).sync).toMatchObject({ state: 'IMPORTING', error: { code: 'RATE_LIMITED' } });
    await whenCurrent(app, tenant);
    expect((await syncOf(tenant)).sync).toMatchObject({ state: 'CURRENT', error: null });
  });
});
