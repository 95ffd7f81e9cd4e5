import { describe, expect, it } from 'vitest';
import {
  addressKey,
  addressProblem,
  distinctAddresses,
  normaliseAddress,
  parseAddressList,
} from '../../src/email/address.ts';
import { decodeEncodedWords } from '../../src/email/encoded-word.ts';

describe('addressProblem', () => {
  it.each([
    'a@b.c',
    'first.last+tag@example.co.uk',
    "o'brien!#$%&*/=?^_`{|}~-@example.com",
    'someone@münchen.de',
    'someone@例え.テスト',
    'someone@xn--mnchen-3ya.de',
    `${'a'.repeat(64)}@example.com`,
    `a@${'b'.repeat(63)}.com`,
  ])('accepts %s', (address) => {
    expect(addressProblem(address)).toBeNull();
  });

  it.each([
    ['', /empty/],
    ['plain', /needs an "@"/],
    ['@example.com', /before "@" is missing/],
    ['a@', /domain after "@" is missing/],
    ['a@localhost', /needs a dot/],
    ['a@b..c', /not a valid domain/],
    ['a@.b.c', /not a valid domain/],
    ['a@b.c.', /not a valid domain/],
    ['a@-b.com', /not a valid domain/],
    ['a@b_c.com', /not allowed/],
    [`a@${'b'.repeat(64)}.com`, /not a valid domain/],
    ['a@192.0.2.1', /IP address/],
    ['a@[192.0.2.1]', /literal/],
    ['a@%65xample.com', /not allowed/],
    ['a@example.com:25', /not allowed/],
    ['a@xn--\u{fffd}.com', /not a valid domain|not allowed/],
    ['.a@example.com', /dot where none/],
    ['a..b@example.com', /dot where none/],
    ['a,b@example.com', /character/],
    ['a@b@example.com', /character/],
    ['"a b"@example.com', /quoted local part/],
    ['jürgen@example.com', /SMTPUTF8/],
    ['Ann <ann@example.com>', /display name/],
    [' a@example.com', /spaces/],
    ['a@example.com\n', /line breaks/],
    ['a@x.com\r\nBcc: e@example.com', /line breaks/],
    ['a@exa\u00admple.com', /control/],
    ['a@exa\u202emple.com', /control/],
    ['a\0@example.com', /control/],
    [`${'a'.repeat(65)}@example.com`, /64/],
    [`a@${'b23456789.'.repeat(26)}com`, /254/],
    [`a@${'ü.'.repeat(60)}com`, /254/],
  ])('refuses %j and says why', (address, reason) => {
    expect(addressProblem(address)).toMatch(reason);
  });

  it('judges a megabyte of nonsense at once', () => {
    const before = process.cpuUsage();
    for (const piece of ['a.', '@', 'é', '"', '\\', '[']) addressProblem(`${piece.repeat(500_000)}@example.com`);
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(5_000);
  });
});

describe('addressKey', () => {
  it('is equal for one mailbox written in different ways', () => {
    expect(addressKey('Ann@MÜNCHEN.de')).toBe(addressKey('ann@xn--mnchen-3ya.de'));
  });

  it('leaves the local part alone where an address is stored', () => {
    expect(normaliseAddress('Ann.Lee@Example.COM')).toBe('Ann.Lee@example.com');
  });

  it('keeps the first of equal addresses, in order', () => {
    expect(distinctAddresses(['B@x.com', 'a@x.com', 'b@X.com'])).toEqual(['B@x.com', 'a@x.com']);
  });
});

describe('parseAddressList', () => {
  it.each([
    ['ann@example.com', [{ address: 'ann@example.com', name: null }]],
    ['Ann Lee <ann@example.com>', [{ address: 'ann@example.com', name: 'Ann Lee' }]],
    [
      '"Lee, Ann" <ann@example.com>, b@x.com',
      [
        { address: 'ann@example.com', name: 'Lee, Ann' },
        { address: 'b@x.com', name: null },
      ],
    ],
    ['=?utf-8?B?SsO8cmdlbiwgTQ==?= <j@x.com>', [{ address: 'j@x.com', name: 'Jürgen, M' }]],
    ['=?utf-8?Q?e@evil.com=2C?= <j@x.com>', [{ address: 'j@x.com', name: 'e@evil.com,' }]],
    [
      'Team: a@x.com, Bob <b@x.com>;',
      [
        { address: 'a@x.com', name: null },
        { address: 'b@x.com', name: 'Bob' },
      ],
    ],
    ['undisclosed-recipients:;', []],
    ['Ann (the boss)\r\n <ann@example.com>', [{ address: 'ann@example.com', name: 'Ann' }]],
    ['"Ann\\" <e@evil.com>" <ann@example.com>', [{ address: 'ann@example.com', name: 'Ann" <e@evil.com>' }]],
    ['"a b"@example.com', [{ address: '"a b"@example.com', name: null }]],
    ['nobody', []],
    ['', []],
  ])('reads %j', (header, mailboxes) => {
    expect(parseAddressList(header)).toEqual(mailboxes);
  });

  it('survives whatever strangers send', () => {
    const before = process.cpuUsage();
    for (const piece of ['<', '"', '(', 'a,', ':', ';', '@', '\\', '=?utf-8?B?', 'a@b.c <', '\0', '"a" ']) {
      expect(Array.isArray(parseAddressList(piece.repeat(100_000)))).toBe(true);
    }
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(10_000);
  });
});

describe('decodeEncodedWords', () => {
  it.each([
    ['plain', 'plain'],
    ['=?ISO-8859-1?Q?Gr=FC=DFe_aus?= =?iso-8859-1?q?_K=F6ln?= ok', 'Grüße aus Köln ok'],
    ['=?utf-8?B?8J+Y?=\r\n =?utf-8?B?gA==?=', '😀'],
    ['=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=', '日本'],
    ['=?utf-8*en?Q?caf=C3=A9?=', 'café'],
    ['=?us-ascii?Q?caf=C3=A9?=', 'café'],
    ['=?no-such-charset?Q?caf=E9?=', 'café'],
    ['a =?utf-8?Q?b?= c =?utf-8?Q?d?=', 'a b c d'],
    ['=?utf-8?X?a?= =?broken', '=?utf-8?X?a?= =?broken'],
    ['=?utf-8?B?R3LD?= =?utf-8?Q?=BC=C3=9Fe?=', 'Grüße'],
  ])('decodes %j', (header, text) => {
    expect(decodeEncodedWords(header)).toBe(text);
  });

  it.each([
    ['UTF-8', 'Grüße 😀 日本', Buffer.from('Grüße 😀 日本')],
    ['GB18030', '发票', Buffer.from('b7a2c6b1', 'hex')],
    ['ISO-2022-JP', '日本', Buffer.from('\x1b$BF|K\\\x1b(B', 'latin1')],
    ['Shift_JIS', '請求書', Buffer.from('90bf8b818f91', 'hex')],
  ])('joins words in %s that cut a text anywhere', (charset, text, bytes) => {
    const base64 = (part: Buffer) => `=?${charset}?B?${part.toString('base64')}?=`;
    const quoted = (part: Buffer) => `=?${charset}?Q?${part.toString('hex').replace(/../g, '=$&')}?=`;
    for (let at = 1; at < bytes.length; at++) {
      for (const encode of [base64, quoted]) {
        const header = `${encode(bytes.subarray(0, at))}\r\n ${encode(bytes.subarray(at))}`;
        expect([at, decodeEncodedWords(header)]).toEqual([at, text]);
      }
    }
  });
});
