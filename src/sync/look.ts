/**
 * Looking at a mailbox: who it is, how far it has been read, and whether somebody is reading it. Nothing is new nearly
 * always, so that a look settles with its one statement what follows then: the mailbox counts as read, and when it is
 * looked at next.
 */
import type { App } from '../app.ts';
import { SENDER_COLUMNS, type Sender } from '../accounts/mailbox-access.ts';
import { type AccountRef, STATE_COLUMNS, type SyncState } from './sync-state.ts';

/** An account with the state of its sync, as it was when somebody looked. */
export interface Look extends SyncState {
  readonly mailbox: Sender;
  /** Somebody is reading it; that one was told to read the history once more. */
  readonly isHeld: boolean;
  /** `last_synced_at` before this look: it counts as read by it, unless that fails. */
  readonly before: Date | null;
  readonly at: Date;
}

/** A mailbox that has been quiet for so many times an interval is looked at that often. */
const QUIET_SHARE = 40;
const DEFAULT_INTERVAL = { minMs: 15_000, maxMs: 300_000 };

type LookRow = Sender & Omit<Look, 'mailbox'>;

/** `$1` and `$2` are the shortest and the longest interval, in milliseconds. */
function lookStatement(condition: string): string {
  return `WITH seen AS (
      SELECT s.organization_id, s.account_id, s.last_synced_at AS before, coalesce(s.lease_expires_at > now(), false) AS held,
        greatest(s.active_at, (SELECT e.created_at FROM outbound_email e
          WHERE e.organization_id = s.organization_id AND e.account_id = s.account_id
          ORDER BY e.created_at DESC, e.id DESC LIMIT 1)) AS active_at
      FROM mailbox_sync s JOIN email_account a ON a.organization_id = s.organization_id AND a.id = s.account_id
      WHERE ${condition}
    )
    UPDATE mailbox_sync s SET again = s.again OR seen.held AND a.status = 'ACTIVE',
      last_synced_at = CASE WHEN seen.held OR s.phase <> 'HISTORY' OR a.status <> 'ACTIVE' THEN s.last_synced_at ELSE now() END,
      next_run_at = now() + least($2, greatest($1, extract(epoch FROM now() - seen.active_at) * 1000 / ${QUIET_SHARE}))
        * interval '1 ms'
    FROM seen, email_account a
    WHERE s.organization_id = seen.organization_id AND s.account_id = seen.account_id
      AND a.organization_id = s.organization_id AND a.id = s.account_id
    RETURNING ${SENDER_COLUMNS}, ${STATE_COLUMNS}, seen.held AS "isHeld", seen.before, now() AS at`;
}

const LOOK_AT = {
  name: 'look-at-mailbox',
  text: lookStatement('s.organization_id = $3 AND s.account_id = $4 FOR NO KEY UPDATE OF s'),
};
const TAKE_DUE = {
  name: 'take-due-mailboxes',
  text: lookStatement(`s.next_run_at <= now() AND a.status = 'ACTIVE' AND (s.lease_expires_at IS NULL OR s.lease_expires_at < now())
    ORDER BY s.next_run_at LIMIT $3 FOR NO KEY UPDATE OF s SKIP LOCKED`),
};

function toLook(row: LookRow): Look {
  const { organizationId, id, email, displayName, aliases, accountStatus, ...rest } = row;
  const { sealedRefreshToken, grantKind, grantId, ...state } = rest;
  const grant = { sealedRefreshToken, grantKind, grantId };
  return { ...state, mailbox: { organizationId, id, email, displayName, aliases, accountStatus, ...grant } };
}

function intervals({ config }: App): [number, number] {
  const { minMs, maxMs } = config.syncInterval ?? DEFAULT_INTERVAL;
  return [minMs, maxMs];
}

/** Null: there is no such account. */
export async function lookAt(app: App, { organizationId, accountId }: AccountRef): Promise<Look | null> {
  const values = [...intervals(app), organizationId, accountId];
  const { rows } = await app.pool.query<LookRow>({ ...LOOK_AT, values });
  return rows[0] === undefined ? null : toLook(rows[0]);
}

/** Mailboxes that it is time to look at, at most so many; nobody else gets them. */
export async function takeDue(app: App, limit: number): Promise<Look[]> {
  const { rows } = await app.pool.query<LookRow>({ ...TAKE_DUE, values: [...intervals(app), limit] });
  return rows.map(toLook);
}
