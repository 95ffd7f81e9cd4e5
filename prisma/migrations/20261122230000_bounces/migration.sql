-- AlterTable
ALTER TABLE "email_message" ADD COLUMN     "answers_email_id" UUID,
ADD COLUMN     "delivery_notice" JSONB,
ADD COLUMN     "is_automatic" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "named_ids" TEXT[],
ADD COLUMN     "problem" TEXT;

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

-- CreateIndex
CREATE INDEX "bounce_organization_id_outbound_email_id_at_id_idx" ON "bounce"("organization_id", "outbound_email_id", "at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "bounce_organization_id_message_id_recipient_key" ON "bounce"("organization_id", "message_id", "recipient");

-- CreateIndex
CREATE INDEX "outbound_email_organization_id_mode_created_at_id_idx" ON "outbound_email"("organization_id", "mode", "created_at", "id");

-- AddForeignKey
ALTER TABLE "email_message" ADD CONSTRAINT "email_message_organization_id_answers_email_id_fkey" FOREIGN KEY ("organization_id", "answers_email_id") REFERENCES "outbound_email"("organization_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "bounce" ADD CONSTRAINT "bounce_organization_id_outbound_email_id_fkey" FOREIGN KEY ("organization_id", "outbound_email_id") REFERENCES "outbound_email"("organization_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What follows is written by hand.

-- RFC 3463, as far as it is of interest.
ALTER TABLE "bounce" ADD CONSTRAINT "bounce_status" CHECK (status ~ '^[45]\.\d{1,3}\.\d{1,3}$');

-- What came in and names an earlier mail whose sent copy is stored later is found by it. Without a pending list, which
-- every sent copy would have to look through.
CREATE INDEX "email_message_named_ids" ON "email_message" USING gin ("named_ids") WITH (fastupdate = off)
  WHERE "direction" = 'INBOUND' AND "answers_email_id" IS NULL;
-- What came into a conversation and is not known to be about an email.
CREATE INDEX "email_message_unattributed" ON "email_message"("organization_id", "conversation_id")
  WHERE "direction" = 'INBOUND' AND "answers_email_id" IS NULL;

-- What has left, or may have, and is not read back: whose Message-ID is not known yet.
DROP INDEX "outbound_email_not_read_back";
CREATE INDEX "outbound_email_not_read_back" ON "outbound_email"("sent_at")
  WHERE "status" IN ('SENT', 'BOUNCED') AND "read_back_at" IS NULL AND "provider_message_id" IS NOT NULL;
CREATE INDEX "outbound_email_leaving" ON "outbound_email"
  ("organization_id", "account_id", (coalesce("provider_thread_id", "ticket_thread_id")))
  WHERE "status" IN ('SENDING', 'UNCONFIRMED', 'SENT', 'BOUNCED') AND "read_back_at" IS NULL;
-- For the foreign key: a draft that is deleted must not look through all messages.
CREATE INDEX "email_message_answers_email" ON "email_message"("organization_id", "answers_email_id")
  WHERE "answers_email_id" IS NOT NULL;

-- A word that the statistics do not know is taken for a frequent one, and then the newest conversations are looked
-- through one by one until enough are found: for a rare word among 100,000, half a second instead of a millisecond.
ALTER TABLE "conversation_search" ALTER COLUMN "terms" SET STATISTICS 400;
ALTER TABLE "outbound_email_search" ALTER COLUMN "terms" SET STATISTICS 400;
