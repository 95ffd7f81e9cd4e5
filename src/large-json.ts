/**
 * The JSON of a large request. All that makes a request large are its files, so their base64 is decoded while it arrives,
 * and only what is left goes through `JSON.parse`, with a mark in each file's place. What is no base64 stays where it is,
 * so that it is refused in the same words as in a small request.
 */
import { randomUUID } from 'node:crypto';
import { Base64Decoder, type DecodedBase64 } from './email/base64.ts';

/** The one field of the schema whose values are decoded here. */
const FIELD = 'dataBase64';
/** Fields of the variables' values. A variable itself may be of any type, whatever its name. */
const MIN_DEPTH = 3;
/** Far more than an email may have. What comes after them is left as it is. */
const MAX_FILES = 100;

const FIELD_BYTES = Buffer.from(FIELD);
const [QUOTE, BACKSLASH, COLON] = [0x22, 0x5c, 0x3a];
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];
const SPACES: readonly number[] = [0x20, 0x09, 0x0a, 0x0d];

/**
 * @param expectedBytes of the whole; null when it is not known.
 * @returns as `JSON.parse` does, the values of `dataBase64` inside of variables as `DecodedBase64`.
 * @throws {SyntaxError} when it is no JSON, and what reading the chunks throws.
 */
export async function parseLargeJson(
  chunks: AsyncIterable<Uint8Array>,
  expectedBytes: number | null,
): Promise<unknown> {
  const reader = new LargeJsonReader(expectedBytes ?? 0);
  for await (const chunk of chunks) reader.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
  return reader.end();
}

class LargeJsonReader {
  readonly #markPrefix = randomUUID();
  readonly #files = new Map<string, DecodedBase64>();
  readonly #kept: Buffer[] = [];
  /** Bytes of the body that have not arrived yet. */
  #expected: number;

  #depth = 0;
  #inString = false;
  #isEscaped = false;
  /** How much of the field's name the current string is; -1 when it is another. */
  #matched = -1;
  /** What was read last, spaces aside: the field's name, that and its colon, or anything else. */
  #before: 'name' | 'colon' | 'other' = 'other';

  #begun = 0;
  #mark = '';
  #decoder: Base64Decoder | null = null;
  /** Base64 that was written as a JSON escape, as some libraries do for "/" and "+": what has arrived of it. */
  #escape = '';
  #quoteAt = -1;
  #backslashAt = -1;

  constructor(expected: number) {
    this.#expected = expected;
  }

  write(chunk: Buffer): void {
    this.#quoteAt = -1;
    this.#backslashAt = -1;
    let at = 0;
    while (at < chunk.length)
      at = this.#decoder === null ? this.#keep(chunk, at) : this.#decode(chunk, at, this.#decoder);
    this.#expected -= chunk.length;
  }

  end(): unknown {
    const text = Buffer.concat(this.#kept).toString();
    this.#kept.length = 0;
    if (this.#files.size === 0) return JSON.parse(text);
    return JSON.parse(text, (name, value) => (name === FIELD ? (this.#files.get(value) ?? value) : value));
  }

  /** Keeps what is no base64. @returns where the base64 of a file begins, or the end of the chunk. */
  #keep(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0;
      if (this.#inString) this.#readStringByte(byte);
      else if (byte === QUOTE && this.#isFile()) {
        this.#mark = `${this.#markPrefix}-${this.#begun++}`;
        this.#kept.push(chunk.subarray(from, at + 1), Buffer.from(this.#mark));
        this.#decoder = new Base64Decoder(Math.ceil(((this.#expected - at) / 4) * 3));
        return at + 1;
      } else this.#readByte(byte);
    }
    this.#kept.push(chunk.subarray(from));
    return chunk.length;
  }

  /** Whether the string that begins is a file. */
  #isFile(): boolean {
    return this.#before === 'colon' && this.#depth >= MIN_DEPTH && this.#begun < MAX_FILES;
  }

  #readStringByte(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === BACKSLASH) {
      this.#isEscaped = true;
      this.#matched = -1;
    } else if (byte === QUOTE) {
      this.#inString = false;
      this.#before = this.#matched === FIELD_BYTES.length ? 'name' : 'other';
    } else if (this.#matched !== -1) {
      this.#matched = byte === FIELD_BYTES[this.#matched] ? this.#matched + 1 : -1;
    }
  }

  #readByte(byte: number): void {
    if (SPACES.includes(byte)) return;
    this.#before = byte === COLON && this.#before === 'name' ? 'colon' : 'other';
    if (byte === QUOTE) {
      this.#inString = true;
      this.#matched = 0;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) this.#depth++;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) this.#depth--;
  }

  /** @returns where it stopped: behind some base64 or a JSON escape, at the closing quote, or the end of the chunk. */
  #decode(chunk: Buffer, from: number, decoder: Base64Decoder): number {
    if (this.#escape !== '') return this.#decodeEscape(chunk, from, decoder);
    if (this.#quoteAt < from) this.#quoteAt = indexOrEnd(chunk, QUOTE, from);
    if (this.#backslashAt < from) this.#backslashAt = indexOrEnd(chunk, BACKSLASH, from);
    const to = Math.min(this.#quoteAt, this.#backslashAt);
    if (to > from && !decoder.write(chunk.subarray(from, to))) return this.#giveUp(decoder, from);
    if (to === chunk.length) return to;
    if (to === this.#backslashAt) {
      this.#escape = '\\';
      return to + 1;
    }
    const file = decoder.end();
    if (file === null) return this.#giveUp(decoder, to);
    this.#files.set(this.#mark, file);
    this.#decoder = null;
    this.#inString = true;
    this.#matched = -1;
    return to;
  }

  #decodeEscape(chunk: Buffer, from: number, decoder: Base64Decoder): number {
    this.#escape += chunk.toString('latin1', from, from + 1);
    const isWhole = this.#escape.startsWith('\\u') ? this.#escape.length === 6 : this.#escape.length === 2;
    if (!isWhole) return from + 1;
    const digit = digitOf(this.#escape);
    if (digit === null || !decoder.write(Buffer.from(digit))) return this.#giveUp(decoder, from + 1);
    this.#escape = '';
    return from + 1;
  }

  /** It is not base64: the mark, which is none either, gets what was not decoded of the value as its end. */
  #giveUp(decoder: Base64Decoder, at: number): number {
    this.#kept.push(Buffer.from(' '), decoder.rest, Buffer.from(this.#escape, 'latin1'));
    this.#escape = '';
    this.#decoder = null;
    this.#inString = true;
    this.#matched = -1;
    return at;
  }
}

function indexOrEnd(chunk: Buffer, byte: number, from: number): number {
  const index = chunk.indexOf(byte, from);
  return index === -1 ? chunk.length : index;
}

/** Null when JSON knows no such escape, or it is no character of base64. */
function digitOf(sequence: string): string | null {
  const code = /^\\u00[2-7][0-9a-f]$/i.test(sequence) ? Number.parseInt(sequence.slice(2), 16) : NaN;
  const character = sequence === '\\/' ? '/' : String.fromCharCode(code);
  return /^[A-Za-z0-9+/=]$/.test(character) ? character : null;
}
