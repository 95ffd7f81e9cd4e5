import { InvalidInputError } from '../errors.ts';

/** A condition on the uid or on another column that names a row. @throws {InvalidInputError} unless one of both is given. */
export function byUidOr<Column extends string>(
  column: Column,
  uid: string | null | undefined,
  value: string | null | undefined,
): { id?: string | { in: string[] } } & { [Key in Column]?: string } {
  if (uid != null && value == null) return { id: uid } as { id: string } & { [Key in Column]?: string };
  if (uid != null || value == null) {
    throw new InvalidInputError([{ path: 'uid', message: `Give either uid or ${column}.` }]);
  }
  // PostgreSQL's text cannot hold NUL, so nothing has such a name.
  const where = value.includes('\0') ? { id: { in: [] } } : { [column]: value };
  return where as { [Key in Column]?: string };
}
