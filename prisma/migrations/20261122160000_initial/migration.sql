-- CreateEnum
CREATE TYPE "email_account_status" AS ENUM ('ACTIVE', 'NEEDS_REAUTH', 'PAUSED', 'DISCONNECTED');

-- CreateEnum
CREATE TYPE "invoice_status" AS ENUM ('DRAFT', 'OPEN', 'OVERDUE', 'PAID', 'VOID');

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
    "status" "email_account_status" NOT NULL,
    "status_reason" TEXT,
    "sealed_refresh_token" TEXT,
    "last_synced_at" TIMESTAMPTZ(3),
    "connected_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "email_account_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "context_entity" (
    "organization_id" UUID NOT NULL,
    "type" TEXT NOT NULL,
    "id" UUID NOT NULL,
    "last_contacted_at" TIMESTAMPTZ(3),
    "last_inbound_at" TIMESTAMPTZ(3),
    "awaiting_reply" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "context_entity_pkey" PRIMARY KEY ("organization_id","type","id")
);

-- CreateTable
CREATE TABLE "customer" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "context_type" TEXT NOT NULL DEFAULT 'customer',
    "external_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "email" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "customer_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "invoice" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "context_type" TEXT NOT NULL DEFAULT 'invoice',
    "number" TEXT NOT NULL,
    "customer_id" UUID NOT NULL,
    "status" "invoice_status" NOT NULL,
    "currency" TEXT NOT NULL,
    "issue_date" TIMESTAMPTZ(3) NOT NULL,
    "due_date" TIMESTAMPTZ(3) NOT NULL,
    "paid_date" TIMESTAMPTZ(3),
    "subtotal_cents" BIGINT NOT NULL,
    "discounts_cents" BIGINT NOT NULL,
    "tax_cents" BIGINT NOT NULL,
    "total_cents" BIGINT NOT NULL,
    "amount_paid_cents" BIGINT NOT NULL,
    "amount_due_cents" BIGINT NOT NULL,
    "payment_link" TEXT,
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
    "message_count" INTEGER NOT NULL,
    "last_message_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "conversation_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "conversation_search" (
    "organization_id" UUID NOT NULL,
    "conversation_id" UUID NOT NULL,
    "terms" TEXT[],

    CONSTRAINT "conversation_search_pkey" PRIMARY KEY ("organization_id","conversation_id")
);

-- CreateTable
CREATE TABLE "conversation_context" (
    "organization_id" UUID NOT NULL,
    "conversation_id" UUID NOT NULL,
    "context_type" TEXT NOT NULL,
    "context_id" UUID NOT NULL,
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
    "sent_at" TIMESTAMPTZ(3) NOT NULL,
    "is_read" BOOLEAN NOT NULL,
    "labels" TEXT[],
    "message_id" TEXT,
    "in_reply_to" TEXT,
    "references" TEXT[],
    "outbound_email_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "email_message_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "outbound_email" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "status" "outbound_email_status" NOT NULL,
    "mode" "send_mode" NOT NULL,
    "revision" INTEGER NOT NULL DEFAULT 1,
    "account_id" UUID NOT NULL,
    "from_email" TEXT NOT NULL,
    "to" TEXT[],
    "cc" TEXT[],
    "bcc" TEXT[],
    "reply_to" TEXT[],
    "subject" TEXT NOT NULL,
    "body_text" TEXT,
    "body_html" TEXT,
    "context_type" TEXT,
    "context_id" UUID,
    "reply_to_message_id" UUID,
    "conversation_id" UUID,
    "requested_thread_id" TEXT,
    "in_reply_to" TEXT,
    "references" TEXT[],
    "idempotency_key" TEXT,
    "request_fingerprint" JSONB,
    "lease_token" UUID,
    "lease_expires_at" TIMESTAMPTZ(3),
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3),
    "ticket_draft_id" TEXT,
    "ticket_message_id" TEXT,
    "ticket_thread_id" TEXT,
    "provider_message_id" TEXT,
    "provider_thread_id" TEXT,
    "message_id" TEXT,
    "threading" "threading",
    "planned_send_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "sent_at" TIMESTAMPTZ(3),
    "failure_code" TEXT,
    "failure_message" TEXT,
    "failure_retry" "retry_advice",
    "failed_at" TIMESTAMPTZ(3),
    "failure_status" INTEGER,

    CONSTRAINT "outbound_email_pkey" PRIMARY KEY ("organization_id","id")
);

-- CreateTable
CREATE TABLE "outbound_email_search" (
    "organization_id" UUID NOT NULL,
    "outbound_email_id" UUID NOT NULL,
    "terms" TEXT[],

    CONSTRAINT "outbound_email_search_pkey" PRIMARY KEY ("organization_id","outbound_email_id")
);

-- CreateTable
CREATE TABLE "outbound_email_event" (
    "organization_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "outbound_email_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "type" TEXT NOT NULL,
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

-- CreateIndex
CREATE UNIQUE INDEX "organization_name_key" ON "organization"("name");

-- CreateIndex
CREATE UNIQUE INDEX "api_key_secret_hash_key" ON "api_key"("secret_hash");

-- CreateIndex
CREATE UNIQUE INDEX "email_account_email_key" ON "email_account"("email");

-- CreateIndex
CREATE INDEX "email_account_organization_id_created_at_id_idx" ON "email_account"("organization_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "context_entity_organization_id_type_awaiting_reply_idx" ON "context_entity"("organization_id", "type", "awaiting_reply");

-- CreateIndex
CREATE INDEX "customer_organization_id_created_at_id_idx" ON "customer"("organization_id", "created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "customer_organization_id_external_id_key" ON "customer"("organization_id", "external_id");

-- CreateIndex
CREATE UNIQUE INDEX "customer_organization_id_context_type_id_key" ON "customer"("organization_id", "context_type", "id");

-- CreateIndex
CREATE INDEX "invoice_organization_id_created_at_id_idx" ON "invoice"("organization_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "invoice_organization_id_status_created_at_id_idx" ON "invoice"("organization_id", "status", "created_at", "id");

-- CreateIndex
CREATE INDEX "invoice_organization_id_customer_id_created_at_id_idx" ON "invoice"("organization_id", "customer_id", "created_at", "id");

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
CREATE INDEX "conversation_search_terms_idx" ON "conversation_search" USING GIN ("terms");

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
CREATE INDEX "outbound_email_organization_id_account_id_created_at_id_idx" ON "outbound_email"("organization_id", "account_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "outbound_email_organization_id_context_type_context_id_crea_idx" ON "outbound_email"("organization_id", "context_type", "context_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "outbound_email_organization_id_conversation_id_created_at_i_idx" ON "outbound_email"("organization_id", "conversation_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "outbound_email_organization_id_sent_at_id_idx" ON "outbound_email"("organization_id", "sent_at", "id");

-- CreateIndex
CREATE INDEX "outbound_email_organization_id_planned_send_at_id_idx" ON "outbound_email"("organization_id", "planned_send_at", "id");

-- CreateIndex
CREATE INDEX "outbound_email_organization_id_reply_to_message_id_idx" ON "outbound_email"("organization_id", "reply_to_message_id");

-- CreateIndex
CREATE UNIQUE INDEX "outbound_email_organization_id_idempotency_key_key" ON "outbound_email"("organization_id", "idempotency_key");

-- CreateIndex
CREATE UNIQUE INDEX "outbound_email_organization_id_account_id_provider_message__key" ON "outbound_email"("organization_id", "account_id", "provider_message_id");

-- CreateIndex
CREATE INDEX "outbound_email_search_terms_idx" ON "outbound_email_search" USING GIN ("terms");

-- CreateIndex
CREATE INDEX "outbound_email_event_organization_id_outbound_email_id_at_i_idx" ON "outbound_email_event"("organization_id", "outbound_email_id", "at", "id");

-- CreateIndex
CREATE INDEX "attachment_organization_id_sha256_idx" ON "attachment"("organization_id", "sha256");

-- CreateIndex
CREATE UNIQUE INDEX "attachment_organization_id_outbound_email_id_position_key" ON "attachment"("organization_id", "outbound_email_id", "position");

-- CreateIndex
CREATE UNIQUE INDEX "attachment_organization_id_message_id_position_key" ON "attachment"("organization_id", "message_id", "position");

-- AddForeignKey
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "email_account" ADD CONSTRAINT "email_account_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "context_entity" ADD CONSTRAINT "context_entity_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "customer" ADD CONSTRAINT "customer_organization_id_context_type_id_fkey" FOREIGN KEY ("organization_id", "context_type", "id") REFERENCES "context_entity"("organization_id", "type", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "invoice" ADD CONSTRAINT "invoice_organization_id_context_type_id_fkey" FOREIGN KEY ("organization_id", "context_type", "id") REFERENCES "context_entity"("organization_id", "type", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "invoice" ADD CONSTRAINT "invoice_organization_id_customer_id_fkey" FOREIGN KEY ("organization_id", "customer_id") REFERENCES "customer"("organization_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "conversation" ADD CONSTRAINT "conversation_organization_id_account_id_fkey" FOREIGN KEY ("organization_id", "account_id") REFERENCES "email_account"("organization_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "conversation_search" ADD CONSTRAINT "conversation_search_organization_id_conversation_id_fkey" FOREIGN KEY ("organization_id", "conversation_id") REFERENCES "conversation"("organization_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

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
ALTER TABLE "outbound_email" ADD CONSTRAINT "outbound_email_organization_id_account_id_fkey" FOREIGN KEY ("organization_id", "account_id") REFERENCES "email_account"("organization_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "outbound_email" ADD CONSTRAINT "outbound_email_organization_id_context_type_context_id_fkey" FOREIGN KEY ("organization_id", "context_type", "context_id") REFERENCES "context_entity"("organization_id", "type", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "outbound_email" ADD CONSTRAINT "outbound_email_organization_id_reply_to_message_id_fkey" FOREIGN KEY ("organization_id", "reply_to_message_id") REFERENCES "email_message"("organization_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "outbound_email" ADD CONSTRAINT "outbound_email_organization_id_conversation_id_fkey" FOREIGN KEY ("organization_id", "conversation_id") REFERENCES "conversation"("organization_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "outbound_email_search" ADD CONSTRAINT "outbound_email_search_organization_id_outbound_email_id_fkey" FOREIGN KEY ("organization_id", "outbound_email_id") REFERENCES "outbound_email"("organization_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "outbound_email_event" ADD CONSTRAINT "outbound_email_event_organization_id_outbound_email_id_fkey" FOREIGN KEY ("organization_id", "outbound_email_id") REFERENCES "outbound_email"("organization_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attachment" ADD CONSTRAINT "attachment_organization_id_outbound_email_id_fkey" FOREIGN KEY ("organization_id", "outbound_email_id") REFERENCES "outbound_email"("organization_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attachment" ADD CONSTRAINT "attachment_organization_id_message_id_fkey" FOREIGN KEY ("organization_id", "message_id") REFERENCES "email_message"("organization_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attachment" ADD CONSTRAINT "attachment_organization_id_sha256_fkey" FOREIGN KEY ("organization_id", "sha256") REFERENCES "attachment_content"("organization_id", "sha256") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What follows is written by hand: Prisma can express neither CHECK constraints nor triggers.

-- A kind of context is what its table says it is.
ALTER TABLE "customer" ADD CONSTRAINT "customer_context_type" CHECK (context_type = 'customer');
ALTER TABLE "invoice" ADD CONSTRAINT "invoice_context_type" CHECK (context_type = 'invoice');
ALTER TABLE "invoice" ADD CONSTRAINT "invoice_currency" CHECK (currency ~ '^[A-Z]{3}$');

ALTER TABLE "email_account" ADD CONSTRAINT "email_account_email_lower_case" CHECK (email = lower(email));
-- An account that can send holds a grant.
ALTER TABLE "email_account" ADD CONSTRAINT "email_account_active_has_grant"
  CHECK (status <> 'ACTIVE' OR sealed_refresh_token IS NOT NULL);

-- A state implies its columns.
ALTER TABLE "outbound_email" ADD CONSTRAINT "outbound_email_sent_has_provider_ids" CHECK (
  status NOT IN ('SENT', 'BOUNCED')
  OR (provider_message_id IS NOT NULL AND provider_thread_id IS NOT NULL AND sent_at IS NOT NULL AND threading IS NOT NULL)
);
ALTER TABLE "outbound_email" ADD CONSTRAINT "outbound_email_sending_has_ticket" CHECK (
  status NOT IN ('SENDING', 'UNCONFIRMED')
  OR (ticket_draft_id IS NOT NULL AND ticket_message_id IS NOT NULL AND ticket_thread_id IS NOT NULL)
);
ALTER TABLE "outbound_email" ADD CONSTRAINT "outbound_email_sending_is_leased" CHECK (
  status <> 'SENDING' OR (lease_token IS NOT NULL AND lease_expires_at IS NOT NULL)
);
ALTER TABLE "outbound_email" ADD CONSTRAINT "outbound_email_scheduled_has_time" CHECK (
  status <> 'SCHEDULED' OR planned_send_at IS NOT NULL
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
ALTER TABLE "outbound_email" ADD CONSTRAINT "outbound_email_context_is_whole" CHECK (
  num_nonnulls(context_type, context_id) IN (0, 2)
);
ALTER TABLE "outbound_email" ADD CONSTRAINT "outbound_email_key_has_fingerprint" CHECK (
  (idempotency_key IS NULL) = (request_fingerprint IS NULL)
);
ALTER TABLE "outbound_email" ADD CONSTRAINT "outbound_email_idempotency_key_length" CHECK (
  length(idempotency_key) BETWEEN 1 AND 255
);

ALTER TABLE "attachment" ADD CONSTRAINT "attachment_has_one_owner" CHECK (num_nonnulls(outbound_email_id, message_id) = 1);
-- Only the bytes of a received attachment may still be at Gmail; its part id says where.
ALTER TABLE "attachment" ADD CONSTRAINT "attachment_has_bytes" CHECK (sha256 IS NOT NULL OR part_id IS NOT NULL);
ALTER TABLE "attachment_content" ADD CONSTRAINT "attachment_content_hash" CHECK (sha256 ~ '^[0-9a-f]{64}$');
-- Already compressed as a rule, and read in slices.
ALTER TABLE "attachment_content" ALTER COLUMN "bytes" SET STORAGE EXTERNAL;

-- The audit trail is append-only; its rows go only with a draft that is deleted.
CREATE FUNCTION "outbound_email_event_is_append_only"() RETURNS trigger LANGUAGE plpgsql AS '
BEGIN
  IF TG_OP = ''DELETE'' AND NOT EXISTS (
    SELECT FROM outbound_email WHERE organization_id = OLD.organization_id AND id = OLD.outbound_email_id
  ) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION ''outbound_email_event is append-only'';
END';
CREATE TRIGGER "outbound_email_event_is_append_only" BEFORE UPDATE OR DELETE ON "outbound_email_event"
  FOR EACH ROW EXECUTE FUNCTION "outbound_email_event_is_append_only"();

-- What was accepted for sending is never deleted.
CREATE FUNCTION "outbound_email_is_kept"() RETURNS trigger LANGUAGE plpgsql AS '
BEGIN
  IF OLD.status IN (''DRAFT'', ''SCHEDULED'') THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION ''only a draft can be deleted'';
END';
CREATE TRIGGER "outbound_email_is_kept" BEFORE DELETE ON "outbound_email"
  FOR EACH ROW EXECUTE FUNCTION "outbound_email_is_kept"();
