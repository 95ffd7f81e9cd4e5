/** Which account a draft leaves from, and under which of its addresses. */
import type { Sql } from '../db/client.ts';
import { sql } from '../db/statement.ts';
import { AccountNotReadyError, type InputIssue, InvalidInputError, NotFoundError } from '../errors.ts';
import type { EmailRef } from '../jobs.ts';
import { senderIssues } from './sender-address.ts';

/** Where a draft leaves from. */
interface Origin {
  readonly accountId: string;
  readonly email: string;
  readonly aliases: readonly string[];
  /** It was moved to another organization, or forgotten. */
  readonly isReleased: boolean;
  /** Of a reply; null otherwise. */
  readonly conversationId: string | null;
}

const ORIGIN = {
  EmailAccount: (organizationId: string, id: string) => sql`SELECT id AS "accountId", email, aliases,
      released_at IS NOT NULL AS "isReleased", NULL::uuid AS "conversationId"
    FROM email_account WHERE organization_id = ${organizationId} AND id = ${id} FOR KEY SHARE`,
  EmailMessage: (organizationId: string, id: string) => sql`SELECT a.id AS "accountId", a.email, a.aliases,
      a.released_at IS NOT NULL AS "isReleased", m.conversation_id AS "conversationId"
    FROM email_message m
    JOIN conversation v ON v.organization_id = m.organization_id AND v.id = m.conversation_id
    JOIN email_account a ON a.organization_id = v.organization_id AND a.id = v.account_id
    WHERE m.organization_id = ${organizationId} AND m.id = ${id} AND m.deleted_at IS NULL FOR KEY SHARE OF a`,
};

/**
 * An account, or for a reply the account of the message's conversation. It is neither moved nor forgotten before the transaction ends.
 * @throws {NotFoundError}
 */
export async function findOrigin(
  tx: Sql,
  organizationId: string,
  entity: keyof typeof ORIGIN,
  id: string,
): Promise<Origin> {
  const { rows } = await tx.query<Origin>(ORIGIN[entity](organizationId, id));
  const [origin] = rows;
  if (origin === undefined) throw new NotFoundError(entity, id);
  return origin;
}

/**
 * What keeps a draft from leaving at its time under an address of its account.
 * @throws {AccountNotReadyError} when nothing leaves from the account any more. One that is only disconnected is waited for.
 */
export function plannedIssues(origin: Origin, fromEmail: string): InputIssue[] {
  if (origin.isReleased) throw new AccountNotReadyError(origin.accountId, 'DISCONNECTED');
  return senderIssues(origin, fromEmail, 'input');
}

interface StoredSender {
  readonly accountId: string;
  readonly fromEmail: string;
  readonly isReply: boolean;
}

/** `undefined`: as it is. A null alias, and another account without an alias: the account's own address. */
interface SenderChange {
  readonly fromAccountUid: string | null | undefined;
  readonly fromAlias: string | null | undefined;
}

/**
 * Changes the sender of a draft.
 * @returns its sender.
 * @throws {InvalidInputError} for another account of a reply, which leaves from the account that owns its conversation.
 */
export async function changeSender(
  tx: Sql,
  { organizationId, outboundEmailId }: EmailRef,
  stored: StoredSender,
  { fromAccountUid, fromAlias }: SenderChange,
): Promise<{ readonly origin: Origin; readonly fromEmail: string }> {
  if (fromAccountUid != null && stored.isReply) {
    const message = 'A reply is sent from the account that owns its conversation; omit fromAccountUid.';
    throw new InvalidInputError([{ path: 'input.fromAccountUid', message }]);
  }
  const origin = await findOrigin(tx, organizationId, 'EmailAccount', fromAccountUid ?? stored.accountId);
  if (fromAlias === undefined && fromAccountUid == null) return { origin, fromEmail: stored.fromEmail };
  const fromEmail = fromAlias ?? origin.email;
  await tx.query(
    sql`UPDATE outbound_email SET account_id = ${origin.accountId}, from_email = ${fromEmail}
      WHERE organization_id = ${organizationId} AND id = ${outboundEmailId}`,
  );
  return { origin, fromEmail };
}
