/** Charsets, bodies and addresses as other mail programs write them. */
import { describe, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import { fillCase, readCase, receiveCase } from '../support/cases.ts';
import { query, useTenant, useTestApp } from '../support/harness.ts';

const ReceivedMessage = graphql(`
  query ReceivedMessage($uid: UUID!) {
    emailMessage(uid: $uid) {
      subject
      bodyText
      from { address name }
      to { address }
      cc { address }
      conversation { participants }
      replySuggestion(all: true) { to cc quotedText }
    }
  }
`);
const FoundConversations = graphql(`
  query FoundConversations($search: String!) {
    conversations(filter: { search: $search }) { totalCount }
  }
`);

const t = useTestApp();
const tenant = useTenant(t);

async function read(raw: string) {
  const uid = await receiveCase(t, tenant, fillCase(raw, tenant, null), 'maria@acme.example');
  const { emailMessage } = await query(t, tenant.key, ReceivedMessage, { uid });
  if (!emailMessage) throw new Error('it was not stored');
  return emailMessage;
}

const readFile = (name: string) => read(readCase(`text/${name}`));

/** A mail of Maria's. @param body empty: "x". */
function mail(headers: readonly string[], body = 'x'): string {
  const all = headers.some((header) => /^From:/.test(header)) ? headers : ['From: maria@acme.example', ...headers];
  return [...all, 'MIME-Version: 1.0', '', body, ''].join('\n');
}

async function isFound(search: string): Promise<boolean> {
  const { conversations } = await query(t, tenant.key, FoundConversations, { search });
  return conversations.totalCount > 0;
}

describe('words in ISO-2022-JP', () => {
  it('of a folded subject are one text', async () => {
    expect((await readFile('iso-2022-jp-subject')).subject).toBe('請求書についてお問い合わせ');
  });

  it('of a folded name are one text', async () => {
    expect((await readFile('iso-2022-jp-name')).from.name).toBe('山田太郎');
  });

  it.each([
    [
      'three words',
      '=?ISO-2022-JP?B?GyRCQEE1YT1xGyhC?=\n =?ISO-2022-JP?B?GyRCQmg8NzlmJE43bxsoQg==?=\n =?ISO-2022-JP?B?GyRCO2o1XhsoQg==?=',
      '請求書第七号の件至急',
    ],
    ['a word that ends within Japanese', '=?iso-2022-jp?B?GyRCQEE1YQ==?=\n =?iso-2022-jp?B?PXFOYBsoQg==?=', '請求書類'],
    [
      'ASCII at the ends of a word',
      '=?iso-2022-jp?B?UmU6IBskQkBBNWE9cRsoQiBOby43?=\n =?iso-2022-jp?B?GyRCQmg8NzlmGyhC?=',
      'Re: 請求書 No.7第七号',
    ],
    ['words in Q', '=?iso-2022-jp?Q?=1B$B@A5a=1B(B?= =?iso-2022-jp?Q?=1B$B=3Dq=1B(B?=', '請求書'],
    ['a language', '=?iso-2022-jp*ja?B?GyRCQEE1YT1xGyhC?= =?iso-2022-jp*ja?B?GyRCO2o1XhsoQg==?=', '請求書至急'],
    [
      'a word in UTF-8 between',
      '=?iso-2022-jp?B?GyRCQEE1YT1xGyhC?= =?utf-8?Q?=E2=82=AC?= =?iso-2022-jp?B?GyRCO2o1XhsoQg==?=',
      '請求書€至急',
    ],
  ])('are one text: %s', async (_, header, subject) => {
    expect((await read(mail([`Subject: ${header}`]))).subject).toBe(subject);
  });
});

describe('a charset that the WHATWG table lacks', () => {
  it('is read: iso-2022-jp-ms, cp932', async () => {
    expect((await readFile('iso-2022-jp-ms')).subject).toBe('請求書');
    expect((await readFile('cp932')).subject).toBe('請求書①');
  });

  it.each([
    ['iso-2022-kr', '=?iso-2022-kr?B?GyQpQw4wX0B7PC0P?=', '견적서'],
    ['hz-gb-2312', '=?hz-gb-2312?B?fntHaz9uNSV+fQ==?=', '请款单'],
    ['cp850', '=?cp850?Q?Gr=94=E1e?=', 'Größe'],
    ['ibm437', '=?IBM437?Q?M=81nze_=AB?=', 'Münze ½'],
    ['cp852', '=?cp852?Q?=BD=A2=88=86?=', 'Żółć'],
    ['cp858', '=?cp00858?Q?5_=D5?=', '5 €'],
    ['cp949', '=?cp949?B?sN/A+7yt?=', '견적서'],
    ['cp936', '=?cp936?B?x+u/7g==?=', '请款'],
    ['cp50221', '=?cp50221?B?GyhJQz1EGyhC?=', 'ﾃｽﾄ'],
    ['win-1251', '=?win-1251?Q?=D1=F7=B8=F2?=', 'Счёт'],
  ])('is read: %s', async (_, header, subject) => {
    expect((await read(mail([`Subject: ${header}`]))).subject).toBe(subject);
  });

  it.each([
    ['hz-gb-2312', '~{Gk?n5%~} 7', '请款单 7'],
    ['iso-2022-kr', '\x1b$)C\x0e0_@{<-\x0f 7', '견적서 7'],
  ])('is read in a body: %s', async (charset, body, text) => {
    expect((await read(mail([`Content-Type: text/plain; charset=${charset}`], body))).bodyText?.trim()).toBe(text);
  });
});

describe('an HTML body', () => {
  const quoteOf = async (name: string) => (await readFile(name)).replySuggestion?.quotedText ?? '';

  it('is found and quoted by the characters that it names', async () => {
    expect(await quoteOf('html-entities')).toContain('Grüße, Müller. Overdue: 5 €');
    expect([await isFound('Müller'), await isFound('Grüße')]).toEqual([true, true]);
  });

  it('shows nothing of a comment, keeps cells apart, and ends a tag where it ends', async () => {
    expect(await quoteOf('html-comment')).not.toMatch(/endif|hidden/);
    expect(await quoteOf('html-comment')).toMatch(/> Hello[\s>]*World/);
    expect(await quoteOf('html-cells')).toMatch(/Total\s+100/);
    expect((await quoteOf('html-attribute')).split('\n').slice(1)).toEqual(['> Click']);
  });

  it.each([
    ['numbered characters', '<p>5&#160;&#x20AC; f&uuml;r M&#252;ller</p>', '> 5 € für Müller'],
    ['a downlevel-revealed comment', '<p><![if !mso]>Hello<![endif]> World</p>', '> Hello World'],
    ['an attribute without quotes', '<a href=https://a.example/?a>b>Pay</a>', '> b>Pay'],
    ['upper case', '<STYLE>p > a { color: red }</STYLE><P>Paid</P>', '> Paid'],
    ['a script that holds a tag', '<script>"<p>no</p>"</script><p>yes</p>', '> yes'],
    ['header cells', '<table><tr><th>No.</th><th>Due</th></tr></table>', '> No. Due'],
  ])('is read with %s', async (_, body, quoted) => {
    const { replySuggestion } = await read(mail(['Content-Type: text/html; charset=utf-8'], body));
    expect(replySuggestion?.quotedText.split('\n').slice(1)).toEqual([quoted]);
  });
});

describe('a body in format=flowed with DelSp', () => {
  const flowed = (body: string, type = 'format=flowed; delsp=yes') =>
    read(mail([`Content-Type: text/plain; charset=utf-8; ${type}`, 'Content-Transfer-Encoding: 8bit'], body));

  it('has its links in one piece', async () => {
    expect((await readFile('flowed-delsp')).bodyText).toContain('https://shop.example/orders/12345?token=abc');
  });

  it.each([
    ['Japanese words', '請求書をお送 \nりします。\n次の段落。', '請求書をお送りします。\n次の段落。'],
    ['words, with two spaces', 'one  \ntwo\n', 'one two\n'],
    ['quotes of each depth', '> a \n> b\n>> c \n> d', '> ab\n>> c\n> d'],
    ['a stuffed line', ' From here \n>on', 'From here\n> on'],
    ['a signature', 'Bye \n-- \nMaria', 'Bye\n-- \nMaria'],
    ['a line that ends the text', 'a \nb ', 'ab'],
  ])('joins %s', async (_, body, text) => {
    expect((await flowed(body)).bodyText?.replaceAll('\r\n', '\n').trimEnd()).toBe(text.trimEnd());
  });

  it('is told by quoted parameters in any case, and left alone without them', async () => {
    expect((await flowed('a \nb', 'Format="Flowed"; DelSp="YES"')).bodyText).toMatch(/^ab/);
    expect((await flowed('a \nb', 'format=flowed')).bodyText).toMatch(/^a \r?\nb/);
    expect((await flowed('a \nb', 'delsp=yes')).bodyText).toMatch(/^a \r?\nb/);
  });
});

describe('recipients', () => {
  const [maria, joe, eve, ann] = ['maria', 'joe', 'eve', 'ann'].map((name) => `${name}@acme.example`);
  const recipientsOf = async (...headers: string[]) => {
    const { to, cc, replySuggestion } = await read(mail(['Subject: x', ...headers]));
    const own = (list: readonly { readonly address: string }[]) => list.map(({ address }) => address);
    return { to: own(to), cc: own(cc), reply: answered(replySuggestion) };
  };
  const answered = (suggestion: { readonly to: string[]; readonly cc: string[] } | null) =>
    [...(suggestion?.to ?? []), ...(suggestion?.cc ?? [])].toSorted();

  it('are those of every To and Cc field', async () => {
    const { to, cc, replySuggestion } = await readFile('two-to-fields');
    expect(to.map(({ address }) => address)).toEqual([tenant.email, joe]);
    expect(cc.map(({ address }) => address)).toEqual([eve, ann]);
    expect(answered(replySuggestion)).toEqual([ann, eve, joe, maria].toSorted());
  });

  it.each([
    ['of three fields', ['To: @@ME@@', `To: ${joe}`, `TO: ${eve}`], [joe, eve]],
    ['of a folded field', ['To: @@ME@@', `To: Joe\n <${joe}>,\n Eve <${eve}>`], [joe, eve]],
    ['behind a quote that is left open', ['To: "Me <x', `To: ${joe}`], [joe]],
    ['with encoded names', ['To: @@ME@@', `To: =?utf-8?q?J=C3=B6?= <${joe}>`], [joe]],
    ['of two Cc fields', ['To: @@ME@@', `Cc: ${joe}`, `cc: ${eve}`], [joe, eve]],
  ])('%s are answered', async (_, headers, others) => {
    expect((await recipientsOf(...headers)).reply).toEqual([maria, ...others].toSorted());
  });

  it('are not the account itself with a tag', async () => {
    const { replySuggestion, conversation } = await readFile('plus-self');
    expect(replySuggestion?.cc).toEqual([joe]);
    expect(conversation.participants).toEqual([joe, maria].toSorted());
  });

  it.each([
    ['the tag alone', 'To: @@MEPLUS@@', []],
    ['a tag beside the plain address', `To: @@ME@@, @@MEPLUS@@, ${joe}`, [joe]],
    ['the tag in Cc', `To: ${joe}\nCc: Me <@@MEPLUS@@>`, [joe]],
    ['another person’s tag', 'To: @@ME@@, joe+inv@acme.example', ['joe+inv@acme.example']],
    ['two plus signs', `To: ${joe}\nCc: "x" <@@MEPLUS@@>, @@MEPLUS@@`, [joe]],
  ])('are answered but for the account: %s', async (_, header, others) => {
    expect((await recipientsOf(header)).reply).toEqual([maria, ...others].toSorted());
  });

  it('are none in a group without an address', async () => {
    expect((await readFile('undisclosed-at')).to).toEqual([]);
  });

  it.each([
    ['undisclosed-recipients:;', []],
    ['Undisclosed recipients: ;', []],
    ['"unlisted-recipients":@mail.acme.example; (no To-header on input)', []],
    ['@mail.acme.example', []],
    [`Team: ${joe}, Eve <${eve}>;`, [joe, eve]],
    [`undisclosed-recipients:;, ${joe}`, [joe]],
    [`<@relay.example:${joe}>`, [joe]],
  ])('of %s', async (value, to) => {
    expect((await recipientsOf(`To: ${value}`)).to).toEqual(to);
  });
});
