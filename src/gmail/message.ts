/**
 * From the payload of `messages.get?format=full` to a GmailMessage. Nothing that a stranger can write makes it throw: what
 * cannot be read is left out, and named in `problems`.
 */
import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import { InternalDate } from './answers.ts';
import { decodeConverted, isKnownCharset } from './charset.ts';
import { readDeliveryReport } from './delivery-report.ts';
import { isFlowedDelSp, unflowed } from './flowed.ts';
import type { GmailMessage, GmailPart } from './gateway.ts';
import { headerValue } from './headers.ts';
import { type FetchBody, type Leaf, leafBytes, leavesOf, type PayloadNode, readNode, unfold } from './payload.ts';

/** A longer body is cut, because it is held in memory. */
const MAX_STORED_BODY_BYTES = 10_485_760;
const MAX_PARTS = 500;
/** Of file names and Content-IDs; no file system and no mail program makes longer ones. */
const MAX_NAME_LENGTH = 1_000;
/** RFC 6838 section 4.2 allows 127 characters on either side of the slash. */
const MAX_TYPE_LENGTH = 255;
/** Begins the shifts of ISO 2022, whose text is ASCII to the eye. */
const ESCAPE = 0x1b;

const text = z.string().catch('');

export const MessageAnswer = z.object({
  id: z.string().min(1),
  threadId: z.string().min(1),
  labelIds: z.array(z.string()).catch([]),
  snippet: text,
  internalDate: InternalDate,
  payload: z.unknown().optional(),
});

/** @throws what `fetchBody` throws, and nothing else. */
export async function toGmailMessage(
  answer: z.infer<typeof MessageAnswer>,
  fetchBody: FetchBody,
): Promise<GmailMessage> {
  const problems: string[] = [];
  const root = readNode(answer.payload);
  if (root === null) problems.push('Gmail gave no content.');
  const { leaves, isCut } = root === null ? { leaves: [], isCut: false } : leavesOf(root);
  const plain = await bodyOf(bodyParts(leaves, 'text/plain'), 'plain-text', fetchBody);
  const html = await bodyOf(bodyParts(leaves, 'text/html'), 'HTML', fetchBody);
  const parts = leaves.map(({ node }) => node).filter((node) => !plain.read.has(node) && !html.read.has(node));
  if (isCut || parts.length > MAX_PARTS) problems.push(`It has more than ${MAX_PARTS} parts; only those are kept.`);
  problems.push(...plain.problems, ...html.problems);
  return {
    messageId: answer.id,
    threadId: answer.threadId,
    labels: answer.labelIds,
    snippet: unescapeSnippet(answer.snippet),
    internalDate: answer.internalDate,
    headers: (root?.headers ?? []).filter(({ name }) => name !== '').map(unfold),
    bodyText: plain.text,
    bodyHtml: html.text,
    parts: parts.slice(0, MAX_PARTS).map(toPart),
    report: await readDeliveryReport(leaves, plain.text, fetchBody),
    problems,
  };
}

/** A message of which Gmail was asked for the headers only. @param problem why it is not whole. */
export async function toGmailHead(answer: z.infer<typeof MessageAnswer>, problem: string): Promise<GmailMessage> {
  const message = await toGmailMessage(answer, async () => null);
  // A body that was not given reads as an empty one.
  return { ...message, bodyText: null, bodyHtml: null, parts: [], problems: [problem] };
}

/** Gmail gives it with HTML's special characters escaped. */
function unescapeSnippet(snippet: string): string {
  const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
  return snippet.replace(/&(amp|lt|gt|quot|#39);/g, (entity, name: string) => entities[name] ?? entity);
}

/**
 * The parts that are the body together, in order: mail programs put pictures and files between the paragraphs (RFC 2183
 * section 2.1). Of the forms of one alternative that have this type the first one.
 */
function bodyParts(leaves: readonly Leaf[], type: string): PayloadNode[] {
  const alternatives = new Set<PayloadNode>();
  const parts = leaves.filter(({ node, alternative }) => {
    if (!isBody(node, type) || (alternative !== null && alternatives.has(alternative))) return false;
    if (alternative !== null) alternatives.add(alternative);
    return true;
  });
  return parts.slice(0, MAX_PARTS).map(({ node }) => node);
}

function isBody(leaf: PayloadNode, type: string): boolean {
  const disposition = headerValue(leaf.headers, 'content-disposition') ?? '';
  return leaf.mimeType === type && leaf.filename === '' && !/^\s*attachment\b/i.test(disposition);
}

interface Body {
  /** Null: it has none, or nothing of it could be read. */
  readonly text: string | null;
  readonly problems: ReadonlySet<string>;
  /** The parts that it is made of; those that there was no room for are not. */
  readonly read: ReadonlySet<PayloadNode>;
}

/** @param kind for people. */
async function bodyOf(parts: readonly PayloadNode[], kind: string, fetchBody: FetchBody): Promise<Body> {
  const texts: string[] = [];
  const problems = new Set<string>();
  const read = new Set<PayloadNode>();
  let room = MAX_STORED_BODY_BYTES;
  for (const part of parts) {
    read.add(part);
    const bytes = await leafBytes(part, fetchBody, room);
    const isTooLarge = bytes === null ? part.body.size > room : bytes.length > room;
    if (bytes !== null)
      texts.push(decode(part, isTooLarge ? wholeCharacters(bytes.subarray(0, room)) : bytes, kind, problems));
    else if (!isTooLarge) problems.add(`Its ${kind} body could not be fetched.`);
    if (isTooLarge) problems.add(tooLarge(kind));
    if (isTooLarge) break;
    room -= bytes?.length ?? 0;
  }
  const text = texts.map((each, index) => (index + 1 === texts.length || /(?:^|\n)$/.test(each) ? each : `${each}\n`));
  return { text: texts.length === 0 ? null : text.join(''), problems, read };
}

function decode(part: PayloadNode, bytes: Buffer, kind: string, problems: Set<string>): string {
  const charset = charsetOf(part);
  const text = decodeConverted(bytes, charset);
  if (charset !== null && !isKnownCharset(charset) && (!isUtf8(bytes) || bytes.includes(ESCAPE))) {
    problems.add(`Its ${kind} body is in a character set that is not known; it was read as windows-1252.`);
  } else if (text.includes('\ufffd') && !isUtf8(bytes)) {
    problems.add(`Its ${kind} body holds bytes that are no characters of its character set.`);
  }
  return isFlowedDelSp(headerValue(part.headers, 'content-type') ?? '') ? unflowed(text) : text;
}

function tooLarge(kind: string): string {
  return `Its ${kind} body is larger than ${MAX_STORED_BODY_BYTES / 1_048_576} MB; what is beyond was not stored.`;
}

/** Without the first bytes of a UTF-8 character that was cut in two. */
function wholeCharacters(bytes: Buffer): Buffer {
  let end = bytes.length;
  while (end > bytes.length - 4 && ((bytes[end - 1] ?? 0) & 0xc0) === 0x80) end -= 1;
  return (bytes[end - 1] ?? 0) >= 0xc0 ? bytes.subarray(0, end - 1) : bytes;
}

function charsetOf(leaf: PayloadNode): string | null {
  const match = /;\s*charset\s*=\s*(?:"([^"]*)"|([^\s;"]+))/i.exec(headerValue(leaf.headers, 'content-type') ?? '');
  return (match?.[1] ?? match?.[2])?.trim() || null;
}

function toPart(leaf: PayloadNode): GmailPart {
  const { attachmentId, size, data } = leaf.body;
  const bytes = data === null ? null : Buffer.from(data, 'base64url');
  return {
    partId: leaf.partId,
    filename: leaf.filename.slice(0, MAX_NAME_LENGTH),
    contentType: leaf.mimeType.slice(0, MAX_TYPE_LENGTH) || 'application/octet-stream',
    contentId: headerValue(leaf.headers, 'content-id')?.trim().replace(/^<|>$/g, '').slice(0, MAX_NAME_LENGTH) || null,
    size: Math.min(bytes?.length ?? size, 2_147_483_647),
    attachmentId,
    data: bytes,
  };
}
