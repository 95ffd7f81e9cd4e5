/**
 * Base64 as requests carry it: RFC 4648 section 4, padding optional, no line breaks. A short value is the string that was
 * sent. The value of a large request was decoded while it arrived: neither its text nor a second copy ever exists.
 */

/** The bytes of a value that was decoded already. */
export class DecodedBase64 {
  // Private, and with a form of its own as JSON: graphql writes what it refuses into its messages.
  readonly #bytes: Buffer;
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }
  get bytes(): Buffer {
    return this.#bytes;
  }
  toJSON(): string {
    return `[${this.#bytes.length} bytes]`;
  }
}

export type Base64 = string | DecodedBase64;

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Of the decoded bytes. Null when it is not base64. Counted before decoding, so that what is too large need not be. */
export function decodedSize(base64: Base64): number | null {
  if (base64 instanceof DecodedBase64) return base64.bytes.length;
  if (!BASE64.test(base64)) return null;
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  const digits = base64.length - padding;
  if (digits % 4 === 1 || (padding > 0 && base64.length % 4 !== 0)) return null;
  return Math.floor((digits * 3) / 4);
}

/** @param base64 of which `decodedSize` knows the size. */
export function decodeBase64(base64: Base64): Buffer {
  return base64 instanceof DecodedBase64 ? base64.bytes : Buffer.from(base64, 'base64');
}

/** Value of each digit, by its byte; 64 for what is none. */
const VALUES = Uint8Array.from({ length: 256 }, (_, byte) => {
  const value = ALPHABET.indexOf(String.fromCharCode(byte));
  return value === -1 ? 64 : value;
});

/**
 * Decodes base64 that comes in pieces. By hand, since Node decodes strings only: hundreds of megabytes of them would be made
 * for a few large files at once, and the heap would grow with them.
 */
export class Base64Decoder {
  readonly #expectedBytes: number;
  #bytes: Buffer = Buffer.alloc(0);
  #size = 0;
  #rest: Buffer = Buffer.alloc(0);

  /** @param expectedBytes of the decoded value, as far as that is known. */
  constructor(expectedBytes: number) {
    this.#expectedBytes = expectedBytes;
  }

  /** What was written and is not decoded yet: the last one to four bytes, which may be padding. */
  get rest(): Buffer {
    return this.#rest;
  }

  /** @returns false when that makes it no base64: the piece was not taken, and nothing more may be written. */
  write(piece: Buffer): boolean {
    const missing = Math.min(4 - this.#rest.length, piece.length);
    const first = Buffer.concat([this.#rest, piece.subarray(0, missing)]);
    const others = piece.subarray(missing);
    if (others.length === 0) {
      this.#rest = first;
      return true;
    }
    const whole = Math.floor((others.length - 1) / 4) * 4;
    this.#reserve(3 + (whole / 4) * 3);
    if (!this.#decode(first, 4) || !this.#decode(others, whole)) return false;
    this.#rest = Buffer.from(others.subarray(whole));
    return true;
  }

  /** @returns null when it is not base64. */
  end(): DecodedBase64 | null {
    const rest = this.#rest.toString('latin1');
    const size = decodedSize(rest);
    if (size === null) return null;
    this.#reserve(size);
    this.#size += this.#bytes.write(rest, this.#size, 'base64');
    const bytes = this.#bytes.subarray(0, this.#size);
    // A small file does not keep a buffer that was made for a large one.
    return new DecodedBase64(this.#size < LARGE_BYTES ? Buffer.from(bytes) : bytes);
  }

  /** @param length of the digits, a multiple of 4. */
  #decode(digits: Buffer, length: number): boolean {
    const bytes = this.#bytes;
    let to = this.#size;
    let seen = 0;
    for (let from = 0; from < length; from += 4) {
      const a = VALUES[digits[from] ?? 0] ?? 64;
      const b = VALUES[digits[from + 1] ?? 0] ?? 64;
      const c = VALUES[digits[from + 2] ?? 0] ?? 64;
      const d = VALUES[digits[from + 3] ?? 0] ?? 64;
      seen |= a | b | c | d;
      bytes[to++] = (a << 2) | (b >> 4);
      bytes[to++] = (b << 4) | (c >> 2);
      bytes[to++] = (c << 6) | d;
    }
    this.#size = to;
    return seen < 64;
  }

  #reserve(size: number): void {
    const needed = this.#size + size;
    if (needed <= this.#bytes.length) return;
    // Nothing large is made for what is only announced.
    const larger = allocate(needed < LARGE_BYTES ? 2 * needed : Math.max(2 * this.#size, needed, this.#expectedBytes));
    this.#bytes.copy(larger, 0, 0, this.#size);
    this.#bytes = larger;
  }
}

/**
 * glibc gives back to the system at once what is larger than this, and comes to keep what is smaller, however large. What
 * is not written to takes no memory.
 */
const GIVEN_BACK_BYTES = 32 * 1024 * 1024 + 4096;
const LARGE_BYTES = 1024 * 1024;

function allocate(size: number): Buffer {
  return Buffer.allocUnsafeSlow(size < LARGE_BYTES ? size : Math.max(size, GIVEN_BACK_BYTES));
}
