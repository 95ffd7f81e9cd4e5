/** What a message reports on an earlier one: its delivery status (RFC 3464), and the headers that it returns of it. */
import { isUuid } from '../input.ts';
import type { DeliveryReport } from './gateway.ts';
import { childrenOf, type FetchBody, type Leaf, leafBytes, type PayloadNode, unfold } from './payload.ts';
import { type Fields, groupsOf, recipientStatuses, unfoldedLines } from './status-fields.ts';

/** Larger than any status of 100 recipients, and than any header. */
const MAX_STATUS_BYTES = 262_144;
const MAX_TEXT_LENGTH = 200_000;
const STATUS = /^message\/(?:global-)?delivery-status$/;
const RETURNED = /^(?:message\/(?:rfc822|global)|(?:text|message)\/(?:rfc822|global)-headers)$/;

/**
 * Null when the message has neither a delivery status nor a returned message. Some mail systems put them into another
 * container than `multipart/report`, and gateways rewrite the container.
 * @throws what `fetchBody` throws.
 */
export async function readDeliveryReport(
  leaves: readonly Leaf[],
  bodyText: string | null,
  fetchBody: FetchBody,
): Promise<DeliveryReport | null> {
  const status = leaves.find(({ node }) => STATUS.test(node.mimeType));
  const returned = leaves.find(({ node }) => RETURNED.test(node.mimeType))?.node;
  const fieldsInText = status === undefined ? groupsInText(bodyText) : [];
  const isStatus = status !== undefined || fieldsInText.length > 0;
  if (!isStatus && returned === undefined) return null;
  const groups = status === undefined ? fieldsInText : await fieldGroups(status.node, fetchBody);
  // Ordinary mail encloses messages too: without a status their content is not fetched.
  const fetchReturned = isStatus ? fetchBody : async () => null;
  const headers: Fields = returned === undefined ? new Map() : await returnedFields(returned, fetchReturned);
  const opId = headers.get('x-epistle-id')?.toLowerCase() ?? '';
  const originalIds = groups.map((group) => group.get('x-original-message-id') ?? '');
  return {
    ...recipientStatuses(groups),
    form: formOf(status, isStatus),
    opId: isUuid(opId) ? opId : null,
    returnedMessageIds: [headers.get('message-id') ?? '', ...originalIds].flatMap(
      (value) => value.match(/<[^<>\s]+>/g) ?? [],
    ),
  };
}

function formOf(status: Leaf | undefined, isStatus: boolean): DeliveryReport['form'] {
  if (status !== undefined) return status.isReported ? 'report' : 'status';
  return isStatus ? 'text' : 'returned';
}

/** Amazon WorkMail writes the fields into its text; gateways turn the status part into text. */
function groupsInText(bodyText: string | null): Fields[] {
  const text = bodyText?.slice(0, MAX_TEXT_LENGTH) ?? '';
  return /^Final-Recipient:/im.test(text) ? groupsOf(unfoldedLines(text)) : [];
}

/** The groups of fields: the message's, then each recipient's. Gmail may give them as text, or as the headers of parts. */
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
  // The first blank line ends the headers.
  return groupsOf(await linesOf(returned, fetchBody))[0] ?? new Map();
}

async function linesOf(node: PayloadNode, fetchBody: FetchBody): Promise<string[]> {
  const bytes = await leafBytes(node, fetchBody, MAX_STATUS_BYTES);
  return unfoldedLines((bytes ?? Buffer.alloc(0)).subarray(0, MAX_STATUS_BYTES).toString('utf8'));
}
