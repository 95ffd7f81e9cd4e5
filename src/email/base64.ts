/** Base64 as requests carry it: RFC 4648 section 4, padding optional, no line breaks. */

/** The value of a file, decoded while it was read, so that its text was never a string. */
export class DecodedBase64 {
  // Private, and with its own JSON form, because graphql writes refused values into its messages.
  readonly #bytes: Buffer | null;

  /** @param text the value as it stands in JSON, without the quotes. */
  constructor(text: Buffer) {
    // Some libraries write "/" and "+" as JSON escapes.
    this.#bytes = decode(text.includes('\\') ? Buffer.from(JSON.parse(`"${text}"`)) : text);
  }

  /** Null when the text is not base64. */
  get bytes(): Buffer | null {
    return this.#bytes;
  }

  toJSON(): string {
    return `[${this.#bytes?.length ?? 0} bytes]`;
  }
}

/** A string when it is short, or is a literal of the operation. */
export type Base64 = string | DecodedBase64;

/** Null when it is not base64. */
export function bytesOf(base64: Base64): Buffer | null {
  return typeof base64 === 'string' ? decode(Buffer.from(base64)) : base64.bytes;
}

const PADDING = 0x3d;
/**
 * glibc returns memory to the system at once when it was allocated in pieces larger than 32 MB, and learns to keep smaller ones.
 * Pages that are never written take no memory.
 * @returns the number of bytes to allocate for a buffer of `size` bytes.
 */
export function allocationSize(size: number): number {
  return size < LARGE_BYTES ? size : Math.max(size, GIVEN_BACK_BYTES);
}

const LARGE_BYTES = 1024 * 1024;
const GIVEN_BACK_BYTES = 32 * 1024 * 1024 + 4096;

/** Digits that are decoded together, as one string: a multiple of 4. */
const SLICE = 256 * 1024;

function decode(text: Buffer): Buffer | null {
  const padding = text.at(-1) !== PADDING ? 0 : text.at(-2) !== PADDING ? 1 : 2;
  const digits = text.length - padding;
  // Node.js also accepts the digits of base64url.
  if (digits % 4 === 1 || (padding > 0 && text.length % 4 !== 0) || text.includes('-') || text.includes('_'))
    return null;
  const length = Math.floor((digits * 3) / 4);
  const bytes = Buffer.allocUnsafeSlow(allocationSize(length)).subarray(0, length);
  let size = 0;
  for (let from = 0; from < digits; from += SLICE) {
    size += bytes.write(text.toString('latin1', from, Math.min(from + SLICE, digits)), size, 'base64');
  }
  // Node.js skips characters that are not digits.
  return size === length ? bytes : null;
}
