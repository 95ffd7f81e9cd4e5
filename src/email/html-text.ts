import { readTokens } from './html-tokens.ts';

/** Markup is most of an HTML body; the rest of a longer one is not read. */
export const MAX_HTML_LENGTH = 750_000;

/** Elements whose text is not shown. */
const HIDDEN = new Set(['script', 'style', 'title', 'template', 'noscript', 'iframe', 'noframes', 'noembed']);
const CELLS = new Set(['td', 'th']);
/** Elements that start and end on a line of their own. */
const BLOCKS = new Set(
  `address article aside blockquote body br center dd div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6
  head header hr li main nav ol option p pre section table tr ul`.split(/\s+/),
);

/**
 * The readable text of an HTML mail, for quotes and search, from at most its first 750,000 characters. The result is text, not
 * safe HTML: escape it before you put it into a page.
 *
 * It reads tokens instead of a tree: for elements that are never closed, htmlparser2's Parser takes quadratic time to build a tree
 * (docs/decisions/0020).
 */
export function htmlToText(html: string): string {
  // Outside of <pre>, white space collapses as in a browser.
  const source = html.slice(0, MAX_HTML_LENGTH).replace(/\s+/g, ' ');
  let text = '';
  // Text that stands side by side is copied at once: a body of single "<" has a piece for each.
  let [from, to] = [0, 0];
  const copyText = () => {
    text += source.slice(from, to);
    from = to;
  };
  const write = (piece: string) => {
    copyText();
    text += piece;
  };
  readShown(source, {
    onElement(name) {
      const separator = separatorOf(name);
      if (separator !== '') write(separator);
    },
    onText(start, end) {
      if (start !== to) {
        copyText();
        from = start;
      }
      to = end;
    },
    onEntity: (codePoint) => write(String.fromCodePoint(codePoint)),
  });
  copyText();
  return text
    .replace(/[^\S\n]{2,}|[^\S\n ]/g, ' ')
    .replace(/ ?\n ?/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

/** What stands between the texts before and after a tag of an element. Empty: they are one text. */
export function separatorOf(element: string): '\n' | ' ' | '' {
  if (BLOCKS.has(element)) return '\n';
  return CELLS.has(element) ? ' ' : '';
}

/** Reads the parts of HTML that are shown, in order. Positions are those in `html`. */
export function readShown(
  html: string,
  reader: {
    /** A start or end tag. @param name of the element, in lower case. */
    onElement(name: string): void;
    onText(start: number, end: number): void;
    /** A character reference that ends before `end`. */
    onEntity(codePoint: number, end: number): void;
  },
): void {
  let hiddenIn: string | null = null;
  const nameAt = (start: number, end: number) => html.slice(start, end).toLowerCase();
  readTokens(html, true, {
    onopentagname(start, end) {
      if (hiddenIn !== null) return;
      const name = nameAt(start, end);
      if (HIDDEN.has(name)) hiddenIn = name;
      else reader.onElement(name);
    },
    onclosetag(start, end) {
      const name = nameAt(start, end);
      if (hiddenIn === name) hiddenIn = null;
      else if (hiddenIn === null) reader.onElement(name);
    },
    ontext(start, end) {
      if (hiddenIn === null) reader.onText(start, end);
    },
    ontextentity(codePoint, end) {
      if (hiddenIn === null) reader.onEntity(codePoint, end);
    },
  });
}

/** The text of a body: its plain text, or the text of its HTML if the plain text is missing or blank. */
export function bodyAsText(body: { readonly bodyText: string | null; readonly bodyHtml: string | null }): string {
  const { bodyText, bodyHtml } = body;
  return bodyText !== null && /\S/.test(bodyText) ? bodyText : htmlToText(bodyHtml ?? '');
}
