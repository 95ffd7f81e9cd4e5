/** The MIME tree of a message as `messages.get?format=full` gives it. It was built from a stranger's MIME: a node that makes no sense costs that node. */
import { z } from 'zod';
import type { MimeHeader } from './gateway.ts';

/** Gmail gives what it could split; more nodes than that are a machine's doing, and only cost memory. */
const MAX_NODES = 10_000;

const text = z.string().catch('');

const Node = z.object({
  partId: text,
  mimeType: text.transform((type) => type.toLowerCase()),
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
export type PayloadNode = z.infer<typeof Node>;

/** The bytes of a part that Gmail gave by id only; null when they are gone. */
export type FetchBody = (attachmentId: string) => Promise<Buffer | null>;

/** Null for what is no node at all. */
export function readNode(payload: unknown): PayloadNode | null {
  return Node.safeParse(payload).data ?? null;
}

export function childrenOf(node: PayloadNode): PayloadNode[] {
  return node.parts.map(readNode).filter((part) => part !== null);
}

/** A leaf, and where it stands. */
export interface Leaf {
  readonly node: PayloadNode;
  /** In a `multipart/report`. */
  readonly isReported: boolean;
  /** The `multipart/alternative` that it is one form of. Null: it says what nothing else does. */
  readonly alternative: PayloadNode | null;
}

/** In order of the message, `MAX_NODES` of the tree at most. An enclosed message is one leaf: its parts are not parts of this one. */
export function leavesOf(root: PayloadNode): { readonly leaves: Leaf[]; readonly isCut: boolean } {
  const leaves: Leaf[] = [];
  // Not recursive: the depth is the sender's choice.
  const pending: Leaf[] = [{ node: root, isReported: false, alternative: null }];
  let seen = 0;
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    seen += 1;
    if (seen > MAX_NODES) return { leaves, isCut: true };
    const { node } = at;
    const isMultipart = node.mimeType.startsWith('multipart/');
    if (isMultipart || (node.parts.length > 0 && !node.mimeType.startsWith('message/'))) {
      const isReported = at.isReported || node.mimeType === 'multipart/report';
      const alternative = node.mimeType === 'multipart/alternative' ? node : null;
      const children = childrenOf(node).map((child) => ({ node: child, isReported, alternative }));
      pending.push(...children.reverse());
    } else {
      leaves.push(at);
    }
  }
  return { leaves, isCut: false };
}

/** Null when it has none of this name, compared without case. */
export function headerOf(node: Pick<PayloadNode, 'headers'>, name: string): string | null {
  return node.headers.find((header) => header.name.toLowerCase() === name)?.value ?? null;
}

/** RFC 5322 section 2.2.3: the line break goes, the white space behind it stays. */
export function unfold({ name, value }: MimeHeader): MimeHeader {
  return { name, value: value.replace(/\r?\n(?=[ \t])/g, '').replace(/[\r\n]+/g, ' ') };
}

/** The bytes of a leaf. Null when they are gone, or more than `limit`, which are not fetched. */
export async function bytesOf({ body }: PayloadNode, fetchBody: FetchBody, limit: number): Promise<Buffer | null> {
  if (body.data !== null) return Buffer.from(body.data, 'base64url');
  if (body.attachmentId === null) return Buffer.alloc(0);
  return body.size > limit ? null : fetchBody(body.attachmentId);
}
