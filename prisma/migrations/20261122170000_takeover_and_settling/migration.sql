-- AlterTable
ALTER TABLE "outbound_email" ADD COLUMN     "lease_owner" UUID,
ADD COLUMN     "resends" INTEGER NOT NULL DEFAULT 0,
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
