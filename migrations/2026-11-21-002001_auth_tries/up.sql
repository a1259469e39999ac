-- Counts a try against several limits in one round trip: locks, looks, and notes it down or says when it is free again.
CREATE FUNCTION auth.count_try(
    kinds text[], keys bytea[], ids uuid[], most integer[], seconds integer[], moment timestamptz
) RETURNS timestamptz LANGUAGE plpgsql AS $$
DECLARE
    place integer;
    tries integer;
    oldest timestamptz;
BEGIN
    -- In the order of the locks' numbers, so that rivals never wait in a circle. Each statement below sees what the
    -- last holder of a lock has committed.
    PERFORM pg_advisory_xact_lock(lock)
       FROM (SELECT DISTINCT hashtextextended(kinds[i] || encode(keys[i], 'hex'), 2001) AS lock
               FROM generate_subscripts(keys, 1) AS i ORDER BY 1) AS locks;
    FOR place IN 1..cardinality(keys) LOOP
        SELECT count(*), min(at) INTO tries, oldest
          FROM (SELECT at FROM auth.attempt
                 WHERE kind = kinds[place] AND key = keys[place]
                   AND at > moment - make_interval(secs => seconds[place])
                 ORDER BY at DESC LIMIT most[place]) AS recent;
        IF tries >= most[place] THEN
            RETURN oldest + make_interval(secs => seconds[place]);
        END IF;
    END LOOP;
    INSERT INTO auth.attempt (id, kind, key, at)
    SELECT ids[i], kinds[i], keys[i], moment FROM generate_subscripts(keys, 1) AS i;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION auth.count_try IS 'NULL when the try counts; otherwise when the first limit that is reached has room again';
CREATE INDEX account_by_creation ON auth.account (created_at, id);
