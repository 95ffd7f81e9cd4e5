const UTF8_STRICT = new TextDecoder('utf-8', { fatal: true });

/**
 * Text from bytes in the charset that a header declares; never throws.
 *
 * A charset that is missing, or that stands for "western" (us-ascii and latin-1 are windows-1252 to every reader, WHATWG
 * Encoding 4.2), is a claim that senders often get wrong: bytes that are valid UTF-8 are then read as such.
 * @param charset null when absent. An unknown one is read as windows-1252, which maps every byte.
 */
export function decodeCharset(bytes: Uint8Array, charset: string | null): string {
  const decoder = decoderFor(charset ?? 'us-ascii');
  return (decoder.encoding === 'windows-1252' ? decodeUtf8(bytes) : null) ?? decoder.decode(bytes);
}

/**
 * Text of a body that was probably converted to UTF-8 already while its header went on to declare its old charset, which
 * is what Gmail's `format=full` does (openclaw/gogcli#446); never throws. Long text in another charset is practically
 * never valid UTF-8. The exceptions are bytes that are all ASCII and hold an escape (ISO-2022) or a NUL (UTF-16).
 */
export function decodeConverted(bytes: Uint8Array, charset: string | null): string {
  const text = decodeUtf8(bytes);
  const isOldCharset = text?.length === bytes.length && (bytes.includes(0x1b) || bytes.includes(0));
  return text === null || isOldCharset ? decodeCharset(bytes, charset) : text;
}

/** Whether a charset's own decoder reads it; any other is read as windows-1252. */
export function isKnownCharset(charset: string): boolean {
  return knownDecoder(charset) !== null;
}

export function isUtf8(bytes: Uint8Array): boolean {
  return decodeUtf8(bytes) !== null;
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
