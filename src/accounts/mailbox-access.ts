import type { GrantKind } from '#generated/prisma/enums.ts';
import type { App } from '../app.ts';
import type { Sql } from '../db/client.ts';
import { SENDER_COLUMNS, type Sender } from '../db/sender.ts';
import { sql } from '../db/statement.ts';
import { GmailError, tokenError } from '../gmail/errors.ts';
import type { MailboxAccess } from '../gmail/gateway.ts';
import type { Grant } from '../gmail/oauth.ts';
import type { TokenRequest } from '../gmail/oauth-endpoints.ts';

/** What a refresh token is sealed for: this account and no other. */
export function refreshTokenPurpose(accountId: string): string {
  return `refresh-token:${accountId}`;
}

/** The way into an account's mailbox; its grant is read and opened only when a token is asked for. */
export function mailboxAccess(app: App, account: Sender): MailboxAccess {
  const grant: Grant = { id: account.grantId, request: () => tokenRequest(app, account) };
  return {
    accountId: account.id,
    async accessToken(options) {
      const hasGrant = account.sealedRefreshToken !== null || account.grantKind === 'DELEGATION';
      if (!hasGrant || account.accountStatus === 'DISCONNECTED') {
        const message = 'The account is not connected.';
        throw new GmailError({ kind: 'reauth', status: null, reason: 'no_grant', message });
      }
      return app.tokens.accessToken(grant, options);
    },
  };
}

/** @throws {GmailError} `unreachable` when the account has another grant by now, or none, or no key of ENCRYPTION_KEY opens it. */
async function tokenRequest(app: App, { organizationId, id, grantId, email }: Sender): Promise<TokenRequest> {
  const account = await findMailbox(app.pool, organizationId, id);
  if (account?.grantId !== grantId) throw tokenError('unreachable', null, 'grant_over');
  const { sealedRefreshToken } = account;
  if (sealedRefreshToken === null) return { kind: 'assertion', subject: email };
  const refreshToken = app.sealer.openOrNull(sealedRefreshToken, refreshTokenPurpose(id));
  if (refreshToken !== null) return { kind: 'refresh', refreshToken };
  // The operator can add the key, so the email waits.
  const message = 'The stored consent for this mailbox cannot be opened with ENCRYPTION_KEY.';
  throw new GmailError({ kind: 'unreachable', status: null, reason: 'sealed_grant', message });
}

const REAUTH_REASONS: Readonly<Record<GrantKind, string>> = {
  CONSENT: 'Google no longer accepts the consent of the mailbox owner. Connect the account again.',
  DELEGATION: 'Google no longer lets the service account act for this mailbox. Once it does, add the account again.',
};

/**
 * Google has said `invalid_grant`: the owner must consent again. Nothing happens to an account that has done so since.
 */
export async function markNeedsReauth({ pool, log }: Pick<App, 'pool' | 'log'>, sender: Sender): Promise<void> {
  const { organizationId, id: accountId, grantId, grantKind } = sender;
  const { rowCount } = await pool.query(
    sql`UPDATE email_account SET status = 'NEEDS_REAUTH', status_reason = ${REAUTH_REASONS[grantKind]}
      WHERE organization_id = ${organizationId} AND id = ${accountId} AND status = 'ACTIVE' AND grant_id = ${grantId}`,
  );
  if (rowCount === 1) log.warn({ organizationId, accountId }, 'an account is NEEDS_REAUTH: Google refuses its consent');
}

/** An account of the organization; null when it has none of this id. */
export async function findMailbox(connection: Sql, organizationId: string, accountId: string): Promise<Sender | null> {
  const { rows } = await connection.query<Sender>(
    sql`SELECT ${SENDER_COLUMNS} FROM email_account a WHERE a.organization_id = ${organizationId} AND a.id = ${accountId}`,
  );
  return rows[0] ?? null;
}
