/**
 * What makes a message a reply: its identification fields (RFC 5322 section 3.6.4), its subject (3.6.5), whom it goes to
 * (3.6.3) and what it quotes. Pure functions.
 */

import { addressKey, addressProblem, distinctAddresses, type NamedAddress, normaliseAddress } from './address.ts';
import { htmlToText } from './html-text.ts';

/** The first reference names the thread, the last ones its tail; the parent always comes last. */
const MAX_REFERENCES = 40;
const MAX_SUBJECT_LENGTH = 998;
/** A quote is a convenience; the whole message stays available beside it. */
const MAX_QUOTE_LENGTH = 100_000;

// "Re", "Re[2]", "Re(2)", "Re^2" and what mail programs write in its place in other languages. Kept to forms that are
// not a word somebody may begin a subject with ("VS:", "R:").
const REPLY_WORD = '(?:re|aw|sv|antw|odp|ynt|res|回复|答复|回覆|返信)(?:\\[\\d{1,3}\\]|\\(\\d{1,3}\\)|\\^\\d{1,3})?';
const REPLY_PREFIX = new RegExp(`^\\s*${REPLY_WORD}\\s*[:：]\\s*`, 'i');
const THREAD_PREFIX = new RegExp(`^\\s*(?:${REPLY_WORD}|fwd?)\\s*[:：]\\s*`, 'i');

/** The msg-ids of an identification field, angle brackets included, in order. Unfit or over-long ids are left out. */
export function parseMessageIds(header: string | null): string[] {
  return header?.match(/<[^<>\s]{1,900}>/g) ?? [];
}

/** RFC 5322 section 2.1.1, with room for the name of the header. */
const MAX_MESSAGE_ID_LENGTH = 900;

/**
 * Whether a header of ours may name it. Wider than a msg-id of RFC 5322 section 3.6.4, which is often missed by a colon or
 * a second dot: mail programs compare it as text, and the reply is to be in its thread there. But a line cannot hold all
 * that strangers write, such as what is not ASCII.
 */
export function isMessageId(id: string): boolean {
  return id.length <= MAX_MESSAGE_ID_LENGTH && /^<[\x21-\x3b\x3d\x3f-\x7e]+>$/.test(id);
}

/**
 * The References of a reply: the parent's references, then the parent. Without references, the parent's In-Reply-To
 * stands in for them when it holds exactly one id (RFC 5322 section 3.6.4). What no header can hold is left out.
 */
export function replyReferences(parent: {
  readonly messageId: string;
  readonly references: readonly string[];
  /** The field as it came. */
  readonly inReplyTo: string | null;
}): string[] {
  const inReplyTo = parseMessageIds(parent.inReplyTo);
  const ancestors = parent.references.length > 0 ? parent.references : inReplyTo.length === 1 ? inReplyTo : [];
  const chain = [...new Set(ancestors)].filter((id) => id !== parent.messageId && isMessageId(id));
  const first = chain.slice(0, 1);
  return [...first, ...chain.slice(1).slice(-(MAX_REFERENCES - 2)), ...[parent.messageId].filter(isMessageId)];
}

/**
 * The subject of a reply. One reply prefix, in whatever language, is left as it is: a recipient's Gmail goes by the
 * subject, and whether it takes "AW:" off is not known. A pile of them becomes one "Re: ".
 */
export function replySubject(subject: string): string {
  const prefixes = countPrefixes(subject, REPLY_PREFIX);
  if (prefixes.count === 1) return subject.slice(0, MAX_SUBJECT_LENGTH);
  return `Re: ${prefixes.rest}`.trimEnd().slice(0, MAX_SUBJECT_LENGTH);
}

/** The form in which two subjects of one thread are equal: without prefixes, white space and case folded. */
export function normaliseSubject(subject: string): string {
  return countPrefixes(subject, THREAD_PREFIX).rest.normalize('NFC').replace(/\s+/g, ' ').trim().toLowerCase();
}

/** Whether a Gmail recipient would keep two messages in one conversation, as far as their subjects decide. */
export function sameThreadSubject(a: string, b: string): boolean {
  return normaliseSubject(a) === normaliseSubject(b);
}

function countPrefixes(subject: string, prefix: RegExp): { count: number; rest: string } {
  let rest = subject.slice(0, 2 * MAX_SUBJECT_LENGTH);
  let count = 0;
  for (let match = prefix.exec(rest); match !== null; match = prefix.exec(rest)) {
    rest = rest.slice(match[0].length);
    count += 1;
  }
  return { count, rest };
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

export interface ReplySuggestion {
  readonly to: string[];
  readonly cc: string[];
  readonly subject: string;
  /** "On <date>, <name> wrote:" and the message, each line behind "> ". */
  readonly quotedText: string;
  /**
   * The same in a blockquote, from the text of the message. Its HTML is not carried over: it comes from a stranger, and
   * making it safe takes a real sanitiser, which is the client's choice to make.
   */
  readonly quotedHtml: string;
}

/**
 * Whom a reply would go to and what it would quote.
 * @param options.ownAddresses every address of the account that replies; none of them is replied to, unless there is
 * nobody else. A message of our own is continued: its recipients stay the recipients.
 * @param options.all reply to everybody: the other recipients go to Cc, as RFC 5322 section 3.6.3 has it.
 */
export function replySuggestion(options: {
  readonly message: RepliableMessage;
  readonly ownAddresses: readonly string[];
  readonly all: boolean;
}): ReplySuggestion {
  const { message } = options;
  const own = new Set(options.ownAddresses.map(addressKey));
  const isOther = (address: string) => !own.has(addressKey(address));
  const isOurs = own.has(addressKey(message.from.address));

  const author = isOurs ? [message.to, message.replyTo] : [message.replyTo, [message.from], message.to];
  const candidates = author.map((list) => sendable(list).filter(isOther));
  const to = candidates.find((list) => list.length > 0) ?? sendable([message.from]);
  const others = options.all ? sendable([...message.to, ...message.cc]).filter(isOther) : [];
  const taken = new Set(to.map(addressKey));

  const intro = `On ${quoteDate(message.sentAt)}, ${quoteAuthor(message.from)} wrote:`;
  const quoted = (message.bodyText ?? htmlToText(message.bodyHtml ?? '')).replace(/\r\n?/g, '\n').trimEnd();
  const lines = quoted.slice(0, MAX_QUOTE_LENGTH).split('\n');
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
  const addresses = list.map(({ address }) => address).filter((address) => addressProblem(address) === null);
  return distinctAddresses(addresses.map(normaliseAddress));
}

function quoteAuthor({ name, address }: NamedAddress): string {
  return name === null ? address : `${name} <${address}>`;
}

/** "Thu, 15 Jan 2026 14:05 UTC": the server does not know the reader's zone, so it names its own. */
function quoteDate(date: Date): string {
  return date.toUTCString().replace(/:\d\d GMT$/, ' UTC');
}

function escapeHtml(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}
