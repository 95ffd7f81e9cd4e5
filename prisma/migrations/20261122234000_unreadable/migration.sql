-- AlterTable
ALTER TABLE "mailbox_sync" ADD COLUMN     "unreadable_ids" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "unreadable_retry_at" TIMESTAMPTZ(3);
