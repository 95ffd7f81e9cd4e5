import type { App } from '../app.ts';
import type { Identity } from '../auth/keys.ts';
import { inTransaction } from '../db/client.ts';
import { sql } from '../db/statement.ts';
import { NotFoundError } from '../errors.ts';
import { endGrant, type NamedAccount, revokeGrant } from './release-account.ts';

export interface Disconnected {
  readonly accountId: string;
  /** SCHEDULED and QUEUED emails, which wait until the mailbox is connected again. */
  readonly waitingEmails: number;
  /** Whether Google confirmed that the consent has ended. */
  readonly revoked: boolean;
}

const REASON = 'The account was disconnected. Its emails wait until it is connected again.';

/**
 * Erases the account's tokens and ends its grant at Google. The record and waiting emails stay. The tokens are erased first: a failed
 * revocation or a process that dies must not keep them.
 * @throws {NotFoundError}
 */
export async function disconnectAccount(
  app: App,
  { organizationId, actor }: Identity,
  accountId: string,
): Promise<Disconnected> {
  const { account, waitingEmails } = await inTransaction(app.pool, async (tx) => {
    const { rows } = await tx.query<Pick<NamedAccount, 'id' | 'email' | 'sealedRefreshToken' | 'releasedAt'>>(
      sql`SELECT id, email, sealed_refresh_token AS "sealedRefreshToken", released_at AS "releasedAt" FROM email_account
        WHERE organization_id = ${organizationId} AND id = ${accountId} FOR NO KEY UPDATE`,
    );
    const [account] = rows;
    if (account === undefined) throw new NotFoundError('EmailAccount', accountId);
    if (account.releasedAt === null) await endGrant(tx, { organizationId, id: accountId }, REASON);
    const waiting = await tx.query<{ count: number }>(
      sql`SELECT count(*)::int AS count FROM outbound_email
        WHERE organization_id = ${organizationId} AND account_id = ${accountId} AND status IN ('SCHEDULED', 'QUEUED')`,
    );
    return { account, waitingEmails: waiting.rows[0]?.count ?? 0 };
  });
  const revoked = await revokeGrant(app, account);
  app.log.info({ accountId, actor, revoked }, 'account disconnected');
  return { accountId, waitingEmails, revoked };
}
