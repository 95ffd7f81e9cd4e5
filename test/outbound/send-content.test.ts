import { beforeEach, describe, expect, it } from 'vitest';
import type { SandboxMessage } from '../../sandbox/admin.ts';
import type { SendFreshInput } from '../generated/graphql.ts';
import { createTenant, type Tenant, useTestApp } from '../support/harness.ts';
import { accepted, createRecipient, fetchSentCopy, fresh, onlyMail, parse, record } from '../support/mail.ts';

let tenant: Tenant;
let maria: string;

const t = useTestApp();
beforeEach(async () => {
  tenant = await createTenant(t);
  maria = createRecipient(t, tenant);
});

async function arrived(changes: Partial<SendFreshInput>) {
  const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria, changes));
  const mail = onlyMail(t, maria);
  return { uid: outboundEmail.uid, mail, parsed: await parse(mail) };
}

/** The media types of a message's parts, in order of appearance. */
function mediaTypes(mail: SandboxMessage): string[] {
  const types = mail.raw.toString('latin1').matchAll(/^content-type: ([\w/-]+)/gim);
  return Array.from(types, ([, type = '']) => type.toLowerCase());
}

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const image = { filename: 'logo.png', contentType: 'image/png', dataBase64: PIXEL, contentId: 'logo@epistle' };
const pdf = { filename: 'invoice.pdf', contentType: 'application/pdf', dataBase64: 'JVBERi0xLjc=' };
const html = '<p>Grüße <b>aus</b> Köln</p>';

describe('the form of an email', () => {
  it('with text only is that text', async () => {
    const { mail, parsed } = await arrived({ bodyText: 'One\nTwo\n\n  Three  ' });
    expect(mediaTypes(mail)).toEqual(['text/plain']);
    expect(parsed.text?.replace(/\n$/, '')).toBe('One\nTwo\n\n  Three  ');
    expect(parsed.html).toBeUndefined();
  });

  it('with html only is that html', async () => {
    const { mail, parsed } = await arrived({ bodyText: null, bodyHtml: html });
    expect(mediaTypes(mail)).toEqual(['text/html']);
    expect(parsed.html?.trim()).toBe(html);
  });

  it('with both offers them as alternatives, the html last', async () => {
    const { mail, parsed } = await arrived({ bodyText: 'Grüße', bodyHtml: html });
    expect(mediaTypes(mail)).toEqual(['multipart/alternative', 'text/plain', 'text/html']);
    expect([parsed.text?.trim(), parsed.html?.trim()]).toEqual(['Grüße', html]);
  });

  it('with an inline image keeps it beside the html that shows it', async () => {
    const bodyHtml = '<p><img src="cid:logo@epistle" alt=""></p>';
    const { mail, parsed } = await arrived({ bodyText: null, bodyHtml, attachments: [image] });
    expect(mediaTypes(mail)).toEqual(['multipart/related', 'text/html', 'image/png']);
    const [logo] = parsed.attachments;
    expect(logo).toMatchObject({ contentId: '<logo@epistle>', disposition: 'inline', mimeType: 'image/png' });
    expect(Buffer.from(logo?.content as ArrayBuffer).toString('base64')).toBe(PIXEL);
  });

  it('with all of them is mixed, with alternatives, with an image beside the html', async () => {
    const bodyHtml = '<p><img src="cid:logo@epistle" alt=""></p>';
    const { mail, parsed } = await arrived({ bodyHtml, attachments: [image, pdf] });
    expect(mediaTypes(mail)).toEqual([
      'multipart/mixed',
      'multipart/alternative',
      'text/plain',
      'multipart/related',
      'text/html',
      'image/png',
      'application/pdf',
    ]);
    expect(parsed.attachments.map(({ filename }) => filename)).toEqual(['logo.png', 'invoice.pdf']);
  });

  it('may be a file without a word, or nothing but its subject', async () => {
    const { parsed } = await arrived({ bodyText: null, attachments: [pdf] });
    expect(parsed.attachments.map(({ filename }) => filename)).toEqual(['invoice.pdf']);
    expect(parsed.text?.trim() ?? '').toBe('');
    const { outboundEmail } = await accepted(t, tenant, fresh(tenant, maria, { bodyText: '' }));
    expect(await record(t, tenant, outboundEmail.uid)).toMatchObject({ status: 'SENT', bodyText: '', bodyHtml: null });
  });

  it('has lines that every mail server takes', async () => {
    const { mail } = await arrived({
      bodyText: `${'word '.repeat(2_000)}\r\n.\r\nFrom here`,
      subject: 'long '.repeat(150),
    });
    const lines = mail.raw.toString('latin1').split('\r\n');
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(998);
    expect(mail.raw.toString('latin1').replaceAll('\r\n', '')).not.toMatch(/[\r\n\x80-\xff]/);
    expect((await parse(mail)).text).toContain('\n.\nFrom here');
  });
});

describe('any script', () => {
  it.each([
    ['emoji', '🎉 Rechnung 👩‍👩‍👧‍👦 bezahlt 🇩🇪'],
    ['Hebrew and Arabic', 'חשבונית 7 — فاتورة رقم ٧'],
    ['Chinese, Japanese, Korean', '发票七 請求書 송장 𠮷野家'],
    ['German, Polish, Vietnamese', 'Grüße, zażółć gęślą jaźń, Hóa đơn số bảy'],
    ['quotes, backslashes and brackets', '"Say \\"hi\\"" <b>&amp;</b>; a=b'],
  ])('of %s survives in subject, bodies, file name and record', async (_name, words) => {
    const attachments = [{ ...pdf, filename: `${words}.pdf` }];
    const { uid, parsed } = await arrived({
      subject: words,
      bodyText: words,
      bodyHtml: `<p>${words}</p>`,
      attachments,
    });
    expect(parsed.subject).toBe(words);
    expect(parsed.text?.trim()).toBe(words);
    expect(parsed.html?.trim()).toBe(`<p>${words}</p>`);
    expect(parsed.attachments.map(({ filename }) => filename)).toEqual([`${words}.pdf`]);
    const email = await fetchSentCopy(t, tenant, uid);
    expect(email).toMatchObject({ subject: words, bodyText: words, attachments: [{ filename: `${words}.pdf` }] });
    expect(email.message).toMatchObject({ subject: words, attachments: [{ filename: `${words}.pdf` }] });
    expect(email.message.bodyText?.trim()).toBe(words);
    expect(email.conversation.subject).toBe(words);
  });

  it('that looks like an encoded word is not decoded in the subject', async () => {
    const subject = '=?UTF-8?Q?=41?= is no A';
    const { uid, parsed } = await arrived({ subject });
    expect(parsed.subject).toBe(subject);
    expect((await fetchSentCopy(t, tenant, uid)).message.subject).toBe(subject);
  });

  it('of a domain arrives as DNS has it', async () => {
    const { parsed, uid } = await arrived({ to: [maria, 'info@münchen.example'] });
    expect(parsed.to?.map(({ address }) => address)).toEqual([maria, 'info@xn--mnchen-3ya.example']);
    expect((await record(t, tenant, uid)).to).toEqual([maria, 'info@xn--mnchen-3ya.example']);
  });
});

describe('what a client writes', () => {
  it('is never a header', async () => {
    const bodyText = 'Bcc: e@e.example\r\n\r\nX-Epistle-Id: none\n';
    const { uid, mail, parsed } = await arrived({ bodyText, subject: 'Bcc: e@e.example' });
    expect(mail.header('X-Epistle-Id')).toBe(uid);
    expect(mail.header('Bcc')).toBeNull();
    expect(parsed.text?.trim()).toBe('Bcc: e@e.example\n\nX-Epistle-Id: none');
  });

  it('cannot change the sender', async () => {
    const { mail } = await arrived({ replyTo: ['ceo@example.com'] });
    expect(mail.header('From')).toBe(`Billing <${tenant.email}>`);
    expect(mail.header('Reply-To')).toBe('ceo@example.com');
    expect(mail.header('Sender')).toBeNull();
  });
});
