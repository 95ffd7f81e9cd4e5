import type { App } from '../app.ts';
import { type Fragment, sql } from '../db/statement.ts';

const MAX_LOGGED = 20;
const UNOPENABLE =
  'ENCRYPTION_KEY does not decrypt the stored consent of some accounts: they can neither send nor be read. Add the key that encrypted it, or connect them again';

/** SQL on `email_account`: its consent is encrypted under a key that is not one of these. */
export function isUnopenable(keyIds: readonly string[]): Fragment {
  return sql`sealed_refresh_token IS NOT NULL AND split_part(sealed_refresh_token, '.', 2) <> ALL (${keyIds})`;
}

/** Logs the accounts whose consent is encrypted under a key that ENCRYPTION_KEY does not have. */
export async function warnOfUnopenable({ pool, sealer, log }: Pick<App, 'pool' | 'sealer' | 'log'>): Promise<void> {
  const { rows } = await pool.query<{ id: string; count: number }>(
    sql`SELECT id, (count(*) OVER ())::int AS count FROM email_account WHERE ${isUnopenable(sealer.keyIds)}
      ORDER BY id LIMIT ${MAX_LOGGED}`,
  );
  const [first] = rows;
  if (first !== undefined) log.warn({ count: first.count, accountIds: rows.map(({ id }) => id) }, UNOPENABLE);
}
