/**
 * The floor's statements: the durable work of a send on Epistle's own tables, written by hand. As in Epistle, the lease finds
 * the emails of a dead process, so that no send needs a job.
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
  text: `SELECT a.email, a.display_name AS "displayName", k.id AS "earlierId", c.id AS "invoiceId", c.parent_id AS "customerId" FROM email_account a
    LEFT JOIN outbound_email k ON k.organization_id = $1 AND k.idempotency_key = $3
    LEFT JOIN context_entity c ON c.organization_id = $1 AND c.type = 'invoice' AND c.id = $4
    WHERE a.organization_id = $1 AND a.id = $2 AND a.status = 'ACTIVE'`,
};

/** `$1` organization, `$2` email, `$3` end of the lease, `$4` lease token, `$5` now, `$6` event; then the email itself. */
export const ACCEPT = {
  name: 'floor-accept',
  text: `WITH email AS (
      INSERT INTO outbound_email (organization_id, id, status, mode, actor, account_id, from_email, "to", cc, bcc, reply_to,
        subject, body_text, "references", idempotency_key, request_fingerprint,
        lease_token, lease_expires_at, lease_owner, attempts, created_at, updated_at)
      VALUES ($1, $2, 'QUEUED', 'FRESH', $15, $7, $8, $9, '{}', '{}', '{}', $10, $11, '{}', $13, $14,
        $4, $3, $4, 1, $5, $5)
      ON CONFLICT (organization_id, idempotency_key) DO NOTHING
      RETURNING organization_id, id
    ), event AS (
      INSERT INTO outbound_email_event (organization_id, id, outbound_email_id, at, type, from_status, to_status, actor, detail)
      SELECT organization_id, $6, id, $5, 'ACCEPTED', NULL, 'QUEUED', $15, '{}' FROM email
    ), search AS (
      INSERT INTO outbound_email_search (organization_id, outbound_email_id, terms)
      SELECT organization_id, id, array_to_tsvector($16) FROM email
    ), links AS (
      INSERT INTO outbound_email_context (organization_id, outbound_email_id, context_type, context_id, position, created_at)
      SELECT organization_id, id, type, entity, position, $5 FROM email,
        (VALUES ('invoice', $12::uuid, 0::smallint), ('customer', $17::uuid, NULL)) l(type, entity, position)
    )
    SELECT id FROM email`,
};

/** `$1` organization, `$2` email, `$3` lease token, `$4` now, `$5` event, `$6` to `$8` gmailDraft, `$9` end of the lease. */
export const SENDING = {
  name: 'floor-sending',
  text: `WITH email AS (
      UPDATE outbound_email SET status = 'SENDING', sending_at = $4, gmail_draft_id = $6, gmail_draft_message_id = $7,
        gmail_draft_thread_id = $8, lease_expires_at = $9, updated_at = $4
      WHERE organization_id = $1 AND id = $2 AND lease_token = $3 AND status = 'QUEUED'
      RETURNING organization_id, id
    ), event AS (
      INSERT INTO outbound_email_event (organization_id, id, outbound_email_id, at, type, from_status, to_status, actor, detail)
      SELECT organization_id, $5, id, $4, 'SENDING', 'QUEUED', 'SENDING', 'system', '{}' FROM email
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
      RETURNING organization_id, id
    ), event AS (
      INSERT INTO outbound_email_event (organization_id, id, outbound_email_id, at, type, from_status, to_status, actor, detail)
      SELECT organization_id, $5, id, $4, 'SENT', 'SENDING', 'SENT', 'system', '{}' FROM email
    ), contact AS (
      UPDATE context_entity c SET last_contacted_at = greatest(c.last_contacted_at, $4),
        awaiting_reply = c.last_inbound_at IS NULL OR c.last_inbound_at < $4
      FROM email e JOIN outbound_email_context l ON l.organization_id = e.organization_id AND l.outbound_email_id = e.id
      WHERE c.organization_id = l.organization_id AND c.type = l.context_type AND c.id = l.context_id
    )
    SELECT id FROM email`,
};

/** The sent copy goes into a conversation of its own: `$1` organization, `$2` email, then what Gmail says of it. */
export const STORE_SENT_COPY = {
  name: 'floor-store-sent-copy',
  text: `WITH email AS (
      UPDATE outbound_email SET conversation_id = $3, message_id = $12, sent_copy_fetched_at = now(), updated_at = now()
      WHERE organization_id = $1 AND id = $2 RETURNING organization_id, id
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
      INSERT INTO message_search (organization_id, message_id, conversation_id, terms) VALUES ($1, $4, $3, array_to_tsvector($17))
    ), context AS (
      INSERT INTO conversation_context (organization_id, conversation_id, context_type, context_id, position)
      SELECT l.organization_id, $3, l.context_type, l.context_id, l.position FROM email e
      JOIN outbound_email_context l ON l.organization_id = e.organization_id AND l.outbound_email_id = e.id
    )
    SELECT id FROM email`,
};
