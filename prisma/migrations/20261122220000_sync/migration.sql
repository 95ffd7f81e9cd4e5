-- CreateEnum
CREATE TYPE "mailbox_sync_phase" AS ENUM ('IMPORT', 'RELIST', 'LABELS', 'HISTORY');

-- AlterTable
ALTER TABLE "account_pace" ADD COLUMN     "read_until" TIMESTAMPTZ(6);

-- AlterTable
ALTER TABLE "email_account" DROP COLUMN "last_synced_at";

-- AlterTable
ALTER TABLE "email_message" ADD COLUMN     "deleted_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "mailbox_sync" (
    "organization_id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "phase" "mailbox_sync_phase" NOT NULL DEFAULT 'IMPORT',
    "history_id" TEXT,
    "page_token" TEXT,
    "since" TIMESTAMPTZ(3),
    "listed_from" TIMESTAMPTZ(3),
    "imported" INTEGER NOT NULL DEFAULT 0,
    "estimated" INTEGER,
    "lease_token" UUID,
    "lease_expires_at" TIMESTAMPTZ(3),
    "lease_owner" UUID,
    "again" BOOLEAN NOT NULL DEFAULT false,
    "runs" INTEGER NOT NULL DEFAULT 0,
    "next_run_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_synced_at" TIMESTAMPTZ(3),
    "active_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "error_code" TEXT,
    "error_message" TEXT,
    "failed_at" TIMESTAMPTZ(3),
    "watch_expires_at" TIMESTAMPTZ(3),

    CONSTRAINT "mailbox_sync_pkey" PRIMARY KEY ("organization_id","account_id")
);

-- CreateTable
CREATE TABLE "mailbox_listing" (
    "organization_id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "provider_message_id" TEXT NOT NULL,

    CONSTRAINT "mailbox_listing_pkey" PRIMARY KEY ("organization_id","account_id","provider_message_id")
);

-- CreateIndex
CREATE INDEX "mailbox_sync_next_run_at_idx" ON "mailbox_sync"("next_run_at");

-- AddForeignKey
ALTER TABLE "mailbox_sync" ADD CONSTRAINT "mailbox_sync_organization_id_account_id_fkey" FOREIGN KEY ("organization_id", "account_id") REFERENCES "email_account"("organization_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What follows is written by hand.

ALTER TABLE "mailbox_sync" ADD CONSTRAINT "mailbox_sync_history_id" CHECK (history_id ~ '^[0-9]{1,20}$');
ALTER TABLE "mailbox_sync" ADD CONSTRAINT "mailbox_sync_history_has_cursor" CHECK (phase = 'IMPORT' OR history_id IS NOT NULL);
ALTER TABLE "mailbox_sync" ADD CONSTRAINT "mailbox_sync_listing_is_bounded"
  CHECK (history_id IS NULL OR phase = 'HISTORY' OR since IS NOT NULL AND listed_from IS NOT NULL);
ALTER TABLE "mailbox_sync" ADD CONSTRAINT "mailbox_sync_lease_is_whole" CHECK (num_nulls(lease_token, lease_expires_at, lease_owner) IN (0, 3));
ALTER TABLE "mailbox_sync" ADD CONSTRAINT "mailbox_sync_error_is_whole" CHECK (num_nulls(error_code, error_message, failed_at) IN (0, 3));

-- Only the few that are being read: what a dead process held is found at once.
CREATE INDEX "mailbox_sync_lease_owner" ON "mailbox_sync"("lease_owner") WHERE "lease_owner" IS NOT NULL;

-- No account is without the row that says how far its mailbox has been read, however it came to be.
CREATE FUNCTION "email_account_has_sync"() RETURNS trigger LANGUAGE plpgsql AS '
BEGIN
  INSERT INTO mailbox_sync (organization_id, account_id) VALUES (NEW.organization_id, NEW.id);
  RETURN NULL;
END';
CREATE TRIGGER "email_account_has_sync" AFTER INSERT ON "email_account"
  FOR EACH ROW EXECUTE FUNCTION "email_account_has_sync"();
INSERT INTO "mailbox_sync" ("organization_id", "account_id") SELECT "organization_id", "id" FROM "email_account";

-- Grants up to `wanted` slots of the account's pace to reading. They do not count as sends. Sending comes first: nothing
-- is granted while an email waits for a slot, some are kept free for the next emails (a quarter of them where somebody
-- has sent within the half hour, else a sixteenth), and the others are had evenly, `burst` at once at most: what is
-- evenly taken is evenly free again. `wait_ms`: until the next one may be had; 0 when all were granted.
CREATE FUNCTION "take_read_slots"(organization uuid, account uuid, wanted integer, burst integer, per_window integer,
  window_ms double precision, OUT granted integer, OUT wait_ms double precision) LANGUAGE plpgsql AS '
DECLARE
  pace account_pace := lock_account_pace(organization, account);
  t timestamptz := clock_timestamp();
  sends integer[] := sends_at(pace, t);
  is_blocked boolean := coalesce(pace.blocked_until > t, false);
  is_sending boolean := coalesce(sends[1], 0) + coalesce(sends[2], 0) > 0;
  share integer := per_window - least(per_window - 1, CASE WHEN is_sending THEN per_window / 4 ELSE greatest(1, per_window / 16) END);
  spacing_ms double precision := window_ms / share;
  owed_ms double precision := greatest(0, coalesce(extract(epoch FROM pace.read_until - t) * 1000, 0));
  used integer;
BEGIN
  granted := 0;
  wait_ms := 0;
  IF is_blocked AND pace.blocked_code = ''THROTTLED'' THEN
    wait_ms := extract(epoch FROM pace.blocked_until - t) * 1000;
    RETURN;
  END IF;
  -- What waits for the day''s limit waits for long, and units of this minute would not help it.
  IF NOT is_blocked AND EXISTS (SELECT FROM outbound_email e
      WHERE e.organization_id = organization AND e.account_id = account AND e.slot = ''WAITING'') THEN
    wait_ms := window_ms / per_window;
    RETURN;
  END IF;
  SELECT count(*) INTO used FROM unnest(pace.slots) s WHERE s > t - window_ms * interval ''1 ms'';
  granted := greatest(0, least(wanted, share - used, floor(burst - owed_ms / spacing_ms)::integer));
  IF granted > 0 THEN
    owed_ms := owed_ms + granted * spacing_ms;
    pace.slots := pace.slots || array_fill(t, ARRAY[granted]);
    used := used + granted;
    UPDATE account_pace p SET slots = pace.slots[greatest(1, cardinality(pace.slots) + 1 - per_window):],
        read_until = t + owed_ms * interval ''1 ms''
      WHERE p.organization_id = organization AND p.account_id = account;
  END IF;
  IF granted < wanted THEN
    wait_ms := greatest(0, owed_ms - (burst - 1) * spacing_ms);
    IF used >= share THEN
      wait_ms := greatest(wait_ms,
        extract(epoch FROM pace.slots[cardinality(pace.slots) - share + 1] - t) * 1000 + window_ms);
    END IF;
  END IF;
END';
