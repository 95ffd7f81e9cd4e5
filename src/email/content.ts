/**
 * What a client gave to be sent: checked whole, every issue reported with its path, and brought into the form in which
 * it is stored and sent. Limits: RFC 5322 section 2.1.1 for the subject, Gmail's for recipients and sizes.
 */
import { createHash } from 'node:crypto';
import type { InputIssue } from '../errors.ts';
import { addressProblem, normaliseAddress } from './address.ts';
import { type Base64, decodeBase64, decodedSize } from './base64.ts';

const MAX_RECIPIENTS = 100;
export const MAX_SUBJECT_LENGTH = 998;
const MAX_ATTACHMENTS = 20;
/** Decoded, all files of an email together. */
const MAX_ATTACHMENT_BYTES = 25 * 1024 * 1024;
const MAX_BODY_BYTES = 2 * 1024 * 1024;
/** Gmail's upload endpoint takes 36,700,160 bytes of MIME; what is left is for headers and MIME boundaries. */
const MAX_ENCODED_BYTES = 36_700_160 - 200_000;
/** Base64 in lines of 76 characters and CRLF. */
const ENCODED_GROWTH = (4 / 3) * (78 / 76);
const MAX_FILENAME_LENGTH = 255;
const MAX_REPLY_TO = 10;

/** As the GraphQL inputs give it; null and undefined are the same here. */
export interface ContentInput {
  readonly to?: readonly string[] | null;
  readonly cc?: readonly string[] | null;
  readonly bcc?: readonly string[] | null;
  readonly replyTo?: readonly string[] | null;
  readonly subject?: string | null;
  readonly bodyText?: string | null;
  readonly bodyHtml?: string | null;
  readonly attachments?: readonly AttachmentInput[] | null;
}

export interface AttachmentInput {
  readonly filename: string;
  readonly contentType: string;
  readonly dataBase64: Base64;
  readonly contentId?: string | null;
}

export interface AttachedFile {
  readonly filename: string;
  readonly contentType: string;
  readonly bytes: Buffer;
  /** Hex. */
  readonly sha256: string;
  /** Without angle brackets; null for a plain attachment. */
  readonly contentId: string | null;
}

/** What an email says, and to whom, without its files. */
export interface WrittenEmail {
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly bcc: readonly string[];
  readonly replyTo: readonly string[];
  readonly subject: string;
  readonly bodyText: string | null;
  readonly bodyHtml: string | null;
}

/** A `WrittenEmail` in the table `outbound_email e`. */
export const CONTENT_COLUMNS = `e."to", e.cc, e.bcc, e.reply_to AS "replyTo", e.subject, e.body_text AS "bodyText",
  e.body_html AS "bodyHtml"`;

/** The values of "to", cc, bcc, reply_to, subject, body_text and body_html, in this order. */
export function contentValues(email: WrittenEmail): unknown[] {
  return [email.to, email.cc, email.bcc, email.replyTo, email.subject, email.bodyText, email.bodyHtml];
}

/** Addresses normalised, the files decoded. */
export interface EmailContent extends WrittenEmail {
  readonly attachments: readonly AttachedFile[];
}

// RFC 2045 section 5.1 with its tokens and quoted strings.
const MEDIA_TYPE =
  /^[\w!#$&^.+-]{1,127}\/[\w!#$&^.+-]{1,127}([ \t]*;[ \t]*[\w!#$&^.+-]+=([\w!#$&^.+-]+|"[^"\\\p{Cc}]*"))*$/u;
// RFC 2392: the addr-spec-like id that a `cid:` URL names; no brackets, no spaces.
const CONTENT_ID = /^[\x21-\x3b\x3d\x3f-\x7e]{1,255}$/;

/**
 * Checks the form of everything that is there.
 * @param path of the input object: `input.fresh`.
 * @param issues receives every issue; when it stays empty the content is sound.
 */
export function parseContent(input: ContentInput, path: string, issues: InputIssue[]): EmailContent {
  const report = (field: string, message: string) => issues.push({ path: `${path}.${field}`, message });
  const content = {
    to: parseAddresses(input.to, 'to', report),
    cc: parseAddresses(input.cc, 'cc', report),
    bcc: parseAddresses(input.bcc, 'bcc', report),
    replyTo: parseAddresses(input.replyTo, 'replyTo', report),
    subject: input.subject ?? '',
    bodyText: input.bodyText ?? null,
    bodyHtml: input.bodyHtml ?? null,
    attachments: parseAttachments(input.attachments ?? [], report),
  };
  const recipients = content.to.length + content.cc.length + content.bcc.length;
  if (recipients > MAX_RECIPIENTS) {
    report('to', `At most ${MAX_RECIPIENTS} recipients are allowed with cc and bcc together; there are ${recipients}.`);
  }
  if (content.replyTo.length > MAX_REPLY_TO) report('replyTo', `At most ${MAX_REPLY_TO} addresses are allowed.`);
  reportSubject(content.subject, report);
  reportBodies(content, report);
  return content;
}

function reportBodies(content: EmailContent, report: Report): void {
  let total = content.attachments.reduce((sum, { bytes }) => sum + bytes.length, 0);
  for (const field of ['bodyText', 'bodyHtml'] as const) {
    const body = content[field];
    if (body === null) continue;
    if (!isText(body)) report(field, 'Must not contain NUL characters or unpaired surrogates.');
    const size = Buffer.byteLength(body);
    total += size;
    if (size > MAX_BODY_BYTES) report(field, `Must be at most ${MAX_BODY_BYTES} bytes as UTF-8.`);
    else if (total * ENCODED_GROWTH > MAX_ENCODED_BYTES)
      report(field, 'With the files the email is too large for Gmail.');
  }
}

/** Checks that nothing is missing for sending: a draft may be incomplete, what is sent may not. */
export function reportMissing(content: Missable, path: string, issues: InputIssue[]): void {
  if (content.to.length + content.cc.length + content.bcc.length === 0) {
    issues.push({
      path: `${path}.to`,
      message: `Must name 1 to ${MAX_RECIPIENTS} recipients with cc and bcc together.`,
    });
  }
  if (content.subject.trim() === '') {
    issues.push({ path: `${path}.subject`, message: `Must be 1 to ${MAX_SUBJECT_LENGTH} characters.` });
  }
  if (content.bodyText === null && content.bodyHtml === null && content.attachments.length === 0) {
    issues.push({
      path: `${path}.bodyText`,
      message: 'Give bodyText or bodyHtml, or an attachment; an email without words has the bodyText "".',
    });
  }
}

type Missable = Pick<EmailContent, 'to' | 'cc' | 'bcc' | 'subject' | 'bodyText' | 'bodyHtml'> & {
  readonly attachments: readonly unknown[];
};
type Report = (field: string, message: string) => void;

/** Whether PostgreSQL can hold it and UTF-8 can write it. */
function isText(value: string): boolean {
  return !value.includes('\0') && value.isWellFormed();
}

function parseAddresses(list: readonly string[] | null | undefined, field: string, report: Report): string[] {
  return (list ?? []).map((address, index) => {
    const problem = addressProblem(address);
    if (problem !== null) report(`${field}.${index}`, problem);
    return normaliseAddress(address);
  });
}

function reportSubject(subject: string, report: Report): void {
  if ([...subject].length > MAX_SUBJECT_LENGTH) report('subject', `Must be 1 to ${MAX_SUBJECT_LENGTH} characters.`);
  if (/[\p{Cc}\u2028\u2029]/u.test(subject)) report('subject', 'Must not contain line breaks or control characters.');
  else if (!isText(subject)) report('subject', 'Must not contain unpaired surrogates.');
}

function parseAttachments(inputs: readonly AttachmentInput[], report: Report): AttachedFile[] {
  if (inputs.length > MAX_ATTACHMENTS) {
    report('attachments', `At most ${MAX_ATTACHMENTS} files are allowed; there are ${inputs.length}.`);
    return [];
  }
  let total = 0;
  let tooLarge = false;
  const contentIds = new Set<string>();
  return inputs.map((input, index) => {
    const at = `attachments.${index}`;
    reportFilename(input.filename, `${at}.filename`, report);
    // The length first: on a text of megabytes the pattern itself would fail.
    if (input.contentType.length > 255 || !MEDIA_TYPE.test(input.contentType)) {
      report(`${at}.contentType`, 'Must be a media type such as application/pdf.');
    }
    const contentId = input.contentId ?? null;
    if (contentId !== null && !CONTENT_ID.test(contentId)) {
      report(`${at}.contentId`, 'Must be 1 to 255 visible ASCII characters without angle brackets.');
    } else if (contentId !== null && contentIds.has(contentId)) {
      report(`${at}.contentId`, 'Must be different from the contentId of every other file.');
    } else if (contentId !== null) contentIds.add(contentId);

    const size = decodedSize(input.dataBase64);
    if (size === null) report(`${at}.dataBase64`, 'Must be base64 (RFC 4648 section 4), without line breaks.');
    total += size ?? 0;
    if (total > MAX_ATTACHMENT_BYTES && !tooLarge) {
      tooLarge = true;
      const limit = `${MAX_ATTACHMENT_BYTES} bytes (25 MB)`;
      report(`${at}.dataBase64`, `With ${JSON.stringify(input.filename)} the files are larger than ${limit} together.`);
    }
    const bytes = tooLarge || size === null ? Buffer.alloc(0) : decodeBase64(input.dataBase64);
    return { filename: input.filename, contentType: input.contentType, bytes, sha256: sha256(bytes), contentId };
  });
}

function reportFilename(filename: string, at: string, report: Report): void {
  const length = [...filename].length;
  if (length < 1 || length > MAX_FILENAME_LENGTH) report(at, `Must be 1 to ${MAX_FILENAME_LENGTH} characters.`);
  if (/[\p{Cc}\u2028\u2029]/u.test(filename) || !isText(filename)) {
    report(at, 'Must not contain line breaks or control characters.');
  }
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
