const HIDDEN = new Set(['script', 'style', 'head', 'title', 'template', 'noscript']);
const BLOCK = new Set([
  'br',
  'p',
  'div',
  'tr',
  'li',
  'ul',
  'ol',
  'table',
  'h1',
  'h2',
  'h3',
  'h4',
  'h5',
  'h6',
  'hr',
  'pre',
]);
const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

/**
 * The readable text of an HTML mail, to be quoted as text. The result is text, not safe HTML: escape it before it is
 * put into a page. One pass over the input, however broken it is.
 */
export function htmlToText(html: string): string {
  let text = '';
  let hiddenIn: string | null = null;
  // Each piece after the first is what follows a "<": a tag up to ">", then text.
  const [before = '', ...pieces] = html.split('<');
  text += inlineText(before);
  for (const piece of pieces) {
    const tag = /^(\/?)([a-z][a-z0-9]*|!--)/i.exec(piece);
    const [, slash, rawName = ''] = tag ?? [];
    const name = rawName.toLowerCase();
    if (hiddenIn !== null) {
      if (!slash || name !== hiddenIn) continue;
      hiddenIn = null;
    } else if (HIDDEN.has(name) && !slash) {
      hiddenIn = name;
      continue;
    }
    if (tag !== null && BLOCK.has(name)) text += '\n';
    const end = piece.indexOf('>');
    text += inlineText(tag === null ? `<${piece}` : end < 0 ? '' : piece.slice(end + 1));
  }
  return text
    .replace(/[^\S\n]+/g, ' ')
    .replace(/ ?\n ?/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

/** Character references resolved, white space collapsed as a browser does outside of `<pre>`. */
function inlineText(source: string): string {
  return source
    .replace(/\s+/g, ' ')
    .replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,6}));/gi, (whole, decimal, hex, name) => {
      if (name !== undefined) return ENTITIES[String(name).toLowerCase()] ?? whole;
      const codePoint = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
      return codePoint > 0 && codePoint <= 0x10ffff ? String.fromCodePoint(codePoint) : '';
    });
}
