import { escapeHtml } from './escape-html.ts';

/** Up to white space, a quotation mark or the punctuation of a sentence in any script. */
const URL_IN_TEXT = /https?:\/\/[^\s<>"'`«»\u2010-\u201f\u2026\u3000-\u303f\uff00-\uffef]+/;
/** What can follow a known URL as a part of it. */
const MORE = '[!#-&(-;=?-_a-~]*';

/**
 * Plain text as HTML that shows the same: a paragraph for lines between empty lines, a line break for each line, and links for the
 * http and https URLs.
 * @param urls that are known to stand in it: words that follow one without a space, as in Japanese, do not belong to it.
 */
export function textToHtml(text: string, urls: readonly string[] = []): string {
  const known = urls.map((url) => `${url.replace(/[$()*+./?[\\\]^{|}-]/g, '\\$&')}${MORE}`);
  const pattern = new RegExp(`(${[...known, URL_IN_TEXT.source].join('|')})`, 'i');
  const withLinks = (line: string) =>
    // Every second part is a URL.
    line
      .split(pattern)
      .map((part, index) => (index % 2 === 0 ? escapeHtml(part) : link(part, urls)))
      .join('');
  const paragraphs: string[][] = [[]];
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (line.trim() === '') paragraphs.push([]);
    else paragraphs.at(-1)?.push(withLinks(line));
  }
  return paragraphs
    .filter((lines) => lines.length > 0)
    .map((lines) => `<p>${lines.join('<br>\n')}</p>`)
    .join('\n');
}

/** Punctuation at its end belongs to the sentence, unless it ends a known URL. */
function link(text: string, urls: readonly string[]): string {
  const least = urls.find((url) => text.startsWith(url))?.length ?? 0;
  let end = text.length;
  while (end > least && '.,;:!?)]}'.includes(text.charAt(end - 1))) end--;
  const url = text.slice(0, end);
  if (!URL.canParse(url)) return escapeHtml(text);
  return `<a href="${escapeHtml(url)}">${escapeHtml(url)}</a>${escapeHtml(text.slice(end))}`;
}
