-- CreateEnum
CREATE TYPE "send_slot" AS ENUM ('WAITING', 'GRANTED');

-- AlterTable
ALTER TABLE "outbound_email" ADD COLUMN     "deferrals" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "read_back_at" TIMESTAMPTZ(3),
ADD COLUMN     "slot" "send_slot";

-- CreateTable
CREATE TABLE "account_pace" (
    "organization_id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "slots" TIMESTAMPTZ(3)[],
    "sends" INTEGER[],
    "sends_from" TIMESTAMPTZ(3) NOT NULL,
    "blocked_until" TIMESTAMPTZ(3),
    "blocked_code" TEXT,
    "throttles" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "account_pace_pkey" PRIMARY KEY ("organization_id","account_id")
);

-- AddForeignKey
ALTER TABLE "account_pace" ADD CONSTRAINT "account_pace_organization_id_account_id_fkey" FOREIGN KEY ("organization_id", "account_id") REFERENCES "email_account"("organization_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What follows is written by hand.

-- Only what is queued can wait for a slot or hold one.
ALTER TABLE "outbound_email" ADD CONSTRAINT "outbound_email_slot_is_of_queued" CHECK (slot IS NULL OR status = 'QUEUED');
-- An account's waiting emails in the order in which they leave: what a person sends before what was scheduled.
CREATE INDEX "outbound_email_waiting" ON "outbound_email"
  ("organization_id", "account_id", ("planned_send_at" IS NOT NULL), "updated_at", "id") WHERE "slot" = 'WAITING';

-- Half hours of which `sends` keeps the count: the present one and those of the 24 hours before it.
-- The counts as they stand at `t`.
CREATE FUNCTION "sends_at"(pace account_pace, t timestamptz) RETURNS integer[] LANGUAGE sql IMMUTABLE AS '
  SELECT (array_fill(0, ARRAY[least(49, greatest(0,
    extract(epoch FROM date_bin(''30 minutes'', t, ''2000-01-01Z'') - (pace).sends_from)::integer / 1800))]) || (pace).sends)[1:49]
';

-- When the next email may leave, the reason when that is not `t`, and how many left within the last day.
-- At most `per_window` slots in any `window_ms`: the log of their times holds the last `per_window`, the oldest first.
CREATE FUNCTION "next_send_slot"(pace account_pace, t timestamptz, per_window integer, window_ms double precision,
  daily_limit integer, OUT free_at timestamptz, OUT reason text, OUT sent integer) LANGUAGE plpgsql IMMUTABLE AS '
DECLARE
  sends integer[] := sends_at(pace, t);
  used integer := cardinality(pace.slots);
BEGIN
  SELECT coalesce(sum(n), 0) INTO sent FROM unnest(sends) n;
  free_at := t;
  IF used >= per_window AND pace.slots[used - per_window + 1] + window_ms * interval ''1 ms'' > free_at THEN
    free_at := pace.slots[used - per_window + 1] + window_ms * interval ''1 ms'';
    reason := ''PACED'';
  END IF;
  -- A budget that is used up is counted anew each time: the limit may have been raised.
  IF pace.blocked_until > free_at AND pace.blocked_code <> ''DAILY_BUDGET'' THEN
    free_at := pace.blocked_until;
    reason := pace.blocked_code;
  END IF;
  IF sent >= daily_limit THEN
    -- Until the oldest half hour that counts has passed out of the day.
    SELECT greatest(free_at, date_bin(''30 minutes'', t, ''2000-01-01Z'') + (50 - max(i)) * interval ''30 minutes'')
      INTO free_at FROM generate_subscripts(sends, 1) i WHERE sends[i] > 0;
    reason := ''DAILY_BUDGET'';
  END IF;
END';

-- The pace of an account, locked; made when it is first asked for.
CREATE FUNCTION "lock_account_pace"(organization uuid, account uuid) RETURNS account_pace LANGUAGE plpgsql AS '
DECLARE
  pace account_pace;
BEGIN
  LOOP
    SELECT * INTO pace FROM account_pace WHERE organization_id = organization AND account_id = account FOR NO KEY UPDATE;
    IF FOUND THEN
      RETURN pace;
    END IF;
    INSERT INTO account_pace (organization_id, account_id, slots, sends, sends_from)
      VALUES (organization, account, ''{}'', ''{0}'', date_bin(''30 minutes'', clock_timestamp(), ''2000-01-01Z''))
      ON CONFLICT DO NOTHING;
  END LOOP;
END';

-- Grants up to `wanted` slots now. `lane` is interactive, scheduled, or waiting: whose turn it is. Nobody overtakes what
-- waits already, save that what a person sends overtakes what was scheduled.
-- `wait_ms`: 0 when all were granted, else when the next one may be had.
CREATE FUNCTION "take_send_slots"(organization uuid, account uuid, lane text, wanted integer, per_window integer,
  window_ms double precision, daily_limit integer, OUT granted integer, OUT wait_ms double precision, OUT reason text)
  LANGUAGE plpgsql AS '
DECLARE
  pace account_pace := lock_account_pace(organization, account);
  t timestamptz := clock_timestamp();
  ahead integer := 0;
  next record;
BEGIN
  granted := 0;
  IF lane <> ''waiting'' THEN
    SELECT count(*) INTO ahead FROM outbound_email e
      WHERE e.organization_id = organization AND e.account_id = account AND e.slot = ''WAITING''
        AND (lane = ''scheduled'' OR e.planned_send_at IS NULL);
  END IF;
  LOOP
    next := next_send_slot(pace, t, per_window, window_ms, daily_limit);
    EXIT WHEN granted = wanted OR next.free_at > t OR ahead > 0;
    granted := granted + 1;
    pace.slots := (pace.slots || t)[greatest(1, cardinality(pace.slots) + 2 - per_window):];
    pace.sends := sends_at(pace, t);
    pace.sends[1] := pace.sends[1] + 1;
    pace.sends_from := date_bin(''30 minutes'', t, ''2000-01-01Z'');
  END LOOP;
  IF granted > 0 OR next.reason = ''DAILY_BUDGET'' THEN
    UPDATE account_pace p SET slots = pace.slots, sends = pace.sends, sends_from = pace.sends_from,
        blocked_until = CASE WHEN next.reason = ''DAILY_BUDGET'' THEN next.free_at
          WHEN pace.blocked_code <> ''DAILY_BUDGET'' THEN pace.blocked_until END,
        blocked_code = CASE WHEN next.reason = ''DAILY_BUDGET'' THEN next.reason
          WHEN pace.blocked_code <> ''DAILY_BUDGET'' THEN pace.blocked_code END
      WHERE p.organization_id = organization AND p.account_id = account;
  END IF;
  wait_ms := 0;
  IF granted < wanted THEN
    wait_ms := extract(epoch FROM next.free_at - t) * 1000 + ahead * window_ms / per_window;
    reason := coalesce(next.reason, ''PACED'');
  END IF;
END';

-- Gmail has refused: the account waits for `pause_ms`; null: as long as the times in a row that it has refused demand.
-- Then it starts evenly, one slot after the other, not with all that have waited. An account that is blocked already
-- stays so for the longer of the two. Answers how long that is.
CREATE FUNCTION "block_sending"(organization uuid, account uuid, code text, pause_ms double precision,
  per_window integer, window_ms double precision) RETURNS double precision LANGUAGE plpgsql AS '
DECLARE
  pace account_pace := lock_account_pace(organization, account);
  t timestamptz := clock_timestamp();
  -- A budget that is used up is no refusal: it is counted anew each time.
  blocked timestamptz := CASE WHEN pace.blocked_code <> ''DAILY_BUDGET'' THEN pace.blocked_until END;
  steps integer := 0;
  until timestamptz;
BEGIN
  IF pause_ms IS NULL AND blocked > t THEN
    RETURN extract(epoch FROM blocked - t) * 1000;
  END IF;
  IF pause_ms IS NULL THEN
    steps := CASE WHEN blocked > t - interval ''10 minutes'' THEN pace.throttles ELSE 0 END;
    -- Truncated exponential with jitter, from 5 s to half an hour.
    pause_ms := least(5000 * 2 ^ least(steps, 20), 1800000) * (0.75 + random() / 2);
    steps := steps + 1;
  END IF;
  until := greatest(t + pause_ms * interval ''1 ms'', blocked);
  UPDATE account_pace p SET blocked_until = until, throttles = steps,
      blocked_code = CASE WHEN until = blocked THEN pace.blocked_code ELSE code END,
      slots = ARRAY(SELECT until - i * window_ms / per_window * interval ''1 ms'' FROM generate_series(per_window - 1, 0, -1) i)
    WHERE p.organization_id = organization AND p.account_id = account;
  RETURN extract(epoch FROM until - t) * 1000;
END';

-- An email that took a slot has not left after all: it does not count for the day.
CREATE FUNCTION "return_send"(organization uuid, account uuid) RETURNS void LANGUAGE sql AS '
  UPDATE account_pace SET sends[1] = greatest(0, sends[1] - 1) WHERE organization_id = organization AND account_id = account
';

-- What was accepted and is not over, by the time at which something should be done about it: what is overdue has been
-- forgotten by the queue.
CREATE INDEX "outbound_email_due" ON "outbound_email" ((
  CASE status WHEN 'SCHEDULED' THEN coalesce(next_attempt_at, planned_send_at)
    WHEN 'QUEUED' THEN coalesce(lease_expires_at, next_attempt_at, updated_at)
    ELSE coalesce(lease_expires_at, next_attempt_at) END
)) WHERE status IN ('SCHEDULED', 'QUEUED', 'SENDING', 'UNCONFIRMED');

-- What was sent and not read back: a process that ended has forgotten it.
UPDATE "outbound_email" SET "read_back_at" = "sent_at" WHERE "message_id" IS NOT NULL;
CREATE INDEX "outbound_email_not_read_back" ON "outbound_email"("sent_at")
  WHERE "status" = 'SENT' AND "read_back_at" IS NULL AND "provider_message_id" IS NOT NULL;
