/** What people do by hand counts: mail that a colleague sends in Gmail, and what a person says of a message. */
import { beforeEach, describe, expect, it } from 'vitest';
import { inTransaction } from '../../src/db/client.ts';
import { prepareMessage } from '../../src/inbox/prepare-message.ts';
import { storeMessageIn } from '../../src/inbox/store-message.ts';
import { refreshContactsOf } from '../../src/inbox/update-messages.ts';
import { graphql } from '../generated/gql.ts';
import {
  createInvoice,
  createKey,
  createTenant,
  expectType,
  mailboxOf,
  query,
  request,
  type Tenant,
  useTestApp,
} from '../support/harness.ts';
import { insertEmail, linkContext } from '../support/rows.ts';
import { InvoiceContact } from '../support/send-documents.ts';
import { type Given, gmailMessage, permutations, store } from '../support/stored.ts';
import { deliver, gmailOf, syncWholly } from '../support/syncing.ts';

const MarkMessageAutomatic = graphql(`
  mutation MarkMessageAutomatic($uid: UUID!, $automatic: Boolean! = true) {
    markMessageAutomatic(uid: $uid, automatic: $automatic) {
      __typename
      ... on MarkMessageAutomaticPayload { message { uid isAutomatic conversation { hasReply } } }
      ... on NotFoundError { entity uid }
    }
  }
`);

let tenant: Tenant;
let invoiceId: string;

const t = useTestApp();
beforeEach(async () => {
  tenant = await createTenant(t);
  ({ invoiceId } = await createInvoice(t, tenant, 'INV-1'));
});

const at = (minutes: number) => new Date(Date.parse('2026-05-01T00:00:00Z') + minutes * 60_000);
const about = () => ({ type: 'invoice', id: invoiceId });
const message = (given: Given) => gmailMessage(tenant, { threadId: 'thread', ...given });
const fromColleague = (minutes: number, given: Partial<Given> = {}) =>
  message({
    messageId: `colleague-${minutes}`,
    labels: ['SENT'],
    from: tenant.email,
    to: 'maria@acme.example',
    internalDate: at(minutes),
    ...given,
  });
const fromCustomer = (minutes: number, given: Partial<Given> = {}) =>
  message({ messageId: `customer-${minutes}`, internalDate: at(minutes), ...given });
const AUTOMATIC = { headers: { 'Auto-Submitted': 'auto-replied' } };

async function contact() {
  const { invoice } = await query(t, tenant.key, InvoiceContact, { uid: invoiceId });
  const { lastContactedAt, awaitingReply } = invoice ?? {};
  return { lastContactedAt: lastContactedAt ? new Date(lastContactedAt).getTime() : null, awaitingReply };
}

const state = (minutes: number | null, awaitingReply: boolean) => ({
  lastContactedAt: minutes === null ? null : at(minutes).getTime(),
  awaitingReply,
});

/** A conversation about the invoice, begun by the customer. */
async function linkedConversation(): Promise<string> {
  const uid = await store(t, tenant, fromCustomer(0));
  const { conversationId } = await t.app.db.emailMessage.findFirstOrThrow({ where: { id: uid } });
  await linkContext(t, tenant, conversationId, about());
  await recount(conversationId);
  return conversationId;
}

async function recount(conversationId: string): Promise<void> {
  const mailbox = await mailboxOf(t, tenant);
  await refreshContactsOf(t.app.pool, mailbox, [conversationId]);
}

describe('mail that a colleague sends by hand in a conversation about an invoice', () => {
  const cases: [string, () => Parameters<typeof store>[2][], ReturnType<typeof state>][] = [
    ['contacts', () => [fromColleague(5)], state(5, true)],
    ['is answered by what comes later', () => [fromColleague(5), fromCustomer(7)], state(5, false)],
    ['answers what came before', () => [fromCustomer(3), fromColleague(5)], state(5, true)],
    ['counts by its time', () => [fromColleague(5), fromColleague(9), fromCustomer(7)], state(9, true)],
    ['does not count when a program wrote it', () => [fromColleague(5, AUTOMATIC)], state(null, false)],
    ['is not answered by a program', () => [fromColleague(5), fromCustomer(7, AUTOMATIC)], state(5, true)],
  ];
  it.each(cases)('%s, in every order of arrival', async (_what, messages, expected) => {
    for (const order of permutations(messages())) {
      tenant = await createTenant(t);
      ({ invoiceId } = await createInvoice(t, tenant, 'INV-1'));
      const conversationId = await linkedConversation();
      // Its addresses are those of this tenant.
      const here = messages();
      for (const { messageId } of order) {
        const one = here.find((each) => each.messageId === messageId);
        if (one !== undefined) await store(t, tenant, one);
      }
      expect(await contact()).toEqual(expected);
      await recount(conversationId);
      expect(await contact()).toEqual(expected);
    }
  });

  it('counts also when the conversation is linked afterwards', async () => {
    for (const each of [fromColleague(5), fromColleague(2)]) await store(t, tenant, each);
    expect(await contact()).toEqual(state(null, false));
    const { id } = await t.app.db.conversation.findFirstOrThrow({ where: { organizationId: tenant.organizationId } });
    await linkContext(t, tenant, id, about());
    await recount(id);
    expect(await contact()).toEqual(state(5, true));
  });

  it('is told from what Epistle has sent, whose sent copy contacts only what the email is about', async () => {
    const conversationId = await linkedConversation();
    const copy = fromColleague(5, { messageId: 'copy' });
    const email = await insertEmail(t, tenant, {
      providerMessageId: 'copy',
      providerThreadId: 'thread',
      sentAt: at(5),
    });
    // A sync may store it before it is known whose copy it is.
    await store(t, tenant, copy);
    expect(await contact()).toEqual(state(5, true));
    await store(t, tenant, copy, email);
    expect(await contact()).toEqual(state(null, false));
    await recount(conversationId);
    expect(await contact()).toEqual(state(null, false));
  });

  it('counts when it is read from Gmail', async () => {
    deliver(t, tenant, { subject: 'Question' });
    await syncWholly(t, tenant);
    const conversation = await t.app.db.conversation.findFirstOrThrow({
      where: { organizationId: tenant.organizationId },
    });
    await linkContext(t, tenant, conversation.id, about());
    const lines = [`From: ${tenant.email}`, 'To: maria@acme.example', 'Subject: Re: Question', '', 'By hand.'];
    await gmailOf(t, tenant).messages.send({
      userId: 'me',
      requestBody: {
        threadId: conversation.providerThreadId,
        raw: Buffer.from(lines.join('\r\n')).toString('base64url'),
      },
    });
    await syncWholly(t, tenant);
    expect(await contact()).toEqual({ lastContactedAt: expect.any(Number), awaitingReply: true });
  });
});

describe('markMessageAutomatic', () => {
  async function mark(uid: string, automatic?: boolean) {
    const variables = { uid, ...(automatic === undefined ? {} : { automatic }) };
    const { markMessageAutomatic } = await query(t, tenant.key, MarkMessageAutomatic, variables);
    return expectType(markMessageAutomatic, 'MarkMessageAutomaticPayload').message;
  }

  it('takes back a reply that no person wrote, and gives it back', async () => {
    await linkedConversation();
    await store(t, tenant, fromColleague(5));
    const uid = await store(t, tenant, fromCustomer(7));
    expect(await contact()).toEqual(state(5, false));
    expect(await mark(uid)).toEqual({ uid, isAutomatic: true, conversation: { hasReply: false } });
    expect(await contact()).toEqual(state(5, true));
    expect(await mark(uid, false)).toEqual({ uid, isAutomatic: false, conversation: { hasReply: true } });
    expect(await mark(uid, false)).toEqual({ uid, isAutomatic: false, conversation: { hasReply: true } });
    expect(await contact()).toEqual(state(5, false));
  });

  it('is what a vacation note of ours was: an answer to it is not a reply', async () => {
    await linkedConversation();
    await store(t, tenant, fromCustomer(5));
    await store(t, tenant, fromColleague(6, AUTOMATIC));
    const uid = await store(t, tenant, fromCustomer(7));
    const { conversationId } = await t.app.db.emailMessage.findFirstOrThrow({ where: { id: uid } });
    const hasReply = async () =>
      (await t.app.db.conversation.findFirstOrThrow({ where: { id: conversationId } })).hasReply;
    expect(await hasReply()).toBe(false);
    await recount(conversationId);
    expect(await hasReply()).toBe(false);
  });

  it('lets an answer count that looks like one of a program, for the email that it answers too', async () => {
    const email = await insertEmail(t, tenant, {
      providerMessageId: 'sent',
      providerThreadId: 'thread',
      sentAt: at(1),
      about: [{ type: 'invoice', id: invoiceId }],
    });
    const copy = await store(t, tenant, fromColleague(1, { messageId: 'sent' }), email);
    await recount((await t.app.db.emailMessage.findFirstOrThrow({ where: { id: copy } })).conversationId);
    const uid = await store(t, tenant, fromCustomer(7, AUTOMATIC));
    const replies = () => t.app.db.outboundEmailEvent.count({ where: { outboundEmailId: email, type: 'REPLIED' } });
    expect([await contact(), await replies()]).toEqual([state(1, true), 0]);
    expect(await mark(uid, false)).toEqual({ uid, isAutomatic: false, conversation: { hasReply: true } });
    expect([await contact(), await replies()]).toEqual([state(1, false), 1]);
    await mark(uid);
    await mark(uid, false);
    expect([await contact(), await replies()]).toEqual([state(1, false), 1]);
  });

  it('takes back that a program of ours has contacted', async () => {
    await linkedConversation();
    const uid = await store(t, tenant, fromColleague(5));
    await mark(uid);
    expect(await contact()).toEqual(state(null, false));
    await mark(uid, false);
    expect(await contact()).toEqual(state(5, true));
  });

  it('outlasts that the message is read again', async () => {
    const automatic = fromCustomer(7, AUTOMATIC);
    const uid = await store(t, tenant, automatic);
    await mark(uid, false);
    const mailbox = await mailboxOf(t, tenant);
    const prepared = await prepareMessage(mailbox, { ...automatic, bodyText: 'Read again.' });
    await inTransaction(t.app.pool, (tx) => storeMessageIn(tx, mailbox, prepared, null, { replaces: true }));
    const stored = await t.app.db.emailMessage.findFirstOrThrow({ where: { id: uid } });
    expect(stored).toMatchObject({ bodyText: 'Read again.', isAutomatic: false });
  });

  it("does not find another organization's message, and needs both scopes", async () => {
    const uid = await store(t, tenant, fromCustomer(1));
    const other = await createTenant(t);
    const { markMessageAutomatic } = await query(t, other.key, MarkMessageAutomatic, { uid });
    expect(expectType(markMessageAutomatic, 'NotFoundError')).toMatchObject({ entity: 'EmailMessage', uid });
    for (const scope of ['email:read', 'contexts:write'] as const) {
      const { errors } = await request(t, await createKey(t, tenant.organizationId, [scope]), MarkMessageAutomatic, {
        uid,
      });
      expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    }
    expect((await t.app.db.emailMessage.findFirstOrThrow({ where: { id: uid } })).isAutomatic).toBe(false);
  });
});
