/**
 * The pace of an account: how fast Gmail lets it send. One slot per email, from one statement, so that any number of
 * processes keep to it together. What finds no slot waits in the row itself; the account's `pace` job lets it go when
 * its turn comes, what people send before what was scheduled. The rules are functions in the database
 * (prisma/migrations, `next_send_slot`), dated by its clock.
 */
import type { App } from '../app.ts';
import type { Config } from '../config/config.ts';
import type { Sql } from '../db/client.ts';
import { job } from '../jobs.ts';

/**
 * What an email costs of `GMAIL_UNITS_PER_MINUTE`: `drafts.create` 10, `drafts.send` 100, `messages.get` 20 to read it back.
 * https://developers.google.com/workspace/gmail/api/reference/quota
 */
export const UNITS_PER_SEND = 130;
/** A second more than Gmail's minute, for calls that come a little later than their slot. */
const WINDOW_MS = 61_000;
/** Above it the window is made shorter instead of the log of its slots longer. */
const MAX_SLOTS_PER_WINDOW = 60;

export interface Pace {
  /** At most so many slots in any `windowMs`. */
  readonly slotsPerWindow: number;
  readonly windowMs: number;
  /** In any 24 hours, counted by half hours. */
  readonly dailySends: number;
}

export function paceOf({ gmailUnitsPerMinute, gmailDailySends }: Config): Pace {
  const slots = Math.floor(gmailUnitsPerMinute / UNITS_PER_SEND);
  const slotsPerWindow = Math.min(slots, MAX_SLOTS_PER_WINDOW);
  return { slotsPerWindow, windowMs: (WINDOW_MS * slotsPerWindow) / slots, dailySends: gmailDailySends };
}

/** `PACED`: our own share; the others: why the account is paused. */
export type WaitReason = 'PACED' | 'THROTTLED' | 'DAILY_LIMIT' | 'DAILY_BUDGET';

/** The answer to asking for a slot. */
export interface Slot {
  /** 0: it has to wait. */
  readonly granted: number;
  /** Until its turn, as it looks now. 0 when granted. */
  readonly waitMs: number;
  readonly reason: WaitReason | null;
}

export const SLOT_COLUMNS = `slot.granted, slot.wait_ms AS "waitMs", slot.reason`;

/** SQL for `slot`: one asked for. `organization`, `account` and `lane` are SQL; the pace is `$first` to `$first + 2`. */
export function takeSlot(sql: { organization: string; account: string; lane: string; first: number }): string {
  const { organization, account, lane, first } = sql;
  return `take_send_slots(${organization}, ${account}, ${lane}, 1, $${first}, $${first + 1}, $${first + 2}) slot`;
}

export function paceParameters({ slotsPerWindow, windowMs, dailySends }: Pace): number[] {
  return [slotsPerWindow, windowMs, dailySends];
}

/**
 * Slots for reading, of those that sending does not need: see `take_read_slots`. They do not count towards the day.
 * @param options.burst at most so many in a row; the others are had evenly.
 * @param options.urgent it is for what is new, which has a slot more than an import, and some while emails wait.
 * @returns how many were granted, and when not all: milliseconds until the next one may be had.
 */
export async function takeReadSlots(
  app: App,
  account: { readonly organizationId: string; readonly id: string },
  { wanted, burst, urgent }: { readonly wanted: number; readonly burst: number; readonly urgent: boolean },
): Promise<{ readonly granted: number; readonly waitMs: number }> {
  const { slotsPerWindow, windowMs } = paceOf(app.config);
  const { rows } = await app.pool.query<{ granted: number; waitMs: number }>({
    name: 'take-read-slots',
    text: 'SELECT granted, wait_ms AS "waitMs" FROM take_read_slots($1, $2, $3, $4, $5, $6, $7)',
    values: [account.organizationId, account.id, wanted, burst, urgent, slotsPerWindow, windowMs],
  });
  return rows[0] ?? { granted: 0, waitMs: windowMs };
}

/**
 * Gmail has refused for now: nothing of this account is sent for `pauseMs`. Null: Gmail does not say for how long; the
 * pause grows with the times in a row.
 * @returns milliseconds until it goes on.
 */
export async function blockSending(
  app: App,
  account: { readonly organizationId: string; readonly id: string },
  code: 'THROTTLED' | 'DAILY_LIMIT',
  pauseMs: number | null,
): Promise<number> {
  const { slotsPerWindow, windowMs } = paceOf(app.config);
  const { rows } = await app.pool.query<{ waitMs: number }>(
    'SELECT block_sending($1, $2, $3, $4, $5, $6) AS "waitMs"',
    [account.organizationId, account.id, code, pauseMs, slotsPerWindow, windowMs],
  );
  return rows[0]?.waitMs ?? 0;
}

const GRANT_WAITING = {
  name: 'grant-waiting',
  text: `WITH waiting AS MATERIALIZED (
      SELECT id, planned_send_at IS NOT NULL AS scheduled, updated_at FROM outbound_email
      WHERE organization_id = $1 AND account_id = $2 AND slot = 'WAITING'
      ORDER BY planned_send_at IS NOT NULL, updated_at, id LIMIT $3::integer FOR UPDATE SKIP LOCKED
    ), slot AS MATERIALIZED (
      SELECT wanted.n AS wanted, slot.* FROM (SELECT count(*)::integer AS n FROM waiting) wanted
      CROSS JOIN LATERAL take_send_slots($1, $2, 'waiting', wanted.n, $3::integer, $4, $5) slot
      WHERE wanted.n > 0
    ), turn AS (
      SELECT id FROM waiting ORDER BY scheduled, updated_at, id LIMIT (SELECT granted FROM slot)
    ), released AS (
      UPDATE outbound_email e SET slot = 'GRANTED', next_attempt_at = $6, updated_at = $6
      FROM turn WHERE e.organization_id = $1 AND e.id = turn.id RETURNING e.id
    ), jobs AS (
      SELECT graphile_worker.add_job('deliver', payload => json_build_object('organizationId', $1::uuid, 'outboundEmailId', id),
        max_attempts => 25, job_key => 'deliver:' || id) FROM released
    )
    SELECT (SELECT count(*) FROM jobs) AS released, (
      SELECT graphile_worker.add_job('pace', payload => $7::json, run_at => now() + wait_ms * interval '1 ms',
        max_attempts => 25, job_key => $8)
      FROM slot WHERE wanted = $3::integer OR granted < wanted
    ) AS again`,
};

/** The `pace` job: those go whose turn it is; while others wait it comes again when the next slot is free. */
export async function grantWaiting(
  app: App,
  ref: { readonly organizationId: string; readonly accountId: string },
): Promise<void> {
  const pace = job('pace', ref);
  const { slotsPerWindow, windowMs, dailySends } = paceOf(app.config);
  await app.pool.query({
    ...GRANT_WAITING,
    values: [
      ref.organizationId,
      ref.accountId,
      slotsPerWindow,
      windowMs,
      dailySends,
      app.now(),
      pace.payload,
      pace.key,
    ],
  });
}

export interface SendBudget {
  readonly sentLast24h: number;
  readonly dailyLimit: number;
  /** When an email that a person sends now would leave. */
  readonly nextSendAt: Date;
}

/** The budgets of accounts, by their ids; an account that is not there has none. */
export async function findSendBudgets(
  app: App,
  organizationId: string,
  accountIds: readonly string[],
): Promise<Map<string, SendBudget>> {
  const { slotsPerWindow, windowMs, dailySends } = paceOf(app.config);
  const { rows } = await app.pool.query<{ id: string; sent: number | null; waitMs: number | null }>({
    name: 'find-send-budgets',
    text: `SELECT a.id, next.sent, extract(epoch FROM next.free_at - now())::float8 * 1000 + $4::float8 / $3::integer * (
          SELECT count(*) FROM outbound_email e WHERE e.organization_id = a.organization_id AND e.account_id = a.id
            AND e.slot = 'WAITING' AND e.planned_send_at IS NULL
        ) AS "waitMs"
      FROM email_account a
      LEFT JOIN account_pace p ON p.organization_id = a.organization_id AND p.account_id = a.id
      LEFT JOIN LATERAL next_send_slot(p, now(), $3::integer, $4::float8, $5) next ON p.account_id IS NOT NULL
      WHERE a.organization_id = $1 AND a.id = ANY($2)`,
    values: [organizationId, accountIds, slotsPerWindow, windowMs, dailySends],
  });
  const now = app.now().getTime();
  return new Map(
    rows.map(({ id, sent, waitMs }) => [
      id,
      { sentLast24h: sent ?? 0, dailyLimit: dailySends, nextSendAt: new Date(now + Math.round(waitMs ?? 0)) },
    ]),
  );
}

/**
 * An account can send again: what waited for it goes now, in the caller's transaction. What is UNCONFIRMED is read at
 * once too: its mailbox could not be.
 */
export async function wakeAccount(sql: Sql, organizationId: string, accountId: string, now: Date): Promise<void> {
  await sql.query(
    `WITH waiting AS (
       UPDATE outbound_email SET next_attempt_at = $3
       WHERE organization_id = $1 AND account_id = $2 AND lease_token IS NULL AND next_attempt_at > $3
         AND (status = 'UNCONFIRMED' OR (status IN ('SCHEDULED', 'QUEUED') AND slot IS NULL
           AND failure_code IN ('ACCOUNT_NOT_ACTIVE', 'NEEDS_REAUTH')))
       RETURNING id, CASE status WHEN 'UNCONFIRMED' THEN 'settle' ELSE 'deliver' END AS job
     )
     SELECT graphile_worker.add_job(job, payload => json_build_object('organizationId', $1::uuid, 'outboundEmailId', id),
       max_attempts => 25, job_key => job || ':' || id) FROM waiting`,
    [organizationId, accountId, now],
  );
}
