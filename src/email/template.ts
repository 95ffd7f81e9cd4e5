/**
 * Templates: words with tokens such as `{invoice_number}`, which are replaced by values. `{{` stands for a brace. There is nothing
 * else: no conditions, no loops, nothing that runs.
 *
 * A template is parsed once into pieces. A token has a place in HTML, which decides how its value is escaped. Where no escaping
 * keeps a value a value (the name of a tag or an attribute, a script, a style, a comment), none is put.
 */
import type { TokenProblem } from '../errors.ts';
import { escapeHtml } from './escape-html.ts';
import { createPlaces, type Place } from './template-places.ts';
import { textToHtml } from './text-html.ts';
import type { TokenNames } from './token-names.ts';

/** The value of a token in the form in which it is shown. */
export interface TokenValue {
  readonly text: string;
  /** Blocks of HTML that show the same. Omitted: the escaped text. */
  readonly html?: string;
}

/** Of each token. Null: there is no value. */
export type TokenValues = ReadonlyMap<string, TokenValue | null>;

interface Token {
  readonly name: string;
  /** As it stands in the template, with its braces. */
  readonly source: string;
  /** In UTF-16 code units from the start of the template. */
  readonly offset: number;
  readonly place: Place;
}

type Piece = string | Token;

/** A parsed template, by the field that it stands in. */
export interface Template {
  readonly field: string;
  readonly pieces: readonly Piece[];
  /** The value as it stands in the words. Null: it cannot stand there. */
  readonly write: (token: Token, value: TokenValue) => string | null;
}

/** Problems that are reported of one text. */
export const MAX_PROBLEMS = 100;

const NAME = String.raw`\p{L}[\p{L}\p{N}_ .-]{0,63}`;
// Editors of HTML write the braces in a URL as %7B and %7D.
export const TOKEN = new RegExp(String.raw`(?:\{|%7B) ?(${NAME})(?:\}|%7D)`, 'giu');
const BRACES = new RegExp(String.raw`\{\{|${TOKEN.source}`, 'giu');

/** Whether the words have a brace, also as a character reference of HTML. */
export function mayHaveTokens(words: string): boolean {
  return /\{|%7B|&(?:#|lbrace;|lcub;)/i.test(words);
}

const FORBIDDEN_PLACE =
  'A value cannot stand here: not in the name of a tag or an attribute, in an unquoted attribute, in a script, a style, an event handler or a comment, and not in the scheme or host of a URL. At the start of a URL, the value must be an http or https URL.';

/** A template of plain text, such as a subject or a text body. */
export function parseText(field: string, template: string): Template {
  return { field, pieces: piecesOf(template, () => 'text'), write: (_, value) => value.text };
}

/** A template of HTML. A value is escaped for the place of its token. */
export function parseHtml(field: string, template: string): Template {
  if (!mayHaveTokens(template)) return { field, pieces: [template], write: writeHtml };
  const pieces = piecesOf(template, createPlaces(template));
  const isText = (piece: Piece | undefined) => typeof piece === 'object' && piece.place === 'text';
  // With a lone "<" before it, a value could become the name of a tag.
  const withoutTag = (piece: string) => (piece.endsWith('<') ? `${piece.slice(0, -1)}&lt;` : piece);
  return {
    field,
    pieces: pieces.map((piece, at) =>
      typeof piece === 'string' && isText(pieces[at + 1]) ? withoutTag(piece) : piece,
    ),
    write: writeHtml,
  };
}

function piecesOf(template: string, placeOf: (start: number, end: number) => Place): Piece[] {
  const pieces: Piece[] = [];
  let literal = '';
  let end = 0;
  for (const { index: offset, 0: source, 1: name } of template.matchAll(BRACES)) {
    literal += template.slice(end, offset);
    end = offset + source.length;
    if (name === undefined) {
      literal += '{';
      continue;
    }
    if (literal !== '') pieces.push(literal);
    literal = '';
    pieces.push({ name, source, offset, place: placeOf(offset, end) });
  }
  return [...pieces, literal + template.slice(end)];
}

/** Fills a template of plain text, and gives HTML that shows the same. Its problems are those of `fill`. */
export function fillTextAsHtml(template: Template, values: TokenValues): string {
  const blocks: string[] = [];
  const urls = new Set<string>();
  let text = '';
  for (const piece of template.pieces) {
    const value = typeof piece === 'string' ? null : (values.get(piece.name) ?? null);
    if (value !== null && /^https?:\/\/\S+$/i.test(value.text)) urls.add(value.text);
    if (value?.html === undefined) text += typeof piece === 'string' ? piece : (value?.text ?? piece.source);
    else {
      blocks.push(textToHtml(text, [...urls]), value.html);
      text = '';
    }
  }
  return [...blocks, textToHtml(text, [...urls])].filter((block) => block !== '').join('\n');
}

/** The length of the filled template in UTF-16 code units, before values are escaped. */
export function filledLength({ pieces }: Template, values: TokenValues): number {
  return pieces.reduce((sum, piece) => {
    if (typeof piece === 'string') return sum + piece.length;
    const value = values.get(piece.name) ?? null;
    return sum + Math.max(piece.source.length, value?.text.length ?? 0, value?.html?.length ?? 0);
  }, 0);
}

/** What cannot be filled stays as it is, and is in `problems`. */
export function fill(
  { field, pieces, write }: Template,
  values: TokenValues,
  names: TokenNames,
): { readonly words: string; readonly problems: readonly TokenProblem[] } {
  const problems: TokenProblem[] = [];
  let words = '';
  for (const piece of pieces) {
    if (typeof piece === 'string') {
      words += piece;
      continue;
    }
    const value = values.get(piece.name) ?? null;
    const written = value === null || piece.place === null ? null : write(piece, value);
    words += written ?? piece.source;
    if (written !== null || problems.length === MAX_PROBLEMS) continue;
    const problem = problemOf(piece, value, { field, names });
    if (problem !== null) problems.push(problem);
  }
  return { words, problems };
}

function writeHtml({ place }: Token, { text, html }: TokenValue): string | null {
  switch (place) {
    case 'text':
      return html ?? escapeHtml(text);
    case 'attribute':
      return escapeHtml(text);
    case 'url': {
      const url = URL.parse(text);
      return url?.protocol === 'http:' || url?.protocol === 'https:' ? escapeHtml(url.href) : null;
    }
    case 'url-part':
      // As it stands in the address of a mailto: URL.
      return escapeHtml(encodeURIComponent(text.toWellFormed()).replaceAll('%40', '@'));
    case null:
      return null;
  }
}

/** Why a token was not replaced. Null: it only looks like one, as `{color}` in a style does. */
function problemOf(
  { name, source, offset, place }: Token,
  value: TokenValue | null,
  { field, names }: { readonly field: string; readonly names: TokenNames },
): TokenProblem | null {
  const at = { token: source, field, offset, length: source.length };
  if (!names.has(name)) {
    const isMeant = (place !== null && source.startsWith('{')) || names.resembles(name);
    return isMeant ? { ...at, kind: 'UNKNOWN', message: unknownToken(source, name, names) } : null;
  }
  if (place !== null && value === null) return { ...at, kind: 'NO_VALUE', message: `There is no value for ${source}.` };
  return { ...at, kind: 'FORBIDDEN_PLACE', message: FORBIDDEN_PLACE };
}

/**
 * The tokens in words outside of a template: those that are known, and those that are meant for a known one. Other braces are words,
 * such as JSON or code.
 */
export function tokensLeft(field: string, words: string, names: TokenNames): TokenProblem[] {
  const problems: TokenProblem[] = [];
  for (const { index: offset, 0: token, 1: name = '' } of words.matchAll(TOKEN)) {
    if (problems.length === MAX_PROBLEMS) break;
    const at = { token, field, offset, length: token.length };
    if (names.has(name)) {
      problems.push({
        ...at,
        kind: 'UNFILLED',
        message: `Only a template fills ${token}: use template or prepareEmail.`,
      });
    } else if (names.resembles(name)) {
      problems.push({ ...at, kind: 'UNKNOWN', message: unknownToken(token, name, names) });
    }
  }
  return problems;
}

function unknownToken(token: string, name: string, names: TokenNames): string {
  const nearest = names.nearest(name);
  const advice = nearest === null ? 'dynamicFields lists the tokens.' : `Did you mean {${nearest}}?`;
  return `There is no token ${token}. ${advice}`;
}
