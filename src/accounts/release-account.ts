/** Ends an account's use by its organization: what disconnecting, moving and forgetting it share. */
import type { EmailAccountStatus, GrantKind } from '#generated/prisma/enums.ts';
import type { App } from '../app.ts';
import { inTransaction, type Sql } from '../db/client.ts';
import type { AccountKey } from '../db/sender.ts';
import { sql } from '../db/statement.ts';
import { refreshTokenPurpose } from './mailbox-access.ts';

/** An account that an operator has named. */
export interface NamedAccount extends AccountKey {
  readonly organization: string;
  readonly email: string;
  readonly status: EmailAccountStatus;
  readonly grantKind: GrantKind;
  readonly sealedRefreshToken: string | null;
  readonly displayName: string | null;
  readonly aliases: readonly string[];
  readonly sendAs: unknown;
  /** Null: it is the account that has the mailbox now. */
  readonly releasedAt: Date | null;
}

/** Connecting, moving and forgetting the same mailbox wait for each other, until the transaction ends. */
export async function lockAddress(tx: Sql, email: string): Promise<void> {
  await tx.query(sql`SELECT pg_advisory_xact_lock(hashtextextended('email_account:' || ${email}, 0))`);
}

/**
 * Finds the account of a mailbox and locks it, so that no email of it can be stored until the transaction ends.
 * @param organization its name. Null: the organization that has the mailbox now, or the one that had it last.
 */
export async function lockAccount(tx: Sql, email: string, organization: string | null): Promise<NamedAccount | null> {
  await lockAddress(tx, email);
  const { rows } = await tx.query<NamedAccount>(
    sql`SELECT a.organization_id AS "organizationId", a.id, o.name AS organization, a.email, a.status,
        a.grant_kind AS "grantKind", a.sealed_refresh_token AS "sealedRefreshToken", a.display_name AS "displayName",
        a.aliases, a.send_as AS "sendAs", a.released_at AS "releasedAt"
      FROM email_account a JOIN organization o ON o.id = a.organization_id
      WHERE a.email = ${email} AND (${organization}::text IS NULL OR o.name = ${organization})
      ORDER BY a.released_at DESC NULLS FIRST LIMIT 1 FOR UPDATE OF a`,
  );
  return rows[0] ?? null;
}

/** @throws {Error} while an email of the account waits, is being sent, or may have been sent. */
export async function requireFinished(tx: Sql, { organizationId, id, email }: NamedAccount): Promise<void> {
  const { rows } = await tx.query<{ unfinished: number }>(
    sql`SELECT count(*)::int AS unfinished FROM outbound_email
      WHERE organization_id = ${organizationId} AND account_id = ${id}
        AND status IN ('SCHEDULED', 'QUEUED', 'SENDING', 'UNCONFIRMED')`,
  );
  const unfinished = rows[0]?.unfinished ?? 0;
  if (unfinished === 0) return;
  throw new Error(
    `${unfinished} emails of ${email} are SCHEDULED, QUEUED, SENDING or UNCONFIRMED. Wait for them, cancel or resolve them, then repeat the command. Nothing was changed.`,
  );
}

/**
 * Erases the account's token and makes it DISCONNECTED.
 * @param reason for people.
 * @param options.release whether any organization may connect the mailbox from now on.
 */
export async function endGrant(
  tx: Sql,
  { organizationId, id }: AccountKey,
  reason: string,
  { release = false } = {},
): Promise<void> {
  await tx.query(
    sql`UPDATE email_account SET status = 'DISCONNECTED', sealed_refresh_token = NULL, grant_id = gen_random_uuid(),
        status_reason = ${reason}, released_at = CASE WHEN ${release} THEN coalesce(released_at, now()) ELSE released_at END
      WHERE organization_id = ${organizationId} AND id = ${id}`,
  );
  // A process that is reading the mailbox now cannot store anything more of it.
  await tx.query(
    sql`UPDATE mailbox_sync SET lease_token = NULL, lease_owner = NULL, lease_expires_at = NULL, rerun_requested = false
      WHERE organization_id = ${organizationId} AND account_id = ${id}`,
  );
}

/**
 * Ends the grant of an account at Google, after its token was erased. Google ends all grants of the owner with it, so nothing is revoked
 * when the owner has consented again meanwhile.
 * @returns whether Google confirmed it.
 */
export async function revokeGrant(
  app: App,
  { id, email, sealedRefreshToken }: Pick<NamedAccount, 'id' | 'email' | 'sealedRefreshToken'>,
): Promise<boolean> {
  if (sealedRefreshToken === null) return false;
  // A token that no key of ENCRYPTION_KEY decrypts cannot be used, not even to revoke it.
  const refreshToken = app.sealer.openOrNull(sealedRefreshToken, refreshTokenPurpose(id));
  return refreshToken !== null && !(await hasConsent(app, email)) && (await app.oauth.revoke(refreshToken));
}

/** Whether an account of any organization holds a consent for the mailbox. It waits for one that is being stored. */
function hasConsent({ pool }: App, email: string): Promise<boolean> {
  return inTransaction(pool, async (tx) => {
    await lockAddress(tx, email);
    const { rows } = await tx.query(
      sql`SELECT FROM email_account WHERE email = ${email} AND sealed_refresh_token IS NOT NULL`,
    );
    return rows.length > 0;
  });
}
