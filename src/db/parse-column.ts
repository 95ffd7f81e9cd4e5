/** The two kinds of columns of which every page has many, read from PostgreSQL's text at less cost than pg's own parsers. */
import pg from 'pg';

const slowTimestamp: (text: string) => unknown = pg.types.getTypeParser(pg.types.builtins.TIMESTAMPTZ, 'text');
/** The type of text[], which pg knows without a name. */
export const TEXT_ARRAY_OID: number = 1009;
const slowArray: (text: string) => unknown = pg.types.getTypeParser(TEXT_ARRAY_OID, 'text');

const ZERO = 48;
/** `2026-11-22 19:54:47.123+00`: of four-digit years, in UTC, with the fraction's zeros left out. */
const SHORTEST = '2026-11-22 19:54:47+00'.length;

/** A timestamptz as a date. */
export function parseTimestamp(text: string): unknown {
  const { length } = text;
  const digit = (at: number) => text.charCodeAt(at) - ZERO;
  const two = (at: number) => digit(at) * 10 + digit(at + 1);
  const isShort = length === SHORTEST || (length > SHORTEST + 1 && length <= SHORTEST + 4 && text[19] === '.');
  if (!isShort || text[10] !== ' ' || !text.endsWith('+00')) return slowTimestamp(text);
  let millis = 0;
  for (let at = 20, worth = 100; at < length - 3; at++, worth /= 10) millis += digit(at) * worth;
  const year = two(0) * 100 + two(2);
  // Date.UTC takes the years below 100 for those of the last century.
  if (year < 100) return slowTimestamp(text);
  return new Date(Date.UTC(year, two(5) - 1, two(8), two(11), two(14), two(17), millis));
}

/** A text[] as strings. */
export function parseTextArray(text: string): unknown {
  if (text === '{}') return [];
  // Quotes, nulls and nesting are rare, and left to pg.
  if (/["\\]|\bNULL\b/i.test(text) || text.lastIndexOf('{') !== 0) return slowArray(text);
  return text.slice(1, -1).split(',');
}
