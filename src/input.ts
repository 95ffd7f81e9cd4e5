import { z } from 'zod';
import type { InputIssue } from './errors.ts';

/** Most entries of a list in an input; some lists allow fewer. */
export const MAX_LIST_LENGTH = 1_000;

type Fields<Shape extends Record<string, z.ZodType>> = { [Name in keyof Shape]?: z.output<Shape[Name]> };

/**
 * Parses the fields of an input object one by one, so that the issues of every field are reported.
 * @param path of the object.
 * @param issues receives the issues.
 * @returns the valid fields among those that are given.
 */
export function parseFields<Shape extends Record<string, z.ZodType>>(
  shape: Shape,
  input: object,
  path: string,
  issues: InputIssue[],
): Fields<Shape> {
  const fields: Fields<Shape> = {};
  for (const name in shape) {
    const value: unknown = Reflect.get(input, name);
    if (value === undefined) continue;
    const parsed = shape[name]?.safeParse(value);
    if (parsed?.success) Reflect.set(fields, name, parsed.data);
    else if (value === null) issues.push({ path: `${path}.${name}`, message: 'Must not be null.' });
    else if (parsed !== undefined) issues.push(...issuesOf(parsed.error, `${path}.${name}`));
  }
  return fields;
}

export function issuesOf(error: z.ZodError, root: string): InputIssue[] {
  return error.issues.map(({ path, message }) => ({ path: [root, ...path.map(String)].join('.'), message }));
}

/** The years 1 to 9999, in milliseconds since 1970: beyond them a date is written in a form that PostgreSQL does not read. */
export const [MIN_MILLIS, MAX_MILLIS] = [-62_135_596_800_000, 253_402_300_799_999];

/** A UUID (RFC 9562) of any version, in lower case. */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}

/** PostgreSQL's text cannot hold NUL, and strangers send it. */
export function storableText(value: string): string {
  return value.replaceAll('\0', '').toWellFormed();
}

export function storableOrNull(value: string | null): string | null {
  return value === null ? null : storableText(value);
}

/** The time in a UUID of version 7, in milliseconds since 1970. */
export function millisOf(uuid: string): number {
  return Number.parseInt(uuid.replaceAll('-', '').slice(0, 12), 16);
}

/** A single line of text, trimmed: no control characters, among them NUL, which PostgreSQL cannot hold. */
export function line(maxLength: number) {
  const allowed = `Must be 1 to ${maxLength} characters without line breaks or control characters.`;
  return z
    .string()
    .transform((value) => value.trim())
    .refine((value) => value !== '' && [...value].length <= maxLength && !/\p{Cc}/u.test(value), allowed)
    .refine((value) => value.isWellFormed(), allowed);
}

/** A calendar date without a zone, as a string: RFC 3339 full-date, in the years 1 to 9999. Earlier strings are earlier dates. */
export const localDate = z
  .string()
  .refine(
    (value) => z.iso.date().safeParse(value).success && value >= '0001-01-01',
    'Must be a date such as 2026-11-28.',
  );
