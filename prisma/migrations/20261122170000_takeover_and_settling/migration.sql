-- AlterTable
ALTER TABLE "outbound_email" ADD COLUMN     "lease_owner" UUID,
ADD COLUMN     "resends" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "resolved_by" TEXT,
ADD COLUMN     "settle_reads" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "ticket_unsent_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "process_heartbeat" (
    "id" UUID NOT NULL,
    "beat_at" TIMESTAMPTZ(3) NOT NULL,
    "worker_pool" TEXT NOT NULL,

    CONSTRAINT "process_heartbeat_pkey" PRIMARY KEY ("id")
);

-- Only the few rows that are being delivered: what a dead process held is found at once.
CREATE INDEX "outbound_email_lease_owner" ON "outbound_email"("lease_owner") WHERE "lease_owner" IS NOT NULL;

-- A person may say that it was sent, without knowing Gmail's ids.
ALTER TABLE "outbound_email" DROP CONSTRAINT "outbound_email_sent_has_provider_ids";
ALTER TABLE "outbound_email" ADD CONSTRAINT "outbound_email_sent_has_provider_ids" CHECK (
  status NOT IN ('SENT', 'BOUNCED')
  OR sent_at IS NOT NULL AND (resolved_by IS NOT NULL
    OR provider_message_id IS NOT NULL AND provider_thread_id IS NOT NULL AND threading IS NOT NULL)
);
