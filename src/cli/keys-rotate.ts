/**
 * Rotation of ENCRYPTION_KEY: encrypts every stored secret under the first key. A row is changed only if it still has the value that
 * was read, so servers may run meanwhile, and an interrupted rotation can be run again.
 */
import { refreshTokenPurpose } from '../accounts/mailbox-access.ts';
import { codeVerifierPurpose } from '../accounts/oauth-state.ts';
import { createSealer } from '../auth/seal.ts';
import type { Config } from '../config/config.ts';
import { existingEncryptionKeys } from '../config/secrets.ts';
import { raw, sql } from '../db/statement.ts';
import { type Report, withDatabase } from './command.ts';

const SEALED = {
  email_account: { column: raw('sealed_refresh_token'), purpose: refreshTokenPurpose },
  oauth_state: { column: raw('sealed_code_verifier'), purpose: codeVerifierPurpose },
};

interface Secret {
  readonly table: keyof typeof SEALED;
  readonly id: string;
  /** Names the row for people. Null: the secret is short-lived, and losing it does no harm. */
  readonly label: string | null;
  readonly sealed: string;
}

const SELECT_SECRETS = `SELECT 'email_account' AS "table", id, email AS label, sealed_refresh_token AS sealed
    FROM email_account WHERE sealed_refresh_token IS NOT NULL
  UNION ALL SELECT 'oauth_state', id, NULL, sealed_code_verifier FROM oauth_state ORDER BY 1, 2`;

export async function rotateKeys(config: Config): Promise<Report> {
  const sealer = createSealer(existingEncryptionKeys(config));
  let rotated = 0;
  let current = 0;
  const problems: string[] = [];
  await withDatabase(config, async ({ pool }) => {
    const { rows } = await pool.query<Secret>(SELECT_SECRETS);
    for (const { table, id, label, sealed } of rows) {
      const { column, purpose } = SEALED[table];
      const secret = sealer.isCurrent(sealed) ? null : sealer.openOrNull(sealed, purpose(id));
      if (sealer.isCurrent(sealed)) current++;
      else if (secret !== null) {
        // Changes nothing if a server replaced the secret meanwhile, under its own first key.
        const { rowCount } = await pool.query(
          sql`UPDATE ${raw(table)} SET ${column} = ${sealer.seal(secret, purpose(id))} WHERE id = ${id} AND ${column} = ${sealed}`,
        );
        rotated += rowCount ?? 0;
      } else if (label !== null) {
        const remedy = 'Add the key that encrypted it, or connect the account again.';
        problems.push(`${label}: no key of ENCRYPTION_KEY decrypts its consent. ${remedy}`);
      }
    }
  });
  const line = `Encrypted ${rotated} secrets under the first key of ENCRYPTION_KEY; ${current} were encrypted under it before.`;
  return { lines: [line], problems };
}
