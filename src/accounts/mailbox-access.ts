import type { EmailAccountStatus, GrantKind } from '#generated/prisma/enums.ts';
import type { App } from '../app.ts';
import type { Sql } from '../db/client.ts';
import { GmailError } from '../gmail/errors.ts';
import type { MailboxAccess } from '../gmail/gateway.ts';
import type { Grant } from '../gmail/oauth.ts';
import type { TokenRequest } from '../gmail/oauth-endpoints.ts';

/** An account, as far as sending needs it. */
export interface Sender {
  readonly organizationId: string;
  readonly id: string;
  readonly email: string;
  readonly displayName: string | null;
  readonly aliases: readonly string[];
  readonly accountStatus: EmailAccountStatus;
  /** Null once the account is disconnected. */
  readonly sealedRefreshToken: string | null;
  readonly grantKind: GrantKind;
  /** Another one after each consent. */
  readonly grantId: string;
}

export const SENDER_COLUMNS = `a.organization_id AS "organizationId", a.id, a.email, a.display_name AS "displayName",
  a.aliases, a.status AS "accountStatus", a.sealed_refresh_token AS "sealedRefreshToken", a.grant_kind AS "grantKind",
  a.grant_id AS "grantId"`;

/** What a refresh token is sealed for: this account and no other. */
export function refreshTokenPurpose(accountId: string): string {
  return `refresh-token:${accountId}`;
}

/** The way into an account's mailbox; the refresh token is opened only when a token is asked for. */
export function mailboxAccess(app: App, account: Sender): MailboxAccess {
  const { organizationId, id: accountId, grantId } = account;
  const grant: Grant = { organizationId, accountId, id: grantId, request: () => tokenRequest(app, account) };
  return {
    accountId,
    async accessToken(options) {
      const hasGrant = account.sealedRefreshToken !== null || account.grantKind === 'DELEGATION';
      if (!hasGrant || account.accountStatus === 'DISCONNECTED') {
        const message = 'The account holds no grant.';
        throw new GmailError({ kind: 'reauth', status: null, reason: 'no_grant', message });
      }
      return app.tokens.accessToken(grant, options);
    },
  };
}

function tokenRequest(app: App, { id, email, sealedRefreshToken }: Sender): TokenRequest {
  if (sealedRefreshToken === null) return { kind: 'assertion', subject: email };
  return { kind: 'refresh', refreshToken: openGrant(app, id, sealedRefreshToken) };
}

/** @throws {GmailError} when no key of ENCRYPTION_KEY opens it: the operator can put that right, and the email waits. */
function openGrant(app: App, accountId: string, sealedRefreshToken: string): string {
  try {
    return app.sealer.open(sealedRefreshToken, refreshTokenPurpose(accountId));
  } catch {
    const message = 'The stored consent for this mailbox cannot be opened with ENCRYPTION_KEY.';
    throw new GmailError({ kind: 'unreachable', status: null, reason: 'sealed_grant', message });
  }
}

const REAUTH_REASONS: Readonly<Record<GrantKind, string>> = {
  CONSENT: 'Google no longer accepts the consent of its owner; connect it again.',
  DELEGATION: 'Google no longer lets the service account act for this mailbox; add it again once it does.',
};

/**
 * Google has said `invalid_grant`: the owner must consent again. Nothing happens to an account that has done so since.
 */
export async function markNeedsReauth(sql: Sql, sender: Sender): Promise<void> {
  await sql.query(
    `UPDATE email_account SET status = 'NEEDS_REAUTH', status_reason = $4
     WHERE organization_id = $1 AND id = $2 AND status = 'ACTIVE' AND grant_id = $3`,
    [sender.organizationId, sender.id, sender.grantId, REAUTH_REASONS[sender.grantKind]],
  );
}

/** An account of the organization; null when it has none of this id. */
export async function findMailbox(sql: Sql, organizationId: string, accountId: string): Promise<Sender | null> {
  const { rows } = await sql.query<Sender>(
    `SELECT ${SENDER_COLUMNS} FROM email_account a WHERE a.organization_id = $1 AND a.id = $2`,
    [organizationId, accountId],
  );
  return rows[0] ?? null;
}
