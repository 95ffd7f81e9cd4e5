import { decodeCharset } from '../gmail/charset.ts';

const ENCODED_WORD = /=\?([^\s?]{1,60})\?([bq])\?([^?]*)\?=/gi;
/** Longer header values are cut: 100 KB is some 2,000 recipients. */
export const MAX_HEADER_LENGTH = 100_000;
/** Encoded-words that are decoded in one value; further ones stay encoded. Each has up to 75 characters (RFC 2047 section 2). */
const MAX_WORDS = 1_000;
/** Words in further charsets are read as UTF-8 or windows-1252: finding out that a charset is unknown takes long. */
const MAX_CHARSETS = 20;

/**
 * Decodes the encoded-words of a header value (RFC 2047); the rest is left as it is. Never throws.
 *
 * White space between two encoded-words is dropped (section 6.2). Adjacent words in one charset are joined as bytes before
 * they are decoded: some senders split a character, although section 5 forbids it.
 * @param headerValue its first 100,000 characters are read.
 */
export function decodeEncodedWords(headerValue: string): string {
  const value = headerValue.slice(0, MAX_HEADER_LENGTH);
  if (!value.includes('=?')) return value;
  let text = '';
  let end = 0;
  const charsets = new Set<string>();
  let run: { charset: string; bytes: Buffer[] } | null = null;
  const flush = () => {
    if (run) {
      const isRead = charsets.size < MAX_CHARSETS || charsets.has(run.charset);
      if (isRead) charsets.add(run.charset);
      text += decodeCharset(Buffer.concat(run.bytes), isRead ? run.charset : null);
    }
    run = null;
  };
  for (const match of [...value.matchAll(ENCODED_WORD)].slice(0, MAX_WORDS)) {
    const [word, charset = '', encoding = '', encoded = ''] = match;
    const between = value.slice(end, match.index);
    const isAdjacent = run !== null && between.trim() === '';
    if (!isAdjacent || run?.charset !== charset.toLowerCase()) flush();
    if (!isAdjacent) text += between;
    run ??= { charset: charset.toLowerCase(), bytes: [] };
    run.bytes.push(/b/i.test(encoding) ? Buffer.from(encoded, 'base64') : decodeQ(encoded));
    end = match.index + word.length;
  }
  flush();
  return text + value.slice(end);
}

/** The "Q" encoding, RFC 2047 section 4.2. */
function decodeQ(encoded: string): Buffer {
  const latin1 = encoded
    .replaceAll('_', ' ')
    .replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  // A raw non-ASCII character is illegal here but occurs. It is kept whole instead of cut to one byte.
  return /[^\0-\xff]/.test(latin1) ? Buffer.from(latin1, 'utf8') : Buffer.from(latin1, 'latin1');
}
