/**
 * Delivery notices about an email that Gmail has accepted: delivery failed or is delayed, or Gmail did not send it after
 * all.
 */
import type { App } from '../app.ts';
import { lockContacts, refreshContacts } from '../contexts/contact-state.ts';
import type { ContextRef } from '../contexts/kind.ts';
import type { Sql } from '../db/client.ts';
import { sql, statement } from '../db/statement.ts';
import type { EmailRef } from '../jobs.ts';
import { recordEvent, transition } from '../outbound/apply-transition.ts';
import { DAILY_LIMIT_PAUSE_MS } from '../outbound/failure-policy.ts';
import { blockSending } from '../outbound/rate-limit.ts';
import { DATABASE_NOW } from '../outbound/transition-parts.ts';
import { refreshAwaitsOurAnswer } from './awaits-our-answer.ts';
import type { FailedRecipient } from './failed-recipients.ts';
import { CLOCK_SKEW_MS } from './reported-email.ts';

/** Gmail dates some mail in whole seconds: the mail before such a notice can be the later one by their times. */
const SECOND_MS = 999;
/** A copy that is newer by this is that of a later attempt: a user cannot make one earlier after the answer of the last was lost. */
const LATER_MS = 20_000;

/** An email, and the stored notice about it. */
interface Notified extends EmailRef {
  readonly notificationId: string;
}

type NewBounce = Pick<FailedRecipient, 'recipient' | 'status' | 'permanent'>;

/** Of one notice: an email has 100 recipients at most. */
const MAX_BOUNCES_PER_NOTICE = 100;
/** Of one email. Its recipients can send any number of notices about it, so of more only the first failure is stored. */
const ENOUGH_BOUNCES = 200;

/** Returns a row if the email is SENT or BOUNCED. Bounces that are stored already are left out. */
export const insertBounces = statement(
  'insert-bounces',
  ({ email, recipients, at }: { email: Notified; recipients: string; at: Date }) => sql`WITH email AS MATERIALIZED (
      SELECT organization_id, id FROM outbound_email
      WHERE organization_id = ${email.organizationId} AND id = ${email.outboundEmailId} AND status IN ('SENT', 'BOUNCED')
      FOR UPDATE
    ), bounces AS (
      INSERT INTO bounce (organization_id, id, outbound_email_id, message_id, recipient, status, diagnostic, permanent, at)
      SELECT email.organization_id, gen_random_uuid(), email.id, ${email.notificationId}, r.recipient, r.status,
        r.diagnostic, r.permanent, ${at}
      FROM email CROSS JOIN LATERAL (
          SELECT count(*) AS all, count(*) FILTER (WHERE permanent) AS failures FROM bounce
          WHERE organization_id = email.organization_id AND outbound_email_id = email.id
        ) stored,
        jsonb_to_recordset(${recipients}) AS r(recipient text, status text, diagnostic text, permanent boolean)
      WHERE stored.all < ${ENOUGH_BOUNCES} OR (r.permanent AND stored.failures = 0)
      ON CONFLICT DO NOTHING RETURNING recipient, status, permanent
    )
    SELECT (SELECT coalesce(jsonb_agg(bounces), '[]') FROM bounces) AS bounces FROM email`,
);

/**
 * Records recipients to whom delivery failed or is delayed. A failure makes the email BOUNCED. Recording the same notice
 * again changes nothing.
 * @param tx holds a lock on the email until it ends.
 * @param at when the notice was received.
 * @returns false when the email is neither SENT nor BOUNCED.
 */
export async function recordBounces(
  tx: Sql,
  email: Notified,
  recipients: readonly FailedRecipient[],
  at: Date,
): Promise<boolean> {
  // One row for each recipient: of several lines the worst counts.
  const worst = new Map<string, FailedRecipient>();
  for (const each of recipients) {
    const key = each.recipient.toLowerCase();
    if (each.permanent || !worst.has(key)) worst.set(key, each);
  }
  const { rows } = await tx.query<{ bounces: NewBounce[] }>(
    insertBounces({ email, recipients: JSON.stringify([...worst.values()].slice(0, MAX_BOUNCES_PER_NOTICE)), at }),
  );
  const [row] = rows;
  if (row === undefined) return false;
  const detailOf = (bounces: readonly NewBounce[]) => ({
    messageUid: email.notificationId,
    recipients: bounces.map(({ recipient, status }) => ({ recipient, status })),
  });
  const failures = row.bounces.filter(({ permanent }) => permanent);
  if (failures.length > 0) {
    const change = { at: DATABASE_NOW, detail: detailOf(failures) };
    const isFirst = await transition(tx, 'bounced', email, change);
    if (!isFirst) await recordEvent(tx, email, 'BOUNCED', change);
  }
  const delays = row.bounces.filter(({ permanent }) => !permanent);
  if (delays.length > 0) await recordEvent(tx, email, 'DELAYED', { at: DATABASE_NOW, detail: detailOf(delays) });
  return true;
}

/**
 * Records that Gmail did not send an email that it had accepted. The copy in SENT is unlinked from the email, which may be
 * sent again.
 * @param noticedAt when the notice was received, by Gmail's clock.
 * @returns false when the email is not SENT, or was handed to Gmail after the notice, which is then about an earlier attempt.
 */
export async function markNotSent(tx: Sql, email: Notified, noticedAt: Date): Promise<boolean> {
  const { organizationId, outboundEmailId } = email;
  const detail = { code: 'DAILY_LIMIT', messageUid: email.notificationId };
  const until = noticedAt.getMilliseconds() === 0 ? new Date(noticedAt.getTime() + SECOND_MS) : noticedAt;
  const copies = await tx.query<{ conversationId: string | null }>(
    sql`SELECT m.conversation_id AS "conversationId" FROM outbound_email e
      LEFT JOIN email_message m ON m.organization_id = e.organization_id AND m.outbound_email_id = e.id
      WHERE e.organization_id = ${organizationId} AND e.id = ${outboundEmailId}
        AND coalesce(m.sent_at, e.sending_at - ${CLOCK_SKEW_MS} * interval '1 ms', '-infinity')
          <= ${noticedAt}::timestamptz + ${LATER_MS} * interval '1 ms'
      FOR UPDATE OF e`,
  );
  const [copy] = copies.rows;
  if (copy === undefined) return false;
  const { rows: contexts } = await tx.query<ContextRef>(
    sql`SELECT context_type AS type, context_id AS id FROM outbound_email_context
      WHERE organization_id = ${organizationId} AND outbound_email_id = ${outboundEmailId}`,
  );
  // Before the rate limit of the account, as sending locks them.
  await lockContacts(tx, organizationId, contexts);
  if (!(await transition(tx, 'acceptedNotSent', email, { at: DATABASE_NOW, until, detail }))) return false;
  // The copy did not leave: it answers nothing.
  if (copy.conversationId !== null) await refreshAwaitsOurAnswer(tx, organizationId, copy.conversationId);
  await refreshContacts(tx, organizationId, contexts);
  return true;
}

/** The `pause` job: at `noticedAt` Gmail reported that the account's sending limit is reached. An old notice pauses nothing. */
export async function pauseForLimit(
  app: App,
  { organizationId, accountId, noticedAt }: { organizationId: string; accountId: string; noticedAt: string },
): Promise<void> {
  const pauseMs = Date.parse(noticedAt) + DAILY_LIMIT_PAUSE_MS - app.now().getTime();
  if (pauseMs > 0)
    await blockSending(app, { organizationId, id: accountId }, 'DAILY_LIMIT', Math.min(pauseMs, DAILY_LIMIT_PAUSE_MS));
}
