/**
 * The ids that a full sync has seen or, without one, those that a sync has read and not stored, in `full_sync_message`. They outlive an
 * interrupted run.
 */
import type { App } from '../app.ts';
import type { Sql } from '../db/client.ts';
import { sql } from '../db/statement.ts';
import type { ImportOutcome } from './import-message.ts';
import type { ImportedMany } from './import-messages.ts';
import { type MailboxLease, underLease } from './lease.ts';

const SKIPPED: ReadonlySet<string> = new Set<ImportOutcome>(['gone', 'ignored', 'too-old']);

/** Records which of these ids are stored messages. */
export async function recordSeen(tx: Sql, { mailbox }: MailboxLease, messageIds: readonly string[]): Promise<void> {
  await tx.query(
    sql`INSERT INTO full_sync_message (organization_id, account_id, provider_message_id)
      SELECT organization_id, account_id, provider_message_id FROM email_message
      WHERE organization_id = ${mailbox.organizationId} AND account_id = ${mailbox.id}
        AND provider_message_id = ANY(${messageIds}) ON CONFLICT DO NOTHING`,
  );
}

export async function clearSeen(tx: Sql, { mailbox }: MailboxLease): Promise<void> {
  await tx.query(
    sql`DELETE FROM full_sync_message WHERE organization_id = ${mailbox.organizationId} AND account_id = ${mailbox.id}`,
  );
}

/** SQL: whether the full sync has seen the message `m`. */
export const IS_SEEN = sql`EXISTS (SELECT FROM full_sync_message l WHERE l.organization_id = m.organization_id
  AND l.account_id = m.account_id AND l.provider_message_id = m.provider_message_id)`;

/**
 * Records messages that were read and are not stored, so that the next run does not read them again. Otherwise an account
 * with quota units for less than a page would never finish the page.
 */
export async function recordSkipped(
  app: App,
  lease: MailboxLease,
  messageIds: readonly string[],
  outcomes: ImportedMany['outcomes'],
): Promise<void> {
  const skipped = messageIds.filter((_id, index) => SKIPPED.has(outcomes[index] ?? ''));
  if (skipped.length === 0) return;
  const { organizationId, id } = lease.mailbox;
  await underLease(app, lease, (tx) =>
    tx.query(
      sql`INSERT INTO full_sync_message (organization_id, account_id, provider_message_id)
        SELECT ${organizationId}, ${id}, unnest(${skipped}::text[]) ON CONFLICT DO NOTHING`,
    ),
  );
}

/** Which of these ids the full sync has seen. Otherwise: the skipped ones. */
export async function seenIds(
  connection: Sql,
  { organizationId, id }: MailboxLease['mailbox'],
  messageIds: readonly string[],
): Promise<Set<string>> {
  if (messageIds.length === 0) return new Set();
  const { rows } = await connection.query<{ id: string }>(
    sql`SELECT provider_message_id AS id FROM full_sync_message
      WHERE organization_id = ${organizationId} AND account_id = ${id} AND provider_message_id = ANY(${messageIds})`,
  );
  return new Set(rows.map((row) => row.id));
}
