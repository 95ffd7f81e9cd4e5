import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { googleGateway } from '../../src/gmail/google.ts';
import { graphql } from '../generated/gql.ts';
import { importMessage, query, useTenant, useTestApp } from '../support/harness.ts';
import { gmailMessage, store } from '../support/stored.ts';

const CORPUS = path.join(import.meta.dirname, 'mime');

const Read = graphql(`
  query ReadMessage($uid: UUID!) {
    emailMessage(uid: $uid) {
      from { address name }
      to { address }
      cc { address }
      replyTo { address name }
      subject
      snippet
      bodyText
      bodyHtml
      sentAt
      problem
      references
      attachments { filename contentType size }
      conversation { subject participants messageCount }
      replySuggestion(all: true) { to cc subject quotedText quotedHtml }
    }
  }
`);

const t = useTestApp();
const tenant = useTenant(t);

async function readMessage(uid: string) {
  const { emailMessage } = await query(t, tenant.key, Read, { uid });
  if (!emailMessage) throw new Error(`there is no message ${uid}`);
  return emailMessage;
}

/** By mail into the mailbox, through the gateway, into the database, out of GraphQL. */
async function deliver(raw: Buffer | string) {
  const [copy] = t.sandbox.admin.deliverExternal({ from: 'maria@acme.example', to: tenant.email, raw });
  if (copy === undefined) throw new Error('nothing was delivered');
  return readMessage(await importMessage(t, tenant, copy.id));
}

const lines = (...text: string[]) => Buffer.from(text.join('\r\n'));

describe('a mail of the corpus', () => {
  const expected: Record<string, object> = {
    'bad-content-type': { subject: 'bad type', bodyText: 'Hello\r\n', problem: null },
    'bare-lf': { subject: 'bare', bodyText: 'LF only\n' },
    'broken-base64': { subject: 'b64', bodyText: 'Hello world' },
    'broken-quoted-printable': { bodyText: '100% =ZZ grüße =3\r\nsoft break' },
    'empty-boundary': { subject: 'empty boundary' },
    'euc-kr': { subject: '청구서', bodyText: '청구서 결제 안내\r\n', problem: null },
    gb18030: { subject: '发票', bodyText: '关于发票的付款提醒 𠮷\n', problem: null },
    'iso-2022-jp': { subject: '請求書の件', bodyText: '請求書のお支払いについて\r\n', problem: null },
    'koi8-r': { subject: 'Счёт', bodyText: 'Счёт на оплату\r\n', problem: null },
    'latin1-declared-as-utf-8': { bodyText: 'Gr\ufffd\ufffde\r\n', problem: expect.stringContaining('no characters') },
    'missing-boundary': { subject: 'missing boundary' },
    'nested-rfc822': { subject: 'level 19', bodyText: 'level 19', attachments: [{ contentType: 'message/rfc822' }] },
    'no-from': { from: { address: 'unknown' }, subject: 'From nobody' },
    'no-headers': { from: { address: 'unknown' }, subject: '', bodyText: 'Only a body.\r\n' },
    'nul-bytes': { subject: 'ab ab', attachments: [{ filename: 'fg.txt' }] },
    'raw-8bit-headers': { bodyText: 'x\r\n' },
    'several-froms': { from: { address: 'a@one.example' }, subject: 'From many' },
    shift_jis: { subject: '請求書', bodyText: '請求書のお支払いについて\n', problem: null },
    'split-encoded-word': { subject: 'Grüße €' },
    'unclosed-multipart': { bodyText: 'Hello', bodyHtml: '<p>Hel' },
    undisclosed: {
      from: { address: 'maria@acme.example', name: 'A, B' },
      to: [],
      cc: [],
      replyTo: [{ name: 'Müller' }],
    },
    'unknown-charset': { bodyText: 'Déjà vu\r\n', problem: expect.stringContaining('character set') },
    'utf-7': { subject: 'UTF-7', bodyText: 'Grüße\r\n', problem: null },
    'utf-8-declared-as-ascii': { subject: 'Grüße', bodyText: 'Grüße\r\n', problem: null },
    'windows-1252-as-latin1': { bodyText: '“Rechnung” – 10 €\r\n', problem: null },
  };

  it('is expected to be something', () => {
    const names = readdirSync(CORPUS).map((file) => path.basename(file, '.eml'));
    expect(Object.keys(expected).toSorted()).toEqual(names.toSorted());
  });

  it.each(Object.entries(expected))('is read: %s', async (name, what) => {
    expect(await deliver(readFileSync(path.join(CORPUS, `${name}.eml`)))).toMatchObject(what);
  });
});

describe('a mail that is too much', () => {
  it('of 2,000 parts keeps the first 500', async () => {
    const parts = Array.from(
      { length: 2_000 },
      (_, n) => `--b\r\nContent-Type: image/png; name="${n}.png"\r\n\r\n${n}`,
    );
    const read = await deliver(
      lines('From: maria@acme.example', 'Content-Type: multipart/mixed; boundary=b', '', ...parts, '--b--'),
    );
    expect(read.attachments).toHaveLength(500);
    expect(read.attachments[499]).toMatchObject({ filename: '499.png' });
    expect(read.problem).toContain('500 parts');
  });

  it('of 20 MB keeps the beginning of its body, and one of 50 MB its headers', async () => {
    const head = lines('From: maria@acme.example', 'Subject: Large', 'Content-Type: text/plain; charset=utf-8', '', '');
    const cut = await deliver(Buffer.concat([head, Buffer.alloc(20 * 1_048_576, 'xü ')]));
    expect(cut.subject).toBe('Large');
    expect(Buffer.byteLength(cut.bodyText ?? '')).toBeGreaterThan(10_485_700);
    expect(cut.bodyText?.startsWith('xü xü ')).toBe(true);
    expect(cut.bodyText).not.toContain('\ufffd');
    expect(cut.problem).toContain('larger than 10 MB');

    const headOnly = await deliver(Buffer.concat([head, Buffer.alloc(50 * 1_048_576, 'x ')]));
    expect(headOnly).toMatchObject({ from: { address: 'maria@acme.example' }, subject: 'Large', bodyText: null });
    expect(headOnly.problem).toContain('too large');
  });

  it('of header lines of 100 KB is stored, and found by its words', async () => {
    const long = randomBytes(75_000).toString('base64url');
    const read = await deliver(
      lines(
        `From: ${long}@acme.example`,
        `To: joe@acme.example, <${long}@${long}>`,
        `Subject: ${'word '.repeat(20_000)}`,
        `Message-ID: <${long}@x>`,
        `In-Reply-To: <${'ü'.repeat(899)}>`,
        `References: ${Array.from({ length: 3_000 }, (_, n) => `<${n}@acme.example>`).join(' ')}`,
        `X-${long}: ${long}`,
        '',
        'Body.',
      ),
    );
    expect(read.conversation.participants).toEqual(['joe@acme.example']);
    expect(read.references).toHaveLength(100);
    expect([read.references[0], read.references[99]]).toEqual(['<0@acme.example>', '<2999@acme.example>']);
    expect(read.bodyText).toBe('Body.');
  });

  it('of 5,000 nested multiparts is stored', async () => {
    const nested = Array.from(
      { length: 5_000 },
      (_, n) => `Content-Type: multipart/mixed; boundary=b${n}\r\n\r\n--b${n}`,
    );
    const read = await deliver(lines('From: maria@acme.example', 'Subject: Deep', ...nested, '', 'Bottom'));
    expect(read.subject).toBe('Deep');
  });

  it('of 10,000 recipients is stored with 2,000 of them', async () => {
    const to = Array.from({ length: 10_000 }, (_, n) => `u${n}@a.io`).join(',');
    const read = await deliver(lines('From: maria@acme.example', `To: ${to}`, '', 'x'));
    expect(read.to).toHaveLength(2_000);
    expect(read.conversation.participants).toHaveLength(201);
    for (let more = 0; more < 2; more++) {
      const others = Array.from({ length: 500 }, (_, n) => `more-${more}-${n}@a.io`).join(',');
      await deliver(lines('From: maria@acme.example', `To: ${others}`, '', 'x'));
    }
  });
});

describe('what Gmail answers', () => {
  const servers: Server[] = [];
  afterAll(async () => {
    for (const server of servers) await new Promise((resolve) => server.close(resolve));
  });

  /** A Gmail that gives these messages, and every attachment as these bytes; null: it is gone. */
  async function gmailOf(answer: object, attachment: Buffer | null = null) {
    const server = createServer((request, response) => {
      const isAttachment = request.url?.includes('/attachments/');
      response.statusCode = isAttachment && attachment === null ? 404 : 200;
      response.setHeader('content-type', 'application/json');
      const gone = { error: { code: 404, message: 'Not found', errors: [{ reason: 'notFound' }] } };
      response.end(
        JSON.stringify(isAttachment ? (attachment ? { data: attachment.toString('base64url') } : gone) : answer),
      );
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const rootUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    const gateway = googleGateway({ rootUrl, timeoutMs: 5_000, now: () => new Date() });
    const message = await gateway.getMessage({ accountId: 'a', accessToken: async () => 'token' }, 'm');
    if (message === null) throw new Error('there is no message');
    return message;
  }

  let count = 0;
  const answer = (payload: unknown, more: object = {}) => ({
    id: `raw-${++count}`,
    threadId: `raw-${count}`,
    internalDate: '1777629600000',
    payload,
    ...more,
  });
  const headers = [
    { name: 'From', value: 'maria@acme.example' },
    { name: 'Subject', value: 'Hello' },
  ];

  it.each<[string, unknown]>([
    ['no payload', undefined],
    ['a payload that is text', 'garbage'],
    ['null', null],
  ])('with %s is stored with a problem', async (_, payload) => {
    const uid = await store(t, tenant, await gmailOf(answer(payload)));
    expect(await readMessage(uid)).toMatchObject({ subject: '', bodyText: null, problem: 'Gmail gave no content.' });
  });

  it.each<[string, unknown, object]>([
    [
      'parts that are no parts',
      {
        mimeType: 'multipart/mixed',
        headers,
        parts: [null, 7, 'x', { mimeType: 'text/plain', body: { data: 'SGk' } }],
      },
      { subject: 'Hello', bodyText: 'Hi' },
    ],
    [
      'headers that are no headers',
      { mimeType: 'text/plain', headers: [null, { name: 7 }, ...headers], body: { data: '@@@' } },
      { subject: 'Hello' },
    ],
    [
      'lone surrogates',
      {
        mimeType: 'text/plain',
        headers: [...headers, { name: 'Reply-To', value: '"\ud800" <a@b.example>' }],
        filename: '',
        body: { data: 'SGk' },
      },
      { replyTo: [{ name: '\ufffd' }] },
    ],
    [
      'a negative size',
      { mimeType: 'image/png', filename: 'x', headers, body: { size: -1, attachmentId: 'a' } },
      { attachments: [{ size: 0 }] },
    ],
    [
      'a size beyond any',
      { mimeType: 'image/png', filename: 'x', headers, body: { size: 9e12, attachmentId: 'a' } },
      { attachments: [{ size: 2_147_483_647 }] },
    ],
    [
      'a body that is gone',
      { mimeType: 'text/plain', headers, body: { size: 5, attachmentId: 'a' } },
      { bodyText: null, problem: expect.stringContaining('could not be fetched') },
    ],
  ])('with %s is read as far as it goes', async (_, payload, what) => {
    expect(await readMessage(await store(t, tenant, await gmailOf(answer(payload))))).toMatchObject(what);
  });

  it.each([
    ['of 1970', '0', '1970-01-01T00:00:00.000Z'],
    ['before 1970', '-86400000', '1969-12-31T00:00:00.000Z'],
    ['of 2099', '4070908800000', '2099-01-01T00:00:00.000Z'],
    ['beyond every calendar', '99999999999999999', '9999-12-31T23:59:59.999Z'],
  ])('with a date %s is stored', async (_, internalDate, sentAt) => {
    const message = await gmailOf(answer({ mimeType: 'text/plain', headers }, { internalDate }));
    expect((await readMessage(await store(t, tenant, message))).sentAt).toEqual(sentAt);
  });

  it('gives a plain-text snippet', async () => {
    const message = await gmailOf(
      answer({ mimeType: 'text/plain', headers }, { snippet: 'Don&#39;t &lt;pay&gt; &amp;amp; &quot;x&quot;' }),
    );
    expect((await readMessage(await store(t, tenant, message))).snippet).toBe(`Don't <pay> &amp; "x"`);
  });

  it.each<[string, object]>([
    [
      'as parts whose headers are its fields',
      {
        parts: [
          { mimeType: 'text/plain', headers: [{ name: 'Reporting-MTA', value: 'dns; x' }] },
          {
            mimeType: 'text/plain',
            headers: [
              { name: 'Final-Recipient', value: 'rfc822; maria@acme.example' },
              { name: 'Action', value: 'failed' },
              { name: 'Status', value: '5.1.1' },
            ],
          },
        ],
      },
    ],
    ['as an attachment', { body: { size: 99, attachmentId: 'a' } }],
  ])('with a delivery status %s is read as one', async (_, status) => {
    const text =
      'Reporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822;\r\n maria@acme.example\r\nAction: failed\r\nStatus: 5.1.1\r\n';
    const parts = [{ mimeType: 'message/delivery-status', ...status }];
    const { report } = await gmailOf(answer({ mimeType: 'multipart/report', headers, parts }), Buffer.from(text));
    expect(report?.recipients).toEqual([
      { recipient: 'maria@acme.example', original: null, status: '5.1.1', diagnostic: null, permanent: true },
    ]);
  });
});

describe('HTML from a stranger', () => {
  const hostile = [
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '<a href="javascript:alert(1)">pay</a>',
    '<div style="position:fixed;inset:0;background:url(https://evil.example/x)">x</div>',
    '<p>never closed <b>nor this <script>alert(2)',
    '</blockquote></div><svg/onload=alert(3)>',
    '<scr<script>ipt>alert(4)</script>',
    '&lt;script&gt;alert(5)&lt;/script&gt;',
    '<!-- --!><img src=x onerror=alert(6)> -->',
    '<style>*{display:none}</style><title><img src=x onerror=alert(7)></title>',
    '<math><mtext></form><form><mglyph><style></math><img src onerror=alert(8)>',
  ];

  it.each(hostile)('is kept as it came, and quoted without any markup of its own: %s', async (bodyHtml) => {
    const uid = await store(
      t,
      tenant,
      gmailMessage(tenant, { messageId: `html-${hostile.indexOf(bodyHtml)}`, bodyText: null, bodyHtml }),
    );
    const read = await readMessage(uid);
    expect(read.bodyHtml).toBe(bodyHtml);
    expectOnlyOurTags(read.replySuggestion?.quotedHtml ?? '');
  });

  it('is escaped where it stands in the text, the name and the address', async () => {
    const nasty = '"><img src=x onerror=alert(1)>';
    const headers = { From: `"${nasty.replace('"', '')}" <maria@acme.example>` };
    const uid = await store(
      t,
      tenant,
      gmailMessage(tenant, { messageId: 'html-name', headers, bodyText: `${nasty}\n</blockquote><script>` }),
    );
    const { quotedHtml = '' } = (await readMessage(uid)).replySuggestion ?? {};
    expect(quotedHtml).toContain('&lt;img src=x');
    expectOnlyOurTags(quotedHtml);
  });

  /** Whatever else is in it is text: no tag can begin without "<". */
  function expectOnlyOurTags(html: string) {
    const tags = [...html.matchAll(/<[^>]*>?/g)].map(([tag]) => tag);
    const quote = '<blockquote style="margin:0 0 0 .8ex;border-left:1px solid #ccc;padding-left:1ex">';
    expect(new Set(tags)).toEqual(
      new Set(['<div>', '</div>', quote, '</blockquote>', ...(tags.includes('<br>') ? ['<br>'] : [])]),
    );
  }
});
