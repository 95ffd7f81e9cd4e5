/**
 * `cancelWhen`: the conditions under which a scheduled email does not leave. They are judged when its time comes, and again
 * in the last transaction before Gmail is asked to send it: between the two it may have waited for hours.
 *
 * The rows that the conditions read are locked first. The email waits for a payment or a reply that is being stored, and a later one
 * waits until the email is SENDING.
 */
import type { CancelCondition } from '#generated/prisma/enums.ts';
import { CONTEXT_KINDS } from '../contexts/registry.ts';
import { inTransaction, type Pool, type Sql } from '../db/client.ts';
import { type Fragment, join, raw, sql, statement } from '../db/statement.ts';
import type { EmailRef } from '../jobs.ts';
import { transition } from './apply-transition.ts';

/** Our clock dates the email, and Gmail's clock dates the messages that it receives. */
const CLOCK_SKEW = raw(`interval '2 minutes'`);

/** The email with its conversation, and as `context` what it is about: without contexts of its own, those of the conversation. */
const withContexts = ({ organizationId, outboundEmailId }: EmailRef) => sql`WITH email AS (
    SELECT e.*, coalesce(e.conversation_id, m.conversation_id) AS in_conversation FROM outbound_email e
    LEFT JOIN email_message m ON m.organization_id = e.organization_id AND m.id = e.reply_to_message_id
    WHERE e.organization_id = ${organizationId} AND e.id = ${outboundEmailId}
  ), own AS (
    SELECT l.organization_id, l.context_type AS type, l.context_id AS id FROM email JOIN outbound_email_context l
      ON l.organization_id = email.organization_id AND l.outbound_email_id = email.id AND l.position IS NOT NULL
  ), context AS (
    SELECT * FROM own
    UNION ALL
    SELECT l.organization_id, l.context_type, l.context_id FROM email JOIN conversation_context l
      ON l.organization_id = email.organization_id AND l.conversation_id = email.in_conversation AND l.position IS NOT NULL
    WHERE NOT EXISTS (SELECT FROM own)
  )`;

const CLOSABLE = CONTEXT_KINDS.flatMap(({ type, closed }) => (closed === null ? [] : [{ type, ...closed }]));

/** The statements that lock the rows of the conditions, in the order in which storing a message locks them. */
const locks = (ref: EmailRef): Fragment[] => [
  sql`${withContexts(ref)}
    SELECT FROM conversation WHERE (organization_id, id) IN (SELECT organization_id, in_conversation FROM email) FOR SHARE`,
  sql`${withContexts(ref)}
    SELECT FROM context_entity WHERE (organization_id, type, id) IN (SELECT organization_id, type, id FROM context)
    ORDER BY type, id FOR SHARE`,
  ...CLOSABLE.map(
    ({ type, table }) => sql`${withContexts(ref)}
      SELECT FROM ${raw(table)} WHERE (organization_id, id) IN (
        SELECT organization_id, id FROM context WHERE type = ${type}) ORDER BY id FOR SHARE`,
  ),
];

const isClosed = join(
  CLOSABLE.map(
    ({ type, table, when }) => sql`type = ${raw(`'${type}'`)} AND EXISTS (SELECT FROM ${raw(table)} entity
      WHERE entity.organization_id = context.organization_id AND entity.id = context.id AND ${raw(when)})`,
  ),
  ' OR ',
);

/** A message of a person that came in after the email was written, in its conversation or about one of its contexts. */
const isReply = sql`m.organization_id = email.organization_id AND m.direction = 'INBOUND' AND NOT m.is_automatic
  AND NOT m.labels && '{SPAM}' AND m.created_at > email.written_at AND m.sent_at > email.created_at - ${CLOCK_SKEW}`;

export const selectMetCondition = statement(
  'find-met-condition',
  ({ now, ...ref }: EmailRef & { readonly now: Date }) => sql`${withContexts(ref)}
    SELECT CASE
      WHEN 'CONTEXT_CLOSED' = ANY(cancel_when) AND EXISTS (SELECT FROM context)
        AND NOT EXISTS (SELECT FROM context WHERE NOT (${isClosed})) THEN 'CONTEXT_CLOSED'
      WHEN 'REPLIED' = ANY(cancel_when) AND (
        EXISTS (SELECT FROM email_message m WHERE ${isReply} AND m.conversation_id IN (
          SELECT email.in_conversation
          UNION SELECT l.conversation_id FROM context JOIN conversation_context l ON l.organization_id = context.organization_id
            AND l.context_type = context.type AND l.context_id = context.id))
        OR EXISTS (SELECT FROM email_message m WHERE ${isReply} AND m.answers_email_id IN (
          SELECT o.id FROM outbound_email o
          WHERE o.organization_id = email.organization_id AND o.conversation_id = email.in_conversation))
      ) THEN 'REPLIED' END AS condition
    FROM email WHERE status = 'QUEUED' OR status = 'SCHEDULED' AND planned_send_at <= ${now}`,
);

/**
 * Cancels the email when one of its conditions is true. Otherwise goes on with it in the same transaction.
 * @param hasConditions false: `work` runs without a transaction.
 * @returns the result of `work`. Null: the email is canceled.
 */
export async function unlessMet<Result>(
  pool: Pool,
  hasConditions: boolean,
  ref: EmailRef,
  at: Date,
  work: (connection: Sql) => Promise<Result>,
): Promise<Result | null> {
  if (!hasConditions) return work(pool);
  return inTransaction(pool, async (tx) => ((await cancelIfMet(tx, ref, at)) ? null : work(tx)));
}

/** @returns whether it is canceled. */
async function cancelIfMet(tx: Sql, ref: EmailRef, at: Date): Promise<boolean> {
  for (const lock of locks(ref)) await tx.query(lock);
  const { rows } = await tx.query<{ condition: CancelCondition | null }>(selectMetCondition({ ...ref, now: at }));
  const because = rows[0]?.condition ?? null;
  if (because === null) return false;
  return transition(tx, 'conditionMet', ref, { at, because, detail: { because } });
}
