import { createHash } from 'node:crypto';
import type { Mime } from '../gmail/gateway.ts';

/** Of base64, without its CRLF (RFC 2045 section 6.8). */
const LINE_LENGTH = 76;
/** Bytes that are encoded at a time: whole lines, and few enough that other requests are not delayed. */
const LINE_BYTES = (LINE_LENGTH / 4) * 3;
const SLICE_BYTES = LINE_BYTES * 1024;
const CRLF = '\r\n';

/** Bytes of the message, or of a file whose base64 is written there. */
export type MimePart = { readonly kind: 'text' | 'file'; readonly bytes: Buffer };

/** A message whose files are encoded while it is read, so that the whole message is never in memory. */
export class ComposedMime implements Mime {
  readonly size: number;
  readonly #parts: readonly MimePart[];
  #sha256: string | null = null;

  constructor(parts: readonly MimePart[]) {
    this.#parts = parts;
    this.size = parts.reduce((sum, { kind, bytes }) => sum + (kind === 'file' ? encodedSize(bytes) : bytes.length), 0);
  }

  *chunks(): Generator<Buffer> {
    const hash = createHash('sha256');
    for (const { kind, bytes } of this.#parts) {
      for (const chunk of kind === 'file' ? encoded(bytes) : [bytes]) {
        hash.update(chunk);
        yield chunk;
      }
    }
    this.#sha256 ??= hash.digest('hex');
  }

  /** Hex. Known after the message was read once; otherwise this reads it. */
  sha256(): string {
    const unread = this.#sha256 === null ? this.chunks() : [];
    for (const _chunk of unread);
    return this.#sha256 ?? '';
  }
}

function encodedSize({ length }: Buffer): number {
  const digits = Math.ceil(length / 3) * 4;
  return digits + CRLF.length * Math.max(Math.ceil(digits / LINE_LENGTH) - 1, 0);
}

/** Base64 in lines that are separated by CRLF. */
function* encoded(bytes: Buffer): Generator<Buffer> {
  for (let from = 0; from < bytes.length; from += SLICE_BYTES) {
    const lines = bytes.toString('base64', from, from + SLICE_BYTES).replace(/.{76}(?=.)/g, `$&${CRLF}`);
    const isLast = from + SLICE_BYTES >= bytes.length;
    yield Buffer.from(isLast ? lines : lines + CRLF, 'latin1');
  }
}
