/** users.history */
import { type Call, maxResults } from './call.ts';
import { badRequest, notFound } from './errors.ts';
import type { HistoryRecord } from './operations.ts';

/** The query names types in the singular: `messageAdded` asks for `messagesAdded`. */
const TYPES: Readonly<Record<string, string>> = {
  messageAdded: 'messagesAdded',
  messageDeleted: 'messagesDeleted',
  labelAdded: 'labelsAdded',
  labelRemoved: 'labelsRemoved',
};

/** Changes after `startHistoryId`, in order. A start that is forgotten, or was never given out, is 404. */
export function listHistory(call: Call): object {
  const { mailbox, query } = call;
  const start = parseId(query.get('startHistoryId'), 'startHistoryId');
  if (start < mailbox.historyFloor || start > mailbox.historyId) throw notFound();
  const pageToken = query.get('pageToken');
  const after = pageToken === null ? start : parseId(pageToken, 'pageToken');
  const limit = maxResults(call);
  const wanted = new Set(query.getAll('historyTypes').map((type) => TYPES[type] ?? type));
  const labelId = query.get('labelId');
  const page: HistoryRecord[] = [];
  let more = false;
  for (let index = firstAfter(mailbox.history, after); index < mailbox.history.length; index++) {
    const record = mailbox.history[index];
    if (record === undefined || (wanted.size > 0 && !wanted.has(record.type))) continue;
    if (labelId !== null && !record.labelIds.includes(labelId) && !record.changed.includes(labelId)) continue;
    if (page.length === limit) {
      more = true;
      break;
    }
    page.push(record);
  }
  return {
    ...(page.length > 0 ? { history: page.map(historyResource) } : {}),
    ...(more ? { nextPageToken: `${page.at(-1)?.id}` } : {}),
    historyId: `${mailbox.historyId}`,
  };
}

function historyResource(record: HistoryRecord): object {
  const reference = { id: record.messageId, threadId: record.threadId };
  const change = { message: { ...reference, labelIds: record.labelIds } };
  const labels = record.changed.length > 0 ? { labelIds: record.changed } : {};
  return { id: `${record.id}`, messages: [reference], [record.type]: [{ ...change, ...labels }] };
}

function parseId(value: string | null, name: string): bigint {
  if (value === null || !/^\d{1,20}$/.test(value)) throw badRequest(`Invalid ${name}`);
  return BigInt(value);
}

function firstAfter(history: readonly HistoryRecord[], id: bigint): number {
  let low = 0;
  let high = history.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((history[middle]?.id ?? 0n) <= id) low = middle + 1;
    else high = middle;
  }
  return low;
}
