/** users.threads */
import { type Call, maxResults, texts } from './call.ts';
import { badRequest, notFound } from './errors.ts';
import type { StoredMessage } from './mailbox.ts';
import { relabel } from './messages.ts';
import { messageResource, snippetOf } from './payload.ts';
import { newestFirst, parseQuery, visible } from './search.ts';

export function getThread(call: Call): object {
  const messages = messagesOf(call);
  const format = call.query.get('format') ?? 'full';
  const metadataHeaders = call.query.getAll('metadataHeaders');
  return {
    id: messages[0]?.threadId,
    historyId: latestHistoryId(messages),
    messages: messages.map((message) => messageResource(message, format, metadataHeaders)),
  };
}

/** A thread stands where its newest message stands, and is listed when any of its messages matches. */
export function listThreads(call: Call): object {
  const query = parseQuery(call.query.get('q') ?? '');
  const limit = maxResults(call);
  const found: StoredMessage[] = [];
  // The search index by Message-ID knows single messages only.
  for (const newest of newestFirst(call, { ...query, headerId: null })) {
    const messages = call.mailbox.threadMessages(newest.threadId);
    if (messages.at(-1)?.id !== newest.id || !messages.some((message) => visible(call, query, message))) continue;
    found.push(newest);
    if (found.length > limit) break;
  }
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const threads = page.map((message) => ({
    id: message.threadId,
    snippet: snippetOf(message),
    historyId: latestHistoryId(call.mailbox.threadMessages(message.threadId)),
  }));
  return {
    ...(threads.length > 0 ? { threads } : {}),
    ...(found.length > limit && last ? { nextPageToken: `${last.internalDate}.${last.id}` } : {}),
    resultSizeEstimate: found.length,
  };
}

export function modifyThread(call: Call): object {
  const messages = messagesOf(call);
  for (const message of messages) {
    relabel(call, message, texts(call.body, 'addLabelIds'), texts(call.body, 'removeLabelIds'));
  }
  const id = call.params.id ?? '';
  return { id, messages: messages.map((message) => ({ id: message.id, threadId: id })) };
}

function messagesOf(call: Call): StoredMessage[] {
  const id = call.params.id ?? '';
  if (!/^[0-9a-f]{1,16}$/i.test(id)) throw badRequest('Invalid id value');
  const messages = call.mailbox.threadMessages(id);
  if (messages.length === 0) throw notFound();
  return messages;
}

function latestHistoryId(messages: readonly StoredMessage[]): string {
  return `${messages.reduce((latest, { historyId }) => (historyId > latest ? historyId : latest), 0n)}`;
}
