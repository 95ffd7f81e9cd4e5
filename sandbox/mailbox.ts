/** One mailbox in memory: its messages, drafts and history, with an index for everything a request looks up. */
import { decodeWords, headerValue, messageIds, parseFields } from './headers.ts';
import type { HistoryRecord, HistoryType, MailboxCursor, MailboxSpec, MessageRecord } from './operations.ts';

/** Above 2^53, so that a client that keeps history ids as numbers is found out. */
const FIRST_HISTORY_ID = 9_007_199_254_740_993n;

export interface StoredMessage extends MessageRecord {
  readonly historyId: bigint;
  /** Message-ID without brackets. */
  readonly headerId: string | null;
  /** What recipients' threading compares: the subject without Re: and Fwd:, in lower case. */
  readonly subjectKey: string;
}

export class Mailbox {
  spec: MailboxSpec;
  readonly email: string;
  readonly messages = new Map<string, StoredMessage>();
  /** Message ids by thread. A thread without messages does not exist. */
  readonly threads = new Map<string, Set<string>>();
  /** Message ids by draft. */
  readonly drafts = new Map<string, string>();
  readonly draftIds = new Map<string, string>();
  /** Drafts that `drafts.get` still answers with although they were sent; see the switch in `faults.ts`. */
  readonly lingeringDrafts = new Map<string, string>();
  /** By `internalDate`, then id, ascending. */
  readonly byDate: StoredMessage[] = [];
  readonly history: HistoryRecord[] = [];
  historyId = FIRST_HISTORY_ID;
  /** `history.list` knows nothing of changes up to this id. */
  historyFloor = FIRST_HISTORY_ID;
  readonly #byHeaderId = new Map<string, StoredMessage[]>();

  constructor(spec: MailboxSpec) {
    this.spec = spec;
    this.email = spec.email.toLowerCase();
  }

  /** Messages that carry this Message-ID. */
  withHeaderId(headerId: string): readonly StoredMessage[] {
    return this.#byHeaderId.get(headerId) ?? [];
  }

  /** Oldest first. */
  threadMessages(threadId: string): StoredMessage[] {
    const ids = this.threads.get(threadId) ?? [];
    return Array.from(ids, (id) => this.messages.get(id))
      .filter((message) => message !== undefined)
      .sort(compareByDate);
  }

  add(record: MessageRecord): void {
    this.#store({ ...record, ...threadingKeys(record), historyId: this.#record('messagesAdded', record) });
  }

  remove(id: string): void {
    const message = this.messages.get(id);
    if (message === undefined) return;
    this.messages.delete(id);
    const thread = this.threads.get(message.threadId);
    thread?.delete(id);
    if (thread?.size === 0) this.threads.delete(message.threadId);
    this.byDate.splice(indexByDate(this.byDate, message), 1);
    if (message.headerId !== null) {
      const rest = this.withHeaderId(message.headerId).filter((other) => other.id !== id);
      if (rest.length > 0) this.#byHeaderId.set(message.headerId, rest);
      else this.#byHeaderId.delete(message.headerId);
    }
    this.#record('messagesDeleted', message);
  }

  relabel(id: string, add: readonly string[], remove: readonly string[]): void {
    const message = this.messages.get(id);
    if (message === undefined) return;
    const added = add.filter((label) => !message.labelIds.includes(label));
    const removed = remove.filter((label) => message.labelIds.includes(label));
    const labelIds = [...message.labelIds.filter((label) => !removed.includes(label)), ...added];
    let historyId = message.historyId;
    if (added.length > 0) historyId = this.#record('labelsAdded', { ...message, labelIds }, added);
    if (removed.length > 0) historyId = this.#record('labelsRemoved', { ...message, labelIds }, removed);
    this.#replace({ ...message, labelIds, historyId });
  }

  setDraft(draftId: string, messageId: string | null): void {
    const before = this.drafts.get(draftId);
    if (before !== undefined) this.draftIds.delete(before);
    if (messageId === null) this.drafts.delete(draftId);
    else {
      this.drafts.set(draftId, messageId);
      this.draftIds.set(messageId, draftId);
    }
  }

  forgetHistory(): void {
    this.history.length = 0;
    this.historyFloor = this.historyId;
  }

  cursor(): MailboxCursor {
    return {
      historyId: `${this.historyId}`,
      history: this.history.map((record) => ({ ...record, id: `${record.id}` })),
    };
  }

  resume(cursor: MailboxCursor): void {
    this.historyId = BigInt(cursor.historyId);
    this.history.push(...cursor.history.map((record) => ({ ...record, id: BigInt(record.id) })));
    this.historyFloor = this.history[0] === undefined ? this.historyId : this.history[0].id - 1n;
  }

  restore(record: MessageRecord, historyId: bigint): void {
    this.#store({ ...record, ...threadingKeys(record), historyId });
  }

  #store(message: StoredMessage): void {
    this.messages.set(message.id, message);
    const thread = this.threads.get(message.threadId);
    if (thread === undefined) this.threads.set(message.threadId, new Set([message.id]));
    else thread.add(message.id);
    this.byDate.splice(indexByDate(this.byDate, message), 0, message);
    if (message.headerId !== null) {
      this.#byHeaderId.set(message.headerId, [...this.withHeaderId(message.headerId), message]);
    }
  }

  #replace(message: StoredMessage): void {
    this.messages.set(message.id, message);
    this.byDate[indexByDate(this.byDate, message)] = message;
  }

  #record(type: HistoryType, message: MessageRecord, changed: readonly string[] = []): bigint {
    this.historyId += 1n;
    const { id: messageId, threadId, labelIds } = message;
    this.history.push({ id: this.historyId, type, messageId, threadId, labelIds, changed });
    return this.historyId;
  }
}

type DatePosition = Pick<MessageRecord, 'internalDate' | 'id'>;

export function subjectKey(subject: string): string {
  const words = decodeWords(subject).replace(/\s+/g, ' ').trim().toLowerCase();
  return words.replace(/^(?:(?:re|fwd?|aw|wg|sv)(?:\[\d+\])?: ?)+/, '');
}

function compareByDate(a: DatePosition, b: DatePosition): number {
  return a.internalDate - b.internalDate || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

/** Where the message stands, or would stand. */
export function indexByDate(messages: readonly StoredMessage[], message: DatePosition): number {
  let low = 0;
  let high = messages.length;
  // New mail is the newest nearly always.
  const last = messages[high - 1];
  if (last === undefined || compareByDate(last, message) < 0) return high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = messages[middle];
    if (other !== undefined && compareByDate(other, message) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function threadingKeys(record: MessageRecord): { headerId: string | null; subjectKey: string } {
  const fields = parseFields(record.head);
  return {
    headerId: messageIds(headerValue(fields, 'message-id'))[0] ?? null,
    subjectKey: subjectKey(headerValue(fields, 'subject') ?? ''),
  };
}
