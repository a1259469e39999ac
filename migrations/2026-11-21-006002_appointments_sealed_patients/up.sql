-- Who patients are, and what is noted of their visits, is sealed by the application. It seals what was written
-- before as well, in a step of `doktolib migrate` after this one: SQL has no keys. Until then it waits in two
-- tables of its own, and no server starts.
CREATE TABLE appointments.clear_patient (
    id    uuid PRIMARY KEY REFERENCES appointments.patient (id) ON DELETE CASCADE,
    name  text NOT NULL,
    email text NOT NULL
);
COMMENT ON TABLE appointments.clear_patient IS 'Written before names were sealed; empty once the application has sealed them';
-- The planner keeps samples of values, which would outlive these tables' rows.
ALTER TABLE appointments.clear_patient
    ALTER COLUMN name SET STATISTICS 0,
    ALTER COLUMN email SET STATISTICS 0;
INSERT INTO appointments.clear_patient SELECT id, name, email FROM appointments.patient;

CREATE TABLE appointments.clear_appointment (
    id            uuid PRIMARY KEY REFERENCES appointments.appointment (id) ON DELETE CASCADE,
    notes         text,
    cancel_reason text
);
COMMENT ON TABLE appointments.clear_appointment IS 'Written before notes were sealed; empty once the application has sealed them';
ALTER TABLE appointments.clear_appointment
    ALTER COLUMN notes SET STATISTICS 0,
    ALTER COLUMN cancel_reason SET STATISTICS 0;
INSERT INTO appointments.clear_appointment
SELECT id, notes, cancel_reason FROM appointments.appointment WHERE notes IS NOT NULL OR cancel_reason IS NOT NULL;

-- An empty value is one that still waits. What is sealed has 33 bytes of its own around the text.
ALTER TABLE appointments.patient
    DROP COLUMN name,
    DROP COLUMN email,
    DROP COLUMN name_key,
    DROP COLUMN email_key,
    ADD COLUMN name      bytea NOT NULL DEFAULT '',
    ADD COLUMN email     bytea NOT NULL DEFAULT '',
    ADD COLUMN name_key  bytea CHECK (octet_length(name_key) = 32),
    ADD COLUMN email_key bytea CHECK (octet_length(email_key) = 32),
    ADD UNIQUE (email_key, name_key);
ALTER TABLE appointments.patient
    ALTER COLUMN name DROP DEFAULT,
    ALTER COLUMN email DROP DEFAULT,
    -- Writes the table anew, because what was dropped would stay in its rows.
    ALTER COLUMN created_at TYPE timestamptz USING created_at + interval '0';
COMMENT ON COLUMN appointments.patient.name IS 'Sealed, as is the address';
COMMENT ON COLUMN appointments.patient.name_key IS 'Keyed hash of the name in lower case: finds it, tells nothing; the address''s likewise';

ALTER TABLE appointments.appointment
    DROP COLUMN notes,
    DROP COLUMN cancel_reason,
    ADD COLUMN notes         bytea,
    ADD COLUMN cancel_reason bytea;
ALTER TABLE appointments.appointment
    ALTER COLUMN created_at TYPE timestamptz USING created_at + interval '0';
COMMENT ON COLUMN appointments.appointment.notes IS 'Sealed, as is the reason of a cancellation';
