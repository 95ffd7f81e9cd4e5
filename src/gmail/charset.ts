const UTF8_STRICT = new TextDecoder('utf-8', { fatal: true });
const UTF16_BE = new TextDecoder('utf-16be', { ignoreBOM: true });

/**
 * Text from bytes in the charset that a header declares; never throws.
 *
 * A charset that is missing, or that stands for "western" (us-ascii and latin-1 are windows-1252 to every reader, WHATWG
 * Encoding 4.2), is a claim that senders often get wrong: bytes that are valid UTF-8 are then read as such.
 * @param charset null when absent. An unknown one is read as windows-1252, which maps every byte.
 */
export function decodeCharset(bytes: Uint8Array, charset: string | null): string {
  if (isUtf7(charset)) return decodeUtf7(decodeUtf8(bytes) ?? decoderFor('windows-1252').decode(bytes));
  const decoder = decoderFor(charset ?? 'us-ascii');
  return (decoder.encoding === 'windows-1252' ? decodeUtf8(bytes) : null) ?? decoder.decode(bytes);
}

/**
 * Text of a body that was probably converted to UTF-8 already while its header went on to declare its old charset, which
 * is what Gmail's `format=full` does (openclaw/gogcli#446); never throws. Long text in another charset is practically
 * never valid UTF-8. The exceptions are bytes that are all ASCII: UTF-7, and those that hold an escape (ISO-2022) or a
 * NUL (UTF-16).
 */
export function decodeConverted(bytes: Uint8Array, charset: string | null): string {
  const text = decodeUtf8(bytes);
  const isOldCharset = text?.length === bytes.length && (isUtf7(charset) || bytes.includes(0x1b) || bytes.includes(0));
  return text === null || isOldCharset ? decodeCharset(bytes, charset) : text;
}

/** Whether a charset's own decoder reads it; any other is read as windows-1252. */
export function isKnownCharset(charset: string): boolean {
  return isUtf7(charset) || knownDecoder(charset) !== null;
}

export function isUtf8(bytes: Uint8Array): boolean {
  return decodeUtf8(bytes) !== null;
}

function isUtf7(charset: string | null): boolean {
  return charset !== null && /^(?:unicode-1-1-|x-unicode-2-0-|x-)?utf-?7$/i.test(charset);
}

/** RFC 2152. The platform has no decoder for it. What is no sound sequence stays as it is: "1 + 1", "+49 30 1234". */
function decodeUtf7(text: string): string {
  return text.replace(/\+([A-Za-z0-9+/]*)(-?)/g, (whole, encoded: string, end: string) => {
    if (encoded === '') return end === '' ? whole : '+';
    const bits = encoded.length * 6;
    const bytes = Buffer.from(encoded, 'base64');
    const isWhole = bits >= 16 && bits % 16 < 6 && bytes.toString('base64').replace(/=+$/, '') === encoded;
    return isWhole ? UTF16_BE.decode(bytes.subarray(0, Math.floor(bits / 16) * 2)) : whole;
  });
}

/** Null when the bytes are not UTF-8. */
function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return UTF8_STRICT.decode(bytes);
  } catch {
    return null;
  }
}

function decoderFor(charset: string) {
  return knownDecoder(charset) ?? new TextDecoder('windows-1252');
}

function knownDecoder(charset: string) {
  try {
    // RFC 2231 section 5 lets an encoded-word carry a language after its charset: "utf-8*en".
    return new TextDecoder(charset.split('*')[0]);
  } catch {
    return null;
  }
}
