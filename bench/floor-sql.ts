/**
 * The floor's statements: the durable work of a send on Epistle's own tables, written by hand. As in Epistle, what dies is
 * found by its lease, so that no send needs a job.
 */

/** `$1` SHA-256 of the key. */
export const AUTHENTICATE = {
  name: 'floor-authenticate',
  text: `SELECT organization_id AS "organizationId", id, scopes FROM api_key
    WHERE secret_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())`,
};

/** `$1` organization, `$2` account, `$3` idempotency key, `$4` invoice. */
export const RESOLVE = {
  name: 'floor-resolve',
  text: `SELECT a.email, a.display_name AS "displayName", k.id AS "earlierId", c.id AS "invoiceId" FROM email_account a
    LEFT JOIN outbound_email k ON k.organization_id = $1 AND k.idempotency_key = $3
    LEFT JOIN context_entity c ON c.organization_id = $1 AND c.type = 'invoice' AND c.id = $4
    WHERE a.organization_id = $1 AND a.id = $2 AND a.status = 'ACTIVE'`,
};

/** `$1` organization, `$2` email, `$3` end of the lease, `$4` lease token, `$5` now, `$6` event; then the email itself. */
export const ACCEPT = {
  name: 'floor-accept',
  text: `WITH email AS (
      INSERT INTO outbound_email (organization_id, id, status, mode, account_id, from_email, "to", cc, bcc, reply_to,
        subject, body_text, context_type, context_id, "references", idempotency_key, request_fingerprint,
        lease_token, lease_expires_at, lease_owner, attempts, created_at, updated_at)
      VALUES ($1, $2, 'QUEUED', 'FRESH', $7, $8, $9, '{}', '{}', '{}', $10, $11, 'invoice', $12, '{}', $13, $14,
        $4, $3, $4, 1, $5, $5)
      ON CONFLICT (organization_id, idempotency_key) DO NOTHING
      RETURNING organization_id, id
    ), event AS (
      INSERT INTO outbound_email_event (organization_id, id, outbound_email_id, at, type, actor, detail)
      SELECT organization_id, $6, id, $5, 'accepted', $15, '{"to": "QUEUED"}' FROM email
    ), search AS (
      INSERT INTO outbound_email_search (organization_id, outbound_email_id, terms)
      SELECT organization_id, id, $16 FROM email
    )
    SELECT id FROM email`,
};

/** `$1` organization, `$2` planned until when, `$3` end of the lease, `$4` lease token, `$5` now, `$6` how many. */
export const CLAIM_DUE = {
  name: 'floor-claim-due',
  text: `WITH due AS (
      SELECT organization_id, id FROM outbound_email
      WHERE organization_id = $1 AND status = 'SCHEDULED' AND planned_send_at <= $2
      ORDER BY created_at LIMIT $6 FOR UPDATE SKIP LOCKED
    ), email AS (
      UPDATE outbound_email e SET status = 'QUEUED', lease_token = $4, lease_owner = $4, lease_expires_at = $3,
        attempts = attempts + 1, updated_at = $5
      FROM due, email_account a
      WHERE e.organization_id = due.organization_id AND e.id = due.id
        AND a.organization_id = e.organization_id AND a.id = e.account_id AND a.status = 'ACTIVE'
      RETURNING e.organization_id, e.id, e.account_id, e.from_email, a.display_name, e."to", e.subject, e.body_text
    ), event AS (
      INSERT INTO outbound_email_event (organization_id, id, outbound_email_id, at, type, actor, detail)
      SELECT organization_id, gen_random_uuid(), id, $5, 'accepted', 'system', '{"from": "SCHEDULED", "to": "QUEUED"}'
      FROM email
    )
    SELECT id AS "outboundEmailId", account_id AS "accountId", from_email AS "fromEmail",
      display_name AS "displayName", "to", subject, body_text AS "bodyText" FROM email`,
};

/** `$1` organization, `$2` email, `$3` lease token, `$4` now, `$5` event, `$6` to `$8` ticket, `$9` end of the lease. */
export const SENDING = {
  name: 'floor-sending',
  text: `WITH email AS (
      UPDATE outbound_email SET status = 'SENDING', ticket_draft_id = $6, ticket_message_id = $7, ticket_thread_id = $8,
        lease_expires_at = $9, updated_at = $4
      WHERE organization_id = $1 AND id = $2 AND lease_token = $3 AND status = 'QUEUED'
      RETURNING organization_id, id
    ), event AS (
      INSERT INTO outbound_email_event (organization_id, id, outbound_email_id, at, type, actor, detail)
      SELECT organization_id, $5, id, $4, 'sending', 'system', '{"from": "QUEUED", "to": "SENDING"}' FROM email
    )
    SELECT id FROM email`,
};

/** `$1` organization, `$2` email, `$3` lease token, `$4` now, `$5` event, `$6` message, `$7` thread. */
export const SENT = {
  name: 'floor-sent',
  text: `WITH email AS (
      UPDATE outbound_email SET status = 'SENT', provider_message_id = $6, provider_thread_id = $7,
        threading = 'NEW_THREAD', sent_at = $4, updated_at = $4,
        lease_token = NULL, lease_owner = NULL, lease_expires_at = NULL
      WHERE organization_id = $1 AND id = $2 AND lease_token = $3 AND status = 'SENDING'
      RETURNING organization_id, id, context_type, context_id
    ), event AS (
      INSERT INTO outbound_email_event (organization_id, id, outbound_email_id, at, type, actor, detail)
      SELECT organization_id, $5, id, $4, 'sent', 'system', '{"from": "SENDING", "to": "SENT"}' FROM email
    ), contact AS (
      UPDATE context_entity c SET last_contacted_at = greatest(c.last_contacted_at, $4),
        awaiting_reply = c.last_inbound_at IS NULL OR c.last_inbound_at < $4
      FROM email e WHERE c.organization_id = e.organization_id AND c.type = e.context_type AND c.id = e.context_id
    )
    SELECT id FROM email`,
};

/** The sent copy goes into a conversation of its own: `$1` organization, `$2` email, then what Gmail says of it. */
export const STORE_SENT_COPY = {
  name: 'floor-store-sent-copy',
  text: `WITH email AS (
      UPDATE outbound_email SET conversation_id = $3, message_id = $12, read_back_at = now(), updated_at = now()
      WHERE organization_id = $1 AND id = $2 RETURNING organization_id, id, context_type, context_id
    ), conversation AS (
      INSERT INTO conversation (organization_id, id, account_id, provider_thread_id, subject, snippet, participants,
        is_read, has_reply, message_count, last_message_at)
      VALUES ($1, $3, $5, $7, $8, $9, $10, true, false, 1, $11)
    ), message AS (
      INSERT INTO email_message (organization_id, id, conversation_id, account_id, provider_message_id, direction,
        from_address, from_name, "to", cc, reply_to, subject, snippet, body_text, sent_at, is_read, labels, message_id,
        "references", outbound_email_id)
      VALUES ($1, $4, $3, $5, $6, 'OUTBOUND', $13, $14, $15, '[]', '[]', $8, $9, $16, $11, true, '{SENT}', $12, '{}', $2)
    ), search AS (
      INSERT INTO conversation_search (organization_id, conversation_id, terms) VALUES ($1, $3, $17)
    ), context AS (
      INSERT INTO conversation_context (organization_id, conversation_id, context_type, context_id)
      SELECT organization_id, $3, context_type, context_id FROM email WHERE context_id IS NOT NULL
    )
    SELECT id FROM email`,
};
