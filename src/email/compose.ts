import { randomBytes } from 'node:crypto';
import MailComposer from 'nodemailer/lib/mail-composer';
import { OP_ID_HEADER, REVISION_HEADER } from '../gmail/headers.ts';
import { type AttachedFile, isMediaType, type WrittenEmail } from './content.ts';
import { ComposedMime, type MimePart } from './mime.ts';

type ComposedAttachment = Omit<AttachedFile, 'sha256'>;

/** A random mark, in base64, which stands for the content until the message is read. An email cannot contain it by chance. */
type MarkedAttachment = ComposedAttachment & { readonly mark: Buffer };

/** In base64 one line without padding. */
const MARK_BYTES = 30;
const MARK_LENGTH = (MARK_BYTES / 3) * 4;

/** Its addresses must have passed `addressProblem`: a list is not parsed again here. */
export interface ComposedEmail extends WrittenEmail {
  /** Goes into `X-Epistle-Id`, by which a sent copy or a bounce is matched. */
  readonly opId: string;
  /** Of a draft, from 1: goes into `X-Epistle-Revision` from the second on. */
  readonly revision: number;
  readonly from: { readonly address: string; readonly name: string | null };
  readonly attachments: readonly ComposedAttachment[];
  /** Message-IDs with their angle brackets. */
  readonly inReplyTo: string | null;
  readonly references: readonly string[];
  readonly date: Date;
}

/**
 * Renders an email as an RFC 5322 message.
 *
 * Gmail replaces the Message-ID, which is only set because a message needs one. Bcc is a header, because Gmail reads the
 * recipients from the headers and removes Bcc itself. nodemailer composes around marks, and the files are encoded in their place
 * when the message is read.
 * @returns CRLF-terminated bytes in 7-bit lines of at most 998 octets, not yet base64url.
 */
export async function composeMessage(email: ComposedEmail): Promise<ComposedMime> {
  const files = email.attachments.map((attachment) => ({ ...attachment, mark: randomBytes(MARK_BYTES) }));
  const text = crlf(email.bodyText ?? '');
  const html = crlf(email.bodyHtml ?? '');
  const shown = shownIds(html);
  const composer = new MailComposer({
    disableFileAccess: true,
    disableUrlAccess: true,
    from: { name: email.from.name ?? '', address: email.from.address },
    to: mailboxes(email.to),
    cc: mailboxes(email.cc),
    bcc: mailboxes(email.bcc),
    replyTo: mailboxes(email.replyTo),
    subject: literal(email.subject),
    date: email.date,
    headers: {
      [OP_ID_HEADER]: email.opId,
      ...(email.revision > 1 ? { [REVISION_HEADER]: String(email.revision) } : {}),
    },
    ...(email.inReplyTo === null ? {} : { inReplyTo: email.inReplyTo }),
    ...(email.references.length === 0 ? {} : { references: [...email.references] }),
    // A Buffer, because nodemailer treats an empty string as "no text" and then makes a single attachment the whole message.
    // `html` may be omitted, so only the text needs this.
    ...(text === '' && html !== ''
      ? {}
      : { text: { content: Buffer.from(text), contentTransferEncoding: encodingFor(text) } }),
    ...(html === '' ? {} : { html: { content: Buffer.from(html), contentTransferEncoding: encodingFor(html) } }),
    attachments: files.map((file) => mimeAttachment(file, shown)),
  });
  const message = composer.compile();
  message.keepBcc = true;
  return new ComposedMime(withFiles(await message.build(), files));
}

/** The files in nodemailer's order. */
function withFiles(composed: Buffer, files: readonly MarkedAttachment[]): MimePart[] {
  const found = files.map(({ bytes, mark }) => ({ bytes, at: composed.indexOf(mark.toString('base64')) }));
  const parts: MimePart[] = [];
  let end = 0;
  for (const { bytes, at } of found.sort((a, b) => a.at - b.at)) {
    if (at < end) throw new Error('a file has no place in the message');
    parts.push({ kind: 'text', bytes: composed.subarray(end, at) }, { kind: 'file', bytes });
    end = at + MARK_LENGTH;
  }
  return [...parts, { kind: 'text', bytes: composed.subarray(end) }];
}

/** Objects, not strings: nodemailer would parse a string as a list and could find more recipients in it. */
function mailboxes(addresses: readonly string[]) {
  return addresses.map((address) => ({ name: '', address }));
}

/** RFC 5322 section 2.1: lines end in CRLF, and CR and LF never stand alone. */
function crlf(text: string): string {
  return text.replace(/\r\n|\r|\n/g, '\r\n');
}

/** Quoted-printable while it is mostly readable, base64 where it would grow: three octets against 1.33 for each byte. */
function encodingFor(text: string): 'quoted-printable' | 'base64' {
  const escaped = text.match(/[^\t\r\n\x20-\x7e]/g)?.length ?? 0;
  return escaped * 4 < text.length + 4 ? 'quoted-printable' : 'base64';
}

/**
 * nodemailer does not encode text that already looks encoded, so a subject that contains "=?" would reach its reader decoded, and it
 * cannot fold a word of the maximum line length. Such subjects are encoded here, in words of at most 75 characters (RFC 2047
 * section 2).
 */
function literal(text: string): string {
  if (!/=\?|\S{900}/.test(text)) return text;
  // Eleven code points are at most 44 octets, and 60 characters of base64.
  const chunks = text.match(/.{1,11}/gsu) ?? [];
  return chunks.map((chunk) => `=?UTF-8?B?${Buffer.from(chunk).toString('base64')}?=`).join(' ');
}

/** The Content-IDs that the HTML shows, as they are and with their escapes undone. */
function shownIds(html: string): ReadonlySet<string> {
  const ids = Array.from(html.matchAll(/cid:([^"'\s<>)]+)/gi), ([, id = '']) => id.replaceAll('&amp;', '&'));
  return new Set(ids.flatMap((id) => [id, unescaped(id)]));
}

function unescaped(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}

function mimeAttachment(attachment: MarkedAttachment, shown: ReadonlySet<string>) {
  const contentId = attachment.contentId?.replace(/[^\x21-\x7e]|[<>]/g, '') ?? '';
  const isInline = shown.has(contentId);
  return {
    filename: singleLine(attachment.filename) || 'attachment',
    content: attachment.mark,
    contentType: safeContentType(attachment.contentType),
    contentTransferEncoding: 'base64',
    contentDisposition: isInline ? 'inline' : 'attachment',
    // nodemailer puts every file with a `cid` beside the HTML, where an image that the HTML does not show would be lost.
    ...(isInline ? { cid: contentId } : contentId === '' ? {} : { headers: { 'Content-ID': `<${contentId}>` } }),
  };
}

/**
 * A `multipart/*` part would be read as parts of ours, and a `message/*` part may not be base64 (RFC 2046 section 5.2.1),
 * which alone keeps its bytes as they are: both travel as bytes with a file name.
 */
function safeContentType(contentType: string): string {
  return isMediaType(contentType) && !/^(?:multipart|message)\//i.test(contentType)
    ? contentType
    : 'application/octet-stream';
}

function singleLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}
