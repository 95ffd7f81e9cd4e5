/** A stored message as the Gmail API answers it. */
import { randomBytes } from 'node:crypto';
import { badRequest } from './errors.ts';
import type { StoredMessage } from './mailbox.ts';
import { decodeBody, decodeTextBody, type MimePart, parseMime } from './mime.ts';
import { escapeHtml } from './reply.ts';

export interface Payload {
  readonly partId: string;
  readonly mimeType: string;
  readonly filename: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly body: { readonly size: number; readonly data?: string; readonly attachmentId?: string };
  readonly parts?: readonly Payload[];
}

const BLANK_LINE = Buffer.from('\r\n');
const SNIPPET_CHARACTERS = 200;
/** Bytes of a body that a snippet is made from. */
const SNIPPET_SOURCE_BYTES = 16_384;

export function rawMessage(message: { readonly head: Buffer; readonly body: Buffer }): Buffer {
  return Buffer.concat([message.head, BLANK_LINE, message.body]);
}

export function messageResource(message: StoredMessage, format: string, metadataHeaders: readonly string[]): object {
  const resource = {
    id: message.id,
    threadId: message.threadId,
    labelIds: message.labelIds,
    snippet: snippetOf(message),
    sizeEstimate: message.head.length + BLANK_LINE.length + message.body.length,
    historyId: `${message.historyId}`,
    internalDate: `${message.internalDate}`,
  };
  if (format === 'minimal') return resource;
  if (format === 'raw') return { ...resource, raw: rawMessage(message).toString('base64url') };
  if (format === 'metadata') return { ...resource, payload: metadataPayload(message, metadataHeaders) };
  if (format === 'full') return { ...resource, payload: toPayload(parseMime(message.head, message.body)) };
  throw badRequest(`Invalid value at 'format': "${format}"`);
}

/** The decoded bytes behind an attachment id of this message. */
export function attachmentBytes(message: StoredMessage, attachmentId: string): Buffer {
  const partId = /^ANGjdJ[\w-]{16}_([\d.]*)$/.exec(attachmentId)?.[1];
  const part = partId === undefined ? null : findPart(parseMime(message.head, message.body), partId);
  if (part === null) throw badRequest('Invalid attachment token');
  return decodeBody(part);
}

/** Gmail's snippet: the beginning of the text on one line, with HTML's special characters escaped. */
function snippetOf(message: StoredMessage): string {
  const known = snippets.get(message.body);
  if (known !== undefined) return known;
  const snippet = makeSnippet(parseMime(message.head, message.body));
  snippets.set(message.body, snippet);
  return snippet;
}

/** Keyed by the body, which every copy of a mail shares. */
const snippets = new WeakMap<Buffer, string>();

function makeSnippet(root: MimePart): string {
  const source = findText(root, 'text/plain') ?? findText(root, 'text/html');
  if (source === null) return '';
  const beginning = { ...source, body: source.body.subarray(0, SNIPPET_SOURCE_BYTES) };
  let text = decodeTextBody(beginning).toString();
  if (source.mimeType === 'text/html') text = htmlToText(text);
  const line = text.replace(/\s+/g, ' ').trim();
  return escapeHtml([...line].slice(0, SNIPPET_CHARACTERS).join(''));
}

function findText(part: MimePart, mimeType: string): MimePart | null {
  if (part.mimeType === mimeType && part.filename === '') return part;
  for (const child of part.children) {
    const found = findText(child, mimeType);
    if (found !== null) return found;
  }
  return null;
}

function htmlToText(html: string): string {
  const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", nbsp: ' ' };
  return html
    .replace(/<(style|script|title)\b[^>]*>[^<]*/gi, ' ')
    .replace(/<[^<>]*>/g, ' ')
    .replace(/&(amp|lt|gt|quot|#39|nbsp);/g, (_, name: string) => entities[name] ?? ' ');
}

function metadataPayload(message: StoredMessage, metadataHeaders: readonly string[]): object {
  const wanted = new Set(metadataHeaders.map((name) => name.toLowerCase()));
  const root = parseMime(message.head, Buffer.alloc(0));
  const headers = headerList(root).filter(({ name }) => wanted.size === 0 || wanted.has(name.toLowerCase()));
  return { partId: '', mimeType: root.mimeType, filename: root.filename, headers };
}

function toPayload(part: MimePart): Payload {
  const { partId, mimeType, filename } = part;
  const base = { partId, mimeType, filename, headers: headerList(part) };
  if (mimeType.startsWith('multipart/')) return { ...base, body: { size: 0 }, parts: part.children.map(toPayload) };
  if (mimeType.startsWith('text/') && filename === '') {
    const text = decodeTextBody(part);
    return { ...base, body: { size: text.length, data: text.toString('base64url') } };
  }
  // A new id at each read, as Gmail's are: only message id + part id name an attachment.
  const attachmentId = `ANGjdJ${randomBytes(12).toString('base64url')}_${partId}`;
  const leaf = { ...base, body: { size: decodeBody(part).length, attachmentId } };
  return part.children.length === 0 ? leaf : { ...leaf, parts: part.children.map(toPayload) };
}

function headerList(part: MimePart): { name: string; value: string }[] {
  return part.fields.map(({ name, value }) => ({ name, value }));
}

function findPart(part: MimePart, partId: string): MimePart | null {
  if (part.partId === partId) return part;
  for (const child of part.children) {
    const found = findPart(child, partId);
    if (found !== null) return found;
  }
  return null;
}
