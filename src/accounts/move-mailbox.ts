import type { App } from '../app.ts';
import { inTransaction, type Sql } from '../db/client.ts';
import type { AccountKey } from '../db/sender.ts';
import { sql } from '../db/statement.ts';
import { refreshTokenPurpose } from './mailbox-access.ts';
import { endGrant, lockAccount, type NamedAccount, requireFinished } from './release-account.ts';
import { parseSendAs } from './send-as.ts';
import { type SealedGrant, startReading, storeAccountIn } from './store-account.ts';

/**
 * Moves a mailbox with its consent to another organization. The account it leaves stays there with its history: emails, drafts and
 * stored messages, DISCONNECTED. In the new organization the mailbox is read as if it were connected for the first time. What was sent
 * within 24 hours still counts for its limits. An account that comes back to an organization continues there with its history.
 * @returns the account that it left, with its history, and the uid of the one in the new organization.
 * @throws {Error} with a message for people, when it cannot be moved.
 */
export function moveMailbox(
  app: App,
  email: string,
  { organizationId, organization }: { readonly organizationId: string; readonly organization: string },
): Promise<{ readonly from: NamedAccount; readonly accountId: string }> {
  return inTransaction(app.pool, async (tx) => {
    const from = await lockAccount(tx, email, null);
    if (from === null || from.releasedAt !== null) throw new Error(`No account has ${email}.`);
    if (from.organizationId === organizationId) {
      throw new Error(`${email} belongs to "${organization}" already.`);
    }
    if (from.status !== 'ACTIVE') {
      throw new Error(`${email} is ${from.status}: connect it again, then move it.`);
    }
    await requireFinished(tx, from);
    const { grantKind, displayName, aliases, sendAs, sealedRefreshToken } = from;
    const refreshToken =
      sealedRefreshToken === null ? null : app.sealer.open(sealedRefreshToken, refreshTokenPurpose(from.id));
    const sealedGrant: SealedGrant = (id) =>
      refreshToken === null ? null : app.sealer.seal(refreshToken, refreshTokenPurpose(id));
    await endGrant(tx, from, 'The account was moved to another organization of this server.', { release: true });
    const profile = { email, displayName, aliases, sendAs: parseSendAs(sendAs) };
    const grant = { grantKind, sealedGrant, alongside: startReading };
    const accountId = await storeAccountIn(tx, app, organizationId, profile, grant);
    await copyRateLimit(tx, from, { organizationId, id: accountId });
    return { from, accountId };
  });
}

/** Gmail counts by mailbox, not by organization. */
async function copyRateLimit(tx: Sql, from: AccountKey, to: AccountKey): Promise<void> {
  await tx.query(
    sql`DELETE FROM account_rate_limit WHERE organization_id = ${to.organizationId} AND account_id = ${to.id}`,
  );
  await tx.query(
    sql`INSERT INTO account_rate_limit (organization_id, account_id, permits, sends, sends_from, blocked_until, blocked_code,
        throttles, read_until)
      SELECT ${to.organizationId}, ${to.id}, permits, sends, sends_from, blocked_until, blocked_code, throttles, read_until
      FROM account_rate_limit WHERE organization_id = ${from.organizationId} AND account_id = ${from.id}`,
  );
}
