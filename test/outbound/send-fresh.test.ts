import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { createAccount, createInvoice, createTenant, query, type Tenant, useTestApp } from '../support/harness.ts';
import {
  accepted,
  createRecipient,
  eventTypes,
  fetchSentCopy,
  fresh,
  issuesOf,
  onlyMail,
  parse,
  record,
  sentFrom,
} from '../support/mail.ts';
import { InvoiceContact } from '../support/send-documents.ts';

let tenant: Tenant;
let maria: string;

const t = useTestApp();
beforeEach(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
});

describe('a fresh email', () => {
  it('reaches its recipient with the sender, the subject, the text and the id of its record', async () => {
    const { outboundEmail, replayed } = await accepted(t, tenant, fresh(tenant, maria));
    expect(replayed).toBe(false);
    const mail = onlyMail(t, maria);
    expect(mail.header('X-Epistle-Id')).toBe(outboundEmail.uid);
    expect(mail.labelIds).toContain('INBOX');
    const { from, to, subject, text, html } = await parse(mail);
    expect({ from, to, subject }).toEqual({
      from: { address: tenant.email, name: 'Billing' },
      to: [{ address: maria, name: '' }],
      subject: 'Invoice 7',
    });
    expect(text?.trim()).toBe('Please find it here.');
    expect(html).toBeUndefined();
  });

  it('begins a conversation: no reply headers, a thread of its own', async () => {
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
    const mail = onlyMail(t, maria);
    expect([mail.header('In-Reply-To'), mail.header('References')]).toEqual([null, null]);
    expect(outboundEmail).toMatchObject({ status: 'SENT', mode: 'FRESH', threading: 'NEW_THREAD' });
    const [copy] = sentFrom(t, tenant.email);
    expect(outboundEmail).toMatchObject({ providerMessageId: copy?.id, providerThreadId: copy?.threadId });
  });

  it('is recorded with provider ids, its content and its trail, in order', async () => {
    const changes = { cc: ['Copy@Example.COM'], replyTo: ['office@example.com'], bodyHtml: '<p>Here</p>' };
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria, changes));
    const email = await record(t, tenant, outboundEmail.uid);
    expect(email).toMatchObject({
      status: 'SENT',
      fromEmail: tenant.email,
      fromAccount: { uid: tenant.accountId },
      to: [maria],
      cc: ['Copy@example.com'],
      bcc: [],
      replyTo: ['office@example.com'],
      subject: 'Invoice 7',
      bodyText: 'Please find it here.',
      bodyHtml: '<p>Here</p>',
      attempts: 1,
      nextAttemptAt: null,
      failure: null,
      contexts: [],
    });
    expect(Math.abs(Date.now() - Date.parse(String(email.sentAt)))).toBeLessThan(10_000);
    expect(email.events.edges.map(({ node }) => [node.type, node.actor === 'system'])).toEqual([
      ['ACCEPTED', false],
      ['SENDING', true],
      ['SENT', true],
    ]);
    expect(email.events.edges.map(({ node }) => node)).toMatchObject([
      { fromStatus: null, toStatus: 'QUEUED', actor: email.actor },
      { fromStatus: 'QUEUED', toStatus: 'SENDING', detail: { attempt: 1 } },
      { fromStatus: 'SENDING', toStatus: 'SENT', detail: { threading: 'NEW_THREAD' } },
    ]);
    expect(email.actor).toMatch(/^key:[0-9a-f-]{36}$/);
  });

  it('leaves no draft behind in Gmail', async () => {
    await accepted(t, tenant, fresh(tenant, maria));
    expect(t.sandbox.admin.drafts(tenant.email)).toEqual([]);
    expect(t.sandbox.admin.messages(tenant.email)).toHaveLength(1);
  });

  it('has its sent copy stored in its conversation, with the Message-ID that Gmail gave it', async () => {
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria));
    const email = await fetchSentCopy(t, tenant, outboundEmail.uid);
    const given = onlyMail(t, maria).header('Message-ID');
    expect(given).toMatch(/^<CA.*@mail\.gmail\.com>$/);
    expect(email.messageId).toBe(given);
    expect(email.message).toMatchObject({
      direction: 'OUTBOUND',
      messageId: given,
      from: { address: tenant.email, name: 'Billing' },
      subject: 'Invoice 7',
      providerMessageId: email.providerMessageId,
      labels: ['SENT'],
      references: [],
    });
    expect(email.conversation).toMatchObject({
      ownerEmail: tenant.email,
      providerThreadId: email.providerThreadId,
      subject: 'Invoice 7',
      participants: [maria],
      messageCount: 1,
      hasReply: false,
    });
    expect(eventTypes(email)).toEqual(['ACCEPTED', 'SENDING', 'SENT']);
  });

  it('about an invoice links record, conversation and invoice to each other', async () => {
    const { invoiceId } = await createInvoice(t, tenant, 'INV-1');
    const before = await query(t, tenant.key, InvoiceContact, { uid: invoiceId });
    expect(before.invoice).toMatchObject({ lastContactedAt: null, awaitingReply: false });

    const contexts = [{ type: 'invoice', uid: invoiceId }];
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria, { contexts }));
    const email = await fetchSentCopy(t, tenant, outboundEmail.uid);
    expect(email).toMatchObject({
      contexts: [{ __typename: 'Invoice', uid: invoiceId, number: 'INV-1' }],
      conversation: { contexts: [{ __typename: 'Invoice', number: 'INV-1' }] },
    });
    const { invoice } = await query(t, tenant.key, InvoiceContact, { uid: invoiceId });
    expect(invoice).toMatchObject({
      lastContactedAt: email.sentAt,
      awaitingReply: true,
      outboundEmails: { totalCount: 1, edges: [{ node: { uid: email.uid } }] },
      conversations: { totalCount: 1, edges: [{ node: { uid: email.conversation.uid } }] },
    });
  });

  it('leaves from an alias of the account when it is asked for', async () => {
    const email = `sales@alias-of-${tenant.email.replace(/^.*@/, '')}`;
    const accountId = await createAccount(t, tenant.organizationId, `with-alias-${tenant.email}`, { aliases: [email] });
    const input = fresh(tenant, maria, { fromAccountUid: accountId, fromAlias: email.toUpperCase() });
    const { outboundEmail } = await accepted(t, tenant, input);
    expect((await parse(onlyMail(t, maria))).from).toEqual({ address: email, name: 'Billing' });
    expect(await record(t, tenant, outboundEmail.uid)).toMatchObject({ fromEmail: email, status: 'SENT' });
    expect((await fetchSentCopy(t, tenant, outboundEmail.uid)).message.from).toEqual({
      address: email,
      name: 'Billing',
    });
  });

  it('is refused from an address that the account may not use, naming those that it may', async () => {
    const alias = `sales@alias-of-${tenant.email.replace(/^.*@/, '')}`;
    const own = `other-${tenant.email}`;
    const accountId = await createAccount(t, tenant.organizationId, own, { aliases: [alias] });
    const input = fresh(tenant, maria, { fromAccountUid: accountId, fromAlias: 'ceo@example.com' });
    expect(await issuesOf(t, tenant, input)).toEqual([
      `input.fresh.fromAlias: Must be an accepted address of the account: ${own}, ${alias}.`,
    ]);
    expect(t.sandbox.admin.messages(maria)).toEqual([]);
    expect(t.sandbox.admin.messages(own)).toEqual([]);
  });

  it('carries two files byte for byte and lists them with their digests, also at the stored sent copy', async () => {
    const files = [
      { filename: 'invoice.pdf', contentType: 'application/pdf', bytes: Buffer.from('%PDF-1.7\r\n\0\xff', 'latin1') },
      { filename: 'terms.txt', contentType: 'text/plain; charset=utf-8', bytes: Buffer.from('Zahlbar sofort\n') },
    ];
    const attachments = files.map(({ bytes, ...file }) => ({ ...file, dataBase64: bytes.toString('base64') }));
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria, { attachments }));

    const parsed = await parse(onlyMail(t, maria));
    const received = parsed.attachments.map(({ filename, mimeType, disposition, content }) => ({
      filename,
      mimeType,
      disposition,
      bytes: Buffer.from(content as ArrayBuffer),
    }));
    expect(received).toEqual([
      { filename: 'invoice.pdf', mimeType: 'application/pdf', disposition: 'attachment', bytes: files[0]?.bytes },
      { filename: 'terms.txt', mimeType: 'text/plain', disposition: 'attachment', bytes: files[1]?.bytes },
    ]);

    const email = await fetchSentCopy(t, tenant, outboundEmail.uid);
    const listed = files.map(({ filename, bytes }) => ({
      filename,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    }));
    expect(email.attachments).toMatchObject(listed);
    expect(email.message.attachments).toEqual(listed);
    const download = email.attachments[0]?.downloadUrl.replace('http://epistle.test', t.url) ?? '';
    const response = await fetch(download, { headers: { authorization: `Bearer ${tenant.key}` } });
    expect(Buffer.from(await response.arrayBuffer())).toEqual(files[0]?.bytes);
  });

  it('reaches a Bcc recipient, whom nobody else can see', async () => {
    const [cc, hidden] = [createRecipient(t, tenant, 'cc'), createRecipient(t, tenant, 'hidden')];
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria, { cc: [cc], bcc: [hidden] }));
    for (const recipient of [maria, cc]) {
      const mail = onlyMail(t, recipient);
      expect((await parse(mail)).bcc ?? []).toEqual([]);
      expect(mail.raw.toString('latin1')).not.toContain(hidden);
    }
    const copy = onlyMail(t, hidden);
    expect((await parse(copy)).to).toEqual([{ address: maria, name: '' }]);
    expect(copy.header('Bcc')).toBeNull();
    expect(await record(t, tenant, outboundEmail.uid)).toMatchObject({ to: [maria], cc: [cc], bcc: [hidden] });
  });

  it('may have nobody but Bcc recipients', async () => {
    const input = fresh(tenant, maria, { to: [], bcc: [maria] });
    const { outboundEmail } = await accepted(t, tenant, input);
    expect(outboundEmail.status).toBe('SENT');
    expect(onlyMail(t, maria).header('X-Epistle-Id')).toBe(outboundEmail.uid);
  });

  it('sent twice without a key is two emails', async () => {
    const first = await accepted(t, tenant, fresh(tenant, maria));
    const second = await accepted(t, tenant, fresh(tenant, maria));
    expect(second.outboundEmail.uid).not.toBe(first.outboundEmail.uid);
    expect(t.sandbox.admin.messages(maria)).toHaveLength(2);
  });
});
