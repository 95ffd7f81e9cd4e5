-- CreateEnum
CREATE TYPE "grant_kind" AS ENUM ('CONSENT', 'DELEGATION');

-- AlterTable
ALTER TABLE "email_account" ADD COLUMN     "grant_id" UUID NOT NULL DEFAULT gen_random_uuid(),
ADD COLUMN     "grant_kind" "grant_kind" NOT NULL DEFAULT 'CONSENT';

-- CreateTable
CREATE TABLE "account_token" (
    "organization_id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "grant_id" UUID NOT NULL,
    "fetch_id" UUID NOT NULL,
    "fetching_until" TIMESTAMPTZ(3),
    "sealed_access_token" TEXT,
    "expires_at" TIMESTAMPTZ(3),
    "failure" JSONB,

    CONSTRAINT "account_token_pkey" PRIMARY KEY ("organization_id","account_id")
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

-- CreateIndex
CREATE UNIQUE INDEX "oauth_state_state_hash_key" ON "oauth_state"("state_hash");

-- CreateIndex
CREATE INDEX "oauth_state_expires_at_idx" ON "oauth_state"("expires_at");

-- AddForeignKey
ALTER TABLE "account_token" ADD CONSTRAINT "account_token_organization_id_account_id_fkey" FOREIGN KEY ("organization_id", "account_id") REFERENCES "email_account"("organization_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "oauth_state" ADD CONSTRAINT "oauth_state_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What follows is written by hand: Prisma cannot express CHECK constraints.

ALTER TABLE "email_account" DROP CONSTRAINT "email_account_active_has_grant";
ALTER TABLE "email_account" ADD CONSTRAINT "email_account_active_has_grant"
  CHECK (status <> 'ACTIVE' OR sealed_refresh_token IS NOT NULL OR grant_kind = 'DELEGATION');
ALTER TABLE "email_account" ADD CONSTRAINT "email_account_delegation_has_no_refresh_token"
  CHECK (grant_kind = 'CONSENT' OR sealed_refresh_token IS NULL);
ALTER TABLE "account_token" ADD CONSTRAINT "account_token_has_an_end"
  CHECK ((sealed_access_token IS NULL) = (expires_at IS NULL));
ALTER TABLE "oauth_state" ADD CONSTRAINT "oauth_state_hash_length" CHECK (octet_length(state_hash) = 32);
