/** The words under which a conversation is found, once messages of it are gone. */
import type { Sql } from '../db/client.ts';
import type { NamedAddress } from '../email/address.ts';
import { MAX_SEARCHED_HTML, type Mailbox, termsOf } from './envelope.ts';

/** Of a conversation at once: their bodies are held in memory. */
const BATCH = 20;
/** Text of which no more is looked through, see `searchTerms`. */
const MAX_SEARCHED_TEXT = 200_000;

interface StoredMessage {
  readonly id: string;
  readonly subject: string;
  readonly addresses: readonly Pick<NamedAddress, 'address'>[];
  readonly filenames: readonly string[];
  readonly bodyText: string | null;
  readonly bodyHtml: string | null;
}

const READ = {
  name: 'read-searched',
  text: `SELECT m.id, m.subject, jsonb_build_array(jsonb_build_object('address', m.from_address)) || m."to" || m.cc AS addresses,
      left(m.body_text, ${MAX_SEARCHED_TEXT}) AS "bodyText",
      CASE WHEN m.body_text IS NULL THEN left(m.body_html, ${MAX_SEARCHED_HTML}) END AS "bodyHtml",
      ARRAY(SELECT f.filename FROM attachment f WHERE f.organization_id = m.organization_id AND f.message_id = m.id
        ORDER BY f.position) AS filenames
    FROM email_message m
    WHERE m.organization_id = $1 AND m.conversation_id = $2 AND m.deleted_at IS NULL AND ($3::uuid IS NULL OR m.id > $3)
    ORDER BY m.id LIMIT ${BATCH}`,
};

/**
 * Derives the terms of conversations anew from the messages that they still have. The words of one that is gone may be
 * those of another, so that they cannot just be taken away. Whoever calls it holds the conversations' locks.
 */
export async function refreshSearchTerms(tx: Sql, account: Mailbox, conversationIds: readonly string[]): Promise<void> {
  for (const conversationId of conversationIds) {
    const terms = await termsIn(tx, account, conversationId);
    await tx.query({
      name: 'refresh-terms',
      text: `UPDATE conversation_search SET terms = $3
        WHERE organization_id = $1 AND conversation_id = $2 AND NOT (terms <@ $3 AND terms @> $3)`,
      values: [account.organizationId, conversationId, [...terms]],
    });
  }
}

async function termsIn(tx: Sql, account: Mailbox, conversationId: string): Promise<Set<string>> {
  const terms = new Set<string>();
  for (let after: string | null = null; ; ) {
    const { rows }: { rows: StoredMessage[] } = await tx.query<StoredMessage>({
      ...READ,
      values: [account.organizationId, conversationId, after],
    });
    for (const { addresses, ...message } of rows) {
      const found = termsOf(account, { ...message, addresses: addresses.map(({ address }) => address) });
      for (const term of found) terms.add(term);
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < BATCH) return terms;
    after = last.id;
  }
}
