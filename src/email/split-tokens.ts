import type { TokenProblem } from '../errors.ts';
import { MAX_HTML_LENGTH, readShown, separatorOf } from './html-text.ts';
import { MAX_PROBLEMS, mayHaveTokens, TOKEN } from './template.ts';
import type { TokenNames } from './token-names.ts';

/** A piece of the text that HTML shows. */
interface Piece {
  /** Where it begins in the text. */
  readonly at: number;
  /** Where it stands in the HTML. */
  readonly start: number;
  end: number;
  readonly isEntity: boolean;
}

/**
 * The tokens that HTML shows and does not contain: tags stand in them, as in `{invoice_<b>number</b>}`, or character references, as in
 * `&#123;invoice_number}`. No template fills them. At most the first 750,000 characters are read.
 */
export function splitTokens(body: string, names: TokenNames): TokenProblem[] {
  if (!mayHaveTokens(body)) return [];
  const html = body.slice(0, MAX_HTML_LENGTH);
  const pieces: Piece[] = [];
  let text = '';
  readShown(html, {
    onElement(name) {
      if (separatorOf(name) !== '') text += '\n';
    },
    onText(start, end) {
      const last = pieces.at(-1);
      // A body of single "<" has a text for each.
      if (last?.isEntity === false && last.end === start) last.end = end;
      else pieces.push({ at: text.length, start, end, isEntity: false });
      text += html.slice(start, end);
    },
    onEntity(codePoint, end) {
      pieces.push({ at: text.length, start: html.lastIndexOf('&', end - 1), end, isEntity: true });
      text += String.fromCodePoint(codePoint);
    },
  });
  let next = 0;
  /** Asked in ascending order. */
  const pieceAt = (position: number) => {
    while ((pieces[next + 1]?.at ?? Number.POSITIVE_INFINITY) <= position) next++;
    return pieces[next];
  };
  const problems: TokenProblem[] = [];
  for (const { index, 0: token, 1: name = '' } of text.matchAll(TOKEN)) {
    const first = pieceAt(index);
    const last = pieceAt(index + token.length - 1);
    if (first === undefined || last === undefined || first === last) continue;
    if (!names.has(name) && !names.resembles(name)) continue;
    const offset = first.isEntity ? first.start : first.start + index - first.at;
    const end = last.isEntity ? last.end : last.start + index + token.length - last.at;
    problems.push({ token, field: 'bodyHtml', offset, length: end - offset, kind: 'SPLIT', message: messageOf(token) });
    if (problems.length === MAX_PROBLEMS) break;
  }
  return problems;
}

function messageOf(token: string): string {
  return `Tags or character references interrupt ${token}. Write it in one piece.`;
}
