-- Doctors who have opened a patient's record without a care link: why, and until when.
CREATE TABLE appointments.emergency_access (
    id         uuid        PRIMARY KEY,
    patient_id uuid        NOT NULL REFERENCES appointments.patient (id) ON DELETE CASCADE,
    doctor_id  uuid        NOT NULL,
    user_id    uuid        NOT NULL,
    reason     bytea       NOT NULL,
    granted_at timestamptz NOT NULL,
    ends_at    timestamptz NOT NULL CHECK (granted_at <= ends_at),
    -- One at a time. What was ended at once is an empty range, which is in nobody's way.
    CONSTRAINT emergency_access_one_at_a_time EXCLUDE USING gist
        (doctor_id WITH =, patient_id WITH =, tstzrange(granted_at, ends_at) WITH &&)
);
COMMENT ON TABLE appointments.emergency_access IS 'Over when the clock says so: nothing has to run for it';
COMMENT ON COLUMN appointments.emergency_access.reason IS 'Sealed';
COMMENT ON COLUMN appointments.emergency_access.ends_at IS 'An hour after it was granted, or when the doctor ended it';
CREATE INDEX emergency_access_by_patient ON appointments.emergency_access (patient_id);
