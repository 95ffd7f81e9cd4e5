/**
 * Rotation of ENCRYPTION_KEY: encrypts every stored secret under the first key. A row is changed only if it still has the value that
 * was read, so servers may run meanwhile, and an interrupted rotation can be run again.
 */
import { refreshTokenPurpose } from '../accounts/mailbox-access.ts';
import { codeVerifierPurpose } from '../accounts/oauth-state.ts';
import { createSealer, type Sealer } from '../auth/seal.ts';
import type { Config } from '../config/config.ts';
import { existingEncryptionKeys } from '../config/secrets.ts';
import type { Sql } from '../db/client.ts';
import { raw, sql } from '../db/statement.ts';
import { type Report, withDatabase } from './command.ts';

const PAGE_SIZE = 500;

interface RotatedSecrets {
  /** Secrets that were encrypted under another key. */
  rotated: number;
  /** Secrets that were encrypted under the first key before. */
  current: number;
  /** Addresses of the accounts whose consent no key decrypts. They are not changed. */
  readonly unopenable: string[];
}

interface SealedColumn {
  readonly table: string;
  readonly column: string;
  /** SQL: the name of the row for people. `NULL`: the secret is short-lived, and losing it does no harm. */
  readonly label: 'email' | 'NULL';
  readonly purpose: (id: string) => string;
}

const COLUMNS: readonly SealedColumn[] = [
  { table: 'email_account', column: 'sealed_refresh_token', label: 'email', purpose: refreshTokenPurpose },
  { table: 'oauth_state', column: 'sealed_code_verifier', label: 'NULL', purpose: codeVerifierPurpose },
];

interface Row {
  readonly id: string;
  readonly label: string | null;
  readonly sealed: string;
}

export async function rotateKeys(config: Config): Promise<Report> {
  const sealer = createSealer(existingEncryptionKeys(config));
  const total: RotatedSecrets = { rotated: 0, current: 0, unopenable: [] };
  await withDatabase(config, async ({ pool }) => {
    for (const column of COLUMNS) await rotateColumn(pool, sealer, column, total);
  });
  return {
    lines: [
      `Encrypted ${total.rotated} secrets under the first key of ENCRYPTION_KEY; ${total.current} were encrypted under it before.`,
    ],
    problems: total.unopenable.map(
      (email) =>
        `${email}: no key of ENCRYPTION_KEY decrypts its consent. Add the key that encrypted it, or connect the account again.`,
    ),
  };
}

async function rotateColumn(
  connection: Sql,
  sealer: Sealer,
  sealed: SealedColumn,
  total: RotatedSecrets,
): Promise<void> {
  const [table, column] = [raw(sealed.table), raw(sealed.column)];
  for await (const row of sealedRows(connection, sealed)) {
    if (sealer.isCurrent(row.sealed)) {
      total.current++;
      continue;
    }
    const secret = sealer.openOrNull(row.sealed, sealed.purpose(row.id));
    if (secret === null) {
      if (row.label !== null) total.unopenable.push(row.label);
      continue;
    }
    // Changes nothing if a server replaced the secret meanwhile, under its own first key.
    const { rowCount } = await connection.query(
      sql`UPDATE ${table} SET ${column} = ${sealer.seal(secret, sealed.purpose(row.id))}
        WHERE id = ${row.id} AND ${column} = ${row.sealed}`,
    );
    total.rotated += rowCount ?? 0;
  }
}

async function* sealedRows(connection: Sql, sealed: SealedColumn): AsyncGenerator<Row> {
  const [table, column, label] = [raw(sealed.table), raw(sealed.column), raw(sealed.label)];
  let last: string | undefined;
  do {
    const { rows } = await connection.query<Row>(
      sql`SELECT id, ${label} AS label, ${column} AS sealed FROM ${table}
        WHERE ${column} IS NOT NULL AND (${last}::uuid IS NULL OR id > ${last}) ORDER BY id LIMIT ${PAGE_SIZE}`,
    );
    yield* rows;
    last = rows.at(-1)?.id;
  } while (last !== undefined);
}
