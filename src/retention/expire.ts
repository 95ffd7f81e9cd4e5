/**
 * Erases what is older than its organization keeps: bodies and files of finished emails and of messages, and entries of the audit trail
 * of finished emails. Rows, states and idempotency keys always stay. Runs every ten minutes in one process, in small
 * batches with pauses, so that sends in between keep their speed.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { App } from '../app.ts';
import { inTransaction, type Sql } from '../db/client.ts';
import { type Fragment, sql } from '../db/statement.ts';
import { allowErasing, eraseEmails, FINISHED } from './erase-emails.ts';
import { eraseMessages } from './erase-messages.ts';

const DAY_MS = 86_400_000;
/** Rows that one transaction erases. */
const BATCH = 50;
const EVENTS_BATCH = 500;
/** Pauses last nineteen times as long as the work, so that it does not slow the others down. */
const PAUSE_SHARE = 19;

interface Kept {
  readonly organizationId: string;
  readonly messagesDays: number;
  readonly eventsDays: number;
}

/** What is older than `to`. Before `from`, nothing is left. */
interface Range {
  readonly organizationId: string;
  readonly from: Date;
  readonly to: Date;
}

type Expire = (tx: Sql, range: Range) => Promise<number>;

export async function expireContent(app: App, isOver: () => boolean): Promise<void> {
  const { messagesDays, eventsDays } = app.config.retention;
  const { rows } = await app.pool.query<Kept>(
    sql`SELECT * FROM (
        SELECT o.id AS "organizationId", coalesce(r.messages_days, ${messagesDays})::int AS "messagesDays",
          coalesce(r.events_days, ${eventsDays})::int AS "eventsDays"
        FROM organization o LEFT JOIN retention r ON r.organization_id = o.id
      ) kept WHERE "messagesDays" > 0 OR "eventsDays" > 0`,
  );
  const now = app.now().getTime();
  for (const { organizationId, messagesDays, eventsDays } of rows) {
    const contentBefore = { organizationId, to: new Date(now - messagesDays * DAY_MS) };
    if (messagesDays > 0) {
      await expireUpTo(app, isOver, sql`emails_until`, contentBefore, expireEmails);
      await expireUpTo(app, isOver, sql`messages_until`, contentBefore, expireMessages);
    }
    // An email may be finished long after its events: all of them are looked at again.
    const events = { organizationId, to: new Date(now - eventsDays * DAY_MS) };
    if (eventsDays > 0) await repeated(app, isOver, (tx) => expireEvents(tx, events));
  }
}

/**
 * Expires what is older than `before.to`, from where the last run ended. Other transactions set that back when there is something older
 * again: then this run does not move it.
 * @param progress the column for it.
 */
async function expireUpTo(
  app: App,
  isOver: () => boolean,
  progress: Fragment,
  { organizationId, to }: Omit<Range, 'from'>,
  expire: Expire,
): Promise<void> {
  const { rows } = await app.pool.query<{ from: Date }>(
    sql`INSERT INTO retention (organization_id, ${progress}) VALUES (${organizationId}, to_timestamp(0))
      ON CONFLICT (organization_id) DO UPDATE SET ${progress} = coalesce(retention.${progress}, excluded.${progress})
      RETURNING ${progress} AS "from"`,
  );
  const [begun] = rows;
  if (begun === undefined) throw new Error('an upsert returned no row');
  const { from } = begun;
  if (!(await repeated(app, isOver, (tx) => expire(tx, { organizationId, from, to })))) return;
  await app.pool.query(
    sql`UPDATE retention SET ${progress} = greatest(${progress}, ${to})
      WHERE organization_id = ${organizationId} AND ${progress} = ${from}`,
  );
}

/** Runs `expire` until it finds nothing more. @returns false when the time of this run was over before. */
async function repeated(app: App, isOver: () => boolean, expire: (tx: Sql) => Promise<number>): Promise<boolean> {
  while (!isOver()) {
    const startedAt = performance.now();
    const count = await inTransaction(app.pool, expire);
    if (count === 0) return true;
    await delay(PAUSE_SHARE * (performance.now() - startedAt));
  }
  return false;
}

/** Finds sent emails by the time of sending. The others are few. */
async function expireEmails(tx: Sql, { organizationId, from, to }: Range): Promise<number> {
  const { rows } = await tx.query<{ id: string }>(
    sql`(SELECT id FROM outbound_email e WHERE organization_id = ${organizationId} AND sent_at >= ${from} AND sent_at < ${to}
          AND content_erased_at IS NULL AND ${FINISHED} ORDER BY sent_at LIMIT ${BATCH})
      UNION ALL
      (SELECT id FROM outbound_email e WHERE organization_id = ${organizationId} AND status IN ('FAILED', 'CANCELED')
          AND updated_at < ${to} AND content_erased_at IS NULL AND ${FINISHED} LIMIT ${BATCH})`,
  );
  const ids = rows.map(({ id }) => id);
  return eraseEmails(tx, organizationId, ids);
}

/** Finds messages by the time of storing, with which their ids begin. So an old message that is imported later is found too. */
async function expireMessages(tx: Sql, { organizationId, from, to }: Range): Promise<number> {
  const { rows } = await tx.query<{ id: string }>(
    sql`SELECT id FROM email_message WHERE organization_id = ${organizationId} AND id >= ${firstIdOf(from)}::uuid
      AND id < ${firstIdOf(to)}::uuid AND content_erased_at IS NULL ORDER BY id LIMIT ${BATCH}`,
  );
  const ids = rows.map(({ id }) => id);
  if (ids.length > 0) await eraseMessages(tx, organizationId, ids);
  return ids.length;
}

/** The events of an unfinished email stay. */
async function expireEvents(tx: Sql, { organizationId, to }: Omit<Range, 'from'>): Promise<number> {
  await allowErasing(tx);
  const { rowCount } = await tx.query(
    sql`DELETE FROM outbound_email_event WHERE organization_id = ${organizationId} AND id IN (
        SELECT v.id FROM outbound_email_event v
        JOIN outbound_email e ON e.organization_id = v.organization_id AND e.id = v.outbound_email_id
        WHERE v.organization_id = ${organizationId} AND v.id < ${firstIdOf(to)}::uuid AND ${FINISHED} ORDER BY v.id LIMIT ${EVENTS_BATCH})`,
  );
  return rowCount ?? 0;
}

/** The least UUID of version 7 of a time. */
function firstIdOf(at: Date): string {
  const hex = Math.max(0, at.getTime()).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}
