/** What a message's headers say, ready for PostgreSQL. */
import type { GmailMessage, MimeHeader } from '../gmail/gateway.ts';
import { addressKey, type NamedAddress, parseAddressList } from '../mail/address.ts';
import { decodeEncodedWords } from '../mail/encoded-word.ts';
import { searchTerms } from '../mail/search-terms.ts';
import { parseMessageIds } from '../mail/thread.ts';

/** The mailbox that a message is in. */
export interface Mailbox {
  readonly organizationId: string;
  /** Of the account. */
  readonly id: string;
  readonly email: string;
  readonly aliases: readonly string[];
}

export interface Envelope {
  readonly direction: 'INBOUND' | 'OUTBOUND';
  readonly from: NamedAddress;
  readonly to: NamedAddress[];
  readonly cc: NamedAddress[];
  readonly replyTo: NamedAddress[];
  readonly subject: string;
  readonly messageId: string | null;
  readonly inReplyTo: string | null;
  readonly references: string[];
  /** RFC 3834: sent by a program, so no answer of a person. */
  readonly isAutomatic: boolean;
}

export function readEnvelope(mailbox: Mailbox, { headers, labels }: GmailMessage): Envelope {
  const header = (name: string) => {
    const value = headers.find((each) => each.name.toLowerCase() === name)?.value;
    return value === undefined ? null : storableText(value);
  };
  const addresses = (name: string) => parseAddressList(header(name) ?? '').map(storable);
  return {
    direction: labels.includes('SENT') ? 'OUTBOUND' : 'INBOUND',
    from: addresses('from')[0] ?? { address: labels.includes('SENT') ? mailbox.email : 'unknown', name: null },
    to: addresses('to'),
    cc: addresses('cc'),
    replyTo: addresses('reply-to'),
    subject: storableText(decodeEncodedWords(header('subject') ?? '')),
    messageId: parseMessageIds(header('message-id'))[0] ?? null,
    inReplyTo: parseMessageIds(header('in-reply-to'))[0] ?? null,
    references: parseMessageIds(header('references')),
    isAutomatic: isAutomatic(headers),
  };
}

function isAutomatic(headers: readonly MimeHeader[]): boolean {
  return headers.some(({ name, value }) => {
    const field = name.toLowerCase();
    if (field === 'auto-submitted') return !/^\s*no\b/i.test(value);
    return field === 'x-failed-recipients' || (field === 'precedence' && /^\s*(auto_reply|bulk|junk)\b/i.test(value));
  });
}

/** PostgreSQL's text cannot hold NUL, and strangers send it. */
export function storableText(value: string): string {
  return value.replaceAll('\0', '').toWellFormed();
}

function storable({ address, name }: NamedAddress): NamedAddress {
  return { address: storableText(address), name: name === null ? null : storableText(name) };
}

/** Everyone in it except the account itself. */
export function participantsOf(mailbox: Mailbox, { from, to, cc }: Envelope): string[] {
  const own = new Set([mailbox.email, ...mailbox.aliases].map(addressKey));
  const keys = [from, ...to, ...cc].map(({ address }) => addressKey(address));
  return [...new Set(keys)].filter((key) => !own.has(key));
}

/** The words under which its conversation is found. */
export function messageTerms(mailbox: Mailbox, message: GmailMessage, envelope: Envelope): string[] {
  const terms = searchTerms({
    texts: [envelope.subject, ...message.parts.map(({ filename }) => filename), message.bodyText ?? message.bodyHtml],
    addresses: participantsOf(mailbox, envelope),
  });
  return terms.map(storableText);
}

/** The columns of `email_message` from `provider_message_id` on, `MESSAGE_COLUMNS` in their order. */
export function messageValues(message: GmailMessage, envelope: Envelope): unknown[] {
  return [
    message.messageId,
    envelope.direction,
    envelope.from.address,
    envelope.from.name,
    JSON.stringify(envelope.to),
    JSON.stringify(envelope.cc),
    JSON.stringify(envelope.replyTo),
    envelope.subject,
    storableText(message.snippet),
    message.bodyText === null ? null : storableText(message.bodyText),
    message.bodyHtml === null ? null : storableText(message.bodyHtml),
    message.internalDate,
    !message.labels.includes('UNREAD'),
    message.labels,
    envelope.messageId,
    envelope.inReplyTo,
    envelope.references,
  ];
}

export const MESSAGE_COLUMNS = `provider_message_id, direction, from_address, from_name, "to", cc, reply_to, subject,
  snippet, body_text, body_html, sent_at, is_read, labels, message_id, in_reply_to, "references"`;
