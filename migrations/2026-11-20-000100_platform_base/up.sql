-- What every slice's tables lean on: operator classes for exclusion constraints and text search,
-- and the records that make a write safe to repeat.
CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public;
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;

CREATE SCHEMA platform;

CREATE TABLE platform.idempotency_key (
    scope       text        NOT NULL,
    key         text        NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    fingerprint bytea       NOT NULL CHECK (octet_length(fingerprint) = 32),
    status      smallint    NOT NULL CHECK (status BETWEEN 200 AND 499),
    location    text,
    etag        text,
    body        bytea       NOT NULL,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (scope, key)
);
COMMENT ON TABLE platform.idempotency_key IS 'First answers, kept at least 24 hours, written with the change they answer';
CREATE INDEX idempotency_key_created_at ON platform.idempotency_key (created_at);
