DELETE FROM platform.idempotency_key WHERE location LIKE '%?%';
ALTER TABLE platform.idempotency_key
    DROP CONSTRAINT idempotency_key_location_check,
    ADD CONSTRAINT idempotency_key_location_check CHECK (location NOT LIKE '%?%');
