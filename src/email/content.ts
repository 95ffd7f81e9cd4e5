/**
 * The content of an email from a client: checks it completely, reports every issue with its path, and brings it into the form in
 * which it is stored and sent. Limits: RFC 5322 section 2.1.1 for the subject, Gmail's for recipients and sizes.
 */
import { hash } from 'node:crypto';
import type { DomainError, InputIssue } from '../errors.ts';
import { addressProblem, normaliseAddress } from './address.ts';
import { type Base64, bytesOf } from './base64.ts';

const MAX_RECIPIENTS = 100;
export const MAX_SUBJECT_LENGTH = 998;
const MAX_ATTACHMENTS = 20;
/** Decoded, all files of an email together. */
export const MAX_ATTACHMENT_BYTES = 25 * 1024 * 1024;
export const TOO_LARGE = `The files are larger than ${MAX_ATTACHMENT_BYTES} bytes (25 MB) together.`;
/** As UTF-8, of each body. */
export const MAX_BODY_BYTES = 2 * 1024 * 1024;
/** Gmail's upload endpoint accepts 36,700,160 bytes of MIME. The rest is for headers and MIME boundaries. */
const MAX_ENCODED_BYTES = 36_700_160 - 200_000;
/** Base64 in lines of 76 characters and CRLF. */
const ENCODED_GROWTH = (4 / 3) * (78 / 76);
const MAX_FILENAME_LENGTH = 255;
const MAX_REPLY_TO = 10;

/** The GraphQL input. Null and undefined are the same here. */
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

/** Exactly one of `dataBase64`, `uploadUid`, `attachmentUid` is the source. */
export interface AttachmentInput {
  readonly filename?: string | null;
  readonly contentType?: string | null;
  readonly contentId?: string | null;
  readonly dataBase64?: Base64 | null;
  readonly uploadUid?: string | null;
  readonly attachmentUid?: string | null;
  /** The bytes, once they were found by the uid that the input gave. */
  readonly stored?: Buffer;
  /** Why there are none by this uid. Then only a repeated request can be answered. */
  readonly missing?: DomainError;
}

export interface AttachedFile {
  readonly filename: string;
  /** "type/subtype", parameters allowed. Other values are sent as application/octet-stream. */
  readonly contentType: string;
  readonly bytes: Buffer;
  /** Hex. */
  readonly sha256: string;
  /** Without angle brackets; null for a plain attachment. */
  readonly contentId: string | null;
}

/** The text and recipients of an email, without its files. */
export interface WrittenEmail {
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly bcc: readonly string[];
  readonly replyTo: readonly string[];
  readonly subject: string;
  readonly bodyText: string | null;
  readonly bodyHtml: string | null;
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
 * Checks the form of every given field.
 * @param path of the input object: `input.fresh`.
 * @param issues receives every issue; when it stays empty, the content is valid.
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
  if (content.replyTo.length > MAX_REPLY_TO) report('replyTo', `At most ${MAX_REPLY_TO} addresses are allowed.`);
  reportLimits(content, sizeOf(content.attachments), path, issues);
  return content;
}

/** Bytes of the files together. */
export function sizeOf(files: readonly { readonly bytes: Uint8Array }[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

/** Checks the subject, the number of recipients and the size of the bodies. @param fileBytes of all files together. */
export function reportLimits(content: WrittenEmail, fileBytes: number, path: string, issues: InputIssue[]): void {
  const report = (field: string, message: string) => issues.push({ path: `${path}.${field}`, message });
  reportSubject(content.subject, report);
  const recipients = content.to.length + content.cc.length + content.bcc.length;
  if (recipients > MAX_RECIPIENTS) {
    report('to', `At most ${MAX_RECIPIENTS} recipients are allowed with cc and bcc together; there are ${recipients}.`);
  }
  let total = fileBytes;
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

/** Checks that the email is complete: a draft may be incomplete, a sent email may not. */
export function reportMissing(content: Missable, path: string, issues: InputIssue[]): void {
  const report = (field: string, message: string) => issues.push({ path: `${path}.${field}`, message });
  if (content.to.length + content.cc.length + content.bcc.length === 0) {
    report('to', `Must name 1 to ${MAX_RECIPIENTS} recipients with cc and bcc together.`);
  }
  if (content.subject.trim() === '') report('subject', `Must be 1 to ${MAX_SUBJECT_LENGTH} characters.`);
  if (content.bodyText === null && content.bodyHtml === null && content.attachments.length === 0) {
    const message = 'Give bodyText or bodyHtml, or an attachment; an email without text has the bodyText "".';
    report('bodyText', message);
  }
}

type Missable = Pick<EmailContent, 'to' | 'cc' | 'bcc' | 'subject' | 'bodyText' | 'bodyHtml'> & {
  readonly attachments: readonly unknown[];
};
type Report = (field: string, message: string) => void;

/** Whether PostgreSQL can store it and UTF-8 can encode it. */
function isText(value: string): boolean {
  return !value.includes('\0') && value.isWellFormed();
}

/** Counted in code points, and only if the count can matter. */
function isLonger(value: string, limit: number): boolean {
  return value.length > 2 * limit || [...value].length > limit;
}

function parseAddresses(list: readonly string[] | null | undefined, field: string, report: Report): string[] {
  return (list ?? []).map((address, index) => {
    const problem = addressProblem(address);
    if (problem !== null) report(`${field}.${index}`, problem);
    return normaliseAddress(address);
  });
}

function reportSubject(subject: string, report: Report): void {
  if (isLonger(subject, MAX_SUBJECT_LENGTH)) report('subject', `Must be 1 to ${MAX_SUBJECT_LENGTH} characters.`);
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
    const [filename, contentType] = [input.filename ?? '', input.contentType ?? ''];
    // Not read yet, when only the form of the input is checked: then the file has what is omitted.
    const isNamed = input.stored === undefined && (input.uploadUid ?? input.attachmentUid) != null;
    const name = isNamed && input.filename == null ? null : filenameProblem(filename);
    if (name !== null) report(`${at}.filename`, name);
    if (!isMediaType(contentType) && !(isNamed && input.contentType == null))
      report(`${at}.contentType`, 'Must be a media type such as application/pdf.');
    const contentId = input.contentId ?? null;
    if (contentId !== null && !CONTENT_ID.test(contentId)) {
      report(`${at}.contentId`, 'Must be 1 to 255 visible ASCII characters without angle brackets.');
    } else if (contentId !== null && contentIds.has(contentId)) {
      report(`${at}.contentId`, 'Must be different from the contentId of every other file.');
    } else if (contentId !== null) contentIds.add(contentId);

    const decoded = input.stored ?? (input.dataBase64 == null ? null : bytesOf(input.dataBase64));
    if (!hasOneSource(input)) report(at, 'Give exactly one of dataBase64, uploadUid and attachmentUid.');
    else if (decoded === null && !isNamed) {
      report(`${at}.dataBase64`, 'Must be base64 (RFC 4648 section 4), without line breaks.');
    }
    total += decoded?.length ?? 0;
    if (total > MAX_ATTACHMENT_BYTES && !tooLarge) {
      tooLarge = true;
      const limit = `${MAX_ATTACHMENT_BYTES} bytes (25 MB)`;
      report(`${at}.dataBase64`, `With ${JSON.stringify(filename)} the files are larger than ${limit} together.`);
    }
    const bytes = tooLarge || decoded === null ? Buffer.alloc(0) : decoded;
    return { filename, contentType, bytes, sha256: sha256(bytes), contentId };
  });
}

function hasOneSource({ stored, dataBase64, uploadUid, attachmentUid }: AttachmentInput): boolean {
  return [stored, dataBase64, uploadUid, attachmentUid].filter((source) => source != null).length === 1;
}

/** What is wrong with the name of a file. Null: nothing. */
export function filenameProblem(filename: string): string | null {
  if (filename === '' || isLonger(filename, MAX_FILENAME_LENGTH)) {
    return `Must be 1 to ${MAX_FILENAME_LENGTH} characters.`;
  }
  const isPlain = !/[\p{Cc}\u2028\u2029]/u.test(filename) && isText(filename);
  return isPlain ? null : 'Must not contain line breaks or control characters.';
}

/** RFC 2045 section 5.1. */
export function isMediaType(text: string): boolean {
  // The length first: on megabytes of text, the pattern itself would fail.
  return text.length <= 255 && MEDIA_TYPE.test(text);
}

function sha256(bytes: Buffer): string {
  return hash('sha256', bytes, 'hex');
}
