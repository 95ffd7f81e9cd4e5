import { describe, expect, it } from 'vitest';
import { htmlToText } from '../../src/email/html-text.ts';
import {
  isMessageId,
  parseMessageIds,
  type RepliableMessage,
  replyReferences,
  replySubject,
  replySuggestion,
} from '../../src/email/threading.ts';

const ids = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => `<${from + index}@x>`);

describe('parseMessageIds', () => {
  it.each([
    ['<a@x> <b@y>', ['<a@x>', '<b@y>']],
    ['<a@x>\r\n\t<b@y>', ['<a@x>', '<b@y>']],
    ['<a@x>,<b@y>', ['<a@x>', '<b@y>']],
    ['Your message of Monday <a@x>', ['<a@x>']],
    ['<<a@x>', ['<a@x>']],
    ['<a b@x> none', []],
    [`<${'a'.repeat(2_000)}@x>`, []],
    [null, []],
  ])('reads %j', (header, expected) => {
    expect(parseMessageIds(header)).toEqual(expected);
  });
});

describe('isMessageId', () => {
  it.each([
    "<CA+b=c_d.e!f#g$h%i&j'k*l/m?n^o`p{q|r}s~t@mail.gmail.com>",
    '<"a:b"@x>',
    '<"a\\"b"@x>',
    '<1@[127.0.0.1]>',
    // None of RFC 5322, and all seen: other mail programs thread by them as they are.
    '<a>',
    '<a@b@c>',
    '<a..b@x>',
    '<a:b@x>',
    `<${'a'.repeat(890)}@x>`,
  ])('takes %j', (id) => {
    expect(isMessageId(id)).toBe(true);
  });

  it.each([
    '<müller@x>',
    '<a@münchen.example>',
    '<>',
    '<a<b@x>',
    '<a b@x>',
    'a@x',
    '<a@x',
    '<a@x>\r\nBcc: <b@y>',
    '<a@x>\n',
    '<\u0000a@x>',
    `<${'a'.repeat(900)}@x>`,
  ])('refuses %j', (id) => {
    expect(isMessageId(id)).toBe(false);
  });
});

describe('replyReferences', () => {
  it("is the parent's references and the parent", () => {
    const parent = { messageId: '<3@x>', references: ['<1@x>', '<2@x>'], inReplyTo: '<2@x>' };
    expect(replyReferences(parent)).toEqual(['<1@x>', '<2@x>', '<3@x>']);
  });

  it('is the parent alone when it began the thread', () => {
    expect(replyReferences({ messageId: '<1@x>', references: [], inReplyTo: null })).toEqual(['<1@x>']);
  });

  it('takes In-Reply-To for missing references only when it holds exactly one id', () => {
    const parent = { messageId: '<3@x>', references: [] };
    expect(replyReferences({ ...parent, inReplyTo: '<2@x>' })).toEqual(['<2@x>', '<3@x>']);
    expect(replyReferences({ ...parent, inReplyTo: '<1@x> <2@x>' })).toEqual(['<3@x>']);
  });

  it('leaves out what is no msg-id', () => {
    const references = ['<1@x>', '<zwei@münchen.example>', '<3@x>'];
    expect(replyReferences({ messageId: '<vier@münchen.example>', references, inReplyTo: null })).toEqual([
      '<1@x>',
      '<3@x>',
    ]);
  });

  it('names each message once, the parent last', () => {
    const parent = { messageId: '<2@x>', references: ['<1@x>', '<2@x>', '<1@x>', '<3@x>'], inReplyTo: null };
    expect(replyReferences(parent)).toEqual(['<1@x>', '<3@x>', '<2@x>']);
  });

  it('keeps the first, the last 38 and the parent of a long chain', () => {
    const chain = replyReferences({ messageId: '<101@x>', references: ids(1, 100), inReplyTo: null });
    expect(chain).toEqual(['<1@x>', ...ids(63, 100), '<101@x>']);
    expect(replyReferences({ messageId: '<40@x>', references: ids(1, 39), inReplyTo: null })).toEqual(ids(1, 40));
  });
});

describe('replySubject', () => {
  it.each([
    ['Invoice', 'Re: Invoice'],
    ['Re: Invoice', 'Re: Invoice'],
    ['RE: Invoice', 'RE: Invoice'],
    ['Re[2]: Invoice', 'Re[2]: Invoice'],
    ['AW: Rechnung', 'AW: Rechnung'],
    ['SV: Faktura', 'SV: Faktura'],
    ['回复：发票', '回复：发票'],
    ['Re: RE: AW: Invoice', 'Re: Invoice'],
    ['Fwd: Invoice', 'Re: Fwd: Invoice'],
    ['Reminder: pay', 'Re: Reminder: pay'],
    ['VS: us or them', 'Re: VS: us or them'],
    ['', 'Re:'],
  ])('makes %j into %j', (subject, reply) => {
    expect(replySubject(subject)).toBe(reply);
  });

  it('does not grow past what a subject may be', () => {
    expect(replySubject('x'.repeat(998))).toHaveLength(998);
    expect(replySubject('Re: '.repeat(500_000)).length).toBeLessThanOrEqual(998);
  });

  it.each(['x', 'xx', 'Re: x', 'Re: xx'])('leaves no half of a character where it cuts %sxx…😀', (start) => {
    const subject = `${start}${'x'.repeat(900)}${'😀'.repeat(100)}`;
    expect(replySubject(subject).isWellFormed()).toBe(true);
  });
});

describe('replySuggestion', () => {
  const OWN = ['Me@Example.com', 'alias@example.com'];
  const ann = { address: 'ann@customer.com', name: 'Ann Lee' };
  const me = { address: 'me@example.com', name: null };
  const MESSAGE: RepliableMessage = {
    from: ann,
    to: [me],
    cc: [],
    replyTo: [],
    subject: 'Invoice',
    bodyText: 'Hello\n> earlier\n\nBye\n',
    bodyHtml: null,
    sentAt: new Date('2026-01-15T14:05:59Z'),
  };
  const mailbox = (address: string) => ({ address, name: null });
  const suggest = (changes: Partial<RepliableMessage>, all = false) =>
    replySuggestion({ message: { ...MESSAGE, ...changes }, ownAddresses: OWN, all });

  it('replies to the author', () => {
    expect(suggest({ cc: [mailbox('c@x.com')] })).toMatchObject({
      to: ['ann@customer.com'],
      cc: [],
      subject: 'Re: Invoice',
    });
  });

  it('replies to Reply-To where there is one', () => {
    expect(suggest({ replyTo: [mailbox('billing@customer.com')] }).to).toEqual(['billing@customer.com']);
  });

  it('replies to the author when Reply-To is ourselves', () => {
    expect(suggest({ replyTo: [mailbox('ALIAS@example.com')] }).to).toEqual(['ann@customer.com']);
  });

  it('continues a message of our own with its recipients', () => {
    const sent = {
      from: { address: 'ALIAS@example.com', name: 'Us' },
      to: [ann, mailbox('b@x.com')],
      cc: [mailbox('c@x.com')],
    };
    expect(suggest(sent)).toMatchObject({ to: ['ann@customer.com', 'b@x.com'], cc: [] });
    expect(suggest(sent, true)).toMatchObject({ to: ['ann@customer.com', 'b@x.com'], cc: ['c@x.com'] });
  });

  it('continues a message of our own to Cc alone with those, and one to Bcc alone with nobody', () => {
    const partner = [mailbox('partner@x.com')];
    expect(suggest({ from: me, to: [], cc: [ann], replyTo: partner }).to).toEqual(['ann@customer.com']);
    expect(suggest({ from: me, to: [] }).to).toEqual([]);
  });

  it('copies everybody else once when it replies to all, but not ourselves', () => {
    const to = [me, mailbox('b@x.com'), mailbox('ann@Customer.com')];
    const cc = [mailbox('B@x.com'), mailbox('c@x.com'), mailbox('alias@example.com')];
    expect(suggest({ to, cc }, true)).toMatchObject({ to: ['ann@customer.com'], cc: ['b@x.com', 'c@x.com'] });
  });

  it('replies to ourselves when there is nobody else', () => {
    expect(suggest({ from: me, to: [me] }).to).toEqual(['me@example.com']);
  });

  it('suggests no address that could not be sent to', () => {
    expect(suggest({ replyTo: [mailbox('"a b"@x.com')], cc: [mailbox('x@localhost')] }, true)).toMatchObject({
      to: ['ann@customer.com'],
      cc: [],
    });
  });

  it('quotes the text', () => {
    expect(suggest({}).quotedText).toBe(
      'On Thu, 15 Jan 2026 14:05 UTC, Ann Lee <ann@customer.com> wrote:\n> Hello\n>> earlier\n>\n> Bye',
    );
  });

  it('quotes as html only what it has escaped', () => {
    const { quotedHtml, quotedText } = suggest({
      from: { address: 'ann@customer.com', name: '<b>Ann' },
      bodyText: null,
      bodyHtml: '<p onclick="x()">1 &lt; 2</p><script>alert(1)</script><img src=x onerror=y>&#60;script&gt;end',
    });
    expect(quotedText).toContain('> 1 < 2\n> <script>end');
    expect(quotedHtml).toContain('&lt;b&gt;Ann &lt;ann@customer.com&gt; wrote:');
    expect(quotedHtml).toContain('1 &lt; 2<br>\n&lt;script&gt;end</blockquote>');
    expect(quotedHtml.replace(/<\/?(?:div|blockquote|br)\b[^<>"]*(?:"[^"]*")?>/g, '')).not.toMatch(/[<>]/);
  });
});

describe('htmlToText', () => {
  it('reads blocks as lines and leaves out what is not shown', () => {
    const html =
      '<html><head><title>T</title><style>p{}</style></head><body><p>One\n two</p><p>Three<br>four &amp; 5&nbsp;€</p></body>';
    expect(htmlToText(html)).toBe('One two\n\nThree\nfour & 5 €');
  });

  it('keeps a less-than sign that begins no tag, and survives broken input', () => {
    expect(htmlToText('a < b <')).toBe('a < b <');
    expect(htmlToText('<script>x')).toBe('');
    // HTML, section 13.2.5.80: what is outside of Unicode is the replacement character.
    expect(htmlToText('&#99999999;&#x110000;&bogus;ok')).toBe('\ufffd\ufffd&bogus;ok');
  });

  it.each([
    ['M&uuml;ller &amp; Söhne&hellip; 10&euro;', 'Müller & Söhne… 10€'],
    ['<table><tr><td>Net</td><td>10</td></tr><tr><td>Gross<td>12</table>', 'Net 10\n\nGross 12'],
    ['a<!-- <p>hidden</p> -->b<![if !mso]>c<![endif]>', 'abc'],
    ['<a title="1 > 0" href=x>link</a>', 'link'],
    ['<head><meta><style>p{}</style><body>never closed', 'never closed'],
    ['<title>a &lt; b</title><script>"</p>"</script>shown', 'shown'],
    ['<ul><li>one<li>two</ul>', 'one\ntwo'],
  ])('reads %j', (html, text) => {
    expect(htmlToText(html)).toBe(text);
  });
});
