/**
 * What happens to messages after they were stored: other labels, and deletion. What their conversations say is derived
 * from them anew, in SQL. Messages in trash and spam are kept with their labels, and a conversation says nothing of them
 * while it has others.
 */
import { refreshContact } from '../context/contact.ts';
import type { Sql } from '../db/client.ts';
import { attributeUnspammed } from '../sync/attribution.ts';
import { type Mailbox, participantsAmong } from '../sync/envelope.ts';
import { refreshSearchTerms } from '../sync/refresh-terms.ts';

/** The labels of a message change: first those that go, then those that come. */
export interface LabelChange {
  readonly messageId: string;
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/**
 * Changes labels, and what the conversations say. Ids that are not stored are passed over.
 * @param changes one for each message at most.
 * @returns how many messages were changed.
 */
export async function relabelMessages(tx: Sql, account: Mailbox, changes: readonly LabelChange[]): Promise<number> {
  if (changes.length === 0) return 0;
  const ids = changes.map(({ messageId }) => messageId);
  const conversationIds = await lockConversations(tx, account, ids);
  const { rowCount } = await tx.query(
    `WITH change AS (
       SELECT * FROM jsonb_to_recordset($3) AS c("messageId" text, added text[], removed text[])
     ), relabelled AS (
       SELECT m.id, ARRAY(
           SELECT label FROM unnest(m.labels) WITH ORDINALITY l(label, at) WHERE label <> ALL(c.removed || c.added) ORDER BY at
         ) || c.added AS labels
       FROM email_message m JOIN change c ON c."messageId" = m.provider_message_id
       WHERE m.organization_id = $1 AND m.account_id = $2 AND m.deleted_at IS NULL
     )
     UPDATE email_message m SET labels = r.labels, is_read = 'UNREAD' <> ALL(r.labels)
     FROM relabelled r WHERE m.organization_id = $1 AND m.id = r.id AND NOT (m.labels @> r.labels AND m.labels <@ r.labels)`,
    [account.organizationId, account.id, JSON.stringify(changes)],
  );
  if (!rowCount) return 0;
  const outOfSpam = changes.filter(({ removed }) => removed.includes('SPAM'));
  if (outOfSpam.length > 0) {
    await attributeUnspammed(
      tx,
      account,
      outOfSpam.map(({ messageId }) => messageId),
    );
  }
  await refreshConversations(tx, account, conversationIds);
  const isAboutSpam = outOfSpam.length > 0 || changes.some(({ added }) => added.includes('SPAM'));
  if (isAboutSpam) await refreshContacts(tx, account, conversationIds);
  return rowCount;
}

/**
 * Deletes messages, and conversations that have none left. A message that an outbound email answers stays as its record,
 * without its content: what was answered must not depend on the mailbox.
 * @returns how many messages were deleted.
 */
export async function removeMessages(tx: Sql, account: Mailbox, messageIds: readonly string[]): Promise<number> {
  if (messageIds.length === 0) return 0;
  const conversationIds = await lockConversations(tx, account, messageIds);
  const values = [account.organizationId, account.id, messageIds];
  const kept = await tx.query<{ conversationId: string }>(
    `WITH kept AS (
       UPDATE email_message m SET deleted_at = now(), body_text = NULL, body_html = NULL, snippet = '', labels = '{}', is_read = true
       WHERE m.organization_id = $1 AND m.account_id = $2 AND m.provider_message_id = ANY($3) AND m.deleted_at IS NULL
         AND EXISTS (SELECT FROM outbound_email e WHERE e.organization_id = $1 AND e.reply_to_message_id = m.id)
       RETURNING m.id, m.conversation_id
     ), files AS (
       DELETE FROM attachment f USING kept WHERE f.organization_id = $1 AND f.message_id = kept.id
     )
     SELECT conversation_id AS "conversationId" FROM kept`,
    values,
  );
  const doomed = `organization_id = $1 AND account_id = $2 AND provider_message_id = ANY($3) AND deleted_at IS NULL`;
  await tx.query(
    `DELETE FROM attachment WHERE organization_id = $1 AND message_id IN (SELECT id FROM email_message WHERE ${doomed})`,
    values,
  );
  const deleted = await tx.query<{ conversationId: string }>(
    `DELETE FROM email_message WHERE ${doomed} RETURNING conversation_id AS "conversationId"`,
    values,
  );
  const gone = [...kept.rows, ...deleted.rows];
  if (gone.length === 0) return 0;
  const contexts = await contextsOf(tx, account, conversationIds);
  await refreshConversations(tx, account, conversationIds);
  await refreshSearchTerms(tx, account, [...new Set(gone.map(({ conversationId }) => conversationId))]);
  for (const context of contexts) await refreshContact(tx, account.organizationId, context);
  return gone.length;
}

async function refreshContacts(tx: Sql, account: Mailbox, conversationIds: readonly string[]): Promise<void> {
  for (const context of await contextsOf(tx, account, conversationIds)) {
    await refreshContact(tx, account.organizationId, context);
  }
}

async function contextsOf(tx: Sql, { organizationId }: Mailbox, conversationIds: readonly string[]) {
  const { rows } = await tx.query<{ type: string; id: string }>(
    `SELECT DISTINCT context_type AS type, context_id AS id FROM conversation_context
     WHERE organization_id = $1 AND conversation_id = ANY($2) ORDER BY 1, 2`,
    [organizationId, conversationIds],
  );
  return rows;
}

/**
 * Their conversations, and those of the emails that they answer. In one order, and before their messages, as storing does
 * it. Storing an answer locks the other conversation last, so that these two may wait for each other: see `retryDeadlocks`.
 */
async function lockConversations(tx: Sql, account: Mailbox, messageIds: readonly string[]): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(
    `SELECT id FROM conversation WHERE organization_id = $1 AND id IN (
       SELECT conversation_id FROM email_message
       WHERE organization_id = $1 AND account_id = $2 AND provider_message_id = ANY($3)
       UNION
       SELECT e.conversation_id FROM email_message m
       JOIN outbound_email e ON e.organization_id = m.organization_id AND e.id = m.answers_email_id
       WHERE m.organization_id = $1 AND m.account_id = $2 AND m.provider_message_id = ANY($3)
     ) ORDER BY id FOR NO KEY UPDATE`,
    [account.organizationId, account.id, messageIds],
  );
  return rows.map(({ id }) => id);
}

/** Derives anew what the conversation of a message says, and that of the email which it answers. */
export async function refreshConversationsOf(tx: Sql, account: Mailbox, messageId: string): Promise<void> {
  const { rows } = await tx.query<{ id: string }>(
    `SELECT m.conversation_id AS id FROM email_message m WHERE m.organization_id = $1 AND m.id = $2
     UNION
     SELECT e.conversation_id FROM email_message m
     JOIN outbound_email e ON e.organization_id = m.organization_id AND e.id = m.answers_email_id
     WHERE m.organization_id = $1 AND m.id = $2 AND e.conversation_id IS NOT NULL`,
    [account.organizationId, messageId],
  );
  await refreshConversations(
    tx,
    account,
    rows.map(({ id }) => id),
  );
}

/** Derives anew what conversations say of their messages, as storing these one by one says it. */
async function refreshConversations(tx: Sql, account: Mailbox, conversationIds: readonly string[]): Promise<void> {
  if (conversationIds.length === 0) return;
  const values = [account.organizationId, account.id, conversationIds];
  const participants = await participantsIn(tx, account, conversationIds);
  await tx.query(
    `WITH said AS (
       SELECT m.*, NOT m.labels && '{TRASH,SPAM}' AS shown, bool_or(NOT m.labels && '{TRASH,SPAM}') OVER (PARTITION BY m.conversation_id) AS any_shown
       FROM email_message m
       WHERE m.organization_id = $1 AND m.conversation_id = ANY($3) AND m.deleted_at IS NULL
     ), counted AS (
       SELECT conversation_id, count(*) FILTER (WHERE shown)::integer AS messages, bool_and(is_read) AS is_read,
         (array_agg(subject ORDER BY sent_at, provider_message_id))[1] AS subject,
         (array_agg(snippet ORDER BY sent_at DESC, provider_message_id DESC))[1] AS snippet,
         max(sent_at) AS last_message_at, min(sent_at) FILTER (WHERE direction = 'OUTBOUND') AS first_outbound_at,
         max(sent_at) FILTER (WHERE direction = 'INBOUND' AND NOT is_automatic) AS last_answer_at,
         bool_or(answers_email_id IS NOT NULL AND NOT is_automatic) AS answers
       FROM said WHERE shown OR NOT any_shown GROUP BY conversation_id
     )
     UPDATE conversation v SET message_count = c.messages, is_read = c.is_read, subject = c.subject, snippet = c.snippet,
       last_message_at = c.last_message_at, participants = ARRAY(SELECT unnest(p.addresses) ORDER BY 1),
       has_reply = c.answers OR coalesce(c.last_answer_at >= c.first_outbound_at, false) OR EXISTS (
         SELECT FROM outbound_email e
         JOIN email_message m ON m.organization_id = e.organization_id AND m.answers_email_id = e.id
         WHERE e.organization_id = $1 AND e.conversation_id = v.id
           AND m.deleted_at IS NULL AND NOT m.is_automatic AND NOT m.labels && '{TRASH,SPAM}')
     FROM counted c LEFT JOIN jsonb_to_recordset($4) AS p(conversation_id uuid, addresses text[]) USING (conversation_id)
     WHERE v.organization_id = $1 AND v.account_id = $2 AND v.id = c.conversation_id`,
    [...values, JSON.stringify(participants)],
  );
  const { rows } = await tx.query<{ id: string }>(
    `UPDATE conversation v SET message_count = 0, is_read = true, has_reply = false, snippet = '', participants = '{}'
     WHERE v.organization_id = $1 AND v.account_id = $2 AND v.id = ANY($3) AND NOT EXISTS (
       SELECT FROM email_message m WHERE m.organization_id = $1 AND m.conversation_id = v.id AND m.deleted_at IS NULL)
     RETURNING v.id`,
    values,
  );
  if (rows.length === 0) return;
  await tx.query(
    `DELETE FROM conversation v WHERE v.organization_id = $1 AND v.id = ANY($2)
       AND NOT EXISTS (SELECT FROM email_message m WHERE m.organization_id = $1 AND m.conversation_id = v.id)
       AND NOT EXISTS (SELECT FROM outbound_email e WHERE e.organization_id = $1 AND e.conversation_id = v.id)`,
    [account.organizationId, rows.map(({ id }) => id)],
  );
}

/** Whoever wrote or received a message of theirs that they speak of. */
async function participantsIn(tx: Sql, account: Mailbox, conversationIds: readonly string[]) {
  const { rows } = await tx.query<{ conversationId: string; addresses: string[] }>(
    `SELECT m.conversation_id AS "conversationId", array_agg(DISTINCT a.address) AS addresses
     FROM email_message m CROSS JOIN LATERAL (
       SELECT m.from_address UNION ALL SELECT p ->> 'address' FROM jsonb_array_elements(m."to" || m.cc) p
     ) AS a(address)
     WHERE m.organization_id = $1 AND m.conversation_id = ANY($2) AND m.deleted_at IS NULL
       AND (NOT m.labels && '{TRASH,SPAM}' OR NOT EXISTS (
         SELECT FROM email_message o WHERE o.organization_id = $1 AND o.conversation_id = m.conversation_id
           AND o.deleted_at IS NULL AND NOT o.labels && '{TRASH,SPAM}'))
     GROUP BY m.conversation_id`,
    [account.organizationId, conversationIds],
  );
  return rows.map(({ conversationId, addresses }) => ({
    conversation_id: conversationId,
    addresses: participantsAmong(account, addresses),
  }));
}
