-- DropIndex
DROP INDEX "context_entity_organization_id_type_awaiting_reply_idx";

-- AlterTable
ALTER TABLE "context_entity" ADD COLUMN     "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- Written by hand: what is there is as old as what it stands for.
UPDATE "context_entity" c SET "created_at" = i."created_at" FROM "invoice" i
  WHERE i."organization_id" = c."organization_id" AND i."context_type" = c."type" AND i."id" = c."id";
UPDATE "context_entity" c SET "created_at" = k."created_at" FROM "customer" k
  WHERE k."organization_id" = c."organization_id" AND k."context_type" = c."type" AND k."id" = c."id";

-- CreateIndex
CREATE INDEX "context_entity_organization_id_type_awaiting_reply_created__idx" ON "context_entity"("organization_id", "type", "awaiting_reply", "created_at", "id");
