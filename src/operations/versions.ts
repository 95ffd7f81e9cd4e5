import type { Sql } from '../db/client.ts';
import { FUNCTIONS } from '../db/migrate.ts';
import { sql } from '../db/statement.ts';
import { VERSION } from '../version.ts';

export async function readVersions(connection: Sql) {
  const { rows } = await connection.query<{ postgres: string; migration: string }>(
    sql`SELECT current_setting('server_version') AS postgres,
       (SELECT max(migration_name) FROM _prisma_migrations WHERE migration_name <> ${FUNCTIONS}) AS migration`,
  );
  const { postgres = '', migration = '' } = rows[0] ?? {};
  /** `migration`: the newest one that the database has. */
  return { epistle: VERSION, node: process.version, postgres, migration };
}
