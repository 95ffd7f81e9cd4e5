/** The MIME tree of a message as `messages.get?format=full` gives it. It was built from a stranger's MIME: an invalid node is left out. */
import { z } from 'zod';
import type { MimeHeader } from './gateway.ts';

/** A message with more nodes was made by a machine, and would only cost memory. */
const MAX_NODES = 10_000;
/** The longest that a line of a message can hold (RFC 5322 section 2.1.1). */
const MAX_HEADER_NAME_LENGTH = 998;
/** Longer than the References of any thread and the recipients of any message. The rest of a longer header is ignored. */
const MAX_HEADER_LENGTH = 262_144;

const text = z.string().catch('');

const Node = z.object({
  partId: text,
  mimeType: text.transform((type) => type.toLowerCase()),
  filename: text,
  headers: z
    .array(z.object({ name: z.string().max(MAX_HEADER_NAME_LENGTH), value: z.string() }).catch({ name: '', value: '' }))
    .catch([]),
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
export type PayloadNode = z.infer<typeof Node>;

/** Fetches the bytes of a part that Gmail gave only by id; null when they are gone. */
export type FetchBody = (attachmentId: string) => Promise<Buffer | null>;

/** Null when it is not a node. */
export function readNode(payload: unknown): PayloadNode | null {
  return Node.safeParse(payload).data ?? null;
}

export function childrenOf(node: PayloadNode, limit = MAX_NODES): PayloadNode[] {
  return node.parts
    .slice(0, limit)
    .map(readNode)
    .filter((part) => part !== null);
}

/** A leaf and its position. */
export interface Leaf {
  readonly node: PayloadNode;
  /** In a `multipart/report`. */
  readonly isReported: boolean;
  /** The `multipart/alternative` of which it is one form. Null: it is not an alternative. */
  readonly alternative: PayloadNode | null;
}

/** In order of the message, `MAX_NODES` of the tree at most. An enclosed message is one leaf: its parts are not parts of this one. */
export function leavesOf(root: PayloadNode): { readonly leaves: Leaf[]; readonly isCut: boolean } {
  const leaves: Leaf[] = [];
  // Not recursive: the depth is the sender's choice.
  const pending: Leaf[] = [{ node: root, isReported: false, alternative: null }];
  let seen = 0;
  let isCut = false;
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    seen += 1;
    const { node } = at;
    const isMultipart = node.mimeType.startsWith('multipart/');
    if (isMultipart || (node.parts.length > 0 && !node.mimeType.startsWith('message/'))) {
      const isReported = at.isReported || node.mimeType === 'multipart/report';
      const alternative = node.mimeType === 'multipart/alternative' ? node : null;
      const room = MAX_NODES - seen - pending.length;
      isCut ||= node.parts.length > room;
      const children = childrenOf(node, room).map((child) => ({ node: child, isReported, alternative }));
      pending.push(...children.reverse());
    } else {
      leaves.push(at);
    }
  }
  return { leaves, isCut };
}

/** RFC 5322 section 2.2.3: the line break is removed, the white space after it stays. Of a longer value the beginning. */
export function unfold({ name, value }: MimeHeader): MimeHeader {
  return {
    name,
    value: value
      .slice(0, MAX_HEADER_LENGTH)
      .replace(/\r?\n(?=[ \t])/g, '')
      .replace(/[\r\n]+/g, ' '),
  };
}

/** The bytes of a leaf. Null when they are gone, or larger than `limit`; then they are not fetched. */
export async function leafBytes({ body }: PayloadNode, fetchBody: FetchBody, limit: number): Promise<Buffer | null> {
  if (body.data !== null) return Buffer.from(body.data, 'base64url');
  if (body.attachmentId === null) return Buffer.alloc(0);
  return body.size > limit ? null : fetchBody(body.attachmentId);
}
