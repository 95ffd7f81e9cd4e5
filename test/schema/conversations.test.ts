import { beforeEach, describe, expect, it } from 'vitest';
import { fetchSentCopy as storeAgain } from '../../src/inbox/fetch-sent-copy.ts';
import { graphql } from '../generated/gql.ts';
import {
  createInvoice,
  createKey,
  createTenant,
  expectType,
  query,
  request,
  startTestApp,
  type Tenant,
  useTestApp,
} from '../support/harness.ts';
import { accepted, createRecipient, fetchSentCopy, write } from '../support/mail.ts';
import { insertConversation } from '../support/rows.ts';
import { InvoiceContact } from '../support/send-documents.ts';
import { type Given, gmailMessage, permutations, store } from '../support/stored.ts';
import { deliver, gmailOf, syncWholly } from '../support/syncing.ts';

const Link = graphql(`
  mutation Link($uid: UUID!, $context: ContextRefInput!) {
    linkConversation(uid: $uid, context: $context) {
      __typename
      ... on LinkConversationPayload { conversation { uid contexts { __typename ... on Invoice { number } } } }
      ... on UserError { code message }
    }
  }
`);
const Unlink = graphql(`
  mutation Unlink($uid: UUID!, $context: ContextRefInput!) {
    unlinkConversation(uid: $uid, context: $context) {
      __typename
      ... on UnlinkConversationPayload { conversation { uid contexts { __typename } } }
      ... on UserError { code message }
    }
  }
`);
const WithParticipant = graphql(`
  query WithParticipant($participant: EmailAddress!) {
    conversations(filter: { participant: $participant }) { totalCount }
  }
`);

let tenant: Tenant;

const t = useTestApp();
beforeEach(async () => {
  tenant = await createTenant(t);
});

const day = (n: number) => new Date(Date.UTC(2026, 4, n));

async function conversation(threadId = 'thread') {
  return t.app.db.conversation.findFirstOrThrow({
    where: { organizationId: tenant.organizationId, providerThreadId: threadId },
    select: {
      subject: true,
      snippet: true,
      participants: true,
      isRead: true,
      hasReply: true,
      messageCount: true,
      lastMessageAt: true,
    },
  });
}

describe('a conversation', () => {
  const thread: Given[] = [
    { messageId: 'a', threadId: 'thread', internalDate: day(1), headers: { Subject: 'Question' }, labels: ['INBOX'] },
    {
      messageId: 'b',
      threadId: 'thread',
      internalDate: day(2),
      labels: ['SENT'],
      to: 'Maria@Acme.example, joe@acme.example',
    },
    { messageId: 'c', threadId: 'thread', internalDate: day(3), headers: { Cc: 'Zoe <zoe@acme.example>' } },
    { messageId: 'd', threadId: 'thread', internalDate: day(3), headers: { Subject: 'Fwd: Question' } },
  ];

  it('says the same of its messages in whatever order they come', async () => {
    for (const order of permutations(thread)) {
      tenant = await createTenant(t);
      for (const given of order)
        await store(
          t,
          tenant,
          gmailMessage(tenant, {
            from: given.labels?.includes('SENT') ? tenant.email : 'maria@acme.example',
            ...given,
          }),
        );
      expect(await conversation()).toEqual({
        subject: 'Question',
        snippet: 'Snippet of d',
        participants: ['joe@acme.example', 'maria@acme.example', 'zoe@acme.example'],
        isRead: false,
        hasReply: true,
        messageCount: 4,
        lastMessageAt: day(3),
      });
    }
  });

  it('says the same when two processes store all of it twice at once', async () => {
    const second = await startTestApp({ beside: t });
    try {
      const messages = Array.from({ length: 20 }, (_, n) =>
        gmailMessage(tenant, {
          messageId: `m${n}`,
          threadId: 'thread',
          internalDate: day(n + 1),
          from: `p${n % 5}@acme.example`,
        }),
      );
      const stores = [t, second, t, second].flatMap((app, n) =>
        (n % 2 ? messages.toReversed() : messages).map((message) => store(app, tenant, message)),
      );
      const ids = await Promise.all(stores);
      expect(new Set(ids).size).toBe(20);
    } finally {
      await second.close();
    }
    expect(await conversation()).toMatchObject({
      messageCount: 20,
      snippet: 'Snippet of m19',
      lastMessageAt: day(20),
      hasReply: false,
    });
    expect((await conversation()).participants).toHaveLength(5);
  });

  it('names each participant once, in the form in which a filter finds it, also after a change of labels', async () => {
    const participants = ['joe@acme.example', 'maria@acme.example', 'zoe@xn--mller-kva.example'];
    const cc = '"Zoë" <zoe@müller.example>, ZOE@Müller.example, Joe <JOE@acme.example>, joe@acme.example (Joe)';
    await syncWholly(t, tenant);
    const id = deliver(t, tenant, { subject: 'Hello', from: 'Maria@Acme.example', headers: [`Cc: ${cc}`] });
    await syncWholly(t, tenant);
    const { threadId } = t.sandbox.admin.messages(tenant.email).find((message) => message.id === id) ?? {};
    expect((await conversation(threadId)).participants).toEqual(participants);
    const requestBody = { addLabelIds: ['STARRED'] };
    await gmailOf(t, tenant).messages.modify({ userId: 'me', id, requestBody });
    await syncWholly(t, tenant);
    expect((await conversation(threadId)).participants).toEqual(participants);
    for (const participant of ['zoe@müller.example', 'ZOE@MÜLLER.example', 'zoe@xn--mller-kva.example']) {
      const found = await query(t, tenant.key, WithParticipant, { participant });
      expect(found.conversations.totalCount).toBe(1);
    }
  });

  it('is unread by one unread message, and read without', async () => {
    await store(t, tenant, gmailMessage(tenant, { messageId: 'a', threadId: 'thread', labels: ['INBOX'] }));
    expect((await conversation()).isRead).toBe(true);
    await store(t, tenant, gmailMessage(tenant, { messageId: 'b', threadId: 'thread', internalDate: day(1) }));
    expect((await conversation()).isRead).toBe(false);
  });
});

describe('contexts', () => {
  let invoice: { invoiceId: string; customerId: string };
  beforeEach(async () => {
    invoice = await createInvoice(t, tenant, 'INV-1');
  });
  const about = () => ({ type: 'invoice', uid: invoice.invoiceId });
  const link = async (uid: string, context = about(), key = tenant.key) =>
    (await query(t, key, Link, { uid, context })).linkConversation;
  const unlink = async (uid: string, context = about(), key = tenant.key) =>
    (await query(t, key, Unlink, { uid, context })).unlinkConversation;

  it('are linked and unlinked by hand, however often', async () => {
    const uid = await insertConversation(t, tenant);
    for (let n = 0; n < 2; n += 1) {
      const { conversation: linked } = expectType(await link(uid), 'LinkConversationPayload');
      expect(linked?.contexts).toEqual([{ __typename: 'Invoice', number: 'INV-1' }]);
    }
    for (let n = 0; n < 2; n += 1) {
      expect(expectType(await unlink(uid), 'UnlinkConversationPayload').conversation?.contexts).toEqual([]);
    }
  });

  it('pass from an email to its conversation, and from there to the replies in it', async () => {
    const maria = createRecipient(t, tenant);
    const input = {
      fromAccountUid: tenant.accountId,
      to: [maria],
      subject: 'Invoice',
      bodyText: 'x',
      contexts: [about()],
    };
    const email = await fetchSentCopy(t, tenant, (await accepted(t, tenant, { fresh: input })).outboundEmail.uid);
    expect(email.conversation.contexts).toEqual([{ __typename: 'Invoice', number: 'INV-1' }]);
    const { uid } = await write(t, tenant, {
      from: maria,
      subject: 'Re: Invoice',
      answers: t.sandbox.admin.messages(maria)[0],
    });
    const reply = await accepted(t, tenant, {
      reply: { replyToMessageUid: uid, to: [maria], subject: 'Re: Invoice', bodyText: 'y' },
    });
    expect((await fetchSentCopy(t, tenant, reply.outboundEmail.uid)).contexts).toMatchObject([
      { uid: invoice.invoiceId },
    ]);
  });

  it('that were unlinked stay so when the sent copy is stored again', async () => {
    const maria = createRecipient(t, tenant);
    const input = {
      fromAccountUid: tenant.accountId,
      to: [maria],
      subject: 'Invoice',
      bodyText: 'x',
      contexts: [about()],
    };
    const email = await fetchSentCopy(t, tenant, (await accepted(t, tenant, { fresh: input })).outboundEmail.uid);
    await unlink(email.conversation.uid);
    await storeAgain(t.app, { organizationId: tenant.organizationId, outboundEmailId: email.uid });
    expect(await t.app.db.conversationContext.count({ where: { conversationId: email.conversation.uid } })).toBe(0);
  });

  it('await a reply by the conversations that are about them now', async () => {
    const email = {
      fromAccountUid: tenant.accountId,
      to: ['maria@acme.example'],
      subject: 'Invoice',
      bodyText: 'x',
      contexts: [about()],
    };
    await fetchSentCopy(t, tenant, (await accepted(t, tenant, { fresh: email })).outboundEmail.uid);
    await store(t, tenant, gmailMessage(tenant, { messageId: 'apart', internalDate: new Date(Date.now() + 60_000) }));
    const { id } = await t.app.db.conversation.findFirstOrThrow({
      where: { organizationId: tenant.organizationId, providerThreadId: 'thread-of-apart' },
    });
    const awaiting = async () =>
      (await query(t, tenant.key, InvoiceContact, { uid: invoice.invoiceId })).invoice?.awaitingReply;
    expect(await awaiting()).toBe(true);
    await link(id);
    expect(await awaiting()).toBe(false);
    await unlink(id);
    expect(await awaiting()).toBe(true);
  });

  it('are linked once by many at once, and count once', async () => {
    const uid = await insertConversation(t, tenant);
    await store(t, tenant, gmailMessage(tenant, { messageId: 'first' }));
    const answers = await Promise.all(Array.from({ length: 12 }, () => link(uid)));
    expect(new Set(answers.map(({ __typename }) => __typename))).toEqual(new Set(['LinkConversationPayload']));
    expect(await contextsOf(uid)).toEqual([invoice.invoiceId]);
    await Promise.all(Array.from({ length: 12 }, (_, n) => (n % 2 ? link(uid) : unlink(uid))));
    expectType(await unlink(uid), 'UnlinkConversationPayload');
    expect(await t.app.db.conversationContext.count({ where: { conversationId: uid } })).toBe(0);
  });

  /** Sends about the invoice in a conversation of its own, which Maria answers. */
  async function correspondence() {
    const maria = createRecipient(t, tenant);
    const email = {
      fromAccountUid: tenant.accountId,
      to: [maria],
      subject: 'Invoice',
      bodyText: 'x',
      contexts: [about()],
    };
    const sent = await fetchSentCopy(t, tenant, (await accepted(t, tenant, { fresh: email })).outboundEmail.uid);
    const [mail] = t.sandbox.admin.messages(maria);
    const { uid: answerUid } = await write(t, tenant, { from: maria, subject: 'Re: Invoice', answers: mail });
    const uid = sent.conversation.uid;
    const reply = async (context?: { type: string; uid: string }) => {
      const input = { replyToMessageUid: answerUid, to: [maria], subject: 'Re: Invoice', bodyText: 'y' };
      const { outboundEmail } = await accepted(t, tenant, {
        reply: context ? { ...input, contexts: [context] } : input,
      });
      return fetchSentCopy(t, tenant, outboundEmail.uid);
    };
    return { uid, reply, answers: mail, maria };
  }
  const contextsOf = async (conversationId: string) => {
    const orderBy = { createdAt: 'asc' } as const;
    const links = await t.app.db.conversationContext.findMany({
      where: { conversationId, position: { not: null } },
      orderBy,
    });
    return links.map(({ contextId }) => contextId);
  };

  it('that were inherited and unlinked are not inherited any more, until an email is about them again', async () => {
    const { uid, reply } = await correspondence();
    expect(await contextsOf(uid)).toEqual([invoice.invoiceId]);
    await unlink(uid);
    expect((await reply()).contexts).toEqual([]);
    expect(await contextsOf(uid)).toEqual([]);
    expect((await reply(about())).contexts).toMatchObject([{ uid: invoice.invoiceId }]);
    expect(await contextsOf(uid)).toEqual([invoice.invoiceId]);
    expect((await reply()).contexts).toMatchObject([{ uid: invoice.invoiceId }]);
  });

  it('that come later are linked beside the first, and replies inherit them all in order', async () => {
    const { uid, reply } = await correspondence();
    const other = await createInvoice(t, tenant, 'INV-2');
    await reply({ type: 'invoice', uid: other.invoiceId });
    await reply({ type: 'customer', uid: other.customerId });
    expect(await contextsOf(uid)).toEqual([invoice.invoiceId, other.invoiceId, other.customerId]);
    const others = [{ uid: other.invoiceId }, { uid: other.customerId }];
    expect((await reply()).contexts).toMatchObject([{ uid: invoice.invoiceId }, ...others]);
    await unlink(uid);
    expect((await reply()).contexts).toMatchObject(others);
  });

  it("are an inbound reply's as well: nothing is awaited once it is here, and it is again after the next email", async () => {
    const { reply, maria } = await correspondence();
    const contact = async () => (await query(t, tenant.key, InvoiceContact, { uid: invoice.invoiceId })).invoice;
    expect(await contact()).toMatchObject({ awaitingReply: false });
    const second = await reply();
    expect(await contact()).toMatchObject({ awaitingReply: true, lastContactedAt: second.sentAt });
    const answers = t.sandbox.admin.messages(maria).at(-1);
    await write(t, tenant, { from: maria, subject: 'Re: Invoice', answers });
    expect(await contact()).toMatchObject({ awaitingReply: false });
  });

  it("are refused for what is unknown, another organization's, or without the scope", async () => {
    const uid = await insertConversation(t, tenant);
    expect(expectType(await link(uid, { type: 'planet', uid }), 'InvalidInputError').message).toContain(
      'invoice, customer',
    );
    expect(expectType(await link(uid, { type: 'invoice', uid }), 'NotFoundError').message).toContain('Invoice');
    const other = await createTenant(t);
    expect((await link(uid, about(), other.key)).__typename).toBe('NotFoundError');
    expect((await unlink(uid, about(), other.key)).__typename).toBe('NotFoundError');
    const key = await createKey(t, tenant.organizationId, ['email:read', 'email:send']);
    const answer = await request(t, key, Link, { uid, context: about() });
    expect(answer.errors[0]?.extensions?.code).toBe('FORBIDDEN');
    expect(await t.app.db.conversationContext.count({ where: { conversationId: uid } })).toBe(0);
  });
});
