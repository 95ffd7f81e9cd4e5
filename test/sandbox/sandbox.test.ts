import { Readable } from 'node:stream';
import type { gmail_v1 } from '@googleapis/gmail';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sandboxGmailClient } from '../../sandbox/client.ts';
import { type Sandbox, startSandbox } from '../../sandbox/server.ts';

const ANNA = 'anna@acme.test';
const BEN = 'ben@acme.test';

let sandbox: Sandbox;
let anna: gmail_v1.Gmail;
let ben: gmail_v1.Gmail;

beforeEach(async () => {
  sandbox = await startSandbox();
  sandbox.admin.createMailbox({
    email: ANNA,
    displayName: 'Anna Adams',
    aliases: [
      { email: 'sales@acme.test', displayName: 'Sales', accepted: true },
      { email: 'pending@acme.test', accepted: false },
    ],
  });
  sandbox.admin.createMailbox({ email: BEN });
  anna = sandboxGmailClient(sandbox, ANNA);
  ben = sandboxGmailClient(sandbox, BEN);
});

afterEach(async () => {
  await sandbox.close();
});

function mime(headers: Record<string, string>, body = 'Hello'): Buffer {
  const all = { From: ANNA, To: BEN, Subject: 'Invoice 7', 'Message-ID': '<mine@epistle.test>', ...headers };
  const lines = Object.entries(all).filter(([, value]) => value !== '');
  return Buffer.from(`${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`);
}

function encoded(headers: Record<string, string> = {}, body?: string): string {
  return mime(headers, body).toString('base64url');
}

async function createDraft(headers: Record<string, string> = {}, threadId?: string) {
  const message = { raw: encoded(headers), ...(threadId === undefined ? {} : { threadId }) };
  const { data } = await anna.users.drafts.create({ userId: 'me', requestBody: { message } });
  return { draftId: data.id ?? '', messageId: data.message?.id ?? '', threadId: data.message?.threadId ?? '' };
}

async function send(headers: Record<string, string> = {}, threadId?: string, client = anna) {
  const requestBody = { raw: encoded(headers), ...(threadId === undefined ? {} : { threadId }) };
  const { data } = await client.users.messages.send({ userId: 'me', requestBody });
  return { id: data.id ?? '', threadId: data.threadId ?? '' };
}

async function sendDraft(draftId: string) {
  const { data } = await anna.users.drafts.send({ userId: 'me', requestBody: { id: draftId } });
  return { id: data.id ?? '', threadId: data.threadId ?? '', labelIds: data.labelIds };
}

async function headerIdOf(client: gmail_v1.Gmail, id: string): Promise<string> {
  const { data } = await client.users.messages.get({
    userId: 'me',
    id,
    format: 'metadata',
    metadataHeaders: ['message-id'],
  });
  return data.payload?.headers?.[0]?.value ?? '';
}

const notFound = { status: 404, message: 'Requested entity was not found.' };

describe('drafts.create', () => {
  it('answers with 16-hex-digit ids and exactly the label DRAFT', async () => {
    const { data } = await anna.users.drafts.create({ userId: 'me', requestBody: { message: { raw: encoded() } } });
    expect(data).toEqual({
      id: expect.stringMatching(/^r\d+$/),
      message: { id: expect.stringMatching(/^[0-9a-f]{16}$/), threadId: data.message?.id, labelIds: ['DRAFT'] },
    });
  });

  it('replaces Message-ID and Date and keeps every other header', async () => {
    const { messageId } = await createDraft({
      Date: 'Thu, 01 Jan 1970 00:00:00 +0000',
      'X-Epistle-Id': 'op-1',
      'In-Reply-To': '<a@b>',
      References: '<a@b>\r\n <c@d>',
    });
    const draft = sandbox.admin.messages(ANNA).find(({ id }) => id === messageId);
    expect(draft?.header('message-id')).toMatch(/^<CA\S+@mail\.gmail\.com>$/);
    expect(draft?.header('date')).not.toContain('1970');
    expect(draft?.header('x-epistle-id')).toBe('op-1');
    expect(draft?.header('in-reply-to')).toBe('<a@b>');
    expect(draft?.header('references')).toBe('<a@b> <c@d>');
  });

  it('takes a message of 30 MB over the upload endpoint, with its thread', async () => {
    const thread = await send();
    const raw = mime({}, 'x'.repeat(30_000_000));
    const { data } = await anna.users.drafts.create(
      {
        userId: 'me',
        requestBody: { message: { threadId: thread.threadId } },
        media: { mimeType: 'message/rfc822', body: Readable.from([raw]) },
      },
      { rootUrl: sandbox.url },
    );
    expect(data.message?.threadId).toBe(thread.threadId);
    expect(sandbox.admin.drafts(ANNA)[0]?.message.raw.length).toBeGreaterThan(30_000_000);
  });

  it('takes an upload without metadata', async () => {
    const { data } = await anna.users.drafts.create(
      { userId: 'me', media: { mimeType: 'message/rfc822', body: mime({}).toString() } },
      { rootUrl: sandbox.url },
    );
    expect(data.message?.labelIds).toEqual(['DRAFT']);
  });

  it('refuses with 413 a JSON body above 5 MB and an upload above 36,700,160 bytes', async () => {
    const raw = encoded({}, 'x'.repeat(4_500_000));
    const json = anna.users.drafts.create({ userId: 'me', requestBody: { message: { raw } } });
    await expect(json).rejects.toMatchObject({ status: 413 });
    const media = { mimeType: 'message/rfc822', body: Readable.from([mime({}, 'x'.repeat(36_700_160))]) };
    const upload = anna.users.drafts.create({ userId: 'me', media }, { rootUrl: sandbox.url });
    await expect(upload).rejects.toMatchObject({ status: 413 });
    expect(sandbox.admin.drafts(ANNA)).toEqual([]);
  });

  it('refuses a raw message that is missing or not base64url', async () => {
    for (const raw of [undefined, 'not base64url!']) {
      const message = raw === undefined ? {} : { raw };
      const created = anna.users.drafts.create({ userId: 'me', requestBody: { message } });
      await expect(created).rejects.toMatchObject({ status: 400 });
    }
  });

  it('refuses a thread id that is malformed, foreign or deleted', async () => {
    await expect(createDraft({}, 'no-thread')).rejects.toMatchObject({
      status: 400,
      message: 'Invalid thread_id value',
    });
    const foreign = await send({ From: BEN, To: 'nobody@else.test' }, undefined, ben);
    await expect(createDraft({}, foreign.threadId)).rejects.toMatchObject(notFound);
    const deleted = await createDraft();
    await anna.users.drafts.delete({ userId: 'me', id: deleted.draftId });
    await expect(createDraft({}, deleted.threadId)).rejects.toMatchObject(notFound);
  });
});

describe('drafts.update', () => {
  it('keeps the draft id and the thread and changes the message id', async () => {
    const before = await createDraft();
    const requestBody = { message: { raw: encoded({ Subject: 'Changed' }) } };
    const { data } = await anna.users.drafts.update({ userId: 'me', id: before.draftId, requestBody });
    expect(data.id).toBe(before.draftId);
    expect(data.message).toMatchObject({ threadId: before.threadId, labelIds: ['DRAFT'] });
    expect(data.message?.id).not.toBe(before.messageId);
    const gone = anna.users.messages.get({ userId: 'me', id: before.messageId });
    await expect(gone).rejects.toMatchObject(notFound);
    expect(sandbox.admin.drafts(ANNA).map(({ message }) => message.header('subject'))).toEqual(['Changed']);
  });
});

describe('drafts.list', () => {
  it('pages newest first', async () => {
    const [first, second, third] = [await createDraft(), await createDraft(), await createDraft()];
    const { data } = await anna.users.drafts.list({ userId: 'me', maxResults: 2 });
    expect(data.drafts?.map(({ id }) => id)).toEqual([third.draftId, second.draftId]);
    const pageToken = data.nextPageToken ?? '';
    const { data: rest } = await anna.users.drafts.list({ userId: 'me', maxResults: 2, pageToken });
    expect(rest.drafts?.map(({ id }) => id)).toEqual([first.draftId]);
    expect(rest.nextPageToken).toBeUndefined();
  });
});

describe('drafts.send', () => {
  it('replaces the draft by a message with a new id and Message-ID in the same thread, labelled SENT', async () => {
    const draft = await createDraft({ 'X-Epistle-Id': 'op-1' });
    const draftHeaderId = await headerIdOf(anna, draft.messageId);
    const sent = await sendDraft(draft.draftId);
    expect(sent).toEqual({ id: expect.any(String), threadId: draft.threadId, labelIds: ['SENT'] });
    expect(sent.id > draft.messageId).toBe(true);
    const sentHeaderId = await headerIdOf(anna, sent.id);
    expect(sentHeaderId).toMatch(/^<CA\S+@mail\.gmail\.com>$/);
    expect(sentHeaderId).not.toBe(draftHeaderId);
    const [copy] = sandbox.admin.messages(BEN);
    expect(copy?.header('message-id')).toBe(sentHeaderId);
    expect(copy?.header('x-epistle-id')).toBe('op-1');
    expect(copy?.labelIds).toEqual(['UNREAD', 'INBOX']);
  });

  it('answers 404 to a second send, and to a get, of the same draft', async () => {
    const { draftId, messageId } = await createDraft();
    await sendDraft(draftId);
    await expect(sendDraft(draftId)).rejects.toMatchObject(notFound);
    await expect(anna.users.drafts.get({ userId: 'me', id: draftId })).rejects.toMatchObject(notFound);
    await expect(anna.users.messages.get({ userId: 'me', id: messageId })).rejects.toMatchObject(notFound);
    expect(sandbox.admin.messages(BEN)).toHaveLength(1);
  });

  it('refuses a draft without recipients and keeps it', async () => {
    const { draftId } = await createDraft({ To: '' });
    await expect(sendDraft(draftId)).rejects.toMatchObject({ status: 400, message: 'Recipient address required' });
    expect(sandbox.admin.drafts(ANNA)).toHaveLength(1);
  });
});

describe('messages.send', () => {
  it('starts a thread whose id equals the message id', async () => {
    const sent = await send();
    expect(sent.threadId).toBe(sent.id);
  });

  it('delivers to To, Cc and Bcc, and shows Bcc to the sender alone', async () => {
    sandbox.admin.createMailbox({ email: 'cleo@acme.test' });
    sandbox.admin.createMailbox({ email: 'dora@acme.test' });
    await send({ To: `"Ben, the boss" <${BEN}>`, Cc: 'cleo@acme.test', Bcc: 'dora@acme.test' });
    for (const email of [BEN, 'cleo@acme.test', 'dora@acme.test']) {
      expect(sandbox.admin.messages(email).map((copy) => copy.header('bcc'))).toEqual([null]);
    }
    expect(sandbox.admin.messages(ANNA).map((copy) => copy.header('bcc'))).toEqual(['dora@acme.test']);
  });

  it('refuses a malformed address, and says which header', async () => {
    await expect(send({ To: 'not an address' })).rejects.toMatchObject({ status: 400, message: 'Invalid To header' });
    await expect(send({ Cc: 'a@b@c' })).rejects.toMatchObject({ status: 400, message: 'Invalid Cc header' });
  });

  it('keeps a From that is the primary address or an accepted alias, rewrites others, fills in a missing one', async () => {
    const primary = 'Anna Adams <anna@acme.test>';
    await send({ From: 'Our Sales <sales@acme.test>' });
    await send({ From: 'pending@acme.test' });
    await send({ From: 'boss@elsewhere.test' });
    await send({ From: '' });
    const senders = sandbox.admin.messages(BEN).map((copy) => copy.header('from'));
    expect(senders).toEqual(['Our Sales <sales@acme.test>', primary, primary, primary]);
  });

  it('stores one message, labelled SENT and INBOX, when a mailbox writes to itself', async () => {
    await send({ To: `${ANNA}, sales@acme.test` });
    expect(sandbox.admin.messages(ANNA).map(({ labelIds }) => labelIds)).toEqual([['UNREAD', 'SENT', 'INBOX']]);
  });

  it('accepts mail to addresses that have no mailbox here', async () => {
    await send({ To: 'customer@elsewhere.test' });
    expect(sandbox.admin.messages(ANNA)).toHaveLength(1);
  });

  it('is refused for another user id', async () => {
    const other = anna.users.messages.send({ userId: BEN, requestBody: { raw: encoded() } });
    await expect(other).rejects.toMatchObject({ status: 403 });
  });
});

describe('threads', () => {
  async function replyFromBen(headers: Record<string, string>) {
    const [original] = sandbox.admin.messages(BEN);
    const reference = original?.header('message-id') ?? '';
    const reply = { From: BEN, To: ANNA, References: reference, 'In-Reply-To': reference, ...headers };
    await send(reply, original?.threadId, ben);
    return sandbox.admin.messages(ANNA).at(-1);
  }

  it('joins a reply with References and the same subject to the recipient’s thread', async () => {
    const sent = await send();
    const reply = await replyFromBen({ Subject: 'Re: invoice 7' });
    expect(reply?.threadId).toBe(sent.threadId);
  });

  it('gives each mailbox its own thread id', async () => {
    const sent = await send();
    expect(sandbox.admin.messages(BEN)[0]?.threadId).not.toBe(sent.threadId);
  });

  it('starts a new thread at the recipient when the subject changed or nothing is referred to', async () => {
    const sent = await send();
    const renamed = await replyFromBen({ Subject: 'Something else' });
    const unreferenced = await replyFromBen({ Subject: 'Re: Invoice 7', References: '', 'In-Reply-To': '' });
    expect(renamed?.threadId).not.toBe(sent.threadId);
    expect(unreferenced?.threadId).not.toBe(sent.threadId);
  });

  it('lets the thread id alone decide in the sender’s mailbox', async () => {
    const sent = await send();
    const reply = await send({ Subject: 'Quite another subject' }, sent.threadId);
    expect(reply.threadId).toBe(sent.threadId);
    const headers = { References: await headerIdOf(anna, sent.id), Subject: 'Re: Invoice 7' };
    const apart = await send(headers);
    expect(apart.threadId).toBe(apart.id);
  });
});

describe('bounces', () => {
  it('answers bounce@ with a report that names the recipient and returns the headers', async () => {
    const sent = await send({ To: 'bounce@customer.test', 'X-Epistle-Id': 'op-9' });
    const bounce = sandbox.admin.messages(ANNA).at(-1);
    const headerId = await headerIdOf(anna, sent.id);
    expect(bounce?.header('from')).toContain('mailer-daemon@googlemail.com');
    expect(bounce?.header('x-failed-recipients')).toBe('bounce@customer.test');
    expect(bounce?.header('in-reply-to')).toBe(headerId);
    expect(bounce?.header('references')).toBe(headerId);
    expect(bounce?.threadId).toBe(sent.threadId);
    const { data } = await anna.users.messages.get({ userId: 'me', id: bounce?.id ?? '' });
    expect(data.payload?.mimeType).toBe('multipart/report');
    const [text, status, original] = data.payload?.parts ?? [];
    expect(text?.mimeType).toBe('text/plain');
    expect(status?.mimeType).toBe('message/delivery-status');
    const attachment = { userId: 'me', messageId: data.id ?? '', id: status?.body?.attachmentId ?? '' };
    const { data: report } = await anna.users.messages.attachments.get(attachment);
    expect(Buffer.from(report.data ?? '', 'base64url').toString()).toContain('Status: 5.1.1');
    expect(original?.mimeType).toBe('message/rfc822');
    expect(original?.parts?.[0]?.headers).toContainEqual({ name: 'X-Epistle-Id', value: 'op-9' });
  });

  it('answers softbounce@ with a delay', async () => {
    await send({ To: 'softbounce@customer.test' });
    const report = sandbox.admin.messages(ANNA).at(-1)?.raw.toString();
    expect(report).toContain('Action: delayed');
    expect(report).toContain('Status: 4.4.1');
  });
});

describe('messages.insert', () => {
  it('keeps Message-ID and delivers to nobody', async () => {
    const { data } = await anna.users.messages.insert({
      userId: 'me',
      requestBody: { raw: encoded(), labelIds: ['INBOX'] },
    });
    expect(await headerIdOf(anna, data.id ?? '')).toBe('<mine@epistle.test>');
    expect(sandbox.admin.messages(BEN)).toEqual([]);
  });
});
