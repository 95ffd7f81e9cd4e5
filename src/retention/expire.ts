/**
 * Erases what is older than its organization keeps: bodies and files of finished emails and of messages, and entries of the audit trail
 * of finished emails. Rows, states and idempotency keys always stay. Runs every ten minutes in one process, in small
 * batches with pauses, so that sends in between keep their speed.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { NIL } from 'uuid';
import type { App } from '../app.ts';
import { DAY_MS } from '../config/timing.ts';
import { inTransaction, type Sql } from '../db/client.ts';
import { type Fragment, onlyRow, sql } from '../db/statement.ts';
import { millisOf } from '../input.ts';
import { allowErasing, eraseEmails, FINISHED } from './erase-emails.ts';
import { eraseMessages } from './erase-messages.ts';

/** Rows that one transaction looks at: most of them can be erased already. */
const PAGE = 500;
/** Emails or messages that one transaction erases. */
const BATCH = 50;
/** Pauses last nineteen times as long as the work, so that it does not slow the others down. */
const PAUSE_SHARE = 19;
/** A process that stops waits at most this long for a pause. */
const PAUSE_SLICE_MS = 200;

interface Kept {
  readonly organizationId: string;
  readonly messagesDays: number;
  readonly eventsDays: number;
}

/** What is older than `to`. */
interface Range {
  readonly organizationId: string;
  readonly to: Date;
}

/** A place between rows that have an order by time and id. */
interface Place {
  readonly at: Date;
  readonly id: string;
}

interface Row {
  readonly id: string;
  /** Absent: the time with which the id begins. */
  readonly at?: Date;
  readonly isDue: boolean;
}

/** A way through rows, each of which it looks at once, in the order of an index. */
interface Walk {
  /** Selects at most PAGE `Row`s after a place. */
  readonly select: (range: Range, after: Place) => Fragment;
  readonly erase: (tx: Sql, organizationId: string, ids: readonly string[]) => Promise<unknown>;
  /** How many rows one transaction erases. */
  readonly batch: number;
}

/** Where a walk begins, and what keeps how far it got. */
interface Progress {
  readonly from: Date;
  readonly save: (at: Date) => Promise<void>;
}

const FROM_THE_BEGINNING: Progress = { from: new Date(0), save: async () => undefined };

/**
 * An organization that fails is tried again in the next run, and does not keep the others from theirs. A process whose clock differs
 * from the database's erases nothing: it could take what is new for old.
 */
export async function expireContent(app: App, isOver: () => boolean): Promise<void> {
  if (app.health.clockOffsetMs !== null) return;
  const { messagesDays, eventsDays } = app.config.retention;
  const { rows } = await app.pool.query<Kept>(
    sql`SELECT * FROM (
        SELECT o.id AS "organizationId", coalesce(r.messages_days, ${messagesDays})::int AS "messagesDays",
          coalesce(r.events_days, ${eventsDays})::int AS "eventsDays"
        FROM organization o LEFT JOIN retention r ON r.organization_id = o.id
      ) kept WHERE "messagesDays" > 0 OR "eventsDays" > 0`,
  );
  for (const kept of rows) {
    if (isOver()) return;
    try {
      await expireOf(app, isOver, kept);
    } catch (error) {
      const { organizationId } = kept;
      app.logFailure(error, 'the old content of an organization could not be erased', { organizationId });
    }
  }
}

async function expireOf(app: App, isOver: () => boolean, { organizationId, messagesDays, eventsDays }: Kept) {
  const now = app.now().getTime();
  const content = { organizationId, to: new Date(now - messagesDays * DAY_MS) };
  if (messagesDays > 0) {
    await follow(app, isOver, SENT, content, await progressOf(app, organizationId, sql`emails_until`));
    // They are few, and can have failed or been canceled long after they were created: all of them are looked at again.
    for (const status of ['FAILED', 'CANCELED'] as const) await follow(app, isOver, unsent(status), content);
    await follow(app, isOver, MESSAGES, content, await progressOf(app, organizationId, sql`messages_until`));
  }
  // An email may be finished long after its events: all of them are looked at again.
  const events = { organizationId, to: new Date(now - eventsDays * DAY_MS) };
  if (eventsDays > 0) await follow(app, isOver, EVENTS, events);
}

/**
 * How far earlier runs got. Other transactions set that back when there is something older again: then this run does not move it any
 * more, and the next one begins there.
 * @param column the column for it.
 */
async function progressOf({ pool }: App, organizationId: string, column: Fragment): Promise<Progress> {
  const begun = await pool.query<{ from: Date }>(
    sql`INSERT INTO retention (organization_id, ${column}) VALUES (${organizationId}, to_timestamp(0))
      ON CONFLICT (organization_id) DO UPDATE SET ${column} = coalesce(retention.${column}, excluded.${column})
      RETURNING ${column} AS "from"`,
  );
  const { from } = onlyRow(begun);
  let saved = from;
  const save = async (at: Date) => {
    const { rowCount } = await pool.query(
      sql`UPDATE retention SET ${column} = ${at}
        WHERE organization_id = ${organizationId} AND ${column} = ${saved} AND ${column} < ${at}`,
    );
    if (rowCount === 1) saved = at;
  };
  return { from, save };
}

/** Erases what is due until the end of the range, or until `isOver`. */
async function follow(
  app: App,
  isOver: () => boolean,
  { select, erase, batch }: Walk,
  range: Range,
  { from, save }: Progress = FROM_THE_BEGINNING,
): Promise<void> {
  let after: Place = { at: from, id: NIL };
  while (!isOver()) {
    const startedAt = performance.now();
    const { rows, last } = await inTransaction(app.pool, async (tx) => {
      const { rows } = await tx.query<Row>(select(range, after));
      const due = rows.filter(({ isDue }) => isDue).slice(0, batch);
      const ids = due.map(({ id }) => id);
      if (ids.length > 0) await erase(tx, range.organizationId, ids);
      return { rows, last: due.length === batch ? due.at(-1) : rows[PAGE - 1] };
    });
    if (last !== undefined) after = { id: last.id, at: last.at ?? new Date(millisOf(last.id)) };
    await save(last === undefined ? range.to : after.at);
    if (rows.length > 0) await pause(PAUSE_SHARE * (performance.now() - startedAt), isOver);
    if (last === undefined) return;
  }
}

async function pause(ms: number, isOver: () => boolean): Promise<void> {
  const endsAt = performance.now() + ms;
  for (let left = ms; left > 0 && !isOver(); left = endsAt - performance.now()) {
    await delay(Math.min(left, PAUSE_SLICE_MS));
  }
}

/** Finds sent emails by the time of sending. */
const SENT: Walk = {
  select: ({ organizationId, to }, { at, id }) =>
    sql`SELECT id, sent_at AS at, content_erased_at IS NULL AND ${FINISHED} AS "isDue" FROM outbound_email e
      WHERE organization_id = ${organizationId} AND (sent_at, id) > (${at}, ${id}::uuid) AND sent_at < ${to}
      ORDER BY sent_at, id LIMIT ${PAGE}`,
  erase: eraseEmails,
  batch: BATCH,
};

const unsent = (status: 'FAILED' | 'CANCELED'): Walk => ({
  select: ({ organizationId, to }, { at, id }) =>
    sql`SELECT id, created_at AS at, content_erased_at IS NULL AND updated_at < ${to} AND ${FINISHED} AS "isDue"
      FROM outbound_email e
      WHERE organization_id = ${organizationId} AND status = ${status} AND (created_at, id) > (${at}, ${id}::uuid)
        AND created_at < ${to}
      ORDER BY created_at, id LIMIT ${PAGE}`,
  erase: eraseEmails,
  batch: BATCH,
});

/** SQL: an id is of the range and after the place. Ids of version 7 begin with the time of storing. */
const isNext = (id: Fragment, { to }: Range, after: Place) =>
  sql`${id} > greatest(${after.id}::uuid, ${idBefore(after.at)}::uuid) AND ${id} < ${idBefore(to)}::uuid`;

/** Finds messages by the time of storing, so that an old message that is imported later is found too. */
const MESSAGES: Walk = {
  select: (range, after) =>
    sql`SELECT id, content_erased_at IS NULL AS "isDue" FROM email_message
      WHERE organization_id = ${range.organizationId} AND ${isNext(sql`id`, range, after)} ORDER BY id LIMIT ${PAGE}`,
  erase: eraseMessages,
  batch: BATCH,
};

/** The events of an unfinished email stay. */
const EVENTS: Walk = {
  select: (range, after) =>
    sql`SELECT v.id, ${FINISHED} AS "isDue" FROM outbound_email_event v
      JOIN outbound_email e ON e.organization_id = v.organization_id AND e.id = v.outbound_email_id
      WHERE v.organization_id = ${range.organizationId} AND ${isNext(sql`v.id`, range, after)} ORDER BY v.id LIMIT ${PAGE}`,
  async erase(tx, organizationId, ids) {
    await allowErasing(tx);
    await tx.query(
      sql`DELETE FROM outbound_email_event WHERE organization_id = ${organizationId} AND id = ANY(${ids})`,
    );
  },
  batch: PAGE,
};

/** A UUID before all those of version 7 of a time, and after those of earlier times. */
function idBefore(at: Date): string {
  const hex = Math.max(0, at.getTime()).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
