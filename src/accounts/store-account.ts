/** Connects accounts, for the first time or again, by the owner's consent or a Workspace's delegation. */
import { v7 as uuidv7 } from 'uuid';
import type { GrantKind } from '#generated/prisma/enums.ts';
import type { App } from '../app.ts';
import { inTransaction, type Sql } from '../db/client.ts';
import { sql } from '../db/statement.ts';
import { type AccountRef, addJob, EMAIL_OF_ROW, enqueue, NEXT_JOB } from '../jobs.ts';
import { refreshTokenPurpose } from './mailbox-access.ts';
import { lockAddress, type NamedAccount } from './release-account.ts';
import { type MailboxProfile, profileColumns } from './send-as.ts';

/** A mailbox belongs to one organization only. */
export class AccountTakenError extends Error {
  override readonly name = 'AccountTakenError';
  override readonly message = 'Another organization has this mailbox.';
}

/** Google issued no refresh token, and no stored one works. */
export class NoRefreshTokenError extends Error {
  override readonly name = 'NoRefreshTokenError';
}

type ExistingRow = Pick<NamedAccount, 'organizationId' | 'id' | 'status' | 'sealedRefreshToken'>;

/** Further work in the transaction that stores an account; see `startReading`. */
type Alongside = (app: App, tx: Sql, ref: AccountRef) => Promise<void>;

const nothingElse: Alongside = async () => undefined;

/**
 * Stores an account whose owner has consented, or renews the grant of an existing one, whose waiting emails then leave. Its mailbox is
 * read only if `alongside` starts that. If the consent has no refresh token, the stored one stays, unless it was refused.
 * @returns its id.
 * @throws {AccountTakenError} when another organization has this mailbox.
 * @throws {NoRefreshTokenError} when there would be no refresh token to use.
 */
export function connectAccount(
  app: App,
  organizationId: string,
  { refreshToken, ...profile }: MailboxProfile & { readonly refreshToken: string | null },
  alongside = nothingElse,
): Promise<string> {
  const sealedGrant: SealedGrant = (id, existing) => {
    if (refreshToken !== null) return app.sealer.seal(refreshToken, refreshTokenPurpose(id));
    if (existing?.status === 'NEEDS_REAUTH' || existing?.sealedRefreshToken == null) throw new NoRefreshTokenError();
    return existing.sealedRefreshToken;
  };
  return storeAccount(app, organizationId, profile, { grantKind: 'CONSENT', sealedGrant, alongside });
}

export type SealedGrant = (id: string, existing: ExistingRow | undefined) => string | null;

interface AccountGrant {
  readonly grantKind: GrantKind;
  readonly sealedGrant: SealedGrant;
  readonly alongside: Alongside;
}

/** As `connectAccount`, of any kind of grant. */
export function storeAccount(
  app: App,
  organizationId: string,
  profile: MailboxProfile,
  grant: AccountGrant,
): Promise<string> {
  return inTransaction(app.pool, (tx) => storeAccountIn(tx, app, organizationId, profile, grant));
}

/** As `connectAccount`, in the caller's transaction. */
export async function storeAccountIn(
  tx: Sql,
  app: App,
  organizationId: string,
  profile: MailboxProfile,
  { grantKind, sealedGrant, alongside }: AccountGrant,
): Promise<string> {
  const email = profile.email.toLowerCase();
  const { displayName, aliases, sendAs } = profileColumns(profile);
  // If two requests connect the same new mailbox, the second one finds the account.
  await lockAddress(tx, email);
  // An account that was moved or forgotten continues when its organization connects the mailbox again.
  const { rows } = await tx.query<ExistingRow>(
    sql`SELECT organization_id AS "organizationId", id, status, sealed_refresh_token AS "sealedRefreshToken"
        FROM email_account WHERE email = ${email} AND (released_at IS NULL OR organization_id = ${organizationId})
        ORDER BY released_at NULLS FIRST LIMIT 1 FOR NO KEY UPDATE`,
  );
  const [existing] = rows;
  if (existing !== undefined && existing.organizationId !== organizationId) throw new AccountTakenError();
  const id = existing?.id ?? uuidv7();
  const now = app.now();
  await tx.query(
    sql`INSERT INTO email_account (organization_id, id, email, display_name, aliases, send_as, status,
          sealed_refresh_token, grant_kind, connected_at)
        VALUES (${organizationId}, ${id}, ${email}, ${displayName}, ${aliases}, ${sendAs}, 'ACTIVE',
          ${sealedGrant(id, existing)}, ${grantKind}, ${now})
        ON CONFLICT (organization_id, id) DO UPDATE SET display_name = excluded.display_name, aliases = excluded.aliases,
          send_as = excluded.send_as, profile_read_at = now(),
          status = 'ACTIVE', status_reason = NULL, sealed_refresh_token = excluded.sealed_refresh_token,
          grant_kind = excluded.grant_kind, grant_id = gen_random_uuid(), connected_at = excluded.connected_at,
          released_at = NULL`,
  );
  // Earlier failures happened with another grant.
  await tx.query(
    sql`UPDATE mailbox_sync SET error_code = NULL, error_message = NULL, failed_at = NULL, failures = 0, rerun_requested = true,
        next_run_at = now()
      WHERE organization_id = ${organizationId} AND account_id = ${id}`,
  );
  await resumeDeliveries(tx, organizationId, id, now);
  await alongside(app, tx, { organizationId, accountId: id });
  return id;
}

/**
 * Makes the emails due that waited until their account is connected. An UNCONFIRMED email is reconciled at once, because
 * its mailbox could not be read before.
 */
async function resumeDeliveries(tx: Sql, organizationId: string, accountId: string, now: Date): Promise<void> {
  await tx.query(
    sql`WITH waiting AS (
        UPDATE outbound_email SET next_attempt_at = ${now}
        WHERE organization_id = ${organizationId} AND account_id = ${accountId} AND lease_token IS NULL
          AND next_attempt_at > ${now} AND (status = 'UNCONFIRMED' OR (status IN ('SCHEDULED', 'QUEUED')
            AND permit IS NULL AND failure_code IN ('ACCOUNT_NOT_ACTIVE', 'NEEDS_REAUTH')))
        RETURNING organization_id, id, status
      )
      SELECT ${addJob(NEXT_JOB, EMAIL_OF_ROW)} FROM waiting`,
  );
}

/** Starts or continues the import and, if configured, Gmail's notifications of changes. */
export async function startReading({ config }: App, tx: Sql, ref: AccountRef): Promise<void> {
  await enqueue(tx, 'sync', ref, 0);
  if (config.push !== null) await enqueue(tx, 'watch', ref, 0);
}
