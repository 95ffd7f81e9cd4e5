/** What Gmail does to a message on its way into Drafts and out of the mailbox. */
import { randomBytes } from 'node:crypto';
import { parseAddressList } from './addresses.ts';
import { badRequest } from './errors.ts';
import { field, type HeaderField, headerValue, parseFields, renderFields, splitMessage } from './headers.ts';
import type { Mailbox } from './mailbox.ts';

export interface Outgoing {
  readonly head: Buffer;
  readonly body: Buffer;
  readonly fields: readonly HeaderField[];
  /** Addresses of To, Cc and Bcc, each once. */
  readonly recipients: readonly string[];
}

/** Message-ID and Date are replaced, From is corrected, everything else stays in its place. */
export function prepareOutgoing(mailbox: Mailbox, raw: Buffer, now: Date): Outgoing {
  const { head, body } = splitMessage(raw);
  return rewrite(mailbox, head, body, now);
}

/** The same for a draft that leaves: its Message-ID and Date are replaced once more. */
export function rewrite(mailbox: Mailbox, head: Buffer, body: Buffer, now: Date): Outgoing {
  const before = parseFields(head);
  const recipients = recipientsOf(before);
  const replacements = new Map<string, HeaderField>([
    ['date', field('Date', rfc5322Date(now))],
    ['message-id', field('Message-Id', `<${newHeaderId()}>`)],
    ['from', correctedFrom(mailbox, before)],
  ]);
  const fields: HeaderField[] = [];
  for (const original of before) {
    const name = original.name.toLowerCase();
    if (!REPLACED.has(name)) fields.push(original);
    const replacement = replacements.get(name);
    if (replacement !== undefined) fields.push(replacement);
    replacements.delete(name);
  }
  fields.unshift(...replacements.values());
  return { head: renderFields(fields), body, fields, recipients };
}

const REPLACED = new Set(['date', 'message-id', 'from']);

export function newHeaderId(): string {
  return `CA${randomBytes(36).toString('base64url').replaceAll('_', '=')}@mail.gmail.com`;
}

/** `Tue, 03 Nov 2026 10:00:00 +0000` */
export function rfc5322Date(date: Date): string {
  return date.toUTCString().replace('GMT', '+0000');
}

function mailboxAddress(mailbox: Mailbox): string {
  return displayAddress(mailbox.spec.displayName, mailbox.email);
}

function displayAddress(displayName: string | undefined, email: string): string {
  if (!displayName) return email;
  const plain = /^[\w !#$%&'*+\-/=?^`{|}~]*$/.test(displayName);
  return `${plain ? displayName : `"${displayName.replace(/["\\\r\n]/g, '')}"`} <${email}>`;
}

function recipientsOf(fields: readonly HeaderField[]): string[] {
  const recipients = new Set<string>();
  for (const { name, value } of fields) {
    const kind = { to: 'To', cc: 'Cc', bcc: 'Bcc' }[name.toLowerCase()];
    if (kind === undefined) continue;
    const addresses = parseAddressList(value);
    if (addresses === null) throw badRequest(`Invalid ${kind} header`);
    for (const { email } of addresses) recipients.add(email);
  }
  return [...recipients];
}

/** Kept as written when the mailbox may send as that address, otherwise the primary address, silently. */
function correctedFrom(mailbox: Mailbox, fields: readonly HeaderField[]): HeaderField {
  const original = fields.find(({ name }) => name.toLowerCase() === 'from');
  const email = original && parseAddressList(original.value)?.[0]?.email;
  const alias = mailbox.spec.aliases?.find((candidate) => candidate.email.toLowerCase() === email);
  const allowed = email === mailbox.email || alias?.accepted === true;
  return original !== undefined && allowed ? original : field('From', mailboxAddress(mailbox));
}

/** Where a mail came in from: a mailbox of Google's, Google's own mail system, or another server over SMTP. */
export type Origin = 'mailbox' | 'mailer-daemon' | 'outside';

/**
 * The fields that a recipient's copy has: no Bcc, and the trace of its delivery on top, with what Gmail makes of the
 * sender. An outside sender is authenticated for the domain of its envelope, and never as Google.
 */
export function receivedFields(
  fields: readonly HeaderField[],
  { from, to, origin, now }: { from: string; to: string; origin: Origin; now: Date },
): HeaderField[] {
  const kept = fields.filter(
    ({ name, value }) =>
      name.toLowerCase() !== 'bcc' &&
      // Gmail takes out what claims to be its own verdict.
      !(name.toLowerCase() === 'authentication-results' && /^\s*mx\.google\.com\b/i.test(value)),
  );
  const trace = [
    field('Delivered-To', to),
    field('Received', `by 2002:a05:6870:b0a0 with SMTP id sandbox; ${rfc5322Date(now)}`),
    field('Authentication-Results', `mx.google.com; ${verdict(fields, from, origin)}`),
    field('Return-Path', `<${from}>`),
    ...(origin === 'outside'
      ? [field('Received', `from mail.${domainOf(from)} by mx.google.com; ${rfc5322Date(now)}`)]
      : []),
  ];
  // Gmail gives a mail that came without a Message-ID one of its own.
  const identity = headerValue(kept, 'message-id') === null ? [field('Message-Id', `<${newHeaderId()}>`)] : [];
  return [...trace, ...identity, ...kept];
}

function verdict(fields: readonly HeaderField[], envelopeFrom: string, origin: Origin): string {
  const [author] = parseAddressList(headerValue(fields, 'from') ?? '') ?? [];
  const domain = domainOf(author?.email ?? '');
  const isAligned = origin !== 'outside' || domain === domainOf(envelopeFrom);
  const isClaimedGoogle = /^(?:googlemail|google|gmail)\.com$/.test(domain);
  const isPassed = origin !== 'outside' || (isAligned && !isClaimedGoogle);
  const signature = isPassed ? `dkim=pass header.i=@${domain}` : 'dkim=none';
  const dmarc = isPassed ? 'pass' : isClaimedGoogle ? 'fail' : 'none';
  return `${signature}; spf=pass smtp.mailfrom=${envelopeFrom}; dmarc=${dmarc} header.from=${domain}`;
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase() || 'localhost';
}
