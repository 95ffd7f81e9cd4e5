/** The search of `messages.list`, as far as Epistle uses it, and the order and paging of the list. */
import type { Call } from './call.ts';
import { badRequest } from './errors.ts';
import { indexByDate, type StoredMessage } from './mailbox.ts';

type Predicate = (message: StoredMessage) => boolean;

export interface Query {
  readonly isEmpty: boolean;
  readonly matches: Predicate;
  /** The query itself asks for Spam or Trash. */
  readonly anywhere: boolean;
}

/** @throws {GoogleError} for a term other than `after:`, `before:`, `in:`, `is:` and `label:`. */
export function parseQuery(q: string): Query {
  const terms = q.toLowerCase().split(/\s+/).filter(Boolean);
  const predicates = terms.map(parseTerm);
  return {
    isEmpty: terms.length === 0,
    matches: (message) => predicates.every((predicate) => predicate(message)),
    anywhere: terms.some((term) => /^in:(?:anywhere|spam|trash)$/.test(term)),
  };
}

/** The messages a list goes through, newest first, from where the page token says. */
export function* newestFirst(call: Call): Generator<StoredMessage> {
  const { byDate, messages } = call.mailbox;
  for (let index = pageStart(call, byDate) - 1; index >= 0; index--) {
    const message = byDate[index];
    if (message !== undefined) yield messages.get(message.id) ?? message;
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

function parseTerm(term: string): Predicate {
  const [, minus, name, value = ''] = /^(-?)(after|before|in|is|label):(\S+)$/.exec(term) ?? [];
  if (name === undefined) throw badRequest(`The sandbox does not know this search: ${term}`);
  const predicate = name === 'after' || name === 'before' ? dateTerm(name, moment(value)) : labelTerm(value);
  return minus === '' ? predicate : (message) => !predicate(message);
}

function dateTerm(name: 'after' | 'before', time: number): Predicate {
  return ({ internalDate }) => (name === 'after' ? internalDate >= time : internalDate < time);
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
