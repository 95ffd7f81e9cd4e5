import pg from 'pg';
import { ConfigError } from '../config/config.ts';

/** The variables that name a database. */
export type DatabaseVariable = 'DATABASE_URL' | 'DATABASE_DIRECT_URL' | 'DATABASE_READ_URL';

/**
 * An error that says why the database of a variable cannot be used, with its host and port, never with the password.
 * @param problem gets the place, such as "at db.example.com, port 5432,".
 */
export function unusable(
  connectionString: string,
  problem: (place: string) => string,
  variable: DatabaseVariable = 'DATABASE_URL',
): ConfigError {
  const { host, port } = clientOf({ connectionString }, variable);
  return refused(variable, problem(`at ${host}, port ${port},`));
}

/** Host and port of a database, for people. @param connectionString null: the embedded one. */
export function placeOf(connectionString: string | null): string {
  if (connectionString === null) return 'embedded';
  const { host, port } = clientOf({ connectionString });
  return `${host}:${port}`;
}

/** @throws {ConfigError} when the URL cannot be read. */
export function clientOf(config: pg.ClientConfig, variable: DatabaseVariable = 'DATABASE_URL'): pg.Client {
  try {
    return new pg.Client(config);
  } catch {
    throw refused(variable, 'must be a URL such as postgresql://user:password@host:5432/database');
  }
}

function refused(variable: DatabaseVariable, problem: string): ConfigError {
  return new ConfigError(`${variable}: ${problem}`);
}

/** The code of an error, or its message if it has none: as in "(ECONNREFUSED)". */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const code = 'code' in error ? String(error.code) : null;
  // The server's message about itself. For a refused user or database, the code is enough.
  if (error instanceof pg.DatabaseError && !/^(?:28|3D)/.test(code ?? '')) return `${error.message}, ${code}`;
  return code ?? error.message;
}
