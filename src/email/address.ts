import { domainToASCII } from 'node:url';
import addressparser from 'nodemailer/lib/addressparser';
import { z } from 'zod';
import { decodeEncodedWords, MAX_HEADER_LENGTH } from './encoded-word.ts';

/** A mailbox of an address header. */
export interface NamedAddress {
  /** addr-spec as the header has it, not validated: addresses of strangers need not be valid for sending. */
  readonly address: string;
  /** Decoded. Null when the header has none. */
  readonly name: string | null;
}

/** The mailboxes of a header as they are stored. */
export const StoredMailboxes = z.array(z.object({ address: z.string(), name: z.string().nullable() }));

/** RFC 5321 section 4.5.3.1.3 allows a path of 256 octets, angle brackets included. */
const MAX_ADDRESS_LENGTH = 254;
const MAX_LOCAL_LENGTH = 64;

// RFC 5322 section 3.2.3, without the white space and comments around a dot-atom.
const DOT_ATOM = /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

/**
 * A message for the user that says why Epistle does not send to this address; null when it does.
 *
 * Accepted is an RFC 5321 addr-spec `a@b.c`: a dot-atom local part, a domain with a dot, no display name, no white space.
 * The domain may be written in any script (RFC 5890). Forms that do not
 * occur in practice and that mail systems treat differently are refused: quoted local parts, domain literals, non-ASCII local
 * parts (SMTPUTF8).
 */
export function addressProblem(value: string): string | null {
  if (value === '') return 'An address must not be empty.';
  // Cc holds CR, LF and the other controls, Cf the invisible characters that would hide in a domain.
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(value))
    return 'An address must not contain line breaks or control characters.';
  if (/[<>]/.test(value))
    return 'An address is written without a display name and angle brackets, as "name@example.com".';
  if (value.startsWith('"'))
    return 'A quoted local part is not supported; the part before "@" must be written plainly.';
  if (/\s/.test(value)) return 'An address must not contain spaces.';

  const at = value.lastIndexOf('@');
  if (at < 0) return 'An address needs an "@".';
  return localPartProblem(value.slice(0, at)) ?? domainProblem(value.slice(at + 1)) ?? lengthProblem(value);
}

function localPartProblem(local: string): string | null {
  if (local === '') return 'The part before "@" is missing.';
  if (/[^\0-\x7f]/.test(local))
    return 'The part before "@" must be ASCII: Gmail does not send to internationalised local parts (SMTPUTF8).';
  if (local.length > MAX_LOCAL_LENGTH)
    return `The part before "@" must not be longer than ${MAX_LOCAL_LENGTH} characters.`;
  if (!DOT_ATOM.test(local)) return 'The part before "@" holds a character or a dot where none is allowed.';
  return null;
}

function domainProblem(domain: string): string | null {
  if (domain === '') return 'The domain after "@" is missing.';
  if (domain.startsWith('[')) return 'A domain literal such as "[192.0.2.1]" is not supported; use a domain name.';
  // Checked before domainToASCII, which would decode "%41", remove ports and paths, and read "0x7f.1" as an IP address.
  if (/[^a-z0-9.\-\x80-\u{10ffff}]/iu.test(domain)) return 'The domain holds a character that is not allowed.';
  const ascii = asciiDomain(domain);
  if (ascii === '') return 'The domain is not a valid domain name.';
  const labels = ascii.split('.');
  if (labels.length < 2) return 'The domain needs a dot, as "example.com".';
  if (!labels.every((label) => LABEL.test(label))) return 'The domain is not a valid domain name.';
  // RFC 3696 section 2: a top-level domain is never all-numeric, so this is an IP address without its brackets.
  if (/^\d+$/.test(labels.at(-1) ?? '')) return 'The domain must be a name, not an IP address.';
  return null;
}

function lengthProblem(value: string): string | null {
  const length = Math.max(value.length, normaliseAddress(value).length);
  return length > MAX_ADDRESS_LENGTH ? `An address must not be longer than ${MAX_ADDRESS_LENGTH} characters.` : null;
}

/** The domain as in DNS: lower case, other scripts as punycode. Empty when it is invalid. */
function asciiDomain(domain: string): string {
  return /[^\0-\x7f]|xn--/i.test(domain) ? domainToASCII(domain) : domain.toLowerCase();
}

/** The form to store and to send: the domain in lower-case ASCII, the local part unchanged, because only its host may fold it. */
export function normaliseAddress(address: string): string {
  const at = address.lastIndexOf('@');
  if (at < 0) return address;
  const domain = address.slice(at + 1);
  return `${address.slice(0, at)}@${asciiDomain(domain) || domain.toLowerCase()}`;
}

/** The form to compare: two addresses with the same key are the same mailbox at every provider in practice. */
export function addressKey(address: string): string {
  return normaliseAddress(address.trim()).toLowerCase();
}

/**
 * Tells our own addresses from others. Gmail delivers `user+tag@` to `user@`, whatever the tag.
 * @param own the addresses and aliases of accounts.
 * @returns a test of the `addressKey` of an address.
 */
export function ownKeyTest(own: readonly string[]): (key: string) => boolean {
  const keys = new Set(own.map(addressKey));
  return (key) => keys.has(key) || keys.has(key.replace(/^([^+@]+)\+[^@]*@/, '$1@'));
}

/** The first of each set of equal addresses, in order. */
export function distinctAddresses(addresses: readonly string[]): string[] {
  const seen = new Set<string>();
  return addresses.filter((address) => seen.size < seen.add(addressKey(address)).size);
}

/**
 * The mailboxes of an address header (RFC 5322 section 3.4): comments, quoted names and encoded-words resolved, groups
 * flattened. Never throws. What has no address is left out: "undisclosed-recipients:;", "@host".
 * @param headerValue may be folded, and may be anything: it comes from strangers.
 */
export function parseAddressList(headerValue: string): NamedAddress[] {
  // A name is decoded after parsing, so that an encoded comma or bracket stays part of the name.
  return addressparser(headerValue.slice(0, MAX_HEADER_LENGTH), { flatten: true })
    .map(({ address, name }) => ({ address: withoutRoute(address.trim()), name: displayName(name) }))
    .filter(({ address }) => address.indexOf('@') > 0);
}

/** RFC 5322 section 4.4: the obsolete route before an address, `@a,@b:c@d`. */
function withoutRoute(address: string): string {
  return address.replace(/^@[^:]*:/, '');
}

function displayName(name: string): string | null {
  // Without control characters, because a name is shown and quoted on one line.
  const decoded = decodeEncodedWords(name)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim();
  return decoded === '' ? null : decoded;
}
