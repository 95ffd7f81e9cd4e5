import type { MimeHeader } from '../gmail/gateway.ts';

/** The values of all fields of a name, from the top. Case does not matter (RFC 5322 section 1.2.2). */
export function headerValues(headers: readonly MimeHeader[], name: string): string[] {
  const wanted = name.toLowerCase();
  return headers.filter((header) => header.name.toLowerCase() === wanted).map(({ value }) => value);
}
