/** RFC 5322 header fields: splitting, unfolding, parameters (RFC 2231) and encoded words (RFC 2047). */

export interface HeaderField {
  readonly name: string;
  /** Unfolded; encoded words left as they are. */
  readonly value: string;
  /** The whole field as it stood, folding included, without the last line end; one character a byte. */
  readonly raw: string;
}

const CRLF = '\r\n';

/** Splits a message at its first blank line. Both halves are views of `raw`; a message without one is all header. */
export function splitMessage(raw: Buffer): { head: Buffer; body: Buffer } {
  if (raw[0] === 0x0a) return { head: raw.subarray(0, 0), body: raw.subarray(1) };
  if (raw[0] === 0x0d && raw[1] === 0x0a) return { head: raw.subarray(0, 0), body: raw.subarray(2) };
  const crlf = raw.indexOf('\r\n\r\n');
  // A bare-LF blank line counts only when it comes before the CRLF one.
  const lf = (crlf < 0 ? raw : raw.subarray(0, crlf)).indexOf('\n\n');
  if (lf >= 0) return { head: raw.subarray(0, lf + 1), body: raw.subarray(lf + 2) };
  if (crlf >= 0) return { head: raw.subarray(0, crlf + 2), body: raw.subarray(crlf + 4) };
  return { head: raw, body: raw.subarray(raw.length) };
}

/** Drops lines that are neither a header field nor a continuation of one. */
export function parseFields(head: Buffer): HeaderField[] {
  const fields: HeaderField[] = [];
  let lines: string[] = [];
  const flush = () => {
    const first = lines[0];
    if (first === undefined) return;
    const colon = first.indexOf(':');
    const value = [first.slice(colon + 1), ...lines.slice(1)].join('').trim();
    fields.push({ name: first.slice(0, colon).trimEnd(), value: utf8(value), raw: lines.join(CRLF) });
    lines = [];
  };
  for (const line of head.toString('latin1').split(/\r?\n/)) {
    if (/^[ \t]/.test(line)) {
      if (lines.length > 0) lines.push(line);
      continue;
    }
    flush();
    if (/^[!-9;-~]+[ \t]*:/.test(line)) lines = [line];
  }
  flush();
  return fields;
}

export function renderFields(fields: readonly { readonly raw: string }[]): Buffer {
  return Buffer.from(fields.map((field) => field.raw + CRLF).join(''), 'latin1');
}

/** A field to be rendered; non-ASCII text becomes UTF-8 bytes. */
export function field(name: string, value: string): HeaderField {
  return { name, value, raw: Buffer.from(`${name}: ${value}`).toString('latin1') };
}

/** The first field of that name, compared without case. */
export function headerValue(fields: readonly HeaderField[], name: string): string | null {
  const wanted = name.toLowerCase();
  return fields.find((candidate) => candidate.name.toLowerCase() === wanted)?.value ?? null;
}

/** `<a@b> <c@d>` as the ids without brackets. */
export function messageIds(value: string | null): string[] {
  return Array.from((value ?? '').matchAll(/<([^<>\s]+)>/g), (match) => match[1] ?? '');
}

/** Decodes RFC 2047 encoded words; an unknown charset leaves its word alone. */
export function decodeWords(value: string): string {
  if (!value.includes('=?')) return value;
  return value
    .replace(/(=\?[^?\s]+\?[bq]\?[^?\s]*\?=)[ \t]+(?==\?[^?\s]+\?[bq]\?)/gi, '$1')
    .replace(
      /=\?([^?\s*]+)(?:\*[^?\s]*)?\?([bq])\?([^?\s]*)\?=/gi,
      (word, charset: string, kind: string, text: string) => {
        const bytes =
          kind.toLowerCase() === 'b'
            ? Buffer.from(text, 'base64')
            : Buffer.from(percentBytes(text.replaceAll('_', ' '), '='), 'latin1');
        return decodeText(bytes, charset) ?? word;
      },
    );
}

/** Null for a charset that this platform does not know. */
export function decodeText(bytes: Buffer, charset: string): string | null {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return null;
  }
}

/** `text/plain; charset="utf-8"` as its lower-case value and its parameters, RFC 2231 continuations joined. */
export function parseParameters(value: string): { value: string; parameters: Map<string, string> } {
  const parameters = new Map<string, string>();
  const pattern = /;\s*([^\s=;]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))/g;
  for (const match of value.matchAll(pattern)) {
    const text = match[2]?.replace(/\\(.)/g, '$1') ?? match[3] ?? '';
    const name = (match[1] ?? '').toLowerCase();
    const [base = '', ...marks] = name.split('*');
    if (marks.length === 0) parameters.set(name, decodeWords(text));
    else parameters.set(base, (Number(marks[0]) > 0 ? (parameters.get(base) ?? '') : '') + extended(text, name));
  }
  const end = value.indexOf(';');
  return { value: (end < 0 ? value : value.slice(0, end)).trim().toLowerCase(), parameters };
}

/** One segment of an RFC 2231 value. Segments are decoded on their own: a character split between two is lost. */
function extended(text: string, name: string): string {
  if (!name.endsWith('*')) return text;
  const quoted = /^([^']*)'[^']*'(.*)$/.exec(text);
  const bytes = Buffer.from(percentBytes(quoted?.[2] ?? text, '%'), 'latin1');
  return decodeText(bytes, quoted?.[1] || 'utf-8') ?? text;
}

function percentBytes(text: string, mark: '%' | '='): string {
  const pattern = mark === '%' ? /%([0-9a-f]{2})/gi : /=([0-9a-f]{2})/gi;
  return text.replace(pattern, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function utf8(latin1: string): string {
  return /[\x80-\xff]/.test(latin1) ? Buffer.from(latin1, 'latin1').toString() : latin1;
}
