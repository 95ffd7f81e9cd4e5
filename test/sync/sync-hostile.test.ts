/** What strangers write to do harm, and what happens to it on its way through a real import and back out in an answer. */
import { beforeEach, describe, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import { expectType, query, useTenant, useTestApp } from '../support/harness.ts';
import { accepted, createRecipient, fetchSentCopy, fresh, send, sentFrom } from '../support/mail.ts';
import { bouncesOf } from '../support/notices.ts';
import { gmailOf, mailboxHere, mailboxInGmail, syncWholly, wrongConversations } from '../support/syncing.ts';

const t = useTestApp();
const tenant = useTenant(t, beforeEach);

const Suggestion = graphql(`
  query Suggestion($uid: UUID!) {
    emailMessage(uid: $uid) { subject replySuggestion(all: true) { to cc subject quotedText } }
  }
`);

/** Brings it in by mail and by a sync. @returns its row. */
async function receiveRaw(raw: string | Buffer) {
  const [copy] = t.sandbox.admin.deliverExternal({ from: 'eve@evil.example', to: tenant.email, raw });
  await syncWholly(t, tenant);
  expect(await mailboxHere(t, tenant)).toMatchObject([{ id: copy?.id }]);
  return t.app.db.emailMessage.findFirstOrThrow({ where: { accountId: tenant.accountId } });
}

describe('an answer to a message whose headers are made to break out of ours', () => {
  it.each<[string, readonly string[]]>([
    ['line breaks in encoded words', ['Subject: =?utf-8?q?a=0D=0ABcc:_eve=40evil.example=0D=0A=0D=0Abody?=']],
    ['encoded line separators', ['Subject: =?utf-8?b?YeKAqGLigKlj?= =?utf-8?q?=00=1B=5B31m?=']],
    ['a Message-ID that is two', ['Message-ID: <a@x>\r\n\t<b@x>, <c@x>']],
    ['a Message-ID with controls', ['Message-ID: <a\x01\x1b\x7f@x>']],
    ['a Message-ID with a comma and quotes', ['Message-ID: <"a,b;c"@x>']],
    ['a Message-ID that is not ASCII', ['Message-ID: <ü€@x>']],
    ['References with comments and line breaks', ['References: <a@x> (Bcc: eve@evil.example)\r\n <b@x>\r\n\t<c@x>']],
    ['100,000 References', [`References: ${Array.from({ length: 100_000 }, (_, n) => `<${n}@x>`).join('\r\n ')}`]],
    [
      'References of the longest kind',
      [`References: ${Array.from({ length: 99 }, (_, n) => `<${n}${'y'.repeat(890)}@x>`).join('\r\n ')}`],
    ],
    ['a Reply-To with a line break', ['Reply-To: "a\r\n Bcc: eve@evil.example" <eve@evil.example>']],
    ['a subject of 1 MB', [`Subject: ${'word '.repeat(200_000)}`]],
    ['a subject that writes from right to left, unseen', ['Subject: =?utf-8?b?4oCu4oGm4oCL5Y+RICDvu78=?=']],
  ])('holds nothing of it: %s', async (_, headers) => {
    const lines = ['From: Eve <eve@evil.example>', ...headers];
    if (!headers.some((line) => line.startsWith('Subject:'))) lines.push('Subject: Hello');
    const { id } = await receiveRaw(Buffer.from([...lines, '', 'Hello.'].join('\r\n')));
    const { emailMessage } = await query(t, tenant.key, Suggestion, { uid: id });
    if (!emailMessage) throw new Error('there is no message');
    const subject = emailMessage.replySuggestion?.subject ?? '';
    const reply = { replyToMessageUid: id, to: ['maria@acme.example'], subject, bodyText: 'No.' };
    const { outboundEmail } = expectType(await send(t, tenant, { reply }), 'SendEmailPayload');
    expect(outboundEmail.status).toBe('SENT');
    const [copy] = sentFrom(t, tenant.email);
    const head = copy?.raw.toString().split('\r\n\r\n')[0] ?? '';
    const fields = head.split(/\r\n(?![ \t])/).map((field) => field.slice(0, field.indexOf(':')).toLowerCase());
    expect(new Set(fields).size).toBe(fields.length);
    expect(fields).not.toContain('bcc');
    expect(head).not.toMatch(/[^\P{Cc}\r\n\t]/u);
    expect(head).not.toMatch(/\r(?!\n)|(?<!\r)\n/);
    expect(Math.max(...head.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(998);
  });
});

it('a message whose Message-ID is longer than a line may be is stored, cut, and can be answered', async () => {
  const { id, messageId } = await receiveRaw(
    `From: Eve <eve@evil.example>\r\nMessage-ID: <${'x'.repeat(10_000)}@x>\r\n\r\n`,
  );
  expect(messageId).toBe(`<${'x'.repeat(249)}`);
  const reply = { replyToMessageUid: id, to: ['maria@acme.example'], subject: 'Re: Hello', bodyText: 'No.' };
  expect((await accepted(t, tenant, { reply })).outboundEmail).toMatchObject({ status: 'SENT', threading: 'NATIVE' });
});

describe('the sent copy of an email', () => {
  it('is one message, however early a sync sees it', async () => {
    await syncWholly(t, tenant);
    const held = t.sandbox.admin.hold('drafts.send', { mailbox: tenant.email, when: 'after' });
    const sending = accepted(t, tenant, fresh(tenant, createRecipient(t, tenant)));
    await held.arrived;
    await syncWholly(t, tenant);
    const early = await t.app.db.emailMessage.findMany({ where: { accountId: tenant.accountId } });
    held.release();
    const { outboundEmail } = await sending;
    expect(outboundEmail.status).toBe('SENT');
    expect(early).toMatchObject([{ direction: 'OUTBOUND', outboundEmailId: outboundEmail.uid }]);
    await fetchSentCopy(t, tenant, outboundEmail.uid);
    await syncWholly(t, tenant);
    expect(await mailboxHere(t, tenant)).toEqual(mailboxInGmail(t, tenant));
    expect(await wrongConversations(t, tenant)).toEqual([]);
  });

  it('is one message, when a sync and its reading back store it at the same time', async () => {
    await syncWholly(t, tenant);
    const maria = createRecipient(t, tenant);
    for (let n = 0; n < 12; n++) {
      const [{ outboundEmail }] = await Promise.all([accepted(t, tenant, fresh(tenant, maria)), syncAtOnce()]);
      await Promise.all([fetchSentCopy(t, tenant, outboundEmail.uid), syncAtOnce()]);
    }
    await syncWholly(t, tenant);
    expect(await mailboxHere(t, tenant)).toEqual(mailboxInGmail(t, tenant));
    const stored = await t.app.db.emailMessage.findMany({ where: { accountId: tenant.accountId } });
    expect(new Set(stored.map(({ outboundEmailId }) => outboundEmailId)).size).toBe(12);
    expect(await wrongConversations(t, tenant)).toEqual([]);
  });

  const syncAtOnce = () => syncWholly(t, tenant);

  it('of an unknown outcome proves that it was sent, and its bounce counts at once', async () => {
    await syncWholly(t, tenant);
    t.sandbox.admin.fault({ call: 'drafts.send', mailbox: tenant.email, when: 'after', effect: { kind: 'reset' } });
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, 'bounce@acme.example'));
    expect(outboundEmail.status).toBe('UNCONFIRMED');
    await syncWholly(t, tenant);
    expect(await mailboxHere(t, tenant)).toEqual(mailboxInGmail(t, tenant));
    const email = await bouncesOf(t, tenant, outboundEmail.uid);
    expect(email.status).toBe('BOUNCED');
    expect(email.bounces).toHaveLength(1);
  });
});

it("what is sent in Gmail's own pages belongs to its conversation, and is neither a reply nor an email of ours", async () => {
  const maria = createRecipient(t, tenant);
  const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
  const { conversation, messageId } = await fetchSentCopy(t, tenant, outboundEmail.uid);
  const lines = [`From: ${tenant.email}`, `To: ${maria}`, 'Subject: Re: Invoice 7', `References: ${messageId}`];
  // Its author has copied our header with the rest.
  const raw = [...lines, `X-Epistle-Id: ${outboundEmail.uid}`, '', 'By hand.'].join('\r\n');
  const { data } = await gmailOf(t, tenant).messages.send({
    userId: 'me',
    requestBody: { raw: Buffer.from(raw).toString('base64url'), threadId: conversation.providerThreadId },
  });
  await syncWholly(t, tenant);
  const stored = await t.app.db.emailMessage.findFirstOrThrow({ where: { providerMessageId: data.id ?? '' } });
  expect(stored).toMatchObject({ conversationId: conversation.uid, direction: 'OUTBOUND', outboundEmailId: null });
  expect(await bouncesOf(t, tenant, outboundEmail.uid)).toMatchObject({
    conversation: { messageCount: 2, hasReply: false },
    message: { uid: expect.not.stringMatching(stored.id) },
  });
});
