-- A doctor's calendar elsewhere, whose busy times block slots here. Its address often is a secret of its own: it is sealed.
CREATE TABLE calendars.external_calendar (
    id             uuid        PRIMARY KEY,
    doctor_id      uuid        NOT NULL,
    address        bytea       NOT NULL,
    time_zone      text        NOT NULL,
    added_by       uuid        NOT NULL,
    created_at     timestamptz NOT NULL,
    removed_at     timestamptz,
    next_read_at   timestamptz NOT NULL,
    etag           text        CHECK (length(etag) <= 200),
    whole_read_at  timestamptz,
    read_at        timestamptz,
    stale_since    timestamptz,
    trouble        text        CHECK (length(trouble) <= 40),
    busy           integer     NOT NULL DEFAULT 0,
    not_understood integer     NOT NULL DEFAULT 0
);
COMMENT ON COLUMN calendars.external_calendar.address IS 'Sealed';
COMMENT ON COLUMN calendars.external_calendar.time_zone IS 'Of times that name no zone';
COMMENT ON COLUMN calendars.external_calendar.removed_at IS 'Gone for everybody; its busy times are still to be freed';
COMMENT ON COLUMN calendars.external_calendar.whole_read_at IS 'When its text was last seen and not only found unchanged';
COMMENT ON COLUMN calendars.external_calendar.read_at IS 'When it was last read well';
COMMENT ON COLUMN calendars.external_calendar.stale_since IS 'The first failure since then';
COMMENT ON COLUMN calendars.external_calendar.trouble IS 'A code for the last failure';
CREATE INDEX external_calendar_of_doctor ON calendars.external_calendar (doctor_id, id);
CREATE INDEX external_calendar_due ON calendars.external_calendar (next_read_at);
