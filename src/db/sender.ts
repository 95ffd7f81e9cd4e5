import type { EmailAccountStatus, GrantKind } from '#generated/prisma/enums.ts';
import { sql } from './statement.ts';

/** The columns of an account that sending needs. */
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
  /** Changes with each consent. */
  readonly grantId: string;
}

/** Names an account. */
export type AccountKey = Pick<Sender, 'organizationId' | 'id'>;

/** A `Sender` in the table `email_account a`. */
export const SENDER_COLUMNS = sql`a.organization_id AS "organizationId", a.id, a.email, a.display_name AS "displayName",
  a.aliases, a.status AS "accountStatus", a.sealed_refresh_token AS "sealedRefreshToken", a.grant_kind AS "grantKind",
  a.grant_id AS "grantId"`;
