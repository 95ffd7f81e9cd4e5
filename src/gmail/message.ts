/**
 * From the payload of `messages.get?format=full` to a GmailMessage. The tree was built from a stranger's MIME, so it is
 * read node by node and leniently: a node that makes no sense costs that node.
 */

import { z } from 'zod';
import { decodeConverted } from '../charset.ts';
import type { GmailMessage, GmailPart, MimeHeader } from './gateway.ts';

const text = z.string().catch('');

export const MessageAnswer = z.object({
  id: z.string().min(1),
  threadId: z.string().min(1),
  labelIds: z.array(z.string()).catch([]),
  snippet: text,
  /** Milliseconds since 1970, as text. */
  internalDate: z.string().regex(/^\d{1,15}$/),
  historyId: z.string().regex(/^\d{1,20}$/),
  payload: z.unknown().optional(),
});

const Node = z.object({
  partId: text,
  mimeType: text,
  filename: text,
  headers: z.array(z.object({ name: z.string(), value: z.string() }).catch({ name: '', value: '' })).catch([]),
  body: z
    .object({
      attachmentId: z.string().min(1).nullable().catch(null),
      size: z.number().int().nonnegative().catch(0),
      /** base64url. The content, with its transfer encoding removed. */
      data: z.string().nullable().catch(null),
    })
    .catch({ attachmentId: null, size: 0, data: null }),
  parts: z.array(z.unknown()).catch([]),
});
type Node = z.infer<typeof Node>;

/**
 * @param fetchBody the bytes of a part that Gmail gave by id only; null when they are gone.
 * @throws what `fetchBody` throws, and nothing else.
 */
export async function toGmailMessage(
  answer: z.infer<typeof MessageAnswer>,
  fetchBody: (attachmentId: string) => Promise<Buffer | null>,
): Promise<GmailMessage> {
  const root = Node.safeParse(answer.payload).data ?? null;
  const leaves = root === null ? [] : leavesOf(root);
  const plain = leaves.find((leaf) => isBody(leaf, 'text/plain')) ?? null;
  const html = leaves.find((leaf) => isBody(leaf, 'text/html')) ?? null;
  return {
    messageId: answer.id,
    threadId: answer.threadId,
    labels: answer.labelIds,
    snippet: answer.snippet,
    internalDate: new Date(Number(answer.internalDate)),
    historyId: answer.historyId,
    headers: (root?.headers ?? []).filter(({ name }) => name !== '').map(unfold),
    bodyText: await bodyOf(plain, fetchBody),
    bodyHtml: await bodyOf(html, fetchBody),
    parts: leaves.filter((leaf) => leaf !== plain && leaf !== html).map(toPart),
  };
}

/** In order of the message. An enclosed message is one leaf: its parts are not parts of this one. */
function leavesOf(root: Node): Node[] {
  const leaves: Node[] = [];
  // Not recursive: the depth is the sender's choice.
  const pending = [root];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    const children = node.parts.map((part) => Node.safeParse(part).data).filter((part) => part !== undefined);
    if (isType(node, 'multipart/') || (children.length > 0 && !isType(node, 'message/'))) {
      pending.push(...children.reverse());
    } else {
      leaves.push(node);
    }
  }
  return leaves;
}

function isType(node: Node, prefix: string): boolean {
  return node.mimeType.toLowerCase().startsWith(prefix);
}

function isBody(leaf: Node, type: string): boolean {
  const disposition = headerOf(leaf, 'content-disposition') ?? '';
  return leaf.mimeType.toLowerCase() === type && leaf.filename === '' && !/^\s*attachment\b/i.test(disposition);
}

async function bodyOf(
  leaf: Node | null,
  fetchBody: (attachmentId: string) => Promise<Buffer | null>,
): Promise<string | null> {
  if (leaf === null) return null;
  const { data, attachmentId } = leaf.body;
  const bytes =
    data === null && attachmentId !== null ? await fetchBody(attachmentId) : Buffer.from(data ?? '', 'base64url');
  return bytes === null ? null : decodeConverted(bytes, charsetOf(leaf));
}

function charsetOf(leaf: Node): string | null {
  const match = /;\s*charset\s*=\s*(?:"([^"]*)"|([^\s;"]+))/i.exec(headerOf(leaf, 'content-type') ?? '');
  return (match?.[1] ?? match?.[2])?.trim() || null;
}

function toPart(leaf: Node): GmailPart {
  const { attachmentId, size, data } = leaf.body;
  const bytes = data === null ? null : Buffer.from(data, 'base64url');
  return {
    partId: leaf.partId,
    filename: leaf.filename,
    contentType: leaf.mimeType.toLowerCase() || 'application/octet-stream',
    contentId: headerOf(leaf, 'content-id')?.trim().replace(/^<|>$/g, '') || null,
    size: bytes?.length ?? size,
    attachmentId,
    data: bytes,
  };
}

function headerOf(node: Node, name: string): string | null {
  return node.headers.find((header) => header.name.toLowerCase() === name)?.value ?? null;
}

/** RFC 5322 section 2.2.3: the line break goes, the white space behind it stays. */
function unfold({ name, value }: MimeHeader): MimeHeader {
  return { name, value: value.replace(/\r?\n(?=[ \t])/g, '').replace(/[\r\n]+/g, ' ') };
}
