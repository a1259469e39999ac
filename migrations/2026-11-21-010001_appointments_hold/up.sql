-- A time kept for somebody who has not booked yet. It lies among the visits, so that the one constraint which keeps
-- visits of a doctor apart keeps holds and visits apart as well; what belongs to a hold alone has a table beside.
ALTER TABLE appointments.appointment
    ALTER COLUMN patient_id DROP NOT NULL,
    ADD COLUMN held_until timestamptz,
    DROP CONSTRAINT appointment_status_check,
    ADD CONSTRAINT appointment_status_check
        CHECK (status IN ('booked', 'arrived', 'completed', 'cancelled', 'no_show', 'held')),
    ADD CONSTRAINT appointment_held
        CHECK ((status = 'held') = (held_until IS NOT NULL) AND (status = 'held') = (patient_id IS NULL)),
    DROP CONSTRAINT appointment_one_per_doctor,
    ADD CONSTRAINT appointment_one_per_doctor EXCLUDE USING gist
        (doctor_id WITH =, tstzrange(blocked_from, blocked_until) WITH &&) WHERE (status IN ('booked', 'arrived', 'held'));
COMMENT ON COLUMN appointments.appointment.held_until IS 'Of a hold alone: from then on it counts for nothing; who meets it deletes it';
COMMENT ON COLUMN appointments.appointment.patient_id IS 'Every visit has one, no hold has';
DROP INDEX appointments.appointment_busy;
CREATE INDEX appointment_busy ON appointments.appointment (doctor_id, blocked_from, blocked_until)
    WHERE status IN ('booked', 'arrived', 'held');
CREATE INDEX appointment_by_held_until ON appointments.appointment (held_until) WHERE status = 'held';

CREATE TABLE appointments.hold (
    id         uuid     PRIMARY KEY REFERENCES appointments.appointment (id) ON DELETE CASCADE,
    kind       text     NOT NULL CHECK (kind IN ('form', 'guest', 'waitlist')),
    user_id    uuid,
    patient_id uuid,
    email_key  bytea    CHECK (octet_length(email_key) = 32),
    client_key bytea    CHECK (octet_length(client_key) = 32),
    draft      bytea,
    digest     bytea    CHECK (octet_length(digest) = 32),
    tries      smallint NOT NULL DEFAULT 0
);
COMMENT ON TABLE appointments.hold IS 'What belongs to a hold and to no visit; goes with it';
COMMENT ON COLUMN appointments.hold.user_id IS 'Whose it is, where somebody is signed in; an account of another slice is known by its id alone';
COMMENT ON COLUMN appointments.hold.patient_id IS 'Of the waitlist: for whom';
COMMENT ON COLUMN appointments.hold.email_key IS 'Keyed hash of a guest''s address, the same as a patient''s: so many holds an address, and no more';
COMMENT ON COLUMN appointments.hold.client_key IS 'Keyed hash of where it was asked for, likewise';
COMMENT ON COLUMN appointments.hold.draft IS 'Sealed: who wants to book, with which notes';
COMMENT ON COLUMN appointments.hold.digest IS 'Keyed hash of the mailed code, bound to this hold';
CREATE INDEX hold_by_email ON appointments.hold (email_key) WHERE email_key IS NOT NULL;
CREATE INDEX hold_by_client ON appointments.hold (client_key) WHERE client_key IS NOT NULL;
CREATE INDEX hold_by_user ON appointments.hold (user_id) WHERE user_id IS NOT NULL;
