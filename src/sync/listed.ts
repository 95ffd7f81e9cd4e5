/** The ids that a listing has seen so far, in `mailbox_listing`: where it is broken off, it goes on knowing them. */
import type { App } from '../app.ts';
import type { Sql } from '../db/client.ts';
import type { ImportedMany } from './import-messages.ts';
import type { ImportOutcome } from './import-message.ts';
import { type Lease, underLease } from './sync-state.ts';

const PASSED_OVER: ReadonlySet<string> = new Set<ImportOutcome>(['gone', 'ignored', 'too-old']);

/** Of these ids, the stored ones are in the listing. */
export async function noteListed(tx: Sql, { mailbox }: Lease, messageIds: readonly string[]): Promise<void> {
  await tx.query(
    `INSERT INTO mailbox_listing (organization_id, account_id, provider_message_id)
     SELECT organization_id, account_id, provider_message_id FROM email_message
     WHERE organization_id = $1 AND account_id = $2 AND provider_message_id = ANY($3) ON CONFLICT DO NOTHING`,
    [mailbox.organizationId, mailbox.id, messageIds],
  );
}

export async function forgetListed(tx: Sql, { mailbox }: Lease): Promise<void> {
  await tx.query('DELETE FROM mailbox_listing WHERE organization_id = $1 AND account_id = $2', [
    mailbox.organizationId,
    mailbox.id,
  ]);
}

/** Whether the listing has a message `m`. */
export const IS_LISTED = `EXISTS (SELECT FROM mailbox_listing l
  WHERE l.organization_id = $1 AND l.account_id = $2 AND l.provider_message_id = m.provider_message_id)`;

/**
 * What was read and is not stored: a run that begins this page anew does not read it again. Otherwise one that has units
 * for less than a page of it would never come to its end.
 */
export async function notePassedOver(
  app: App,
  lease: Lease,
  messageIds: readonly string[],
  outcomes: ImportedMany['outcomes'],
): Promise<void> {
  const passedOver = messageIds.filter((_id, index) => PASSED_OVER.has(outcomes[index] ?? ''));
  if (passedOver.length === 0) return;
  const { organizationId, id } = lease.mailbox;
  await underLease(app, lease, (tx) =>
    tx.query(
      `INSERT INTO mailbox_listing (organization_id, account_id, provider_message_id)
       SELECT $1, $2, unnest($3::text[]) ON CONFLICT DO NOTHING`,
      [organizationId, id, passedOver],
    ),
  );
}

/** Those of the ids that this listing has seen: in an import, those that it has passed over. */
export async function listedIds(
  sql: Sql,
  { organizationId, id }: Lease['mailbox'],
  messageIds: readonly string[],
): Promise<Set<string>> {
  const { rows } = await sql.query<{ id: string }>(
    `SELECT provider_message_id AS id FROM mailbox_listing
     WHERE organization_id = $1 AND account_id = $2 AND provider_message_id = ANY($3)`,
    [organizationId, id, messageIds],
  );
  return new Set(rows.map((row) => row.id));
}
