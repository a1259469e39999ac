CREATE SCHEMA calendars;

-- A list of visits that calendar programs subscribe to. Its address is the only key to it, so only a digest is kept.
CREATE TABLE calendars.feed (
    id            uuid        PRIMARY KEY,
    secret_digest bytea       NOT NULL UNIQUE CHECK (length(secret_digest) = 32),
    user_id       uuid,
    doctor_id     uuid,
    details       text        NOT NULL CHECK (details IN ('full', 'busy', 'initials')),
    language      text        NOT NULL CHECK (length(language) BETWEEN 2 AND 35),
    opened_by     uuid        NOT NULL,
    created_at    timestamptz NOT NULL,
    last_used_at  timestamptz,
    CHECK ((user_id IS NULL) <> (doctor_id IS NULL))
);
COMMENT ON COLUMN calendars.feed.secret_digest IS 'SHA-256 of the secret in the address';
COMMENT ON COLUMN calendars.feed.user_id IS 'Whose visits and whose relatives'' visits it shows';
COMMENT ON COLUMN calendars.feed.doctor_id IS 'Whose calendar it shows';
COMMENT ON COLUMN calendars.feed.opened_by IS 'While this account exists, the feed answers';
COMMENT ON COLUMN calendars.feed.last_used_at IS 'To the hour';
CREATE INDEX feed_of_user ON calendars.feed (user_id, id);
CREATE INDEX feed_of_doctor ON calendars.feed (doctor_id, id);
