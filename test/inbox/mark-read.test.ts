import { beforeEach, describe, expect, it } from 'vitest';
import { sandboxGmailClient } from '../../sandbox/client.ts';
import { graphql } from '../generated/gql.ts';
import { createKey, createTenant, expectType, query, request, useTenant, useTestApp } from '../support/harness.ts';
import { accepted, createRecipient, write } from '../support/mail.ts';
import { deliver, gmailOf, syncWholly, wrongConversations } from '../support/syncing.ts';

const MarkRead = graphql(`
  mutation MarkRead($uid: UUID!, $read: Boolean! = true) {
    markConversationRead(uid: $uid, read: $read) {
      __typename
      ... on MarkConversationReadPayload { conversation { uid isRead messages { edges { node { isRead labels } } } } }
      ... on UserError { code retry }
      ... on AccountNotReadyError { account { status } }
      ... on ProviderError { providerStatus providerReason }
    }
  }
`);
const t = useTestApp();
const tenant = useTenant(t, beforeEach);

describe('markConversationRead', () => {
  /** Two messages in one thread of the mailbox. */
  async function thread() {
    const maria = createRecipient(t, tenant);
    const first = await write(t, tenant, { from: maria, subject: 'Hello' });
    const second = await write(t, tenant, { from: maria, subject: 'Re: Hello', answers: first.copy });
    const { conversationId } = await t.app.db.emailMessage.findFirstOrThrow({ where: { id: first.uid } });
    return { maria, uid: conversationId, ids: [first.received.id, second.received.id], answers: second.copy };
  }
  const mark = async (uid: string, read = true, key = tenant.key) =>
    (await query(t, key, MarkRead, { uid, read })).markConversationRead;
  const unreadInGmail = () =>
    t.sandbox.admin
      .messages(tenant.email)
      .filter(({ labelIds }) => labelIds.includes('UNREAD'))
      .map(({ id }) => id);

  it('marks it read in Gmail and here, however often', async () => {
    const { uid, ids } = await thread();
    expect(unreadInGmail()).toEqual(ids);
    for (let n = 0; n < 2; n += 1) {
      const { conversation: marked } = expectType(await mark(uid), 'MarkConversationReadPayload');
      expect(marked?.isRead).toBe(true);
      expect(marked?.messages.edges.map(({ node }) => node)).toEqual([
        { isRead: true, labels: ['INBOX'] },
        { isRead: true, labels: ['INBOX'] },
      ]);
      expect(unreadInGmail()).toEqual([]);
    }
  });

  it('marks the last received message unread', async () => {
    const { uid, ids } = await thread();
    await mark(uid);
    const { conversation: marked } = expectType(await mark(uid, false), 'MarkConversationReadPayload');
    expect(marked?.isRead).toBe(false);
    expect(unreadInGmail()).toEqual(ids.slice(1));
    expect(marked?.messages.edges.map(({ node }) => node.isRead)).toEqual([true, false]);
  });

  it('leaves unread what came in meanwhile', async () => {
    const { uid, maria, answers } = await thread();
    const held = t.sandbox.admin.hold('messages.batchModify');
    const marking = mark(uid);
    await held.arrived;
    const late = await write(t, tenant, { from: maria, subject: 'Re: Hello', answers });
    held.release();
    expect(expectType(await marking, 'MarkConversationReadPayload').conversation?.isRead).toBe(false);
    expect(unreadInGmail()).toEqual([late.received.id]);
  });

  it.each([
    ['refuses', { kind: 'status', status: 403 }, { retry: 'AFTER', providerStatus: 403 }],
    ['is away', { kind: 'reset' }, { retry: 'SAFE', providerStatus: 0 }],
  ] as const)('changes nothing here when Gmail %s', async (_, effect, expected) => {
    const { uid } = await thread();
    t.sandbox.admin.fault({ call: 'messages.batchModify', mailbox: tenant.email, times: 'always', effect });
    expect(expectType(await mark(uid), 'ProviderError')).toMatchObject({ code: 'PROVIDER_ERROR', ...expected });
    expect(await t.app.db.conversation.findFirstOrThrow({ where: { id: uid } })).toMatchObject({ isRead: false });
  });

  it('says that the account is not ready, and that it needs consent', async () => {
    const { uid } = await thread();
    t.sandbox.admin.revoke(tenant.email);
    const refused = expectType(await mark(uid), 'AccountNotReadyError');
    expect(refused.account.status).toBe('NEEDS_REAUTH');
    expect(expectType(await mark(uid), 'AccountNotReadyError').code).toBe('ACCOUNT_NOT_READY');
    expect(await t.app.db.conversation.findFirstOrThrow({ where: { id: uid } })).toMatchObject({ isRead: false });
  });

  it('counts a message in the trash too', async () => {
    const { uid, ids } = await thread();
    await sandboxGmailClient(t.sandbox, tenant.email).users.messages.trash({ userId: 'me', id: ids[0] ?? '' });
    expect((await mark(uid)).__typename).toBe('MarkConversationReadPayload');
    expect(unreadInGmail()).toEqual([]);
  });

  it.each([
    ['read', true],
    ['unread', false],
  ] as const)('says what is left when its last message is deleted before it is marked %s', async (_, read) => {
    const { uid, ids } = await thread();
    await syncWholly(t, tenant);
    if (!read) await mark(uid);
    const held = t.sandbox.admin.hold('messages.batchModify');
    const marking = mark(uid, read);
    await held.arrived;
    await gmailOf(t, tenant).messages.delete({ userId: 'me', id: ids[1] ?? '' });
    await syncWholly(t, tenant);
    held.release();
    const { conversation: marked } = expectType(await marking, 'MarkConversationReadPayload');
    expect(marked?.messages.edges.map(({ node }) => node.isRead)).toEqual([true]);
    expect(marked?.isRead).toBe(true);
    expect(await wrongConversations(t, tenant)).toEqual([]);
  });

  it('says nothing of a message that was answered and deleted before it is marked unread', async () => {
    const { uid, maria, ids } = await thread();
    await syncWholly(t, tenant);
    const { id: last } = await t.app.db.emailMessage.findFirstOrThrow({ where: { providerMessageId: ids[1] ?? '' } });
    await accepted(t, tenant, {
      reply: { replyToMessageUid: last, to: [maria], subject: 'Re: Hello', bodyText: 'Hello.' },
    });
    await mark(uid);
    const held = t.sandbox.admin.hold('messages.batchModify');
    const marking = mark(uid, false);
    await held.arrived;
    await gmailOf(t, tenant).messages.delete({ userId: 'me', id: ids[1] ?? '' });
    await syncWholly(t, tenant);
    held.release();
    expect(expectType(await marking, 'MarkConversationReadPayload').conversation?.isRead).toBe(true);
    expect(await t.app.db.emailMessage.findFirstOrThrow({ where: { id: last } })).toMatchObject({
      isRead: true,
      labels: [],
      deletedAt: expect.any(Date),
    });
  });

  it('stays read here when a mail in spam is what came in meanwhile', async () => {
    const { uid, maria, answers } = await thread();
    const held = t.sandbox.admin.hold('messages.batchModify');
    const marking = mark(uid);
    await held.arrived;
    const headers = [`References: ${answers?.header('References')} ${answers?.header('Message-ID')}`];
    deliver(t, tenant, { subject: 'Re: Hello', from: maria, headers, spam: true });
    await syncWholly(t, tenant);
    held.release();
    const { conversation: marked } = expectType(await marking, 'MarkConversationReadPayload');
    expect(marked?.messages.edges.map(({ node }) => node.isRead)).toEqual([true, true, false]);
    expect(marked?.isRead).toBe(true);
    expect(await wrongConversations(t, tenant)).toEqual([]);
  });

  it("does not find another organization's, and needs email:send", async () => {
    const { uid } = await thread();
    const other = await createTenant(t);
    expect((await mark(uid, true, other.key)).__typename).toBe('NotFoundError');
    const key = await createKey(t, tenant.organizationId, ['email:read']);
    expect((await request(t, key, MarkRead, { uid, read: true })).errors[0]?.extensions?.code).toBe('FORBIDDEN');
    expect(unreadInGmail()).toHaveLength(2);
  });
});
