-- `urgent` is what is new in a mailbox, as against an import of it. It has one slot more, which an import, using all that it
-- is given, never takes; and while emails wait for their turn, when nothing else is read, one in about four seconds: a
-- reply must not stay unseen for as long as 300 invoices take to leave.
DROP FUNCTION "take_read_slots"(uuid, uuid, integer, integer, integer, double precision);

CREATE FUNCTION "take_read_slots"(organization uuid, account uuid, wanted integer, burst integer, urgent boolean,
  per_window integer, window_ms double precision, OUT granted integer, OUT wait_ms double precision) LANGUAGE plpgsql AS '
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
  most integer := wanted;
BEGIN
  IF urgent AND share < per_window - 1 THEN
    share := share + 1;
  END IF;
  granted := 0;
  wait_ms := 0;
  IF is_blocked AND pace.blocked_code = ''THROTTLED'' THEN
    wait_ms := extract(epoch FROM pace.blocked_until - t) * 1000;
    RETURN;
  END IF;
  -- What waits for the day''s limit waits for long, and units of this minute would not help it.
  IF NOT is_blocked AND EXISTS (SELECT FROM outbound_email e
      WHERE e.organization_id = organization AND e.account_id = account AND e.slot = ''WAITING'') THEN
    IF NOT urgent THEN
      wait_ms := window_ms / per_window;
      RETURN;
    END IF;
    wait_ms := greatest(0, coalesce(extract(epoch FROM pace.read_until - t) * 1000 + 2 * spacing_ms, 0));
    IF wait_ms > 0 THEN
      RETURN;
    END IF;
    share := per_window;
    most := 1;
  END IF;
  SELECT count(*) INTO used FROM unnest(pace.slots) s WHERE s > t - window_ms * interval ''1 ms'';
  granted := greatest(0, least(most, share - used, floor(burst - owed_ms / spacing_ms)::integer));
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
