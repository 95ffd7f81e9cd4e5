import type { InputIssue } from '../errors.ts';

/** Languages and time zones, as far as the `Intl` of this process knows them. */
const MAX_LENGTH = 100;

/** A language tag (BCP 47), such as `de-DE`. */
export function isLocale(tag: string): boolean {
  if (tag.length > MAX_LENGTH) return false;
  try {
    return Intl.NumberFormat.supportedLocalesOf(tag).length > 0;
  } catch {
    // A RangeError: it is not well-formed.
    return false;
  }
}

/** A name of the IANA time zone database, such as `Europe/Berlin`. An offset is none. */
export function isTimeZone(name: string): boolean {
  if (name.length > MAX_LENGTH || !/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

export const LOCALE_ALLOWED = 'Must be a language tag of BCP 47, such as de-DE.';
export const TIME_ZONE_ALLOWED = 'Must be a name of the IANA time zone database, such as Europe/Berlin.';

/** As templates are found by it: `pt-BR` for `pt-br`. @param tag a valid one. */
export function canonicalLocale(tag: string): string {
  return new Intl.Locale(tag).toString();
}

/** The canonical form of a language tag. Null: none is given, or an issue was reported. */
export function reportLocale(tag: string | null | undefined, path: string, issues: InputIssue[]): string | null {
  if (tag == null) return null;
  if (isLocale(tag)) return canonicalLocale(tag);
  issues.push({ path, message: LOCALE_ALLOWED });
  return null;
}

/** Null: none is given, or an issue was reported. */
export function reportTimeZone(name: string | null | undefined, path: string, issues: InputIssue[]): string | null {
  if (name == null || isTimeZone(name)) return name ?? null;
  issues.push({ path, message: TIME_ZONE_ALLOWED });
  return null;
}
