import { beforeEach, describe, expect, it } from 'vitest';
import { sandboxGmailClient } from '../../sandbox/client.ts';
import { pollDueMailboxes } from '../../src/sync/poll.ts';
import { syncFrom, syncMailbox } from '../../src/sync/sync.ts';
import { graphql } from '../generated/gql.ts';
import {
  createKey,
  createTenant,
  expectType,
  query,
  request,
  startTestApp,
  useTenant,
  useTestApp,
} from '../support/harness.ts';
import { accepted, callsOf, createRecipient, fresh } from '../support/mail.ts';
import { insertEmail } from '../support/rows.ts';
import {
  deliver,
  expectMailboxesEqual,
  gmailOf,
  mailboxHere,
  mailboxInGmail,
  syncWholly,
  whenCurrent,
} from '../support/syncing.ts';

const SyncEmailAccount = graphql(`
  mutation SyncEmailAccount($uid: UUID!) {
    syncEmailAccount(uid: $uid) {
      __typename
      ... on SyncEmailAccountPayload { emailAccount { lastSyncedAt sync { state imported estimated error { code message at } } } }
      ... on UserError { code message retry }
      ... on NotFoundError { entity uid }
      ... on AccountNotReadyError { account { status } }
      ... on SyncNotPossibleError { reason retryAt account { uid } }
    }
  }
`);

const app = useTestApp();
const tenant = useTenant(app, beforeEach);

const me = { userId: 'me' };

const expectSame = () => expectMailboxesEqual(app, tenant);

function conversation() {
  return app.app.db.conversation.findFirstOrThrow({ where: { accountId: tenant.accountId } });
}

describe('changes since the last time', () => {
  it('are one Gmail call and one statement when there are none', async () => {
    deliver(app, tenant, { subject: 'Hello' });
    await syncWholly(app, tenant);
    const { signal } = new AbortController();
    app.resetStatements();
    app.sandbox.admin.resetCalls();
    expect(await syncMailbox(app.app, tenant, { signal, withFullSync: true })).toMatchObject({ outcome: 'current' });
    expect(app.statements()).toHaveLength(1);
    expect(app.sandbox.admin.calls().map(({ call }) => call)).toEqual(['history.list']);
  });

  it('cost no more when it is time to look at the mailbox, and then it is not time again', async () => {
    await syncWholly(app, tenant);
    await app.app.pool.query(
      "UPDATE mailbox_sync SET next_run_at = now() - interval '1 s' + (account_id <> $1)::int * interval '1 hour'",
      [tenant.accountId],
    );
    app.resetStatements();
    app.sandbox.admin.resetCalls();
    const looks = await pollDueMailboxes(app.app, 10);
    expect(looks.map(({ mailbox }) => mailbox.id)).toEqual([tenant.accountId]);
    const { signal } = new AbortController();
    for (const look of looks)
      expect(await syncFrom(app.app, look, { signal, withFullSync: false })).toMatchObject({ outcome: 'current' });
    expect(app.statements()).toHaveLength(1);
    expect(app.sandbox.admin.calls()).toHaveLength(1);
    expect(await pollDueMailboxes(app.app, 10)).toEqual([]);
  });

  it('bring new messages, labels, trash, spam and deletions', async () => {
    const ids = Array.from({ length: 6 }, (_, n) => deliver(app, tenant, { subject: `Mail ${n}` }));
    await syncWholly(app, tenant);
    const [read = '', starred = '', trashed = '', spam = '', deleted = '', untouched = ''] = ids;
    const { messages } = gmailOf(app, tenant);
    await messages.modify({ ...me, id: read, requestBody: { removeLabelIds: ['UNREAD'] } });
    await messages.modify({ ...me, id: starred, requestBody: { addLabelIds: ['STARRED', 'IMPORTANT'] } });
    await messages.trash({ ...me, id: trashed });
    await messages.modify({ ...me, id: spam, requestBody: { addLabelIds: ['SPAM'], removeLabelIds: ['INBOX'] } });
    await messages.delete({ ...me, id: deleted });
    deliver(app, tenant, { subject: 'New' });
    deliver(app, tenant, { subject: 'New spam', spam: true });
    app.sandbox.admin.resetCalls();
    await syncWholly(app, tenant);
    await expectSame();
    // Only what is new was read.
    expect(callsOf(app, tenant.email, 'messages.get')).toBe(2);
    const stored = await app.app.db.emailMessage.findMany({ where: { accountId: tenant.accountId } });
    const readState = Object.fromEntries(stored.map((message) => [message.providerMessageId, message.isRead]));
    expect(readState).toMatchObject({ [read]: true, [starred]: false, [untouched]: false });
  });

  it('come to what they add up to, however often a message changes', async () => {
    const id = deliver(app, tenant, { subject: 'Moving' });
    await syncWholly(app, tenant);
    const { messages } = gmailOf(app, tenant);
    const gone = deliver(app, tenant, { subject: 'Come and gone' });
    const change = (add: string[], remove: string[]) =>
      messages.modify({ ...me, id, requestBody: { addLabelIds: add, removeLabelIds: remove } });
    await change(['STARRED'], ['UNREAD']);
    await change(['UNREAD'], ['STARRED', 'INBOX']);
    await change(['IMPORTANT'], []);
    await messages.delete({ ...me, id: gone });
    app.sandbox.admin.resetCalls();
    await syncWholly(app, tenant);
    await expectSame();
    expect(callsOf(app, tenant.email, 'messages.get')).toBe(0);
    expect(await conversation()).toMatchObject({ isRead: false, messageCount: 1 });
  });

  it('are all brought when they are more than a page', async () => {
    const id = deliver(app, tenant, { subject: 'Restless' });
    await syncWholly(app, tenant);
    const { messages } = gmailOf(app, tenant);
    for (let n = 0; n < 301; n++) {
      const [add, remove] = n % 2 === 0 ? [['STARRED'], ['UNREAD']] : [['UNREAD'], ['STARRED']];
      await messages.modify({ ...me, id, requestBody: { addLabelIds: add, removeLabelIds: remove } });
    }
    deliver(app, tenant, { subject: 'At last' });
    app.sandbox.admin.resetCalls();
    await syncWholly(app, tenant);
    await expectSame();
    expect(callsOf(app, tenant.email, 'history.list')).toBe(2);
  });

  it('ask once for messages that are gone, however often a run breaks off', async () => {
    await syncWholly(app, tenant);
    const poison = deliver(app, tenant, { subject: 'Not now' });
    const ids = Array.from({ length: 300 }, (_, n) => deliver(app, tenant, { subject: `Spam ${n}` }));
    // A page has 500 changes: the deletions of the last hundred are on the next one.
    const { messages } = gmailOf(app, tenant);
    for (const id of ids) await messages.delete({ ...me, id });
    app.sandbox.admin.resetCalls();
    const status = { kind: 'status', status: 500, body: 'json' } as const;
    app.sandbox.admin.fault({
      call: 'messages.get',
      mailbox: tenant.email,
      id: poison,
      times: 'always',
      effect: status,
    });
    const { signal } = new AbortController();
    for (let runs = 0; runs < 2; runs++) {
      expect(await syncMailbox(app.app, tenant, { signal, withFullSync: true })).toMatchObject({ outcome: 'later' });
    }
    app.sandbox.admin.clearFaults();
    await syncWholly(app, tenant);
    await expectSame();
    const asked = app.sandbox.admin
      .calls()
      .filter(({ call, path }) => call === 'messages.get' && !path.includes(poison));
    expect(asked.length).toBeGreaterThan(50);
    expect(asked).toHaveLength(new Set(asked.map(({ path }) => path)).size);
    expect(await app.app.db.fullSyncMessage.count({ where: { accountId: tenant.accountId } })).toBe(0);
  });

  it('leave drafts out, whatever becomes of them', async () => {
    await syncWholly(app, tenant);
    const { drafts } = gmailOf(app, tenant);
    const raw = (subject: string) => Buffer.from(`Subject: ${subject}\r\n\r\nText`).toString('base64url');
    const { data } = await drafts.create({ ...me, requestBody: { message: { raw: raw('One') } } });
    await drafts.update({ ...me, id: data.id ?? '', requestBody: { message: { raw: raw('Two') } } });
    await syncWholly(app, tenant);
    expect(await mailboxHere(app, tenant)).toEqual([]);
    await drafts.delete({ ...me, id: data.id ?? '' });
    app.sandbox.admin.resetCalls();
    await syncWholly(app, tenant);
    expect(callsOf(app, tenant.email, 'messages.get')).toBe(0);
  });

  it('take up the sent copy of what goes out in the very moment', async () => {
    await syncWholly(app, tenant);
    const maria = createRecipient(app, tenant);
    // Its read-back has to wait, so that the sync is first.
    app.sandbox.admin.fault({
      call: 'messages.get',
      mailbox: tenant.email,
      times: 1,
      effect: { kind: 'status', status: 400, body: 'json' },
    });
    const { outboundEmail } = await accepted(app, tenant, fresh(tenant, maria));
    await syncWholly(app, tenant);
    const stored = await app.app.db.emailMessage.findMany({ where: { accountId: tenant.accountId } });
    expect(stored.map(({ outboundEmailId }) => outboundEmailId)).toEqual([outboundEmail.uid]);
    await expectSame();
  });

  it('survive a labelled, trashed and deleted thread in what its conversation says', async () => {
    const first = deliver(app, tenant, { subject: 'Thread', headers: ['Message-ID: <1@acme.example>'] });
    const answer = { subject: 'Re: Thread', headers: ['References: <1@acme.example>'], from: 'joe@acme.example' };
    const second = deliver(app, tenant, answer);
    await syncWholly(app, tenant);
    expect(await conversation()).toMatchObject({
      messageCount: 2,
      participants: ['joe@acme.example', 'maria@acme.example'],
    });
    const { messages } = gmailOf(app, tenant);
    await messages.trash({ ...me, id: second });
    await messages.modify({ ...me, id: first, requestBody: { removeLabelIds: ['UNREAD'] } });
    await syncWholly(app, tenant);
    expect(await conversation()).toMatchObject({
      messageCount: 1,
      isRead: true,
      participants: ['maria@acme.example'],
      snippet: 'Thread, in full.',
    });
    await messages.untrash({ ...me, id: second });
    await syncWholly(app, tenant);
    expect(await conversation()).toMatchObject({ messageCount: 2, isRead: false });
    await messages.delete({ ...me, id: first });
    await messages.delete({ ...me, id: second });
    await syncWholly(app, tenant);
    expect(await app.app.db.conversation.count({ where: { accountId: tenant.accountId } })).toBe(0);
  });

  it('leave the same participants behind, in whatever script their addresses are written', async () => {
    const from = 'Grüße@MÜNCHEN.example';
    deliver(app, tenant, { subject: 'Thread', from, headers: ['Message-ID: <1@acme.example>'] });
    const second = deliver(app, tenant, { subject: 'Re: Thread', headers: ['References: <1@acme.example>'] });
    await syncWholly(app, tenant);
    const { participants } = await conversation();
    expect(participants).toEqual(['grüße@xn--mnchen-3ya.example', 'maria@acme.example']);
    const { messages } = gmailOf(app, tenant);
    await messages.trash({ ...me, id: second });
    await syncWholly(app, tenant);
    expect((await conversation()).participants).toEqual(['grüße@xn--mnchen-3ya.example']);
    await messages.untrash({ ...me, id: second });
    await syncWholly(app, tenant);
    expect((await conversation()).participants).toEqual(participants);
  });

  it('leave a deleted message as a record, without its content, when an outbound email answers it', async () => {
    const id = deliver(app, tenant, { subject: 'Question' });
    await syncWholly(app, tenant);
    const { id: replyToMessageId, conversationId } = await app.app.db.emailMessage.findFirstOrThrow({
      where: { accountId: tenant.accountId },
    });
    const uid = await insertEmail(app, tenant, { mode: 'REPLY', replyToMessageId, conversationId });
    await gmailOf(app, tenant).messages.delete({ ...me, id });
    await syncWholly(app, tenant);
    await expectSame();
    const operation = `{ outboundEmail(uid: "${uid}") {
        replyToMessage { subject bodyText deletedAt }
        conversation { messageCount messages { totalCount edges { node { uid } } } }
      } conversations { totalCount edges { node { uid } } } }`;
    const { data, errors } = await request(app, tenant.key, operation);
    expect(errors).toEqual([]);
    expect(data).toEqual({
      outboundEmail: {
        replyToMessage: { subject: 'Question', bodyText: null, deletedAt: expect.any(String) },
        conversation: { messageCount: 0, messages: { totalCount: 0, edges: [] } },
      },
      conversations: { totalCount: 0, edges: [] },
    });
  });
});

describe('syncEmailAccount', () => {
  it('answers when the cursor has moved', async () => {
    await syncWholly(app, tenant);
    deliver(app, tenant, { subject: 'Waiting' });
    const { syncEmailAccount } = await query(app, tenant.key, SyncEmailAccount, { uid: tenant.accountId });
    const { emailAccount } = expectType(syncEmailAccount, 'SyncEmailAccountPayload');
    expect(emailAccount.sync).toMatchObject({ state: 'CURRENT', error: null });
    await expectSame();
  });

  it('answers for many that ask at once, and what came before they asked is there', async () => {
    await syncWholly(app, tenant);
    const asked = Array.from({ length: 8 }, async (_, n) => {
      const id = deliver(app, tenant, { subject: `Mail ${n}` });
      const { syncEmailAccount } = await query(app, tenant.key, SyncEmailAccount, { uid: tenant.accountId });
      expectType(syncEmailAccount, 'SyncEmailAccountPayload');
      return (await mailboxHere(app, tenant)).some((message) => message.id === id);
    });
    expect(await Promise.all(asked)).toEqual(asked.map(() => true));
    await expectSame();
  });

  it('answers while the first import goes on, which goes on by itself', async () => {
    for (let n = 0; n < 60; n++) deliver(app, tenant, { subject: `Mail ${n}` });
    const held = app.sandbox.admin.hold('messages.get', { mailbox: tenant.email });
    const { syncEmailAccount } = await query(app, tenant.key, SyncEmailAccount, { uid: tenant.accountId });
    expect(expectType(syncEmailAccount, 'SyncEmailAccountPayload').emailAccount.sync.state).toBe('IMPORTING');
    await held.arrived;
    held.release();
    await whenCurrent(app, tenant);
    await expectSame();
  });

  it('says when the account is not there, not connected, or cannot be read now', async () => {
    const ask = async (uid: string) => (await query(app, tenant.key, SyncEmailAccount, { uid })).syncEmailAccount;
    const other = await createTenant(app);
    expect(expectType(await ask(other.accountId), 'NotFoundError')).toMatchObject({ entity: 'EmailAccount' });
    app.sandbox.admin.fault({
      call: 'getProfile',
      mailbox: tenant.email,
      times: 1,
      effect: { kind: 'refusal', name: 'user-rate-limit', retryAfterMs: 60_000 },
    });
    const busy = expectType(await ask(tenant.accountId), 'SyncNotPossibleError');
    expect(busy).toMatchObject({ code: 'SYNC_NOT_POSSIBLE', retry: 'AFTER', account: { uid: tenant.accountId } });
    expect(busy.retryAt).not.toBeNull();
    app.sandbox.admin.revoke(tenant.email);
    expect(expectType(await ask(tenant.accountId), 'AccountNotReadyError').account.status).toBe('NEEDS_REAUTH');
    const limited = await createKey(app, tenant.organizationId, ['email:read']);
    const { errors } = await request(app, limited, SyncEmailAccount, { uid: tenant.accountId });
    expect(errors[0]?.extensions).toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('two processes', () => {
  it('never read a mailbox at the same time', async () => {
    const beside = await startTestApp({ beside: app });
    try {
      for (let n = 0; n < 80; n++) deliver(app, tenant, { subject: `Mail ${n}` });
      const held = app.sandbox.admin.hold('messages.get', { mailbox: tenant.email });
      const first = syncWholly(app, tenant);
      await held.arrived;
      const { signal } = new AbortController();
      expect(await syncMailbox(beside.app, tenant, { signal, withFullSync: true })).toMatchObject({ outcome: 'held' });
      held.release();
      await first;
      expect(callsOf(app, tenant.email, 'messages.get')).toBe(80);
      await expectSame();
    } finally {
      await beside.close();
    }
  });

  it('cannot both write: whose lease was taken over stores nothing more', async () => {
    for (let n = 0; n < 10; n++) deliver(app, tenant, { subject: `Mail ${n}` });
    const doomed = deliver(app, tenant, { subject: 'Deleted before it is stored' });
    const held = app.sandbox.admin.hold('messages.get', { mailbox: tenant.email, when: 'after' });
    const { signal } = new AbortController();
    const paused = syncMailbox(app.app, tenant, { signal, withFullSync: true });
    await held.arrived;
    // As if it had been taken for dead.
    await app.app.pool.query(
      "UPDATE mailbox_sync SET lease_expires_at = now() - interval '1 s' WHERE account_id = $1",
      [tenant.accountId],
    );
    await sandboxGmailClient(app.sandbox, tenant.email, ['https://mail.google.com/']).users.messages.delete({
      ...me,
      id: doomed,
    });
    await syncWholly(app, tenant);
    held.release();
    expect(await paused).toMatchObject({ outcome: 'held' });
    await expectSame();
  });
});

it('begins for an account that nobody has asked for, when mailboxes are polled', async () => {
  const polled = await startTestApp({ env: { SYNC_INTERVAL_MS: '500' } });
  try {
    const owner = await createTenant(polled);
    deliver(polled, owner, { subject: 'Hello' });
    await whenCurrent(polled, owner);
    deliver(polled, owner, { subject: 'Later' });
    await expect.poll(() => mailboxHere(polled, owner)).toEqual(mailboxInGmail(polled, owner));
  } finally {
    await polled.close();
  }
});
