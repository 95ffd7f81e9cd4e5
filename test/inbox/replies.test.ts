import { beforeEach, describe, expect, it } from 'vitest';
import { inTransaction } from '../../src/db/client.ts';
import type { GmailMessage } from '../../src/gmail/gateway.ts';
import { prepareMessage } from '../../src/inbox/prepare-message.ts';
import { storeMessageIn } from '../../src/inbox/store-message.ts';
import {
  createInvoice,
  createTenant,
  eventually,
  mailboxOf,
  query,
  type Tenant,
  useTestApp,
} from '../support/harness.ts';
import { accepted, createRecipient, fetchSentCopy, fresh, onlyMail, write } from '../support/mail.ts';
import { bouncesOf } from '../support/notices.ts';
import { insertEmail } from '../support/rows.ts';
import { InvoiceContact } from '../support/send-documents.ts';
import { type Given, gmailMessage, permutations, store } from '../support/stored.ts';

let tenant: Tenant;
let invoiceId: string;

const t = useTestApp();
beforeEach(async () => {
  tenant = await createTenant(t);
  ({ invoiceId } = await createInvoice(t, tenant, 'INV-1'));
});

const at = (minutes: number) => new Date(Date.parse('2026-05-01T00:00:00Z') + minutes * 60_000);

/** An email about the invoice that has left. It is not read back. */
async function sent(name: string, minutes: number, threadId = 'thread') {
  const id = await insertEmail(t, tenant, {
    providerMessageId: name,
    providerThreadId: threadId,
    threading: 'NEW_THREAD',
    sentAt: at(minutes),
    about: [{ type: 'invoice', id: invoiceId }],
  });
  await t.app.db.contextEntity.updateMany({
    where: { organizationId: tenant.organizationId, id: invoiceId },
    data: { lastContactedAt: at(minutes), awaitingReply: true },
  });
  const copy = message({
    messageId: name,
    threadId,
    labels: ['SENT'],
    internalDate: at(minutes),
    from: tenant.email,
    to: 'maria@acme.example',
  });
  return { id, copy, store: () => store(t, tenant, copy, id) };
}

const message = (given: Given) => gmailMessage(tenant, given);

async function awaitingReply(): Promise<boolean | undefined> {
  return (await query(t, tenant.key, InvoiceContact, { uid: invoiceId })).invoice?.awaitingReply;
}

/** Each conversation with a reply, by its thread. */
async function answeredThreads(): Promise<string[]> {
  const { organizationId } = tenant;
  const found = await t.app.db.conversation.findMany({ where: { organizationId, hasReply: true } });
  return found.map(({ providerThreadId }) => providerThreadId).toSorted();
}

async function repliesTo(uid: string): Promise<unknown[]> {
  return (await bouncesOf(t, tenant, uid)).detailOf('REPLIED');
}

describe('a reply', () => {
  it('that comes by mail sets hasReply, awaitingReply and an event', async () => {
    const maria = createRecipient(t, tenant);
    const { outboundEmail } = await accepted(
      t,
      tenant,
      fresh(tenant, maria, { contexts: [{ type: 'invoice', uid: invoiceId }] }),
    );
    const email = await fetchSentCopy(t, tenant, outboundEmail.uid);
    expect(await awaitingReply()).toBe(true);
    const { uid } = await write(t, tenant, { from: maria, subject: 'Re: Invoice 7', answers: onlyMail(t, maria) });
    expect(await awaitingReply()).toBe(false);
    expect(await answeredThreads()).toEqual([email.conversation.providerThreadId]);
    expect(await repliesTo(email.uid)).toEqual([{ messageUid: uid, from: maria }]);
  });

  it('under another subject, in a thread of its own, answers the email that it names, and is about its invoice', async () => {
    const email = await sent('first', 0);
    await email.store();
    const headers = { Subject: 'My money', References: '<first@acme.example>' };
    const uid = await store(
      t,
      tenant,
      message({ messageId: 'reply', threadId: 'elsewhere', internalDate: at(5), headers }),
    );
    expect(await repliesTo(email.id)).toMatchObject([{ messageUid: uid }]);
    expect(await answeredThreads()).toEqual(['elsewhere', 'thread']);
    expect(await awaitingReply()).toBe(false);
    const { conversationContexts } = await contextsOf('elsewhere');
    expect(conversationContexts).toEqual([invoiceId]);
  });

  async function contextsOf(threadId: string) {
    const found = await t.app.db.conversation.findFirstOrThrow({
      where: { organizationId: tenant.organizationId, providerThreadId: threadId },
      include: { contexts: true },
    });
    return { conversationContexts: found.contexts.map(({ contextId }) => contextId) };
  }

  it('that names nothing answers the last email of its thread before it', async () => {
    const [first, second, third] = [await sent('first', 0), await sent('second', 10), await sent('third', 20)];
    for (const email of [first, second, third]) await email.store();
    await store(t, tenant, message({ messageId: 'reply', threadId: 'thread', internalDate: at(15) }));
    expect(await Promise.all([first, second, third].map(async ({ id }) => (await repliesTo(id)).length))).toEqual([
      0, 1, 0,
    ]);
  });

  it('that names an earlier one answers that', async () => {
    const [first, second] = [await sent('first', 0), await sent('second', 10)];
    for (const email of [first, second]) await email.store();
    await store(
      t,
      tenant,
      message({
        messageId: 'reply',
        threadId: 'thread',
        internalDate: at(15),
        headers: { 'In-Reply-To': '<first@acme.example>' },
      }),
    );
    expect(await repliesTo(first.id)).toHaveLength(1);
    expect(await repliesTo(second.id)).toEqual([]);
  });

  it('before anything was sent answers nothing', async () => {
    const email = await sent('first', 10);
    await store(t, tenant, message({ messageId: 'question', threadId: 'thread', internalDate: at(0) }));
    await email.store();
    expect(await answeredThreads()).toEqual([]);
    expect(await awaitingReply()).toBe(true);
    expect(await repliesTo(email.id)).toEqual([]);
  });

  it('counts once, however often and wherever at once it is stored', async () => {
    const email = await sent('first', 0);
    const reply = message({
      messageId: 'reply',
      threadId: 'thread',
      internalDate: at(5),
      headers: { 'In-Reply-To': '<first@acme.example>' },
    });
    await Promise.all([...Array.from({ length: 4 }, () => store(t, tenant, reply)), email.store(), email.store()]);
    expect(await repliesTo(email.id)).toHaveLength(1);
    expect(await answeredThreads()).toEqual(['thread']);
    expect(await awaitingReply()).toBe(false);
  });
});

describe('a reply in another thread, stored by another process in the same moment as the copy of its email', () => {
  const headers = { Subject: 'My money', 'In-Reply-To': '<first@acme.example>' };
  const inbound = (given: Partial<Given> = {}) =>
    message({ messageId: 'reply', threadId: 'elsewhere', internalDate: at(5), headers, ...given });
  /** As `message/delivery-status` names it, when nothing else does. */
  const bounceOf = (opId: string) =>
    inbound({
      from: 'mailer-daemon@mx.acme.example',
      headers: { 'Auto-Submitted': 'auto-replied' },
      report: {
        form: 'report',
        hasSuccess: false,
        recipients: [{ recipient: 'a@b.example', original: null, status: '5.1.1', diagnostic: null, permanent: true }],
        opId,
        returnedMessageIds: [],
      },
    });

  /** Stores one in a transaction that is open until the other is stored as well, or waits for it. */
  async function storeBoth(
    first: { message: GmailMessage; emailId: string | null },
    second: () => Promise<unknown>,
  ): Promise<void> {
    const mailbox = await mailboxOf(t, tenant);
    let other: Promise<unknown> = Promise.resolve();
    await inTransaction(t.app.pool, async (tx) => {
      await storeMessageIn(tx, mailbox, await prepareMessage(mailbox, first.message), first.emailId);
      let isStored = false;
      other = second().then(() => {
        isStored = true;
      });
      await eventually(async () => {
        const { rowCount } = await t.app.pool.query(`SELECT FROM pg_locks WHERE NOT granted AND locktype = 'advisory'`);
        return isStored || (rowCount ?? 0) > 0 || null;
      });
    });
    await other;
  }

  it('is not missed when the reply is first', async () => {
    const email = await sent('first', 0);
    await storeBoth({ message: inbound(), emailId: null }, email.store);
    expect(await repliesTo(email.id)).toHaveLength(1);
    expect(await answeredThreads()).toEqual(['elsewhere', 'thread']);
    expect(await awaitingReply()).toBe(false);
  });

  it('is not missed when the copy is first', async () => {
    const email = await sent('first', 0);
    await storeBoth({ message: email.copy, emailId: email.id }, () => store(t, tenant, inbound()));
    expect(await repliesTo(email.id)).toHaveLength(1);
  });

  it('nor is a bounce that knows our id alone', async () => {
    const [one, other] = [await sent('first', 0), await sent('second', 1, 'another')];
    await storeBoth({ message: bounceOf(one.id), emailId: null }, one.store);
    await storeBoth({ message: other.copy, emailId: other.id }, () =>
      store(t, tenant, { ...bounceOf(other.id), messageId: 'bounce' }),
    );
    expect([await bouncesOf(t, tenant, one.id), await bouncesOf(t, tenant, other.id)]).toMatchObject([
      { status: 'BOUNCED' },
      { status: 'BOUNCED' },
    ]);
  });
});

it('comes out the same in whatever order the messages are stored', async () => {
  const outcomes = new Set<string>();
  for (const order of permutations(['first', 'second', 'reply', 'elsewhere', 'away'])) {
    tenant = await createTenant(t);
    ({ invoiceId } = await createInvoice(t, tenant, 'INV-1'));
    const emails = { first: await sent('first', 0), second: await sent('second', 10) };
    const inbound: Record<string, Given> = {
      reply: {
        messageId: 'reply',
        threadId: 'thread',
        internalDate: at(12),
        headers: { 'In-Reply-To': '<second@acme.example>' },
      },
      elsewhere: {
        messageId: 'elsewhere',
        threadId: 'elsewhere',
        internalDate: at(14),
        headers: { References: '<first@acme.example> <x@y>' },
      },
      away: {
        messageId: 'away',
        threadId: 'thread',
        internalDate: at(11),
        headers: { 'Auto-Submitted': 'auto-replied', 'In-Reply-To': '<second@acme.example>' },
      },
    };
    for (const name of order) {
      const given = inbound[name];
      if (given !== undefined) await store(t, tenant, message(given));
      else await (name === 'first' ? emails.first : emails.second).store();
    }
    const replies = await Promise.all(
      [emails.first, emails.second].map(async ({ id }) => (await repliesTo(id)).length),
    );
    const conversations = await t.app.db.conversation.findMany({
      where: { organizationId: tenant.organizationId },
      include: { contexts: true },
      orderBy: { providerThreadId: 'asc' },
    });
    const state = conversations.map(
      ({ subject, snippet, participants, isRead, hasReply, messageCount, lastMessageAt, contexts }) => [
        subject,
        snippet,
        participants.length,
        isRead,
        hasReply,
        messageCount,
        lastMessageAt,
        contexts.length,
      ],
    );
    const { lastInboundAt, awaitingReply: awaited } = await t.app.db.contextEntity.findFirstOrThrow({
      where: { organizationId: tenant.organizationId, type: 'invoice' },
    });
    outcomes.add(JSON.stringify({ replies, state, lastInboundAt, awaited }));
  }
  expect([...outcomes]).toHaveLength(1);
  expect(JSON.parse([...outcomes][0] ?? '')).toMatchObject({
    replies: [1, 1],
    awaited: false,
    lastInboundAt: at(14).toISOString(),
  });
});

describe('a mail from an address of the account itself that is not in Sent', () => {
  it.each(['email', 'alias'])('is received and answers nothing (%s)', async (address) => {
    const alias = `sales@${tenant.email.replace(/^.*@/, '')}`;
    await t.app.db.emailAccount.updateMany({ where: { id: tenant.accountId }, data: { aliases: [alias] } });
    const from = (address === 'email' ? tenant.email : alias).toUpperCase();
    const email = await sent('email', 0);
    await email.store();
    const headers = { 'In-Reply-To': '<email@acme.example>' };
    const given = { from: `Billing <${from}>`, to: `maria@acme.example, ${tenant.email}`, headers };
    await store(t, tenant, message({ ...given, messageId: 'in', threadId: 'thread', internalDate: at(5) }));
    await store(t, tenant, message({ ...given, messageId: 'out', threadId: 'elsewhere', internalDate: at(6) }));
    expect(await repliesTo(email.id)).toEqual([]);
    expect(await answeredThreads()).toEqual([]);
    expect(await awaitingReply()).toBe(true);
    const stored = await t.app.db.emailMessage.findMany({ where: { accountId: tenant.accountId } });
    expect(stored.map(({ direction }) => direction).toSorted()).toEqual(['INBOUND', 'INBOUND', 'OUTBOUND']);
    // Maria's own answer still counts.
    await store(t, tenant, message({ messageId: 'reply', threadId: 'thread', internalDate: at(9) }));
    expect(await answeredThreads()).toEqual(['thread']);
    expect(await awaitingReply()).toBe(false);
  });
});

describe('an automatic answer', () => {
  it.each<[string, Record<string, string>]>([
    ['of RFC 3834', { 'Auto-Submitted': 'auto-generated (vacation)' }],
    ["of Gmail's vacation responder", { Precedence: 'bulk', 'X-Autoreply': 'yes' }],
    ['with X-Autorespond', { 'X-Autorespond': 'out of office' }],
    ['with Precedence: auto_reply', { Precedence: 'auto_reply' }],
    ['with Precedence: junk', { Precedence: 'junk' }],
    ['of Exchange', { 'X-Auto-Response-Suppress': 'All', Subject: 'Automatic reply: Invoice' }],
    [
      'of Exchange in German',
      { 'X-Auto-Response-Suppress': 'All', Subject: '=?utf-8?q?Automatische_Antwort=3A_Rechnung?=' },
    ],
    ['from nobody', { 'Return-Path': '<>' }],
    ['that is a read receipt', { 'Content-Type': 'multipart/report; report-type=disposition-notification' }],
  ])('%s is no reply', async (_, headers) => {
    const email = await sent('first', 0);
    await email.store();
    const id = await store(
      t,
      tenant,
      message({
        messageId: 'auto',
        threadId: 'thread',
        internalDate: at(5),
        headers: { 'In-Reply-To': '<first@acme.example>', ...headers },
      }),
    );
    expect(await answeredThreads()).toEqual([]);
    expect(await awaitingReply()).toBe(true);
    expect(await repliesTo(email.id)).toEqual([]);
    expect(await t.app.db.emailMessage.findFirstOrThrow({ where: { id } })).toMatchObject({
      isAutomatic: true,
      answersEmailId: null,
    });
  });

  it.each<[string, Record<string, string>]>([
    ['whose program says no', { 'Auto-Submitted': 'no' }],
    ['under such a subject', { Subject: 'Automatic reply: is what I got from you' }],
    ['from a list', { Precedence: 'list' }],
    ['that asks for no automatic answer', { 'X-Auto-Response-Suppress': 'OOF' }],
  ])('is not what a person writes %s', async (_, headers) => {
    const email = await sent('first', 0);
    await email.store();
    await store(t, tenant, message({ messageId: 'reply', threadId: 'thread', internalDate: at(5), headers }));
    expect(await repliesTo(email.id)).toHaveLength(1);
    expect(await awaitingReply()).toBe(false);
  });
});

it('that was stored while its email was on its way waits for it', async () => {
  const earlier = await sent('first', 0);
  await earlier.store();
  const later = await sent('second', 10);
  const reply = message({
    messageId: 'reply',
    threadId: 'thread',
    internalDate: at(12),
    headers: { 'In-Reply-To': '<second@acme.example>' },
  });
  await store(t, tenant, reply);
  expect(await repliesTo(earlier.id)).toEqual([]);
  await later.store();
  await eventually(async () => (await repliesTo(later.id)).length === 1 || null);
  expect(await repliesTo(earlier.id)).toEqual([]);
});
