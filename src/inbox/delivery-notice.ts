/**
 * Mail about the delivery of an earlier mail: what it says, and how far it can be believed. What it takes to prove which
 * email it is about is in docs/decisions/0014.
 */
import { z } from 'zod';
import type { GmailMessage, MimeHeader, ReportedRecipient } from '../gmail/gateway.ts';
import { htmlToText } from '../email/html-text.ts';

const Recipient = z.object({
  recipient: z.string(),
  original: z.string().nullable(),
  status: z.string(),
  diagnostic: z.string().nullable(),
  permanent: z.boolean(),
});
/** As `email_message.delivery_notice` keeps it. */
export const DeliveryNotice = z.object({
  /** `SENDING_LIMIT`: Gmail took the mail and did not send it. */
  kind: z.enum(['DELIVERY', 'SENDING_LIMIT']),
  /** Gmail itself vouches that it comes from Google's own mail system. */
  isGoogle: z.boolean(),
  /** Of the mail that it returns. Null: it returns none, or not one of ours. */
  opId: z.string().nullable(),
  /** Of the mail that it returns, with angle brackets. */
  returnedMessageIds: z.array(z.string()),
  recipients: z.array(Recipient),
});
export type DeliveryNotice = z.infer<typeof DeliveryNotice>;

const DAEMON = /^(?:mailer-?daemon|postmaster|mail-?daemon)@/i;
const GOOGLE_DAEMON = /^mailer-daemon@(?:googlemail|google|gmail)\.com$/i;
const GOOGLE_SIGNATURE = /\bdkim=pass\b[^;]*\bheader\.[id]=@?(?:googlemail|google|gmail)\.com(?![\w.-])/i;
const GOOGLE_POLICY = /\bdmarc=pass\b[^;]*\bheader\.from=(?:googlemail|google|gmail)\.com(?![\w.-])/i;
/** Gmail's own is some 300 characters long. */
const MAX_RESULTS_LENGTH = 4_000;
const SENDING_LIMIT = /^\s*you have reached a limit for sending mail\b/i;
/** A headline and what follows it. Further down a notice may quote what another server has answered, which says what it likes. */
const OWN_LINES = 2;
const DELAY =
  /\(delay\)|\bdelayed\b|delivery incomplete|temporary problem|will (?:keep |continue )?(?:re)?try|still (?:being )?retr|not yet been delivered/i;
/** Notices are short; what they return may be long. */
const MAX_TEXT_LENGTH = 200_000;

/**
 * Null for any other mail, and for one that claims to come from Google while Gmail says that it does not.
 * @param authors whom its From names.
 */
export function readDeliveryNotice(
  message: GmailMessage,
  authors: readonly string[],
  isAutomatic: boolean,
): DeliveryNotice | null {
  const { headers, report } = message;
  const [from = ''] = authors;
  const results = googleResults(headers);
  // Others are not judged by it: what has no envelope sender and no signature, as notifications have, often fails.
  if (GOOGLE_DAEMON.test(from) && results !== null && /\bdmarc=fail\b/i.test(results)) return null;
  // Of several authors it is not known which one was judged.
  const isGoogle = authors.length === 1 && GOOGLE_DAEMON.test(from) && isVouchedFor(headers, results);
  const isDaemon = DAEMON.test(from) && isAutomatic;
  if (!isDaemon && (report === null || report.recipients.length === 0)) return null;

  const text = (message.bodyText ?? htmlToText(message.bodyHtml?.slice(0, MAX_TEXT_LENGTH) ?? '')).slice(
    0,
    MAX_TEXT_LENGTH,
  );
  const returned = report ?? returnedIn(text);
  const notice = { isGoogle, opId: returned.opId, returnedMessageIds: [...returned.returnedMessageIds] };
  if (saysLimitReached(text)) return isGoogle ? { ...notice, kind: 'SENDING_LIMIT', recipients: [] } : null;
  const recipients = report === null ? recipientsIn(headers, text) : [...report.recipients];
  return recipients.length === 0 ? null : { ...notice, kind: 'DELIVERY', recipients };
}

function saysLimitReached(text: string): boolean {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.slice(0, OWN_LINES).some((line) => SENDING_LIMIT.test(line));
}

/** The verdict of the Gmail server that took it in: the topmost, since those below may be the sender's own. */
function googleResults(headers: readonly MimeHeader[]): string | null {
  const value = headers.find(({ name }) => name.toLowerCase() === 'authentication-results')?.value ?? '';
  return /^\s*mx\.google\.com\s*;/i.test(value) ? value.slice(0, MAX_RESULTS_LENGTH) : null;
}

/** What came by SMTP was judged. What was not judged never left Google, and has no server that it came "from". */
function isVouchedFor(headers: readonly MimeHeader[], results: string | null): boolean {
  if (results !== null) return GOOGLE_POLICY.test(results) || GOOGLE_SIGNATURE.test(results);
  return !headers.some(({ name, value }) => name.toLowerCase() === 'received' && /^\s*from\s/i.test(value));
}

/** Some mail systems return the mail within their own text. */
function returnedIn(text: string): { opId: string | null; returnedMessageIds: string[] } {
  const opId = /^[ \t>]*X-Epistle-Id:\s*([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\s*$/im.exec(text)?.[1];
  const messageId = /^[ \t>]*Message-Id:\s*(<[^<>\s]{1,900}>)/im.exec(text)?.[1];
  return { opId: opId?.toLowerCase() ?? null, returnedMessageIds: messageId === undefined ? [] : [messageId] };
}

/** Without a part for programs: the header that Google and Exim write, or the lines that qmail writes. */
function recipientsIn(headers: readonly MimeHeader[], text: string): ReportedRecipient[] {
  const listed = headers.filter(({ name }) => name.toLowerCase() === 'x-failed-recipients').map(({ value }) => value);
  const failed = listed.flatMap((value) => value.split(','));
  if (failed.length === 0)
    // Bounded: what is written here is a stranger's, and no line of it may take long.
    failed.push(...[...text.matchAll(/^<([^<>\s]{1,320})>:/gm)].map(([, address = '']) => address));
  const addresses = failed
    .map((address) => address.trim())
    .filter((address) => address.includes('@') && address.length <= 320);
  const subject = headers.find(({ name }) => name.toLowerCase() === 'subject')?.value ?? '';
  const permanent = !DELAY.test(`${subject}\n${text.slice(0, 2_000)}`);
  const kind = permanent ? '5' : '4';
  const status = [...text.matchAll(/(?<![\d.])[45]\.\d{1,3}\.\d{1,3}(?![\d.]*\d)/g)]
    .map(([found]) => found)
    .find((found) => found.startsWith(kind));
  return [...new Set(addresses)]
    .slice(0, 500)
    .map((recipient) => ({ recipient, original: null, status: status ?? `${kind}.0.0`, diagnostic: null, permanent }));
}
