import type { gmail_v1 } from '@googleapis/gmail';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sandboxGmailClient } from '../../sandbox/client.ts';
import { type Sandbox, startSandbox } from '../../sandbox/server.ts';

const ANNA = 'anna@acme.test';

let clock: number;
let sandbox: Sandbox;
let anna: gmail_v1.Gmail;

beforeEach(async () => {
  clock = Date.UTC(2026, 10, 3, 10);
  sandbox = await startSandbox({ now: () => new Date(clock) });
  sandbox.admin.createMailbox({ email: ANNA, displayName: 'Anna' });
  anna = sandboxGmailClient(sandbox, ANNA);
});

afterEach(async () => {
  await sandbox.close();
});

/** Arrives a second after the one before. */
function arrives(lines: readonly string[], options: { spam?: boolean } = {}): { id: string; threadId: string } {
  clock += 1_000;
  const raw = lines.join('\r\n');
  const [copy] = sandbox.admin.deliverExternal({ from: 'carl@customer.test', to: ANNA, raw, ...options });
  if (copy === undefined) throw new Error('Nobody received it.');
  return copy;
}

function mail(subject: string, ...headers: string[]): { id: string; threadId: string } {
  return arrives([
    'From: Carl <carl@customer.test>',
    `To: ${ANNA}`,
    `Subject: ${subject}`,
    ...headers,
    '',
    'Hello Anna',
  ]);
}

function decoded(part: gmail_v1.Schema$MessagePart | undefined): string {
  return Buffer.from(part?.body?.data ?? '', 'base64url').toString();
}

async function full(id: string): Promise<gmail_v1.Schema$Message> {
  return (await anna.users.messages.get({ userId: 'me', id })).data;
}

async function listed(options: Omit<gmail_v1.Params$Resource$Users$Messages$List, 'userId'>): Promise<string[]> {
  const { data } = await anna.users.messages.list({ userId: 'me', ...options });
  return (data.messages ?? []).map(({ id }) => id ?? '');
}

const MULTIPART = [
  'From: carl@customer.test',
  `To: ${ANNA}`,
  'Subject: Documents',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary="outer"',
  '',
  'preamble',
  '--outer',
  'Content-Type: multipart/alternative; boundary=inner',
  '',
  '--inner',
  'Content-Type: text/plain; charset=iso-8859-1',
  'Content-Transfer-Encoding: quoted-printable',
  '',
  'Sch=F6ne Gr=FC=DFe & <more>',
  'and a line that is =',
  'folded',
  '--inner',
  'Content-Type: text/html; charset=utf-8',
  '',
  '<p>Schöne Grüße</p>',
  '--inner--',
  '--outer',
  "Content-Type: application/pdf; name*0*=utf-8''R%C3%A9su; name*1*=m%C3%A9.pdf",
  'Content-Disposition: attachment',
  'Content-Transfer-Encoding: base64',
  '',
  'JVBER',
  'i0xLjc=',
  '--outer--',
  'epilogue',
];

describe('messages.get', () => {
  it('gives the payload tree of a multipart message, text in UTF-8, attachments by id', async () => {
    const { payload, ...message } = await full(arrives(MULTIPART).id);
    expect(message).toMatchObject({
      labelIds: ['UNREAD', 'INBOX'],
      internalDate: `${clock}`,
      snippet: 'Schöne Grüße &amp; &lt;more&gt; and a line that is folded',
    });
    const [alternative, pdf] = payload?.parts ?? [];
    expect(payload).toMatchObject({ partId: '', mimeType: 'multipart/mixed', filename: '', body: { size: 0 } });
    expect(alternative?.parts?.map(({ partId, mimeType }) => [partId, mimeType])).toEqual([
      ['0.0', 'text/plain'],
      ['0.1', 'text/html'],
    ]);
    expect(decoded(alternative?.parts?.[0])).toBe('Schöne Grüße & <more>\r\nand a line that is folded');
    expect(alternative?.parts?.[0]?.headers).toContainEqual({
      name: 'Content-Type',
      value: 'text/plain; charset=iso-8859-1',
    });
    expect(decoded(alternative?.parts?.[1])).toBe('<p>Schöne Grüße</p>');
    expect(pdf).toMatchObject({ partId: '1', filename: 'Résumé.pdf', body: { size: 8 } });
    expect(pdf?.body?.data).toBeUndefined();
  });

  it('names an attachment differently at each read; every name gives its bytes', async () => {
    const { id } = arrives(MULTIPART);
    const reads = [await full(id), await full(id)];
    const names = reads.map(({ payload }) => payload?.parts?.[1]?.body?.attachmentId ?? '');
    expect(names[0]).not.toBe(names[1]);
    for (const name of names) {
      const { data } = await anna.users.messages.attachments.get({ userId: 'me', messageId: id, id: name });
      expect(data).toEqual({ size: 8, data: Buffer.from('%PDF-1.7').toString('base64url') });
    }
    const unknown = anna.users.messages.attachments.get({ userId: 'me', messageId: id, id: 'nonsense' });
    await expect(unknown).rejects.toMatchObject({ status: 400 });
  });

  it('gives only the headers asked for as metadata, unfolded, whatever their case', async () => {
    const { id } = mail('Long', 'X-Folded: one', '\ttwo');
    const { data } = await anna.users.messages.get({
      userId: 'me',
      id,
      format: 'metadata',
      metadataHeaders: ['x-folded', 'MESSAGE-ID'],
    });
    expect(data.payload?.headers).toEqual([
      { name: 'Message-Id', value: expect.stringMatching(/^<.+>$/) },
      { name: 'X-Folded', value: 'one\ttwo' },
    ]);
  });

  it('gives the whole message as raw, and no content as minimal', async () => {
    const { id } = mail('Plain');
    const raw = (await anna.users.messages.get({ userId: 'me', id, format: 'raw' })).data.raw ?? '';
    const text = Buffer.from(raw, 'base64url').toString();
    expect(text).toMatch(/^Delivered-To: anna@acme.test\r\n/);
    expect(text).toMatch(/\r\n\r\nHello Anna$/);
    const { data } = await anna.users.messages.get({ userId: 'me', id, format: 'minimal' });
    expect(Object.keys(data).sort()).toEqual(
      ['historyId', 'id', 'internalDate', 'labelIds', 'sizeEstimate', 'snippet', 'threadId'].sort(),
    );
  });

  it.each([
    ['no blank line', 'Subject: only a header'],
    ['no header', '\r\njust a body'],
    ['no boundary', 'Content-Type: multipart/mixed\r\n\r\n--x\r\n\r\nlost'],
    ['a boundary that never closes', 'Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\ncut of'],
    [
      'an unknown charset and encoding',
      'Content-Type: text/plain; charset=klingon\r\nContent-Transfer-Encoding: odd\r\n\r\nhi',
    ],
    ['bare line feeds', 'Subject: unix\n\nbody\n'],
    ['no text at all', ''],
    ['a content type that is none', 'Content-Type: ;;;"\r\n\r\nhi'],
    ['itself for ever', `${'Content-Type: message/rfc822\r\n\r\n'.repeat(100)}end`],
  ])('survives a message with %s', async (_, raw) => {
    const { id } = arrives([raw]);
    expect((await full(id)).payload).toMatchObject({ partId: '' });
  });

  it('reads 35 MB of hostile input in linear time', async () => {
    const multipart = 'Content-Type: multipart/mixed; boundary=x\r\n\r\n';
    const quoted = 'Content-Type: text/plain; charset=koi8-r\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n';
    for (const [head, filler] of [
      [multipart, '--x\r\n'],
      [multipart, '--xy\r\n'],
      [multipart, '\n\n'],
      [quoted, ' '],
      [quoted, '=\r\n'],
    ] as const) {
      const { id } = arrives([head + filler.repeat(35_000_000 / filler.length)]);
      expect((await full(id)).sizeEstimate).toBeGreaterThan(34_000_000);
    }
  });
});

describe('messages.list', () => {
  it('pages newest first, and new mail does not shift the pages', async () => {
    const ids = ['a', 'b', 'c', 'd', 'e'].map((subject) => mail(subject).id);
    const { data } = await anna.users.messages.list({ userId: 'me', maxResults: 2 });
    expect(data.messages?.map(({ id }) => id)).toEqual([ids[4], ids[3]]);
    mail('arrives in between');
    const rest = await listed({ maxResults: 3, pageToken: data.nextPageToken ?? '' });
    expect(rest).toEqual([ids[2], ids[1], ids[0]]);
  });

  it('finds by label and date, and refuses other searches', async () => {
    const invoice = mail('Invoice').id;
    clock += 24 * 60 * 60 * 1_000;
    const order = mail('Order').id;
    await anna.users.messages.modify({ userId: 'me', id: order, requestBody: { removeLabelIds: ['UNREAD'] } });
    await expect(listed({ q: 'rfc822msgid:known@customer.test' })).rejects.toMatchObject({ status: 400 });
    expect(await listed({ q: 'in:inbox is:unread' })).toEqual([invoice]);
    expect(await listed({ q: '-label:unread' })).toEqual([order]);
    expect(await listed({ q: 'after:2026/11/4' })).toEqual([order]);
    expect(await listed({ q: `before:${Math.floor(clock / 1_000)}` })).toEqual([invoice]);
    expect(await listed({ labelIds: ['INBOX', 'UNREAD'] })).toEqual([invoice]);
  });

  it('leaves out Spam and Trash unless asked', async () => {
    const spam = arrives(['Subject: Win', '', 'You won'], { spam: true }).id;
    const trash = mail('Old').id;
    const inbox = mail('New').id;
    await anna.users.messages.trash({ userId: 'me', id: trash });
    expect(await listed({})).toEqual([inbox]);
    expect(await listed({ q: 'in:spam' })).toEqual([spam]);
    expect(await listed({ includeSpamTrash: true })).toEqual([inbox, trash, spam]);
    await anna.users.messages.untrash({ userId: 'me', id: trash });
    expect(await listed({})).toEqual([inbox, trash]);
  });

  it('does not find a new message by search while the index lags, though a plain list shows it', async () => {
    sandbox.admin.setSearchLagMs(60_000);
    const { id } = mail('Fresh');
    expect(await listed({ q: 'in:inbox' })).toEqual([]);
    expect(await listed({})).toEqual([id]);
    clock += 60_000;
    expect(await listed({ q: 'in:inbox' })).toEqual([id]);
  });
});

describe('threads', () => {
  it('are given oldest first', async () => {
    const first = mail('Topic', 'Message-ID: <one@customer.test>');
    mail('Other');
    const reply = mail('Re: Topic', 'In-Reply-To: <one@customer.test>');
    expect(reply.threadId).toBe(first.threadId);
    const { data: thread } = await anna.users.threads.get({ userId: 'me', id: first.threadId, format: 'minimal' });
    expect(thread.messages?.map(({ id }) => id)).toEqual([first.id, reply.id]);
  });

  it('answers 404 for a thread of nobody', async () => {
    const thread = anna.users.threads.get({ userId: 'me', id: '1234567890abcdef' });
    await expect(thread).rejects.toMatchObject({ status: 404 });
  });
});

describe('history.list', () => {
  async function historyId(): Promise<string> {
    return (await anna.users.getProfile({ userId: 'me' })).data.historyId ?? '';
  }

  it('tells what happened after the id, in order', async () => {
    const startHistoryId = await historyId();
    const { id } = mail('Hello');
    await anna.users.messages.modify({ userId: 'me', id, requestBody: { removeLabelIds: ['UNREAD'] } });
    await anna.users.messages.trash({ userId: 'me', id });
    const { data } = await anna.users.history.list({ userId: 'me', startHistoryId });
    const changes = (data.history ?? []).map(({ id: _, messages: __, ...change }) => change);
    expect(changes).toMatchObject([
      { messagesAdded: [{ message: { id, labelIds: ['UNREAD', 'INBOX'] } }] },
      { labelsRemoved: [{ labelIds: ['UNREAD'], message: { id, labelIds: ['INBOX'] } }] },
      { labelsAdded: [{ labelIds: ['TRASH'] }] },
      { labelsRemoved: [{ labelIds: ['INBOX'] }] },
    ]);
    expect(data.historyId).toBe(await historyId());
    const { data: nothing } = await anna.users.history.list({ userId: 'me', startHistoryId: data.historyId ?? '' });
    expect(nothing.history).toBeUndefined();
  });

  it('shows the saving of a draft as a delete and an add, and keeps naming messages that are gone', async () => {
    const message = { raw: Buffer.from('Subject: x\r\n\r\ny').toString('base64url') };
    const { data: draft } = await anna.users.drafts.create({ userId: 'me', requestBody: { message } });
    const startHistoryId = await historyId();
    await anna.users.drafts.update({ userId: 'me', id: draft.id ?? '', requestBody: { message } });
    await anna.users.drafts.delete({ userId: 'me', id: draft.id ?? '' });
    const { data } = await anna.users.history.list({ userId: 'me', startHistoryId });
    const kinds = data.history?.map((record) => Object.keys(record).at(-1));
    expect(kinds).toEqual(['messagesDeleted', 'messagesAdded', 'messagesDeleted']);
  });

  it('pages', async () => {
    const startHistoryId = await historyId();
    const ids = ['a', 'b', 'c'].map((subject) => mail(subject).id);
    const options = { userId: 'me', startHistoryId, maxResults: 2 };
    const { data } = await anna.users.history.list(options);
    const { data: rest } = await anna.users.history.list({ ...options, pageToken: data.nextPageToken ?? '' });
    const added = [...(data.history ?? []), ...(rest.history ?? [])].map(({ messages }) => messages?.[0]?.id);
    expect(added).toEqual(ids);
    expect(rest.nextPageToken).toBeUndefined();
  });

  it('answers 404 for an id that has expired or was never given out', async () => {
    const startHistoryId = await historyId();
    mail('Hello');
    sandbox.admin.expireHistory(ANNA);
    for (const id of [startHistoryId, '1', '99999999999999999999']) {
      const history = anna.users.history.list({ userId: 'me', startHistoryId: id });
      await expect(history).rejects.toMatchObject({ status: 404 });
    }
  });
});

describe('messages.delete', () => {
  it('needs full access, and removes the message for good', async () => {
    const { id } = mail('Hello');
    await expect(anna.users.messages.delete({ userId: 'me', id })).rejects.toMatchObject({ status: 403 });
    const owner = sandboxGmailClient(sandbox, ANNA, ['https://mail.google.com/']);
    await owner.users.messages.delete({ userId: 'me', id });
    expect(sandbox.admin.messages(ANNA)).toEqual([]);
  });
});

describe('labels', () => {
  it('lists the system labels and refuses a label that Gmail sets itself', async () => {
    const { data } = await anna.users.labels.list({ userId: 'me' });
    expect(data.labels?.map(({ id }) => id)).toEqual(expect.arrayContaining(['INBOX', 'SENT', 'DRAFT', 'TRASH']));
    const { id } = mail('Hello');
    const modified = anna.users.messages.modify({ userId: 'me', id, requestBody: { addLabelIds: ['SENT'] } });
    await expect(modified).rejects.toMatchObject({ status: 400, message: 'Invalid label: SENT' });
  });

  it('changes many messages at once', async () => {
    const ids = [mail('a').id, mail('b').id];
    await anna.users.messages.batchModify({ userId: 'me', requestBody: { ids, removeLabelIds: ['UNREAD'] } });
    expect(sandbox.admin.messages(ANNA).map(({ labelIds }) => labelIds)).toEqual([['INBOX'], ['INBOX']]);
  });
});

describe('the account', () => {
  it('counts messages and threads in its profile', async () => {
    mail('Hello');
    const { data } = await anna.users.getProfile({ userId: ANNA });
    expect(data).toMatchObject({ emailAddress: ANNA, messagesTotal: 1, threadsTotal: 1 });
    expect(BigInt(data.historyId ?? '0') > BigInt(Number.MAX_SAFE_INTEGER)).toBe(true);
  });

  it('lists the addresses it may send from', async () => {
    const aliases = [{ email: 'sales@acme.test', displayName: 'Sales', accepted: false }];
    sandbox.admin.createMailbox({ email: ANNA, displayName: 'Anna', aliases });
    const { data } = await anna.users.settings.sendAs.list({ userId: 'me' });
    expect(data.sendAs).toMatchObject([
      { sendAsEmail: ANNA, displayName: 'Anna', isPrimary: true },
      { sendAsEmail: 'sales@acme.test', verificationStatus: 'pending' },
    ]);
  });

  it('accepts a watch for seven days', async () => {
    const { data } = await anna.users.watch({ userId: 'me', requestBody: { topicName: 'projects/p/topics/t' } });
    expect(Number(data.expiration)).toBe(clock + 7 * 24 * 60 * 60 * 1_000);
  });
});
