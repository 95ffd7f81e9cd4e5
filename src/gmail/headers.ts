/** The header fields of a message, and those that Epistle adds to what it composes, which Gmail keeps in the sent copy. */
import type { MimeHeader } from './gateway.ts';

/** Names the outbound email. Composers and mail servers change the case of header names. */
export const OP_ID_HEADER = 'X-Epistle-Id';
/** The revision of the draft that was sent: of two copies of an email, it tells which has the present content. */
export const REVISION_HEADER = 'X-Epistle-Revision';

/** The values of all fields of a name, from the top. Case does not matter (RFC 5322 section 1.2.2). */
export function headerValues(headers: readonly MimeHeader[], name: string): string[] {
  const wanted = name.toLowerCase();
  return headers.filter((header) => header.name.toLowerCase() === wanted).map(({ value }) => value);
}

/** The topmost field of a name. Null when it is missing. */
export function headerValue(headers: readonly MimeHeader[], name: string): string | null {
  return headerValues(headers, name)[0] ?? null;
}

/** The outbound email that the headers name. Anyone can write them. */
export function opIdOf(headers: readonly MimeHeader[]): string | null {
  return headerValue(headers, OP_ID_HEADER)?.trim() ?? null;
}

/** The revision that the headers name. The first one has no header. */
export function revisionOf(headers: readonly MimeHeader[]): number {
  const value = headerValue(headers, REVISION_HEADER) ?? '';
  return /^\s*\d{1,9}\s*$/.test(value) ? Number(value) : 1;
}
