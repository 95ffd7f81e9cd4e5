import { existsSync } from 'node:fs';

/** PostgreSQL cannot run here, or not with this data. The message says what to do and never holds a secret. */
export class EmbeddedPostgresError extends Error {
  constructor(problem: string, options?: ErrorOptions) {
    super(`${problem}\nOr set DATABASE_URL to use a PostgreSQL server of your own (14 or later).`, options);
    this.name = 'EmbeddedPostgresError';
  }
}

/** @param detail what the program reported. */
export function startFailure(detail: string, cause?: unknown): EmbeddedPostgresError {
  // A program that exists but is "not found" lacks its loader, which belongs to glibc.
  const isMusl = isSystemError(cause, 'ENOENT') && existsSync('/etc/alpine-release');
  const reason = isMusl
    ? 'The embedded PostgreSQL needs glibc, and this system has musl: use a Debian-based image.'
    : 'The embedded PostgreSQL did not start.';
  return new EmbeddedPostgresError(`${reason}\n${detail.trim()}`, { cause });
}

export function isSystemError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
