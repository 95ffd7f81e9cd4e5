import type { App } from '../app.ts';
import type { Sql } from '../db/client.ts';
import type { AccountKey } from '../db/sender.ts';
import { sql, statement } from '../db/statement.ts';
import { type ImportOutcome, importMessage } from './import-message.ts';
import type { MailboxLease } from './lease.ts';
import { PreemptedError, type ReadQuota } from './read-quota.ts';

/** The gateway runs four calls of an account at a time; meanwhile other messages are stored. */
const IN_FLIGHT = 8;

export interface ImportedMany {
  /** In the order of the ids. Undefined: no time was left, something was more urgent, or it failed. */
  readonly outcomes: readonly (ImportOutcome | undefined)[];
  /** The first failure, which the caller throws after it has recorded the outcomes. Null: none. */
  readonly failure: { readonly error: unknown } | null;
}

/** Imports messages concurrently. After a failure no other is started; those that run are completed. */
export async function importAll(
  app: App,
  lease: MailboxLease,
  messageIds: readonly string[],
  options: {
    readonly quota: ReadQuota;
    readonly since: Date | null;
    readonly signal: AbortSignal;
    /** Milliseconds of `performance.now()` after which none is started. Null: no limit. */
    readonly until: number | null;
  },
): Promise<ImportedMany> {
  const until = options.until ?? Number.POSITIVE_INFINITY;
  const outcomes = messageIds.map((): ImportOutcome | undefined => undefined);
  let isPreempted = false;
  let failure: ImportedMany['failure'] = null;
  let next = 0;
  const importNext = async () => {
    while (next < messageIds.length && failure === null && !isPreempted && performance.now() < until) {
      const index = next++;
      const messageId = messageIds[index];
      if (messageId === undefined) return;
      try {
        options.signal.throwIfAborted();
        const ahead = messageIds.length - next;
        const isKnown = lease.state.unreadableIds.includes(messageId);
        outcomes[index] = isKnown ? 'unreadable' : await importMessage(app, lease, messageId, { ...options, ahead });
      } catch (error) {
        if (error instanceof PreemptedError) isPreempted = true;
        else failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, importNext));
  return { outcomes, failure };
}

export const selectStoredIds = statement(
  'stored-ids',
  ({ account, messageIds }: { account: AccountKey; messageIds: readonly string[] }) =>
    sql`SELECT provider_message_id AS id FROM email_message
    WHERE organization_id = ${account.organizationId} AND account_id = ${account.id}
      AND provider_message_id = ANY(${messageIds}) AND deleted_at IS NULL`,
);

/** Which of these ids are stored and not deleted. */
export async function storedIds(
  connection: Sql,
  account: AccountKey,
  messageIds: readonly string[],
): Promise<Set<string>> {
  if (messageIds.length === 0) return new Set();
  const { rows } = await connection.query<{ id: string }>(selectStoredIds({ account, messageIds }));
  return new Set(rows.map(({ id }) => id));
}
