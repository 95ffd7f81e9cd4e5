-- A message that names another one, and the sent copy with that name, are stored by two processes at once: neither would
-- see the other, and an answer be missed. So whoever stores one of them first locks the names, before anything else.

-- In one order. Many may name what only one has: they share the lock, and whoever stores it has it alone. An import has
-- every statement planned for the tables as they are; this one needs no table.
CREATE FUNCTION "lock_message_ids"(account uuid, ids text[], exclusive boolean) RETURNS void LANGUAGE plpgsql
  SET plan_cache_mode = auto AS '
DECLARE
  key bigint;
BEGIN
  FOR key IN SELECT DISTINCT hashtextextended(account::text || id, 0) FROM unnest(ids) id WHERE id IS NOT NULL ORDER BY 1 LOOP
    IF exclusive THEN
      PERFORM pg_advisory_xact_lock(key);
    ELSE
      PERFORM pg_advisory_xact_lock_shared(key);
    END IF;
  END LOOP;
END';

-- Whether something that came in waits for a message with one of these names. Volatile: it sees what was committed while
-- it waited for its locks, although the statement that asks has begun before.
CREATE FUNCTION "is_awaited"(organization uuid, account uuid, ids text[]) RETURNS boolean LANGUAGE plpgsql VOLATILE AS '
BEGIN
  PERFORM lock_message_ids(account, ids, true);
  RETURN EXISTS (SELECT FROM email_message WHERE named_ids && array_remove(ids, NULL) AND direction = ''INBOUND''
    AND answers_email_id IS NULL AND organization_id = organization AND account_id = account);
END';
