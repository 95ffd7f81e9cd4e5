/** Accounts: how one is connected, by its owner's consent or by a Workspace's delegation, and connected anew. */
import { v7 as uuidv7 } from 'uuid';
import type { EmailAccountStatus, GrantKind } from '#generated/prisma/enums.ts';
import type { App } from '../app.ts';
import { inTransaction, type Sql } from '../db/client.ts';
import { enqueueIn, job } from '../jobs.ts';
import { wakeAccount } from '../outbound/rate-limit.ts';
import { refreshTokenPurpose } from '../accounts/mailbox-access.ts';

/** A mailbox belongs to one organization only. */
export class AccountTakenError extends Error {
  override readonly name = 'AccountTakenError';
}

/** Google gave no refresh token, and none that works is stored. */
export class NoRefreshTokenError extends Error {
  override readonly name = 'NoRefreshTokenError';
}

/** What Gmail says of a mailbox. */
export interface MailboxProfile {
  readonly email: string;
  readonly displayName: string | null;
  /** Accepted send-as addresses besides the primary one. */
  readonly aliases: readonly string[];
}

interface ExistingRow {
  readonly organizationId: string;
  readonly id: string;
  readonly status: EmailAccountStatus;
  readonly sealedRefreshToken: string | null;
}

export interface ConnectedRef {
  readonly organizationId: string;
  readonly accountId: string;
}

/** What else the transaction that stores an account does; see `startReading`. */
export type Alongside = (app: App, tx: Sql, ref: ConnectedRef) => Promise<void>;

const nothingElse: Alongside = async () => undefined;

/**
 * Stores an account whose owner has consented, or renews the grant of one that is there: what waited for it goes then.
 * Nothing is read of its mailbox unless `alongside` begins that. Without a refresh token in the consent, the stored one
 * stays, if it was not refused.
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

/**
 * Stores an account that the operator's service account may act for, or makes one that is there such an account.
 * @returns its id.
 * @throws {AccountTakenError} when another organization has this mailbox.
 */
export function connectDelegatedAccount(
  app: App,
  organizationId: string,
  profile: MailboxProfile,
  alongside = nothingElse,
): Promise<string> {
  return storeAccount(app, organizationId, profile, { grantKind: 'DELEGATION', sealedGrant: () => null, alongside });
}

type SealedGrant = (id: string, existing: ExistingRow | undefined) => string | null;

function storeAccount(
  app: App,
  organizationId: string,
  profile: MailboxProfile,
  { grantKind, sealedGrant, alongside }: { grantKind: GrantKind; sealedGrant: SealedGrant; alongside: Alongside },
): Promise<string> {
  const email = profile.email.toLowerCase();
  const aliases = profile.aliases.map((alias) => alias.toLowerCase());
  return inTransaction(app.pool, async (tx) => {
    // Two that connect the same new mailbox: the second one finds it.
    await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('email_account:' || $1, 0))`, [email]);
    const { rows } = await tx.query<ExistingRow>(
      `SELECT organization_id AS "organizationId", id, status, sealed_refresh_token AS "sealedRefreshToken"
       FROM email_account WHERE email = $1 FOR NO KEY UPDATE`,
      [email],
    );
    const [existing] = rows;
    if (existing !== undefined && existing.organizationId !== organizationId) throw new AccountTakenError();
    const id = existing?.id ?? uuidv7();
    const now = app.now();
    await tx.query(
      `INSERT INTO email_account (organization_id, id, email, display_name, aliases, status, sealed_refresh_token,
         grant_kind, connected_at)
       VALUES ($1, $2, $3, $4, $5, 'ACTIVE', $6, $7, $8)
       ON CONFLICT (organization_id, id) DO UPDATE SET display_name = excluded.display_name, aliases = excluded.aliases,
         status = 'ACTIVE', status_reason = NULL, sealed_refresh_token = excluded.sealed_refresh_token,
         grant_kind = excluded.grant_kind, grant_id = gen_random_uuid(), connected_at = excluded.connected_at`,
      [organizationId, id, email, profile.displayName, aliases, sealedGrant(id, existing), grantKind, now],
    );
    // What went wrong before went wrong with another grant.
    await tx.query(
      `UPDATE mailbox_sync SET error_code = NULL, error_message = NULL, failed_at = NULL, failures = 0, next_run_at = now()
       WHERE organization_id = $1 AND account_id = $2`,
      [organizationId, id],
    );
    await wakeAccount(tx, organizationId, id, now);
    await alongside(app, tx, { organizationId, accountId: id });
    return id;
  });
}

/** Has the import begin, or go on from where it was, and Gmail tell of changes if this is configured. */
export async function startReading({ config }: App, tx: Sql, ref: ConnectedRef): Promise<void> {
  await enqueueIn(tx, job('sync', ref), 0);
  if (config.push !== null) await enqueueIn(tx, job('watch', ref), 0);
}
