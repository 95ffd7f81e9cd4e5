/** What a `multipart/report` (RFC 6522) says of an earlier message: its delivery status (RFC 3464) and what it returns of it. */
import type { DeliveryReport, ReportedRecipient } from './gateway.ts';
import { bytesOf, childrenOf, type FetchBody, type Leaf, type PayloadNode, unfold } from './payload.ts';

/** Larger than any status of 100 recipients, and than any header. */
const MAX_STATUS_BYTES = 512_000;
const MAX_RECIPIENTS = 500;
const MAX_DIAGNOSTIC_LENGTH = 1_000;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

type Fields = Map<string, string>;

/**
 * Null when the message is no delivery report.
 * @throws what `fetchBody` throws.
 */
export async function readDeliveryReport(
  leaves: readonly Leaf[],
  fetchBody: FetchBody,
): Promise<DeliveryReport | null> {
  const reported = leaves.filter(({ isReported }) => isReported).map(({ node }) => node);
  const status = reported.find(({ mimeType }) => /^message\/(?:global-)?delivery-status$/.test(mimeType));
  if (status === undefined) return null;
  const groups = await fieldGroups(status, fetchBody);
  const returned = reported.find(({ mimeType }) =>
    /^(?:message\/(?:rfc822|global)|(?:text|message)\/(?:rfc822|global)-headers)$/.test(mimeType),
  );
  const headers: Fields = returned === undefined ? new Map() : await returnedFields(returned, fetchBody);
  const opId = headers.get('x-epistle-id')?.toLowerCase() ?? '';
  const originalIds = groups.map((group) => group.get('x-original-message-id') ?? '');
  return {
    recipients: groups.flatMap(recipientOf).slice(0, MAX_RECIPIENTS),
    opId: UUID.test(opId) ? opId : null,
    returnedMessageIds: [headers.get('message-id') ?? '', ...originalIds].flatMap(
      (value) => value.match(/<[^<>\s]+>/g) ?? [],
    ),
  };
}

/** The groups of fields of a status: the message's, then each recipient's. Gmail may give them as text, or as parts whose headers they are. */
async function fieldGroups(status: PayloadNode, fetchBody: FetchBody): Promise<Fields[]> {
  const children = childrenOf(status);
  const nodes = children.length > 0 ? children : [status];
  const groups: Fields[] = [];
  for (const node of nodes) {
    if (node !== status)
      groups.push(...groupsOf(node.headers.map(unfold).map(({ name, value }) => `${name}: ${value}`)));
    groups.push(...groupsOf(await linesOf(node, fetchBody)));
  }
  return groups;
}

async function returnedFields(returned: PayloadNode, fetchBody: FetchBody): Promise<Fields> {
  const [child] = childrenOf(returned);
  if (child !== undefined)
    return new Map(child.headers.map(unfold).map(({ name, value }) => [name.toLowerCase(), value.trim()]));
  // What follows the first blank line is the body.
  return groupsOf(await linesOf(returned, fetchBody))[0] ?? new Map();
}

async function linesOf(node: PayloadNode, fetchBody: FetchBody): Promise<string[]> {
  const bytes = await bytesOf(node, fetchBody, MAX_STATUS_BYTES);
  const text = (bytes ?? Buffer.alloc(0)).subarray(0, MAX_STATUS_BYTES).toString('utf8');
  return text === ''
    ? []
    : text
        .replace(/\r\n?/g, '\n')
        .replace(/\n[ \t]+(?=\S)/g, ' ')
        .split('\n');
}

/** A blank line ends a group, and so does a recipient after a recipient: some forget the blank line. */
function groupsOf(lines: readonly string[]): Fields[] {
  const groups: Fields[] = [];
  let group: Fields = new Map();
  const flush = () => {
    if (group.size > 0) groups.push(group);
    group = new Map();
  };
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).trim().toLowerCase();
    if (line.trim() === '') flush();
    if (colon <= 0) continue;
    if (name === 'final-recipient' && group.has(name)) flush();
    if (!group.has(name)) group.set(name, line.slice(colon + 1).trim());
  }
  flush();
  return groups;
}

/** None for what was delivered, relayed or expanded. */
function recipientOf(fields: Fields): ReportedRecipient[] {
  const final = addressOf(fields.get('final-recipient'));
  const original = addressOf(fields.get('original-recipient'));
  const recipient = final ?? original;
  if (recipient === null) return [];
  const action = (fields.get('action') ?? '').toLowerCase().match(/^[a-z]+/)?.[0] ?? '';
  const given = fields.get('status')?.match(/^\s*([245]\.\d{1,3}\.\d{1,3})(?!\d)/)?.[1] ?? null;
  if (action !== 'failed' && action !== 'delayed' && (action !== '' || given === null || given.startsWith('2')))
    return [];
  // Who gives up after a temporary failure says "failed" and 4.x: the action decides (RFC 3464 section 2.3.3).
  const permanent = action === '' ? given?.startsWith('5') === true : action === 'failed';
  const status = given === null || given.startsWith('2') ? (permanent ? '5.0.0' : '4.0.0') : given;
  const diagnostic = fields.get('diagnostic-code')?.slice(0, MAX_DIAGNOSTIC_LENGTH) ?? null;
  return [{ recipient, original, status, diagnostic: diagnostic || null, permanent }];
}

/** `rfc822; <a@b.c>` as `a@b.c`. */
function addressOf(field: string | undefined): string | null {
  const address =
    field
      ?.replace(/^[^;]*;/, '')
      .trim()
      .replace(/^<|>$/g, '') ?? '';
  return address.includes('@') && address.length <= 320 ? address : null;
}
