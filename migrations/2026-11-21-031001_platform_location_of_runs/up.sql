-- The runs of a job are found by its id in the query string, and that may be kept; tokens and words may not.
ALTER TABLE platform.idempotency_key
    DROP CONSTRAINT idempotency_key_location_check,
    ADD CONSTRAINT idempotency_key_location_check
        CHECK (location NOT LIKE '%?%' OR location ~ '^[^?]*\?[a-z_]+=[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$');
