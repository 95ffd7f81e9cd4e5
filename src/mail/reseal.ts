/**
 * Rotation of ENCRYPTION_KEY: every stored secret sealed anew under the first key. Each row is changed only if it still
 * holds what was read, so servers may run, and a rotation that was interrupted is simply run again.
 */

import { codeVerifierPurpose } from '../accounts/oauth-state.ts';
import type { Sealer } from '../auth/seal.ts';
import type { Sql } from '../db/client.ts';
import { refreshTokenPurpose } from '../accounts/mailbox-access.ts';
import { accessTokenPurpose } from './token-store.ts';

const PAGE_SIZE = 500;

export interface Resealed {
  /** Secrets that were sealed under another key, and are no longer. */
  readonly resealed: number;
  /** Those that were sealed under the first key already. */
  readonly current: number;
  /** Addresses of the accounts whose consent no key opens; they are left as they are. */
  readonly unopenable: readonly string[];
}

interface SealedColumn {
  /** SQL: the table, its id, what is sealed, and what a person calls the row. */
  readonly table: string;
  readonly id: string;
  readonly column: string;
  readonly label: string;
  readonly purpose: (id: string) => string;
  /** Whether it can be had again: then one that no key opens is no loss. */
  readonly isPassing: boolean;
}

const COLUMNS: readonly SealedColumn[] = [
  {
    table: 'email_account',
    id: 'id',
    column: 'sealed_refresh_token',
    label: 'email',
    purpose: refreshTokenPurpose,
    isPassing: false,
  },
  {
    table: 'account_token',
    id: 'account_id',
    column: 'sealed_access_token',
    label: 'account_id::text',
    purpose: accessTokenPurpose,
    isPassing: true,
  },
  {
    table: 'oauth_state',
    id: 'id',
    column: 'sealed_code_verifier',
    label: 'id::text',
    purpose: codeVerifierPurpose,
    isPassing: true,
  },
];

interface Row {
  readonly id: string;
  readonly label: string;
  readonly sealed: string;
}

export async function resealSecrets(sql: Sql, sealer: Sealer): Promise<Resealed> {
  const total = { resealed: 0, current: 0, unopenable: [] as string[] };
  for (const column of COLUMNS) await resealColumn(sql, sealer, column, total);
  return total;
}

async function resealColumn(
  sql: Sql,
  sealer: Sealer,
  { table, id, column, label, purpose, isPassing }: SealedColumn,
  total: { resealed: number; current: number; unopenable: string[] },
): Promise<void> {
  let last: string | undefined;
  do {
    const { rows } = await sql.query<Row>(
      `SELECT ${id} AS id, ${label} AS label, ${column} AS sealed FROM ${table}
       WHERE ${column} IS NOT NULL AND ($1::uuid IS NULL OR ${id} > $1) ORDER BY ${id} LIMIT ${PAGE_SIZE}`,
      [last ?? null],
    );
    for (const row of rows) {
      if (sealer.isCurrent(row.sealed)) {
        total.current++;
        continue;
      }
      const secret = openOrNull(sealer, row.sealed, purpose(row.id));
      if (secret === null) {
        if (!isPassing) total.unopenable.push(row.label);
        continue;
      }
      // Nobody's, when it was replaced meanwhile: by a server, which seals under its own first key.
      const { rowCount } = await sql.query(`UPDATE ${table} SET ${column} = $3 WHERE ${id} = $1 AND ${column} = $2`, [
        row.id,
        row.sealed,
        sealer.seal(secret, purpose(row.id)),
      ]);
      total.resealed += rowCount ?? 0;
    }
    last = rows.at(-1)?.id;
  } while (last !== undefined);
}

function openOrNull(sealer: Sealer, envelope: string, purpose: string): string | null {
  try {
    return sealer.open(envelope, purpose);
  } catch {
    return null;
  }
}
