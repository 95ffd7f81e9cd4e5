import PostalMime from 'postal-mime';
import { describe, expect, it } from 'vitest';
import { type ComposedEmail, composeMessage } from '../../src/email/compose.ts';

const EMAIL: ComposedEmail = {
  opId: '0199f6a0-7b1c-7000-8000-000000000001',
  revision: 1,
  from: { address: 'ann@example.com', name: 'Ann Lee' },
  to: ['bob@example.com'],
  cc: [],
  bcc: [],
  replyTo: [],
  subject: 'Invoice 42',
  bodyText: 'Hello',
  bodyHtml: null,
  attachments: [],
  inReplyTo: null,
  references: [],
  date: new Date('2026-11-05T10:20:30Z'),
};

async function compose(changes: Partial<ComposedEmail>) {
  const composed = await composeMessage({ ...EMAIL, ...changes });
  const mime = Buffer.concat([...composed.chunks()]);
  const raw = mime.toString('latin1');
  const email = await PostalMime.parse(mime);
  const header = (name: string) => email.headers.filter(({ key }) => key === name).map(({ value }) => value);
  return { raw, email, header, body: normalise(email.text ?? '') };
}

/** A parser may end a body with one line break more. */
function normalise(text: string): string {
  return text.replace(/\r\n|\r/g, '\n').replace(/\n$/, '');
}

function attachment(changes: Partial<ComposedEmail['attachments'][number]>) {
  return {
    filename: 'a.bin',
    contentType: 'application/octet-stream',
    bytes: Buffer.from('x'),
    contentId: null,
    ...changes,
  };
}

function bytesOf(content: ArrayBuffer | string | Uint8Array): Buffer {
  return typeof content === 'string' ? Buffer.from(content) : Buffer.from(new Uint8Array(content));
}

describe('composeMessage', () => {
  it('writes every header, Bcc and our op id included, and no X-Mailer', async () => {
    const { email, header } = await compose({
      to: ['bob@example.com', 'eve@example.com'],
      cc: ['carl@münchen.de'],
      bcc: ['dora@example.com'],
      replyTo: ['replies@example.com'],
      inReplyTo: '<2@mail.gmail.com>',
      references: ['<1@mail.gmail.com>', '<2@mail.gmail.com>'],
    });
    expect(email.from).toMatchObject({ address: 'ann@example.com', name: 'Ann Lee' });
    expect(header('to')).toEqual(['bob@example.com, eve@example.com']);
    expect(header('cc')).toEqual(['carl@xn--mnchen-3ya.de']);
    expect(header('bcc')).toEqual(['dora@example.com']);
    expect(header('reply-to')).toEqual(['replies@example.com']);
    expect(header('subject')).toEqual(['Invoice 42']);
    expect(header('date')).toEqual(['Thu, 05 Nov 2026 10:20:30 +0000']);
    expect(header('x-epistle-id')).toEqual([EMAIL.opId]);
    expect(header('in-reply-to')).toEqual(['<2@mail.gmail.com>']);
    expect(header('references')).toEqual(['<1@mail.gmail.com> <2@mail.gmail.com>']);
    expect(header('message-id')).toEqual([expect.stringMatching(/^<[^<>\s]+@example\.com>$/)]);
    expect(header('mime-version')).toEqual(['1.0']);
    expect(header('x-mailer')).toEqual([]);
  });

  it('leaves out the headers that have no value', async () => {
    const { header } = await compose({});
    for (const name of ['cc', 'bcc', 'reply-to', 'in-reply-to', 'references']) expect(header(name)).toEqual([]);
  });

  it.each([
    ['an empty message when there is no body', null, null, 'text/plain', undefined],
    ['text alone', 'Hi', null, 'text/plain', undefined],
    ['html alone', null, '<p>Hi</p>', 'text/html', '<p>Hi</p>'],
    ['both as alternatives', 'Hi', '<p>Hi</p>', 'multipart/alternative', '<p>Hi</p>'],
  ])('writes %s', async (_, bodyText, bodyHtml, contentType, html) => {
    const { header, email, body } = await compose({ bodyText, bodyHtml });
    expect(header('content-type')[0]).toContain(contentType);
    expect(email.html?.trim()).toBe(html);
    if (bodyText !== null) expect(body).toBe(bodyText);
    expect(email.attachments).toEqual([]);
  });

  it('keeps an attachment an attachment when there is no body', async () => {
    const { header, email, body } = await compose({ bodyText: null, attachments: [attachment({ filename: 'a.pdf' })] });
    expect(header('content-type')[0]).toContain('multipart/mixed');
    expect(body).toBe('');
    expect(email.attachments).toMatchObject([{ filename: 'a.pdf', disposition: 'attachment' }]);
  });

  it('puts an image that the html shows beside it, and everything else behind the text', async () => {
    const { email, raw } = await compose({
      bodyHtml: '<img src="cid:logo@x">',
      attachments: [
        attachment({ filename: 'logo.png', contentType: 'image/png', contentId: 'logo@x' }),
        attachment({ filename: 'unused.png', contentType: 'image/png', contentId: 'unused@x' }),
        attachment({ filename: 'terms.pdf', contentType: 'application/pdf' }),
      ],
    });
    expect(raw).toMatch(/multipart\/mixed[\s\S]*multipart\/alternative[\s\S]*multipart\/related/);
    expect(email.attachments).toMatchObject([
      { filename: 'logo.png', disposition: 'inline', related: true, contentId: '<logo@x>' },
      { filename: 'unused.png', disposition: 'attachment', contentId: '<unused@x>' },
      { filename: 'terms.pdf', disposition: 'attachment' },
    ]);
  });

  it('tells content ids apart of which one begins like the other, and reads escaped ones', async () => {
    const image = (contentId: string) => attachment({ filename: contentId, contentType: 'image/png', contentId });
    const { email } = await compose({
      bodyHtml: '<img src="cid:img10"><img src="cid:a&amp;b"><img src="CID:c%25d">',
      attachments: [image('img1'), image('img10'), image('a&b'), image('c%d')],
    });
    const inline = email.attachments.filter(({ disposition }) => disposition === 'inline');
    expect(inline.map(({ filename }) => filename).sort()).toEqual(['a&b', 'c%d', 'img10']);
  });

  it('sends an image with a content id as an attachment when there is no html', async () => {
    const { email, header } = await compose({
      attachments: [attachment({ contentType: 'image/png', contentId: 'logo@x' })],
    });
    expect(header('content-type')[0]).toContain('multipart/mixed');
    expect(email.attachments).toMatchObject([{ disposition: 'attachment', contentId: '<logo@x>' }]);
  });

  it.each([
    ['Größe', 'Jürgen, "der" Große', 'Rechnung – Größe (final); ü.pdf'],
    ['请查收发票', '王小明', '发票 42.pdf'],
    ['فاتورة رقم ٤٢', 'شركة', 'فاتورة.pdf'],
    [`${'🧾 '.repeat(60)}.`, '🧾', '🧾.pdf'],
    [`=?utf-8?Q?not_encoded?= ${'long '.repeat(150)}end`, "O'Neil (CEO)", 'quote\'"percent%20.pdf'],
  ])('carries any script in subject, name and file name: %s', async (subject, name, filename) => {
    const { email, raw } = await compose({
      subject,
      from: { address: 'ann@example.com', name },
      attachments: [attachment({ filename })],
    });
    expect(email.subject).toBe(subject);
    expect(email.from?.name).toBe(name);
    expect(email.attachments[0]?.filename).toBe(filename);
    expect(/[^\0-\x7f]/.test(raw)).toBe(false);
  });

  it.each([
    ['dots at the start of lines', '.\n..\n.dot\n'],
    ['lone CR and LF', 'a\rb\nc\r\nd'],
    ['a NUL and other controls', 'a\0b\x07c\x1bd'],
    ['trailing spaces and tabs', 'a \n\tb\t\n c'],
    ['lines that look like headers and boundaries', 'From me\nBcc: e@example.com\n\n--boundary--\n'],
    ['emoji and joined emoji', '👩‍👩‍👧‍👦 🇨🇭 e\u0301'],
    ['right-to-left text with marks', 'שלום \u202bעולם\u202c مرحبا'],
    ['a line of 5,000 characters', 'word '.repeat(1_000).trim()],
    ['a line of 5,000 characters without a space', '漢'.repeat(5_000)],
    ['equals signs', 'a=3D=\nb=='],
    ['a megabyte', 'Zażółć gęślą jaźń 0123456789.\n'.repeat(30_000)],
  ])('carries %s unchanged', async (_, bodyText) => {
    const { raw, body } = await compose({ bodyText });
    expect(body).toBe(normalise(bodyText));
    expect(raw.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    expect(Math.max(...raw.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(998);
  });

  it('keeps its lines short with a subject of one long word', async () => {
    const subject = 'x'.repeat(998);
    const { raw, email } = await compose({ subject });
    expect(Math.max(...raw.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(998);
    expect(email.subject).toBe(subject);
  });

  it('carries html as it carries text', async () => {
    const bodyHtml = `<p>${'ä€😀'.repeat(2_000)}</p>\r<p>.</p>`;
    const { email } = await compose({ bodyHtml, bodyText: 'x' });
    expect(normalise(email.html ?? '')).toBe(normalise(bodyHtml));
  });

  it.each(['application/pdf', 'text/csv', 'message/rfc822', 'multipart/mixed', 'nonsense'])(
    'carries the bytes of an attachment of type %s unchanged',
    async (contentType) => {
      const bytes = Buffer.from(Array.from({ length: 3_000 }, (_, index) => (index * 7) % 256));
      const { email } = await compose({ attachments: [attachment({ filename: 'x.dat', contentType, bytes })] });
      expect(email.attachments).toHaveLength(1);
      expect(bytesOf(email.attachments[0]?.content ?? '').equals(bytes)).toBe(true);
    },
  );

  it('adds no header and no recipient, whatever a value holds', async () => {
    const evil = 'x\r\nBcc: evil@example.com\r\n\r\n<script>';
    const { header, raw } = await compose({
      opId: evil,
      from: { address: 'ann@example.com', name: evil },
      subject: evil,
      inReplyTo: `<a@b>${evil}`,
      references: [`<a@b>${evil}`],
      bodyHtml: '<img src="cid:x">',
      attachments: [
        attachment({ filename: evil, contentType: `text/plain${evil}`, contentId: `x${evil}` }),
        attachment({
          filename: 'a"\r\nX: y',
          contentType: 'text/plain; name="a"; x="\r\nX: y"',
          contentId: 'x>\r\nX: y',
        }),
      ],
    });
    expect(header('bcc')).toEqual([]);
    expect(raw).not.toMatch(/^(?:Bcc|X):/im);
  });
});
