/**
 * What a search finds: whole words in any script, and addresses. The words are kept in an indexed `text[]` rather than
 * in a tsvector, because PostgreSQL has no dictionary-free way to split Chinese, Japanese or Thai, and Prisma can query
 * an array. A recipient is the term `to:<address>`, so that one index serves both.
 */
import { addressKey } from './address.ts';

/** A GIN entry per distinct word: beyond this a text is a machine's, and its tail finds nothing a person looks for. */
const MAX_TERMS = 4_000;
const MAX_TEXT_LENGTH = 200_000;
const MAX_TERM_LENGTH = 64;
/** As many as a person looks for; the rest of a longer text is not asked for. */
const MAX_QUERY_WORDS = 16;

/** What is joined by these counts as one word and in its parts: `invoice_2026.pdf`, `l'invoice`, `acme.example`. */
const JOINTS = /[.:_']/;
/** An address in a text, as far as somebody would copy it. Bounded, so that no text takes long to be looked through. */
const ADDRESS = /[^\s<>()[\]{}"“”„«»,;:|@]{1,64}@[\p{L}\p{N}.-]{1,253}/gu;

const segmenter = new Intl.Segmenter('und', { granularity: 'word' });

/**
 * Lower case, compatibility forms folded, accents off: `Ｍüller` is found by `muller`. What is not seen, such as the marks
 * that turn the direction of writing, is left out; a break that is not seen is one.
 */
function fold(text: string): string {
  return text
    .replaceAll('\u200b', ' ')
    .normalize('NFKD')
    .replace(/[\p{Mn}\p{Cf}]/gu, '')
    .replaceAll('’', "'")
    .toLowerCase();
}

function words(text: string): string[] {
  const folded = fold(text.slice(0, MAX_TEXT_LENGTH));
  const found: string[] = [];
  for (const { segment, isWordLike } of segmenter.segment(folded)) {
    if (isWordLike === true) found.push(segment.slice(0, MAX_TERM_LENGTH));
  }
  return found;
}

/** The terms under which a text with these addresses is found. */
export function searchTerms(content: {
  readonly texts: readonly (string | null)[];
  readonly addresses: readonly string[];
}): string[] {
  const terms = new Set<string>();
  for (const address of content.addresses) {
    const key = addressKey(address);
    for (const term of [recipientTerm(address), key, ...key.split('@'), ...wordsAndParts(key)]) terms.add(term);
  }
  for (const text of content.texts) {
    for (const term of [...addressesIn(text ?? ''), ...wordsAndParts(text ?? '')]) {
      if (terms.size >= MAX_TERMS) return [...terms];
      terms.add(term);
    }
  }
  return [...terms];
}

function wordsAndParts(text: string): string[] {
  return words(text).flatMap((word) => (JOINTS.test(word) ? [word, ...word.split(JOINTS).filter(Boolean)] : [word]));
}

function addressesIn(text: string): string[] {
  return Array.from(text.slice(0, MAX_TEXT_LENGTH).matchAll(ADDRESS), ([address]) => addressTerm(address));
}

/** Without the quotation mark before it and the full stop behind. */
function addressTerm(address: string): string {
  return addressKey(address.replace(/^['‘]+/, '').replace(/[.-]+$/, ''));
}

export function recipientTerm(address: string): string {
  return `to:${addressKey(address.replaceAll('\0', ''))}`;
}

/** Whether something was typed in which there is no word: it finds nothing, where an empty search finds everything. */
export function isWordless(search: string): boolean {
  return search.trim() !== '' && queryTerms(search).length === 0;
}

/**
 * The terms that must all be found for what a person typed, 16 at most; an address counts as one, however it is
 * punctuated. Empty: nothing to look for.
 */
export function queryTerms(search: string): string[] {
  const typed = search.slice(0, MAX_TEXT_LENGTH).replaceAll('\0', ' ');
  const terms = [...addressesIn(typed), ...words(typed.replace(ADDRESS, ' '))];
  return [...new Set(terms)].slice(0, MAX_QUERY_WORDS);
}
