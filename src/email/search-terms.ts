/**
 * Terms that a search finds: words in any script and their beginnings, and addresses. They are the lexemes of a `tsvector` as they are
 * here: PostgreSQL itself has no dictionary-free way to split Chinese, Japanese or Thai. A recipient is the term `to <address>`, which
 * no word can be, so that one index serves both.
 */
import { setImmediate } from 'node:timers/promises';
import { storableText } from '../input.ts';
import { addressKey } from './address.ts';

/** Each distinct word is a GIN entry. Texts with more words are written by machines, and people do not search for their end. */
const MAX_TERMS = 4_000;
const MAX_TEXT_LENGTH = 200_000;
/** Folding makes Hangul up to three times as long, and a ligature eighteen times. It is done in one turn of the event loop. */
const MAX_FOLDED_LENGTH = 2 * MAX_TEXT_LENGTH;
/** A cut can leave half of a character, which JSON for PostgreSQL must not have: terms are made well-formed. */
const MAX_TERM_LENGTH = 64;
/** Longer ones cannot be mailed to; a lexeme has at most 2,046 bytes. */
const MAX_ADDRESS_LENGTH = 330;
/** Folded characters: some 5 ms of work. A longer run without white space is cut, between words or within one. */
const MAX_PIECE_LENGTH = 20_000;
/** A tsvector holds at most 1 MB. */
const MAX_TERMS_BYTES = 900_000;
/** A beginning of fewer letters would be that of too many words. */
const MIN_PREFIX_LENGTH = 3;
/** Words of a search. Further words are ignored. */
const MAX_QUERY_WORDS = 16;
/** Many times as long as 16 addresses. */
const MAX_QUERY_LENGTH = 20_000;

/** Words joined by these count as one word and as their parts: `invoice_2026.pdf`, `l'invoice`, `acme.example`. */
const JOINTS = /[.:_']/;
/** An address in a text, as a person would copy it. The pattern starts at the start of a local part, which keeps it linear. */
const ADDRESS = /(?<![^\s<>()[\]{}"“”„«»,;:|@])[^\s<>()[\]{}"“”„«»,;:|@]{1,64}@[\p{L}\p{N}.-]{1,253}/gu;
/**
 * UAX #15 section 13 (Stream-Safe Text Format): in every language, a letter has at most 30 marks. Normalisation sorts a
 * run of marks in quadratic time. Half-width voicing marks become combining ones.
 */
const MARKS = /[\p{M}\uff9e\uff9f]+/gu;
const MAX_MARKS = 30;

const segmenter = new Intl.Segmenter('und', { granularity: 'word' });

/**
 * Lower case, compatibility forms folded, accents off: `Ｍüller` is found by `muller`. Invisible characters,
 * such as those that change the direction of writing, are removed; an invisible break is a break.
 */
export function fold(text: string): string {
  return decomposed(text.replaceAll('\u200b', ' ').replace(MARKS, streamSafe))
    .replace(/[\p{Mn}\p{Cf}]+/gu, '')
    .replaceAll('’', "'")
    .toLowerCase();
}

function streamSafe(marks: string): string {
  return marks.length > MAX_MARKS ? Array.from(marks).slice(0, MAX_MARKS).join('') : marks;
}

/**
 * The first characters of the text in NFKD, in pieces, so that a text of ligatures costs no more than what is kept of it. Marks at the
 * edge of a piece may be out of order, but `fold` removes them.
 */
function decomposed(text: string): string {
  let kept = '';
  for (const [piece] of text.matchAll(/.{1,10000}/gsu)) {
    if (kept.length >= MAX_FOLDED_LENGTH) break;
    kept += piece.normalize('NFKD');
  }
  return kept.slice(0, MAX_FOLDED_LENGTH);
}

/** The folded text in pieces. Each distinct run between white space occurs once, because words contain no white space. */
function* piecesOf(text: string): Generator<string> {
  let piece = '';
  for (const run of new Set(fold(text).split(/\s+/))) {
    for (let at = 0; at < run.length; at += MAX_PIECE_LENGTH) {
      const part = run.slice(at, at + MAX_PIECE_LENGTH);
      if (piece.length + part.length > MAX_PIECE_LENGTH) {
        yield piece;
        piece = '';
      }
      piece += ` ${part}`;
    }
  }
  yield piece;
}

function* wordsIn(folded: string): Generator<string> {
  for (const { segment, isWordLike } of segmenter.segment(folded)) {
    if (isWordLike === true) yield segment.slice(0, MAX_TERM_LENGTH);
  }
}

/**
 * The terms of texts and addresses: at most 4,000, apart from the addresses themselves. The first 200,000 characters of all texts
 * together are used, in the given order. A long text takes several turns of the event loop.
 */
export async function searchTerms(content: {
  readonly texts: readonly (string | null)[];
  readonly addresses: readonly string[];
}): Promise<string[]> {
  const keys = content.addresses.map(addressKey);
  const terms = new Set<string>();
  let bytes = 0;
  const put = (cut: string) => {
    const term = cut.toWellFormed();
    if (term === '' || terms.has(term)) return;
    const size = Buffer.byteLength(term);
    if (bytes + size > MAX_TERMS_BYTES) return;
    terms.add(term);
    bytes += size;
  };
  for (const key of keys)
    for (const term of [`to ${key}`, key, ...key.split('@')]) put(term.slice(0, MAX_ADDRESS_LENGTH));
  const text = [...keys, ...content.texts].join('\n').slice(0, MAX_TEXT_LENGTH);
  const add = (found: Iterable<string>) => {
    for (const term of found) {
      if (terms.size >= MAX_TERMS) return;
      put(term);
    }
  };
  add(addressesIn(text));
  for (const piece of piecesOf(text)) {
    if (terms.size >= MAX_TERMS) break;
    add(termsIn(piece));
    if (piece.length > MAX_PIECE_LENGTH / 2) await setImmediate();
  }
  return [...terms];
}

function* termsIn(folded: string): Generator<string> {
  for (const word of wordsIn(folded)) {
    yield word;
    if (JOINTS.test(word)) yield* word.split(JOINTS).filter(Boolean);
  }
}

function addressesIn(text: string): string[] {
  return Array.from(text.matchAll(ADDRESS), ([address]) => addressTerm(address));
}

/** Without a leading quotation mark and a trailing full stop. */
function addressTerm(address: string): string {
  return addressKey(address.replace(/^['‘]+/, '').replace(/[.-]+$/, ''));
}

export function recipientTerm(address: string): string {
  return `to ${addressKey(storableText(address))}`;
}

/** A search as a `tsquery`: every one of its words, and every one of `terms`. Empty: there are none. */
export function tsquery(search: string, terms: readonly string[] = []): string {
  const words = [...queryWords(search)].map(([word, isBeginning]) => `${lexeme(word)}${isBeginning ? ':*' : ''}`);
  return [...terms.map(lexeme), ...words].join(' & ');
}

/** A `tsquery` that any one of these terms matches. */
export function anyTerm(terms: readonly string[]): string {
  return terms.map(lexeme).join(' | ');
}

function lexeme(term: string): string {
  return `'${term.slice(0, MAX_ADDRESS_LENGTH).replaceAll(/['\\]/g, '$&$&')}'`;
}

/** Whether a search has text but no word: it finds nothing, while an empty search finds everything. */
export function isWordless(search: string): boolean {
  return search.trim() !== '' && queryTerms(search).length === 0;
}

/**
 * The terms of a search, which must all be found: at most 16. An address counts as one, whatever its punctuation. Empty: the search is
 * empty.
 */
export function queryTerms(search: string): string[] {
  return [...queryWords(search).keys()];
}

/** The terms of a search, each with whether words that begin like it are found too: in `inv-007`, `inv` is a whole word. */
function queryWords(search: string): Map<string, boolean> {
  const typed = search.slice(0, MAX_QUERY_LENGTH).replaceAll('\0', ' ');
  const terms = new Map<string, boolean>();
  const add = (term: string, isLast: boolean) => {
    const word = term.toWellFormed();
    const isBeginning = isLast && word.length >= MIN_PREFIX_LENGTH && terms.get(word) !== false;
    if (terms.has(word) || terms.size < MAX_QUERY_WORDS) terms.set(word, isBeginning);
  };
  for (const address of addressesIn(typed)) add(address, true);
  for (const run of new Set(fold(typed.replace(ADDRESS, ' ')).split(/\s+/))) {
    if (terms.size === MAX_QUERY_WORDS) break;
    if (!/[\p{L}\p{N}]/u.test(run)) continue;
    let last: string | null = null;
    for (const word of wordsIn(run.slice(0, MAX_PIECE_LENGTH))) {
      if (last !== null) add(last, false);
      last = word;
      if (terms.size === MAX_QUERY_WORDS) break;
    }
    if (last !== null) add(last, true);
  }
  return terms;
}
