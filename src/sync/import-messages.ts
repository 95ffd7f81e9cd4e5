import type { App } from '../app.ts';
import type { Sql } from '../db/client.ts';
import { type ImportOutcome, importMessage } from './import-message.ts';
import type { Lease } from './sync-state.ts';
import { GaveWayError, type ReadBudget } from './read-quota.ts';
import { noteUnreadable } from './unreadable.ts';

/** The gateway has four calls under way for an account; meanwhile others are being stored. */
const IN_FLIGHT = 8;

export interface ImportedMany {
  /** What became of each; undefined for one that there was no time for, that gave way to something more urgent, or failed. */
  readonly outcomes: readonly (ImportOutcome | undefined)[];
  /** The first one, to be thrown once what was done is noted. Null: none. */
  readonly failure: { readonly error: unknown } | null;
}

/** Imports messages, some at once. After a failure none is begun any more, and those under way are brought to their end. */
export async function importAll(
  app: App,
  lease: Lease,
  messageIds: readonly string[],
  options: {
    readonly budget: ReadBudget;
    readonly since: Date | null;
    readonly signal: AbortSignal;
    /** Milliseconds of `performance.now()`: then none is begun any more. Null: all of them are. */
    readonly until: number | null;
  },
): Promise<ImportedMany> {
  const until = options.until ?? Number.POSITIVE_INFINITY;
  const outcomes = messageIds.map((): ImportOutcome | undefined => undefined);
  let gaveWay = false;
  let failure: ImportedMany['failure'] = null;
  let next = 0;
  const importNext = async () => {
    while (next < messageIds.length && failure === null && !gaveWay && performance.now() < until) {
      const index = next++;
      const messageId = messageIds[index];
      if (messageId === undefined) return;
      try {
        options.signal.throwIfAborted();
        const ahead = messageIds.length - next;
        const isKnown = lease.state.unreadableIds.includes(messageId);
        const outcome = isKnown ? 'unreadable' : await importMessage(app, lease, messageId, { ...options, ahead });
        if (outcome === 'unreadable' && !isKnown) await noteUnreadable(app, lease, messageId);
        outcomes[index] = outcome;
      } catch (error) {
        if (error instanceof GaveWayError) gaveWay = true;
        else failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, importNext));
  return { outcomes, failure };
}

/** Those of the ids that are stored. */
export async function storedIds(
  sql: Sql,
  account: { readonly organizationId: string; readonly id: string },
  messageIds: readonly string[],
): Promise<Set<string>> {
  if (messageIds.length === 0) return new Set();
  const { rows } = await sql.query<{ id: string }>({
    name: 'stored-ids',
    text: `SELECT provider_message_id AS id FROM email_message
      WHERE organization_id = $1 AND account_id = $2 AND provider_message_id = ANY($3)`,
    values: [account.organizationId, account.id, messageIds],
  });
  return new Set(rows.map(({ id }) => id));
}
