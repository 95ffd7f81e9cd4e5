import { decodeCharset } from '../gmail/charset.ts';

const ENCODED_WORD = /=\?([^\s?]{1,60})\?([bq])\?([^?]*)\?=/gi;

/**
 * Decodes the encoded-words of a header value (RFC 2047); the rest is left as it is. Never throws.
 *
 * White space between two encoded-words is dropped (section 6.2). Adjacent words in one charset are joined as bytes before
 * they are decoded: senders do cut a character in two, although section 5 forbids it.
 */
export function decodeEncodedWords(value: string): string {
  if (!value.includes('=?')) return value;
  let text = '';
  let end = 0;
  let run: { charset: string; bytes: Buffer[] } | null = null;
  const flush = () => {
    if (run) text += decodeCharset(Buffer.concat(run.bytes), run.charset);
    run = null;
  };
  for (const match of value.matchAll(ENCODED_WORD)) {
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
  // A raw non-ASCII character is illegal here but does arrive; keep it whole rather than cut it to one byte.
  return /[^\0-\xff]/.test(latin1) ? Buffer.from(latin1, 'utf8') : Buffer.from(latin1, 'latin1');
}
