import { expect, it } from 'vitest';
import { safeHtml } from '../../src/email/safe-html.ts';
import { HTML_ATTACKS } from '../support/html-attacks.ts';

const INLINE: Record<string, string> = { 'logo@x.example': 'https://api.example/attachments/1?signature=a&expires=2' };
const show = (html: string, keepRemoteImages = false) =>
  safeHtml(html, { keepRemoteImages, inlineImageUrl: (contentId) => INLINE[contentId] ?? null });
const shown = (html: string) => show(html).html;

const ELEMENT = /<\/?([a-z][a-z\d]*)((?: [a-z]+(?:="[^"<>]*")?)*)(?: \/)?>/g;
const ELEMENTS = new Set(
  `a abbr address article aside b bdi bdo big blockquote br caption center cite code col colgroup data dd del dfn div dl dt em
  figcaption figure font footer h1 h2 h3 h4 h5 h6 header hgroup hr i img ins kbd li main mark menu nav ol p pre q rb rp rt rtc
  ruby s samp section small span strike strong sub sup table tbody td tfoot th thead time tr tt u ul var wbr`.split(
    /\s+/,
  ),
);
const ATTRIBUTES = new Set(
  `align alt bgcolor border cellpadding cellspacing color colspan dir face height href lang referrerpolicy rel rowspan size
  span src start style target title type valign width`.split(/\s+/),
);

/** What is not as it should be in a sanitised text, read without a parser of HTML: it has one form only. */
function faultsOf(html: string): string[] {
  const faults: string[] = [];
  const text = html.replace(ELEMENT, (_, name: string, attributes: string) => {
    if (!ELEMENTS.has(name)) faults.push(`<${name}>`);
    for (const [, attribute = '', value = ''] of attributes.matchAll(/ ([a-z]+)(?:="([^"]*)")?/g)) {
      if (!ATTRIBUTES.has(attribute)) faults.push(attribute);
      if (attribute === 'href' && !/^(?:https?|mailto|tel):/.test(value)) faults.push(value);
      if (attribute === 'src' && !/^(?:https?:|data:image\/(?:png|gif|jpeg|webp|bmp);base64,)/.test(value))
        faults.push(value);
      if (attribute === 'style' && !/^(?:[a-z-]+:[\w\s#%.,!/()-]*(?:;|$))*$/.test(value)) faults.push(value);
      if (attribute === 'style' && /(?<![a-z])-[\d.]/i.test(value)) faults.push(value);
      if (attribute === 'target' && value !== '_blank') faults.push(value);
    }
    return '';
  });
  if (/[<>]/.test(text)) faults.push(text);
  return faults;
}

it('leaves nothing that can run a script, leave its place or lead into the page', () => {
  const faults = HTML_ATTACKS.flatMap((attack) =>
    [attack, `<p>a${attack}b</p>`, `<table><tr><td>${attack}`].flatMap((html) =>
      [show(html), show(html, true)].flatMap((result) => faultsOf(result.html).map((fault) => ({ html, fault }))),
    ),
  );
  expect(faults).toEqual([]);
});

it('stays as it is when it is sanitised once more', () => {
  for (const attack of HTML_ATTACKS) {
    const once = shown(attack);
    expect(shown(once)).toBe(once);
  }
});

it('keeps what an ordinary mail looks like', () => {
  expect(
    shown(
      '<html><head><title>T</title><style>p{}</style></head><body bgcolor="#eee"><table width="600" cellpadding="0"><tr>' +
        '<td align="center" style="padding:10px 5px; color: rgb(1, 2, 3); font-family: \'Segoe UI\', Arial"><h1>Hello</h1>' +
        '<p style="margin:0 0 10px">An <b>offer</b>, <a href="https://x.example/?a=1&amp;b=2">look</a><br>' +
        '<font color="red">now</font></p></td></tr></table></body></html>',
    ),
  ).toBe(
    '<table cellpadding="0" width="600"><tr><td align="center" style="padding:10px 5px;color:rgb(1, 2, 3);' +
      'font-family:Segoe UI, Arial"><h1>Hello</h1><p style="margin:0 0 10px">An <b>offer</b>, ' +
      '<a href="https://x.example/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer nofollow">look</a><br />' +
      '<font color="red">now</font></p></td></tr></table>',
  );
});

const REMOTE =
  '<img src="https://t.example/1.gif" alt="Logo"><img src="//t.example/2.gif"><img src=" HTTP://t.example/3.gif ">' +
  '<table background="http://t.example/4.gif"><td style="background:#fff url(\'https://t.example/5.gif\') no-repeat">x</td></table>';

it('leaves remote images out and counts them, and keeps their alternative text', () => {
  expect(show(REMOTE)).toEqual({
    html: '<img alt="Logo" /><img /><img /><table><td style="background:#fff no-repeat">x</td></table>',
    blockedImages: 5,
    isTruncated: false,
  });
});

it('keeps remote images when they are asked for, and tells them nothing of the page', () => {
  const { html, blockedImages } = show(REMOTE, true);
  expect(blockedImages).toBe(0);
  expect(html).toBe(
    '<img alt="Logo" src="https://t.example/1.gif" referrerpolicy="no-referrer" />' +
      '<img src="https://t.example/2.gif" referrerpolicy="no-referrer" />' +
      '<img src="http://t.example/3.gif" referrerpolicy="no-referrer" />' +
      '<table style="background-image:url(&quot;http://t.example/4.gif&quot;)">' +
      '<td style="background:#fff no-repeat;background-image:url(&quot;https://t.example/5.gif&quot;)">x</td></table>',
  );
});

it('shows inline images, of the message and in the text, which are not remote', () => {
  const data = 'data:image/png;base64,iVBORw0KGgo=';
  const { html, blockedImages } = show(
    `<img src="cid:logo%40x.example"><img src="cid:other@x.example" alt="other"><img src="${data}">`,
  );
  expect(blockedImages).toBe(0);
  expect(html).toBe(
    '<img src="https://api.example/attachments/1?signature=a&amp;expires=2" referrerpolicy="no-referrer" />' +
      `<img alt="other" /><img src="${data}" referrerpolicy="no-referrer" />`,
  );
});

it('says when a body is too long to be shown whole', () => {
  const { html, isTruncated } = show('<p>word</p>'.repeat(100_000));
  expect(isTruncated).toBe(true);
  expect(html.length).toBeLessThanOrEqual(500_000);
  expect(faultsOf(html)).toEqual([]);
  expect(show(`<p>${'word '.repeat(50_000)}</p>`).isTruncated).toBe(false);
});
