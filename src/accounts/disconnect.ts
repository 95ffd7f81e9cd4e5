import type { App } from '../app.ts';
import type { Identity } from '../auth/keys.ts';
import { inTransaction } from '../db/client.ts';
import { NotFoundError } from '../errors.ts';
import { refreshTokenPurpose } from './mailbox-access.ts';

export interface Disconnected {
  readonly accountId: string;
  /** Emails that are SCHEDULED or QUEUED, and wait for the mailbox to be connected again. */
  readonly waitingEmails: number;
  /** Whether Google has confirmed that the grant is over. */
  readonly revoked: boolean;
}

/**
 * Erases the account's tokens and ends its grant at Google. The record stays, and so does what was to be sent.
 * The tokens go first: a revocation that fails, or a process that dies, must not keep them.
 * @throws {NotFoundError}
 */
export async function disconnectAccount(
  app: App,
  { organizationId, actor }: Identity,
  accountId: string,
): Promise<Disconnected> {
  const { sealed, waitingEmails } = await inTransaction(app.pool, async (tx) => {
    const { rows } = await tx.query<{ sealed: string | null }>(
      `SELECT sealed_refresh_token AS sealed FROM email_account WHERE organization_id = $1 AND id = $2 FOR NO KEY UPDATE`,
      [organizationId, accountId],
    );
    const [account] = rows;
    if (account === undefined) throw new NotFoundError('EmailAccount', accountId);
    await tx.query(
      `UPDATE email_account SET status = 'DISCONNECTED', sealed_refresh_token = NULL, grant_id = gen_random_uuid(),
         status_reason = 'It was disconnected; what is to be sent from it waits until it is connected again.'
       WHERE organization_id = $1 AND id = $2`,
      [organizationId, accountId],
    );
    // Whoever reads the mailbox now stores nothing more of it.
    await tx.query(
      `UPDATE mailbox_sync SET lease_token = NULL, lease_owner = NULL, lease_expires_at = NULL, again = false
       WHERE organization_id = $1 AND account_id = $2`,
      [organizationId, accountId],
    );
    await tx.query('DELETE FROM account_token WHERE organization_id = $1 AND account_id = $2', [
      organizationId,
      accountId,
    ]);
    const waiting = await tx.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM outbound_email
       WHERE organization_id = $1 AND account_id = $2 AND status IN ('SCHEDULED', 'QUEUED')`,
      [organizationId, accountId],
    );
    return { sealed: account.sealed, waitingEmails: waiting.rows[0]?.count ?? 0 };
  });
  const refreshToken = sealed === null ? null : openOrNull(app, accountId, sealed);
  const revoked = refreshToken !== null && (await app.oauth.revoke(refreshToken));
  app.log.info({ accountId, actor, revoked }, 'account disconnected');
  return { accountId, waitingEmails, revoked };
}

/** Null: no key of ENCRYPTION_KEY opens it, so that nobody can use it, not even to revoke it. */
function openOrNull(app: App, accountId: string, sealed: string): string | null {
  try {
    return app.sealer.open(sealed, refreshTokenPurpose(accountId));
  } catch {
    return null;
  }
}
