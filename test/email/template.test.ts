import fc from 'fast-check';
import { parseDocument } from 'htmlparser2';
import { describe, expect, it } from 'vitest';
import { fill, fillTextAsHtml, parseHtml, parseText, type TokenValue, tokensLeft } from '../../src/email/template.ts';
import { textToHtml } from '../../src/email/text-html.ts';
import { tokenNames } from '../../src/email/token-names.ts';

const NAMES = tokenNames(['invoice_number', 'total_cents', 'payment_link', 'client_name', 'paid_date'], ['customer']);
const valuesOf = (values: Record<string, string | TokenValue | null>) =>
  new Map(
    Object.entries(values).map(([name, value]) => [name, typeof value === 'string' ? { text: value } : value] as const),
  );
const VALUES = valuesOf({
  invoice_number: 'INV-1',
  total_cents: '$1.00',
  payment_link: 'https://pay.example/a?b=1&c=2',
  client_name: `O'Neil & <Sons> "Ltd"`,
  paid_date: null,
});
const text = (template: string) => fill(parseText('bodyText', template), VALUES, NAMES);
const html = (template: string, values = VALUES) => fill(parseHtml('bodyHtml', template), values, NAMES);

describe('a text template', () => {
  it('replaces tokens by their values, and nothing in a value', () => {
    expect(text('Invoice {invoice_number}: {total_cents}')).toEqual({ words: 'Invoice INV-1: $1.00', problems: [] });
    const values = valuesOf({ client_name: '{invoice_number} $& $1', invoice_number: 'INV-1' });
    expect(fill(parseText('subject', '{client_name}'), values, NAMES).words).toBe('{invoice_number} $& $1');
  });

  it('takes {{ for a brace', () => {
    expect(text('{{invoice_number} {{{invoice_number}} {{{{x}')).toEqual({
      words: '{invoice_number} {INV-1} {{x}',
      problems: [],
    });
  });

  it('leaves braces that hold something else than a name', () => {
    const words = '{"a": {"b": 1}} { } {} {1} a{2,3} $x {x(y)} {a:b} {\n}';
    expect(text(words)).toEqual({ words, problems: [] });
  });

  it('reports tokens that are unknown or have no value where they stand, and leaves them', () => {
    const { words, problems } = text('Dear {cleint_name}, {Company} {paid_date}');
    expect(words).toBe('Dear {cleint_name}, {Company} {paid_date}');
    expect(problems).toMatchObject([
      { kind: 'UNKNOWN', token: '{cleint_name}', field: 'bodyText', offset: 5, length: 13 },
      { kind: 'UNKNOWN', token: '{Company}', offset: 20, length: 9 },
      { kind: 'NO_VALUE', token: '{paid_date}', offset: 30, length: 11 },
    ]);
    expect(problems[0]?.message).toContain('{client_name}');
  });

  it('becomes HTML with paragraphs, line breaks, links and the HTML of a value', () => {
    const list = { text: 'INV-1\nINV-2', html: '<table></table>' };
    const values = new Map([...VALUES, ['invoice_list', list]]);
    const template = parseText(
      'bodyText',
      'Dear {client_name},\n\nplease pay:\n{invoice_list}\nat {payment_link}.\n\nBye',
    );
    expect(fillTextAsHtml(template, values)).toBe(
      `<p>Dear O&#39;Neil &amp; &lt;Sons&gt; &quot;Ltd&quot;,</p>
<p>please pay:</p>
<table></table>
<p>at <a href="https://pay.example/a?b=1&amp;c=2">https://pay.example/a?b=1&amp;c=2</a>.</p>
<p>Bye</p>`,
    );
  });

  it.each([
    ['“{payment_link}”', '“', '”'],
    ['请点击{payment_link}，谢谢', '请点击', '，谢谢'],
    ['お支払いは{payment_link}からお願いします。', 'お支払いは', 'からお願いします。'],
    ['see {payment_link}—thanks', 'see ', '—thanks'],
    ['({payment_link}).', '(', ').'],
  ])('links a value and not the words beside it: %s', (words, before, after) => {
    const html = fillTextAsHtml(parseText('bodyText', words), VALUES);
    const url = 'https://pay.example/a?b=1&amp;c=2';
    expect(html).toBe(`<p>${before}<a href="${url}">${url}</a>${after}</p>`);
  });

  it('links a value with what the template adds to it, and with the bracket at its end', () => {
    const filled = (words: string, url: string) =>
      fillTextAsHtml(parseText('bodyText', words), new Map([['payment_link', { text: url }]]));
    expect(filled('{payment_link}/pdf.', 'https://a.example/1')).toContain('href="https://a.example/1/pdf"');
    expect(filled('{payment_link}.', 'https://a.example/(1)')).toContain('href="https://a.example/(1)"');
  });
});

describe('an HTML template', () => {
  it('escapes a value for its place', () => {
    const template = `<title>{client_name}</title><p title="{client_name}">{client_name}
      <a href="{payment_link}">pay</a> <a href='https://x.example/?q={client_name}'>x</a>
      <a href="mailto:{client_name}">m</a> <img alt='{client_name}' src="{payment_link}"></p>`;
    const { words, problems } = html(template, new Map([...VALUES, ['client_name', { text: `a"b'c<d>&e/f@g` }]]));
    expect(problems).toEqual([]);
    const escaped = 'a&quot;b&#39;c&lt;d&gt;&amp;e/f@g';
    const encoded = 'a%22b&#39;c%3Cd%3E%26e%2Ff@g';
    expect(words).toBe(`<title>${escaped}</title><p title="${escaped}">${escaped}
      <a href="https://pay.example/a?b=1&amp;c=2">pay</a> <a href='https://x.example/?q=${encoded}'>x</a>
      <a href="mailto:${encoded}">m</a> <img alt='${escaped}' src="https://pay.example/a?b=1&amp;c=2"></p>`);
  });

  it.each([
    '<{client_name}>',
    '<a {client_name}="x">',
    '<a title={client_name}>',
    '<p{client_name}>',
    '</{client_name}>',
    '<!-- {client_name} -->',
    '<!doctype {client_name}>',
    '<?x {client_name} ?>',
    '<script>{client_name}</script>',
    '<SCRIPT>"</p>{client_name}</SCRIPT>',
    '<style>a{{b:{client_name}}</style>',
    '<p style="color:{client_name}">',
    '<p OnClick="{client_name}">',
    '<a href="javascript:{client_name}">',
    '<a href="java{client_name}:alert(1)">',
    '<a href="&#106;avascript:{client_name}">',
    '<a href="{client_name}">',
    '<a href="//{client_name}">',
    '<a href="https://{client_name}/x">',
    '<a href="https://a.example{client_name}/x">',
    '<img srcset="{client_name}">',
    '<meta http-equiv="refresh" content="0;url={payment_link}">',
    '<base href="{payment_link}">',
    '<iframe src="{payment_link}"></iframe>',
    '<svg><animate to="{client_name}"></svg>',
    '<svg><a xlink:href="{payment_link}">',
  ])('puts no value into %s', (template) => {
    const values = valuesOf({ client_name: 'javascript', payment_link: 'https://pay.example/' });
    const { words, problems } = html(template, values);
    const isText = template === '<{client_name}>';
    expect(words).toBe(isText ? '&lt;javascript>' : template.replace('{{', '{'));
    expect(problems.map(({ kind }) => kind)).toEqual(isText ? [] : ['FORBIDDEN_PLACE']);
  });

  it('fills tokens whose braces an editor has encoded in a URL', () => {
    const template = '<a href="%7Bpayment_link%7D">a</a><a href="https://x.example/%7bclient_name%7d?q=%7Bid%7D">b</a>';
    const values = valuesOf({ payment_link: 'https://pay.example/', client_name: 'A B' });
    expect(html(template, values)).toEqual({
      words: '<a href="https://pay.example/">a</a><a href="https://x.example/A%20B?q=%7Bid%7D">b</a>',
      problems: [],
    });
    expect(tokensLeft('bodyHtml', '<a href="%7Bpayment_link%7D">', NAMES)).toMatchObject([
      { kind: 'UNFILLED', length: 18 },
    ]);
  });

  it('puts only an http or https URL at the start of a URL', () => {
    for (const value of [
      'javascript:alert(1)',
      'data:text/html,x',
      ' vbscript:x',
      '/relative',
      'pay.example',
      'java\tscript:a',
    ])
      expect(html('<a href="{payment_link}">', valuesOf({ payment_link: value }))).toMatchObject({
        words: '<a href="{payment_link}">',
        problems: [{ kind: 'FORBIDDEN_PLACE' }],
      });
  });

  it('reports nothing in a style or a script that only looks like a token', () => {
    const template = '<style>a{color}</style><script>function f(){return_value}</script>';
    expect(html(template)).toEqual({ words: template, problems: [] });
  });
});

/** Values that try to leave their place. */
const HOSTILE = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom('<', '>', '"', "'", '&', '=', '/', ':', '{', '}', ' ', '-', '!', 'a', ';', '\n', '`', '%'),
  }),
  fc.constantFrom(
    '"><script>alert(1)</script>',
    "' onload='x",
    'javascript:alert(1)',
    '-->',
    '</title>',
    ']]>',
    '&lt;',
    '&#x3c;b',
  ),
);

/** What stands around a value, by its place. */
const PLACES: [string, string][] = [
  ['<p>', '</p>'],
  ['<title>', '</title>'],
  ['<textarea>', '</textarea>'],
  ['a <', '> b'],
  ['<b', '></b>'],
  ['<p title="', '">x</p>'],
  ["<p title='", "'>x</p>"],
  ['<p title=', '>x</p>'],
  ['<a href="', '">x</a>'],
  ['<a href="https://x.example/?a=', '&amp;b=1">x</a>'],
  ["<a href='mailto:", "'>x</a>"],
  ['<a href="https://', '/">x</a>'],
  ['<!--', '-->'],
  ['<script>', '</script>'],
  ['<style>', '</style>'],
  ['<p ', '>x</p>'],
];

/** The elements and the names of their attributes, in order. */
function structureOf(markup: string): string[] {
  const structure: string[] = [];
  const walk = (nodes: readonly object[]) => {
    for (const node of nodes) {
      if ('name' in node && 'attribs' in node) structure.push(`${node.name} ${Object.keys(node.attribs as object)}`);
      if ('type' in node && (node.type === 'comment' || node.type === 'directive')) structure.push(String(node.type));
      if ('children' in node) walk(node.children as object[]);
    }
  };
  walk(parseDocument(markup).children);
  return structure;
}

function hrefsOf(markup: string): string[] {
  const hrefs: string[] = [];
  const walk = (nodes: readonly object[]) => {
    for (const node of nodes) {
      if ('attribs' in node) hrefs.push((node.attribs as Record<string, string>).href ?? '');
      if ('children' in node) walk(node.children as object[]);
    }
  };
  walk(parseDocument(markup).children);
  return hrefs.filter((href) => href !== '');
}

describe('a value', () => {
  it('adds no element, attribute or comment to the HTML, wherever its token stands', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...PLACES), HOSTILE), { minLength: 1, maxLength: 4 }), (parts) => {
        const template = parts.map(([[before, after]], index) => `${before}{t${index}}${after}`).join('');
        const values = (value: (index: number) => string) =>
          valuesOf(Object.fromEntries(parts.map((_, index) => [`t${index}`, value(index)])));
        const names = tokenNames(parts.map((_, index) => `t${index}`));
        const parsed = parseHtml('bodyHtml', template);
        const filled = fill(
          parsed,
          values((index) => parts[index]?.[1] ?? ''),
          names,
        ).words;
        const harmless = fill(
          parsed,
          values(() => 'https://v.example/'),
          names,
        ).words;
        expect(structureOf(filled)).toEqual(structureOf(harmless));
      }),
      { numRuns: 2_000 },
    );
  });

  it('is what a reader sees, in text and in attributes', () => {
    const visible = fc.string({ unit: 'grapheme' }).filter((value) => !/[\0\r]/.test(value) && value.isWellFormed());
    fc.assert(
      fc.property(visible, (value) => {
        const { words } = html('<p title="{client_name}">{client_name}</p>', valuesOf({ client_name: value }));
        const [paragraph] = parseDocument(words).children;
        expect(paragraph).toMatchObject({ attribs: { title: value } });
        expect(
          paragraph !== undefined &&
            'children' in paragraph &&
            paragraph.children.map((node) => ('data' in node ? node.data : node)).join(''),
        ).toBe(value);
      }),
    );
  });

  it('never changes scheme and host of a URL', () => {
    fc.assert(
      fc.property(
        HOSTILE,
        fc.constantFrom('https://x.example/', 'https://x.example/a?b=', 'https://x.example/#'),
        (value, start) => {
          const { words } = html(`<a href="${start}{client_name}">`, valuesOf({ client_name: value }));
          const [href = ''] = hrefsOf(words);
          expect(new URL(href).origin).toBe('https://x.example');
          expect(decodeURIComponent(href.slice(start.length))).toBe(value.toWellFormed());
        },
      ),
    );
    fc.assert(
      fc.property(HOSTILE, (value) => {
        const { words } = html('<a href="{client_name}">', valuesOf({ client_name: value }));
        expect(hrefsOf(words).filter((href) => href !== '{client_name}' && !/^https?:\/\//.test(href))).toEqual([]);
      }),
    );
  });

  it('cannot make markup of a text body', () => {
    fc.assert(
      fc.property(HOSTILE, HOSTILE, (before, value) => {
        const template = parseText('bodyText', `${before.replaceAll('{', '')} {client_name}`);
        const markup = fillTextAsHtml(template, valuesOf({ client_name: value }));
        expect(new Set(structureOf(markup))).toEqual(
          new Set(structureOf(markup).filter((each) => ['p ', 'br ', 'a href'].includes(each))),
        );
        expect(hrefsOf(markup).filter((href) => !/^https?:\/\//i.test(href))).toEqual([]);
      }),
    );
  });
});

it('gives a template without tokens back as it is', () => {
  const template = fc.string({ unit: 'binary' }).filter((value) => !/\{ ?\p{L}|\{\{/u.test(value));
  fc.assert(
    fc.property(template, (words) => {
      expect(text(words)).toEqual({ words, problems: [] });
      expect(html(words)).toEqual({ words, problems: [] });
    }),
  );
});

it('reads megabytes of whatever it looks for', () => {
  const parts = ['{', '{a ', '<', '<a href="{a', '<p title="', '&', 'https://', '...', ' \n', '{client_nam'];
  for (const part of parts) {
    const words = part.repeat(2_000_000 / part.length);
    expect(tokensLeft('bodyText', words, NAMES)).toEqual([]);
    expect(html(words).words.replaceAll('{', '')).toBe(words.replaceAll('{', ''));
    expect(textToHtml(`${words}.`)).toMatch(/^<p>/);
  }
  const { problems } = html('<a href="{client_name}{client_nam}">'.repeat(50_000));
  expect(problems).toHaveLength(100);
});

describe('words outside of a template', () => {
  it.each([
    '{invoice_number}',
    '{Invoice Number}',
    '{invoice-number}',
    '{ invoice_number }',
    '{invoice_numbr}',
    '{invoce_number}',
    '{invoicenumber}',
    '{client_nmae}',
    '{invoice_total_cents}',
    '{customer_name}',
    '{{invoice_number}}',
  ])('hold the token %s', (words) => {
    expect(tokensLeft('subject', `a ${words} b`, NAMES)).toHaveLength(1);
  });

  it.each([
    '{"invoice_number": 1}',
    '{ "a": { "b": 2 } }',
    'a { color: red }',
    '{user_id}',
    'if (x) { return }',
    '{name}',
    '{0}',
    '{}',
    '$' + '{total}',
    '{{',
    '@media print{p{margin:0}}',
  ])('may hold %s', (words) => {
    expect(tokensLeft('bodyHtml', words, NAMES)).toEqual([]);
  });
});
