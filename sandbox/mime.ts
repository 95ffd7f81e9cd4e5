/**
 * A MIME message as a tree of parts. Every part is a view of the message's bytes: parsing copies nothing, takes linear
 * time, and survives malformed input by treating what it cannot split as one leaf.
 */
import { decodeText, type HeaderField, headerValue, parseFields, parseParameters, splitMessage } from './headers.ts';

const MAX_DEPTH = 16;
const MAX_CHILDREN = 1_000;

export interface MimePart {
  /** Position in the tree as Gmail numbers it: '' for the root, then '0', '1', '1.0'. */
  readonly partId: string;
  readonly fields: readonly HeaderField[];
  readonly mimeType: string;
  readonly charset: string | null;
  /** Empty when the part has no name. */
  readonly filename: string;
  /** Still under its transfer encoding. */
  readonly body: Buffer;
  readonly children: readonly MimePart[];
}

export function parseMime(head: Buffer, body: Buffer, partId = '', depth = 0): MimePart {
  const fields = parseFields(head);
  const type = parseParameters(headerValue(fields, 'content-type') ?? 'text/plain');
  const disposition = parseParameters(headerValue(fields, 'content-disposition') ?? '');
  const mimeType = /^[^\s/]+\/[^\s/]+$/.test(type.value) ? type.value : 'text/plain';
  const nested = (index: number) => (partId === '' ? `${index}` : `${partId}.${index}`);
  return {
    partId,
    fields,
    mimeType,
    charset: type.parameters.get('charset') ?? null,
    filename: disposition.parameters.get('filename') ?? type.parameters.get('name') ?? '',
    body,
    children: childBodies(mimeType, type.parameters.get('boundary'), body, depth).map((raw, index) => {
      const child = splitMessage(raw);
      return parseMime(child.head, child.body, nested(index), depth + 1);
    }),
  };
}

/** The decoded bytes of a leaf. */
export function decodeBody(part: MimePart): Buffer {
  const encoding = headerValue(part.fields, 'content-transfer-encoding')?.toLowerCase();
  if (encoding === 'base64') return Buffer.from(part.body.toString('latin1'), 'base64');
  return encoding === 'quoted-printable' ? decodeQuotedPrintable(part.body) : part.body;
}

/** Decoded text in UTF-8, whatever charset its header names: Gmail converts bodies and leaves the header alone. */
export function decodeTextBody(part: MimePart): Buffer {
  const bytes = decodeBody(part);
  const charset = part.charset?.toLowerCase();
  if (charset === undefined || charset === 'utf-8' || charset === 'us-ascii') return bytes;
  const text = decodeText(bytes, charset);
  return text === null ? bytes : Buffer.from(text);
}

/** The bytes between the delimiter lines of a multipart body, preamble and epilogue dropped. */
export function splitMultipart(body: Buffer, boundary: string): Buffer[] {
  const delimiter = Buffer.from(`--${boundary}`, 'latin1');
  const parts: Buffer[] = [];
  let start = -1;
  for (let at = body.indexOf(delimiter); at >= 0; at = body.indexOf(delimiter, at + delimiter.length)) {
    const lineEnd = delimiterLineEnd(body, at, delimiter.length);
    if (lineEnd === null) continue;
    if (start >= 0) parts.push(body.subarray(start, Math.max(start, endBefore(body, at))));
    if (lineEnd === 'closing') return parts;
    start = lineEnd;
    if (parts.length >= MAX_CHILDREN) return parts;
  }
  // Cut off before its closing delimiter: what is there still counts.
  if (start >= 0 && start < body.length) parts.push(body.subarray(start));
  return parts;
}

function childBodies(mimeType: string, boundary: string | undefined, body: Buffer, depth: number): Buffer[] {
  if (depth >= MAX_DEPTH) return [];
  if (mimeType === 'message/rfc822') return [body];
  return mimeType.startsWith('multipart/') && boundary ? splitMultipart(body, boundary) : [];
}

/** Where the content after a delimiter line starts. Null when the match is only the beginning of another line. */
function delimiterLineEnd(body: Buffer, at: number, length: number): number | 'closing' | null {
  if (at > 0 && body[at - 1] !== 0x0a) return null;
  let index = at + length;
  if (body[index] === 0x2d && body[index + 1] === 0x2d) return 'closing';
  while (body[index] === 0x20 || body[index] === 0x09 || body[index] === 0x0d) index++;
  return body[index] === 0x0a || index >= body.length ? index + 1 : null;
}

/** The line end before a delimiter belongs to the delimiter. */
function endBefore(body: Buffer, at: number): number {
  if (body[at - 1] !== 0x0a) return at;
  return body[at - 2] === 0x0d ? at - 2 : at - 1;
}

/** Line by line, because a pattern for trailing blanks takes quadratic time on hostile input. */
function decodeQuotedPrintable(body: Buffer): Buffer {
  const lines = body.toString('latin1').split('\n');
  const joined = lines.map((line, index) => {
    const text = line.trimEnd();
    if (text.endsWith('=')) return text.slice(0, -1);
    if (index === lines.length - 1) return text;
    return text + (line.endsWith('\r') ? '\r\n' : '\n');
  });
  const decoded = joined
    .join('')
    .replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(decoded, 'latin1');
}
