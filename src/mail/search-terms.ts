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
const MAX_QUERY_WORDS = 16;

const segmenter = new Intl.Segmenter('und', { granularity: 'word' });

/** Lower case, compatibility forms folded, accents off: `Ｍüller` is found by `muller`. */
function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{Mn}/gu, '')
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
    for (const term of [recipientTerm(address), key, ...key.split('@'), ...words(key)]) terms.add(term);
  }
  for (const text of content.texts) {
    for (const word of words(text ?? '')) {
      if (terms.size >= MAX_TERMS) return [...terms];
      terms.add(word);
    }
  }
  return [...terms];
}

export function recipientTerm(address: string): string {
  return `to:${addressKey(address.replaceAll('\0', ''))}`;
}

/** Whether something was typed in which there is no word: it finds nothing, where an empty search finds everything. */
export function isWordless(search: string): boolean {
  return search.trim() !== '' && queryTerms(search).length === 0;
}

/** The terms that must all be found for what a person typed; an address counts as one. Empty: nothing to look for. */
export function queryTerms(search: string): string[] {
  const terms = search
    .replaceAll('\0', ' ')
    .trim()
    .split(/\s+/)
    .flatMap((part) => (part.includes('@') && !part.startsWith('@') ? [addressKey(part)] : words(part)));
  return [...new Set(terms)].slice(0, MAX_QUERY_WORDS);
}
