-- CreateEnum
CREATE TYPE "email_account_status" AS ENUM ('ACTIVE', 'NEEDS_REAUTH', 'DISCONNECTED');

-- CreateEnum
CREATE TYPE "grant_kind" AS ENUM ('CONSENT', 'DELEGATION');

-- CreateEnum
CREATE TYPE "mailbox_sync_phase" AS ENUM ('IMPORT', 'FULL_SYNC', 'LABELS', 'INCREMENTAL');

-- CreateEnum
CREATE TYPE "invoice_status" AS ENUM ('DRAFT', 'OPEN', 'PAID', 'VOID');

-- CreateEnum
CREATE TYPE "direction" AS ENUM ('INBOUND', 'OUTBOUND');

-- CreateEnum
CREATE TYPE "outbound_email_status" AS ENUM ('DRAFT', 'SCHEDULED', 'QUEUED', 'SENDING', 'SENT', 'FAILED', 'CANCELED', 'UNCONFIRMED', 'BOUNCED');

-- CreateEnum
CREATE TYPE "send_mode" AS ENUM ('DRAFT', 'FRESH', 'REPLY');

-- CreateEnum
CREATE TYPE "threading" AS ENUM ('NATIVE', 'HEADERS_ONLY', 'NEW_THREAD');

-- CreateEnum
CREATE TYPE "retry_advice" AS ENUM ('SAFE', 'AFTER', 'NEVER', 'CHECK_FIRST');

-- CreateEnum
CREATE TYPE "cancel_condition" AS ENUM ('REPLIED', 'CONTEXT_CLOSED');

-- CreateEnum
CREATE TYPE "permit_state" AS ENUM ('PENDING', 'GRANTED');

-- CreateEnum
CREATE TYPE "outbound_email_event_type" AS ENUM ('CREATED', 'EDITED', 'ACCEPTED', 'DEFERRED', 'SENDING', 'SENT', 'REFUSED', 'UNCONFIRMED', 'READ', 'RESEND', 'UNRESOLVED', 'FAILED', 'CANCELED', 'RETRIED', 'RESOLVED', 'REPLIED', 'DELAYED', 'BOUNCED');

-- CreateTable
CREATE TABLE "organization" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "organization_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_key" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "prefix" TEXT NOT NULL,
    "secret_hash" BYTEA NOT NULL,
    "scopes" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),
    "last_used_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_key_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "email_account" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "display_name" TEXT,
    "aliases" TEXT[],
    "send_as" JSONB NOT NULL DEFAULT '[]',
    "profile_read_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "status" "email_account_status" NOT NULL,
    "status_reason" TEXT,
    "status_since" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "sealed_refresh_token" TEXT,
    "grant_kind" "grant_kind" NOT NULL DEFAULT 'CONSENT',
    "grant_id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "connected_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "released_at" TIMESTAMPTZ(3),

    CONSTRAINT "email_account_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "oauth_state" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "state_hash" BYTEA NOT NULL,
    "sealed_code_verifier" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "return_to" TEXT,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "oauth_state_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "account_rate_limit" (
    "organization_id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "permits" TIMESTAMPTZ(3)[],
    "sends" INTEGER[],
    "sends_from" TIMESTAMPTZ(3) NOT NULL,
    "blocked_until" TIMESTAMPTZ(3),
    "blocked_code" TEXT,
    "throttles" INTEGER NOT NULL DEFAULT 0,
    "read_until" TIMESTAMPTZ(6),

    CONSTRAINT "account_rate_limit_pkey" PRIMARY KEY ("organization_id","account_id")
);

-- CreateTable
CREATE TABLE "mailbox_sync" (
    "organization_id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "phase" "mailbox_sync_phase" NOT NULL DEFAULT 'IMPORT',
    "history_id" TEXT,
    "page_token" TEXT,
    "since" TIMESTAMPTZ(3),
    "full_sync_started_at" TIMESTAMPTZ(3),
    "imported" INTEGER NOT NULL DEFAULT 0,
    "estimated" INTEGER,
    "lease_token" UUID,
    "lease_expires_at" TIMESTAMPTZ(3),
    "lease_owner" UUID,
    "rerun_requested" BOOLEAN NOT NULL DEFAULT false,
    "runs" INTEGER NOT NULL DEFAULT 0,
    "next_run_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_synced_at" TIMESTAMPTZ(3),
    "active_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "error_code" TEXT,
    "error_message" TEXT,
    "failed_at" TIMESTAMPTZ(3),
    "unreadable_ids" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "unreadable_retry_at" TIMESTAMPTZ(3),
    "watch_expires_at" TIMESTAMPTZ(3),

    CONSTRAINT "mailbox_sync_pkey" PRIMARY KEY ("organization_id","account_id")
);

-- CreateTable
CREATE TABLE "full_sync_message" (
    "organization_id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "provider_message_id" TEXT NOT NULL,

    CONSTRAINT "full_sync_message_pkey" PRIMARY KEY ("organization_id","account_id","provider_message_id")
);

-- CreateTable
CREATE TABLE "context_entity" (
    "organization_id" UUID NOT NULL,
    "type" TEXT NOT NULL,
    "id" UUID NOT NULL,
    "external_id" TEXT NOT NULL,
    "parent_type" TEXT,
    "parent_id" UUID,
    "last_contacted_at" TIMESTAMPTZ(3),
    "last_inbound_at" TIMESTAMPTZ(3),
    "awaiting_reply" BOOLEAN NOT NULL DEFAULT false,
    "contacted_order" TIMESTAMPTZ(3) NOT NULL GENERATED ALWAYS AS (coalesce("last_contacted_at", '0001-01-01 00:00:00Z')) STORED,
    "due_date" DATE,

    CONSTRAINT "context_entity_pkey" PRIMARY KEY ("organization_id","type","id")
);

-- CreateTable
CREATE TABLE "context_search" (
    "organization_id" UUID NOT NULL,
    "type" TEXT NOT NULL,
    "id" UUID NOT NULL,
    "words" TEXT[],
    "child_words" TEXT[],
    "terms" TEXT[],

    CONSTRAINT "context_search_pkey" PRIMARY KEY ("organization_id","type","id")
);

-- CreateTable
CREATE TABLE "customer" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "context_type" TEXT NOT NULL DEFAULT 'customer',
    "external_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "sort_name" TEXT COLLATE "C" NOT NULL,
    "email" TEXT,
    "locale" TEXT,
    "time_zone" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "customer_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "customer_contact" (
    "organization_id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "position" SMALLINT NOT NULL,
    "name" TEXT,
    "email" TEXT NOT NULL,
    "role" TEXT,
    "is_primary" BOOLEAN NOT NULL,

    CONSTRAINT "customer_contact_pkey" PRIMARY KEY ("organization_id","customer_id","position")
);

-- CreateTable
CREATE TABLE "invoice" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "context_type" TEXT NOT NULL DEFAULT 'invoice',
    "number" TEXT COLLATE "C" NOT NULL,
    "customer_id" UUID NOT NULL,
    "status" "invoice_status" NOT NULL,
    "currency" TEXT NOT NULL,
    "issue_date" DATE NOT NULL,
    "due_date" DATE NOT NULL,
    "paid_date" DATE,
    "subtotal_cents" BIGINT NOT NULL,
    "discounts_cents" BIGINT NOT NULL,
    "tax_cents" BIGINT NOT NULL,
    "total_cents" BIGINT NOT NULL,
    "amount_paid_cents" BIGINT NOT NULL,
    "amount_due_cents" BIGINT NOT NULL,
    "payment_link" TEXT,
    "credit_notes_cents" BIGINT NOT NULL DEFAULT 0,
    "collection_method" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "invoice_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "conversation" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "provider_thread_id" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "snippet" TEXT NOT NULL,
    "participants" TEXT[],
    "is_read" BOOLEAN NOT NULL,
    "has_reply" BOOLEAN NOT NULL,
    "awaits_our_answer" BOOLEAN NOT NULL DEFAULT false,
    "message_count" INTEGER NOT NULL,
    "last_message_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "conversation_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "message_search" (
    "organization_id" UUID NOT NULL,
    "message_id" UUID NOT NULL,
    "conversation_id" UUID NOT NULL,
    "terms" tsvector,

    CONSTRAINT "message_search_pkey" PRIMARY KEY ("organization_id","message_id")
);

-- CreateTable
CREATE TABLE "conversation_context" (
    "organization_id" UUID NOT NULL,
    "conversation_id" UUID NOT NULL,
    "context_type" TEXT NOT NULL,
    "context_id" UUID NOT NULL,
    "position" SMALLINT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "conversation_context_pkey" PRIMARY KEY ("organization_id","conversation_id","context_type","context_id")
);

-- CreateTable
CREATE TABLE "email_message" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "conversation_id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "provider_message_id" TEXT NOT NULL,
    "direction" "direction" NOT NULL,
    "from_address" TEXT NOT NULL,
    "from_name" TEXT,
    "to" JSONB NOT NULL,
    "cc" JSONB NOT NULL,
    "reply_to" JSONB NOT NULL,
    "subject" TEXT NOT NULL,
    "snippet" TEXT NOT NULL,
    "body_text" TEXT,
    "body_html" TEXT,
    "body_text_bytes" INTEGER GENERATED ALWAYS AS (octet_length("body_text")) STORED,
    "body_html_bytes" INTEGER GENERATED ALWAYS AS (octet_length("body_html")) STORED,
    "sent_at" TIMESTAMPTZ(3) NOT NULL,
    "is_read" BOOLEAN NOT NULL,
    "labels" TEXT[],
    "message_id" TEXT,
    "in_reply_to" TEXT,
    "references" TEXT[],
    "outbound_email_id" UUID,
    "deleted_at" TIMESTAMPTZ(3),
    "is_automatic" BOOLEAN NOT NULL DEFAULT false,
    "is_automatic_decided" BOOLEAN NOT NULL DEFAULT false,
    "named_ids" TEXT[],
    "delivery_notice" JSONB,
    "answers_email_id" UUID,
    "problem" TEXT,
    "content_erased_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "email_message_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "outbound_email" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "mode" "send_mode" NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "actor" TEXT NOT NULL,
    "from_email" TEXT NOT NULL,
    "to" TEXT[],
    "cc" TEXT[],
    "bcc" TEXT[],
    "reply_to" TEXT[],
    "subject" TEXT NOT NULL,
    "body_text" TEXT,
    "body_html" TEXT,
    "body_text_bytes" INTEGER GENERATED ALWAYS AS (octet_length("body_text")) STORED,
    "body_html_bytes" INTEGER GENERATED ALWAYS AS (octet_length("body_html")) STORED,
    "template_use" JSONB,
    "template_version_id" UUID,
    "template_values" JSONB,
    "idempotency_key" TEXT,
    "request_fingerprint" JSONB,
    "reply_to_message_id" UUID,
    "requested_thread_id" TEXT,
    "in_reply_to" TEXT,
    "references" TEXT[],
    "planned_send_at" TIMESTAMPTZ(3),
    "cancel_when" "cancel_condition"[] DEFAULT ARRAY[]::"cancel_condition"[],
    "written_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "revision" INTEGER NOT NULL DEFAULT 1,
    "status" "outbound_email_status" NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "conversation_id" UUID,
    "lease_token" UUID,
    "lease_expires_at" TIMESTAMPTZ(3),
    "lease_owner" UUID,
    "next_attempt_at" TIMESTAMPTZ(3),
    "deferrals" INTEGER NOT NULL DEFAULT 0,
    "permit" "permit_state",
    "gmail_draft_id" TEXT,
    "gmail_draft_message_id" TEXT,
    "gmail_draft_thread_id" TEXT,
    "sending_at" TIMESTAMPTZ(3),
    "reconcile_reads" INTEGER NOT NULL DEFAULT 0,
    "gmail_draft_unsent_at" TIMESTAMPTZ(3),
    "resolved_by" TEXT,
    "canceled_because" "cancel_condition",
    "resends" INTEGER NOT NULL DEFAULT 0,
    "provider_message_id" TEXT,
    "provider_thread_id" TEXT,
    "message_id" TEXT,
    "threading" "threading",
    "sent_copy_fetched_at" TIMESTAMPTZ(3),
    "sent_at" TIMESTAMPTZ(3),
    "failure_code" TEXT,
    "failure_message" TEXT,
    "failure_retry" "retry_advice",
    "failed_at" TIMESTAMPTZ(3),
    "failure_status" INTEGER,
    "content_erased_at" TIMESTAMPTZ(3),
    "accepted_not_sent_at" TIMESTAMPTZ(3),
    "unsent_message_ids" TEXT[],

    CONSTRAINT "outbound_email_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "template" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "context_type" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deleted_at" TIMESTAMPTZ(3),

    CONSTRAINT "template_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "template_version" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "template_id" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "locale" TEXT,
    "subject" TEXT NOT NULL,
    "body_text" TEXT NOT NULL,
    "body_html" TEXT,
    "body_text_bytes" INTEGER NOT NULL GENERATED ALWAYS AS (octet_length("body_text")) STORED,
    "body_html_bytes" INTEGER GENERATED ALWAYS AS (octet_length("body_html")) STORED,
    "is_current" BOOLEAN NOT NULL,
    "actor" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "template_version_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "outbound_email_context" (
    "organization_id" UUID NOT NULL,
    "outbound_email_id" UUID NOT NULL,
    "context_type" TEXT NOT NULL,
    "context_id" UUID NOT NULL,
    "position" SMALLINT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "outbound_email_context_pkey" PRIMARY KEY ("organization_id","outbound_email_id","context_type","context_id")
);

-- CreateTable
CREATE TABLE "outbound_email_search" (
    "organization_id" UUID NOT NULL,
    "outbound_email_id" UUID NOT NULL,
    "terms" tsvector,

    CONSTRAINT "outbound_email_search_pkey" PRIMARY KEY ("organization_id","outbound_email_id")
);

-- CreateTable
CREATE TABLE "bounce" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "outbound_email_id" UUID NOT NULL,
    "message_id" UUID NOT NULL,
    "recipient" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "diagnostic" TEXT,
    "permanent" BOOLEAN NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "bounce_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "outbound_email_event" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "outbound_email_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "type" "outbound_email_event_type" NOT NULL,
    "from_status" "outbound_email_status",
    "to_status" "outbound_email_status",
    "actor" TEXT NOT NULL,
    "detail" JSONB NOT NULL,

    CONSTRAINT "outbound_email_event_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "attachment" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "outbound_email_id" UUID,
    "message_id" UUID,
    "position" INTEGER NOT NULL,
    "filename" TEXT NOT NULL,
    "content_type" TEXT NOT NULL,
    "size" INTEGER NOT NULL,
    "sha256" TEXT,
    "content_id" TEXT,
    "part_id" TEXT,

    CONSTRAINT "attachment_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "attachment_content" (
    "organization_id" UUID NOT NULL,
    "sha256" TEXT NOT NULL,
    "bytes" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "attachment_content_pkey" PRIMARY KEY ("organization_id","sha256")
);

-- CreateTable
CREATE TABLE "attachment_upload" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "filename" TEXT NOT NULL,
    "content_type" TEXT NOT NULL,
    "size" INTEGER,
    "sha256" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "attachment_upload_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "attachment_upload_piece" (
    "organization_id" UUID NOT NULL,
    "upload_id" UUID NOT NULL,
    "position" INTEGER NOT NULL,
    "bytes" BYTEA NOT NULL,

    CONSTRAINT "attachment_upload_piece_pkey" PRIMARY KEY ("organization_id","upload_id","position")
);

-- CreateTable
CREATE TABLE "periodic_task" (
    "name" TEXT NOT NULL,
    "begun_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "periodic_task_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "process_heartbeat" (
    "id" UUID NOT NULL,
    "beat_at" TIMESTAMPTZ(3) NOT NULL,
    "worker_pool" TEXT NOT NULL,
    "instance" TEXT NOT NULL,
    "worker" TEXT NOT NULL,
    "version" TEXT NOT NULL,

    CONSTRAINT "process_heartbeat_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "organization_name_key" ON "organization"("name");

-- CreateIndex
CREATE INDEX "api_key_organization_id_created_at_id_idx" ON "api_key"("organization_id", "created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "api_key_secret_hash_key" ON "api_key"("secret_hash");

-- CreateIndex
CREATE INDEX "email_account_organization_id_created_at_id_idx" ON "email_account"("organization_id", "created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "email_account_organization_id_email_key" ON "email_account"("organization_id", "email");

-- CreateIndex
CREATE UNIQUE INDEX "oauth_state_state_hash_key" ON "oauth_state"("state_hash");

-- CreateIndex
CREATE INDEX "oauth_state_expires_at_idx" ON "oauth_state"("expires_at");

-- CreateIndex
CREATE INDEX "mailbox_sync_next_run_at_idx" ON "mailbox_sync"("next_run_at");

-- CreateIndex
CREATE INDEX "context_entity_organization_id_type_contacted_order_id_idx" ON "context_entity"("organization_id", "type", "contacted_order", "id");

-- CreateIndex
CREATE INDEX "context_entity_organization_id_parent_type_parent_id_idx" ON "context_entity"("organization_id", "parent_type", "parent_id");

-- CreateIndex
CREATE INDEX "context_search_terms_idx" ON "context_search" USING GIN ("terms");

-- CreateIndex
CREATE UNIQUE INDEX "context_entity_organization_id_type_external_id_key" ON "context_entity"("organization_id", "type", "external_id");

-- CreateIndex
CREATE INDEX "customer_organization_id_sort_name_id_idx" ON "customer"("organization_id", "sort_name", "id");

-- CreateIndex
CREATE UNIQUE INDEX "customer_organization_id_external_id_key" ON "customer"("organization_id", "external_id");

-- CreateIndex
CREATE UNIQUE INDEX "customer_organization_id_context_type_id_key" ON "customer"("organization_id", "context_type", "id");

-- CreateIndex
CREATE INDEX "invoice_organization_id_issue_date_id_idx" ON "invoice"("organization_id", "issue_date", "id");

-- CreateIndex
CREATE INDEX "invoice_organization_id_due_date_id_idx" ON "invoice"("organization_id", "due_date", "id");

-- CreateIndex
CREATE INDEX "invoice_organization_id_status_due_date_id_idx" ON "invoice"("organization_id", "status", "due_date", "id");

-- CreateIndex
CREATE INDEX "invoice_organization_id_customer_id_issue_date_id_idx" ON "invoice"("organization_id", "customer_id", "issue_date", "id");

-- CreateIndex
CREATE UNIQUE INDEX "invoice_organization_id_number_key" ON "invoice"("organization_id", "number");

-- CreateIndex
CREATE UNIQUE INDEX "invoice_organization_id_context_type_id_key" ON "invoice"("organization_id", "context_type", "id");

-- CreateIndex
CREATE INDEX "conversation_organization_id_last_message_at_id_idx" ON "conversation"("organization_id", "last_message_at", "id");

-- CreateIndex
CREATE INDEX "conversation_organization_id_account_id_last_message_at_id_idx" ON "conversation"("organization_id", "account_id", "last_message_at", "id");

-- CreateIndex
CREATE INDEX "conversation_organization_id_is_read_last_message_at_id_idx" ON "conversation"("organization_id", "is_read", "last_message_at", "id");

-- CreateIndex
CREATE INDEX "conversation_organization_id_has_reply_last_message_at_id_idx" ON "conversation"("organization_id", "has_reply", "last_message_at", "id");

-- CreateIndex
CREATE INDEX "conversation_participants_idx" ON "conversation" USING GIN ("participants");

-- CreateIndex
CREATE UNIQUE INDEX "conversation_organization_id_account_id_provider_thread_id_key" ON "conversation"("organization_id", "account_id", "provider_thread_id");

-- CreateIndex
CREATE INDEX "message_search_organization_id_conversation_id_idx" ON "message_search"("organization_id", "conversation_id");

-- CreateIndex
CREATE INDEX "message_search_terms_idx" ON "message_search" USING GIN ("terms");

-- CreateIndex
CREATE INDEX "conversation_context_organization_id_context_type_context_i_idx" ON "conversation_context"("organization_id", "context_type", "context_id");

-- CreateIndex
CREATE INDEX "email_message_organization_id_conversation_id_sent_at_id_idx" ON "email_message"("organization_id", "conversation_id", "sent_at", "id");

-- CreateIndex
CREATE INDEX "email_message_organization_id_account_id_message_id_idx" ON "email_message"("organization_id", "account_id", "message_id");

-- CreateIndex
CREATE UNIQUE INDEX "email_message_organization_id_account_id_provider_message_i_key" ON "email_message"("organization_id", "account_id", "provider_message_id");

-- CreateIndex
CREATE UNIQUE INDEX "email_message_organization_id_outbound_email_id_key" ON "email_message"("organization_id", "outbound_email_id");

-- CreateIndex
CREATE INDEX "outbound_email_organization_id_created_at_id_idx" ON "outbound_email"("organization_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "outbound_email_organization_id_status_created_at_id_idx" ON "outbound_email"("organization_id", "status", "created_at", "id");

-- CreateIndex
CREATE INDEX "outbound_email_organization_id_updated_at_id_idx" ON "outbound_email"("organization_id", "updated_at", "id");

-- CreateIndex
CREATE INDEX "outbound_email_organization_id_account_id_created_at_id_idx" ON "outbound_email"("organization_id", "account_id", "created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "outbound_email_organization_id_idempotency_key_key" ON "outbound_email"("organization_id", "idempotency_key");

-- CreateIndex
CREATE INDEX "template_version_organization_id_is_current_created_at_id_idx" ON "template_version"("organization_id", "is_current", "created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "template_version_organization_id_template_id_version_key" ON "template_version"("organization_id", "template_id", "version");

-- CreateIndex
CREATE INDEX "outbound_email_context_organization_id_context_type_context_idx" ON "outbound_email_context"("organization_id", "context_type", "context_id", "created_at", "outbound_email_id");

-- CreateIndex
CREATE INDEX "outbound_email_search_terms_idx" ON "outbound_email_search" USING GIN ("terms");

-- CreateIndex
CREATE INDEX "bounce_organization_id_outbound_email_id_at_id_idx" ON "bounce"("organization_id", "outbound_email_id", "at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "bounce_organization_id_message_id_recipient_key" ON "bounce"("organization_id", "message_id", "recipient");

-- CreateIndex
CREATE INDEX "outbound_email_event_organization_id_outbound_email_id_at_i_idx" ON "outbound_email_event"("organization_id", "outbound_email_id", "at", "id");

-- CreateIndex
CREATE INDEX "attachment_organization_id_sha256_idx" ON "attachment"("organization_id", "sha256");

-- CreateIndex
CREATE INDEX "attachment_upload_organization_id_sha256_idx" ON "attachment_upload"("organization_id", "sha256");

-- CreateIndex
CREATE INDEX "attachment_upload_created_at_idx" ON "attachment_upload"("created_at");

-- CreateIndex
CREATE UNIQUE INDEX "attachment_organization_id_outbound_email_id_position_key" ON "attachment"("organization_id", "outbound_email_id", "position");

-- CreateIndex
CREATE UNIQUE INDEX "attachment_organization_id_message_id_position_key" ON "attachment"("organization_id", "message_id", "position");

-- AddForeignKey
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "email_account" ADD CONSTRAINT "email_account_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "oauth_state" ADD CONSTRAINT "oauth_state_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "account_rate_limit" ADD CONSTRAINT "account_rate_limit_organization_id_account_id_fkey" FOREIGN KEY ("organization_id", "account_id") REFERENCES "email_account"("organization_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "mailbox_sync" ADD CONSTRAINT "mailbox_sync_organization_id_account_id_fkey" FOREIGN KEY ("organization_id", "account_id") REFERENCES "email_account"("organization_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "context_entity" ADD CONSTRAINT "context_entity_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "context_entity" ADD CONSTRAINT "context_entity_organization_id_parent_type_parent_id_fkey" FOREIGN KEY ("organization_id", "parent_type", "parent_id") REFERENCES "context_entity"("organization_id", "type", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "context_search" ADD CONSTRAINT "context_search_organization_id_type_id_fkey" FOREIGN KEY ("organization_id", "type", "id") REFERENCES "context_entity"("organization_id", "type", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "customer" ADD CONSTRAINT "customer_organization_id_context_type_id_fkey" FOREIGN KEY ("organization_id", "context_type", "id") REFERENCES "context_entity"("organization_id", "type", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "customer_contact" ADD CONSTRAINT "customer_contact_organization_id_customer_id_fkey" FOREIGN KEY ("organization_id", "customer_id") REFERENCES "customer"("organization_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "invoice" ADD CONSTRAINT "invoice_organization_id_context_type_id_fkey" FOREIGN KEY ("organization_id", "context_type", "id") REFERENCES "context_entity"("organization_id", "type", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "invoice" ADD CONSTRAINT "invoice_organization_id_customer_id_fkey" FOREIGN KEY ("organization_id", "customer_id") REFERENCES "customer"("organization_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "conversation" ADD CONSTRAINT "conversation_organization_id_account_id_fkey" FOREIGN KEY ("organization_id", "account_id") REFERENCES "email_account"("organization_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "message_search" ADD CONSTRAINT "message_search_organization_id_message_id_fkey" FOREIGN KEY ("organization_id", "message_id") REFERENCES "email_message"("organization_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "message_search" ADD CONSTRAINT "message_search_organization_id_conversation_id_fkey" FOREIGN KEY ("organization_id", "conversation_id") REFERENCES "conversation"("organization_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "conversation_context" ADD CONSTRAINT "conversation_context_organization_id_conversation_id_fkey" FOREIGN KEY ("organization_id", "conversation_id") REFERENCES "conversation"("organization_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "conversation_context" ADD CONSTRAINT "conversation_context_organization_id_context_type_context__fkey" FOREIGN KEY ("organization_id", "context_type", "context_id") REFERENCES "context_entity"("organization_id", "type", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "email_message" ADD CONSTRAINT "email_message_organization_id_conversation_id_fkey" FOREIGN KEY ("organization_id", "conversation_id") REFERENCES "conversation"("organization_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "email_message" ADD CONSTRAINT "email_message_organization_id_account_id_fkey" FOREIGN KEY ("organization_id", "account_id") REFERENCES "email_account"("organization_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "email_message" ADD CONSTRAINT "email_message_organization_id_outbound_email_id_fkey" FOREIGN KEY ("organization_id", "outbound_email_id") REFERENCES "outbound_email"("organization_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "email_message" ADD CONSTRAINT "email_message_organization_id_answers_email_id_fkey" FOREIGN KEY ("organization_id", "answers_email_id") REFERENCES "outbound_email"("organization_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "outbound_email" ADD CONSTRAINT "outbound_email_organization_id_account_id_fkey" FOREIGN KEY ("organization_id", "account_id") REFERENCES "email_account"("organization_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "outbound_email" ADD CONSTRAINT "outbound_email_organization_id_reply_to_message_id_fkey" FOREIGN KEY ("organization_id", "reply_to_message_id") REFERENCES "email_message"("organization_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "outbound_email" ADD CONSTRAINT "outbound_email_organization_id_conversation_id_fkey" FOREIGN KEY ("organization_id", "conversation_id") REFERENCES "conversation"("organization_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "outbound_email" ADD CONSTRAINT "outbound_email_organization_id_template_version_id_fkey" FOREIGN KEY ("organization_id", "template_version_id") REFERENCES "template_version"("organization_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "template" ADD CONSTRAINT "template_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "template_version" ADD CONSTRAINT "template_version_organization_id_template_id_fkey" FOREIGN KEY ("organization_id", "template_id") REFERENCES "template"("organization_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "outbound_email_context" ADD CONSTRAINT "outbound_email_context_organization_id_outbound_email_id_fkey" FOREIGN KEY ("organization_id", "outbound_email_id") REFERENCES "outbound_email"("organization_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "outbound_email_context" ADD CONSTRAINT "outbound_email_context_organization_id_context_type_contex_fkey" FOREIGN KEY ("organization_id", "context_type", "context_id") REFERENCES "context_entity"("organization_id", "type", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "outbound_email_search" ADD CONSTRAINT "outbound_email_search_organization_id_outbound_email_id_fkey" FOREIGN KEY ("organization_id", "outbound_email_id") REFERENCES "outbound_email"("organization_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "bounce" ADD CONSTRAINT "bounce_organization_id_outbound_email_id_fkey" FOREIGN KEY ("organization_id", "outbound_email_id") REFERENCES "outbound_email"("organization_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "outbound_email_event" ADD CONSTRAINT "outbound_email_event_organization_id_outbound_email_id_fkey" FOREIGN KEY ("organization_id", "outbound_email_id") REFERENCES "outbound_email"("organization_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attachment" ADD CONSTRAINT "attachment_organization_id_outbound_email_id_fkey" FOREIGN KEY ("organization_id", "outbound_email_id") REFERENCES "outbound_email"("organization_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attachment" ADD CONSTRAINT "attachment_organization_id_message_id_fkey" FOREIGN KEY ("organization_id", "message_id") REFERENCES "email_message"("organization_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attachment" ADD CONSTRAINT "attachment_organization_id_sha256_fkey" FOREIGN KEY ("organization_id", "sha256") REFERENCES "attachment_content"("organization_id", "sha256") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attachment_upload" ADD CONSTRAINT "attachment_upload_organization_id_sha256_fkey" FOREIGN KEY ("organization_id", "sha256") REFERENCES "attachment_content"("organization_id", "sha256") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attachment_upload_piece" ADD CONSTRAINT "attachment_upload_piece_organization_id_upload_id_fkey" FOREIGN KEY ("organization_id", "upload_id") REFERENCES "attachment_upload"("organization_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- CreateTable
CREATE TABLE "retention" (
    "organization_id" UUID NOT NULL,
    "messages_days" INTEGER,
    "events_days" INTEGER,
    "emails_until" TIMESTAMPTZ(3),
    "messages_until" TIMESTAMPTZ(3),

    CONSTRAINT "retention_pkey" PRIMARY KEY ("organization_id")
);

-- CreateTable
CREATE TABLE "erasure" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "address_hash" BYTEA NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "emails" INTEGER NOT NULL,
    "messages" INTEGER NOT NULL,

    CONSTRAINT "erasure_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateIndex
CREATE INDEX "erasure_organization_id_address_hash_idx" ON "erasure"("organization_id", "address_hash");

-- AddForeignKey
ALTER TABLE "retention" ADD CONSTRAINT "retention_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "erasure" ADD CONSTRAINT "erasure_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What follows is written by hand: Prisma can express neither CHECK constraints nor partial indexes. Functions and triggers
-- are in prisma/functions.sql.

-- A kind of context is what its table says it is.
ALTER TABLE "customer" ADD CONSTRAINT "customer_context_type" CHECK (context_type = 'customer');
ALTER TABLE "invoice" ADD CONSTRAINT "invoice_context_type" CHECK (context_type = 'invoice');
ALTER TABLE "invoice" ADD CONSTRAINT "invoice_currency" CHECK (currency ~ '^[A-Z]{3}$');
CREATE UNIQUE INDEX "customer_contact_primary" ON "customer_contact"("organization_id", "customer_id") WHERE "is_primary";

-- Accounts.
ALTER TABLE "email_account" ADD CONSTRAINT "email_account_email_lower_case" CHECK (email = lower(email));
-- An account that can send holds a grant.
ALTER TABLE "email_account" ADD CONSTRAINT "email_account_active_has_grant"
  CHECK (status <> 'ACTIVE' OR sealed_refresh_token IS NOT NULL OR grant_kind = 'DELEGATION');
ALTER TABLE "email_account" ADD CONSTRAINT "email_account_delegation_has_no_refresh_token"
  CHECK (grant_kind = 'CONSENT' OR sealed_refresh_token IS NULL);
ALTER TABLE "email_account" ADD CONSTRAINT "email_account_released_is_disconnected"
  CHECK (released_at IS NULL OR status = 'DISCONNECTED');
CREATE UNIQUE INDEX "email_account_live_email" ON "email_account"("email") WHERE "released_at" IS NULL;
ALTER TABLE "oauth_state" ADD CONSTRAINT "oauth_state_hash_length" CHECK (octet_length(state_hash) = 32);

-- Outbound emails: a state implies its columns.
-- A person may have said that it was sent, without knowing Gmail's ids.
ALTER TABLE "outbound_email" ADD CONSTRAINT "outbound_email_sent_has_provider_ids" CHECK (
  status NOT IN ('SENT', 'BOUNCED')
  OR sent_at IS NOT NULL AND (resolved_by IS NOT NULL
    OR provider_message_id IS NOT NULL AND provider_thread_id IS NOT NULL AND threading IS NOT NULL)
);
ALTER TABLE "outbound_email" ADD CONSTRAINT "outbound_email_sending_has_gmail_draft" CHECK (
  status NOT IN ('SENDING', 'UNCONFIRMED')
  OR (gmail_draft_id IS NOT NULL AND gmail_draft_message_id IS NOT NULL AND gmail_draft_thread_id IS NOT NULL)
);
ALTER TABLE "outbound_email" ADD CONSTRAINT "outbound_email_sending_is_leased" CHECK (
  status <> 'SENDING' OR (lease_token IS NOT NULL AND lease_expires_at IS NOT NULL)
);
ALTER TABLE "outbound_email" ADD CONSTRAINT "outbound_email_sending_has_time" CHECK (
  status NOT IN ('SENDING', 'UNCONFIRMED') OR sending_at IS NOT NULL
);
ALTER TABLE "outbound_email" ADD CONSTRAINT "outbound_email_scheduled_has_time" CHECK (
  status <> 'SCHEDULED' OR planned_send_at IS NOT NULL
);
ALTER TABLE "outbound_email" ADD CONSTRAINT "outbound_email_conditions_have_time" CHECK (
  cardinality(cancel_when) = 0 OR planned_send_at IS NOT NULL
);
ALTER TABLE "outbound_email" ADD CONSTRAINT "outbound_email_failed_has_failure" CHECK (
  status NOT IN ('FAILED', 'UNCONFIRMED') OR failure_code IS NOT NULL
);
ALTER TABLE "outbound_email" ADD CONSTRAINT "outbound_email_failure_is_whole" CHECK (
  num_nonnulls(failure_code, failure_message, failure_retry, failed_at) IN (0, 4)
);
ALTER TABLE "outbound_email" ADD CONSTRAINT "outbound_email_leaving_has_recipients" CHECK (
  status IN ('DRAFT', 'SCHEDULED', 'CANCELED')
  OR cardinality("to") + cardinality(cc) + cardinality(bcc) BETWEEN 1 AND 100
);
ALTER TABLE "outbound_email" ADD CONSTRAINT "outbound_email_reply_has_message" CHECK (
  mode <> 'REPLY' OR (reply_to_message_id IS NOT NULL AND conversation_id IS NOT NULL)
);
ALTER TABLE "outbound_email_context" ADD CONSTRAINT "outbound_email_context_position" CHECK (position >= 0);
ALTER TABLE "conversation_context" ADD CONSTRAINT "conversation_context_position" CHECK (position >= 0);
-- Lists by last contact of what awaits a reply, and of what is due.
CREATE INDEX "context_entity_awaiting" ON "context_entity"("organization_id", "type", "contacted_order", "id", "due_date")
  WHERE "awaiting_reply";
CREATE INDEX "context_entity_due" ON "context_entity"("organization_id", "type", "contacted_order", "id", "due_date")
  WHERE "due_date" IS NOT NULL;
ALTER TABLE "context_entity" ADD CONSTRAINT "context_entity_parent_is_whole" CHECK (
  num_nonnulls(parent_type, parent_id) IN (0, 2)
);
ALTER TABLE "outbound_email" ADD CONSTRAINT "outbound_email_key_has_fingerprint" CHECK (
  (idempotency_key IS NULL) = (request_fingerprint IS NULL)
);
ALTER TABLE "outbound_email" ADD CONSTRAINT "outbound_email_idempotency_key_length" CHECK (
  length(idempotency_key) BETWEEN 1 AND 255
);
-- Only what is queued can wait for a permit or hold one.
ALTER TABLE "outbound_email" ADD CONSTRAINT "outbound_email_permit_is_of_queued" CHECK (permit IS NULL OR status = 'QUEUED');

-- A page keeps room for the updates of its rows: one that stays within its page is logged by what it changes.
ALTER TABLE "outbound_email" SET (fillfactor = 60);
-- Each transition writes into every index that has the row, so an index has only the rows that its queries look for. What
-- most emails are, SENT and FRESH, the index by creation time finds.
-- Prisma casts its parameters from text. PostgreSQL's own cast to an enum is not IMMUTABLE, so that the planner could not tell whether
-- an index with a predicate on an enum applies. These casts are.
CREATE FUNCTION outbound_email_status_of(name text) RETURNS outbound_email_status LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT CASE name WHEN 'DRAFT' THEN 'DRAFT'::outbound_email_status WHEN 'SCHEDULED' THEN 'SCHEDULED' WHEN 'QUEUED' THEN 'QUEUED'
    WHEN 'SENDING' THEN 'SENDING' WHEN 'SENT' THEN 'SENT' WHEN 'FAILED' THEN 'FAILED' WHEN 'CANCELED' THEN 'CANCELED'
    WHEN 'UNCONFIRMED' THEN 'UNCONFIRMED' WHEN 'BOUNCED' THEN 'BOUNCED' END
$$;
CREATE CAST (text AS outbound_email_status) WITH FUNCTION outbound_email_status_of(text);
CREATE FUNCTION send_mode_of(name text) RETURNS send_mode LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT CASE name WHEN 'DRAFT' THEN 'DRAFT'::send_mode WHEN 'FRESH' THEN 'FRESH' WHEN 'REPLY' THEN 'REPLY' END
$$;
CREATE CAST (text AS send_mode) WITH FUNCTION send_mode_of(text);
CREATE INDEX "outbound_email_not_fresh" ON "outbound_email"("organization_id", "mode", "created_at", "id") WHERE "mode" <> 'FRESH';
-- Drafts, which are few, in each order of their lists. Rows that must be sorted first are joined with all that a page shows.
CREATE INDEX "outbound_email_drafts" ON "outbound_email"("organization_id", "created_at", "id")
  WHERE "mode" = 'DRAFT' AND "status" IN ('DRAFT', 'SCHEDULED');
CREATE INDEX "outbound_email_drafts_updated" ON "outbound_email"("organization_id", "updated_at", "id")
  WHERE "mode" = 'DRAFT' AND "status" IN ('DRAFT', 'SCHEDULED');
CREATE INDEX "outbound_email_drafts_planned" ON "outbound_email"("organization_id", "planned_send_at", "id")
  WHERE "mode" = 'DRAFT' AND "status" IN ('DRAFT', 'SCHEDULED') AND "planned_send_at" IS NOT NULL;
CREATE STATISTICS "outbound_email_mode_and_status" (mcv) ON "mode", "status" FROM "outbound_email";
-- An account belongs to one organization. Taken as independent, both together select less than a row, any index that begins with them
-- would do, and a prepared statement reads all messages of an account.
CREATE STATISTICS "outbound_email_account" (dependencies) ON "organization_id", "account_id" FROM "outbound_email";
CREATE STATISTICS "email_message_account" (dependencies) ON "organization_id", "account_id" FROM "email_message";
CREATE STATISTICS "conversation_account" (dependencies) ON "organization_id", "account_id" FROM "conversation";
CREATE INDEX "outbound_email_of_conversation" ON "outbound_email"("organization_id", "conversation_id", "created_at", "id")
  WHERE "conversation_id" IS NOT NULL;
CREATE INDEX "outbound_email_sent" ON "outbound_email"("organization_id", "sent_at", "id") WHERE "sent_at" IS NOT NULL;
CREATE INDEX "outbound_email_planned" ON "outbound_email"("organization_id", "planned_send_at", "id")
  WHERE "planned_send_at" IS NOT NULL;
CREATE INDEX "outbound_email_reply_to" ON "outbound_email"("organization_id", "reply_to_message_id")
  WHERE "reply_to_message_id" IS NOT NULL;
CREATE UNIQUE INDEX "outbound_email_provider_message" ON "outbound_email"("organization_id", "account_id", "provider_message_id")
  WHERE "provider_message_id" IS NOT NULL;
-- An account's emails without a permit in the order in which they leave: interactive ones before scheduled ones.
CREATE INDEX "outbound_email_permit_pending" ON "outbound_email"
  ("organization_id", "account_id", ("planned_send_at" IS NOT NULL), "updated_at", "id") WHERE "permit" = 'PENDING';
-- Enqueued emails without a final state, by the time at which something is due: what is overdue has lost its job.
CREATE INDEX "outbound_email_due" ON "outbound_email" ((
  CASE status WHEN 'SCHEDULED' THEN coalesce(next_attempt_at, planned_send_at)
    WHEN 'QUEUED' THEN coalesce(lease_expires_at, next_attempt_at, updated_at)
    ELSE coalesce(lease_expires_at, next_attempt_at) END
)) WHERE status IN ('SCHEDULED', 'QUEUED', 'SENDING', 'UNCONFIRMED');
-- What was sent, or may have been, and whose sent copy was not fetched yet: its Message-ID is not known.
CREATE INDEX "outbound_email_leaving" ON "outbound_email"
  ("organization_id", "account_id", (coalesce("provider_thread_id", "gmail_draft_thread_id")))
  WHERE "status" IN ('SENDING', 'UNCONFIRMED', 'SENT', 'BOUNCED') AND "sent_copy_fetched_at" IS NULL;

-- What conversations are about themselves, by kind. A link to a customer is often only that of its invoice, without a position: the
-- statistics say how often.
CREATE STATISTICS "conversation_context_kind" (mcv) ON "context_type", "position" FROM "conversation_context";
CREATE INDEX "conversation_context_of_type" ON "conversation_context"("organization_id", "context_type", "conversation_id")
  WHERE "position" IS NOT NULL;

-- Conversations. Those that await our answer are few among many.
CREATE INDEX "conversation_awaits_our_answer" ON "conversation"("organization_id", "last_message_at", "id") WHERE "awaits_our_answer";

-- Templates.
CREATE UNIQUE INDEX "template_name" ON "template"("organization_id", "name") WHERE "deleted_at" IS NULL;
CREATE UNIQUE INDEX "template_version_current" ON "template_version"("organization_id", "template_id", (coalesce("locale", '')))
  WHERE "is_current";
ALTER TABLE "outbound_email" ADD CONSTRAINT "outbound_email_template_use_is_whole" CHECK (
  num_nonnulls(template_use, template_version_id) IN (0, 2) AND (template_values IS NULL OR template_use IS NOT NULL)
);
-- The words of these emails follow their template.
CREATE INDEX "outbound_email_scheduled_template" ON "outbound_email"("organization_id", "template_version_id")
  WHERE "status" = 'SCHEDULED' AND "template_version_id" IS NOT NULL;

-- Attachments.
ALTER TABLE "attachment" ADD CONSTRAINT "attachment_has_one_owner" CHECK (num_nonnulls(outbound_email_id, message_id) = 1);
-- Only the bytes of a received attachment may still be at Gmail; its part id says where.
ALTER TABLE "attachment" ADD CONSTRAINT "attachment_has_bytes" CHECK (sha256 IS NOT NULL OR part_id IS NOT NULL);
ALTER TABLE "attachment_content" ADD CONSTRAINT "attachment_content_hash" CHECK (sha256 ~ '^[0-9a-f]{64}$');
-- Files are compressed already as a rule, and are read in slices.
ALTER TABLE "attachment_content" ALTER COLUMN "bytes" SET STORAGE EXTERNAL;
ALTER TABLE "attachment_upload_piece" ALTER COLUMN "bytes" SET STORAGE EXTERNAL;
ALTER TABLE "attachment_upload" ADD CONSTRAINT "attachment_upload_is_whole" CHECK (num_nulls(size, sha256) IN (0, 2));

-- Mailboxes.
ALTER TABLE "mailbox_sync" ADD CONSTRAINT "mailbox_sync_history_id" CHECK (history_id ~ '^[0-9]{1,20}$');
ALTER TABLE "mailbox_sync" ADD CONSTRAINT "mailbox_sync_history_has_cursor" CHECK (phase = 'IMPORT' OR history_id IS NOT NULL);
ALTER TABLE "mailbox_sync" ADD CONSTRAINT "mailbox_sync_listing_is_bounded"
  CHECK (history_id IS NULL OR phase = 'INCREMENTAL' OR since IS NOT NULL AND full_sync_started_at IS NOT NULL);
ALTER TABLE "mailbox_sync" ADD CONSTRAINT "mailbox_sync_lease_is_whole"
  CHECK (num_nulls(lease_token, lease_expires_at, lease_owner) IN (0, 3));
ALTER TABLE "mailbox_sync" ADD CONSTRAINT "mailbox_sync_error_is_whole"
  CHECK (num_nulls(error_code, error_message, failed_at) IN (0, 3));
CREATE INDEX "mailbox_sync_lease_owner" ON "mailbox_sync"("lease_owner") WHERE "lease_owner" IS NOT NULL;

-- Correlation. RFC 3463 status codes, of failures and delays.
ALTER TABLE "bounce" ADD CONSTRAINT "bounce_status" CHECK (status ~ '^[45]\.\d{1,3}\.\d{1,3}$');
-- An inbound message that names an earlier mail whose sent copy is stored later is found by it. Without a pending list,
-- which every sent copy would have to scan.
CREATE INDEX "email_message_named_ids" ON "email_message" USING gin ("named_ids") WITH (fastupdate = off)
  WHERE "direction" = 'INBOUND' AND "answers_email_id" IS NULL;
CREATE INDEX "email_message_unattributed" ON "email_message"("organization_id", "conversation_id")
  WHERE "direction" = 'INBOUND' AND "answers_email_id" IS NULL;
-- For the foreign key: deleting a draft must not scan all messages.
CREATE INDEX "email_message_answers_email" ON "email_message"("organization_id", "answers_email_id")
  WHERE "answers_email_id" IS NOT NULL;

-- A word that the statistics do not know is taken for a frequent one, and then the newest conversations are scanned one by
-- one until enough are found: half a second for a rare word among 100,000 instead of a millisecond.
ALTER TABLE "message_search" ALTER COLUMN "terms" SET STATISTICS 400;
ALTER TABLE "outbound_email_search" ALTER COLUMN "terms" SET STATISTICS 400;
