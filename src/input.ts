import { z } from 'zod';
import { type InputIssue, InvalidInputError } from './errors.ts';

/**
 * Parses an input object, reporting every issue with its dotted path.
 * @param root the name of the argument: `input`.
 * @throws {InvalidInputError}
 */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown, root: string): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new InvalidInputError(issuesOf(parsed.error, root));
}

export function issuesOf(error: z.ZodError, root: string): InputIssue[] {
  return error.issues.map(({ path, message }) => ({ path: [root, ...path.map(String)].join('.'), message }));
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
