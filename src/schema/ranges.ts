import { type InputIssue, InvalidInputError } from '../errors.ts';
import { localDate, parseFields } from '../input.ts';
import { builder } from './builder.ts';

export const DateTimeRange = builder.inputType('DateTimeRange', {
  description: 'A range of time. Without a bound it is open on that side.',
  fields: (t) => ({
    gte: t.field({ type: 'DateTime', description: 'This time or later.' }),
    lt: t.field({ type: 'DateTime', description: 'Before this time.' }),
  }),
});

export const LocalDateRange = builder.inputType('LocalDateRange', {
  description: 'A range of dates. Without a bound it is open on that side.',
  fields: (t) => ({
    gte: t.field({ type: 'LocalDate', description: 'This date or later.' }),
    lt: t.field({ type: 'LocalDate', description: 'Before this date.' }),
  }),
});

/** A condition on a column of dates. @param path of the range in the arguments. @throws {InvalidInputError} */
export function inDateRange(range: typeof LocalDateRange.$inferInput, path: string) {
  const issues: InputIssue[] = [];
  const { gte, lt } = parseFields({ gte: localDate.nullable(), lt: localDate.nullable() }, range, path, issues);
  if (issues.length > 0) throw new InvalidInputError(issues);
  return inRange({ gte: gte ? new Date(gte) : null, lt: lt ? new Date(lt) : null });
}

/** A condition on a column. */
export function inRange({ gte, lt }: typeof DateTimeRange.$inferInput) {
  return { ...(gte ? { gte } : {}), ...(lt ? { lt } : {}) };
}
