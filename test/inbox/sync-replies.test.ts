import { beforeEach, describe, expect, it } from 'vitest';
import { createInvoice, createTenant, query, type Tenant, useTestApp } from '../support/harness.ts';
import { accepted, createRecipient, fetchSentCopy, fresh, onlyMail, send } from '../support/mail.ts';
import { InvoiceContact } from '../support/send-documents.ts';
import { deliver, gmailOf, mailboxHere, mailboxInGmail, syncWholly, wrongConversations } from '../support/syncing.ts';

let tenant: Tenant;
let invoiceId: string;
/** The thread of the email that was sent. */
let sentThread: string;
/** Its Message-ID. */
let sentId: string;

const me = { userId: 'me' } as const;

const t = useTestApp();
beforeEach(async () => {
  tenant = await createTenant(t);
  ({ invoiceId } = await createInvoice(t, tenant, 'INV-1'));
  const maria = createRecipient(t, tenant);
  const contexts = [{ type: 'invoice', uid: invoiceId }];
  const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria, { subject: 'Invoice', contexts }));
  sentThread = (await fetchSentCopy(t, tenant, outboundEmail.uid)).conversation.providerThreadId;
  sentId = onlyMail(t, maria).header('Message-ID') ?? '';
  await syncWholly(t, tenant);
});

/** A person's answer that comes in from outside, and is read. @returns its id in Gmail. */
async function reply(mail: {
  readonly subject: string;
  readonly spam?: boolean;
  readonly headers?: readonly string[];
}) {
  const id = deliver(t, tenant, { ...mail, headers: [`References: ${sentId}`, ...(mail.headers ?? [])] });
  await syncWholly(t, tenant);
  return id;
}

const threadOf = (id: string) => mailboxInGmail(t, tenant).find((message) => message.id === id)?.thread;

/** The threads with a reply. */
async function answered(): Promise<string[]> {
  const where = { organizationId: tenant.organizationId, hasReply: true };
  const found = await t.app.db.conversation.findMany({ where, select: { providerThreadId: true } });
  return found.map(({ providerThreadId }) => providerThreadId).toSorted();
}

async function awaitingReply(): Promise<boolean | undefined> {
  return (await query(t, tenant.key, InvoiceContact, { uid: invoiceId })).invoice?.awaitingReply;
}

function repliesNoted(): Promise<number> {
  return t.app.db.outboundEmailEvent.count({ where: { organizationId: tenant.organizationId, type: 'REPLIED' } });
}

async function changed(work: Promise<unknown>): Promise<void> {
  await work;
  await syncWholly(t, tenant);
  expect(await mailboxHere(t, tenant)).toEqual(mailboxInGmail(t, tenant));
  expect(await wrongConversations(t, tenant)).toEqual([]);
}

describe('a reply', () => {
  it('that names an email counts also when its sent copy was deleted in Gmail', async () => {
    const [copy] = mailboxInGmail(t, tenant);
    await changed(gmailOf(t, tenant).messages.delete({ ...me, id: copy?.id ?? '' }));
    expect(await mailboxHere(t, tenant)).toEqual([]);
    const { id: replyToMessageUid } = await t.app.db.emailMessage.findFirstOrThrow({
      where: { accountId: tenant.accountId },
    });
    const again = await send(t, tenant, { reply: { replyToMessageUid, bodyText: 'Again.' } });
    expect(again).toMatchObject({ __typename: 'NotFoundError', entity: 'EmailMessage' });
    const thread = threadOf(await reply({ subject: 'About your invoice' }));
    expect(thread).not.toBe(sentThread);
    expect(await answered()).toContain(thread);
    expect([await awaitingReply(), await repliesNoted()]).toEqual([false, 1]);
  });

  it('in the thread goes with the trash, comes back from there, and is forgotten once it is deleted', async () => {
    const id = await reply({ subject: 'Re: Invoice' });
    expect(threadOf(id)).toBe(sentThread);
    expect([await answered(), await awaitingReply()]).toEqual([[sentThread], false]);
    const { messages } = gmailOf(t, tenant);
    await changed(messages.trash({ ...me, id }));
    expect(await answered()).toEqual([]);
    await changed(messages.untrash({ ...me, id }));
    expect(await answered()).toEqual([sentThread]);
    await changed(messages.delete({ ...me, id }));
    expect([await answered(), await awaitingReply()]).toEqual([[], true]);
  });

  it('in a thread of its own does the same to the conversation of the email that it answers', async () => {
    const id = await reply({ subject: 'My money' });
    const both = [sentThread, threadOf(id)].toSorted();
    expect(threadOf(id)).not.toBe(sentThread);
    expect([await answered(), await awaitingReply()]).toEqual([both, false]);
    const { messages } = gmailOf(t, tenant);
    await changed(messages.trash({ ...me, id }));
    expect(await answered()).not.toContain(sentThread);
    await changed(messages.untrash({ ...me, id }));
    expect(await answered()).toEqual(both);
    await changed(messages.delete({ ...me, id }));
    expect([await answered(), await awaitingReply()]).toEqual([[], true]);
  });

  it('in spam is none until it is taken out', async () => {
    const inThread = await reply({ subject: 'Re: Invoice', spam: true });
    const elsewhere = await reply({ subject: 'My money', spam: true });
    expect(await answered()).not.toContain(sentThread);
    // Whoever forges an answer, and is seen through by Gmail, changes nothing.
    expect([await awaitingReply(), await repliesNoted()]).toEqual([true, 0]);
    await changed(
      gmailOf(t, tenant).messages.modify({ ...me, id: elsewhere, requestBody: { removeLabelIds: ['SPAM'] } }),
    );
    expect(await answered()).toContain(sentThread);
    expect([await awaitingReply(), await repliesNoted()]).toEqual([false, 1]);
    await changed(gmailOf(t, tenant).messages.modify({ ...me, id: elsewhere, requestBody: { addLabelIds: ['SPAM'] } }));
    expect([await answered().then((threads) => threads.includes(sentThread)), await awaitingReply()]).toEqual([
      false,
      true,
    ]);
    await changed(gmailOf(t, tenant).messages.delete({ ...me, id: elsewhere }));
    expect(await answered()).not.toContain(sentThread);
    await changed(
      gmailOf(t, tenant).messages.modify({ ...me, id: inThread, requestBody: { removeLabelIds: ['SPAM'] } }),
    );
    expect(await answered()).toContain(sentThread);
    expect([await awaitingReply(), await repliesNoted()]).toEqual([false, 2]);
  });

  it('of a program is none, whatever becomes of the others', async () => {
    await reply({ subject: 'Re: Invoice', headers: ['Auto-Submitted: auto-replied'] });
    const id = await reply({ subject: 'Re: Invoice' });
    expect([await answered(), await awaitingReply()]).toEqual([[sentThread], false]);
    await changed(gmailOf(t, tenant).messages.delete({ ...me, id }));
    expect([await answered(), await awaitingReply()]).toEqual([[], true]);
  });
});
