import { escapeHtml } from './escape-html.ts';

const URL_IN_TEXT = /(https?:\/\/[^\s<>"'`]+)/i;

/**
 * Plain text as HTML that shows the same: a paragraph for lines between empty lines, a line break for each line, and links for the
 * http and https URLs.
 */
export function textToHtml(text: string): string {
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

function withLinks(line: string): string {
  // Every second part is a URL.
  const parts = line.split(URL_IN_TEXT).map((part, index) => (index % 2 === 0 ? escapeHtml(part) : link(part)));
  return parts.join('');
}

/** Punctuation at its end belongs to the sentence. */
function link(text: string): string {
  let end = text.length;
  while (end > 0 && '.,;:!?)]}'.includes(text.charAt(end - 1))) end--;
  const url = text.slice(0, end);
  if (!URL.canParse(url)) return escapeHtml(text);
  return `<a href="${escapeHtml(url)}">${escapeHtml(url)}</a>${escapeHtml(text.slice(end))}`;
}
