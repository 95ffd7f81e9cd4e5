import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { sandboxGmailClient } from '../../sandbox/client.ts';
import { FULL_ACCESS_SCOPE } from '../../sandbox/routes.ts';
import type { SendEmailInput, SendReplyInput } from '../generated/graphql.ts';
import {
  createAccount,
  createInvoice,
  createTenant,
  expectType,
  query,
  receive,
  type Tenant,
  useTestApp,
} from '../support/harness.ts';
import {
  accepted,
  callsOf,
  countRows,
  createRecipient,
  fetchSentCopy,
  fresh,
  record,
  send,
  sentFrom,
  write,
} from '../support/mail.ts';
import { InvoiceContact, StoredMessage } from '../support/send-documents.ts';

let tenant: Tenant;
let maria: string;

const t = useTestApp();
beforeEach(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
});

function reply(replyToMessageUid: string, changes: Partial<SendReplyInput> = {}): SendEmailInput {
  return { reply: { replyToMessageUid, to: [maria], subject: 'Re: A question', bodyText: 'Of course.', ...changes } };
}

const lastOf = (email: string) => {
  const message = t.sandbox.admin.messages(email).at(-1);
  if (message === undefined) throw new Error(`${email} is empty`);
  return message;
};

describe('a reply', () => {
  it('lands in the Gmail thread it answers, at both ends', async () => {
    const question = await write(t, tenant, { from: maria, subject: 'A question' });
    const { outboundEmail } = await accepted(t, tenant, reply(question.uid));
    expect(outboundEmail).toMatchObject({ status: 'SENT', mode: 'REPLY', threading: 'NATIVE' });
    expect(outboundEmail.providerThreadId).toBe(question.received.threadId);
    expect(sentFrom(t, tenant.email).map(({ threadId }) => threadId)).toEqual([question.received.threadId]);
    expect(lastOf(maria).header('X-Epistle-Id')).toBe(outboundEmail.uid);
    expect(lastOf(maria).threadId).toBe(question.copy.threadId);
  });

  it('names the message it answers in its headers and in its record', async () => {
    const question = await write(t, tenant, { from: maria, subject: 'A question' });
    const { outboundEmail } = await accepted(t, tenant, reply(question.uid));
    const messageId = question.received.header('Message-ID');
    expect(lastOf(maria).header('In-Reply-To')).toBe(messageId);
    expect(lastOf(maria).header('References')).toBe(messageId);
    const email = await fetchSentCopy(t, tenant, outboundEmail.uid);
    expect(email.replyToMessage).toEqual({ uid: question.uid });
    expect(email.message).toMatchObject({ inReplyTo: messageId, references: [messageId] });
    expect(email.conversation).toMatchObject({ messageCount: 2, providerThreadId: question.received.threadId });
  });

  it.each([
    ['is not ASCII', '<frage@münchen.example>'],
    ['is longer than a line', `<${'a'.repeat(1_500)}@acme.example>`],
    ['has a space in it', '<a question@acme.example>'],
    ['has no brackets', 'question@acme.example'],
  ])('goes into the thread by its id alone when the Message-ID that it answers %s', async (_, messageId) => {
    const headers = [
      'Subject: A question',
      `Message-ID: ${messageId}`,
      'References: <1@acme.example> <zwei@münchen.example>',
    ];
    const raw = [`From: ${maria}`, `To: ${tenant.email}`, ...headers, '', 'When?', ''].join('\n');
    const uid = await receive(t, tenant, { from: maria, raw });
    const { outboundEmail } = await accepted(t, tenant, reply(uid));
    const question = t.sandbox.admin.messages(tenant.email).find(({ labelIds }) => !labelIds.includes('SENT'));
    expect(outboundEmail).toMatchObject({ status: 'SENT', threading: 'NATIVE', providerThreadId: question?.threadId });
    expect(lastOf(maria).header('In-Reply-To')).toBeNull();
    expect(lastOf(maria).header('References')).toBe('<1@acme.example>');
  });

  it('keeps the chain of references over several turns', async () => {
    const first = await write(t, tenant, { from: maria, subject: 'A question' });
    await accepted(t, tenant, reply(first.uid));
    const ours = lastOf(maria);
    const third = await write(t, tenant, { from: maria, subject: 'Re: A question', answers: ours });
    expect(third.received.threadId).toBe(first.received.threadId);
    const { outboundEmail } = await accepted(t, tenant, reply(third.uid));

    const chain = [first.received, ours, third.received].map((message) => message.header('Message-ID'));
    expect(lastOf(maria).header('References')?.split(/\s+/)).toEqual(chain);
    expect(lastOf(maria).header('In-Reply-To')).toBe(chain[2]);
    expect(outboundEmail).toMatchObject({ threading: 'NATIVE', providerThreadId: first.received.threadId });
    expect(new Set(t.sandbox.admin.messages(maria).map(({ threadId }) => threadId)).size).toBe(1);
    expect((await fetchSentCopy(t, tenant, outboundEmail.uid)).conversation.messageCount).toBe(4);
  });

  it('to our own sent copy refers to the Message-ID that Gmail gave it', async () => {
    const first = await accepted(t, tenant, fresh(tenant, maria, { subject: 'A question' }));
    const original = await fetchSentCopy(t, tenant, first.outboundEmail.uid);
    const second = await accepted(t, tenant, reply(original.message.uid));
    expect(second.outboundEmail).toMatchObject({ threading: 'NATIVE', providerThreadId: original.providerThreadId });
    const [received, reminder] = t.sandbox.admin.messages(maria);
    expect(reminder?.header('References')).toBe(received?.header('Message-ID'));
    expect(reminder?.threadId).toBe(received?.threadId);
  });

  it('follows its own suggestion about recipients and subject', async () => {
    const question = await write(t, tenant, { from: maria, subject: 'A question' });
    const { emailMessage } = await query(t, tenant.key, StoredMessage, { uid: question.uid });
    const suggestion = emailMessage?.replySuggestion;
    expect(suggestion).toEqual({ to: [maria], cc: [], subject: 'Re: A question' });
    await accepted(t, tenant, reply(question.uid, suggestion ?? {}));
    expect(lastOf(maria).threadId).toBe(question.copy.threadId);
  });

  it('leaves from the account that owns the conversation, whatever account it names', async () => {
    const question = await write(t, tenant, { from: maria, subject: 'A question' });
    const other = `other-${tenant.email}`;
    const otherId = await createAccount(t, tenant.organizationId, other);
    for (const fromAccountUid of [otherId, randomUUID()]) {
      const { outboundEmail } = await accepted(t, tenant, reply(question.uid, { fromAccountUid }));
      const email = await record(t, tenant, outboundEmail.uid);
      expect(email).toMatchObject({ fromEmail: tenant.email, fromAccount: { uid: tenant.accountId } });
      expect(lastOf(maria).header('From')).toBe(`Billing <${tenant.email}>`);
    }
    expect(t.sandbox.admin.messages(other)).toEqual([]);
  });

  it('with another subject stays in our thread and begins one at the recipient', async () => {
    const question = await write(t, tenant, { from: maria, subject: 'A question' });
    const { outboundEmail } = await accepted(t, tenant, reply(question.uid, { subject: 'Something else' }));
    expect(outboundEmail).toMatchObject({ threading: 'NATIVE', providerThreadId: question.received.threadId });
    expect(lastOf(maria).threadId).not.toBe(question.copy.threadId);
  });

  it('is sent with its headers alone when its thread was deleted in Gmail', async () => {
    const question = await write(t, tenant, { from: maria, subject: 'A question' });
    const gmail = sandboxGmailClient(t.sandbox, tenant.email, [FULL_ACCESS_SCOPE]);
    await gmail.users.messages.delete({ userId: 'me', id: question.received.id });
    const { outboundEmail } = await accepted(t, tenant, reply(question.uid));
    expect(outboundEmail).toMatchObject({ status: 'SENT', threading: 'HEADERS_ONLY' });
    expect(outboundEmail.providerThreadId).not.toBe(question.received.threadId);
    expect(lastOf(maria).threadId).toBe(question.copy.threadId);
    expect(sentFrom(t, tenant.email)).toHaveLength(1);
    const email = await fetchSentCopy(t, tenant, outboundEmail.uid);
    expect(email.conversation.providerThreadId).toBe(email.providerThreadId);
  });

  it('is sent with its headers alone when Gmail takes the thread id for malformed', async () => {
    const question = await write(t, tenant, { from: maria, subject: 'A question' });
    await t.app.db.conversation.updateMany({
      where: { organizationId: tenant.organizationId },
      data: { providerThreadId: 'thread-from-elsewhere' },
    });
    const { outboundEmail } = await accepted(t, tenant, reply(question.uid));
    expect(outboundEmail).toMatchObject({ status: 'SENT', threading: 'HEADERS_ONLY' });
    expect(lastOf(maria).header('In-Reply-To')).toBe(question.received.header('Message-ID'));
  });
});

describe('the context of a reply', () => {
  it('is that of its conversation when none is named', async () => {
    const { invoiceId } = await createInvoice(t, tenant, 'INV-1');
    const contexts = [{ type: 'invoice', uid: invoiceId }];
    const first = await accepted(t, tenant, fresh(tenant, maria, { subject: 'A question', contexts }));
    await fetchSentCopy(t, tenant, first.outboundEmail.uid);
    const answer = await write(t, tenant, { from: maria, subject: 'Re: A question', answers: lastOf(maria) });
    const { invoice } = await query(t, tenant.key, InvoiceContact, { uid: invoiceId });
    expect(invoice).toMatchObject({ awaitingReply: false });

    const { outboundEmail } = await accepted(t, tenant, reply(answer.uid));
    expect(outboundEmail.contexts).toEqual([{ uid: invoiceId }]);
    const after = await query(t, tenant.key, InvoiceContact, { uid: invoiceId });
    expect(after.invoice).toMatchObject({
      awaitingReply: true,
      outboundEmails: { totalCount: 2 },
      conversations: { totalCount: 1 },
    });
  });

  it('is the one it names, which the conversation is then about as well', async () => {
    const [one, two] = [await createInvoice(t, tenant, 'INV-1'), await createInvoice(t, tenant, 'INV-2')];
    const context = (uid: string) => ({ contexts: [{ type: 'invoice', uid }] });
    const first = await accepted(t, tenant, fresh(tenant, maria, context(one.invoiceId)));
    const { message } = await fetchSentCopy(t, tenant, first.outboundEmail.uid);
    const second = await accepted(t, tenant, reply(message.uid, context(two.invoiceId)));
    const email = await fetchSentCopy(t, tenant, second.outboundEmail.uid);
    expect(email.contexts).toMatchObject([{ __typename: 'Invoice', number: 'INV-2' }]);
    expect(email.conversation.contexts).toEqual([
      { __typename: 'Invoice', number: 'INV-1' },
      { __typename: 'Invoice', number: 'INV-2' },
    ]);
  });
});

describe('a reply that cannot be', () => {
  const nothingHappened = async () => {
    expect(await countRows(t, tenant)).toBe(0);
    expect(callsOf(t, tenant.email, 'drafts.create')).toBe(0);
  };

  it.each([
    ['NO_MESSAGE_ID', 'NEVER', 'UPDATE email_message SET message_id = NULL WHERE organization_id = $1'],
    ['NO_PROVIDER_THREAD', 'NEVER', "UPDATE conversation SET provider_thread_id = '' WHERE organization_id = $1"],
    [
      'NO_OWNER_ACCOUNT',
      'AFTER',
      "UPDATE email_account SET status = 'DISCONNECTED', sealed_refresh_token = NULL WHERE organization_id = $1",
    ],
  ])('is refused with the reason %s', async (reason, retry, spoil) => {
    const question = await write(t, tenant, { from: maria, subject: 'A question' });
    await t.app.pool.query(spoil, [tenant.organizationId]);
    const error = expectType(await send(t, tenant, reply(question.uid)), 'ReplyNotPossibleError');
    expect(error).toMatchObject({ code: 'REPLY_NOT_POSSIBLE', retry, reason });
    await nothingHappened();
  });

  it('is refused while its account is NEEDS_REAUTH', async () => {
    const status = 'NEEDS_REAUTH';
    const question = await write(t, tenant, { from: maria, subject: 'A question' });
    await t.app.db.emailAccount.updateMany({ where: { organizationId: tenant.organizationId }, data: { status } });
    const error = expectType(await send(t, tenant, reply(question.uid)), 'AccountNotReadyError');
    expect(error).toMatchObject({ retry: 'AFTER', account: { uid: tenant.accountId, status } });
    await nothingHappened();
  });

  it("does not find another organization's message", async () => {
    const question = await write(t, tenant, { from: maria, subject: 'A question' });
    const stranger = await createTenant(t);
    const error = expectType(await send(t, stranger, reply(question.uid)), 'NotFoundError');
    expect(error).toMatchObject({ entity: 'EmailMessage', uid: question.uid });
    await nothingHappened();
    expect(await countRows(t, stranger)).toBe(0);
  });
});
