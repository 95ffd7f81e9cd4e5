/** users.history */
import { type Call, maxResults } from './call.ts';
import { badRequest, notFound } from './errors.ts';
import type { HistoryRecord } from './operations.ts';

/** Changes after `startHistoryId`, in order. A start that is forgotten, or was never given out, is 404. */
export function listHistory(call: Call): object {
  const { mailbox, query } = call;
  const start = parseId(query.get('startHistoryId'), 'startHistoryId');
  if (start < mailbox.historyFloor || start > mailbox.historyId) throw notFound();
  const pageToken = query.get('pageToken');
  const after = pageToken === null ? start : parseId(pageToken, 'pageToken');
  const from = firstAfter(mailbox.history, after);
  const page = mailbox.history.slice(from, from + maxResults(call));
  const isLast = from + page.length >= mailbox.history.length;
  return {
    ...(page.length > 0 ? { history: page.map(historyResource) } : {}),
    ...(isLast ? {} : { nextPageToken: `${page.at(-1)?.id}` }),
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
