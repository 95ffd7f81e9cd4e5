/**
 * The parts of a reply: its identification fields (RFC 5322 section 3.6.4), subject (3.6.5), recipients (3.6.3) and quote. Pure
 * functions.
 */

import type { Threading } from '#generated/prisma/enums.ts';
import {
  addressKey,
  addressProblem,
  distinctAddresses,
  type NamedAddress,
  normaliseAddress,
  ownKeyTest,
  StoredMailboxes,
} from './address.ts';
import { MAX_SUBJECT_LENGTH } from './content.ts';
import { decodeEncodedWords, MAX_HEADER_LENGTH } from './encoded-word.ts';
import { escapeHtml } from './escape-html.ts';
import { bodyAsText } from './html-text.ts';

/** References that are kept: the first one, which names the thread, and the last ones. The parent always comes last. */
const MAX_REFERENCES = 40;
/** Addresses of each header; an email may have 100 recipients. */
const MAX_SUGGESTED = 500;
/** A longer message is quoted in part. The whole message stays available. */
const MAX_QUOTE_LENGTH = 100_000;

// "Re", "Re[2]", "Re(2)", "Re^2" and the forms that mail programs use in other languages, except words with which a subject may
// start ("VS:", "R:").
const REPLY_PREFIX =
  /^\s*(?:re|aw|sv|antw|odp|ynt|res|回复|答复|回覆|返信)(?:\[\d{1,3}\]|\(\d{1,3}\)|\^\d{1,3})?\s*[:：]\s*/i;

/** Compares the thread into which Gmail put a message with the requested one. */
export function threadingOf(requestedThreadId: string | null, sentThreadId: string): Threading {
  if (requestedThreadId === null) return 'NEW_THREAD';
  return sentThreadId === requestedThreadId ? 'NATIVE' : 'HEADERS_ONLY';
}

/**
 * The msg-ids of an identification field, angle brackets included, in order. Unfit or over-long ids are left out. They
 * may stand in encoded-words, as Python's email package writes long ones.
 */
export function parseMessageIds(header: string | null): string[] {
  return decodedIds(header).match(/<[^<>\s]{1,900}>/g) ?? [];
}

/**
 * The msg-ids of In-Reply-To or References. Some programs fold within an id or leave out the angle brackets (RFC 5322
 * section 3.6.4 requires them).
 */
export function parseReferences(header: string | null): string[] {
  const value = decodedIds(header);
  const bracketed = value.match(/<[^<>]{1,900}>/g);
  if (bracketed !== null) return bracketed.map((id) => id.replace(/\s+/g, '')).filter((id) => id !== '<>');
  const tokens = value.split(/[\s,;]+/).filter((token) => token !== '');
  return tokens.every((token) => BARE_ID.test(token)) ? tokens.map((token) => `<${token}>`) : [];
}

/** The nearest ids stand last. */
function decodedIds(header: string | null): string {
  const read = (header ?? '').slice(-MAX_HEADER_LENGTH);
  return read.includes('=?') ? decodeEncodedWords(read.slice(-MAX_ENCODED_LENGTH)) : read;
}

/** Characters read of a field with encoded-words: the 8 nearest ids, if they are as long as Gmail's. */
const MAX_ENCODED_LENGTH = 1_000;
const BARE_ID = /^[^<>\s@"()]{1,450}@[^<>\s@"()]{1,450}$/;

/** RFC 5322 section 2.1.1, with room for the name of the header. */
const MAX_MESSAGE_ID_LENGTH = 900;

/**
 * Whether our headers may contain this id. Accepts more than a msg-id of RFC 5322 section 3.6.4, because ids in practice have a colon or
 * a second dot: mail programs compare them as text, and the reply must be in its thread there. Refuses ids that a header line cannot
 * hold, such as non-ASCII ones.
 */
export function isMessageId(id: string): boolean {
  return id.length <= MAX_MESSAGE_ID_LENGTH && /^<[\x21-\x3b\x3d\x3f-\x7e]+>$/.test(id);
}

/**
 * The References of a reply: the parent's references, then the parent. Without references, the parent's In-Reply-To
 * replaces them if it has exactly one id (RFC 5322 section 3.6.4). Ids that a header cannot hold are left out.
 */
export function replyReferences(parent: {
  readonly messageId: string;
  readonly references: readonly string[];
  /** The raw field. */
  readonly inReplyTo: string | null;
}): string[] {
  const inReplyTo = parseMessageIds(parent.inReplyTo);
  const ancestors = parent.references.length > 0 ? parent.references : inReplyTo.length === 1 ? inReplyTo : [];
  const chain = [...new Set(ancestors)].filter((id) => id !== parent.messageId && isMessageId(id));
  const first = chain.slice(0, 1);
  return [...first, ...chain.slice(1).slice(-(MAX_REFERENCES - 2)), ...[parent.messageId].filter(isMessageId)];
}

/**
 * The subject of a reply. A single reply prefix in any language stays: the recipient's Gmail compares subjects, and whether it removes
 * "AW:" is not known. Several prefixes become one "Re: ".
 */
export function replySubject(subject: string): string {
  let rest = subject.slice(0, 2 * MAX_SUBJECT_LENGTH);
  let count = 0;
  for (let match = REPLY_PREFIX.exec(rest); match !== null; match = REPLY_PREFIX.exec(rest)) {
    rest = rest.slice(match[0].length);
    count += 1;
  }
  return (count === 1 ? subject : `Re: ${rest}`.trimEnd()).slice(0, MAX_SUBJECT_LENGTH).toWellFormed();
}

export interface RepliableMessage {
  readonly from: NamedAddress;
  readonly to: readonly NamedAddress[];
  readonly cc: readonly NamedAddress[];
  readonly replyTo: readonly NamedAddress[];
  /** Decoded. */
  readonly subject: string;
  readonly bodyText: string | null;
  readonly bodyHtml: string | null;
  readonly sentAt: Date;
}

/** The columns of a stored message that hold its mailboxes. */
export interface MailboxColumns {
  readonly fromAddress: string;
  readonly fromName: string | null;
  readonly to: unknown;
  readonly cc: unknown;
  readonly replyTo: unknown;
}

/** A stored message with the mailboxes of its headers. */
export function withMailboxes<Row extends MailboxColumns>({ fromAddress, fromName, to, cc, replyTo, ...row }: Row) {
  return {
    ...row,
    from: { address: fromAddress, name: fromName },
    to: StoredMailboxes.parse(to),
    cc: StoredMailboxes.parse(cc),
    replyTo: StoredMailboxes.parse(replyTo),
  };
}

export interface ReplySuggestion {
  readonly to: string[];
  readonly cc: string[];
  readonly subject: string;
  /** "On <date>, <name> wrote:" and the message, each line behind "> ". */
  readonly quotedText: string;
  /**
   * The same in a blockquote, from the text of the message. Its HTML is not copied, because it comes from a stranger.
   */
  readonly quotedHtml: string;
}

/**
 * The recipients and the quote of a reply.
 * @param options.ownAddresses every address of the account that replies; they are not among the recipients,
 * unless they are the only ones. A reply to a message of our own goes to its recipients.
 * @param options.all reply to all: the other recipients are in Cc (RFC 5322 section 3.6.3).
 */
export function replySuggestion(options: {
  readonly message: RepliableMessage;
  readonly ownAddresses: readonly string[];
  readonly all: boolean;
}): ReplySuggestion {
  const { message } = options;
  const isOwn = ownKeyTest(options.ownAddresses);
  const isOther = (address: string) => !isOwn(addressKey(address));
  const isOurs = isOwn(addressKey(message.from.address));

  const author = isOurs ? [message.to, message.cc, message.replyTo] : [message.replyTo, [message.from], message.to];
  const candidates = author.map((list) => sendable(list).filter(isOther));
  // A message of ours to Bcc alone names no address to reply to.
  const otherwise = isOurs && message.to.length === 0 ? [] : sendable([message.from]);
  const to = candidates.find((list) => list.length > 0) ?? otherwise;
  const others = options.all ? sendable([...message.to, ...message.cc]).filter(isOther) : [];
  const taken = new Set(to.map(addressKey));

  const intro = `On ${quoteDate(message.sentAt)}, ${quoteAuthor(message.from)} wrote:`;
  const quoted = bodyAsText(message).slice(0, MAX_QUOTE_LENGTH).toWellFormed().replace(/\r\n?/g, '\n').trimEnd();
  const lines = quoted.split('\n');
  return {
    to,
    cc: others.filter((address) => !taken.has(addressKey(address))),
    subject: replySubject(message.subject),
    quotedText: [intro, ...lines.map((line) => (line === '' || line.startsWith('>') ? `>${line}` : `> ${line}`))].join(
      '\n',
    ),
    quotedHtml: `<div>${escapeHtml(intro)}</div>\n<blockquote style="margin:0 0 0 .8ex;border-left:1px solid #ccc;padding-left:1ex">${lines.map(escapeHtml).join('<br>\n')}</blockquote>`,
  };
}

function sendable(list: readonly NamedAddress[]): string[] {
  const addresses = list
    .slice(0, MAX_SUGGESTED)
    .map(({ address }) => address)
    .filter((address) => addressProblem(address) === null);
  return distinctAddresses(addresses.map(normaliseAddress));
}

function quoteAuthor({ name, address }: NamedAddress): string {
  return name === null ? address : `${name} <${address}>`;
}

/** "Thu, 15 Jan 2026 14:05 UTC": the server does not know the reader's zone, so it names its own. */
function quoteDate(date: Date): string {
  return date.toUTCString().replace(/:\d\d GMT$/, ' UTC');
}
