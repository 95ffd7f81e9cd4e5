/** Gmail's search box, as far as programs use it, and the order and paging of lists. */
import type { Call } from './call.ts';
import { badRequest } from './errors.ts';
import { decodeWords, headerValue, parseFields } from './headers.ts';
import { compareByDate, indexByDate, type StoredMessage } from './mailbox.ts';
import { parseMime } from './mime.ts';
import { snippetOf } from './payload.ts';

type Predicate = (message: StoredMessage) => boolean;

export interface Query {
  readonly isEmpty: boolean;
  readonly matches: Predicate;
  /** Set by `rfc822msgid:`, which an index answers. */
  readonly headerId: string | null;
  /** The query itself asks for Spam or Trash. */
  readonly anywhere: boolean;
}

export function parseQuery(q: string): Query {
  const predicates: Predicate[] = [];
  let headerId: string | null = null;
  let anywhere = false;
  for (const match of q.matchAll(/(-?)(?:([a-z0-9_]+):)?(?:"([^"]*)"|\(([^)]*)\)|(\S+))/gi)) {
    const [, minus, operator = '', quoted, group, word] = match;
    const value = (quoted ?? group ?? word ?? '').toLowerCase();
    const name = operator.toLowerCase();
    if (name === 'rfc822msgid' && minus === '') headerId = (quoted ?? word ?? '').replace(/^<|>$/g, '');
    if (name === 'in' && ['anywhere', 'spam', 'trash'].includes(value)) anywhere = true;
    const predicate = term(name, value);
    predicates.push(minus === '' ? predicate : (message) => !predicate(message));
  }
  const matches: Predicate = (message) => predicates.every((predicate) => predicate(message));
  return { isEmpty: predicates.length === 0, matches, headerId, anywhere };
}

/** The messages a list goes through, newest first, from where the page token says. */
export function* newestFirst(call: Call, query: Query): Generator<StoredMessage> {
  const { mailbox } = call;
  const candidates =
    query.headerId === null ? mailbox.byDate : [...mailbox.withHeaderId(query.headerId)].sort(compareByDate);
  for (let index = pageStart(call, candidates) - 1; index >= 0; index--) {
    const message = candidates[index];
    if (message !== undefined) yield mailbox.messages.get(message.id) ?? message;
  }
}

/** Whether a list shows the message: labels, Spam and Trash, the query, and the search index having seen it. */
export function visible(call: Call, query: Query, message: StoredMessage): boolean {
  const hidden = message.labelIds.includes('TRASH') || message.labelIds.includes('SPAM');
  const labels = call.query.getAll('labelIds');
  const askedFor = query.anywhere || labels.includes('TRASH') || labels.includes('SPAM');
  if (hidden && !askedFor && call.query.get('includeSpamTrash') !== 'true') return false;
  if (!labels.every((label) => message.labelIds.includes(label))) return false;
  if (query.isEmpty) return true;
  // Search reads an index that lags; plain lists do not.
  const age = call.world.now().getTime() - message.storedAt;
  return age >= call.switches.searchLagMs && query.matches(message);
}

function pageStart(call: Call, messages: readonly StoredMessage[]): number {
  const token = call.query.get('pageToken');
  if (token === null) return messages.length;
  const [, internalDate, id = ''] = /^(-?\d+)\.([0-9a-f]+)$/.exec(token) ?? [];
  if (internalDate === undefined) throw badRequest('Invalid pageToken');
  return indexByDate(messages, { id, internalDate: Number(internalDate) });
}

function term(name: string, value: string): Predicate {
  const inHeader = (...headers: string[]): Predicate => {
    return (message) => headers.some((header) => headerText(message, header).includes(value));
  };
  switch (name) {
    case 'rfc822msgid':
      return (message) => message.headerId?.toLowerCase() === value.replace(/^<|>$/g, '');
    case 'from':
    case 'cc':
    case 'bcc':
    case 'subject':
      return inHeader(name);
    case 'to':
      return inHeader('to', 'cc', 'bcc');
    case 'in':
    case 'label':
    case 'is':
      return labelTerm(value);
    case 'after':
    case 'newer':
      return (message) => message.internalDate >= moment(value);
    case 'before':
    case 'older':
      return (message) => message.internalDate < moment(value);
    case 'has':
      return (message) => value !== 'attachment' || hasAttachment(message);
    case '':
      return (message) =>
        ['subject', 'from', 'to', 'cc'].some((header) => headerText(message, header).includes(value)) ||
        snippetOf(message).toLowerCase().includes(value);
    default:
      return () => false;
  }
}

function labelTerm(value: string): Predicate {
  if (value === 'anywhere') return () => true;
  if (value === 'read') return (message) => !message.labelIds.includes('UNREAD');
  const label = value === 'drafts' ? 'DRAFT' : value.replaceAll('-', '_').toUpperCase();
  return (message) => message.labelIds.includes(label);
}

/** `2026/11/03` or `2026-11-3` in UTC, or seconds since the epoch; milliseconds out. */
function moment(value: string): number {
  const [, year, month, day] = /^(\d{4})[/-](\d{1,2})[/-](\d{1,2})$/.exec(value) ?? [];
  return year === undefined ? Number(value) * 1_000 : Date.UTC(Number(year), Number(month) - 1, Number(day));
}

function headerText(message: StoredMessage, name: string): string {
  return decodeWords(headerValue(parseFields(message.head), name) ?? '').toLowerCase();
}

function hasAttachment(message: StoredMessage): boolean {
  const parts = [parseMime(message.head, message.body)];
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    if (part.filename !== '') return true;
    parts.push(...part.children);
  }
  return false;
}
