/** Which outbound email a delivery notice is about. The proofs are in docs/decisions/0014. */
import { DAY_MS } from '../config/timing.ts';
import type { Sql } from '../db/client.ts';
import type { AccountKey } from '../db/sender.ts';
import { type Fragment, sql } from '../db/statement.ts';
import { anyTerm, recipientTerm } from '../email/search-terms.ts';
import type { DeliveryNotice } from './delivery-notice.ts';

/** A stored inbound message that is not correlated with an email. */
export interface Uncorrelated {
  readonly id: string;
  readonly conversationId: string;
  readonly threadId: string;
  readonly fromAddress: string;
  readonly sentAt: Date;
  /** Message-IDs and the op id that it names, the nearest first. */
  readonly namedIds: readonly string[];
  readonly notice: DeliveryNotice | null;
}

/** How old an email may be that Google's notice names by its recipient. Google gives up after three days. */
const RECENT_MS = 5 * DAY_MS;
/** Between our clock, which dates sending, and Gmail's, which dates inbound mail. */
export const CLOCK_SKEW_MS = 120_000;

/** SQL: the email has left, or may have. */
export const LEFT = sql`status IN ('SENDING', 'UNCONFIRMED', 'SENT', 'BOUNCED')`;

/** SQL: the earliest time at which the email `e` can have left. */
const LEFT_AT = sql`least(e.sending_at, e.sent_at)`;

/** An email that a notice is about. */
interface ReportedEmail {
  readonly id: string;
  /** The notice returns the id of this email. */
  readonly isReturned: boolean;
}

/** The email of this account that a notice is about. Null: it proves none. */
export async function findReported(
  tx: Sql,
  { organizationId, id: accountId }: AccountKey,
  message: Uncorrelated,
  notice: DeliveryNotice,
): Promise<ReportedEmail | null> {
  const find = async (select: Fragment, isReturned = false): Promise<ReportedEmail | null> => {
    const { rows } = await tx.query<{ id: string; messageId?: string }>(select);
    const [row] = rows;
    if (row === undefined) return null;
    const { id, messageId } = row;
    return { id, isReturned: isReturned || (messageId !== undefined && notice.returnedMessageIds.includes(messageId)) };
  };
  if (notice.opId !== null) {
    // An id of another account ends the search.
    return find(
      sql`SELECT id FROM outbound_email
      WHERE organization_id = ${organizationId} AND account_id = ${accountId} AND id = ${notice.opId}`,
      true,
    );
  }
  const named = await find(
    sql`SELECT outbound_email_id AS id, message_id AS "messageId" FROM email_message
      WHERE organization_id = ${organizationId} AND account_id = ${accountId} AND message_id = ANY(${message.namedIds})
        AND outbound_email_id IS NOT NULL
      ORDER BY array_position(${message.namedIds}, message_id) LIMIT 1`,
  );
  if (named !== null) return named;

  // From here on a recipient of the notice must be one of the email. A notice that names another mail is about that mail,
  // unless the sent copy of ours is not fetched yet and its Message-ID is not known.
  const isLimit = notice.kind === 'SENDING_LIMIT';
  const recipients = notice.recipients.flatMap(({ recipient, original }) => [recipient, original]);
  const terms = recipients.filter((address) => address !== null).map(recipientTerm);
  const isUnnamed = sql`(NOT ${message.namedIds.length > 0} OR e.message_id IS NULL)`;
  const latest = sql`${message.sentAt}::timestamptz + ${CLOCK_SKEW_MS} * interval '1 ms'`;
  const matches = sql`${isUnnamed} AND ${LEFT_AT} <= ${latest}
    AND (${isLimit} OR EXISTS (SELECT FROM outbound_email_search s WHERE s.organization_id = e.organization_id
      AND s.outbound_email_id = e.id AND s.terms @@ ${anyTerm(terms)}::tsquery))`;
  const inThread = await find(
    sql`SELECT id FROM (
        SELECT e.id, ${LEFT_AT} AS at FROM outbound_email e
        WHERE e.organization_id = ${organizationId} AND e.account_id = ${accountId}
          AND e.conversation_id = ${message.conversationId} AND ${LEFT} AND ${matches}
        UNION
        SELECT e.id, ${LEFT_AT} FROM outbound_email e
        WHERE e.organization_id = ${organizationId} AND e.account_id = ${accountId}
          AND coalesce(e.provider_thread_id, e.gmail_draft_thread_id) = ${message.threadId}
          AND ${LEFT} AND e.sent_copy_fetched_at IS NULL AND ${matches}
      ) e ORDER BY at DESC LIMIT 1`,
  );
  // Strangers can know a recipient: without a thread only Google itself is believed.
  if (inThread !== null || !notice.isGoogle || isLimit) return inThread;
  return find(
    sql`SELECT e.id FROM outbound_email_search s
      JOIN outbound_email e ON e.organization_id = s.organization_id AND e.id = s.outbound_email_id
      WHERE s.organization_id = ${organizationId} AND s.terms @@ ${anyTerm(terms)}::tsquery AND e.account_id = ${accountId}
        AND ${LEFT} AND ${isUnnamed}
        AND e.sent_at BETWEEN ${message.sentAt}::timestamptz - ${RECENT_MS} * interval '1 ms' AND ${latest}
        AND NOT EXISTS (SELECT FROM bounce b WHERE b.organization_id = e.organization_id AND b.outbound_email_id = e.id
          AND b.permanent AND 'to ' || lower(b.recipient) = ANY(${terms}))
      ORDER BY e.sent_at DESC LIMIT 1`,
  );
}
