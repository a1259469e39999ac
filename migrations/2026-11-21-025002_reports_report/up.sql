-- Reports about doctors, printed when somebody asks.
CREATE TABLE reports.report (
    id         uuid        PRIMARY KEY,
    doctor_id  uuid        NOT NULL,
    clinic_ids uuid[]      NOT NULL CHECK (cardinality(clinic_ids) > 0),
    first_day  date        NOT NULL,
    last_day   date        NOT NULL CHECK (first_day <= last_day),
    asked_by   uuid        NOT NULL,
    asked_at   timestamptz NOT NULL,
    state      text        NOT NULL CHECK (state IN ('waiting', 'ready', 'failed')),
    object_key text        NOT NULL UNIQUE,
    size       bigint      CHECK (size > 0),
    sha256     bytea       CHECK (octet_length(sha256) = 32),
    ready_at   timestamptz,
    CHECK ((state = 'ready') = (size IS NOT NULL AND sha256 IS NOT NULL AND ready_at IS NOT NULL)
           AND (state = 'ready') = (coalesce(size::text, encode(sha256, 'hex'), ready_at::text) IS NOT NULL))
);
COMMENT ON TABLE reports.report IS 'Reports about doctors; gone after 90 days, with their objects';
COMMENT ON COLUMN reports.report.clinic_ids IS 'The clinics it tells of: whoever reads it reaches all of them';
COMMENT ON COLUMN reports.report.asked_by IS 'An account; of another slice, known by its id alone';
COMMENT ON COLUMN reports.report.object_key IS 'Where the file lies in the object storage';
COMMENT ON COLUMN reports.report.sha256 IS 'Of the file';
CREATE INDEX report_by_doctor ON reports.report (doctor_id, id);
CREATE INDEX report_by_age ON reports.report (asked_at);
