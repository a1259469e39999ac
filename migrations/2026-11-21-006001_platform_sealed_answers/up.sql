-- Kept answers name people, so the application seals them. It seals those of before as well, in a step of
-- `doktolib migrate` after this one: SQL has no keys. Until then they wait in a table of their own.
CREATE TABLE platform.clear_answer AS SELECT * FROM platform.idempotency_key;
ALTER TABLE platform.clear_answer ADD PRIMARY KEY (scope, key);
-- The planner keeps samples of values, which would outlive this table's rows.
ALTER TABLE platform.clear_answer ALTER COLUMN body SET STATISTICS 0;
COMMENT ON TABLE platform.clear_answer IS 'Answers kept before they were sealed; empty once the application has sealed them';

-- A dropped column stays in the rows of a table; an emptied table has none.
TRUNCATE platform.idempotency_key;
ALTER TABLE platform.idempotency_key
    DROP CONSTRAINT idempotency_key_pkey,
    DROP COLUMN body,
    ADD COLUMN id   uuid  PRIMARY KEY,
    ADD COLUMN body bytea NOT NULL CHECK (octet_length(body) >= 33),
    ADD CHECK (location NOT LIKE '%?%');
COMMENT ON COLUMN platform.idempotency_key.id IS 'The first 16 bytes of SHA-256 over scope, a zero byte and key';
COMMENT ON COLUMN platform.idempotency_key.location IS 'A path with ids; whatever tells more belongs into the body';
COMMENT ON COLUMN platform.idempotency_key.body IS 'Sealed by the application';
