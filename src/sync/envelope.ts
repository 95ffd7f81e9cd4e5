/** What a message's headers say, ready for PostgreSQL. */
import type { GmailMessage, MimeHeader } from '../gmail/gateway.ts';
import { addressKey, type NamedAddress, parseAddressList } from '../email/address.ts';
import { decodeEncodedWords } from '../email/encoded-word.ts';
import { htmlToText } from '../email/html-text.ts';
import { searchTerms } from '../email/search-terms.ts';
import { parseMessageIds } from '../email/threading.ts';
import { type DeliveryNotice, readDeliveryNotice } from '../inbox/delivery-notice.ts';

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
  /** The earlier mail that it names, the nearest first: Message-IDs, and the op id when it returns a mail of ours. */
  readonly namedIds: string[];
  /** Written by a program, or received from an address of the account itself: no answer of a correspondent. */
  readonly isAutomatic: boolean;
  /** What it says of the delivery of an earlier mail. Null: nothing. */
  readonly notice: DeliveryNotice | null;
}

/** RFC 5321 allows 254 octets; a little more is somebody's mistake, much more is no address. */
const MAX_ADDRESS_LENGTH = 320;
/** As many as a mail program keeps; those of a longer chain stand at its ends. */
const MAX_REFERENCES = 100;
/** An index row holds 2,700 bytes: nothing longer is kept where it is looked for by. */
const MAX_KEY_BYTES = 1_000;

export function readEnvelope(mailbox: Mailbox, message: GmailMessage): Envelope {
  const { headers, labels } = message;
  const header = (name: string) => {
    const value = headers.find((each) => each.name.toLowerCase() === name)?.value;
    return value === undefined ? null : storableText(value);
  };
  const addresses = (name: string) => parseAddressList(header(name) ?? '').map(storable);
  const ids = (name: string) => parseMessageIds(header(name)).filter(isKey);
  const inReplyTo = ids('in-reply-to');
  const references = ids('references');
  const kept =
    references.length <= MAX_REFERENCES
      ? references
      : [...references.slice(0, 1), ...references.slice(1 - MAX_REFERENCES)];
  const isSent = labels.includes('SENT');
  const from = addresses('from')[0] ??
    addresses('sender')[0] ?? { address: isSent ? mailbox.email : 'unknown', name: null };
  const automatic = isAutomatic(headers);
  // Without the label SENT it was received, whoever it says it is from.
  const isFromUs = !isSent && ownAddresses(mailbox).has(addressKey(from.address));
  const notice = isSent ? null : readDeliveryNotice(message, authorsOf(headers), automatic);
  // The nearest relative first.
  const named = [
    notice?.opId ?? null,
    ...(notice?.returnedMessageIds ?? []).map(storableText).filter(isKey),
    ...inReplyTo,
    ...kept.toReversed(),
  ];
  return {
    direction: isSent ? 'OUTBOUND' : 'INBOUND',
    from,
    to: addresses('to'),
    cc: addresses('cc'),
    replyTo: addresses('reply-to'),
    subject: oneLine(storableText(decodeEncodedWords(header('subject') ?? ''))),
    messageId: ids('message-id')[0] ?? unfitId(header('message-id')),
    inReplyTo: inReplyTo[0] ?? null,
    references: kept,
    namedIds: [...new Set(named.filter((id) => id !== null))].slice(0, MAX_REFERENCES + 10),
    isAutomatic: automatic || notice !== null || isFromUs,
    notice,
  };
}

/** Whom its From fields name: of one that has several, all of them. */
function authorsOf(headers: readonly MimeHeader[]): string[] {
  return headers
    .filter(({ name }) => name.toLowerCase() === 'from')
    .flatMap(({ value }) => parseAddressList(value))
    .map(({ address }) => address);
}

/** An encoded-word can hold a line break, and an answer continues its subject. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}

/** What stands where a Message-ID should: nothing can name it, but the message can be answered. Three bytes a character. */
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

/** What programs answer with while their owner is away; a header must say so as well. */
const AWAY_SUBJECT =
  /^\s*(?:auto(?:matic)?[ -]?(?:reply|response|antwort)|out of (?:the )?office|abwesen|automatische antwort|r[ée]ponse automatique|respuesta autom[áa]tica|resposta autom[áa]tica|risposta automatica|automatisch antwoord|automatiskt? svar|autosvar|automatyczna odpowied|automatická odpověď|automaattinen vastaus|автоматический ответ|otomatik yanıt|自動返信|自動応答|自动答复|自動回覆|자동 회신)/i;
/** Such a subject stands at its beginning. */
const MAX_JUDGED_SUBJECT = 500;

/** RFC 3834, and what was in use before it. A subject alone proves nothing: people write such subjects. */
function isAutomatic(headers: readonly MimeHeader[]): boolean {
  const subject = headers.find(({ name }) => name.toLowerCase() === 'subject')?.value ?? '';
  const isAway = AWAY_SUBJECT.test(decodeEncodedWords(subject.slice(0, MAX_JUDGED_SUBJECT)));
  return headers.some(({ name, value }) => {
    switch (name.toLowerCase()) {
      case 'auto-submitted':
        return !/^\s*no\b/i.test(value);
      case 'precedence':
        return /^\s*(?:auto[_-]?reply|bulk|junk)\b/i.test(value);
      case 'x-autoreply':
      case 'x-autorespond':
      case 'x-autoresponder':
      case 'x-mail-autoreply':
        return !/^\s*no\b/i.test(value);
      // Programs also ask with it not to be answered automatically; with such a subject it is Exchange's own answer.
      case 'x-auto-response-suppress':
        return isAway;
      case 'x-failed-recipients':
        return true;
      // Nobody can be answered at the empty address: notifications only (RFC 5321 section 4.5.5).
      case 'return-path':
        return /^\s*<\s*>/.test(value);
      case 'content-type':
        return /^\s*multipart\/report\b/i.test(value);
      default:
        return false;
    }
  });
}

/** PostgreSQL's text cannot hold NUL, and strangers send it. */
export function storableText(value: string): string {
  return value.replaceAll('\0', '').toWellFormed();
}

function storableNotice(notice: DeliveryNotice): DeliveryNotice {
  const recipients = notice.recipients.map((each) => ({
    ...each,
    recipient: storableText(each.recipient),
    original: each.original === null ? null : storableText(each.original),
    diagnostic: each.diagnostic === null ? null : storableText(each.diagnostic),
  }));
  return { ...notice, recipients, returnedMessageIds: notice.returnedMessageIds.map(storableText) };
}

function storable({ address, name }: NamedAddress): NamedAddress {
  return { address: storableText(address), name: name === null ? null : storableText(name) };
}

export function participantsOf(mailbox: Mailbox, { from, to, cc }: Envelope): string[] {
  return participantsAmong(
    mailbox,
    [from, ...to, ...cc].map(({ address }) => address),
  );
}

function ownAddresses({ email, aliases }: Mailbox): Set<string> {
  return new Set([email, ...aliases].map(addressKey));
}

/** Everyone except the account itself. What is no address, or too long for one, is nobody. */
export function participantsAmong(mailbox: Mailbox, addresses: readonly string[]): string[] {
  const own = ownAddresses(mailbox);
  const keys = addresses.map(addressKey);
  return [...new Set(keys)].filter((key) => !own.has(key) && key.includes('@') && key.length <= MAX_ADDRESS_LENGTH);
}

/** Markup is most of an HTML body. */
export const MAX_SEARCHED_HTML = 1_000_000;

/** What a message is found by. */
interface Searched {
  readonly subject: string;
  readonly filenames: readonly string[];
  readonly bodyText: string | null;
  readonly bodyHtml: string | null;
  /** Of whoever wrote or received it. */
  readonly addresses: readonly string[];
}

/** The words under which its conversation is found. */
export function messageTerms(mailbox: Mailbox, message: GmailMessage, { subject, from, to, cc }: Envelope): string[] {
  const { bodyText, bodyHtml } = message;
  const filenames = message.parts.map(({ filename }) => filename);
  const addresses = [from, ...to, ...cc].map(({ address }) => address);
  return termsOf(mailbox, { subject, filenames, bodyText, bodyHtml, addresses });
}

/** The same for a message that is stored already. */
export function termsOf(mailbox: Mailbox, message: Searched): string[] {
  const { subject, filenames, bodyText, bodyHtml, addresses } = message;
  const terms = searchTerms({
    texts: [subject, ...filenames, bodyText ?? htmlToText(bodyHtml?.slice(0, MAX_SEARCHED_HTML) ?? '')],
    addresses: participantsAmong(mailbox, addresses),
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
    envelope.isAutomatic,
    envelope.namedIds,
    envelope.notice === null ? null : JSON.stringify(storableNotice(envelope.notice)),
    message.problems.length === 0 ? null : storableText(message.problems.join(' ')),
  ];
}

export const MESSAGE_COLUMNS = `provider_message_id, direction, from_address, from_name, "to", cc, reply_to, subject,
  snippet, body_text, body_html, sent_at, is_read, labels, message_id, in_reply_to, "references", is_automatic, named_ids, delivery_notice, problem`;
