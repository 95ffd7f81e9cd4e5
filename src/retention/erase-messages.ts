/** Erases the content of stored messages. The row stays: threads, reply state, and proof that the message is known. */
import type { Sql } from '../db/client.ts';
import { sql } from '../db/statement.ts';
import { addressKey, type NamedAddress } from '../email/address.ts';
import { searchTerms } from '../email/search-terms.ts';
import { participantsAmong } from '../inbox/parse-message.ts';
import { deleteFiles } from '../outbound/delete-files.ts';
import { ERASED_ADDRESS, type ErasedAddresses } from './erase-emails.ts';

interface StoredMessage {
  readonly id: string;
  readonly email: string;
  readonly aliases: readonly string[];
  readonly fromAddress: string;
  readonly to: readonly NamedAddress[];
  readonly cc: readonly NamedAddress[];
  readonly replyTo: readonly NamedAddress[];
  readonly subject: string;
}

/** Erases bodies, files and the search terms of both, in the caller's transaction. @param isErased as that of `eraseEmails`. */
export async function eraseMessages(
  tx: Sql,
  organizationId: string,
  ids: readonly string[],
  isErased: ErasedAddresses = null,
): Promise<void> {
  await lockConversationsOf(tx, organizationId, ids);
  const { rows } = await tx.query<StoredMessage>(
    sql`UPDATE email_message m SET body_text = NULL, body_html = NULL, snippet = '',
        content_erased_at = coalesce(m.content_erased_at, now()),
        subject = CASE WHEN ${isErased === null} THEN m.subject ELSE '' END,
        from_name = CASE WHEN ${isErased === null} THEN m.from_name END,
        delivery_notice = CASE WHEN ${isErased === null} THEN m.delivery_notice END
      FROM email_account a
      WHERE m.organization_id = ${organizationId} AND m.id = ANY(${ids})
        AND a.organization_id = m.organization_id AND a.id = m.account_id
      RETURNING m.id, a.email, a.aliases, m.from_address AS "fromAddress", m."to", m.cc,
        m.reply_to AS "replyTo", m.subject`,
  );
  const messages = isErased === null ? rows : rows.map((row) => withoutAddresses(row, isErased));
  if (isErased !== null) await writeAddresses(tx, organizationId, messages);
  await deleteFiles(tx, organizationId, 'message_id', ids);
  const terms: { id: string; terms: readonly string[] }[] = [];
  for (const message of messages) terms.push({ id: message.id, terms: await termsOf(message) });
  await tx.query(
    sql`UPDATE message_search s SET terms = array_to_tsvector(new.terms)
      FROM jsonb_to_recordset(${JSON.stringify(terms)}::jsonb) AS new (id uuid, terms text[])
      WHERE s.organization_id = ${organizationId} AND s.message_id = new.id`,
  );
  await tx.query(
    sql`UPDATE conversation v SET snippet = '' FROM email_message m
      WHERE m.organization_id = ${organizationId} AND m.id = ANY(${ids}) AND v.organization_id = m.organization_id
        AND v.id = m.conversation_id AND m.sent_at = v.last_message_at`,
  );
}

/** As storing a message does it, and in the same order. */
async function lockConversationsOf(tx: Sql, organizationId: string, ids: readonly string[]): Promise<void> {
  await tx.query(
    sql`SELECT FROM conversation WHERE organization_id = ${organizationId} AND id IN (
        SELECT conversation_id FROM email_message WHERE organization_id = ${organizationId} AND id = ANY(${ids})
      ) ORDER BY id FOR NO KEY UPDATE`,
  );
}

function withoutAddresses(message: StoredMessage, isErased: (address: string) => boolean): StoredMessage {
  const replaced = (named: readonly NamedAddress[]) =>
    named.map(({ address }) => ({ address: isErased(address) ? ERASED_ADDRESS : address, name: null }));
  return {
    ...message,
    fromAddress: isErased(message.fromAddress) ? ERASED_ADDRESS : message.fromAddress,
    to: replaced(message.to),
    cc: replaced(message.cc),
    replyTo: replaced(message.replyTo),
  };
}

async function writeAddresses(tx: Sql, organizationId: string, messages: readonly StoredMessage[]): Promise<void> {
  await tx.query(
    sql`UPDATE email_message m SET from_address = new."fromAddress", "to" = new."to", cc = new.cc, reply_to = new."replyTo"
      FROM jsonb_to_recordset(${JSON.stringify(messages)}::jsonb)
        AS new (id uuid, "fromAddress" text, "to" jsonb, cc jsonb, "replyTo" jsonb)
      WHERE m.organization_id = ${organizationId} AND m.id = new.id`,
  );
}

function termsOf(message: StoredMessage): Promise<string[]> {
  const { fromAddress, to, cc, subject } = message;
  const addresses = [fromAddress, ...[...to, ...cc].map(({ address }) => address)];
  return searchTerms({ texts: [subject], addresses: participantsAmong(message, addresses) });
}

/** A test for one person's address, in whatever form a header has it. */
export function isAddressOf(person: string): (address: string) => boolean {
  const key = addressKey(person);
  return (address) => addressKey(address) === key;
}
