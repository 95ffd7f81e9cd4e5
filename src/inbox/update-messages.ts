/**
 * Changes of stored messages: labels and deletion. The derived columns of their conversations are recomputed in SQL. Messages in trash and
 * spam keep their labels, and a conversation ignores them while it has other messages.
 */
import { refreshContacts } from '../contexts/contact-state.ts';
import type { Sql } from '../db/client.ts';
import { type Fragment, sql } from '../db/statement.ts';
import { deleteFiles } from '../outbound/delete-files.ts';
import { LAST_WRITTEN_IS_INBOUND } from './awaits-our-answer.ts';
import { correlateReplies } from './correlate.ts';
import { MAX_PARTICIPANTS, MAX_RECIPIENTS_SHOWN, type Mailbox, participantsAmong } from './parse-message.ts';

/** A change of a message's labels: first labels are removed, then others are added. */
export interface LabelChange {
  readonly messageId: string;
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/**
 * Changes labels, and updates the conversations. Ids that are not stored are skipped.
 * @param changes at most one for each message.
 * @returns how many messages were changed.
 */
export async function relabelMessages(tx: Sql, account: Mailbox, changes: readonly LabelChange[]): Promise<number> {
  if (changes.length === 0) return 0;
  const ids = changes.map(({ messageId }) => messageId);
  const conversationIds = await lockConversations(tx, account, ids);
  const { rowCount } = await tx.query(
    sql`WITH change AS (
        SELECT * FROM jsonb_to_recordset(${JSON.stringify(changes)}) AS c("messageId" text, added text[], removed text[])
      ), relabelled AS (
        SELECT m.organization_id, m.id, ARRAY(
            SELECT label FROM unnest(m.labels) WITH ORDINALITY l(label, at) WHERE label <> ALL(c.removed || c.added) ORDER BY at
          ) || c.added AS labels
        FROM email_message m JOIN change c ON c."messageId" = m.provider_message_id
        WHERE m.organization_id = ${account.organizationId} AND m.account_id = ${account.id} AND m.deleted_at IS NULL
      )
      UPDATE email_message m SET labels = r.labels, is_read = 'UNREAD' <> ALL(r.labels) FROM relabelled r
      WHERE m.organization_id = r.organization_id AND m.id = r.id AND NOT (m.labels @> r.labels AND m.labels <@ r.labels)`,
  );
  if (!rowCount) return 0;
  const outOfSpam = changes.filter(({ removed }) => removed.includes('SPAM')).map(({ messageId }) => messageId);
  if (outOfSpam.length > 0) await correlateReplies(tx, account, outOfSpam);
  await refreshConversations(tx, account, conversationIds);
  const isAboutSpam = outOfSpam.length > 0 || changes.some(({ added }) => added.includes('SPAM'));
  if (isAboutSpam) await refreshContactsOf(tx, account, conversationIds);
  return rowCount;
}

/**
 * Deletes messages, and conversations without messages. A message to which an outbound email replies stays as its record, without its
 * content: the record of the reply must not depend on the mailbox. So does a sent copy: later replies and bounces name its Message-ID.
 * @returns how many messages were deleted.
 */
export async function removeMessages(tx: Sql, account: Mailbox, messageIds: readonly string[]): Promise<number> {
  if (messageIds.length === 0) return 0;
  const conversationIds = await lockConversations(tx, account, messageIds);
  const { organizationId } = account;
  // Locked first: a reply that is being written is seen, and a later one no longer finds the message.
  const { rows } = await tx.query<{ id: string }>(
    sql`SELECT id FROM email_message WHERE organization_id = ${organizationId} AND account_id = ${account.id}
        AND provider_message_id = ANY(${messageIds}) AND deleted_at IS NULL ORDER BY id FOR UPDATE`,
  );
  if (rows.length === 0) return 0;
  const ids = rows.map(({ id }) => id);
  await deleteFiles(tx, organizationId, 'message_id', ids);
  await tx.query(
    sql`DELETE FROM message_search WHERE organization_id = ${organizationId} AND message_id = ANY(${ids})`,
  );
  await tx.query(
    sql`UPDATE email_message m SET deleted_at = now(), body_text = NULL, body_html = NULL, snippet = '', labels = '{}', is_read = true
      WHERE organization_id = ${organizationId} AND id = ANY(${ids})
        AND (outbound_email_id IS NOT NULL
          OR EXISTS (SELECT FROM outbound_email e WHERE e.organization_id = m.organization_id AND e.reply_to_message_id = m.id))`,
  );
  await tx.query(
    sql`DELETE FROM email_message WHERE organization_id = ${organizationId} AND id = ANY(${ids}) AND deleted_at IS NULL`,
  );
  const contexts = await contextsOf(tx, account, conversationIds);
  await refreshConversations(tx, account, conversationIds);
  await refreshContacts(tx, organizationId, contexts);
  return rows.length;
}

/** Recomputes the contact state of the contexts of conversations. */
export async function refreshContactsOf(tx: Sql, account: Mailbox, conversationIds: readonly string[]): Promise<void> {
  await refreshContacts(tx, account.organizationId, await contextsOf(tx, account, conversationIds));
}

async function contextsOf(tx: Sql, { organizationId }: Mailbox, conversationIds: readonly string[]) {
  const { rows } = await tx.query<{ type: string; id: string }>(
    sql`SELECT DISTINCT context_type AS type, context_id AS id FROM conversation_context
      WHERE organization_id = ${organizationId} AND conversation_id = ANY(${conversationIds})`,
  );
  return rows;
}

/**
 * Locks their conversations and those of the emails that they answer, in one order, and before their messages, as storing does. Storing a
 * reply locks the other conversation last, so that the two may wait for each other: see `inTransaction`.
 */
export async function lockConversations(tx: Sql, account: Mailbox, messageIds: readonly string[]): Promise<string[]> {
  const { organizationId } = account;
  const areNamed = sql`m.organization_id = ${organizationId} AND m.account_id = ${account.id}
    AND m.provider_message_id = ANY(${messageIds})`;
  const { rows } = await tx.query<{ id: string }>(
    sql`SELECT id FROM conversation WHERE organization_id = ${organizationId} AND id IN (${conversationsOf(areNamed)})
      ORDER BY id FOR NO KEY UPDATE`,
  );
  return rows.map(({ id }) => id);
}

/** SQL: the conversations of the messages `m`, and those of the emails that they answer. */
function conversationsOf(condition: Fragment): Fragment {
  return sql`SELECT m.conversation_id AS id FROM email_message m WHERE ${condition}
    UNION
    SELECT e.conversation_id FROM email_message m
    JOIN outbound_email e ON e.organization_id = m.organization_id AND e.id = m.answers_email_id
    WHERE ${condition} AND e.conversation_id IS NOT NULL`;
}

/** Recomputes the derived columns of the conversation of a message and of the email that it answers. */
export async function refreshConversationsOf(tx: Sql, account: Mailbox, messageId: string): Promise<void> {
  const { rows } = await tx.query<{ id: string }>(
    conversationsOf(sql`m.organization_id = ${account.organizationId} AND m.id = ${messageId}`),
  );
  const conversationIds = rows.map(({ id }) => id);
  await refreshConversations(tx, account, conversationIds);
}

/** The addresses of their messages are in memory. */
const REFRESHED_AT_ONCE = 20;

/** Recomputes the derived columns of conversations, with the same result as storing their messages one by one. @param tx has locked them. */
async function refreshConversations(tx: Sql, account: Mailbox, conversationIds: readonly string[]): Promise<void> {
  for (let at = 0; at < conversationIds.length; at += REFRESHED_AT_ONCE) {
    await refreshSome(tx, account, conversationIds.slice(at, at + REFRESHED_AT_ONCE));
  }
}

async function refreshSome(tx: Sql, account: Mailbox, conversationIds: readonly string[]): Promise<void> {
  const { organizationId } = account;
  const participants = await participantsIn(tx, account, conversationIds);
  await tx.query(
    sql`WITH said AS (
       SELECT m.*, NOT m.labels && '{TRASH,SPAM}' AS shown, bool_or(NOT m.labels && '{TRASH,SPAM}') OVER (PARTITION BY m.conversation_id) AS any_shown
       FROM email_message m
       WHERE m.organization_id = ${organizationId} AND m.conversation_id = ANY(${conversationIds}) AND m.deleted_at IS NULL
     ), counted AS (
       SELECT conversation_id, count(*) FILTER (WHERE shown)::integer AS messages, bool_and(is_read) AS is_read,
         (array_agg(subject ORDER BY sent_at, provider_message_id))[1] AS subject,
         (array_agg(snippet ORDER BY sent_at DESC, provider_message_id DESC))[1] AS snippet,
         max(sent_at) AS last_message_at, min(sent_at) FILTER (WHERE direction = 'OUTBOUND' AND NOT is_automatic) AS first_outbound_at,
         max(sent_at) FILTER (WHERE direction = 'INBOUND' AND NOT is_automatic) AS last_answer_at,
         bool_or(answers_email_id IS NOT NULL AND NOT is_automatic) AS answers
       FROM said WHERE shown OR NOT any_shown GROUP BY conversation_id
     )
     UPDATE conversation v SET message_count = c.messages, is_read = c.is_read, subject = c.subject, snippet = c.snippet,
       last_message_at = c.last_message_at, awaits_our_answer = ${LAST_WRITTEN_IS_INBOUND}, participants = ARRAY(SELECT unnest(p.addresses) ORDER BY 1 LIMIT ${MAX_PARTICIPANTS}),
       has_reply = c.answers OR coalesce(c.last_answer_at >= c.first_outbound_at, false) OR EXISTS (
         SELECT FROM outbound_email e
         JOIN email_message m ON m.organization_id = e.organization_id AND m.answers_email_id = e.id
         WHERE e.organization_id = v.organization_id AND e.conversation_id = v.id
           AND m.deleted_at IS NULL AND NOT m.is_automatic AND NOT m.labels && '{TRASH,SPAM}')
     FROM counted c LEFT JOIN jsonb_to_recordset(${JSON.stringify(participants)}) AS p(conversation_id uuid, addresses text[])
       USING (conversation_id)
     WHERE v.organization_id = ${organizationId} AND v.account_id = ${account.id} AND v.id = c.conversation_id`,
  );
  const { rows } = await tx.query<{ id: string }>(
    sql`UPDATE conversation v SET message_count = 0, is_read = true, has_reply = false, awaits_our_answer = false, snippet = '', participants = '{}'
     WHERE v.organization_id = ${organizationId} AND v.account_id = ${account.id} AND v.id = ANY(${conversationIds}) AND NOT EXISTS (
       SELECT FROM email_message m
       WHERE m.organization_id = v.organization_id AND m.conversation_id = v.id AND m.deleted_at IS NULL)
     RETURNING v.id`,
  );
  const withoutMessages = rows.map(({ id }) => id);
  if (withoutMessages.length > 0) await deleteIfEmpty(tx, account.organizationId, withoutMessages);
}

/** Deletes those of the conversations that have neither messages nor emails. */
export async function deleteIfEmpty(
  tx: Sql,
  organizationId: string,
  conversationIds: readonly string[],
): Promise<void> {
  await tx.query(
    sql`DELETE FROM conversation v WHERE v.organization_id = ${organizationId} AND v.id = ANY(${conversationIds})
      AND NOT EXISTS (SELECT FROM email_message m WHERE m.organization_id = v.organization_id AND m.conversation_id = v.id)
      AND NOT EXISTS (SELECT FROM outbound_email e WHERE e.organization_id = v.organization_id AND e.conversation_id = v.id)`,
  );
}

/** The authors and recipients of the messages that the conversations count. */
async function participantsIn(tx: Sql, account: Mailbox, conversationIds: readonly string[]) {
  const { rows } = await tx.query<{ conversationId: string; addresses: string[] }>(
    sql`SELECT m.conversation_id AS "conversationId", (array_agg(DISTINCT a.address))[1:${2 * MAX_PARTICIPANTS}] AS addresses
     FROM email_message m CROSS JOIN LATERAL (
       SELECT m.from_address UNION ALL (SELECT p ->> 'address' FROM jsonb_array_elements(m."to" || m.cc) WITH ORDINALITY p (p, place)
         ORDER BY place LIMIT ${MAX_RECIPIENTS_SHOWN})
     ) AS a(address)
     WHERE m.organization_id = ${account.organizationId} AND m.conversation_id = ANY(${conversationIds}) AND m.deleted_at IS NULL
       AND (NOT m.labels && '{TRASH,SPAM}' OR NOT EXISTS (
         SELECT FROM email_message o WHERE o.organization_id = m.organization_id AND o.conversation_id = m.conversation_id
           AND o.deleted_at IS NULL AND NOT o.labels && '{TRASH,SPAM}'))
     GROUP BY m.conversation_id`,
  );
  return rows.map(({ conversationId, addresses }) => ({
    conversation_id: conversationId,
    addresses: participantsAmong(account, addresses),
  }));
}
