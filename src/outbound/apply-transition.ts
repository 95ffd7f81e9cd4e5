/** Applies a transition of transitions.ts: one statement that changes the row and writes its event and its jobs. */
import type { QueryConfig } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import type { OutboundEmailEventType } from '#generated/prisma/enums.ts';
import type { Sql } from '../db/client.ts';
import { empty, type Fragment, join, raw, sql } from '../db/statement.ts';
import type { EmailRef } from '../jobs.ts';
import { observe } from '../observe.ts';
import type { Change, Transition } from './transition-parts.ts';
import { type ChangeOf, type EmailOf, TRANSITIONS, type TransitionName } from './transitions.ts';

const SYSTEM = 'system';
const NOTHING = sql`SELECT`;

/** @returns whether it took effect: false when the email is in another state, or leased to another process, by now. */
export async function transition<Name extends TransitionName>(
  connection: Sql,
  name: Name,
  email: EmailOf<Name>,
  change: ChangeOf<Name>,
): Promise<boolean> {
  const { rowCount } = await connection.query(transitionStatement(name, email, change));
  if (rowCount !== 1) return false;
  observe('transition', { name, outboundEmailId: email.outboundEmailId });
  return true;
}

/** The statement of a transition, for transitions whose `calls` return a value. It returns one row if it takes effect. */
export function transitionStatement<Name extends TransitionName>(
  name: Name,
  email: EmailOf<Name>,
  change: ChangeOf<Name>,
): QueryConfig {
  const row: Transition<EmailOf<Name>, ChangeOf<Name>> = TRANSITIONS[name];
  const { from, to, holds, set, event, repeats, updates: effects, calls = [] } = row;
  const { at, actor = SYSTEM, detail = {} } = change;
  const newStatus = typeof to === 'string' ? literal(to) : (to ?? sql`e.status`);
  const insertEvent = (type: OutboundEmailEventType) => sql`INSERT INTO outbound_email_event
      (organization_id, id, outbound_email_id, at, type, from_status, to_status, actor, detail)
    SELECT organization_id, ${uuidv7()}, id, updated_at, ${literal(type)}, nullif(old_status, status), nullif(status, old_status),
      ${actor}, ${detail} FROM email ${repeats ? sql`WHERE failure_code IS DISTINCT FROM old_failure_code` : empty}`;
  const condition = sql`organization_id = ${email.organizationId} AND id = ${email.outboundEmailId}
    AND status IN (${join(from.map(literal))}) AND ${holds(email)}`;
  const assignments = sql`status = ${newStatus}, updated_at = ${at}${set === undefined ? empty : sql`, ${set(change)}`}`;
  const returned = sql`e.organization_id, e.id, e.account_id, e.status, e.next_attempt_at, e.attempts, e.created_at,
    e.planned_send_at, e.updated_at, e.sent_at, e.failure_code`;
  // From one state only, all that is needed of the row before is known, and the row is looked up once.
  const update =
    from.length === 1 && !repeats
      ? sql`email AS (
      UPDATE outbound_email e SET ${assignments} WHERE ${condition}
      RETURNING ${returned}, ${join(from.map(literal))}::outbound_email_status AS old_status
    )`
      : sql`before AS (
      SELECT organization_id, id, status, permit, lease_token, failure_code FROM outbound_email e WHERE ${condition} FOR UPDATE
    ), email AS (
      UPDATE outbound_email e SET ${assignments} FROM before
      WHERE e.organization_id = before.organization_id AND e.id = before.id
      RETURNING ${returned}, before.status AS old_status, before.permit AS old_permit, before.lease_token AS old_lease_token,
        before.failure_code AS old_failure_code
    )`;
  const otherRows = (typeof effects === 'function' ? effects(change) : effects) ?? NOTHING;
  const { text, values } =
    sql`WITH ${update}, event AS (${event === null ? NOTHING : insertEvent(event)}), updates AS (${otherRows})
    SELECT ${join([sql`email.id`, ...(typeof calls === 'function' ? calls(change) : calls)])} FROM email`;
  return { name: `transition-${name}`, text, values };
}

/** Part of the text instead of a parameter, so that the running statements of the database show states and event. */
function literal(constant: string): Fragment {
  return raw(`'${constant}'`);
}

/** Writes an event without a change of state, in the caller's transaction. */
export async function recordEvent(
  connection: Sql,
  { organizationId, outboundEmailId }: EmailRef,
  type: OutboundEmailEventType,
  { at, actor = SYSTEM, detail = {} }: Change,
): Promise<void> {
  await connection.query(
    sql`INSERT INTO outbound_email_event (organization_id, id, outbound_email_id, at, type, actor, detail)
      VALUES (${organizationId}, ${uuidv7()}, ${outboundEmailId}, ${at}, ${type}, ${actor}, ${detail})`,
  );
}
