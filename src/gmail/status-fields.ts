/** The fields of a delivery status notification (RFC 3464 section 2), wherever they stand. */
import type { DeliveryReport, ReportedRecipient } from './gateway.ts';

export type Fields = Map<string, string>;

const MAX_RECIPIENTS = 500;
/** More than there can be of recipients in the bytes that are read. */
const MAX_GROUPS = 10_000;
const MAX_DIAGNOSTIC_LENGTH = 1_000;
/** Of a value that may hold an address. */
const MAX_VALUE_LENGTH = 1_000;
const MAX_ADDRESS_LENGTH = 320;
/** An addr-spec. A local part that begins with `|` is a pipe; one that begins with `/` and has no `=` is a path. */
const ADDRESS =
  /^(?![|:]|\/[^=]*$)(?:[^\s@<>()[\]\\,;:"]{1,128}|"[^"]{1,128}")@(?:[\p{L}\p{N}_.-]{1,255}|\[[\da-f.:]{1,64}\])$/iu;

/** Lines of a header section, unfolded. Several blank lines are one: a megabyte of line breaks would be as many lines. */
export function unfoldedLines(text: string): string[] {
  const lines = text
    .replace(/(?:\r\n?|\n){3,}/g, '\n\n')
    .replace(/\r\n?/g, '\n')
    .replace(/\n[ \t]+(?=\S)/g, ' ');
  return lines === '' ? [] : lines.split('\n');
}

/** Groups of fields. A blank line ends a group, and so does a second recipient: some systems leave the line out. */
export function groupsOf(lines: readonly string[]): Fields[] {
  const groups: Fields[] = [];
  let group: Fields = new Map();
  const flush = () => {
    if (group.size > 0) groups.push(group);
    group = new Map();
  };
  for (const line of lines) {
    if (groups.length === MAX_GROUPS) return groups;
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).trim().toLowerCase();
    if (line.trim() === '') flush();
    if (colon <= 0) continue;
    if ((name === 'final-recipient' || name === 'original-recipient') && group.has(name)) flush();
    if (!group.has(name)) group.set(name, line.slice(colon + 1).trim());
  }
  flush();
  return groups;
}

/** What the groups say of recipients. */
export function recipientStatuses(groups: readonly Fields[]): Pick<DeliveryReport, 'recipients' | 'hasSuccess'> {
  const statuses = groups.filter((group) => RECIPIENT_FIELDS.some((name) => group.has(name)));
  const recipients = statuses.map(recipientOf);
  return {
    recipients: recipients.filter((each) => each !== null).slice(0, MAX_RECIPIENTS),
    hasSuccess: recipients.includes(null),
  };
}

const RECIPIENT_FIELDS = ['final-recipient', 'original-recipient', 'action'];

/** Null for a recipient that was delivered, relayed or expanded. */
function recipientOf(fields: Fields): ReportedRecipient | null {
  const final = addressOf(fields.get('final-recipient'));
  const original = addressOf(fields.get('original-recipient'));
  const action = (fields.get('action') ?? '').toLowerCase().match(/^[a-z]+/)?.[0] ?? '';
  const given = fields.get('status')?.match(/^\s*([245]\.\d{1,3}\.\d{1,3})(?!\d)/)?.[1] ?? null;
  if (action !== 'failed' && action !== 'delayed' && (action !== '' || given === null || given.startsWith('2')))
    return null;
  // A system that gives up after a temporary failure writes "failed" and 4.x: the action decides (RFC 3464 section 2.3.3).
  const permanent = action === '' ? given?.startsWith('5') === true : action === 'failed';
  const status = given === null || given.startsWith('2') ? (permanent ? '5.0.0' : '4.0.0') : given;
  const diagnostic = fields.get('diagnostic-code')?.slice(0, MAX_DIAGNOSTIC_LENGTH) ?? null;
  return { recipient: final ?? original, original, status, diagnostic: diagnostic || null, permanent };
}

/** `rfc822; <a@b.c> (Ann)` as `a@b.c`. Null for a pipe, a path, a local name. */
function addressOf(field: string | undefined): string | null {
  const value = (field ?? '')
    .slice(0, MAX_VALUE_LENGTH)
    .replace(/^[^;@]*;/, '')
    .replace(/\([^()]*\)/g, '')
    .trim();
  const address = /^<([^<>]*)>$/.exec(value)?.[1]?.trim() ?? value;
  return address.length <= MAX_ADDRESS_LENGTH && ADDRESS.test(address) ? address : null;
}
