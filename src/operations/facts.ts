/**
 * The state of the whole installation, over all organizations, for operators. `npm run admin -- status` prints it, and the metrics
 * are set from it. Each statement reads rows that are few or have an index: finished
 * emails are not counted.
 */
import type { EmailAccountStatus, OutboundEmailStatus } from '#generated/prisma/enums.ts';
import { RETRY_PAUSE } from '../config/timing.ts';
import type { Sql } from '../db/client.ts';
import { onlyRow, raw, sql, statement } from '../db/statement.ts';
import { DUE_AT, REQUEUE_OVERDUE_TASK } from '../jobs.ts';
import { isUnopenable } from './unopenable.ts';

/** Why an email has not left. */
export type WaitReason =
  /** SCHEDULED, and its time has not come. */
  | 'planned'
  /** Reading Gmail did not resolve it: `resolveOutboundEmail`. */
  | 'person'
  /** Its account is NEEDS_REAUTH or DISCONNECTED. */
  | 'account'
  /** It waits for a permit of its account's rate limit. */
  | 'rate_limit'
  /** A process delivers or reconciles it now. */
  | 'in_progress'
  /** Gmail failed; it is tried or read again later. */
  | 'retry'
  /** Its time has come. It leaves within seconds, or something is wrong. */
  | 'due';

export interface WaitingEmails {
  readonly status: OutboundEmailStatus;
  readonly reason: WaitReason;
  readonly count: number;
  /**
   * Since when the oldest one waits for this reason, in seconds; 0 when the time is to come. `retry`: since its first failure, and
   * above 42 minutes at least so long.
   */
  readonly oldestS: number;
}

/** An account that is not ACTIVE. */
export interface IdleAccount {
  readonly organization: string;
  readonly id: string;
  readonly email: string;
  readonly status: EmailAccountStatus;
  readonly statusReason: string | null;
  /** For how long it has this status, in seconds. */
  readonly statusS: number;
}

export interface UnconfirmedEmail {
  readonly organization: string;
  readonly id: string;
  /** Since it was handed to Gmail, in seconds. */
  readonly ageS: number;
}

export interface Mailbox {
  readonly accountId: string;
  /** Since its changes were last read, in seconds: it can be small during the first import. Null: reading has not begun. */
  readonly lagS: number | null;
  /** Of the last reading. Null: it succeeded. */
  readonly errorCode: string | null;
}

export interface PermitsLeft {
  readonly accountId: string;
  /** Emails that the account may still send within 24 hours. */
  readonly left: number;
}

/** Jobs of one kind. */
export interface QueuedJobs {
  readonly job: string;
  /** Due, and not taken by a worker. */
  readonly ready: number;
  readonly later: number;
  readonly locked: number;
  /** Failed at least once, and tried again. Each is `ready`, `later` or `locked` too. */
  readonly retried: number;
  /** Failed so often that they are not tried again. */
  readonly givenUp: number;
  /** How late the oldest ready one is, in seconds. Null: none is ready. */
  readonly oldestReadyS: number | null;
}

export interface LiveProcess {
  readonly instance: string;
  readonly worker: string;
  readonly version: string;
  readonly heartbeatS: number;
}

export interface Facts {
  readonly organizations: number;
  readonly waiting: readonly WaitingEmails[];
  /** At most 20, the oldest first. */
  readonly unconfirmed: readonly UnconfirmedEmail[];
  readonly accounts: readonly { readonly status: EmailAccountStatus | 'PAUSED'; readonly count: number }[];
  /** At most 20: NEEDS_REAUTH first. */
  readonly idleAccounts: readonly IdleAccount[];
  /** Of accounts that can be read, at most 20: the largest lag first. */
  readonly mailboxes: readonly Mailbox[];
  /** Mailboxes of ACTIVE accounts that were not read for an hour longer than the longest interval between polls. */
  readonly mailboxesBehind: number;
  /** At most 20: the fewest first. Accounts that have neither sent nor been read are left out. */
  readonly permits: readonly PermitsLeft[];
  readonly jobs: readonly QueuedJobs[];
  /** Since overdue emails were last looked for, in seconds. Null: never. */
  readonly recoverS: number | null;
  readonly processes: readonly LiveProcess[];
  /** Accounts whose consent is encrypted under a key that this process does not have. */
  readonly unopenableAccounts: number;
}

export interface FactsOptions {
  /** A process whose last heartbeat is older is dead. */
  readonly deadAfterMs: number;
  readonly dailySends: number;
  /** The longest interval between polls of a mailbox. Null: mailboxes are not polled, and none is behind. */
  readonly maxSyncIntervalMs: number | null;
  /** The ids of the keys in ENCRYPTION_KEY. */
  readonly keyIds: readonly string[];
}

const MAX_LISTED = raw('20');

const NEEDS_PERSON = sql`e.status = 'UNCONFIRMED' AND e.next_attempt_at IS NULL AND e.lease_token IS NULL`;

const ageInSeconds = (time: ReturnType<typeof raw>) => sql`extract(epoch FROM now() - ${time})::float`;

/** SQL on `outbound_email e`, in seconds: the pauses before the present one. Its jitter is one on average. */
const EARLIER_PAUSES_S = sql`(power(2, least(greatest(e.deferrals, 1), 10) - 1) - 1) * ${raw(String(RETRY_PAUSE.firstMs / 1_000))}`;

const waitingEmails = sql`SELECT status, reason, count(*)::int AS count,
    greatest(0, extract(epoch FROM now() - min(since)))::float AS "oldestS"
  FROM (
    SELECT e.status, CASE WHEN ${NEEDS_PERSON} THEN 'person'
        WHEN a.status IN ('NEEDS_REAUTH', 'DISCONNECTED') THEN 'account'
        -- Gmail refuses each attempt for up to half an hour, without end: no deferrals are counted.
        WHEN e.permit = 'PENDING' THEN CASE WHEN e.failure_code = 'THROTTLED' THEN 'retry' ELSE 'rate_limit' END
        WHEN ${DUE_AT} <= now() THEN 'due'
        WHEN e.status = 'SCHEDULED' AND e.next_attempt_at IS NULL THEN 'planned'
        WHEN e.lease_token IS NOT NULL THEN 'in_progress'
        ELSE 'retry' END AS reason,
      CASE WHEN ${DUE_AT} <= now() THEN ${DUE_AT}
        WHEN e.status IN ('SCHEDULED', 'QUEUED') AND e.next_attempt_at IS NOT NULL THEN e.updated_at - ${EARLIER_PAUSES_S} * interval '1 s'
        WHEN e.status = 'UNCONFIRMED' THEN e.failed_at
        ELSE e.updated_at END AS since
    FROM outbound_email e JOIN email_account a ON a.organization_id = e.organization_id AND a.id = e.account_id
    WHERE e.status IN ('SCHEDULED', 'QUEUED', 'SENDING', 'UNCONFIRMED')
  ) email GROUP BY status, reason ORDER BY status, reason`;

const unconfirmed = sql`SELECT o.name AS organization, e.id, ${ageInSeconds(raw('e.sending_at'))} AS "ageS"
  FROM outbound_email e JOIN organization o ON o.id = e.organization_id
  WHERE ${NEEDS_PERSON} ORDER BY e.sending_at LIMIT ${MAX_LISTED}`;

/** PAUSED is not stored: it is what GraphQL shows of an ACTIVE account while its daily limit is reached. */
const accounts = sql`SELECT status, count(*)::int AS count FROM (
    SELECT CASE WHEN a.status = 'ACTIVE' AND r.blocked_code IN ('DAILY_LIMIT', 'DAILY_BUDGET') AND r.blocked_until > now()
      THEN 'PAUSED' ELSE a.status::text END AS status
    FROM email_account a
    LEFT JOIN account_rate_limit r ON r.organization_id = a.organization_id AND r.account_id = a.id
  ) account GROUP BY status ORDER BY status`;

const idleAccounts = sql`SELECT o.name AS organization, a.id, a.email, a.status, a.status_reason AS "statusReason",
    ${ageInSeconds(raw('a.status_since'))} AS "statusS"
  FROM email_account a JOIN organization o ON o.id = a.organization_id
  WHERE a.status <> 'ACTIVE' ORDER BY a.status <> 'NEEDS_REAUTH', a.status_since LIMIT ${MAX_LISTED}`;

const mailboxes = sql`SELECT s.account_id AS "accountId", ${ageInSeconds(raw('s.last_synced_at'))} AS "lagS",
    s.error_code AS "errorCode"
  FROM mailbox_sync s JOIN email_account a ON a.organization_id = s.organization_id AND a.id = s.account_id
  WHERE a.status = 'ACTIVE' ORDER BY s.last_synced_at NULLS FIRST LIMIT ${MAX_LISTED}`;

/** A mailbox that was never read is behind only if reading it fails: a new account may be waiting for its turn. */
const mailboxesBehind = ({ maxSyncIntervalMs }: FactsOptions) => sql`SELECT count(*)::int
  FROM mailbox_sync s JOIN email_account a ON a.organization_id = s.organization_id AND a.id = s.account_id
  WHERE a.status = 'ACTIVE' AND coalesce(s.last_synced_at, CASE WHEN s.error_code IS NOT NULL THEN a.status_since END)
    < now() - interval '1 hour' - ${maxSyncIntervalMs}::float8 * interval '1 ms'`;

const permits = (dailySends: number) => sql`SELECT account_id AS "accountId",
    greatest(0, ${dailySends} - (SELECT coalesce(sum(n), 0) FROM unnest(sends_at(r, now())) n))::int AS left
  FROM account_rate_limit r ORDER BY "left" LIMIT ${MAX_LISTED}`;

/** The queue counts an attempt when it begins. */
const FAILURES = sql`attempts - (locked_at IS NOT NULL)::int`;

const jobs = sql`SELECT task_identifier AS job,
    count(*) FILTER (WHERE locked_at IS NULL AND attempts < max_attempts AND run_at <= now())::int AS ready,
    count(*) FILTER (WHERE locked_at IS NULL AND attempts < max_attempts AND run_at > now())::int AS later,
    count(*) FILTER (WHERE locked_at IS NOT NULL)::int AS locked,
    count(*) FILTER (WHERE ${FAILURES} BETWEEN 1 AND max_attempts - 1)::int AS retried,
    count(*) FILTER (WHERE locked_at IS NULL AND attempts >= max_attempts)::int AS "givenUp",
    extract(epoch FROM now() - min(run_at) FILTER (WHERE locked_at IS NULL AND attempts < max_attempts AND run_at <= now()))::float
      AS "oldestReadyS"
  FROM graphile_worker.jobs GROUP BY task_identifier ORDER BY task_identifier`;

const processes = ({ deadAfterMs }: FactsOptions) => sql`SELECT instance, worker, version,
    ${ageInSeconds(raw('beat_at'))} AS "heartbeatS"
  FROM process_heartbeat WHERE beat_at > now() - ${deadAfterMs} * interval '1 ms' ORDER BY instance`;

const unopenable = ({ keyIds }: FactsOptions) =>
  sql`SELECT count(*)::int FROM email_account WHERE ${isUnopenable(keyIds)}`;

/** One statement, one snapshot. */
export const operatorFacts = statement('operator-facts', (options: FactsOptions) => {
  const list = (rows: ReturnType<typeof raw>) => sql`(SELECT coalesce(json_agg(r), '[]') FROM (${rows}) r)`;
  return sql`SELECT (SELECT count(*)::int FROM organization) AS organizations, ${list(waitingEmails)} AS waiting,
    ${list(unconfirmed)} AS unconfirmed, ${list(accounts)} AS accounts, ${list(idleAccounts)} AS "idleAccounts",
    ${list(mailboxes)} AS mailboxes, (${mailboxesBehind(options)}) AS "mailboxesBehind",
    ${list(permits(options.dailySends))} AS permits, ${list(jobs)} AS jobs,
    (SELECT ${ageInSeconds(raw('begun_at'))} FROM periodic_task WHERE name = ${REQUEUE_OVERDUE_TASK}) AS "recoverS",
    ${list(processes(options))} AS processes, (${unopenable(options)}) AS "unopenableAccounts"`;
});

export async function readFacts(connection: Sql, options: FactsOptions): Promise<Facts> {
  return onlyRow(await connection.query<Facts>(operatorFacts(options)));
}
