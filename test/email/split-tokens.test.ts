import { describe, expect, it } from 'vitest';
import { splitTokens } from '../../src/email/split-tokens.ts';
import { tokenNames } from '../../src/email/token-names.ts';

const NAMES = tokenNames(['invoice_number', 'client_name']);
const split = (html: string) => splitTokens(html, NAMES);
const placesIn = (html: string) => split(html).map(({ offset, length }) => html.slice(offset, offset + length));

describe('a token that is written in pieces', () => {
  it.each([
    ['<p>{invoice_<b>number</b>}</p>', '{invoice_<b>number</b>}'],
    ['{<span style="color:red">client_name</span>}', '{<span style="color:red">client_name</span>}'],
    ['a &#123;client_name}', '&#123;client_name}'],
    ['&#x7B;client_name&#x7D; b', '&#x7B;client_name&#x7D;'],
    ['&lbrace;client_name&rcub;', '&lbrace;client_name&rcub;'],
    ['{client&lowbar;name}', '{client&lowbar;name}'],
    ['{client<!-- a -->_name}', '{client<!-- a -->_name}'],
    ['{Invoice <i>Nummber</i>}', '{Invoice <i>Nummber</i>}'],
  ])('is found in %s', (html, place) => expect(placesIn(html)).toEqual([place]));

  it('is reported as its reader sees it, each by itself', () => {
    const html = '{invoice_number} {client_<i>name</i>} &#123;invoice_number}';
    expect(split(html)).toMatchObject([
      { token: '{client_name}', kind: 'SPLIT', field: 'bodyHtml', offset: 17, length: 20 },
      { token: '{invoice_number}', kind: 'SPLIT', offset: 38, length: 21 },
    ]);
  });

  it.each([
    ['in one piece', '<b>{client_name}</b>'],
    ['of two paragraphs', '<p>{client_</p><p>name}</p>'],
    ['of two cells', '<td>{client_</td><td>name}</td>'],
    ['in what is not shown', '<style>&#123;client_name}</style>'],
    ['that is none', '{user_<b>id</b>} &#123;a: 1}'],
    ['without braces', 'client_<b>name</b>'],
  ])('is not one %s', (_what, html) => expect(split(html)).toEqual([]));

  it('is looked for in linear time', () => {
    expect(split('<i>&#123;</i>client_name}'.repeat(40_000))).toHaveLength(100);
    expect(split('&#123;<'.repeat(100_000))).toEqual([]);
    expect(split('{client_name}'.repeat(60_000))).toEqual([]);
  });
});
