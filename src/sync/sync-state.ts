/** The row of `mailbox_sync`: how far a mailbox has been read. */
import type { MailboxSyncPhase } from '#generated/prisma/enums.ts';
import { sql } from '../db/statement.ts';
import type { GmailErrorKind } from '../gmail/errors.ts';

/** Why the last reading failed: the column `error_code`. */
export type SyncErrorCode = Exclude<GmailErrorKind, 'thread-not-found'> | 'interrupted' | 'unreadable' | 'unexpected';

export interface SyncState {
  readonly phase: MailboxSyncPhase;
  /** The cursor of incremental sync. Null: nothing was read yet. */
  readonly historyId: string | null;
  /** Where the full sync continues. Null: at the beginning. */
  readonly pageToken: string | null;
  /** A full sync imports no message older than this. */
  readonly since: Date | null;
  readonly fullSyncStartedAt: Date | null;
  readonly imported: number;
  readonly estimated: number | null;
  /** Failed runs in a row. */
  readonly failures: number;
  /** Messages that are not stored whole, see unreadable.ts. They do not delay later messages. */
  readonly unreadableIds: readonly string[];
  /** When these are requested again. Null: there are none. */
  readonly unreadableRetryAt: Date | null;
}

/** A `SyncState` in `mailbox_sync s`. */
export const STATE_COLUMNS = sql`s.phase, s.history_id AS "historyId", s.page_token AS "pageToken", s.since,
  s.full_sync_started_at AS "fullSyncStartedAt", s.imported, s.estimated, s.failures,
  s.unreadable_ids AS "unreadableIds", s.unreadable_retry_at AS "unreadableRetryAt"`;
