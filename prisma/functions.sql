-- The functions and triggers of the database, each defined once. They are applied after the migrations, in one transaction,
-- whenever this file has changed. A function whose arguments or result change needs a migration that drops the old one.
--
--   the record      outbound_email_event_is_append_only, outbound_email_is_kept
--   accounts        email_account_has_sync, email_account_status_since
--   rate limit      sends_at, next_send_permit, lock_rate_limit, take_send_permits, take_read_permits, block_sending, return_permit
--   correlation     lock_message_ids, is_awaited, note_contact
--   search          found_outbound_email, found_message, count_found, found_count, word_beginnings

-- The audit trail is append-only. Its rows are deleted only together with a draft, or by a transaction that erases what is old or
-- what a person has asked to have erased: it sets `epistle.erasing`.
CREATE OR REPLACE FUNCTION outbound_email_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND NOT EXISTS (
    SELECT FROM outbound_email WHERE organization_id = OLD.organization_id AND id = OLD.outbound_email_id
  ) THEN
    RETURN OLD;
  END IF;
  IF current_setting('epistle.erasing', true) = 'on' THEN
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
  END IF;
  RAISE EXCEPTION 'outbound_email_event is append-only';
END$$;
CREATE OR REPLACE TRIGGER outbound_email_event_is_append_only BEFORE UPDATE OR DELETE ON outbound_email_event
  FOR EACH ROW EXECUTE FUNCTION outbound_email_event_is_append_only();

-- An email that was sent or may have been is never deleted. What a person has resolved as not sent can be a draft again.
CREATE OR REPLACE FUNCTION outbound_email_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.status IN ('DRAFT', 'SCHEDULED') THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'only a draft can be deleted';
END$$;
CREATE OR REPLACE TRIGGER outbound_email_is_kept BEFORE DELETE ON outbound_email
  FOR EACH ROW EXECUTE FUNCTION outbound_email_is_kept();

-- Every account has the row that says how far its mailbox has been read, however the account was made.
CREATE OR REPLACE FUNCTION email_account_has_sync() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO mailbox_sync (organization_id, account_id) VALUES (NEW.organization_id, NEW.id);
  RETURN NULL;
END$$;
CREATE OR REPLACE TRIGGER email_account_has_sync AFTER INSERT ON email_account
  FOR EACH ROW EXECUTE FUNCTION email_account_has_sync();

-- When an account became what it is.
CREATE OR REPLACE FUNCTION email_account_status_since() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.status <> OLD.status THEN
    NEW.status_since := now();
  END IF;
  RETURN NEW;
END$$;
CREATE OR REPLACE TRIGGER email_account_status_since BEFORE UPDATE OF status ON email_account
  FOR EACH ROW EXECUTE FUNCTION email_account_status_since();

-- Rate limit. `account_rate_limit.permits` holds the times of the last `per_window` permits, the oldest first: at most `per_window`
-- fall into any `window_ms`. `account_rate_limit.sends` counts the sends of each half hour, the present one first, for 24 hours.
-- All times are the database's.

-- The counts per half hour as they stand at `t`: 49 of them, the present half hour and those of the 24 hours before it.
CREATE OR REPLACE FUNCTION sends_at(rate account_rate_limit, t timestamptz) RETURNS integer[] LANGUAGE sql IMMUTABLE AS $$
  SELECT (array_fill(0, ARRAY[least(49, greatest(0,
    extract(epoch FROM date_bin('30 minutes', t, '2000-01-01Z') - (rate).sends_from)::integer / 1800))]) || (rate).sends)[1:49]
$$;

-- When the next email may leave, the reason when that is later than `t`, and how many left within the last 24 hours.
CREATE OR REPLACE FUNCTION next_send_permit(rate account_rate_limit, t timestamptz, per_window integer, window_ms double precision,
  daily_limit integer, OUT free_at timestamptz, OUT reason text, OUT sent integer) LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  sends integer[] := sends_at(rate, t);
  used integer := cardinality(rate.permits);
BEGIN
  SELECT coalesce(sum(n), 0) INTO sent FROM unnest(sends) n;
  free_at := t;
  IF used >= per_window AND rate.permits[used - per_window + 1] + window_ms * interval '1 ms' > free_at THEN
    free_at := rate.permits[used - per_window + 1] + window_ms * interval '1 ms';
    reason := 'RATE_LIMIT';
  END IF;
  -- A used-up budget is counted again each time: the limit may have been raised.
  -- After Gmail's pause, permits become free one after the other: the pause is the reason until then.
  IF rate.blocked_until > t AND rate.blocked_code <> 'DAILY_BUDGET' THEN
    free_at := greatest(free_at, rate.blocked_until);
    reason := rate.blocked_code;
  END IF;
  IF sent >= daily_limit THEN
    -- Until the oldest half hour with sends is more than 24 hours ago.
    SELECT greatest(free_at, date_bin('30 minutes', t, '2000-01-01Z') + (50 - max(i)) * interval '30 minutes')
      INTO free_at FROM generate_subscripts(sends, 1) i WHERE sends[i] > 0;
    reason := 'DAILY_BUDGET';
  END IF;
END$$;

-- Locks an account's row until the transaction ends, and makes the row at the first use.
CREATE OR REPLACE FUNCTION lock_rate_limit(organization uuid, account uuid) RETURNS account_rate_limit LANGUAGE plpgsql AS $$
DECLARE
  rate account_rate_limit;
BEGIN
  LOOP
    SELECT * INTO rate FROM account_rate_limit WHERE organization_id = organization AND account_id = account FOR NO KEY UPDATE;
    IF FOUND THEN
      RETURN rate;
    END IF;
    INSERT INTO account_rate_limit (organization_id, account_id, permits, sends, sends_from)
      VALUES (organization, account, '{}', '{0}', date_bin('30 minutes', clock_timestamp(), '2000-01-01Z'))
      ON CONFLICT DO NOTHING;
  END LOOP;
END$$;

-- Grants up to `wanted` permits now. `lane` is `interactive`, `scheduled`, or `pending` for emails that wait for a permit. A new email
-- never overtakes one that waits, except that an interactive one overtakes scheduled ones.
-- `wait_ms`: 0 when all were granted, else the time until the next permit is free.
CREATE OR REPLACE FUNCTION take_send_permits(organization uuid, account uuid, lane text, wanted integer, per_window integer,
  window_ms double precision, daily_limit integer, OUT granted integer, OUT wait_ms double precision, OUT reason text)
  LANGUAGE plpgsql AS $$
DECLARE
  rate account_rate_limit := lock_rate_limit(organization, account);
  t timestamptz := clock_timestamp();
  ahead integer := 0;
  next record;
BEGIN
  granted := 0;
  IF lane <> 'pending' THEN
    SELECT count(*) INTO ahead FROM outbound_email e
      WHERE e.organization_id = organization AND e.account_id = account AND e.permit = 'PENDING'
        AND (lane = 'scheduled' OR e.planned_send_at IS NULL);
  END IF;
  LOOP
    next := next_send_permit(rate, t, per_window, window_ms, daily_limit);
    EXIT WHEN granted = wanted OR next.free_at > t OR ahead > 0;
    granted := granted + 1;
    rate.permits := (rate.permits || t)[greatest(1, cardinality(rate.permits) + 2 - per_window):];
    rate.sends := sends_at(rate, t);
    rate.sends[1] := rate.sends[1] + 1;
    rate.sends_from := date_bin('30 minutes', t, '2000-01-01Z');
    -- The last permit of the day blocks the account at once; any other one leaves nothing to look for.
    EXIT WHEN granted = wanted AND next.sent + 1 < daily_limit;
  END LOOP;
  IF granted > 0 OR next.reason = 'DAILY_BUDGET' THEN
    UPDATE account_rate_limit p SET permits = rate.permits, sends = rate.sends, sends_from = rate.sends_from,
        blocked_until = CASE WHEN next.reason = 'DAILY_BUDGET' THEN next.free_at
          WHEN rate.blocked_code <> 'DAILY_BUDGET' THEN rate.blocked_until END,
        blocked_code = CASE WHEN next.reason = 'DAILY_BUDGET' THEN next.reason
          WHEN rate.blocked_code <> 'DAILY_BUDGET' THEN rate.blocked_code END
      WHERE p.organization_id = organization AND p.account_id = account;
  END IF;
  wait_ms := 0;
  IF granted < wanted THEN
    wait_ms := extract(epoch FROM next.free_at - t) * 1000 + ahead * window_ms / per_window;
    reason := coalesce(next.reason, 'RATE_LIMIT');
  END IF;
END$$;

-- Grants up to `wanted` permits for reading. They do not count as sends. Sending comes first: some permits are kept free for the
-- next emails (a quarter of them when something was sent within the last half hour, else a sixteenth), and the others are
-- granted evenly, at most `burst` at once: what is taken evenly becomes free evenly.
-- `urgent` is for what is new in a mailbox, as opposed to an import. It has one permit more, which an import never takes. While
-- emails wait for a permit nothing is granted, except one urgent permit about every four seconds: a reply must not stay unseen
-- for as long as 300 invoices take to leave.
-- `wait_ms`: 0 when all were granted, else the time until the next permit may be granted.
CREATE OR REPLACE FUNCTION take_read_permits(organization uuid, account uuid, wanted integer, burst integer, urgent boolean,
  per_window integer, window_ms double precision, OUT granted integer, OUT wait_ms double precision) LANGUAGE plpgsql AS $$
DECLARE
  rate account_rate_limit := lock_rate_limit(organization, account);
  t timestamptz := clock_timestamp();
  sends integer[] := sends_at(rate, t);
  is_blocked boolean := coalesce(rate.blocked_until > t, false);
  -- During a pause of Gmail's, also beside a used-up budget, the permits are of the time after it: reading only keeps its pace.
  is_ahead boolean := coalesce(rate.permits[cardinality(rate.permits)] > t, false);
  is_sending boolean := coalesce(sends[1], 0) + coalesce(sends[2], 0) > 0;
  share integer := per_window - least(per_window - 1, CASE WHEN is_sending THEN per_window / 4 ELSE greatest(1, per_window / 16) END);
  spacing_ms double precision := window_ms / share;
  owed_ms double precision := greatest(0, coalesce(extract(epoch FROM rate.read_until - t) * 1000, 0));
  used integer;
  most integer := wanted;
BEGIN
  IF urgent AND share < per_window - 1 THEN
    share := share + 1;
  END IF;
  granted := 0;
  wait_ms := 0;
  IF is_blocked AND rate.blocked_code = 'THROTTLED' THEN
    wait_ms := extract(epoch FROM rate.blocked_until - t) * 1000;
    RETURN;
  END IF;
  -- Emails that wait for the daily limit wait for long, and do not need this minute's units.
  IF NOT is_blocked AND EXISTS (SELECT FROM outbound_email e
      WHERE e.organization_id = organization AND e.account_id = account AND e.permit = 'PENDING') THEN
    IF NOT urgent THEN
      wait_ms := window_ms / per_window;
      RETURN;
    END IF;
    wait_ms := greatest(0, coalesce(extract(epoch FROM rate.read_until - t) * 1000 + 2 * spacing_ms, 0));
    IF wait_ms > 0 THEN
      RETURN;
    END IF;
    share := per_window;
    most := 1;
  END IF;
  SELECT count(*) INTO used FROM unnest(rate.permits) s WHERE NOT is_ahead AND s > t - window_ms * interval '1 ms';
  granted := greatest(0, least(most, share - used, floor(burst - owed_ms / spacing_ms)::integer));
  IF granted > 0 AND is_ahead THEN
    owed_ms := owed_ms + granted * spacing_ms;
    UPDATE account_rate_limit p SET read_until = t + owed_ms * interval '1 ms'
      WHERE p.organization_id = organization AND p.account_id = account;
  ELSIF granted > 0 THEN
    owed_ms := owed_ms + granted * spacing_ms;
    rate.permits := rate.permits || array_fill(t, ARRAY[granted]);
    used := used + granted;
    UPDATE account_rate_limit p SET permits = rate.permits[greatest(1, cardinality(rate.permits) + 1 - per_window):],
        read_until = t + owed_ms * interval '1 ms'
      WHERE p.organization_id = organization AND p.account_id = account;
  END IF;
  IF granted < wanted THEN
    wait_ms := greatest(0, owed_ms - (burst - 1) * spacing_ms);
    IF used >= share THEN
      wait_ms := greatest(wait_ms,
        extract(epoch FROM rate.permits[cardinality(rate.permits) - share + 1] - t) * 1000 + window_ms);
    END IF;
  END IF;
END$$;

-- Gmail has refused to send: blocks the account for `pause_ms`. Null: truncated exponential backoff by the number of refusals in
-- a row. Afterwards it starts evenly, one permit after the other. An account that is blocked already stays blocked for the
-- longer of the two. Returns the milliseconds until it is free.
CREATE OR REPLACE FUNCTION block_sending(organization uuid, account uuid, code text, pause_ms double precision,
  per_window integer, window_ms double precision) RETURNS double precision LANGUAGE plpgsql AS $$
DECLARE
  rate account_rate_limit := lock_rate_limit(organization, account);
  t timestamptz := clock_timestamp();
  -- A used-up budget is not a refusal of Gmail: it is counted again each time.
  blocked timestamptz := CASE WHEN rate.blocked_code <> 'DAILY_BUDGET' THEN rate.blocked_until END;
  steps integer := 0;
  until timestamptz;
BEGIN
  IF pause_ms IS NULL AND blocked > t THEN
    RETURN extract(epoch FROM blocked - t) * 1000;
  END IF;
  IF pause_ms IS NULL THEN
    steps := CASE WHEN blocked > t - interval '10 minutes' THEN rate.throttles ELSE 0 END;
    -- Truncated exponential with jitter, from 5 s to half an hour.
    pause_ms := least(5000 * 2 ^ least(steps, 20), 1800000) * (0.75 + random() / 2);
    steps := steps + 1;
  END IF;
  until := greatest(t + pause_ms * interval '1 ms', blocked);
  UPDATE account_rate_limit p SET blocked_until = until, throttles = steps,
      blocked_code = CASE WHEN until = blocked THEN rate.blocked_code ELSE code END,
      permits = ARRAY(SELECT until - i * window_ms / per_window * interval '1 ms' FROM generate_series(per_window - 1, 0, -1) i)
    WHERE p.organization_id = organization AND p.account_id = account;
  RETURN extract(epoch FROM until - t) * 1000;
END$$;

-- An email that took a permit has not left: it does not count for the day.
CREATE OR REPLACE FUNCTION return_permit(organization uuid, account uuid) RETURNS void LANGUAGE sql AS $$
  UPDATE account_rate_limit SET sends[1] = greatest(0, sends[1] - 1) WHERE organization_id = organization AND account_id = account
$$;

-- Entities were contacted, or a person wrote about them, at a time; null: not that. One row after the other, in one order: an UPDATE
-- of several rows that a subquery locks first can deadlock with itself in another process, because it locks a row through two of its versions.
CREATE OR REPLACE FUNCTION note_contact(organization uuid, types text[], ids uuid[], contacted timestamptz, inbound timestamptz)
  RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  entity record;
BEGIN
  FOR entity IN SELECT DISTINCT l.type, l.id FROM unnest(types, ids) l(type, id) ORDER BY 1, 2 LOOP
    UPDATE context_entity c SET last_contacted_at = greatest(c.last_contacted_at, contacted),
      last_inbound_at = greatest(c.last_inbound_at, inbound),
      awaiting_reply = coalesce(greatest(c.last_contacted_at, contacted) > coalesce(greatest(c.last_inbound_at, inbound), '-infinity'), false)
      WHERE c.organization_id = organization AND c.type = entity.type AND c.id = entity.id;
  END LOOP;
END$$;

-- A message that names another one, and the sent copy that has this name, may be stored by two processes at the same time: neither
-- would see the other, and the reply would be missed. So both lock the names before anything else. Many messages may name
-- what only one has: they share the lock; the message that has the name takes it alone. The locks are taken in one order.
CREATE OR REPLACE FUNCTION lock_message_ids(account uuid, ids text[], exclusive boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM CASE WHEN exclusive THEN pg_advisory_xact_lock(key) ELSE pg_advisory_xact_lock_shared(key) END FROM (
    SELECT DISTINCT hashtextextended(account::text || id, 0) AS key FROM unnest(ids) id WHERE id IS NOT NULL ORDER BY 1
  ) keys;
END$$;

-- Whether an inbound message waits for a message with one of these names. Volatile, so that it sees what was committed while it
-- waited for its locks, although the calling statement began earlier.
CREATE OR REPLACE FUNCTION is_awaited(organization uuid, account uuid, ids text[]) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM lock_message_ids(account, ids, true);
  RETURN EXISTS (SELECT FROM email_message WHERE named_ids && array_remove(ids, NULL) AND direction = 'INBOUND'
    AND answers_email_id IS NULL AND organization_id = organization AND account_id = account);
END$$;

-- What a search finds. `epistle.search` holds it, as a tsquery, until the transaction ends. Prisma reads these like tables.
CREATE OR REPLACE VIEW found_outbound_email AS
  SELECT organization_id, outbound_email_id FROM outbound_email_search WHERE terms @@ current_setting('epistle.search', true)::tsquery;
CREATE OR REPLACE VIEW found_message AS
  SELECT organization_id, message_id, conversation_id FROM message_search WHERE terms @@ current_setting('epistle.search', true)::tsquery;

-- How many rows of a table of terms a search finds in an organization, `most` + 1 if they are more. One term that the planner expects to
-- have many is not counted: for one that is in most mails, the index alone takes a tenth of a second. How often several terms go
-- together it cannot know. Volatile, because EXPLAIN is.
CREATE OR REPLACE FUNCTION count_found(terms_table regclass, organization uuid, most integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  search CONSTANT text := 'current_setting(''epistle.search'', true)::tsquery';
  matches text := format('SELECT FROM %s WHERE organization_id = %L AND terms @@ %s', terms_table, organization, search);
  plan json;
  n integer;
BEGIN
  IF numnode(current_setting('epistle.search', true)::tsquery) = 1 THEN
    EXECUTE 'EXPLAIN (FORMAT JSON) ' || matches INTO plan;
    IF (plan #>> '{0,Plan,Plan Rows}')::float8 > 2 * most THEN
      RETURN most + 1;
    END IF;
  END IF;
  EXECUTE format('SELECT count(*) FROM (%s LIMIT %s) found', matches, most + 1) INTO n;
  RETURN n;
END$$;
-- The counts of what a search finds, up to MAX_FOUND of schema/page.ts.
CREATE OR REPLACE VIEW found_count AS
  SELECT o.id AS organization_id, t.name AS terms_table, count_found(t.name::regclass, o.id, 3000) AS found
  FROM organization o, (VALUES ('outbound_email_search'), ('message_search')) t (name);

-- The words, and their beginnings of three letters or more: a search finds an entity by equal terms, which a GIN index knows.
CREATE OR REPLACE FUNCTION word_beginnings(words text[]) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(array_agg(DISTINCT left(word, n)), '{}') FROM unnest(words) word, generate_series(least(3, length(word)), length(word)) n
$$;
