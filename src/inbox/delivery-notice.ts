/**
 * Decides which messages are delivery notices, and reads what they report. docs/decisions/0038 lists their shapes, 0014 what proves
 * which email they are about.
 */
import { z } from 'zod';
import { addressKey, type NamedAddress, parseAddressList } from '../email/address.ts';
import { decodeEncodedWords } from '../email/encoded-word.ts';
import type { GmailMessage, MimeHeader, ReportedRecipient } from '../gmail/gateway.ts';
import { headerValue, headerValues } from '../gmail/headers.ts';
import { type NoticeText, readNoticeText } from './notice-text.ts';

const Recipient = z.object({
  recipient: z.string().nullable(),
  original: z.string().nullable(),
  status: z.string(),
  diagnostic: z.string().nullable(),
  permanent: z.boolean(),
});
/** As `email_message.delivery_notice` keeps it. */
export const DeliveryNotice = z.object({
  /** `SENDING_LIMIT`: Gmail accepted the mail and did not send it. */
  kind: z.enum(['DELIVERY', 'SENDING_LIMIT']),
  /** Gmail itself vouches that it comes from Google's own mail system. */
  isGoogle: z.boolean(),
  /** The op id of the returned mail. Null: it returns none, or not an email of Epistle. */
  opId: z.string().nullable(),
  /** Message-IDs of the returned mail, with angle brackets. */
  returnedMessageIds: z.array(z.string()),
  /** The recipients that it states, in fields or in a form that mail systems use for nothing else. */
  recipients: z.array(Recipient),
  /** Addresses that its text mentions. One counts only if the email is proven otherwise and was sent to it. */
  mentioned: z.array(Recipient),
});
export type DeliveryNotice = z.infer<typeof DeliveryNotice>;

/** RFC 3463: a permanent failure without a known reason. */
export const UNKNOWN_STATUS = '5.0.0';

const DAEMON = /^(?:mailer-?daemon|mail-?daemon|postmaster|microsoftexchange[0-9a-f]{32})@/i;
const DAEMON_NAME = /^(?:mail delivery (?:sub)?system|mailer-?daemon)$/i;
const GOOGLE_DAEMON = /^mailer-daemon@(?:googlemail|google|gmail)\.com$/i;
const GOOGLE_SIGNATURE = /\bdkim=pass\b[^;]*\bheader\.[id]=@?(?:googlemail|google|gmail)\.com(?![\w.-])/i;
const GOOGLE_POLICY = /\bdmarc=pass\b[^;]*\bheader\.from=(?:googlemail|google|gmail)\.com(?![\w.-])/i;
/** Gmail's own is some 300 characters long. */
const MAX_RESULTS_LENGTH = 4_000;
const SENDING_LIMIT = /^\s*you have reached a limit for sending mail\b/i;
/** A headline and the next line. Further down a notice quotes another server, which can write anything. */
const OWN_LINES = 2;
/** Of a body, for those lines. */
const MAX_JUDGED_LENGTH = 200_000;
/** Parts by which a program reports something else than a delivery: RFC 5965, RFC 8098. */
const OTHER_REPORT = /^message\/(?:feedback-report|(?:global-)?disposition-notification)$/i;
const MAX_RECIPIENTS = 500;
const MAX_ADDRESS_LENGTH = 320;
const MAX_SUBJECT_LENGTH = 2_000;
const MAX_MENTIONED = 100;

/**
 * Null for any other mail, and for mail in Google's name that Gmail's verdict rejects.
 * @param body its body as plain text.
 * @param authors the addresses of its From.
 */
export function readDeliveryNotice(
  message: GmailMessage,
  body: string,
  authors: readonly NamedAddress[],
  isAutomatic: boolean,
): DeliveryNotice | null {
  const { headers, report, parts } = message;
  const { address: from = '', name = null } = authors[0] ?? {};
  const results = googleResults(headers);
  // Other systems are not judged by it: notifications have no envelope sender and often no signature, so good ones fail.
  if (GOOGLE_DAEMON.test(from) && results !== null && /\bdmarc=fail\b/i.test(results)) return null;
  const isDaemon = isAutomatic && (DAEMON.test(from) || DAEMON_NAME.test(name ?? ''));
  const isReport = report?.form === 'report' || (report?.form === 'status' && isAutomatic);
  const isStated = isReport || (report?.form === 'text' && isDaemon);
  if ((!isDaemon && !isReport) || parts.some(({ contentType }) => OTHER_REPORT.test(contentType))) return null;

  // Of several authors it is not known which one was judged.
  const isGoogle = authors.length === 1 && GOOGLE_DAEMON.test(from) && isVouchedFor(headers, results);
  const subject = headerValue(headers, 'subject') ?? '';
  const text = readNoticeText(decodeEncodedWords(subject.slice(0, MAX_SUBJECT_LENGTH)), body);
  const notice = {
    isGoogle,
    opId: report?.opId ?? text.opId,
    returnedMessageIds: [...new Set([...(report?.returnedMessageIds ?? []), ...text.returnedMessageIds])],
  };
  if (saysLimitReached(body.slice(0, MAX_JUDGED_LENGTH)))
    return isGoogle ? { ...notice, kind: 'SENDING_LIMIT', recipients: [], mentioned: [] } : null;

  const stated = isStated ? (report?.recipients ?? []) : [];
  if (stated.length === 0 && isStated && report?.hasSuccess) return null;
  const recipients = isDaemon ? completed(stated, headers, text) : stated;
  const mentioned = isDaemon && text.isFailure && !text.isDelay ? mentionedIn(text) : [];
  if (recipients.length + mentioned.length === 0) return null;
  return { ...notice, kind: 'DELIVERY', recipients: recipients.slice(0, MAX_RECIPIENTS), mentioned };
}

/**
 * The recipients that a notice states. A status part without an address is completed by `X-Failed-Recipients`, which
 * Google and Exim write, and then by the text.
 */
function completed(
  stated: readonly ReportedRecipient[],
  headers: readonly MimeHeader[],
  text: NoticeText,
): ReportedRecipient[] {
  const addressed = stated.filter(({ recipient }) => recipient !== null);
  const unaddressed = stated.find(({ recipient }) => recipient === null);
  if (addressed.length > 0 && unaddressed === undefined) return addressed;
  const failed = headerValues(headers, 'x-failed-recipients')
    .flatMap(parseAddressList)
    .map(({ address }) => address)
    .filter((address) => address.length <= MAX_ADDRESS_LENGTH);
  const named = [...new Set(failed.length > 0 || !text.isBadNews ? failed : text.qmail)];
  if (named.length > 0) {
    const isOnly = named.length === 1;
    return [
      ...addressed,
      ...named.map((address) => ({ ...statusInText(text, address, isOnly), ...given(unaddressed) })),
    ];
  }
  if (unaddressed !== undefined) return [...stated];
  return text.isPlainFailure && !text.isDelay ? [statusInText(text, null, true)] : [];
}

/** The status of a recipient that a status part does not name. */
function given(unaddressed: ReportedRecipient | undefined) {
  if (unaddressed === undefined) return {};
  const { status, diagnostic, permanent } = unaddressed;
  return { status, diagnostic, permanent };
}

/** @param isOnly the notice has no other recipient, so that any status in its text is this one's. */
function statusInText(text: NoticeText, address: string | null, isOnly: boolean): ReportedRecipient {
  const permanent = !text.isDelay;
  const kind = permanent ? '5' : '4';
  const key = address === null ? null : addressKey(address);
  const said = text.addresses.find((each) => addressKey(each.address) === key);
  const ofKind = text.statuses.filter((status) => status.startsWith(kind));
  const shared = isOnly || ofKind.length === 1 ? ofKind[0] : undefined;
  const status = (said?.status?.startsWith(kind) ? said.status : shared) ?? `${kind}.0.0`;
  return { recipient: address, original: null, status, diagnostic: said?.diagnostic ?? null, permanent };
}

/** Addresses in the text of a failure, each with the status that follows it. */
function mentionedIn(text: NoticeText): ReportedRecipient[] {
  return text.addresses.slice(0, MAX_MENTIONED).map(({ address, status, diagnostic }) => ({
    recipient: address,
    original: null,
    status: status?.startsWith('5') ? status : UNKNOWN_STATUS,
    diagnostic,
    permanent: true,
  }));
}

function saysLimitReached(text: string): boolean {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.slice(0, OWN_LINES).some((line) => SENDING_LIMIT.test(line));
}

/** The verdict of the Gmail server that received it: the topmost one. The sender may have written those below. */
function googleResults(headers: readonly MimeHeader[]): string | null {
  const value = headerValue(headers, 'authentication-results') ?? '';
  return /^\s*mx\.google\.com\s*;/i.test(value) ? value.slice(0, MAX_RESULTS_LENGTH) : null;
}

/** Mail that arrived by SMTP has a verdict. Mail of Google's own servers has none, and no Received line with "from". */
function isVouchedFor(headers: readonly MimeHeader[], results: string | null): boolean {
  if (results !== null) return GOOGLE_POLICY.test(results) || GOOGLE_SIGNATURE.test(results);
  return !headerValues(headers, 'received').some((value) => /^\s*from\s/i.test(value));
}
