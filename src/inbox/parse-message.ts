/** Parses the headers of a message into text that PostgreSQL can store. */
import { setImmediate } from 'node:timers/promises';
import type { Sender } from '../db/sender.ts';
import { addressKey, type NamedAddress, ownKeyTest, parseAddressList } from '../email/address.ts';
import { decodeEncodedWords } from '../email/encoded-word.ts';
import { bodyAsText } from '../email/html-text.ts';
import { parseMessageIds, parseReferences } from '../email/threading.ts';
import type { GmailMessage, MimeHeader } from '../gmail/gateway.ts';
import { headerValue, headerValues } from '../gmail/headers.ts';
import { storableOrNull, storableText } from '../input.ts';
import { isAutomatic } from './automatic.ts';
import { type DeliveryNotice, readDeliveryNotice } from './delivery-notice.ts';

/** The mailbox that a message is in, by its account. */
export interface Mailbox extends Pick<Sender, 'organizationId' | 'id' | 'email' | 'aliases'> {
  /** Tells the addresses of the organization's accounts from others, by `addressKey`. Omitted: those of this account. */
  readonly isOurs?: (key: string) => boolean;
}

export interface ParsedMessage {
  readonly direction: 'INBOUND' | 'OUTBOUND';
  readonly from: NamedAddress;
  readonly to: NamedAddress[];
  readonly cc: NamedAddress[];
  readonly replyTo: NamedAddress[];
  readonly subject: string;
  readonly messageId: string | null;
  readonly inReplyTo: string | null;
  readonly references: string[];
  /** Ids of earlier mail that it names, the nearest first: Message-IDs, and the op id of a returned mail. */
  readonly namedIds: string[];
  /** Written by a program, or received from an address of the organization's accounts: not a correspondent's answer. */
  readonly isAutomatic: boolean;
  /** What it reports on the delivery of an earlier mail. Null: nothing. */
  readonly notice: DeliveryNotice | null;
  /** Its body as plain text. */
  readonly text: string;
}

/** RFC 5321 allows 254 octets; a longer local part than allowed is tolerated. */
const MAX_ADDRESS_LENGTH = 320;
/** RFC 5322 section 3.6 allows one. */
const MAX_FROM_FIELDS = 10;
const MAX_RECIPIENT_FIELDS = 50;
/** Gmail delivers to 2,000 at most. */
const MAX_RECIPIENTS = 2_000;
/** Characters read of all To fields together. */
const MAX_RECIPIENTS_LENGTH = 100_000;
/** Characters read of From, Sender and Reply-To, which name a few mailboxes at most. */
const MAX_AUTHORS_LENGTH = 10_000;
const MAX_SUBJECT_LENGTH = 10_000;
/** Of a longer chain the first and the last ones are kept. */
const MAX_REFERENCES = 100;
/** An index row of PostgreSQL holds 2,700 bytes; longer ids are not indexed. */
const MAX_KEY_BYTES = 1_000;

/** It yields to the event loop in between, as `prepareMessage` does. */
export async function parseMessage(mailbox: Mailbox, message: GmailMessage): Promise<ParsedMessage> {
  const { headers, labels } = message;
  const header = (name: string) => storableOrNull(headerValue(headers, name));
  const addresses = (name: string, maxLength = Number.POSITIVE_INFINITY) =>
    parseAddressList((header(name) ?? '').slice(0, maxLength)).map(storable);
  const inReplyTo = parseReferences(header('in-reply-to')).filter(isKey);
  const references = parseReferences(header('references')).filter(isKey);
  const kept =
    references.length <= MAX_REFERENCES
      ? references
      : [...references.slice(0, 1), ...references.slice(1 - MAX_REFERENCES)];
  await setImmediate();
  const isSent = labels.includes('SENT');
  const from = addresses('from', MAX_AUTHORS_LENGTH)[0] ??
    addresses('sender', MAX_AUTHORS_LENGTH)[0] ?? { address: isSent ? mailbox.email : 'unknown', name: null };
  const authors = authorsOf(headers);
  const automatic = isAutomatic(headers, authors);
  // Without the label SENT it was received, whatever its From says.
  const isOurs = mailbox.isOurs ?? ownKeyTest(ownAddresses(mailbox));
  const isFromUs = !isSent && isOurs(addressKey(from.address));
  await setImmediate();
  const text = bodyAsText(message);
  await setImmediate();
  const read = isSent ? null : readDeliveryNotice(message, text, authors, automatic);
  const notice = read && storableNotice(read);
  const named = [
    notice?.opId ?? null,
    ...(notice?.returnedMessageIds ?? []).filter(isKey),
    ...inReplyTo,
    ...kept.toReversed(),
  ];
  await setImmediate();
  const to = recipientsIn(headers, 'to');
  await setImmediate();
  const cc = recipientsIn(headers, 'cc');
  await setImmediate();
  return {
    direction: isSent ? 'OUTBOUND' : 'INBOUND',
    from,
    to,
    cc,
    replyTo: addresses('reply-to', MAX_AUTHORS_LENGTH).slice(0, MAX_RECIPIENTS),
    subject: subjectOf(header('subject') ?? ''),
    messageId: parseMessageIds(header('message-id')).find(isKey) ?? unfitId(header('message-id')),
    inReplyTo: inReplyTo[0] ?? null,
    references: kept,
    namedIds: [...new Set(named.filter((id) => id !== null))].slice(0, MAX_REFERENCES + 10),
    isAutomatic: automatic || notice !== null || isFromUs,
    notice,
    text,
  };
}

/** The recipients of all fields of a name: RFC 5322 section 4.5.3 reads several as one list. */
function recipientsIn(headers: readonly MimeHeader[], name: string): NamedAddress[] {
  const recipients: NamedAddress[] = [];
  let room = MAX_RECIPIENTS_LENGTH;
  for (const value of headerValues(headers, name).slice(0, MAX_RECIPIENT_FIELDS)) {
    recipients.push(...parseAddressList(storableText(value.slice(0, Math.max(0, room)))).map(storable));
    room -= value.length;
  }
  return recipients.slice(0, MAX_RECIPIENTS);
}

/** The addresses of all its From fields. None when it has more fields than any program writes. */
function authorsOf(headers: readonly MimeHeader[]): NamedAddress[] {
  const values = headerValues(headers, 'from');
  if (values.length > MAX_FROM_FIELDS) return [];
  return values.flatMap((value) => parseAddressList(value.slice(0, MAX_AUTHORS_LENGTH)));
}

/** On one line: an encoded-word can hold a line break, and a reply copies the subject into its own header. */
function subjectOf(header: string): string {
  const text = storableText(decodeEncodedWords(header)).replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
  return text.trim().slice(0, MAX_SUBJECT_LENGTH).toWellFormed();
}

/** A Message-ID header that holds no msg-id. It is kept so that the message can be replied to. A character takes up to 3 bytes. */
function unfitId(header: string | null): string | null {
  return (
    header
      ?.trim()
      .slice(0, MAX_KEY_BYTES / 4)
      .toWellFormed()
      .trim() || null
  );
}

function isKey(text: string): boolean {
  return Buffer.byteLength(text) <= MAX_KEY_BYTES;
}

function storable({ address, name }: NamedAddress): NamedAddress {
  return { address: storableText(address), name: storableOrNull(name) };
}

/** All of its texts are stored. */
function storableNotice(notice: DeliveryNotice): DeliveryNotice {
  return JSON.parse(JSON.stringify(notice), (_, value) => (typeof value === 'string' ? storableText(value) : value));
}

function ownAddresses({ email, aliases }: Pick<Mailbox, 'email' | 'aliases'>): string[] {
  return [email, ...aliases];
}

/** Of a message, the recipients that its conversation shows as participants; of a conversation, its participants. A stranger can name many. */
export const MAX_RECIPIENTS_SHOWN = 200;
export const MAX_PARTICIPANTS = 300;

/** All addresses except those of the account. Values that are not addresses are left out. */
export function participantsAmong(account: Pick<Mailbox, 'email' | 'aliases'>, addresses: readonly string[]): string[] {
  const isOwn = ownKeyTest(ownAddresses(account));
  const keys = addresses.map(addressKey);
  return [...new Set(keys)].filter((key) => !isOwn(key) && key.includes('@') && key.length <= MAX_ADDRESS_LENGTH);
}
