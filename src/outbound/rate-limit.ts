/**
 * The rate limit of an account: how fast it may send under Gmail's quotas. Each email takes one permit, in one statement, so
 * that all processes share the limit. An email without a permit waits in its own row until the `grant-permits` job of its account
 * grants one: emails that people send come before scheduled ones. The rules are functions of the database (prisma/functions.sql,
 * `next_send_permit`), which go by its clock.
 */
import type { App } from '../app.ts';
import type { Config } from '../config/config.ts';
import type { AccountKey } from '../db/sender.ts';
import { type Fragment, sql, statement } from '../db/statement.ts';
import { type AccountRef, addJob } from '../jobs.ts';

/**
 * What an email costs of `GMAIL_UNITS_PER_MINUTE`: `drafts.create` 10, `drafts.send` 100, `messages.get` 20 for the sent copy.
 * https://developers.google.com/workspace/gmail/api/reference/quota
 */
export const UNITS_PER_SEND = 130;
/** One second more than Gmail's minute, because a call comes a little later than its permit. */
const WINDOW_MS = 61_000;
/** The most permit times that a row holds. For a higher limit, the window is shorter. */
const MAX_PERMITS_PER_WINDOW = 60;

export interface RateLimit {
  /** The most permits in any `windowMs`. */
  readonly permitsPerWindow: number;
  readonly windowMs: number;
  /** The most emails in any 24 hours, counted in half hours. */
  readonly dailySends: number;
}

export function rateLimitOf({ gmailUnitsPerMinute, gmailDailySends }: Config): RateLimit {
  const permits = Math.floor(gmailUnitsPerMinute / UNITS_PER_SEND);
  const permitsPerWindow = Math.min(permits, MAX_PERMITS_PER_WINDOW);
  return { permitsPerWindow, windowMs: (WINDOW_MS * permitsPerWindow) / permits, dailySends: gmailDailySends };
}

/** `RATE_LIMIT`: the limit of the minute. The others are why the account is paused. */
export type DeferralReason = 'RATE_LIMIT' | 'THROTTLED' | 'DAILY_LIMIT' | 'DAILY_BUDGET';

/** The result of a request for permits. */
export interface PermitResult {
  /** The number of permits granted. 0: the email waits. */
  readonly granted: number;
  /** Estimated time until the next permit is free. 0 when granted. */
  readonly waitMs: number;
  readonly reason: DeferralReason | null;
}

/** `interactive`: a person sends it now. `scheduled`: its planned time has come. */
export type Lane = 'interactive' | 'scheduled';

export const PERMIT_COLUMNS = sql`permit.granted, permit.wait_ms AS "waitMs", permit.reason`;

/** SQL that takes a permit for each row that `account` is a column of. Its result is named `permit`. */
export function takePermit(organization: Fragment, account: Fragment, lane: Fragment, rateLimit: RateLimit): Fragment {
  return sql`take_send_permits(${organization}, ${account}, ${lane}, 1, ${rateLimit.permitsPerWindow}, ${rateLimit.windowMs},
    ${rateLimit.dailySends}) permit`;
}

export const readPermits = statement(
  'take-read-permits',
  (given: AccountKey & { wanted: number; burst: number; urgent: boolean; rateLimit: RateLimit }) =>
    sql`SELECT granted, wait_ms AS "waitMs" FROM take_read_permits(${given.organizationId}, ${given.id}, ${given.wanted},
      ${given.burst}, ${given.urgent}, ${given.rateLimit.permitsPerWindow}, ${given.rateLimit.windowMs})`,
);

/**
 * Takes permits for reading a mailbox, from those that sending does not need: see `take_read_permits`. They do not count
 * towards the daily limit.
 * @param options.burst the most permits granted at once; the others become free evenly.
 * @param options.urgent reading new messages. It has one permit more than an import, and gets some while emails wait.
 * @returns the number granted, and if it is less than `wanted`: milliseconds until the next permit may be free.
 */
export async function takeReadPermits(
  app: App,
  account: AccountKey,
  options: { readonly wanted: number; readonly burst: number; readonly urgent: boolean },
): Promise<{ readonly granted: number; readonly waitMs: number }> {
  const rateLimit = rateLimitOf(app.config);
  const { rows } = await app.pool.query<{ granted: number; waitMs: number }>(
    readPermits({ ...account, ...options, rateLimit }),
  );
  return rows[0] ?? { granted: 0, waitMs: rateLimit.windowMs };
}

/**
 * Stops sending from an account for `pauseMs`, because Gmail has refused for now. Null: Gmail does not say for how long, and
 * the pause grows with each refusal in a row.
 * @returns milliseconds until sending goes on.
 */
export async function blockSending(
  app: App,
  account: AccountKey,
  code: 'THROTTLED' | 'DAILY_LIMIT',
  pauseMs: number | null,
): Promise<number> {
  const { permitsPerWindow, windowMs } = rateLimitOf(app.config);
  const { rows } = await app.pool.query<{ waitMs: number }>(
    sql`SELECT block_sending(${account.organizationId}, ${account.id}, ${code}, ${pauseMs}, ${permitsPerWindow}, ${windowMs})
      AS "waitMs"`,
  );
  const waitMs = rows[0]?.waitMs ?? 0;
  logPause(app, account, code, waitMs);
  return waitMs;
}

export const grantPendingPermits = statement(
  'grant-permits',
  ({ rateLimit, now, ...ref }: AccountRef & { readonly rateLimit: RateLimit; readonly now: Date }) => {
    const organization = sql`${ref.organizationId}::uuid`;
    const account = sql`${ref.accountId}::uuid`;
    return sql`WITH pending AS MATERIALIZED (
      SELECT id, planned_send_at IS NOT NULL AS scheduled, updated_at FROM outbound_email
      WHERE organization_id = ${organization} AND account_id = ${account} AND permit = 'PENDING'
      ORDER BY planned_send_at IS NOT NULL, updated_at, id LIMIT ${rateLimit.permitsPerWindow}::integer FOR UPDATE SKIP LOCKED
    ), permit AS MATERIALIZED (
      SELECT wanted.n AS wanted, permit.* FROM (SELECT count(*)::integer AS n FROM pending) wanted
      CROSS JOIN LATERAL take_send_permits(${organization}, ${account}, 'pending', wanted.n, ${rateLimit.permitsPerWindow},
        ${rateLimit.windowMs}, ${rateLimit.dailySends}) permit
      WHERE wanted.n > 0
    ), turn AS (
      SELECT id FROM pending ORDER BY scheduled, updated_at, id LIMIT (SELECT granted FROM permit)
    ), released AS (
      UPDATE outbound_email e SET permit = 'GRANTED', next_attempt_at = ${now}, updated_at = ${now}
      FROM turn WHERE e.organization_id = ${organization} AND e.id = turn.id RETURNING e.id
    ), jobs AS (
      SELECT ${addJob('deliver', { organizationId: organization, outboundEmailId: sql`id` })} FROM released
    )
    SELECT (SELECT count(*) FROM jobs) AS released, (
      SELECT ${addJob(
        'grant-permits',
        { organizationId: organization, accountId: account },
        { runAt: sql`now() + wait_ms * interval '1 ms'` },
      )} FROM permit WHERE wanted = ${rateLimit.permitsPerWindow} OR granted < wanted
    ) AS again`;
  },
);

/** The `grant-permits` job: grants the free permits to the emails that wait, and runs again when the next one is free. */
export async function grantPermits(app: App, account: AccountRef): Promise<void> {
  await app.pool.query(grantPendingPermits({ ...account, rateLimit: rateLimitOf(app.config), now: app.now() }));
}

export interface SendBudget {
  readonly sentLast24h: number;
  readonly dailyLimit: number;
  /** When an email that a person sends now will leave. */
  readonly nextSendAt: Date;
}

/** The send budgets of accounts, by id. An unknown account has none. */
export async function findSendBudgets(
  app: App,
  organizationId: string,
  accountIds: readonly string[],
): Promise<Map<string, SendBudget>> {
  const { permitsPerWindow, windowMs, dailySends } = rateLimitOf(app.config);
  const { rows } = await app.pool.query<{ id: string; sent: number | null; waitMs: number | null }>(
    sql`SELECT a.id, next.sent, extract(epoch FROM next.free_at - now())::float8 * 1000
        + ${windowMs}::float8 / ${permitsPerWindow}::integer * (
          SELECT count(*) FROM outbound_email e WHERE e.organization_id = a.organization_id AND e.account_id = a.id
            AND e.permit = 'PENDING' AND e.planned_send_at IS NULL
        ) AS "waitMs"
      FROM email_account a
      LEFT JOIN account_rate_limit p ON p.organization_id = a.organization_id AND p.account_id = a.id
      LEFT JOIN LATERAL next_send_permit(p, now(), ${permitsPerWindow}, ${windowMs}, ${dailySends}) next
        ON p.account_id IS NOT NULL
      WHERE a.organization_id = ${organizationId} AND a.id = ANY(${accountIds})`,
  );
  const now = app.now().getTime();
  return new Map(
    rows.map(({ id, sent, waitMs }) => [
      id,
      { sentLast24h: sent ?? 0, dailyLimit: dailySends, nextSendAt: new Date(now + Math.round(waitMs ?? 0)) },
    ]),
  );
}

/** Logs that an account is PAUSED, once for each pause. */
export function logPause(
  { log, now, loggedPauses }: App,
  { organizationId, id: accountId }: AccountKey,
  reason: string,
  waitMs: number,
): void {
  if (reason !== 'DAILY_LIMIT' && reason !== 'DAILY_BUDGET') return;
  const at = now().getTime();
  const isLogged = (loggedPauses.get(accountId) ?? 0) > at;
  loggedPauses.set(accountId, at + waitMs);
  if (isLogged) return;
  const until = new Date(at + waitMs);
  log.warn(
    { organizationId, accountId, reason, until },
    'an account is PAUSED: the sending limit of the day is reached',
  );
}
